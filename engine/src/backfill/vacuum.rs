//! Dead rows that pruning can't reclaim are handed to a plain VACUUM between windows, so that later
//! windows find room where earlier ones left it.

use super::Shared;
use crate::config::Settings;
use crate::connection::address::Connect;
use crate::connection::session::{Role, Session};
use crate::error::Error;
use crate::event::Event;
use crate::lock::lease::Lease;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How often the dead rows are counted.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Fewer dead rows aren't worth a scan of the indexes.
const DEAD_ROWS_MIN: i64 = 100_000;

/// Looks after the dead rows of a backfill's tables.
pub(crate) struct Janitor {
    connect: Connect,
    settings: Settings,
    looked: Instant,
    running: Option<JoinHandle<Result<(), Error>>>,
}

impl Janitor {
    pub(crate) fn new(lease: &Lease) -> Janitor {
        let (connect, settings) = (lease.connect.clone(), lease.settings.clone());
        Janitor {
            connect,
            settings,
            looked: Instant::now(),
            running: None,
        }
    }

    /// Begins a VACUUM when it is time, and none is running.
    pub(crate) async fn look(&mut self, shared: &Shared) {
        if self.looked.elapsed() < LOOK_EVERY
            || self
                .running
                .as_ref()
                .is_some_and(|running| !running.is_finished())
        {
            return;
        }
        self.looked = Instant::now();
        match self.due(shared).await {
            Ok(Some((session, sql))) => {
                (shared.events)(Event::Note {
                    text: format!("dead rows pile up: {sql}"),
                });
                self.running = Some(tokio::spawn(async move {
                    session.batch_execute("vacuuming", &sql).await
                }));
            }
            Ok(None) => {}
            // A gift that may fail: the backfill goes on without it.
            Err(error) => tracing::debug!("vacuum: {error}"),
        }
    }

    async fn due(&self, shared: &Shared) -> Result<Option<(Session, String)>, Error> {
        let session = Session::open(&self.connect, Role::Hands, &self.settings).await?;
        for target in &shared.leaves {
            let sql = "SELECT count(*) FROM pg_stat_all_tables s
                       WHERE relid = $1 AND n_dead_tup > $2 AND n_dead_tup > $3 * (n_live_tup + n_dead_tup)
                         AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum p WHERE p.relid = s.relid)";
            let row = session
                .query_one(
                    "counting dead rows",
                    sql,
                    &[
                        &target.leaf.oid,
                        &DEAD_ROWS_MIN,
                        &self.settings.vacuum_dead_share,
                    ],
                )
                .await?;
            if row.get::<_, i64>(0) > 0 {
                // As gentle as autovacuum; and without the strong lock that giving back the table's
                // end would need.
                session
                    .batch_execute(
                        "setting up a vacuum",
                        "SET vacuum_cost_delay = '2ms'; SET vacuum_cost_limit = 1000;",
                    )
                    .await?;
                let sql = format!(
                    "VACUUM (SKIP_LOCKED, TRUNCATE off) {}",
                    target.leaf.name.sql()
                );
                return Ok(Some((session, sql)));
            }
        }
        Ok(None)
    }
}
