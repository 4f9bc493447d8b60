//! Where PostgreSQL's programs are: `CONCERTINA_PG_BIN`, then PATH, then where Debian puts them.

use crate::error::Error;
use std::path::{Path, PathBuf};

/// The folder that holds `initdb` and `postgres`.
///
/// # Errors
///
/// [`Error::NotInstalled`].
pub fn folder() -> Result<PathBuf, Error> {
    let complete =
        |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    // A link in PATH leads to the folder that has the other programs, too.
    let behind_links = |folder: PathBuf| {
        let real = folder
            .join("postgres")
            .canonicalize()
            .ok()
            .and_then(|real| real.parent().map(Path::to_owned));
        real.filter(complete).unwrap_or(folder)
    };
    places()
        .find(complete)
        .map(behind_links)
        .ok_or(Error::NotInstalled)
}

/// A program of PostgreSQL: the server's own if it has it, else the first that is found.
///
/// # Errors
///
/// [`Error::NotInstalled`].
pub fn program(name: &str) -> Result<PathBuf, Error> {
    let own = folder()?;
    std::iter::once(own)
        .chain(places())
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .ok_or(Error::NotInstalled)
}

fn places() -> impl Iterator<Item = PathBuf> {
    let named = std::env::var_os("CONCERTINA_PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    named
        .into_iter()
        .chain(on_path)
        .chain(debian(Path::new("/usr/lib/postgresql")))
}

/// Debian's folders, newest version first.
fn debian(root: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
