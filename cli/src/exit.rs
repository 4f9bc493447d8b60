//! How the command ends: the numbers that scripts go by.

use concertina::Failure;
use concertina_planner::problem::code::WAITS;
use std::process::ExitCode;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: something is wrong.
    Error,
    /// 2: a preflight check doesn't hold; nothing was changed by the revision.
    Preflight,
    /// 3: expand and backfill are done, contract waits.
    Waiting,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Error => 1,
            Exit::Preflight => 2,
            Exit::Waiting => 3,
        })
    }
}

impl From<&Failure> for Exit {
    fn from(failure: &Failure) -> Exit {
        match failure {
            Failure::Preflight { .. } => Exit::Preflight,
            Failure::Diagnostics(all) if all.iter().all(|diagnostic| diagnostic.code == WAITS) => {
                Exit::Waiting
            }
            Failure::Diagnostics(_)
            | Failure::Engine(_)
            | Failure::Folder(_)
            | Failure::Usage { .. } => Exit::Error,
        }
    }
}
