//! What the database says has been done, against what the folder says.

use crate::failure::Failure;
use concertina_engine::{Direction, Known, State};
use concertina_revisions::{Diagnostic, History, RevisionId};

/// What the ids of jobs begin with; no file is called so.
pub(crate) const JOB: &str = "job: ";

/// Checks that every revision the database has is in the folder, and as it was when it ran.
///
/// # Errors
///
/// A diagnostic for each that is missing or edited.
pub fn compare(history: &History, known: &[Known]) -> Result<(), Failure> {
    let mut problems: Vec<Diagnostic> = Vec::new();
    for known in known
        .iter()
        .filter(|known| !known.id.as_str().starts_with(JOB))
    {
        match history.get(&known.id) {
            None => {
                return Err(Failure::usage(
                    format!(
                        "the database has revision {}, which isn't in the directory",
                        known.id
                    ),
                    "check out the version of the directory that has it, or downgrade with that version first",
                ));
            }
            Some(revision) if revision.checksum != known.checksum => {
                problems.push(concertina_revisions::revision::edited(revision));
            }
            Some(_) => {}
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.into())
    }
}

/// Revisions that are begun and not at their end, in the order in which they were begun.
pub fn in_flight(known: &[Known]) -> impl Iterator<Item = &Known> {
    known.iter().filter(|known| known.state != State::Applied)
}

/// Why nothing is stamped in flight.
pub(crate) const BEFORE_STAMPING: &str = "finish it or take it back before stamping; if neither can be, `concertina stamp --purge` forgets it and leaves what its statements did";

/// Nothing may be in flight; `help` says why not.
pub(crate) fn settled(known: &[Known], help: &str) -> Result<(), Failure> {
    match in_flight(known).next() {
        None => Ok(()),
        Some(flying) => Err(Failure::usage(
            format!("{} is {}", flying.id, flying.state),
            help,
        )),
    }
}

/// Nothing may be on its way down, or being taken back, when the way goes up.
pub(crate) fn only_up(known: &[Known]) -> Result<(), Failure> {
    for known in in_flight(known) {
        if known.state == State::Undoing {
            return Err(rollback_first(&known.id));
        }
        if known.direction == Direction::Down {
            return Err(Failure::usage(
                format!("{} is on its way down ({})", known.id, known.state),
                "finish it with `concertina downgrade` or `concertina contract`, or take that back with `concertina rollback`",
            ));
        }
    }
    Ok(())
}

pub(crate) fn rollback_first(id: &RevisionId) -> Failure {
    Failure::usage(
        format!("{id} is being undone"),
        "finish that with `concertina rollback`",
    )
}

pub(crate) fn contract_first(id: &RevisionId) -> Failure {
    Failure::usage(
        format!("the contract of {id} has begun"),
        "finish it with `concertina contract`, then downgrade",
    )
}
