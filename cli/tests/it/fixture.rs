//! A folder of revisions and a database, with the command run on both.

use crate::corpus::Copied;
use concertina_sandbox::Postgres;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::TempDir;
use tokio_postgres::Client;
use tokio_postgres::types::FromSql;

pub(crate) struct Site {
    pub(crate) server: Arc<Postgres>,
    pub(crate) database: String,
    pub(crate) client: Client,
    pub(crate) folder: TempDir,
}

/// What the command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Ends the test unless the command ended so.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Said {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.out, self.err
        );
        self
    }

    /// Ends the test unless the command said so, on either stream.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Said {
        assert!(
            self.out.contains(words) || self.err.contains(words),
            "stdout:\n{}\nstderr:\n{}",
            self.out,
            self.err
        );
        self
    }
}

impl Site {
    pub(crate) async fn new(schema: &str, revisions: &[(&str, &str)]) -> Site {
        Site::with(&[], schema, revisions).await
    }

    /// On a server with settings of its own.
    pub(crate) async fn with(
        settings: &[(&str, &str)],
        schema: &str,
        revisions: &[(&str, &str)],
    ) -> Site {
        let settings: Vec<(&str, &str)> =
            [("fsync", "off")].iter().chain(settings).copied().collect();
        let server = Postgres::start_filled(&settings, "site", "").await.unwrap();
        let site = Site::on(Arc::new(server), "site", revisions).await;
        site.client.batch_execute(schema).await.unwrap();
        site
    }

    /// A copy of a database, on the same server.
    pub(crate) async fn copy(copied: &Copied, database: &str, revisions: &[(&str, &str)]) -> Site {
        copied.copy(database).await;
        Site::on(Arc::clone(&copied.server), database, revisions).await
    }

    async fn on(server: Arc<Postgres>, database: &str, revisions: &[(&str, &str)]) -> Site {
        let client = server.connect(database).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("revisions")).unwrap();
        let site = Site {
            server,
            database: database.to_owned(),
            client,
            folder,
        };
        for (id, sql) in revisions {
            site.revision(id, sql);
        }
        site
    }

    pub(crate) fn revision(&self, id: &str, sql: &str) {
        std::fs::write(self.revisions().join(format!("{id}.sql")), sql).unwrap();
    }

    pub(crate) fn revisions(&self) -> PathBuf {
        self.folder.path().join("revisions")
    }

    /// The command, ready to run in the folder, with nothing of the environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = bare(self.folder.path(), words);
        command.env("DATABASE_URL", self.server.url(&self.database));
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Said {
        said(&self.command(words).output().unwrap())
    }

    pub(crate) async fn value<T: for<'a> FromSql<'a>>(&self, sql: &str) -> T {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) fn schema(&self) -> String {
        self.server.dump_schema(&self.database).unwrap()
    }
}

pub(crate) fn bare(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concertina"));
    command
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder);
    // What isn't about the rehearsal does without it.
    command.env(
        "CONCERTINA_REHEARSE",
        std::env::var("CONCERTINA_REHEARSE").unwrap_or_else(|_| "never".to_owned()),
    );
    command
}

pub(crate) fn said(output: &Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}
