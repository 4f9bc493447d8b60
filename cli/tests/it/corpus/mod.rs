//! The statements that people write, family by family: one database they are all tried on, and each
//! statement with what is expected of it. The families are named after the planner's rules.

mod add_column;
mod check;
mod column;
mod column_type;
mod drop;
mod foreign_key;
mod index;
mod objects;
mod partitions;
mod parts;
mod rename;
mod rows;
mod settings;
mod unique;
mod views;

use concertina_sandbox::Postgres;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle};

/// The longest that one case may take; all take seconds.
const CASE_MAX: Duration = Duration::from_mins(3);

/// One or more statements, as a revision has them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
    /// Whether a reverse can be derived.
    pub(crate) reversible: bool,
    /// Whether a column moves to the end of its table, so that only the order of columns differs
    /// from psql's.
    pub(crate) moves: bool,
    /// The first major version that has the statement; older servers' plans refuse it.
    pub(crate) since: i32,
}

impl Case {
    const fn since(self, major: i32) -> Case {
        Case {
            since: major,
            ..self
        }
    }

    const fn moving(self) -> Case {
        Case {
            moves: true,
            ..self
        }
    }

    const fn named(self, name: &'static str) -> Case {
        Case { name, ..self }
    }
}

/// Statements that can be taken back after their contract.
const fn both_ways(sql: &'static str) -> Case {
    Case {
        name: "",
        sql,
        reversible: true,
        moves: false,
        since: 14,
    }
}

/// Statements of which no reverse can be derived.
const fn one_way(sql: &'static str) -> Case {
    Case {
        name: "",
        sql,
        reversible: false,
        moves: false,
        since: 14,
    }
}

/// A family of cases, and a test that takes each through its whole life.
macro_rules! corpus {
    ($($name:ident: $case:expr;)*) => {
        pub(crate) const CASES: &[super::Case] = &[$($case.named(stringify!($name))),*];

        #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
        async fn lives() {
            crate::lifecycle::family(CASES).await;
        }
    };
}
use corpus;

/// Each family with its cases.
pub(crate) const FAMILIES: &[(&str, &[Case])] = &[
    ("add_column", add_column::CASES),
    ("column", column::CASES),
    ("column_type", column_type::CASES),
    ("rename", rename::CASES),
    ("check", check::CASES),
    ("foreign_key", foreign_key::CASES),
    ("unique", unique::CASES),
    ("drop", drop::CASES),
    ("index", index::CASES),
    ("partitions", partitions::CASES),
    ("rows", rows::CASES),
    ("settings", settings::CASES),
    ("parts", parts::CASES),
    ("views", views::CASES),
    ("objects", objects::CASES),
];

/// The cases of a family that a server of that major version has.
pub(crate) fn cases(family: &str, major: i32) -> impl Iterator<Item = &'static Case> {
    let (_, cases) = FAMILIES.iter().find(|(name, _)| *name == family).unwrap();
    cases.iter().filter(move |case| major >= case.since)
}

/// A test for each family, by a function that is given its name.
macro_rules! each_family {
    ($test:path) => {
        crate::corpus::each_family! {
            $test: add_column, column, column_type, rename, check, foreign_key, unique, drop, index, partitions, rows, settings,
            parts, views, objects
        }
    };
    ($test:path: $($name:ident),*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            $test(stringify!($name)).await;
        })*
    };
}
pub(crate) use each_family;

/// A server's major version.
pub(crate) async fn major(client: &tokio_postgres::Client) -> i32 {
    let sql = "SELECT current_setting('server_version_num')::int / 10000";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// A server with a database that is copied for each case.
pub(crate) struct Copied {
    pub(crate) server: Arc<Postgres>,
    pub(crate) major: i32,
    /// The schema that every copy begins with.
    pub(crate) start: String,
}

impl Copied {
    pub(crate) async fn new(settings: &[(&str, &str)], sql: &str) -> Copied {
        // Nobody else may be connected to what is copied, an autovacuum neither.
        let settings: Vec<_> = [("fsync", "off"), ("autovacuum", "off")]
            .iter()
            .chain(settings)
            .copied()
            .collect();
        let server = Postgres::start_filled(&settings, "tables", sql)
            .await
            .unwrap();
        let major = major(&server.connect("postgres").await.unwrap()).await;
        let start = server.dump_schema("tables").unwrap();
        Copied {
            server: Arc::new(server),
            major,
            start,
        }
    }

    /// Makes a copy of it.
    pub(crate) async fn copy(&self, name: &str) {
        // Connections are gone a moment after they were dropped.
        for _ in 0..250 {
            if self
                .server
                .create_database(name, Some("tables"))
                .await
                .is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.server
            .create_database(name, Some("tables"))
            .await
            .unwrap();
    }
}

/// Does the same with each case, as many at once as there are cores, and ends the test with the
/// names of all that failed. `CONCERTINA_CASE`: only those whose names have it in them.
pub(crate) async fn each<F: Future<Output = ()> + Send + 'static>(
    cases: &'static [Case],
    life: impl Fn(&'static Case) -> F,
) {
    let wanted = std::env::var("CONCERTINA_CASE").unwrap_or_default();
    let slots = Arc::new(Semaphore::new(
        std::thread::available_parallelism().map_or(2, usize::from),
    ));
    let mut running: Vec<(&str, JoinHandle<Result<(), String>>)> = Vec::new();
    for case in cases.iter().filter(|case| case.name.contains(&wanted)) {
        let (slots, life) = (Arc::clone(&slots), life(case));
        let one = async move {
            let _slot = slots.acquire_owned().await;
            let ended = tokio::time::timeout(CASE_MAX, tokio::spawn(life)).await;
            ended.map_err(|_| "it hangs".to_owned())?.map_err(said)
        };
        running.push((case.name, tokio::spawn(one)));
    }
    let mut failed = Vec::new();
    for (name, one) in running {
        if let Err(why) = one.await.map_err(said).flatten() {
            failed.push(format!("{name}: {why}"));
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed\n{}",
        failed.len(),
        failed.join("\n")
    );
}

/// What a task that panicked said.
fn said(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|&said| said.to_owned()))
            .unwrap_or_default(),
        Err(error) => error.to_string(),
    }
}

/// What every case finds: `rows` for the large tables.
pub(crate) fn tables(rows: u32) -> String {
    TABLES.replace("3000", &rows.to_string())
}

const TABLES: &str = "
    CREATE TABLE tenants (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_key text NOT NULL UNIQUE);
    INSERT INTO tenants VALUES ('00000000-0000-0000-0000-000000000001', 'default');
    CREATE TABLE owners (id bigint PRIMARY KEY, team_id bigint NOT NULL);
    INSERT INTO owners SELECT g, g * 10 FROM generate_series(1, 50) g;
    CREATE TABLE leads (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, owner_id bigint NOT NULL, score int,
                        status text DEFAULT 'new' CHECK (status <> ''),
                        title varchar(50) CHECK (title <> ''), worth numeric(10,2), seen timestamp);
    CREATE INDEX leads_owner ON leads (owner_id);
    INSERT INTO leads SELECT g, 'lead' || g, 1 + g % 50, g % 9, 'new', 'dr', g FROM generate_series(1, 3000) g;
    CREATE TABLE visits (lead_id bigint, at timestamptz, place text, CONSTRAINT known CHECK (place IS NOT NULL AND place <> ''));
    INSERT INTO visits SELECT g, timestamptz '2026-01-01' + g * interval '1 minute', 'p' || g FROM generate_series(1, 3000) g;
    CREATE TABLE calls (id bigint PRIMARY KEY, lead_id bigint REFERENCES leads (id));
    CREATE INDEX calls_lead ON calls (lead_id);
    INSERT INTO calls SELECT g, g FROM generate_series(1, 100) g;
    CREATE TYPE mark AS ENUM ('good', 'fair', 'none');
    CREATE TABLE nodes (id int PRIMARY KEY, up int REFERENCES nodes (id), mark mark NOT NULL DEFAULT 'good');
    INSERT INTO nodes SELECT g, nullif(g / 2, 0), CASE WHEN g % 2 = 0 THEN 'fair' ELSE 'good' END::mark FROM generate_series(1, 100) g;
    CREATE TABLE seats (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, price int NOT NULL,
                        taxed int GENERATED ALWAYS AS (price * 2) STORED, number int NOT NULL);
    CREATE INDEX seats_row ON seats (number DESC, price) INCLUDE (id) WHERE number > 5;
    INSERT INTO seats (price, number) SELECT g, g FROM generate_series(1, 100) g;
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text, lead_id bigint) PARTITION BY RANGE (at);
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
    CREATE TABLE events_2026_rest PARTITION OF events_2026 DEFAULT;
    CREATE TABLE events_2027 (id bigint NOT NULL, at date NOT NULL, kind text, lead_id bigint);
    INSERT INTO events SELECT g, date '2025-06-01' + g % 500, 'k' || g % 7, 1 + g % 100 FROM generate_series(1, 3000) g;
    INSERT INTO events_2027 SELECT g, date '2027-01-01' + g % 300, 'k' || g % 7, 1 FROM generate_series(1, 3000) g;
    CREATE TABLE bills (id bigint NOT NULL, at date NOT NULL, total int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE bills_2025 PARTITION OF bills FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE bills_rest PARTITION OF bills DEFAULT;
    INSERT INTO bills SELECT g, date '2025-06-01' + g % 150, g FROM generate_series(1, 3000) g;
    CREATE TABLE regions (id int NOT NULL, land text NOT NULL) PARTITION BY LIST (land);
    CREATE TABLE regions_de PARTITION OF regions FOR VALUES IN ('de', 'at');
    INSERT INTO regions SELECT g, 'de' FROM generate_series(1, 100) g;
    CREATE TABLE vehicles (id bigint PRIMARY KEY, wheels int);
    CREATE TABLE cars (doors int) INHERITS (vehicles);
    INSERT INTO vehicles SELECT g, 2 FROM generate_series(1, 100) g;
    INSERT INTO cars SELECT g, 4, 5 FROM generate_series(101, 200) g;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
    CREATE FUNCTION half(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 / 2 $$;
    CREATE TRIGGER touch BEFORE INSERT ON owners FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE POLICY teams ON owners USING (team_id > 0);
    GRANT SELECT ON owners TO pg_monitor;
    GRANT SELECT (place), UPDATE (place) ON visits TO pg_monitor;
    COMMENT ON COLUMN visits.place IS 'where it was';
    COMMENT ON COLUMN owners.team_id IS 'their team';
    CREATE VIEW people AS SELECT id FROM owners;
    CREATE MATERIALIZED VIEW totals AS SELECT owner_id, count(*) AS leads FROM leads GROUP BY owner_id;
    CREATE UNIQUE INDEX totals_owner ON totals (owner_id);
    CREATE MATERIALIZED VIEW scores AS SELECT score, count(*) AS leads FROM leads GROUP BY score;
    CREATE DOMAIN grade AS int CHECK (VALUE > 0);
    CREATE DOMAIN word AS text;
    CREATE SEQUENCE tickets;
    CREATE STATISTICS visited ON lead_id, place, at FROM visits;
    CREATE STATISTICS together ON owner_id, score FROM leads;
    CREATE TYPE mood AS ENUM ('glad', 'sad');
    CREATE TYPE pair AS (a int, b text);
    CREATE SCHEMA attic;
    ANALYZE;";
