//! A system that lives through its revisions: filled, put under the traffic of its application,
//! brought up stage by stage with a deployment in each, down again the same way, and up once more.

use concertina::{Done, Failure, Until};
use concertina_engine::{Connect, Engine, Events, Rehearse, Settings};
use concertina_planner::Policy;
use concertina_revisions::{History, Target};
use concertina_sandbox::{Operation, Postgres, Report, Traffic};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::Client;

/// One deployment of the application.
pub struct Stage {
    /// How far the revisions go before it.
    pub to: &'static str,
    /// What the application does until then.
    pub before: Vec<Operation>,
    /// What it does from then on.
    pub after: Vec<Operation>,
}

/// Something that must hold at the end.
#[derive(Debug, Clone, Copy)]
pub struct Promise {
    /// What, in words.
    pub what: &'static str,
    /// How many are against it.
    pub sql: &'static str,
}

/// A system with its application.
pub struct System {
    /// Its name, which is its folder's.
    pub name: &'static str,
    /// How far the revisions go before it is filled.
    pub start: &'static str,
    /// Fills its tables with so many rows each.
    pub fill: fn(i64) -> String,
    /// The role that the application connects as.
    pub role: Option<&'static str>,
    /// What is set for its sessions: `name=value`.
    pub session: &'static str,
    /// Whether each version of it has a schema of views.
    pub versions: bool,
    /// Deployments, in order.
    pub stages: Vec<Stage>,
    /// What must hold once all of them are done.
    pub promises: Vec<Promise>,
    /// One text of all rows that the traffic leaves alone: the same before and after.
    pub sum: &'static str,
}

/// What came of a life.
#[derive(Debug)]
pub struct Lived {
    /// What the application noticed, all the way.
    pub traffic: Report,
    /// Promises that don't hold, with how many are against each.
    pub broken: Vec<(&'static str, i64)>,
    /// Whether the rows were the same at the start, at the top, back at the start and at the top
    /// again.
    pub same_rows: bool,
    /// Whether the schema, back at the start, was what it had been.
    pub same_schema: bool,
}

/// How long each version of the application runs alone.
const PAUSE: Duration = Duration::from_millis(300);

impl System {
    /// The folder of its revisions.
    pub fn revisions(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(self.name)
            .join("revisions")
    }

    /// Makes its database, and fills it.
    ///
    /// # Errors
    ///
    /// When PostgreSQL or the planner refuses.
    pub async fn found(
        &self,
        server: &Postgres,
        rows: i64,
    ) -> Result<Client, Box<dyn std::error::Error>> {
        server.create_database(self.name, None).await?;
        let engine = self.engine(server, std::sync::Arc::new(|_| {}))?;
        let history = concertina::history(&self.revisions())?;
        concertina::upgrade(
            &engine,
            &history,
            &Target::parse(self.start),
            Until::Contracted,
        )
        .await?;
        let client = server.connect(self.name).await?;
        client.batch_execute(&(self.fill)(rows)).await?;
        client.batch_execute("VACUUM ANALYZE").await?;
        Ok(client)
    }

    /// An engine for its database.
    ///
    /// # Errors
    ///
    /// When the server's URL can't be read.
    pub fn engine(&self, server: &Postgres, events: Events) -> Result<Engine, Failure> {
        self.engine_at(&server.url(self.name), events)
    }

    /// The same for a role of one's own.
    ///
    /// # Errors
    ///
    /// When the URL can't be read.
    pub fn engine_at(&self, url: &str, events: Events) -> Result<Engine, Failure> {
        let settings = Settings {
            eager: true,
            versions: self.versions,
            rehearse: Rehearse::Never,
            ..Settings::default()
        };
        Ok(Engine::new(Connect::parse(url)?, settings, events).0)
    }

    /// Up, down and up again, with a deployment at each stage, under so many queries a second.
    ///
    /// # Errors
    ///
    /// When PostgreSQL or the planner refuses.
    pub async fn live(
        &self,
        server: &Postgres,
        client: &Client,
        rate: u32,
        events: Events,
    ) -> Result<Lived, Box<dyn std::error::Error>> {
        let engine = self.engine(server, events)?;
        let history = concertina::history(&self.revisions())?;
        let start = unordered(&server.dump_schema(self.name)?);
        let mut sums = vec![self.summed(client).await?];
        let url = self.url(server, &engine).await?;
        let traffic = Traffic::start(&url, 4, rate, self.stages[0].before.clone()).await?;
        tokio::time::sleep(PAUSE).await;
        self.up(server, &engine, &history, &traffic).await?;
        let mut broken = self.broken(client).await?;
        sums.push(self.summed(client).await?);
        self.down(server, &engine, &history, &traffic).await?;
        let same_schema = unordered(&server.dump_schema(self.name)?) == start;
        sums.push(self.summed(client).await?);
        self.up(server, &engine, &history, &traffic).await?;
        let traffic = traffic.stop().await;
        broken.extend(self.broken(client).await?);
        sums.push(self.summed(client).await?);
        let same_rows = sums.iter().all(|sum| *sum == sums[0]);
        Ok(Lived {
            traffic,
            broken,
            same_rows,
            same_schema,
        })
    }

    /// How the newest version of the application connects.
    async fn url(&self, server: &Postgres, engine: &Engine) -> Result<String, Failure> {
        let catalog = engine.catalog().await?;
        let newest = catalog.versions.unwrap_or_default().pop();
        let path = newest.map_or_else(
            || "public".to_owned(),
            |version| format!("\"{}\",public", version.schema),
        );
        let mut url = format!("host=127.0.0.1 port={} dbname={}", server.port(), self.name);
        let role = self.role.unwrap_or("postgres");
        // The role's password is its name.
        let _ = write!(url, " user={role} password={role}");
        let session = if self.session.is_empty() {
            String::new()
        } else {
            format!(" -c{}", self.session)
        };
        let _ = write!(url, " options='-csearch_path={path}{session}'");
        Ok(url)
    }

    async fn up(
        &self,
        server: &Postgres,
        engine: &Engine,
        history: &History,
        traffic: &Traffic,
    ) -> Result<(), Failure> {
        for stage in &self.stages {
            concertina::upgrade(engine, history, &Target::parse(stage.to), Until::Backfilled)
                .await?;
            tokio::time::sleep(PAUSE).await;
            traffic.deploy(&self.url(server, engine).await?, stage.after.clone());
            tokio::time::sleep(PAUSE).await;
            concertina::contract(engine, Some(history)).await?;
        }
        Ok(())
    }

    async fn down(
        &self,
        server: &Postgres,
        engine: &Engine,
        history: &History,
        traffic: &Traffic,
    ) -> Result<(), Failure> {
        let policy = Policy {
            allow_data_loss: true,
        };
        for (at, stage) in self.stages.iter().enumerate().rev() {
            let to = if at == 0 {
                self.start
            } else {
                self.stages[at - 1].to
            };
            loop {
                let target = Target::parse(to);
                let done: Done =
                    concertina::downgrade(engine, history, &target, Until::Backfilled, &policy)
                        .await?;
                traffic.deploy(&self.url(server, engine).await?, stage.before.clone());
                tokio::time::sleep(PAUSE).await;
                if done.waiting.is_empty() {
                    break;
                }
                concertina::contract(engine, Some(history)).await?;
            }
        }
        Ok(())
    }

    async fn summed(&self, client: &Client) -> Result<String, tokio_postgres::Error> {
        Ok(client.query_one(self.sum, &[]).await?.get(0))
    }

    /// The promises that don't hold, and those that hold of every system.
    async fn broken(
        &self,
        client: &Client,
    ) -> Result<Vec<(&'static str, i64)>, tokio_postgres::Error> {
        let mut broken = Vec::new();
        for promise in self.promises.iter().chain(&ALWAYS) {
            let against: i64 = client.query_one(promise.sql, &[]).await?.get(0);
            if against != 0 {
                broken.push((promise.what, against));
            }
        }
        Ok(broken)
    }
}

/// A schema whatever the order of its columns: one that took another's place is its table's last.
pub fn unordered(dump: &str) -> Vec<String> {
    let mut lines: Vec<String> = dump
        .lines()
        .map(|line| line.trim_end_matches(',').to_owned())
        .collect();
    // The number of a version of the schema.
    lines.retain(|line| !line.starts_with("COMMENT ON SCHEMA"));
    lines.sort_unstable();
    lines
}

/// Of every system.
pub const ALWAYS: [Promise; 3] = [
    Promise { what: "no index is invalid", sql: "SELECT count(*) FROM pg_index WHERE NOT indisvalid" },
    Promise { what: "every constraint is proven", sql: "SELECT count(*) FROM pg_constraint WHERE NOT convalidated" },
    Promise {
        what: "nothing of ours is left",
        sql: "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zzz\\_concertina\\_%')
                   + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'concertina'::regnamespace AND proname <> 'speaks')
                   + (SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                      WHERE attname LIKE 'concertina\\_%' AND NOT attisdropped AND c.relkind IN ('r', 'p'))
                   + (SELECT count(*) FROM pg_constraint WHERE conname LIKE 'concertina\\_%')",
    },
];
