//! Histories of other tools: their files become revisions, and what they have applied is recorded
//! as applied.

use crate::done::Done;
use crate::failure::Failure;
use crate::recorded;
use crate::stamp::record;
use concertina_engine::{Elsewhere, Engine};
use concertina_revisions::import::Imported;
use concertina_revisions::{History, RevisionId, Target};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Writes imported revisions into a folder; none of them may be there.
///
/// # Errors
///
/// When a file is there already, or can't be written.
pub fn write(folder: &Path, imported: &[Imported]) -> Result<Vec<PathBuf>, Failure> {
    let path = |one: &Imported| folder.join(format!("{}.sql", one.id));
    if let Some(there) = imported.iter().map(path).find(|path| path.exists()) {
        return Err(Failure::usage(
            format!("{} is there already", there.display()),
            "import into an empty directory: --revisions DIR",
        ));
    }
    for one in imported {
        concertina_revisions::folder::write_new(&path(one), &one.text())?;
    }
    Ok(imported.iter().map(path).collect())
}

/// Records as applied what another tool says is.
///
/// # Errors
///
/// When no tool's table is there, or it names what wasn't imported.
pub async fn stamp(
    engine: &Engine,
    history: &History,
    imported: &[Imported],
) -> Result<Done, Failure> {
    let known = engine.known().await?;
    recorded::settled(&known, recorded::BEFORE_STAMPING)?;
    let said = engine.elsewhere().await?;
    let applied = said
        .iter()
        .find_map(|said| applied(said, history, imported));
    let Some(applied) = applied else {
        return Err(Failure::usage(
            "no table of another tool in this database knows these revisions",
            "name the database that the other tool has been run on, or say `concertina stamp`",
        ));
    };
    let revisions = history
        .revisions()
        .iter()
        .filter(|revision| applied.contains(&revision.id));
    record(&mut engine.lease().await?, revisions.collect()).await
}

/// The revisions that a tool's table names, and all that they follow.
fn applied(
    said: &Elsewhere,
    history: &History,
    imported: &[Imported],
) -> Option<BTreeSet<RevisionId>> {
    let named = |version: &String| {
        let digits = |text: &str| text.trim_start_matches('0').to_owned();
        imported
            .iter()
            .find(|one| one.version == *version || one.id == *version)
            .or_else(|| {
                imported
                    .iter()
                    .find(|one| !one.version.is_empty() && digits(&one.version) == digits(version))
            })
    };
    let mut applied = BTreeSet::new();
    for one in said.versions.iter().filter_map(named) {
        let path = history.path_up(&[], &Target::Id(one.id.clone())).ok()?;
        applied.extend(path.into_iter().map(|revision| revision.id.clone()));
    }
    (!applied.is_empty()).then_some(applied)
}
