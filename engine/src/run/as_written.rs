//! Statements that are run as they are written, where there are no rows: one transaction, with the
//! record inside. The tables are locked first, and then PostgreSQL is asked once more whether there
//! are rows.

use crate::checkpoint;
use crate::connection::session::{Role, millis};
use crate::error::{Class, Error};
use crate::event::Event;
use crate::inspect::catalog::holds_others;
use crate::lock::ladder::{Ladder, Try, surely};
use crate::lock::lease::{Lease, at_work};
use crate::run::quick::{STATEMENT_TIMEOUT, WATCH};
use crate::run::{NewRun, Place};
use crate::state::{Direction, State};
use concertina_planner::Work;
use concertina_planner::action::{Action, AsWritten, ROWS_ARRIVED};
use concertina_planner::plan::Phase;
use concertina_revisions::{Ident, TableName};
use std::time::{Duration, Instant};
use tokio_postgres::error::SqlState;

/// The first try waits for a lock no longer than this: nobody notices, and mostly nobody is there.
const FIRST_TRY: Duration = Duration::from_millis(1);

/// What the transaction records besides its step.
#[derive(Clone, Copy)]
enum Records<'a> {
    /// The step alone.
    Step,
    /// The revision, which is done with it.
    Revision(&'a NewRun<'a>),
}

impl Lease {
    /// Runs a revision that is one transaction of statements as written: it is done with its record, or nothing has changed.
    ///
    /// # Errors
    ///
    /// Why nothing has changed; [`Error::Outdated`] when it has to be planned again.
    pub async fn run_at_once(&mut self, run: &NewRun<'_>) -> Result<(), Error> {
        let id = run.id.clone();
        self.tell(Event::RevisionBegun {
            revision: id.clone(),
            direction: run.direction.as_str(),
            resumed: false,
        });
        let began = Instant::now();
        let nothing = Work::Quick { actions: vec![] };
        let (place, work) = match run.plan.expand.first() {
            Some(step) => (Place::of(run.id, run.direction, step), &step.work),
            None => (Place::first(run.id, run.direction), &nothing),
        };
        let what = work.summary();
        self.tell(Event::StepBegun {
            revision: id.clone(),
            step: place.step.clone(),
            phase: Some(Phase::Expand),
            what,
        });
        let Work::Quick { actions } = work else {
            return Err(Error::State(format!(
                "revision {id} isn't run as it is written"
            )));
        };
        self.in_turn(&place, actions, Records::Revision(run))
            .await?;
        let seconds = began.elapsed().as_secs_f64();
        self.tell(Event::StepDone {
            revision: id.clone(),
            step: place.step,
            seconds,
            rows: None,
            already: false,
        });
        for hazard in &run.plan.hazards {
            self.tell(Event::Note {
                text: format!(
                    "{} (statement {}): {}",
                    hazard.code, hazard.statement, hazard.message
                ),
            });
        }
        self.tell(Event::RevisionReached {
            revision: id,
            state: State::Applied,
        });
        Ok(())
    }

    /// Runs one of several transactions of statements as written.
    pub(crate) async fn as_written(
        &mut self,
        place: &Place,
        actions: &[Action],
    ) -> Result<(), Error> {
        self.in_turn(place, actions, Records::Step).await
    }

    /// Tries until the locks are granted, across lost connections.
    async fn in_turn(
        &mut self,
        place: &Place,
        actions: &[Action],
        records: Records<'_>,
    ) -> Result<(), Error> {
        let doing = place.doing();
        let locks = Work::Quick {
            actions: actions.to_vec(),
        }
        .locks();
        let first = Try {
            locks_first: vec![],
            lock_timeout: FIRST_TRY,
            short_deadlock_timeout: false,
        };
        let mut ladder: Option<Ladder> = None;
        loop {
            self.stop.check()?;
            let attempt = match &mut ladder {
                Some(ladder) => ladder.look(self).await,
                None => Ok(first.clone()),
            };
            let done = match attempt {
                Ok(attempt) => self.once(place, actions, records, &attempt).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(()) => return Ok(()),
                Err(error) if error.class() == Class::Contention => match &mut ladder {
                    Some(ladder) => ladder.step_back(self, &error).await?,
                    None => ladder = Some(Ladder::new(&doing, &locks, self.settings.lock_budget)),
                },
                // A step of several is gone on with by the loop that asks which are done.
                Err(error)
                    if error.class() == Class::Connection
                        && matches!(records, Records::Revision(_)) =>
                {
                    self.reconnect(&error).await?;
                    if surely!(self, self.is_done(records))? {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the commit whose answer was lost had come through.
    async fn is_done(&self, records: Records<'_>) -> Result<bool, Error> {
        match records {
            Records::Step => Ok(false),
            Records::Revision(run) => match run.direction {
                Direction::Up => checkpoint::is_applied(&self.records, run.id).await,
                Direction::Down => checkpoint::is_applied(&self.records, run.id)
                    .await
                    .map(|there| !there),
            },
        }
    }

    async fn once(
        &mut self,
        place: &Place,
        actions: &[Action],
        records: Records<'_>,
        attempt: &Try,
    ) -> Result<(), Error> {
        let doing = place.doing();
        let done = tokio::select! {
            done = self.transact(place, actions, records, attempt) => done,
            lost = self.watch(&doing, WATCH) => Err(lost),
        };
        let own_tables = match done {
            Ok(own_tables) => own_tables,
            Err(error) => {
                self.hands.batch_execute(&doing, "ROLLBACK").await.ok();
                return Err(error);
            }
        };
        self.own_tables.extend(own_tables);
        if begins(actions).is_some_and(|begin| begin.session) {
            let restored = self.hands.restore(Role::Hands, &self.settings).await;
            if let Err(error) = restored.and(at_work(&self.hands).await) {
                self.reconnect(&error).await?;
            }
        }
        Ok(())
    }

    /// The transaction; the tables, by their oids, that hold rows of ours.
    async fn transact(
        &self,
        place: &Place,
        actions: &[Action],
        records: Records<'_>,
        attempt: &Try,
    ) -> Result<Vec<u32>, Error> {
        let doing = place.doing();
        let began = Instant::now();
        let none = AsWritten::default();
        let begin = begins(actions).unwrap_or(&none);
        let opened = self
            .hands
            .rows_as_text(&doing, &self.opening(begin, attempt))
            .await;
        let own_tables = self
            .others_rows(&doing, &opened.map_err(|error| outdated(&doing, error))?)
            .await?;
        let written = actions
            .iter()
            .filter(|action| !matches!(action, Action::BeginAsWritten(_)));
        let mut statements: Vec<String> = written.flat_map(|action| action.sql(None)).collect();
        let count = statements.len();
        if begin.session {
            statements.push("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL".to_owned());
        }
        statements.push(end(place, records, began)?);
        match self.hands.pipelined(&doing, &statements).await {
            Ok(()) => Ok(own_tables),
            Err((at, Error::Sql { cause, .. })) if at < count => Err(Error::Sql {
                doing: format!("{doing}: {}", beginning(&statements[at])),
                cause,
            }),
            Err((_, error)) => Err(error),
        }
    }

    /// From BEGIN to the first statement. Rows that a policy hides are rows: it is asked before
    /// policies hold.
    fn opening(&self, begin: &AsWritten, attempt: &Try) -> String {
        let lock = millis(attempt.lock_timeout);
        let deadlock = if attempt.short_deadlock_timeout {
            format!("SET LOCAL deadlock_timeout = {}; ", (lock / 2).max(1))
        } else {
            String::new()
        };
        // Where nobody's rows are, nobody waits.
        let statement = if begin.unpopulated {
            "0"
        } else {
            STATEMENT_TIMEOUT
        };
        let mut text = format!(
            "BEGIN; SET LOCAL lock_timeout = {lock}; SET LOCAL statement_timeout = '{statement}'; {deadlock}"
        );
        for sql in attempt
            .locks_first
            .iter()
            .cloned()
            .chain(Action::BeginAsWritten(begin.clone()).sql(None))
        {
            text.push_str(&sql);
            text.push_str("; ");
        }
        let lock = millis(self.settings.lock_timeout);
        let others = if begin.unpopulated {
            self.tables_with_blocks(begin)
        } else {
            String::new()
        };
        format!("{text}{others}SET LOCAL row_security TO DEFAULT; SET LOCAL lock_timeout = {lock}")
    }

    /// The tables that have blocks, but for those whose rows are known as ours: those that are
    /// named, or all.
    fn tables_with_blocks(&self, begin: &AsWritten) -> String {
        let named: Vec<String> = begin
            .empty
            .iter()
            .map(|table| format!("pg_catalog.to_regclass({})", table.regclass_literal()))
            .collect();
        let which = match named.as_slice() {
            _ if begin.everywhere => "true".to_owned(),
            [] => return String::new(),
            named => format!("c.oid IN ({})", named.join(", ")),
        };
        let known: Vec<String> = self.own_tables.iter().map(u32::to_string).collect();
        format!(
            "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE {which} AND c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
               AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina')
               AND NOT (c.oid = ANY ('{{{}}}'::oid[])) AND pg_catalog.pg_relation_size(c.oid) > 0
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                               WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'); ",
            known.join(",")
        )
    }

    /// Looks through tables that have blocks for rows of others; the tables, by their oids, that
    /// hold none.
    async fn others_rows(&self, doing: &str, tables: &[Vec<String>]) -> Result<Vec<u32>, Error> {
        if tables.is_empty() {
            return Ok(vec![]);
        }
        let written = checkpoint::written_here(&self.hands).await?;
        let mut ours = Vec::new();
        for row in tables {
            let [oid, schema, name] = row.as_slice() else {
                continue;
            };
            let table = TableName {
                schema: Ident::new(schema),
                name: Ident::new(name),
            };
            if holds_others(&self.hands, &table, &written).await? {
                let what = format!("there are rows in {} by now", table.shown());
                return Err(Error::Outdated {
                    doing: doing.to_owned(),
                    what,
                });
            }
            ours.extend(oid.parse::<u32>().ok());
        }
        Ok(ours)
    }
}

/// The records, and COMMIT.
fn end(place: &Place, records: Records<'_>, began: Instant) -> Result<String, Error> {
    let (id, direction) = (&place.revision, place.direction);
    let mut end = match records {
        Records::Revision(run) => checkpoint::revision_done(&run.record())?,
        Records::Step => String::new(),
    };
    if !matches!(records, Records::Revision(run) if run.direction == Direction::Down) {
        end.push_str(&checkpoint::step_done(
            id,
            direction,
            &place.step,
            began.elapsed().as_secs_f64(),
        ));
    }
    Ok(format!("{end}COMMIT"))
}

/// A statement is named by so many characters at the most, up to where it may tell a secret.
const NAMED_CHARS_MAX: usize = 60;

fn beginning(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.find(['\'', '(', '$']).unwrap_or(line.len());
    line[..end]
        .trim_end()
        .chars()
        .take(NAMED_CHARS_MAX)
        .collect()
}

/// What a transaction of statements as written begins with; nothing where it is another.
pub(crate) fn begins(actions: &[Action]) -> Option<&AsWritten> {
    match actions.first() {
        Some(Action::BeginAsWritten(begin)) => Some(begin),
        _ => None,
    }
}

/// Before the first statement has run: rows have come, or a table that was there is gone.
fn outdated(doing: &str, error: Error) -> Error {
    let Error::Sql { cause, .. } = &error else {
        return error;
    };
    match cause.as_db_error() {
        Some(db) if db.code().code() == ROWS_ARRIVED || *db.code() == SqlState::UNDEFINED_TABLE => {
            Error::Outdated {
                doing: doing.to_owned(),
                what: db.message().to_owned(),
            }
        }
        _ => error,
    }
}
