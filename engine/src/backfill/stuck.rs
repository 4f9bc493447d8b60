//! A batch that comes no further: what is said of it, how it is made as small as it can be, and
//! when it ends.

use super::Shared;
use super::worker::{Cut, Worker, poisoned};
use crate::connection::session::batch_timeout;
use crate::error::{Class, Error, describe};
use crate::event::Event;
use crate::tid::Tid;
use std::time::{Duration, Instant};

/// After so long without progress the reason is told, and again each time it passes.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// A page is cut into so many parts at the most, by the last byte of a row's number on it.
const SLICES_OF_A_PAGE: i32 = 256;

/// So often one row is tried alone.
const TRIES_OF_A_ROW: u32 = 3;

/// How long a worker has been at the same blocks.
#[derive(Debug, Default)]
pub(super) struct Stuck {
    since: Option<Instant>,
    told: u32,
}

impl Stuck {
    /// It went on.
    pub(super) fn moved(&mut self) {
        *self = Stuck::default();
    }

    /// It never will.
    pub(super) fn ended(cut: Cut, error: &Error) -> Error {
        ended(
            cut,
            error,
            format!("no progress in any number of tries: {}", cause(error)),
        )
    }

    /// It didn't. An error when that has been so for longer than others may hold a lock.
    pub(super) fn stumbled(
        &mut self,
        shared: &Shared,
        cut: Cut,
        error: &Error,
    ) -> Result<(), Error> {
        self.stumbled_at(
            shared,
            &format!("blocks {} to {}", cut.from, cut.upto),
            error,
        )
    }

    /// The same of a place that isn't told by blocks of the table.
    pub(super) fn stumbled_at(
        &mut self,
        shared: &Shared,
        place: &str,
        error: &Error,
    ) -> Result<(), Error> {
        let stuck = self.since.get_or_insert_with(Instant::now).elapsed();
        if stuck > shared.settings.lock_budget {
            let why = format!("no progress within {} s: {}", stuck.as_secs(), cause(error));
            return Err(ended_at(place, error, why));
        }
        if stuck > TOLD_EVERY * (self.told + 1) {
            self.told += 1;
            let text = format!("no progress for {} s at {place}: {error}", stuck.as_secs());
            (shared.events)(Event::Note { text });
        }
        Ok(())
    }
}

impl Worker {
    /// Changes the rows of a page in as many transactions as they can be told apart into: how many.
    /// Without a checkpoint, as doing it again does nothing.
    pub(super) async fn row_by_row(&mut self, leaf: usize, cut: Cut) -> Result<u64, Error> {
        let (from, upto) = (Tid::start_of(cut.from), Tid::start_of(cut.upto));
        let text = format!(
            "blocks {} to {} of {} take longer than a batch may, and are done row by row",
            cut.from,
            cut.upto,
            self.shared.backfill.table.shown()
        );
        (self.shared.events)(Event::Note { text });
        let (mut stuck, mut changed) = (Stuck::default(), 0);
        for slice in 0..SLICES_OF_A_PAGE {
            let mut tries = 0;
            loop {
                self.gate().await?;
                let prepared = self.prepared(leaf).await?;
                let doing = self.shared.doing(leaf).to_owned();
                let did = self
                    .session
                    .execute(
                        &doing,
                        &prepared.slice,
                        &[&from, &upto, &SLICES_OF_A_PAGE, &slice],
                    )
                    .await;
                let error = match did {
                    Ok(rows) => {
                        changed += rows;
                        self.pay(rows).await;
                        break;
                    }
                    Err(error) => error,
                };
                match error.class() {
                    Class::Connection => self.reconnect(&error.to_string()).await?,
                    Class::Contention if error.is_of_time() => {
                        tries += 1;
                        if tries >= TRIES_OF_A_ROW {
                            return Err(too_long(&self.shared, cut, &error));
                        }
                    }
                    Class::Contention => stuck.stumbled(&self.shared, cut, &error)?,
                    Class::Fatal => return Err(poisoned(cut, error)),
                }
            }
        }
        Ok(changed)
    }
}

/// One row takes longer than a batch may.
fn too_long(shared: &Shared, cut: Cut, error: &Error) -> Error {
    let may = batch_timeout(&shared.settings).as_secs();
    let why = format!(
        "one row alone takes longer than the {may} s that a batch may take, by what it computes, by a trigger, or by rows that go along with it: {}",
        cause(error)
    );
    ended(cut, error, why)
}

/// The end of it, which isn't tried again as a lock would be.
fn ended(cut: Cut, error: &Error, why: String) -> Error {
    ended_at(&format!("blocks {} to {}", cut.from, cut.upto), error, why)
}

fn ended_at(place: &str, error: &Error, why: String) -> Error {
    let doing = match error {
        Error::Sql { doing, .. } => doing.as_str(),
        _ => "the backfill",
    };
    Error::Stuck {
        doing: format!("{doing}, {place}"),
        why,
    }
}

pub(super) fn cause(error: &Error) -> String {
    match error {
        Error::Sql { cause, .. } => describe(cause),
        other => other.to_string(),
    }
}
