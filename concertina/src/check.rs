//! What would be refused, and what might break, before anything runs: for people at review, for CI.

use crate::ahead::{foresee, told};
use crate::done::begun;
use crate::failure::Failure;
use crate::rehearse::rehearse;
use concertina_engine::Engine;
use concertina_planner::plan::Hazard;
use concertina_planner::problem::hazard;
use concertina_planner::{Catalog, Outlook, Plan, look_ahead, tried};
use concertina_revisions::{Diagnostic, History, Revision, RevisionId, Target};
use serde::{Deserialize, Serialize};

/// A database as far as planning needs it, to be kept in a file: then a check needs no database.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ground {
    /// What it holds.
    pub catalog: Catalog,
    /// The revisions that it has.
    pub revisions: Vec<String>,
}

/// Reads the ground of a database.
///
/// # Errors
///
/// When it can't be reached or read.
pub async fn ground(engine: &Engine) -> Result<Ground, Failure> {
    let known = engine.known().await?;
    let revisions = begun(&known)
        .into_iter()
        .map(|id| id.as_str().to_owned())
        .collect();
    Ok(Ground {
        catalog: engine.catalog().await?,
        revisions,
    })
}

/// Everything wrong with the pending revisions, in all files at once; and as warnings what running code may stumble
/// over once they are contracted.
///
/// # Errors
///
/// When the history doesn't go on from the revisions that the database has.
pub fn check(history: &History, ground: &Ground) -> Result<Vec<Diagnostic>, Failure> {
    let begun: Vec<RevisionId> = ground
        .revisions
        .iter()
        .map(|id| RevisionId::new(id.as_str()))
        .collect();
    let mut findings = Vec::new();
    let (mut catalog, mut known, mut is_behind) = (ground.catalog.clone(), true, false);
    for revision in history.path_up(&begun, &Target::Heads)? {
        let Outlook {
            plan,
            after,
            is_foreseen,
        } = look_ahead(revision, &catalog, is_behind);
        match plan {
            Ok(plan) => {
                is_behind = is_behind || !plan.hazards.is_empty();
                findings.extend(hazards(revision, &plan));
                known = known && is_foreseen;
            }
            Err(refused) if known => findings.extend(refused),
            // It stands behind one that may do anything.
            Err(_) => break,
        }
        catalog = after;
    }
    Ok(findings)
}

/// What PostgreSQL refuses of the pending revisions, which is asked without changing anything.
///
/// # Errors
///
/// When the database can't be reached, or the history doesn't go on from the revisions that it has.
pub async fn refused(
    engine: &Engine,
    history: &History,
    ground: &Ground,
) -> Result<Vec<Diagnostic>, Failure> {
    let begun: Vec<RevisionId> = ground
        .revisions
        .iter()
        .map(|id| RevisionId::new(id.as_str()))
        .collect();
    let path = history.path_up(&begun, &Target::Heads)?;
    let mut all = Vec::new();
    for (revision, tried) in path.iter().zip(tried(&path, &ground.catalog)) {
        all.extend(
            engine
                .refused(&tried)
                .await?
                .iter()
                .map(|refused| told(revision, refused)),
        );
    }
    Ok(all)
}

/// What the rehearsal of the pending revisions shows on a database of which nothing else is wrong.
///
/// # Errors
///
/// When the database can't be reached or read, or the settings want a rehearsal that can't be.
pub async fn rehearsed(
    engine: &Engine,
    history: &History,
    ground: &Ground,
) -> Result<Vec<Diagnostic>, Failure> {
    let known = engine.known().await?;
    let path = history.path_up(&begun(&known), &Target::Heads)?;
    let ahead = foresee(&path, &ground.catalog)?;
    let told = rehearse(
        engine,
        None,
        history,
        &known,
        &path,
        &ahead,
        &ground.catalog,
    )
    .await?;
    let mut findings: Vec<Diagnostic> = told.refused.into_iter().collect();
    findings.extend(
        told.unproven
            .into_iter()
            .map(|text| Diagnostic::warning(hazard::UNPROVEN, text)),
    );
    findings.extend(
        told.left
            .into_iter()
            .map(|text| Diagnostic::warning(hazard::LEFT, text)),
    );
    Ok(findings)
}

/// What running code may stumble over at contract, and what a rollback would leave.
fn hazards<'a>(revision: &'a Revision, plan: &'a Plan) -> impl Iterator<Item = Diagnostic> + 'a {
    let told = |found: &Hazard, label: &str, help: &str| {
        let code = hazard::ALL.into_iter().find(|code| code.0 == found.code)?;
        let statement = revision.up.get(found.statement.checked_sub(1)?)?;
        let warning = Diagnostic::warning(code, found.message.clone());
        Some(
            warning
                .at(&revision.source, statement.span, label)
                .help(help),
        )
    };
    let at_contract = "contract only when no version of the application is left that does so";
    let endangers = plan
        .hazards
        .iter()
        .filter_map(move |found| told(found, "at contract", at_contract));
    let warned = move |found: &Hazard| match found.code.as_str() {
        code if code == hazard::REMAINS.0 => {
            let help =
                "put it into a revision of its own, and write what takes it back below `-- down`";
            told(found, "at a rollback", help)
        }
        _ => told(
            found,
            "before contract",
            "let every version of the application be ready for it first",
        ),
    };
    endangers.chain(plan.warnings.iter().filter_map(warned))
}
