//! What a rehearsal shows, as people are told it.

use crate::failure::Failure;
use concertina_engine::{Error, Objection, Rehearse, Rehearsed};
use concertina_planner::problem::code;
use concertina_revisions::{Diagnostic, Revision, Span};

/// What gives the right.
const RIGHT: &str = "ALTER ROLE .. CREATEDB gives the right to it";

/// What a rehearsal shows.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The revision that is refused.
    pub(crate) refused: Option<Diagnostic>,
    /// What it couldn't show.
    pub(crate) unproven: Vec<String>,
    /// What the way back leaves.
    pub(crate) left: Vec<String>,
}

impl Told {
    pub(super) fn unproven(why: String) -> Told {
        Told {
            unproven: vec![why],
            ..Told::default()
        }
    }

    /// Everything that is worth knowing and refuses nothing.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.unproven.iter().chain(&self.left).cloned()
    }
}

/// What is to be done where a plan doesn't end as its statements do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Remedy {
    /// Nothing of it has begun.
    Fresh,
    /// It waits for its contract.
    Waiting,
    /// It is applied, and was to be taken back.
    Applied,
}

impl Remedy {
    fn help(self) -> &'static str {
        match self {
            Remedy::Fresh => {
                "nothing was changed; this is a mistake of Concertina's: report it with the file and these lines. Until it is fixed, \
                 split the revision, or run it by hand and `concertina stamp` it"
            }
            Remedy::Waiting => {
                "nothing was changed by this command. Where these lines name what others have changed since the revision began, change it \
                 back, or `concertina rollback` and begin again; else it is a mistake of Concertina's: report it with the file and these lines"
            }
            Remedy::Applied => {
                "nothing was changed; this is a mistake of Concertina's: report it with the file and these lines. Until it is fixed, \
                 take it back by hand, and `concertina stamp` what is left"
            }
        }
    }
}

/// What an attempt comes to, where the settings say when there is one.
pub(super) fn judged(
    tried: Result<Option<Rehearsed>, Error>,
    when: Rehearse,
    path: &[&Revision],
    remedy: Remedy,
) -> Result<Told, Failure> {
    match tried {
        Ok(Some(rehearsed)) => Ok(told(rehearsed, path, remedy)),
        Ok(None) if when == Rehearse::Always => {
            let message = "the connected role may make no databases, and `rehearse` is `always`";
            Err(Failure::usage(
                message,
                format!("{RIGHT}; or say `rehearse = \"auto\"`"),
            ))
        }
        Ok(None) => {
            let why = "not rehearsed: the connected role may make no databases";
            Ok(Told::unproven(format!("{why}; {RIGHT}")))
        }
        // What was planned for the old primary isn't gone on with.
        Err(error @ (Error::Interrupted | Error::FailedOver { .. })) => Err(error.into()),
        Err(error) if when == Rehearse::Always => Err(error.into()),
        Err(error) => Ok(Told::unproven(format!("not rehearsed: {error}"))),
    }
}

fn told(rehearsed: Rehearsed, path: &[&Revision], remedy: Remedy) -> Told {
    let Rehearsed {
        refused,
        unproven,
        left,
    } = rehearsed;
    Told {
        refused: refused.and_then(|refused| diagnostic(refused, path, remedy)),
        unproven,
        left,
    }
}

fn diagnostic(refused: Objection, path: &[&Revision], remedy: Remedy) -> Option<Diagnostic> {
    let find = |id| path.iter().copied().find(|revision| revision.id == id);
    match refused {
        Objection::Statement {
            revision,
            statement,
            position,
            message,
            hint,
        } => {
            let revision = find(revision)?;
            let whole = revision.up.get(statement.checked_sub(1)?)?.span;
            let help = hint.unwrap_or_else(|| {
                "nothing was changed; fix the statement, and try it by `concertina check`"
                    .to_owned()
            });
            let found = Diagnostic::error(
                code::REFUSED,
                format!("PostgreSQL refuses this statement: {message}"),
            );
            Some(
                found
                    .at(
                        &revision.source,
                        pointed(revision, whole, position),
                        "refused in the rehearsal",
                    )
                    .help(help),
            )
        }
        Objection::Plan {
            revision,
            differences,
        } => {
            let revision = find(revision)?;
            let message = format!(
                "the plan doesn't end as its statements do: {}",
                differences.join("; ")
            );
            let found = Diagnostic::error(code::ENDS_OTHERWISE, message);
            Some(
                found
                    .at(
                        &revision.source,
                        revision.beginning(),
                        "ended otherwise in the rehearsal",
                    )
                    .help(remedy.help()),
            )
        }
    }
}

/// The part of a statement that the server points at: from there to the end of the word.
fn pointed(revision: &Revision, whole: Span, position: Option<usize>) -> Span {
    let text = revision.source.slice(whole);
    let start = position
        .and_then(|at| text.char_indices().nth(at.checked_sub(1)?))
        .map(|(at, _)| at);
    let Some(start) = start else { return whole };
    let rest = &text[start..];
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let word = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len())
        .max(first);
    Span {
        start: whole.start + start,
        end: (whole.start + start + word).min(whole.end),
    }
}
