//! Online work: long, alone, outside of transactions, and nobody waits for it. What it leaves
//! behind when it fails is cleaned up.

use crate::error::{Class, Error};
use crate::event::Event;
use crate::lock::lease::Lease;
use crate::retry::Backoff;
use crate::run::Place;
use crate::run::proof;
use concertina_planner::action::Online;
use std::time::Duration;

/// How often we look whom it waits for.
const WATCH: Duration = Duration::from_secs(1);

/// How often it is begun anew after a deadlock or a cancelled statement.
const ATTEMPTS_MAX: u32 = 5;

impl Lease {
    /// Runs online work unless the catalog shows it as done. True when it had been.
    pub(crate) async fn slow(&mut self, place: &Place, online: &Online) -> Result<bool, Error> {
        if let Online::Detach { parent, partition } = online {
            return self.detach(place, parent, partition).await;
        }
        if proof::holds(&self.records, &online.done_when()).await? {
            return Ok(true);
        }
        let doing = place.doing();
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
        for attempt in 1.. {
            self.stop.check()?;
            self.drop_leftover(online).await?;
            match self.slow_once(&doing, online).await {
                Ok(()) => break,
                Err(error) if error.class() == Class::Connection => return Err(error),
                Err(error) => {
                    self.drop_leftover(online).await?;
                    if error.class() == Class::Fatal || attempt >= ATTEMPTS_MAX {
                        return Err(error);
                    }
                    self.stop.check()?;
                    backoff
                        .rest(&self.events, &self.stop, &doing, &error.to_string())
                        .await?;
                }
            }
        }
        Ok(false)
    }

    async fn slow_once(&self, doing: &str, online: &Online) -> Result<(), Error> {
        // CONCURRENTLY waits for old transactions by design, and what waits here makes nobody else
        // wait: with a timeout an index build would leave an invalid index each time.
        self.alone(
            doing,
            "SET lock_timeout = 0; SET statement_timeout = 0;",
            &online.sql(),
        )
        .await
    }

    /// Runs one statement outside of transactions, watched, until it is done or someone asks to
    /// stop.
    pub(crate) async fn alone(&self, doing: &str, limits: &str, sql: &str) -> Result<(), Error> {
        let run = async {
            self.hands.batch_execute(doing, limits).await?;
            let done = self.hands.batch_execute(doing, sql).await;
            let limits = format!(
                "SET lock_timeout = {}",
                self.settings.lock_timeout.as_millis()
            );
            self.hands.batch_execute(doing, &limits).await.ok();
            done
        };
        tokio::select! {
            done = run => done,
            () = self.stop.asked() => {
                self.connect.cancel(&self.hands).await;
                Err(Error::Interrupted)
            }
            lost = self.watch(doing, WATCH) => Err(lost),
        }
    }

    /// Drops the invalid indexes that an interrupted build left. They would make every write
    /// dearer, serve no query, and be in the way of the next build.
    async fn drop_leftover(&mut self, online: &Online) -> Result<(), Error> {
        let (table, leftovers) = match online {
            Online::CreateIndex { table, name, .. } => {
                let index = table.beside(name);
                let invalid = proof::index_valid(&self.records, &index).await? == Some(false);
                (table, if invalid { vec![index] } else { vec![] })
            }
            Online::Reindex { table, .. } => {
                (table, proof::halves_of_reindex(&self.records, table).await?)
            }
            _ => return Ok(()),
        };
        for index in leftovers {
            self.tell(Event::Note {
                text: format!(
                    "dropping index {}, left invalid by a build that failed",
                    index.shown()
                ),
            });
            let drop = Online::DropIndex {
                table: table.clone(),
                index: index.clone(),
                definition: String::new(),
            };
            self.slow_once(
                &format!("dropping the invalid index {}", index.shown()),
                &drop,
            )
            .await?;
        }
        Ok(())
    }
}
