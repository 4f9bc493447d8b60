//! Why a verb ended before its end.

use concertina_engine::{Error, FailedCheck};
use concertina_revisions::{Diagnostic, FolderError, RevisionId};

/// Why a verb ended.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something in the revision files.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Diagnostics(Vec<Diagnostic>),
    /// Preflight checks that don't hold.
    #[error("{} preflight checks failed for {revision}", .failed.len())]
    Preflight {
        /// The revision.
        revision: RevisionId,
        /// The checks.
        failed: Vec<FailedCheck>,
    },
    /// The engine.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A wrong word, or a state in which the verb makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
}

impl Failure {
    /// A wrong word or state, and what to do.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure::Usage {
            message: message.into(),
            help: help.into(),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Failure::Engine(error) => error.help(),
            Failure::Folder(_) => {
                "name the directory with --revisions, or make one with `concertina init`".to_owned()
            }
            Failure::Usage { help, .. } => help.clone(),
            Failure::Diagnostics(_) | Failure::Preflight { .. } => String::new(),
        }
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(all: Vec<Diagnostic>) -> Failure {
        Failure::Diagnostics(all)
    }
}

impl From<Box<Diagnostic>> for Failure {
    fn from(one: Box<Diagnostic>) -> Failure {
        Failure::Diagnostics(vec![*one])
    }
}
