//! What can go wrong with a sandbox.

use std::path::PathBuf;

/// A sandbox that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL's programs aren't installed.
    #[error(
        "no PostgreSQL was found: set CONCERTINA_PG_BIN to the folder with `initdb` and `postgres`, or install the package `postgresql`"
    )]
    NotInstalled,
    /// PgBouncer isn't installed.
    #[error(
        "no PgBouncer was found: set CONCERTINA_PGBOUNCER to the program, or install the package `pgbouncer`"
    )]
    NoPooler,
    /// Running as root, without another user to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and no user `postgres` or `nobody` is there to run it as"
    )]
    NoUser,
    /// A file or a process.
    #[error("{doing}: {cause}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        #[source]
        cause: std::io::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("{} failed: {output}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// What it said.
        output: String,
    },
    /// The server didn't come up.
    #[error("the server didn't come up: {0}")]
    Start(String),
    /// A query of ours failed.
    #[error("sandbox query: {0}")]
    Query(#[from] tokio_postgres::Error),
}

impl Error {
    /// For `map_err`.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let doing = doing.into();
        move |cause| Error::Io { doing, cause }
    }
}
