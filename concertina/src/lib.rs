//! The verbs of Concertina as library calls: a folder of revisions and a database in, a migrated database out. The
//! command `concertina` is a thin shell around them; services can call them directly.
//!
//! ```no_run
//! # async fn example() -> Result<(), concertina::Failure> {
//! use concertina::{Project, Until, upgrade};
//! use concertina_engine::{Connect, Engine, Settings};
//! use concertina_revisions::Target;
//! use std::sync::Arc;
//!
//! let history = concertina::history(std::path::Path::new("revisions"))?;
//! let connect = Connect::parse("postgres://app@localhost/shop")?;
//! let (engine, _stopper) = Engine::new(connect, Settings::default(), Arc::new(|_| {}));
//! let done = upgrade(&engine, &history, &Target::Head, Until::Backfilled).await?;
//! assert!(done.waiting.is_empty(), "call contract() once no old version of the application is left");
//! # Ok(()) }
//! ```
//!
//! A service that brings its revisions along has a [`Runner`].
//!
//! # Layout
//!
//! This file: the folder of revisions · `up`: [`upgrade`], [`contract`] · `down`: [`rollback`], [`downgrade`] · `stamp` · `ahead`,
//! `rehearse`: what is planned and compared before the first change · `planted`: faults, for tests · `recorded`: what the database says has been done · `done`: what the
//! verbs share · [`Runner`]: the same for services · [`Failure`]: why a verb ended · [`check`]: what would be refused · [`adopt`]:
//! histories of other tools · [`drift`]: what there is against what should be · [`script`]: the same as a script for psql ·
//! [`settings`]: all of them, in one list · [`project`] and [`connection`]: where settings and the database come from.

pub mod adopt;
mod ahead;
pub mod check;
pub mod connection;
mod done;
mod down;
pub mod drift;
mod failure;
mod planted;
pub mod project;
mod recorded;
mod rehearse;
mod runner;
pub mod script;
pub mod settings;
mod stamp;
mod up;

pub use concertina_engine::Until;
pub use done::Done;
pub use down::{downgrade, rollback};
pub use failure::Failure;
pub use project::Project;
pub use recorded::{compare, in_flight};
pub use runner::{Builder, Runner};
pub use stamp::{Despite, stamp};
pub use up::{contract, pending, upgrade};

use concertina_revisions::{History, Revision};
use std::path::Path;

/// Reads a folder of revisions.
///
/// # Errors
///
/// When it can't be read, is another tool's, or a file is wrong.
pub fn history(folder: &Path) -> Result<History, Failure> {
    let sources = concertina_revisions::read(folder)?;
    if let Some(foreign) = concertina_revisions::folder::foreign(folder, &sources)? {
        return Err(Failure::usage(foreign.what, foreign.help));
    }
    Ok(History::parse(sources)?)
}

/// The revision that `head`, an id or the beginning of one means.
///
/// # Errors
///
/// When none or several are meant.
pub fn one<'a>(history: &'a History, text: &str) -> Result<&'a Revision, Failure> {
    if text != "head" {
        return Ok(history.find(text)?);
    }
    match history.heads().as_slice() {
        [head] => Ok(head),
        [] => Err(Failure::usage(
            "the directory holds no revision yet",
            "`concertina new` writes one",
        )),
        several => {
            let ids: Vec<&str> = several
                .iter()
                .map(|revision| revision.id.as_str())
                .collect();
            Err(Failure::usage(
                format!("there are several heads: {}", ids.join(", ")),
                "name one of them",
            ))
        }
    }
}

/// The book's page on embedding, whose code is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/src/embed.md")]
struct Embedding;
