//! Where PostgreSQL's programs are: `CONCERTINA_PG_BIN`, then PATH, then where Debian puts them.

use crate::error::Error;
use std::path::{Path, PathBuf};

/// The folder that holds `initdb` and `postgres`.
///
/// # Errors
///
/// [`Error::NotInstalled`].
pub fn folder() -> Result<PathBuf, Error> {
    let named = std::env::var_os("CONCERTINA_PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    named
        .into_iter()
        .chain(std::env::split_paths(&path))
        .chain(debian(Path::new("/usr/lib/postgresql")))
        .find(complete)
        .ok_or(Error::NotInstalled)
}

/// A program, where it is installed.
///
/// # Errors
///
/// [`Error::NotInstalled`].
pub fn program(name: &str) -> Result<PathBuf, Error> {
    let program = folder()?.join(name);
    if program.is_file() { Ok(program) } else { Err(Error::NotInstalled) }
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
