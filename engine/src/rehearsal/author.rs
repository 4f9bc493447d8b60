//! The author's statements as they stand, one after the other, as psql would run them; with what a
//! directive adds to one.

use super::along;
use super::demands::Fault;
use crate::connection::session::Session;
use crate::error::{Class, Error, describe};
use concertina_revisions::Statement;
use tokio_postgres::error::{ErrorPosition, SqlState};

/// The longest that a statement may take where there are hardly any rows.
const STATEMENT_TIMEOUT: &str = "30s";

const DOING: &str = "running the statements as they are written";

/// What the server said of a statement that it refused.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// The statement, counted from 1.
    pub(super) statement: usize,
    /// Its message.
    pub(super) message: String,
    /// What it advises.
    pub(super) hint: Option<String>,
    /// Where in the statement, in characters counted from 1.
    pub(super) position: Option<usize>,
    /// Whether it would be refused whatever rows there are, and whatever is outside of the
    /// database.
    pub(super) is_sure: bool,
    /// Whether it wasn't refused but taken back, because it changes what all databases of the
    /// server share.
    pub(super) is_outside: bool,
    /// What was at fault, if it was the rows.
    pub(super) fault: Fault,
}

/// Whether the open transaction has changed what all databases share: roles, settings, rights on
/// databases. Some of those who do so keep their locks until the end, others are only counted.
/// Owners of new objects are noted there too, and are no such change.
const OUTSIDE: &str = "
    SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                   WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.database = 0 AND c.relisshared
                     AND c.relname <> 'pg_shdepend' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
        OR EXISTS (SELECT FROM pg_class c WHERE c.relisshared AND c.relkind = 'r' AND c.relname <> 'pg_shdepend'
                     AND pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
                         + pg_stat_get_xact_tuples_deleted(c.oid) > 0)";

/// Runs statements; the first that was refused.
pub(super) async fn run(
    session: &Session,
    statements: &[Statement],
) -> Result<Option<Refusal>, Error> {
    let doing = DOING;
    // As in a session of psql, but for one limit.
    session
        .batch_execute(
            doing,
            &format!("RESET ALL; SET statement_timeout = '{STATEMENT_TIMEOUT}'; SET client_min_messages = error"),
        )
        .await?;
    let mut open = None;
    for (at, statement) in statements.iter().enumerate() {
        if open != statement.transaction {
            if open.is_some() {
                session.batch_execute(doing, "COMMIT").await?;
            }
            if statement.transaction.is_some() {
                session.batch_execute(doing, "BEGIN").await?;
            }
            open = statement.transaction;
        }
        let sql = along::written_out(session, statement).await?;
        let ended = if open.is_some() {
            within(session, &sql).await?
        } else {
            alone(session, &sql).await?
        };
        match ended {
            Ended::Well => {}
            Ended::Refused(cause) => return Ok(Some(refusal(at + 1, &cause))),
            Ended::Outside => return Ok(Some(outside(at + 1))),
        }
    }
    if open.is_some()
        && let Ended::Refused(cause) = ended(session.batch_execute(doing, "COMMIT").await)?
    {
        return Ok(Some(refusal(statements.len(), &cause)));
    }
    Ok(None)
}

/// How a statement ended.
enum Ended {
    Well,
    Refused(tokio_postgres::Error),
    /// Taken back.
    Outside,
}

fn ended(ended: Result<(), Error>) -> Result<Ended, Error> {
    match ended {
        Ok(()) => Ok(Ended::Well),
        Err(error) if error.class() == Class::Connection => Err(error),
        Err(Error::Sql { cause, .. }) => Ok(Ended::Refused(cause)),
        Err(error) => Err(error),
    }
}

/// A statement in an open transaction, which is at an end unless it went well.
async fn within(session: &Session, statements: &[String]) -> Result<Ended, Error> {
    for sql in statements {
        let ended = ended(session.batch_execute(DOING, sql).await)?;
        if !matches!(ended, Ended::Well) {
            return Ok(ended);
        }
    }
    let is_outside: bool = session.query_one(DOING, OUTSIDE, &[]).await?.get(0);
    if is_outside {
        session.batch_execute(DOING, "ROLLBACK").await?;
        return Ok(Ended::Outside);
    }
    Ok(Ended::Well)
}

/// A statement that is a transaction of its own. It is given one that can be taken back, unless it
/// can't stand in any.
async fn alone(session: &Session, statements: &[String]) -> Result<Ended, Error> {
    session.batch_execute(DOING, "BEGIN").await?;
    match within(session, statements).await? {
        Ended::Well => ended(session.batch_execute(DOING, "COMMIT").await),
        Ended::Outside => Ok(Ended::Outside),
        Ended::Refused(cause) => {
            session.batch_execute(DOING, "ROLLBACK").await?;
            if let ([sql], Some(&SqlState::ACTIVE_SQL_TRANSACTION)) = (statements, cause.code()) {
                return ended(session.batch_execute(DOING, sql).await);
            }
            Ok(Ended::Refused(cause))
        }
    }
}

fn outside(statement: usize) -> Refusal {
    let message = "it changes what all databases of the server share".to_owned();
    Refusal {
        statement,
        message,
        hint: None,
        position: None,
        is_sure: false,
        is_outside: true,
        fault: Fault::Other,
    }
}

fn refusal(statement: usize, cause: &tokio_postgres::Error) -> Refusal {
    let db = cause.as_db_error();
    let position = db.and_then(|db| match db.position() {
        Some(ErrorPosition::Original(at)) => usize::try_from(*at).ok(),
        _ => None,
    });
    Refusal {
        statement,
        message: describe(cause),
        hint: db.and_then(|db| db.hint()).map(str::to_owned),
        position,
        is_sure: db.is_some_and(is_sure),
        is_outside: false,
        fault: db.map_or(Fault::Other, Fault::of),
    }
}

/// What is wrong with the statement itself: names, types, syntax, what isn't supported. What a
/// function says depends on what it reads, and rights may come from outside of the database.
fn is_sure(db: &tokio_postgres::error::DbError) -> bool {
    let code = db.code().code();
    let of_function =
        db.where_().is_some() || matches!(db.position(), Some(ErrorPosition::Internal { .. }));
    let of_statement = code.starts_with("42")
        || code.starts_with("0A")
        || matches!(code, "2BP01" | "3F000" | "3D000");
    of_statement && code != "42501" && !of_function
}
