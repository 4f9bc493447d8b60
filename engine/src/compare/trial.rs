//! Statements run on a copy of the structure, and what is left to do after them.

use super::{Comparison, holds, object_of, read};
use crate::connection::session::Session;
use crate::error::{Class, Error, describe};
use crate::rehearsal::clone;
use crate::rehearsal::scratch::Scratch;
use crate::structure::Structure;
use concertina_planner::drift::{Schema, Statement, differences, statements};

/// What is left after the statements have run is written again, so many times.
const ROUNDS: usize = 3;

/// Runs what leads from one structure to the other, and says what is left.
pub(super) async fn run(
    scratch: &mut Scratch,
    structure: &Structure,
    there: &Schema,
    wanted: &Schema,
    owners: bool,
    compared: &mut Comparison,
) -> Result<(), Error> {
    let name = scratch.empty().await?;
    let copier = scratch.session(&name).await?;
    copier
        .batch_execute("copying the structure", "SET check_function_bodies = off")
        .await?;
    let (before, after) = structure.statements();
    clone::make(&copier, &before).await?;
    clone::make(&copier, &after).await?;
    let copy = read(&copier, owners).await?;
    drop(copier);
    let uncopied = differences(&copy.inventory(), &there.inventory());
    compared.untried = uncopied
        .iter()
        .map(|one| object_of(one).to_string())
        .collect();
    let session = scratch.session(&name).await?;
    let mut now = copy;
    for round in 0..ROUNDS {
        let script = if round == 0 {
            statements(there, wanted)
        } else {
            statements(&now, wanted)
        };
        let (ran, refused) = all(&session, script).await?;
        let is_stuck = ran.is_empty();
        compared.statements.extend(ran);
        compared.refused = refused;
        now = read(&session, owners).await?;
        compared.remaining = differences(&now.inventory(), &wanted.inventory());
        // What couldn't be copied isn't to be made.
        if compared.remaining.is_empty() || is_stuck || !uncopied.is_empty() {
            break;
        }
    }
    let (real, wanted) = (there.inventory(), wanted.inventory());
    compared.remaining.retain(|one| {
        let object = object_of(one);
        !(uncopied.iter().any(|other| object_of(other) == object)
            && holds(&real, object)
            && holds(&wanted, object))
    });
    if compared.remaining.is_empty() {
        compared.refused.clear();
    }
    Ok(())
}

/// Runs statements. One that is refused is tried again behind the others, as long as that brings it
/// any further.
async fn all(
    session: &Session,
    script: Vec<Statement>,
) -> Result<(Vec<Statement>, Vec<(Statement, String)>), Error> {
    let mut ran = Vec::new();
    let mut open = script;
    loop {
        let mut refused = Vec::new();
        let before = ran.len();
        for statement in open {
            match session
                .batch_execute("trying what leads there", &statement.sql)
                .await
            {
                Ok(()) => ran.push(statement),
                Err(error) if error.class() == Class::Connection => return Err(error),
                Err(Error::Sql { cause, .. }) => refused.push((statement, describe(&cause))),
                Err(error) => return Err(error),
            }
        }
        if refused.is_empty() || ran.len() == before {
            return Ok((ran, refused));
        }
        open = refused
            .into_iter()
            .map(|(statement, _)| statement)
            .collect();
    }
}
