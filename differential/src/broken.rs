//! What keeps a case from being tried.

/// Why a case couldn't be tried: not what is looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// The server.
    #[error(transparent)]
    Sandbox(#[from] concertina_sandbox::Error),
    /// A statement of ours.
    #[error("{}", describe(.0))]
    Sql(#[from] tokio_postgres::Error),
    /// What the world's query gave.
    #[error("the world can't be read: {0}")]
    World(#[from] serde_json::Error),
    /// A program or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A file that is no case.
    #[error("{0}")]
    File(String),
    /// A program of PostgreSQL that failed.
    #[error("{program}: {output}")]
    Program {
        /// Its name.
        program: &'static str,
        /// What it said.
        output: String,
    },
}

fn describe(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || error.to_string(),
        |error| format!("{}: {}", error.code().code(), error.message()),
    )
}
