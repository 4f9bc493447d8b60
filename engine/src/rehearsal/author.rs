//! The author's statements as they stand, one after the other, as psql would run them.

use crate::error::{Class, Error, describe};
use crate::session::Session;
use concertina_revisions::Statement;
use tokio_postgres::error::ErrorPosition;

/// The longest that a statement may take where there are hardly any rows.
const STATEMENT_TIMEOUT: &str = "30s";

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
    /// Whether it would be refused whatever rows there are, and whatever is outside of the database.
    pub(super) is_sure: bool,
}

/// Runs statements; the first that was refused.
pub(super) async fn run(session: &Session, statements: &[Statement]) -> Result<Option<Refusal>, Error> {
    let doing = "running the statements as they are written";
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
        match session.batch_execute(doing, &statement.sql).await {
            Ok(()) => {}
            Err(error) if error.class() == Class::Connection => return Err(error),
            Err(Error::Sql { cause, .. }) => return Ok(Some(refusal(at + 1, &cause))),
            Err(error) => return Err(error),
        }
    }
    if open.is_some() {
        match session.batch_execute(doing, "COMMIT").await {
            Err(Error::Sql { cause, .. }) if cause.as_db_error().is_some() => {
                return Ok(Some(refusal(statements.len(), &cause)));
            }
            ended => ended?,
        }
    }
    Ok(None)
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
    }
}

/// What is wrong with the statement itself: names, types, syntax, what isn't supported. What a function says depends on what it
/// reads, and rights may come from outside of the database.
fn is_sure(db: &tokio_postgres::error::DbError) -> bool {
    let code = db.code().code();
    let of_function = db.where_().is_some() || matches!(db.position(), Some(ErrorPosition::Internal { .. }));
    let of_statement = code.starts_with("42") || code.starts_with("0A") || matches!(code, "2BP01" | "3F000" | "3D000");
    of_statement && code != "42501" && !of_function
}
