//! The only file of this crate that opens the disk.

use crate::source::Source;
use std::path::{Path, PathBuf};

/// A folder or file that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("can't read {}: {cause}", path.display())]
pub struct FolderError {
    /// What was to be read.
    pub path: PathBuf,
    /// Why it wasn't.
    #[source]
    pub cause: std::io::Error,
}

/// Reads every `.sql` file of `folder` (not of folders inside it), in name order.
///
/// # Errors
///
/// When the folder or one of the files can't be read, or a file isn't UTF-8.
pub fn read(folder: &Path) -> Result<Vec<Source>, FolderError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| FolderError { path, cause }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|ending| ending == "sql") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
            Ok(Source::new(path, text))
        })
        .collect()
}

/// Writes a new revision file; never overwrites one.
///
/// # Errors
///
/// When the file exists already or can't be written.
pub fn write_new(path: &Path, text: &str) -> Result<(), FolderError> {
    use std::io::Write;
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|cause| FolderError { path: path.to_owned(), cause })
}
