//! PgBouncer in front of a server, in one of its three modes.

use crate::error::Error;
use crate::postgres::{Postgres, User, free_port};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// How long it may take to come up.
const START_MAX: Duration = Duration::from_secs(20);

/// A running PgBouncer; gone when dropped.
pub struct Pooler {
    process: Child,
    port: u16,
    // Last: the folder goes when the pooler is down.
    folder: TempDir,
}

impl Pooler {
    /// Starts one in a mode (`session`, `transaction` or `statement`) with further settings. Everybody gets in, without a password.
    ///
    /// # Errors
    ///
    /// When PgBouncer isn't installed or doesn't come up.
    pub async fn start(
        server: &Postgres,
        mode: &str,
        settings: &[(&str, &str)],
    ) -> Result<Pooler, Error> {
        let (program, user) = (program()?, User::find()?);
        let folder = tempfile::Builder::new()
            .prefix("concertina-pooler-")
            .tempdir()
            .map_err(Error::io("making a folder"))?;
        user.own(folder.path())?;
        let port = free_port()?;
        // With any authentication everybody is the user that is forced for a database.
        let text = format!(
            "[databases]\n* = host={} port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {mode}\n{}",
            server.socket().display(),
            server.port(),
            settings
                .iter()
                .map(|(name, value)| format!("{name} = {value}\n"))
                .collect::<Vec<_>>()
                .concat()
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, text).map_err(Error::io("writing pgbouncer.ini"))?;
        let log =
            std::fs::File::create(folder.path().join("log")).map_err(Error::io("making a log"))?;
        let process = user
            .command(&program)
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .current_dir(folder.path())
            .spawn()
            .map_err(Error::io("starting PgBouncer"))?;
        let mut pooler = Pooler {
            process,
            port,
            folder,
        };
        pooler.wait().await?;
        Ok(pooler)
    }

    /// A URL for a database behind it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Opens a connection through it.
    ///
    /// # Errors
    ///
    /// When it or the server refuses.
    pub async fn connect(&self, database: &str) -> Result<Client, Error> {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn wait(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        while self.connect("postgres").await.is_err() {
            let ended = self
                .process
                .try_wait()
                .map_err(Error::io("looking after PgBouncer"))?;
            if ended.is_some() || began.elapsed() > START_MAX {
                let log =
                    std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(Error::Start(
                    log.lines().rev().take(5).collect::<Vec<_>>().join(" | "),
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(Some(_))) {
            return;
        }
        let mut kill = Command::new("kill");
        kill.args(["-TERM", &self.process.id().to_string()]);
        let _ = kill.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

/// `CONCERTINA_PGBOUNCER`, then PATH, then where Debian puts it.
fn program() -> Result<PathBuf, Error> {
    let named = std::env::var_os("CONCERTINA_PGBOUNCER").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path)
        .map(|folder| folder.join("pgbouncer"))
        .collect();
    named
        .into_iter()
        .chain(on_path)
        .chain([PathBuf::from("/usr/sbin/pgbouncer")])
        .find(|program| program.is_file())
        .ok_or(Error::NoPooler)
}
