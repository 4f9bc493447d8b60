//! The way back: down from where all contracts have run, and rollback of what waits. What is left
//! then is told, not refused: the way up is as psql's, and nobody may ever go down.

use super::compare::left;
use super::stage::Stage;
use super::{Act, failed};
use crate::error::Error;
use crate::run::next::Until;
use crate::state::{Direction, State};
use concertina_planner::drift::Inventory;
use concertina_planner::{Policy, plan_reverse};

/// Goes all the way down in the plan's database, and begins the first revision again to take it
/// back where it waits. `past` is what there was before each revision.
pub(super) async fn rehearse(
    stage: &mut Stage<'_>,
    acts: &[Act<'_>],
    past: &[Inventory],
) -> Result<Vec<String>, Error> {
    let mut told = Vec::new();
    match all_down(stage, acts, past).await? {
        Down::Start => {}
        Down::Unknown => stage.renew().await?,
        Down::Otherwise(why) => {
            told.push(why);
            stage.renew().await?;
        }
    }
    if let (Some(act), Some(before)) = (acts.first(), past.first()) {
        told.extend(rollback(stage, act, before).await?);
    }
    Ok(told)
}

/// Where the way down ended.
enum Down {
    /// At the start.
    Start,
    /// Where no further way is known.
    Unknown,
    /// With something else.
    Otherwise(String),
}

async fn all_down(stage: &Stage<'_>, acts: &[Act<'_>], past: &[Inventory]) -> Result<Down, Error> {
    // The author's database is where the author's own way down begins, as long as each was gone
    // there as well.
    let mut is_level = true;
    for (act, before) in acts.iter().zip(past).rev() {
        let id = &act.revision.id;
        match &act.revision.down {
            Some(_) if !is_level => return Ok(Down::Unknown),
            Some(statements) => {
                let refusal = stage.author_down(statements).await?;
                if refusal.as_ref().is_some_and(|refusal| refusal.is_outside) {
                    return Ok(Down::Unknown);
                }
                is_level = refusal.is_none();
            }
            None => is_level = false,
        }
        match down(stage, act).await? {
            Way::Unknown => return Ok(Down::Unknown),
            Way::Failed(why) => {
                return Ok(Down::Otherwise(format!(
                    "downgrade from {id} would fail: {why}"
                )));
            }
            Way::Gone => {}
        }
        let left = left(&stage.ours().await?, before);
        if !left.is_empty() {
            let why = format!(
                "downgrade from {id} doesn't take everything back: {}",
                left.join("; ")
            );
            return Ok(Down::Otherwise(why));
        }
    }
    Ok(Down::Start)
}

enum Way {
    /// The plan said that no way back is known.
    Unknown,
    Failed(String),
    Gone,
}

async fn down(stage: &Stage<'_>, act: &Act<'_>) -> Result<Way, Error> {
    let revision = act.revision;
    let mut lease = stage.lease().await?;
    let known = lease.known().await?;
    let Some(own) = known.iter().find(|known| known.id == revision.id) else {
        return Ok(Way::Unknown);
    };
    let catalog = lease.catalog_for(&[revision]).await?;
    drop(lease);
    let Ok(plan) = plan_reverse(
        revision,
        &own.reverse,
        &catalog,
        &Policy {
            allow_data_loss: true,
        },
    ) else {
        return Ok(Way::Unknown);
    };
    Ok(stage
        .run(act, Direction::Down, &plan, Until::Contracted)
        .await?
        .map_or(Way::Gone, Way::Failed))
}

/// The first revision, begun again until it waits, and taken back.
async fn rollback(
    stage: &Stage<'_>,
    act: &Act<'_>,
    before: &Inventory,
) -> Result<Option<String>, Error> {
    if act.plan.is_at_once() || act.plan.contract.is_empty() {
        return Ok(None);
    }
    let id = &act.revision.id;
    if stage
        .run(act, Direction::Up, act.plan, Until::Backfilled)
        .await?
        .is_some()
    {
        return Ok(None);
    }
    let mut lease = stage.lease().await?;
    if lease
        .known()
        .await?
        .iter()
        .any(|known| known.id == *id && known.state != State::Waiting)
    {
        return Ok(None);
    }
    if let Some(why) = failed(lease.undo(id).await)? {
        return Ok(Some(format!("rollback of {id} would fail: {why}")));
    }
    drop(lease);
    let left = left(&stage.ours().await?, before);
    Ok((!left.is_empty()).then(|| {
        format!(
            "rollback of {id} doesn't take everything back: {}",
            left.join("; ")
        )
    }))
}
