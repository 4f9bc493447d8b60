//! Who fills the column.

use crate::Result;
use crate::shape::Shape;
use concertina_engine::{Connect, Direction, Engine, NewRun, Settings, Until};
use concertina_planner::plan;
use concertina_revisions::{Revision, RevisionId};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Client;

/// Rows of a batch of those who count rows.
const BATCH_ROWS: i64 = 1_000;
/// Rows of a key range.
const RANGE_ROWS: i64 = 5_000;

/// A way to fill the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// One UPDATE statement.
    OneUpdate,
    /// One ALTER TABLE, which rewrites the table.
    AlterTable,
    /// Ranges of the primary key, a commit after each.
    KeyRanges,
    /// The batch statement that pgroll publishes, with its kind of row trigger, replayed statement
    /// by statement.
    PgrollShape,
    /// Reshape itself, when it is on the PATH.
    Reshape,
    /// pgroll itself, when it is on the PATH.
    Pgroll,
    /// Concertina as it is by default.
    Default,
    /// Concertina with batches of so many microseconds.
    Batches(u64),
    /// Concertina, eager, with so many workers.
    Eager(u16),
    /// Concertina, eager, two workers, one pass over each window.
    OnePass,
    /// Concertina, two workers, at most so many rows a second.
    Throttled(u32),
    /// Concertina, two workers, queries may take so many percent longer than before.
    Budget(u32),
    /// The most there can be: every update HOT, because each page is kept half empty.
    Limit,
}

impl Contender {
    /// All that make sense for a shape.
    pub fn all(shape: Shape, rows: u64) -> Vec<Contender> {
        if shape == Shape::Retype {
            return vec![
                Contender::AlterTable,
                Contender::Default,
                Contender::Eager(1),
                Contender::Eager(2),
            ];
        }
        let mut all = vec![Contender::OneUpdate];
        if shape != Shape::Noindex {
            all.extend([Contender::KeyRanges, Contender::PgrollShape]);
        }
        // It adds its columns itself, by an expression over one table.
        if shape != Shape::Join {
            all.extend(
                [Contender::Reshape, Contender::Pgroll]
                    .into_iter()
                    .filter(|peer| installed(&peer.name().to_lowercase())),
            );
        }
        all.extend([
            Contender::Default,
            Contender::Batches(2_000),
            Contender::Batches(1_000),
            Contender::Batches(4_000),
            Contender::Eager(1),
            Contender::Eager(2),
            Contender::Eager(4),
            Contender::OnePass,
        ]);
        let modest = u32::try_from(rows / 10).unwrap_or(u32::MAX).max(1_000);
        all.extend([
            Contender::Throttled(modest),
            Contender::Budget(25),
            Contender::Limit,
        ]);
        all
    }

    /// Whether it is a program of others, which may fail without ending the bench.
    pub fn is_a_peer(self) -> bool {
        matches!(self, Contender::Reshape | Contender::Pgroll)
    }

    /// Its name in tables.
    pub fn name(self) -> String {
        match self {
            Contender::OneUpdate => "one UPDATE".to_owned(),
            Contender::AlterTable => "ALTER TABLE".to_owned(),
            Contender::KeyRanges => format!("key ranges of {RANGE_ROWS}"),
            Contender::PgrollShape => "pgroll's batch and trigger".to_owned(),
            Contender::Reshape => "Reshape".to_owned(),
            Contender::Pgroll => "pgroll".to_owned(),
            Contender::Default => "Concertina".to_owned(),
            Contender::Batches(micros) => {
                format!("Concertina, batches of {:.1} ms", micros as f64 / 1e3)
            }
            Contender::Eager(workers) => format!("Concertina, eager, {workers} workers"),
            Contender::OnePass => "Concertina, eager, one pass".to_owned(),
            Contender::Throttled(rows) => format!("Concertina, {rows} rows/s"),
            Contender::Budget(percent) => format!("Concertina, latency +{percent} %"),
            Contender::Limit => "limit: all HOT".to_owned(),
        }
    }

    /// What has to be done before the clock runs.
    pub fn prepare(self, shape: Shape) -> Vec<String> {
        match self {
            Contender::PgrollShape => vec![format!(
                "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN new; END $$;
                 CREATE TRIGGER fill BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION fill();",
                shape.trigger_body()
            )],
            Contender::Reshape | Contender::Pgroll => vec!["ALTER TABLE t DROP COLUMN v".to_owned()],
            Contender::Limit => ["ALTER TABLE t SET (fillfactor = 45)", "VACUUM FULL t"].map(str::to_owned).into(),
            _ => Vec::new(),
        }
    }

    /// Fills the column. `url` is the database, `client` a connection to it.
    ///
    /// # Errors
    ///
    /// The first that happens.
    pub async fn fill(self, shape: Shape, url: &str, client: &Client) -> Result<()> {
        match self {
            Contender::OneUpdate | Contender::AlterTable => {
                client.batch_execute(&shape.update()).await?;
            }
            Contender::KeyRanges => key_ranges(shape, client).await?,
            Contender::PgrollShape => pgroll_shape(client).await?,
            Contender::Reshape => reshape(url).await?,
            Contender::Pgroll => pgroll(url).await?,
            Contender::Default => concertina(shape, url, Settings::default()).await?,
            Contender::Batches(micros) => {
                let settings = Settings {
                    batch_target: Duration::from_micros(micros),
                    ..Settings::default()
                };
                concertina(shape, url, settings).await?;
            }
            Contender::Eager(workers) => {
                concertina(
                    shape,
                    url,
                    Settings {
                        workers,
                        eager: true,
                        ..Settings::default()
                    },
                )
                .await?;
            }
            Contender::Throttled(rows) => {
                let settings = Settings {
                    rows_per_second_max: Some(rows),
                    ..Settings::default()
                };
                concertina(shape, url, settings).await?;
            }
            Contender::Budget(percent) => {
                let settings = Settings {
                    latency_budget_percent: Some(percent),
                    ..Settings::default()
                };
                concertina(shape, url, settings).await?;
            }
            Contender::OnePass | Contender::Limit => {
                concertina(
                    shape,
                    url,
                    Settings {
                        passes_max: 1,
                        eager: true,
                        ..Settings::default()
                    },
                )
                .await?;
            }
        }
        Ok(())
    }
}

/// The versions that the peers on the PATH give themselves.
pub fn versions() -> Vec<String> {
    let told = |name: &str| {
        let output = std::process::Command::new(name)
            .arg("--version")
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Some(if said.is_empty() {
            format!("{name}, which tells no version")
        } else {
            said
        })
    };
    ["pgroll", "reshape"]
        .into_iter()
        .filter(|peer| installed(peer))
        .filter_map(told)
        .collect()
}

/// Whether a program is on the PATH.
pub fn installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

/// Its `add_column` with `up`, started and completed.
async fn reshape(url: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("1_fill.toml"),
        "[[actions]]\ntype = \"add_column\"\ntable = \"t\"\nup = \"42\"\n[actions.column]\nname = \"v\"\ntype = \"BIGINT\"\n",
    )?;
    let folder = folder.path().display().to_string();
    program(
        "reshape",
        &[
            "migration",
            "start",
            "--complete",
            "--url",
            url,
            "--dirs",
            &folder,
        ],
    )
    .await
}

/// Its `add_column` with `up`, started and completed.
async fn pgroll(url: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("1_fill.json");
    std::fs::write(
        &file,
        r#"{"operations": [{"add_column": {"table": "t", "up": "42",
            "column": {"name": "v", "type": "bigint", "nullable": true}}}]}"#,
    )?;
    program("pgroll", &["init", "--postgres-url", url]).await?;
    // Without it a schema that holds tables is refused.
    let baseline = tempfile::tempdir()?;
    let into = baseline.path().display().to_string();
    program(
        "pgroll",
        &[
            "baseline",
            "0_baseline",
            &into,
            "--yes",
            "--postgres-url",
            url,
        ],
    )
    .await?;
    program(
        "pgroll",
        &[
            "start",
            "--complete",
            "--postgres-url",
            url,
            &file.display().to_string(),
        ],
    )
    .await
}

async fn program(name: &str, words: &[&str]) -> Result<()> {
    let output = tokio::process::Command::new(name)
        .args(words)
        .output()
        .await?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

async fn key_ranges(shape: Shape, client: &Client) -> Result<()> {
    let statement = client.prepare(&shape.update_range()).await?;
    let last: i64 = client.query_one("SELECT max(id) FROM t", &[]).await?.get(0);
    let mut from = 0;
    while from < last {
        client
            .execute(&statement, &[&from, &(from + RANGE_ROWS)])
            .await?;
        from += RANGE_ROWS;
    }
    Ok(())
}

/// The statement of pgroll's `pkg/backfill/templates/sql.go`: rows are touched in key order, and
/// the trigger works.
async fn pgroll_shape(client: &Client) -> Result<()> {
    let sql = format!(
        "WITH batch AS (SELECT id FROM t WHERE id > $1 ORDER BY id LIMIT {BATCH_ROWS} FOR NO KEY UPDATE),
              update AS (UPDATE t SET id = t.id FROM batch WHERE t.id = batch.id RETURNING t.id)
         SELECT max(id) FROM update"
    );
    let statement = client.prepare(&sql).await?;
    let mut last = 0_i64;
    while let Some(next) = client
        .query_one(&statement, &[&last])
        .await?
        .get::<_, Option<i64>>(0)
    {
        last = next;
    }
    Ok(())
}

async fn concertina(shape: Shape, url: &str, settings: Settings) -> Result<()> {
    let (engine, _stopper) = Engine::new(Connect::parse(url)?, settings, Arc::new(|_| {}));
    on_engine(&engine, shape).await
}

/// Plans the change, unless it is begun already, and runs it.
///
/// # Errors
///
/// The first that happens.
pub async fn on_engine(engine: &Engine, shape: Shape) -> Result<()> {
    let mut lease = engine.lease().await?;
    let id = RevisionId::new("fill");
    let text = |problems: Vec<concertina_revisions::Diagnostic>| {
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let revision = Revision::from_text(&id, &shape.update()).map_err(text)?;
    let plan = plan(&revision, &lease.catalog_for(&[&revision]).await?).map_err(text)?;
    let new = NewRun {
        id: &id,
        parents: &[],
        checksum: &revision.checksum,
        direction: Direction::Up,
        plan: &plan,
    };
    if !lease.known().await?.iter().any(|known| known.id == id) {
        lease.begin(&new).await?;
    }
    // The swap is a part of it.
    let until = if shape == Shape::Retype {
        Until::Contracted
    } else {
        Until::Backfilled
    };
    lease.run(&id, until).await?;
    Ok(())
}
