//! What there is against what should be: by the history, or by a file that says what is wanted.

use crate::{Failure, begun, past};
use concertina_engine::Engine;
use concertina_planner::drift::{Difference, Inventory, differences, statements};
use concertina_revisions::import::without_session;
use concertina_revisions::{History, Revision, RevisionId, Target};

/// Why nothing is compared in flight.
const BETWEEN_TWO_STATES: &str =
    "the database is between two states: finish it with `concertina contract`, or take it back, then compare";

/// In what the database differs from what its history makes of an empty one.
///
/// # Errors
///
/// When something is in flight, or the history can't be replayed.
pub async fn verify(engine: &Engine, history: &History) -> Result<Vec<Difference>, Failure> {
    let known = engine.known().await?;
    past::compare(history, &known)?;
    past::settled(&known, BETWEEN_TWO_STATES)?;
    let ids = begun(&known);
    let applied = history.revisions().iter().filter(|revision| ids.contains(&revision.id));
    let replayed: Vec<String> =
        applied.flat_map(|revision| &revision.up).map(|statement| statement.sql.clone()).collect();
    Ok(differences(&engine.inventory().await?, &engine.inventory_of(&replayed).await?))
}

/// In what the database differs from what a file makes of an empty one, and what a revision would have to say.
///
/// # Errors
///
/// When something is in flight or pending, or the file can't be run.
pub async fn wanted(
    engine: &Engine,
    history: &History,
    name: &str,
    text: &str,
) -> Result<(Vec<Difference>, Vec<String>), Failure> {
    let known = engine.known().await?;
    past::settled(&known, BETWEEN_TWO_STATES)?;
    if let Some(pending) = history.path_up(&begun(&known), &Target::Heads)?.first() {
        return Err(Failure::usage(
            format!("revision {} is pending", pending.id),
            "upgrade first: what it does would be told a second time",
        ));
    }
    let sql = without_session(name, text)?;
    let read = Revision::from_text(&RevisionId::new(name.trim_end_matches(".sql")), &format!("-- empty\n{sql}"))?;
    let read: Vec<String> = read.up.into_iter().map(|statement| statement.sql).collect();
    let (there, wanted) = (engine.inventory().await?, engine.inventory_of(&read).await?);
    Ok((differences(&there, &wanted), statements(&there, &wanted)))
}

/// What makes a database like this one.
///
/// # Errors
///
/// When it can't be reached or read.
pub async fn whole(engine: &Engine) -> Result<Vec<String>, Failure> {
    Ok(statements(&Inventory::default(), &engine.inventory().await?))
}
