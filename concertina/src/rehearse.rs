//! What the rehearsal of pending revisions shows, as people are told it.

use crate::ahead::Ahead;
use crate::failure::Failure;
use crate::recorded;
use concertina_engine::{Act, Engine, Error, Known, Lease, Objection, Rehearse, Rehearsed};
use concertina_planner::Catalog;
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
    fn unproven(why: String) -> Told {
        Told { unproven: vec![why], ..Told::default() }
    }

    /// Everything that is worth knowing and refuses nothing.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.unproven.iter().chain(&self.left).cloned()
    }
}

/// Rehearses what is pending, where the settings want it and it makes sense.
///
/// # Errors
///
/// When it has to be rehearsed and can't be, or the user stops it.
pub(crate) async fn rehearse(
    engine: &Engine,
    lease: Option<&mut Lease>,
    known: &[Known],
    path: &[&Revision],
    ahead: &[Ahead],
    catalog: &Catalog,
) -> Result<Told, Failure> {
    let when = engine.settings().rehearse;
    let mut acts: Vec<Act<'_>> =
        path.iter().copied().zip(ahead).map(|(revision, ahead)| Act { revision, plan: &ahead.plan }).collect();
    if when == Rehearse::Never || !acts.iter().any(|act| is_about_what_is_there(act, catalog)) {
        return Ok(Told::default());
    }
    // What nobody can see into may reach out of the scratch database: it isn't run twice.
    let opaque = ahead.iter().position(|ahead| !ahead.is_foreseen).map(|at| acts.split_off(at));
    let opaque = opaque.as_deref().and_then(<[Act<'_>]>::first).map(|act| {
        format!("not rehearsed from {} on: nobody can see into one of its statements beforehand", act.revision.id)
    });
    if !acts.iter().any(|act| is_about_what_is_there(act, catalog)) {
        return Ok(opaque.map(Told::unproven).unwrap_or_default());
    }
    if let Some(flying) = recorded::in_flight(known).next() {
        return Ok(Told::unproven(format!(
            "not rehearsed: {} is {}, so the database is between two states",
            flying.id, flying.state
        )));
    }
    if catalog.has_versions() {
        return Ok(Told::unproven("not rehearsed: versions of the application's schema aren't copied".to_owned()));
    }
    match tried(engine, lease, &acts, catalog).await {
        Ok(Some(rehearsed)) => {
            let mut told = told(rehearsed, path);
            told.unproven.extend(opaque);
            Ok(told)
        }
        Ok(None) if when == Rehearse::Always => {
            let message = "the connected role may make no databases, and `rehearse` is `always`";
            Err(Failure::usage(message, format!("{RIGHT}; or say `rehearse = \"auto\"`")))
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

/// Whether a plan is about more than new things. What is run as it is written in one transaction needs no proof.
fn is_about_what_is_there(act: &Act<'_>, catalog: &Catalog) -> bool {
    let Act { revision, plan } = *act;
    let touches = || concertina_planner::named(&[revision], catalog).iter().any(|table| catalog.table(table).is_some());
    !plan.is_at_once() && (!plan.backfill.is_empty() || !plan.contract.is_empty() || touches())
}

/// What is remembered of the same, or a rehearsal, which whoever may write remembers.
async fn tried(
    engine: &Engine,
    lease: Option<&mut Lease>,
    acts: &[Act<'_>],
    catalog: &Catalog,
) -> Result<Option<Rehearsed>, Error> {
    let ground = engine.ground(acts, catalog).await?;
    if let Some(before) = engine.remembered(&ground).await? {
        return Ok(Some(before));
    }
    let rehearsed = Box::pin(engine.rehearse(acts, &ground)).await?;
    if let (Some(lease), Some(passed)) = (lease, rehearsed.as_ref().filter(|passed| passed.refused.is_none())) {
        lease.remember(&ground, passed).await?;
    }
    Ok(rehearsed)
}

fn told(rehearsed: Rehearsed, path: &[&Revision]) -> Told {
    let Rehearsed { refused, unproven, left } = rehearsed;
    Told { refused: refused.and_then(|refused| diagnostic(refused, path)), unproven, left }
}

fn diagnostic(refused: Objection, path: &[&Revision]) -> Option<Diagnostic> {
    let find = |id| path.iter().copied().find(|revision| revision.id == id);
    match refused {
        Objection::Statement { revision, statement, position, message, hint } => {
            let revision = find(revision)?;
            let whole = revision.up.get(statement.checked_sub(1)?)?.span;
            let help = hint.unwrap_or_else(|| {
                "nothing was changed; fix the statement, and try it by `concertina check`".to_owned()
            });
            let found = Diagnostic::error(code::REFUSED, format!("PostgreSQL refuses this statement: {message}"));
            Some(found.at(&revision.source, pointed(revision, whole, position), "refused in the rehearsal").help(help))
        }
        Objection::Plan { revision, differences } => {
            let revision = find(revision)?;
            let help = "nothing was changed; this is a mistake of Concertina's: report it with the file and these lines. Until it is mended, \
                        split the revision, or run it by hand and `concertina stamp` it";
            let message = format!("the plan doesn't end as its statements do: {}", differences.join("; "));
            let found = Diagnostic::error(code::ENDS_OTHERWISE, message);
            Some(found.at(&revision.source, revision.beginning(), "ended otherwise in the rehearsal").help(help))
        }
    }
}

/// The part of a statement that the server points at: from there to the end of the word.
fn pointed(revision: &Revision, whole: Span, position: Option<usize>) -> Span {
    let text = revision.source.slice(whole);
    let start = position.and_then(|at| text.char_indices().nth(at.checked_sub(1)?)).map(|(at, _)| at);
    let Some(start) = start else { return whole };
    let rest = &text[start..];
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len()).max(first);
    Span { start: whole.start + start, end: (whole.start + start + word).min(whole.end) }
}
