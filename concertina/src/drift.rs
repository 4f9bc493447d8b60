//! What there is against what should be: by the history, or by a file that says what is wanted.

use crate::done::begun;
use crate::failure::Failure;
use crate::recorded;
use concertina_engine::{Comparison, Engine, Error};
use concertina_planner::drift::Difference;
use concertina_planner::problem::code;
use concertina_revisions::import::schema_file;
use concertina_revisions::{Diagnostic, History, Source, Statement, Target};
use std::sync::Arc;

/// Why nothing is compared in flight.
const BETWEEN_TWO_STATES: &str = "the database is between two states: finish it with `concertina contract`, or take it back, then compare";

/// In what the database differs from what its history makes of an empty one.
///
/// # Errors
///
/// When something is in flight, or the history can't be replayed.
pub async fn verify(engine: &Engine, history: &History) -> Result<Vec<Difference>, Failure> {
    compared(engine, history)
        .await
        .map(|compared| compared.differences)
}

/// The same, with what isn't compared.
///
/// # Errors
///
/// When something is in flight, or the history can't be replayed.
pub async fn compared(engine: &Engine, history: &History) -> Result<Comparison, Failure> {
    let known = engine.known().await?;
    recorded::compare(history, &known)?;
    recorded::settled(&known, BETWEEN_TWO_STATES)?;
    let ids = begun(&known);
    let applied = history
        .revisions()
        .iter()
        .filter(|revision| ids.contains(&revision.id));
    let replayed: Vec<Made<'_>> = applied
        .flat_map(|revision| {
            revision
                .up
                .iter()
                .map(|statement| (&revision.source, statement))
        })
        .collect();
    let compared = engine
        .compare_with_history(&sql(&replayed), says_owners(&replayed))
        .await;
    compared
        .map_err(|error| placed(error, &replayed))?
        .ok_or_else(no_scratch)
}

/// In what the database differs from what a file makes of an empty one, and what a revision would have to say, tried on a copy.
/// Without a history nothing can be pending.
///
/// # Errors
///
/// When something is in flight or pending, or the file can't be run.
pub async fn wanted(
    engine: &Engine,
    history: Option<&History>,
    name: &str,
    text: &str,
) -> Result<Comparison, Failure> {
    let known = engine.known().await?;
    recorded::settled(&known, BETWEEN_TWO_STATES)?;
    let pending = history
        .map(|history| history.path_up(&begun(&known), &Target::Heads))
        .transpose()?;
    if let Some(pending) = pending.unwrap_or_default().first() {
        return Err(Failure::usage(
            format!("revision {} is pending", pending.id),
            "upgrade first: what it does would be told a second time",
        ));
    }
    let (source, read) = schema_file(name, text)?;
    let made: Vec<Made<'_>> = read.iter().map(|statement| (&source, statement)).collect();
    let compared = engine.compare_with(&sql(&made), says_owners(&made)).await;
    compared
        .map_err(|error| placed(error, &made))?
        .ok_or_else(no_scratch)
}

/// A statement of what is compared, and its file.
type Made<'a> = (&'a Arc<Source>, &'a Statement);

fn sql(made: &[Made<'_>]) -> Vec<String> {
    made.iter()
        .map(|(_, statement)| statement.sql.clone())
        .collect()
}

/// Whether anything is said of owners; else everything there belongs to whoever makes it, which is
/// nobody's wish.
fn says_owners(made: &[Made<'_>]) -> bool {
    made.iter()
        .any(|(_, statement)| concertina_planner::gives_owner(statement))
}

/// Where the statement stands that PostgreSQL refuses.
fn placed(error: Error, made: &[Made<'_>]) -> Failure {
    let Error::Made { at, why } = error else {
        return error.into();
    };
    let (source, statement) = made[at];
    let told = Diagnostic::error(
        code::REFUSED,
        format!("PostgreSQL refuses this statement: {why}"),
    );
    let told = told.at(
        source,
        statement.span,
        "was run in an empty scratch database",
    );
    Failure::Diagnostics(vec![
        told.help("fix it here; nothing of the database itself was changed"),
    ])
}

fn no_scratch() -> Failure {
    Failure::usage(
        "nothing was compared or tried: the connected role may make no database, and what is wanted is made in one",
        "ALTER ROLE .. CREATEDB for it, or connect as a role that has that right; the databases are dropped at once",
    )
}

/// What makes a database like this one.
///
/// # Errors
///
/// When it can't be reached or read.
pub async fn whole(engine: &Engine) -> Result<Vec<String>, Failure> {
    Ok(engine.whole().await?)
}
