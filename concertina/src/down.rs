//! The way down: what is in flight is undone, what is applied is undone by its reverse.

use crate::done::{Done, hazards, new_run, preflight, still_waiting};
use crate::failure::Failure;
use crate::planted::planted;
use crate::recorded::{self, in_flight};
use crate::rehearse::rehearse_down;
use concertina_engine::{Direction, Engine, Known, Outcome, State, Until};
use concertina_planner::{Policy, plan_reverse};
use concertina_revisions::{History, RevisionId, Target};

/// Takes back revisions whose contract hasn't begun: the newest, or all down to one.
///
/// # Errors
///
/// Why it ended; what was taken back stays so.
pub async fn rollback(
    engine: &Engine,
    history: &History,
    down_to: Option<&str>,
) -> Result<Done, Failure> {
    let mut lease = engine.lease().await?;
    let known = lease.known().await?;
    let mut flying: Vec<&Known> = in_flight(&known).collect();
    flying.reverse();
    let last = match down_to {
        None => 0,
        Some(text) => {
            let id = &history.find(text)?.id;
            flying
                .iter()
                .position(|known| known.id == *id)
                .ok_or_else(|| {
                    Failure::usage(
                        format!("{id} isn't in flight"),
                        "`concertina status` shows what is",
                    )
                })?
        }
    };
    let mut done = Done::default();
    for known in flying.into_iter().take(last + 1) {
        lease.undo(&known.id).await?;
        done.finished.push(known.id.clone());
    }
    Ok(done)
}

/// Goes down to a target: what is applied is undone by its reverse, what is in flight by undoing it.
///
/// # Errors
///
/// Why it ended; what was done stays done.
pub async fn downgrade(
    engine: &Engine,
    history: &History,
    target: &Target,
    until: Until,
    policy: &Policy,
) -> Result<Done, Failure> {
    let mut lease = engine.lease().await?;
    let known = lease.known().await?;
    let ids: Vec<RevisionId> = known.iter().map(|known| known.id.clone()).collect();
    let mut done = Done::default();
    let path = history.path_down(&ids, target)?;
    let told = Box::pin(rehearse_down(engine, &mut lease, &known, &path, policy)).await?;
    told.notes().for_each(|note| engine.note(note));
    if let Some(refused) = told.refused {
        return Err(vec![refused].into());
    }
    for revision in path {
        let Some(own) = known.iter().find(|known| known.id == revision.id) else {
            continue;
        };
        match (own.direction, own.state) {
            (Direction::Up, State::Running | State::Waiting | State::Undoing) => {
                lease.undo(&revision.id).await?;
                done.finished.push(revision.id.clone());
                continue;
            }
            (Direction::Up, State::Contracting) => {
                return Err(recorded::contract_first(&revision.id));
            }
            (Direction::Up, State::Applied) => {
                let catalog = lease.catalog_for(&[revision]).await?;
                let plan = planted(plan_reverse(revision, &own.reverse, &catalog, policy)?);
                preflight(&mut lease, &plan).await?;
                if plan.is_at_once() {
                    lease
                        .run_at_once(&new_run(revision, Direction::Down, &plan))
                        .await?;
                    done.finished.push(revision.id.clone());
                    continue;
                }
                lease
                    .begin(&new_run(revision, Direction::Down, &plan))
                    .await?;
            }
            (Direction::Down, _) => {}
        }
        let endangers = !hazards(&mut lease, &revision.id).await?.is_empty();
        let until = if endangers { until } else { Until::Contracted };
        if lease.run(&revision.id, until).await? == Outcome::WaitingForContract {
            break;
        }
        done.finished.push(revision.id.clone());
    }
    still_waiting(&mut lease, &mut done).await?;
    Ok(done)
}
