//! `--sql`: what a verb would do, as a script for psql.

use crate::ahead::foresee;
use crate::check::Ground;
use crate::done::{begun, new_run};
use crate::failure::Failure;
use crate::recorded::{compare, only_up, settled};
use concertina_engine::{Direction, Engine, NewRun, Settings, Until};
use concertina_planner::{Catalog, Plan, Policy, catalog_after, plan_reverse, reverse_of};
use concertina_revisions::{History, Revision, RevisionId, Target};

/// Why a script can't begin in flight.
const FROM_A_SETTLED_STATE: &str = "a script begins where everything is applied: finish it with `concertina contract`, or take it back";

/// What a script for an unknown server may rely on.
const NEWEST_SERVER: u32 = 180_000;

/// The script that upgrades this database.
///
/// # Errors
///
/// What [`crate::upgrade`] would refuse; and when something is in flight.
pub async fn upgrade(
    engine: &Engine,
    history: &History,
    target: &Target,
    until: Until,
    settings: &Settings,
) -> Result<String, Failure> {
    let known = engine.known().await?;
    compare(history, &known)?;
    only_up(&known)?;
    settled(&known, FROM_A_SETTLED_STATE)?;
    let path = history.path_up(&begun(&known), target)?;
    up(&path, &engine.catalog_for(&path).await?, until, settings)
}

/// The script that upgrades a database that isn't at hand, from what is known of it.
///
/// # Errors
///
/// When planning refuses a revision, or the points aren't known.
pub fn offline(
    ground: &Ground,
    history: &History,
    target: &Target,
    until: Until,
    settings: &Settings,
) -> Result<String, Failure> {
    let begun: Vec<RevisionId> = ground
        .revisions
        .iter()
        .map(|id| RevisionId::new(id.as_str()))
        .collect();
    let versions = ground
        .catalog
        .versions
        .clone()
        .or_else(|| settings.versions.then(Vec::new));
    let catalog = Catalog {
        versions,
        ..ground.catalog.clone()
    };
    up(&history.path_up(&begun, target)?, &catalog, until, settings)
}

/// A database of the newest PostgreSQL in which nothing has been made.
pub fn nothing() -> Ground {
    Ground {
        catalog: Catalog {
            server_version: NEWEST_SERVER,
            ..Catalog::of([])
        },
        revisions: vec![],
    }
}

/// The script that takes revisions back.
///
/// # Errors
///
/// What [`crate::downgrade`] would refuse; and when something is in flight.
pub async fn downgrade(
    engine: &Engine,
    history: &History,
    target: &Target,
    until: Until,
    policy: &Policy,
    settings: &Settings,
) -> Result<String, Failure> {
    let known = engine.known().await?;
    settled(&known, FROM_A_SETTLED_STATE)?;
    let ids = begun(&known);
    let path = history.path_down(&ids, target)?;
    let mut catalog = engine.catalog_for(&path).await?;
    let mut plans: Vec<(&Revision, Plan)> = Vec::new();
    for revision in path {
        let Some(own) = known.iter().find(|known| known.id == revision.id) else {
            continue;
        };
        plans.push((
            revision,
            plan_reverse(revision, &own.reverse, &catalog, policy)?,
        ));
        catalog = catalog_after(&reverse_of(revision, &own.reverse)?, &catalog);
    }
    written(&plans, Direction::Down, until, settings)
}

fn up(
    path: &[&Revision],
    catalog: &Catalog,
    until: Until,
    settings: &Settings,
) -> Result<String, Failure> {
    let plans: Vec<_> = path
        .iter()
        .copied()
        .zip(foresee(path, catalog)?.into_iter().map(|ahead| ahead.plan))
        .collect();
    if let (Some(later), Some((before, _))) = (path.get(plans.len()), plans.last()) {
        let message = format!(
            "{} can't be planned before {} has run, which may do anything",
            later.id, before.id
        );
        return Err(Failure::usage(
            message,
            format!(
                "write the script up to {} first, and the next one then",
                before.id
            ),
        ));
    }
    written(&plans, Direction::Up, until, settings)
}

fn written(
    plans: &[(&Revision, Plan)],
    direction: Direction,
    until: Until,
    settings: &Settings,
) -> Result<String, Failure> {
    let runs: Vec<NewRun<'_>> = plans
        .iter()
        .map(|(revision, plan)| new_run(revision, direction, plan))
        .collect();
    Ok(concertina_engine::script(&runs, until, settings)?)
}
