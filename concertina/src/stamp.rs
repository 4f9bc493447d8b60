//! Revisions that are recorded as applied without being run.

use crate::done::Done;
use crate::failure::Failure;
use crate::recorded::{self, compare, in_flight};
use concertina_engine::{Engine, Lease};
use concertina_revisions::{History, Revision, Target};

/// What is put up with when revisions are recorded without being run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Despite {
    /// Nothing.
    #[default]
    Nothing,
    /// Files that were edited after they ran.
    Edited,
    /// Any record, also of revisions that aren't in the folder. What is in flight is forgotten:
    /// what is ours of it is taken away, and the rest stays as it is.
    Anything,
}

/// Records revisions as applied up to a target, and nothing else as applied, without running anything.
///
/// # Errors
///
/// When the target isn't known, or something is in flight that isn't to be forgotten.
pub async fn stamp(
    engine: &Engine,
    history: &History,
    target: &Target,
    despite: Despite,
) -> Result<Done, Failure> {
    let mut lease = engine.lease().await?;
    let mut known = lease.known().await?;
    if despite == Despite::Anything {
        for flying in in_flight(&known).collect::<Vec<_>>().into_iter().rev() {
            lease.abandon(&flying.id).await?;
        }
        known = lease.known().await?;
    }
    if despite == Despite::Nothing {
        compare(history, &known)?;
    }
    recorded::settled(&known, recorded::BEFORE_STAMPING)?;
    let path = history.path_up(&[], target)?;
    for gone in known
        .iter()
        .filter(|known| !path.iter().any(|revision| revision.id == known.id))
    {
        lease.forget(&gone.id).await?;
    }
    record(&mut lease, path).await
}

/// Records revisions as applied.
pub(crate) async fn record(lease: &mut Lease, revisions: Vec<&Revision>) -> Result<Done, Failure> {
    let mut done = Done::default();
    for revision in revisions {
        lease
            .stamp(&revision.id, &revision.revises, &revision.checksum)
            .await?;
        done.finished.push(revision.id.clone());
    }
    Ok(done)
}
