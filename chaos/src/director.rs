//! Hears from the engine where it is, and says how it goes on.

use crate::Broken;
use std::fmt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// A place in the engine's work: a statement that is about to be sent, or was answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// Whether it was answered.
    pub answered: bool,
    /// What the statement is for, and how it begins.
    pub name: String,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} \"{}\"",
            if self.answered { "after" } else { "before" },
            self.name
        )
    }
}

/// An engine that waits for its answer.
pub struct Asked {
    /// Where it is.
    pub point: Point,
    stream: UnixStream,
}

impl Asked {
    /// It goes on.
    pub async fn go(mut self) {
        self.stream.write_all(b"go").await.ok();
    }

    /// The statement fails so.
    pub async fn raise(mut self, sqlstate: &str) {
        self.stream.write_all(sqlstate.as_bytes()).await.ok();
    }
}

/// The socket on which engines ask.
pub struct Director {
    listener: UnixListener,
    folder: TempDir,
}

impl Director {
    /// Listens.
    ///
    /// # Errors
    ///
    /// When there is no place for a socket.
    pub fn new() -> Result<Director, Broken> {
        let folder = tempfile::tempdir()?;
        let listener = UnixListener::bind(folder.path().join("faults"))?;
        Ok(Director { listener, folder })
    }

    /// Where engines find it.
    pub fn socket(&self) -> PathBuf {
        Path::new(self.folder.path()).join("faults")
    }

    /// The next engine at a point.
    pub async fn next(&self) -> Asked {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                continue;
            };
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            // One that was killed while it asked.
            if reader.read_line(&mut line).await.is_err() {
                continue;
            }
            if let Some((when, name)) = line.trim_end().split_once('\t') {
                let point = Point {
                    answered: when == "after",
                    name: name.to_owned(),
                };
                return Asked {
                    point,
                    stream: reader.into_inner(),
                };
            }
        }
    }
}
