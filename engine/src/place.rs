//! Which piece of work is meant.

use crate::state::Direction;
use concertina_revisions::RevisionId;

/// Which backfill.
#[derive(Debug, Clone)]
pub(crate) struct JobKey {
    pub(crate) revision: RevisionId,
    pub(crate) direction: Direction,
    pub(crate) step: String,
}
