//! Revisions planned before their time, each against the catalog that the ones before it leave.

use crate::failure::Failure;
use crate::planted::planted;
use concertina_engine::Refused;
use concertina_planner::problem::code;
use concertina_planner::sent::{self, Sent};
use concertina_planner::{Catalog, Outlook, Plan, look_ahead};
use concertina_revisions::{Diagnostic, Revision, Span};

/// A revision as it was planned before its time.
pub(crate) struct Ahead {
    /// Its plan.
    pub(crate) plan: Plan,
    /// The catalog that it leaves.
    pub(crate) after: Catalog,
    /// Whether nobody can be surprised by what it does: no statement runs code, and each is
    /// understood.
    pub(crate) is_foreseen: bool,
}

impl Ahead {
    pub(crate) fn of(revision: &Revision, catalog: &Catalog) -> Result<Ahead, Failure> {
        let Outlook {
            plan,
            after,
            is_foreseen,
        } = look_ahead(revision, catalog, false);
        Ok(Ahead {
            plan: planted(plan?),
            after,
            is_foreseen,
        })
    }

    /// A revision whose plan is known.
    pub(crate) fn planned(revision: &Revision, plan: Plan, catalog: &Catalog) -> Ahead {
        let Outlook {
            after, is_foreseen, ..
        } = look_ahead(revision, catalog, false);
        Ahead {
            plan,
            after,
            is_foreseen,
        }
    }
}

/// Plans revisions one after the other, each against the catalog that the ones before it leave.
/// Behind one that may do anything only what can be planned without knowing is planned.
pub(crate) fn foresee(path: &[&Revision], catalog: &Catalog) -> Result<Vec<Ahead>, Failure> {
    let (mut all, mut problems) = (Vec::<Ahead>::new(), Vec::<Diagnostic>::new());
    let (mut catalog, mut known, mut is_behind) = (catalog.clone(), true, false);
    for revision in path {
        let Outlook {
            plan,
            after,
            is_foreseen,
        } = look_ahead(revision, &catalog, is_behind);
        catalog = after.clone();
        match plan {
            Ok(plan) => {
                is_behind = is_behind || !plan.hazards.is_empty();
                all.push(Ahead {
                    plan: planted(plan),
                    after,
                    is_foreseen,
                });
                known = known && is_foreseen;
            }
            Err(refused) if known => problems.extend(refused),
            Err(_) => {
                let later = format!(
                    "{} and what follows are planned once this has run",
                    revision.id
                );
                all.iter_mut()
                    .next_back()
                    .into_iter()
                    .for_each(|last| last.plan.notes.push(later.clone()));
                break;
            }
        }
    }
    if problems.is_empty() {
        Ok(all)
    } else {
        Err(problems.into())
    }
}

/// What these revisions let publications send that they haven't sent before.
pub(crate) fn sent(all: &[Ahead], catalog: &Catalog) -> Vec<Sent> {
    let mut before = catalog;
    let mut told = Vec::new();
    for ahead in all {
        told.extend(sent::by_plan(&ahead.plan));
        told.extend(sent::between(before, &ahead.after));
        before = &ahead.after;
    }
    told
}

/// What PostgreSQL says, with its place in the author's text.
pub(crate) fn told(revision: &Revision, refused: &Refused) -> Diagnostic {
    let error = Diagnostic::error(code::REFUSED, refused.message.clone());
    let help = if refused.hint.is_empty() {
        "PostgreSQL says so; nothing was changed"
    } else {
        &refused.hint
    };
    let Some(statement) = refused
        .statement
        .checked_sub(1)
        .and_then(|at| revision.up.get(at))
    else {
        return error.help(help);
    };
    let text = revision.source.slice(statement.span);
    let start = refused
        .position
        .and_then(|position| text.char_indices().nth(position))
        .map(|(at, _)| at);
    let span = match start {
        Some(at) => {
            let word = text[at..]
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(text.len() - at);
            Span {
                start: statement.span.start + at,
                end: statement.span.start + at + word.max(1),
            }
        }
        None => statement.span,
    };
    error
        .at(&revision.source, span, "PostgreSQL refuses it")
        .help(help)
}
