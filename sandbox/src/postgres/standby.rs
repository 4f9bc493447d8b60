//! Standbys: copies of a server that follow it by streaming, until they are promoted.

use super::{Postgres, free_port, spawn};
use crate::binaries;
use crate::error::Error;

/// What standbys are started with besides: one that was cut off tries again soon.
const FOLLOWING: [(&str, &str); 2] = [
    ("hot_standby", "on"),
    ("wal_retrieve_retry_interval", "100ms"),
];

impl Postgres {
    /// Starts a standby that follows this server by streaming.
    ///
    /// # Errors
    ///
    /// When the copy fails or the standby doesn't come up.
    pub async fn standby(&self, name: &str) -> Result<Postgres, Error> {
        let primary = format!("host={} port={}", self.folder.path().display(), self.port);
        self.following(name, &primary, &[]).await
    }

    /// The same through a port of 127.0.0.1 that leads here, such as a [`crate::Proxy`]'s, and with settings of one's own.
    ///
    /// # Errors
    ///
    /// As [`Postgres::standby`].
    pub async fn standby_through(
        &self,
        name: &str,
        port: u16,
        settings: &[(&str, &str)],
    ) -> Result<Postgres, Error> {
        self.following(name, &format!("host=127.0.0.1 port={port}"), settings)
            .await
    }

    async fn following(
        &self,
        name: &str,
        primary: &str,
        settings: &[(&str, &str)],
    ) -> Result<Postgres, Error> {
        let folder = tempfile::Builder::new()
            .prefix("concertina-pg-")
            .tempdir()
            .map_err(Error::io("making a folder"))?;
        self.user.own(folder.path())?;
        let program = binaries::program("pg_basebackup")?;
        let mut copy = self.user.command(&program);
        copy.args([
            "--checkpoint=fast",
            "--wal-method=stream",
            "--username=postgres",
            "--no-sync",
        ])
        .arg("--host")
        .arg(self.folder.path())
        .args(["--port", &self.port.to_string(), "-D"])
        .arg(folder.path().join("data"))
        .current_dir(folder.path());
        let output = copy.output().map_err(Error::io("copying the server"))?;
        if !output.status.success() {
            return Err(Error::Program {
                program,
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        let signal = folder.path().join("data/standby.signal");
        std::fs::write(&signal, "").map_err(Error::io("making a standby"))?;
        self.user.own(&signal)?;
        let primary = format!("{primary} user=postgres application_name={name}");
        let own = [("primary_conninfo", primary.as_str())];
        let settings: Vec<(&str, &str)> = FOLLOWING
            .iter()
            .chain(settings)
            .chain(&own)
            .copied()
            .collect();
        let port = free_port()?;
        let process = spawn(&self.bin, self.user, folder.path(), port, &settings)?;
        let mut standby = Postgres {
            process,
            port,
            bin: self.bin.clone(),
            user: self.user,
            folder,
        };
        standby.wait().await?;
        Ok(standby)
    }

    /// Makes a standby a primary, with what it has received so far.
    ///
    /// # Errors
    ///
    /// When it isn't a standby, or doesn't become one in a minute.
    pub async fn promote(&self) -> Result<(), Error> {
        let row = self
            .connect("postgres")
            .await?
            .query_one("SELECT pg_promote(true, 60)", &[])
            .await?;
        if row.get(0) {
            Ok(())
        } else {
            Err(Error::Start(
                "the standby isn't promoted within a minute".to_owned(),
            ))
        }
    }
}
