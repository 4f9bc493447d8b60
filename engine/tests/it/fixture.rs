//! A server with a table, an engine on it, and what the engine told.

use concertina_engine::{
    Connect, Direction, Engine, Error, Event, NewRun, Outcome, Settings, Stopper, Until,
};
use concertina_planner::plan;
use concertina_revisions::{Revision, RevisionId};
use concertina_sandbox::Postgres;
use std::sync::{Arc, Mutex};
use tokio_postgres::Client;
use tokio_postgres::types::FromSql;

/// The revision that every test runs.
pub(crate) const ID: &str = "002_change";

pub(crate) struct Site {
    pub(crate) server: Postgres,
    pub(crate) client: Client,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
}

/// Small windows and batches, so that small tables have many of both.
pub(crate) fn settings() -> Settings {
    Settings {
        window_blocks: 64,
        eager: true,
        ..Settings::default()
    }
}

/// So many leads of about 130 bytes, with owners, and two more indexes.
pub(crate) fn leads(rows: u32) -> String {
    format!(
        "CREATE TABLE owners (id bigint PRIMARY KEY, team_id bigint NOT NULL);
         INSERT INTO owners SELECT g, g * 10 FROM generate_series(1, 100) g;
         CREATE TABLE leads (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, owner_id bigint NOT NULL, score int NOT NULL DEFAULT 0);
         CREATE INDEX leads_owner ON leads (owner_id);
         INSERT INTO leads SELECT g, 'lead' || g || '@example.com', 1 + g % 100 FROM generate_series(1, {rows}) g;
         ANALYZE;"
    )
}

/// A value of its own for each lead.
pub(crate) const TEAM: &str = "ALTER TABLE leads ADD COLUMN team_id bigint;
    UPDATE leads l SET team_id = o.team_id FROM owners o WHERE o.id = l.owner_id AND l.team_id IS NULL;
    ALTER TABLE leads ALTER COLUMN team_id SET NOT NULL;";

/// Rows without a team, or with another than their owner's.
pub(crate) const WRONG: &str = "SELECT count(*) FROM leads l JOIN owners o ON o.id = l.owner_id WHERE l.team_id IS DISTINCT FROM o.team_id";

impl Site {
    pub(crate) async fn new(schema: &str) -> Site {
        Site::with(schema, &[("fsync", "off")]).await
    }

    pub(crate) async fn with(schema: &str, config: &[(&str, &str)]) -> Site {
        let server = Postgres::start(config).await.unwrap();
        server.create_database("site", None).await.unwrap();
        let client = server.connect("site").await.unwrap();
        client.batch_execute(schema).await.unwrap();
        Site {
            server,
            client,
            events: Arc::default(),
        }
    }

    pub(crate) fn engine(&self, settings: Settings) -> (Engine, Stopper) {
        let kept = Arc::clone(&self.events);
        let connect = Connect::parse(&self.server.url("site")).unwrap();
        Engine::new(
            connect,
            settings,
            Arc::new(move |event| kept.lock().unwrap().push(event)),
        )
    }

    /// Plans the SQL unless it is begun already, and runs it.
    pub(crate) async fn run(&self, sql: &str, until: Until) -> Result<Outcome, Error> {
        run(&self.engine(settings()).0, sql, until).await
    }

    pub(crate) async fn value<T: for<'a> FromSql<'a>>(&self, sql: &str) -> T {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// What was told, as text.
    pub(crate) fn told(&self) -> String {
        self.events
            .lock()
            .unwrap()
            .iter()
            .map(|event| format!("{event:?}\n"))
            .collect()
    }
}

pub(crate) async fn run(engine: &Engine, sql: &str, until: Until) -> Result<Outcome, Error> {
    let mut lease = engine.lease().await?;
    let id = RevisionId::new(ID);
    if !lease.known().await?.iter().any(|known| known.id == id) {
        let revision = Revision::from_text(&id, sql).unwrap();
        let plan =
            plan(&revision, &lease.catalog_for(&[&revision]).await?).unwrap_or_else(|problems| {
                panic!(
                    "{}",
                    problems
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join("\n")
                )
            });
        let new = NewRun {
            id: &id,
            parents: &[],
            checksum: &revision.checksum,
            direction: Direction::Up,
            plan: &plan,
        };
        lease.begin(&new).await?;
    }
    lease.run(&id, until).await
}
