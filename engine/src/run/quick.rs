//! Instant work: one short transaction under the lock ladder, with its record inside.

use crate::checkpoint;
use crate::connection::session::{Session, millis};
use crate::error::{Class, Error};
use crate::event::{Event, Events};
use crate::lock::ladder::{Ladder, Try};
use crate::lock::lease::Lease;
use crate::run::Place;
use crate::run::as_written::begins;
use concertina_planner::Work;
use concertina_planner::action::{Action, Value};
use concertina_planner::plan::with_those_below;
use std::time::{Duration, Instant};
use tokio_postgres::error::SqlState;

/// How often we look whom a queued statement waits for.
pub(crate) const WATCH: Duration = Duration::from_millis(100);

/// No instant statement takes so long; one that does is cut and reported. Those that their author
/// allows to block aren't.
pub(crate) const STATEMENT_TIMEOUT: &str = "30s";

/// What is written in the transaction besides the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Record {
    /// The step is done.
    Done,
    /// The step was taken back; the record goes with the last of its works.
    Undone,
    /// Nothing: more of the same step follows.
    Nothing,
}

impl Lease {
    /// Runs instant actions exactly once: the record commits with them.
    pub(crate) async fn quick(
        &mut self,
        place: &Place,
        actions: &[Action],
        record: Record,
    ) -> Result<(), Error> {
        if record == Record::Done && begins(actions).is_some() {
            return self.as_written(place, actions).await;
        }
        let doing = place.doing();
        let locks = with_those_below(
            Work::Quick {
                actions: actions.to_vec(),
            }
            .locks(),
            &place.below,
        );
        let mut ladder = Ladder::new(&doing, &locks, self.settings.lock_budget);
        loop {
            let attempt = ladder.look(self).await?;
            match self.quick_once(place, actions, record, &attempt).await {
                Err(error) if error.class() == Class::Contention => {
                    ladder.step_back(self, &error).await?;
                }
                other => return other,
            }
        }
    }

    async fn quick_once(
        &self,
        place: &Place,
        actions: &[Action],
        record: Record,
        attempt: &Try,
    ) -> Result<(), Error> {
        let doing = place.doing();
        tokio::select! {
            done = transact(&self.hands, place, actions, record, attempt, &self.events) => done,
            lost = self.watch(&doing, WATCH) => Err(lost),
        }
    }
}

async fn transact(
    hands: &Session,
    place: &Place,
    actions: &[Action],
    record: Record,
    attempt: &Try,
    events: &Events,
) -> Result<(), Error> {
    let doing = place.doing();
    let began = Instant::now();
    let done = async {
        hands
            .batch_execute(&doing, &format!("BEGIN; {}", limits(attempt, actions)))
            .await?;
        for lock in &attempt.locks_first {
            hands.batch_execute(&doing, lock).await?;
        }
        for action in actions {
            if record == Record::Done {
                run_action(hands, action, &doing).await?;
            } else {
                take_back(hands, action, &doing, events).await?;
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        let (revision, direction, step) = (&place.revision, place.direction, place.step.as_str());
        match record {
            Record::Done => {
                checkpoint::record_step(hands, revision, direction, step, None, seconds).await?;
            }
            Record::Undone => checkpoint::unrecord_step(hands, revision, direction, step).await?,
            Record::Nothing => {}
        }
        hands.batch_execute(&doing, "COMMIT").await
    };
    let done = done.await;
    if done.is_err() {
        hands.batch_execute(&doing, "ROLLBACK").await.ok();
    }
    done
}

fn limits(attempt: &Try, actions: &[Action]) -> String {
    let allowed = actions
        .iter()
        .any(|action| matches!(action, Action::Blocking { .. }));
    let statement = if allowed { "0" } else { STATEMENT_TIMEOUT };
    let lock = millis(attempt.lock_timeout);
    let deadlock = if attempt.short_deadlock_timeout {
        // Below lock_timeout: in a cycle it is we who notice and give way, and an autovacuum gives
        // way to us.
        format!("SET LOCAL deadlock_timeout = {};", (lock / 2).max(1))
    } else {
        String::new()
    };
    format!(
        "SET LOCAL lock_timeout = {lock}; SET LOCAL statement_timeout = '{statement}'; {deadlock}"
    )
}

/// Runs an action of an undo. What somebody else has removed meanwhile needs no removing.
async fn take_back(
    hands: &Session,
    action: &Action,
    doing: &str,
    events: &Events,
) -> Result<(), Error> {
    hands.batch_execute(doing, "SAVEPOINT undo").await?;
    match run_action(hands, action, doing).await {
        Err(error) if error.code().is_some_and(is_gone) => {
            events(Event::Note {
                text: format!("somebody has removed it already: {error}"),
            });
            hands
                .batch_execute(doing, "ROLLBACK TO SAVEPOINT undo")
                .await
        }
        other => other,
    }
}

fn is_gone(code: &SqlState) -> bool {
    [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::UNDEFINED_OBJECT,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::INVALID_SCHEMA_NAME,
    ]
    .contains(code)
}

async fn run_action(hands: &Session, action: &Action, doing: &str) -> Result<(), Error> {
    let value = match action {
        Action::AddColumn {
            default: Some(Value::Read(query)),
            not_null,
            ..
        } => {
            let value = hands.literal(doing, query).await?;
            if value.is_none() && *not_null {
                return Err(Error::NoValue {
                    doing: doing.to_owned(),
                    query: query.clone(),
                });
            }
            value
        }
        _ => None,
    };
    for sql in action.sql(value.as_deref()) {
        hands.batch_execute(doing, &sql).await?;
    }
    Ok(())
}
