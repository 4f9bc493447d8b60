//! A server of one's own: made from a template in a moment, and gone when dropped.

mod standby;
mod template;

use crate::binaries;
use crate::error::Error;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// How long a server may take to come up.
const START_MAX: Duration = Duration::from_mins(1);

/// A running PostgreSQL that nobody else uses.
pub struct Postgres {
    process: Child,
    port: u16,
    bin: PathBuf,
    user: User,
    // Last: the folder goes when the server is down.
    folder: TempDir,
}

/// Whom the server runs as: PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    pub(crate) ids: Option<(u32, u32)>,
}

impl User {
    pub(crate) fn find() -> Result<User, Error> {
        let own = std::fs::metadata("/proc/self")
            .map_err(Error::io("asking who we are"))?
            .uid();
        if own != 0 {
            return Ok(User { ids: None });
        }
        let passwd =
            std::fs::read_to_string("/etc/passwd").map_err(Error::io("reading /etc/passwd"))?;
        let ids = |name: &str| {
            let line = passwd
                .lines()
                .find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        let ids = ids("postgres")
            .or_else(|| ids("nobody"))
            .ok_or(Error::NoUser)?;
        Ok(User { ids: Some(ids) })
    }

    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = self.ids {
            command.uid(uid).gid(gid);
        }
        command
    }

    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        match self.ids {
            Some((uid, gid)) => {
                chown(path, Some(uid), Some(gid)).map_err(Error::io("handing the folder over"))
            }
            None => Ok(()),
        }
    }
}

impl Postgres {
    /// Starts a server with `postgresql.conf` settings of one's own. It listens on 127.0.0.1 and on a socket; user
    /// `postgres` gets in without a password, any other with one.
    ///
    /// # Errors
    ///
    /// When PostgreSQL isn't installed or doesn't come up.
    pub async fn start(settings: &[(&str, &str)]) -> Result<Postgres, Error> {
        Postgres::start_with(settings, &[]).await
    }

    /// The same with files in its data folder that only the server may read, such as a certificate's key.
    ///
    /// # Errors
    ///
    /// As [`Postgres::start`].
    pub async fn start_with(
        settings: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Result<Postgres, Error> {
        let (bin, user) = (binaries::folder()?, User::find()?);
        let template = template::empty(&bin, user)?;
        Postgres::from_template(bin, user, &template, settings, files).await
    }

    /// The same with a database that a script has filled. The script runs once on a machine: its outcome is kept and copied from
    /// then on, by other processes too, so it must not depend on anything but itself.
    ///
    /// # Errors
    ///
    /// As [`Postgres::start`], or when the script fails.
    pub async fn start_filled(
        settings: &[(&str, &str)],
        database: &str,
        script: &str,
    ) -> Result<Postgres, Error> {
        let (bin, user) = (binaries::folder()?, User::find()?);
        let template = Box::pin(template::filled(&bin, user, database, script)).await?;
        Postgres::from_template(bin, user, &template, settings, &[]).await
    }

    pub(crate) async fn from_template(
        bin: PathBuf,
        user: User,
        template: &Path,
        settings: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Result<Postgres, Error> {
        let folder = tempfile::Builder::new()
            .prefix("concertina-pg-")
            .tempdir()
            .map_err(Error::io("making a folder"))?;
        user.own(folder.path())?;
        let data = folder.path().join("data");
        template::copy(template, &data)?;
        for (name, text) in files {
            let path = data.join(name);
            std::fs::write(&path, text).map_err(Error::io("writing a file for the server"))?;
            let only_owner = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&path, only_owner)
                .map_err(Error::io("writing a file for the server"))?;
            user.own(&path)?;
        }
        let port = free_port()?;
        let process = spawn(&bin, user, folder.path(), port, settings)?;
        let mut server = Postgres {
            process,
            port,
            bin,
            user,
            folder,
        };
        // The port may have been taken between asking and using it.
        for _ in 0..5 {
            match server.wait().await {
                Err(Error::Start(log)) if log.contains("in use") => {
                    server.port = free_port()?;
                    server.process = spawn(
                        &server.bin,
                        user,
                        server.folder.path(),
                        server.port,
                        settings,
                    )?;
                }
                other => return other.map(|()| server),
            }
        }
        Err(Error::Start("every port is taken".to_owned()))
    }

    /// A URL for a database of the server, over its socket.
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.path().display();
        format!(
            "postgres:///{database}?user=postgres&host={folder}&port={}",
            self.port
        )
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Opens a connection as user `postgres`.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn connect(&self, database: &str) -> Result<Client, Error> {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Makes an empty database, or a copy of another one to which nobody is connected.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn create_database(&self, name: &str, template: Option<&str>) -> Result<(), Error> {
        let client = self.connect("postgres").await?;
        // Large ones are copied as files: through the WAL it takes several times as long.
        let by_files = template.is_some() && self.major().is_some_and(|major| major >= 15);
        let (template, strategy) = (
            template.unwrap_or("template0"),
            if by_files { " STRATEGY file_copy" } else { "" },
        );
        client
            .batch_execute(&format!(
                "CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"{strategy}"
            ))
            .await?;
        Ok(())
    }

    /// Drops a database, whoever is connected to it.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn drop_database(&self, name: &str) -> Result<(), Error> {
        self.connect("postgres")
            .await?
            .batch_execute(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"))
            .await?;
        Ok(())
    }

    /// The schema as `pg_dump --schema-only` writes it, without our own schema and without comments.
    ///
    /// # Errors
    ///
    /// When `pg_dump` fails.
    pub fn dump_schema(&self, database: &str) -> Result<String, Error> {
        let text = self.dump(
            database,
            &["--schema-only", "--no-owner", "--exclude-schema=concertina"],
        )?;
        // Newer releases write a random key to \restrict.
        let kept = text.lines().filter(|line| {
            !line.is_empty()
                && !line.starts_with("--")
                && !line.starts_with("\\restrict")
                && !line.starts_with("\\unrestrict")
        });
        Ok(kept.collect::<Vec<_>>().join("\n"))
    }

    /// What `pg_dump` writes of a database with these words.
    ///
    /// # Errors
    ///
    /// When it can't be run, or refuses.
    pub fn dump(&self, database: &str, words: &[&str]) -> Result<String, Error> {
        let program = binaries::program("pg_dump")?;
        let output = Command::new(&program)
            .args(words)
            .args(["--dbname", &self.url(database)])
            .output()
            .map_err(Error::io("running pg_dump"))?;
        if !output.status.success() {
            return Err(Error::Program {
                program,
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Gives a script to `psql`, as people do; what it printed.
    ///
    /// # Errors
    ///
    /// When `psql` ends with an error.
    pub fn psql(&self, database: &str, script: &str) -> Result<String, Error> {
        let program = binaries::program("psql")?;
        let mut psql = Command::new(&program)
            .args(["--no-psqlrc", "--quiet", "--dbname", &self.url(database)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::io("running psql"))?;
        let written = psql
            .stdin
            .take()
            .map_or(Ok(()), |mut input| input.write_all(script.as_bytes()));
        let output = psql.wait_with_output().map_err(Error::io("running psql"))?;
        if !output.status.success() {
            return Err(Error::Program {
                program,
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        written.map_err(Error::io("writing to psql"))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Sends a signal to the server, such as `INT` for a fast shutdown.
    ///
    /// # Errors
    ///
    /// When there is no `kill`.
    pub fn signal(&self, signal: &str) -> Result<(), Error> {
        let mut kill = Command::new("kill");
        kill.args([&format!("-{signal}"), &self.process.id().to_string()]);
        kill.stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(Error::io("signalling the server"))?;
        Ok(())
    }

    /// Ends the server as a crash would, and starts it again on the same data.
    ///
    /// # Errors
    ///
    /// When it doesn't come up again.
    pub async fn crash_and_restart(&mut self, settings: &[(&str, &str)]) -> Result<(), Error> {
        self.signal("QUIT")?;
        self.process
            .wait()
            .map_err(Error::io("waiting for the server's end"))?;
        self.process = spawn(
            &self.bin,
            self.user,
            self.folder.path(),
            self.port,
            settings,
        )?;
        self.wait().await
    }

    /// Ends the server in good order, so that its data needs no recovery. Its data folder, which
    /// goes when the server is dropped.
    pub(crate) fn shut_down(&mut self) -> Result<PathBuf, Error> {
        self.signal("INT")?;
        self.process
            .wait()
            .map_err(Error::io("waiting for the server's end"))?;
        Ok(self.folder.path().join("data"))
    }

    /// The major version.
    fn major(&self) -> Option<u32> {
        std::fs::read_to_string(self.folder.path().join("data/PG_VERSION"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    async fn wait(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            if self.connect("postgres").await.is_ok() {
                return Ok(());
            }
            let ended = self
                .process
                .try_wait()
                .map_err(Error::io("looking after the server"))?;
            if ended.is_some() || began.elapsed() > START_MAX {
                let log =
                    std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(Error::Start(
                    log.lines().rev().take(5).collect::<Vec<_>>().join(" | "),
                ));
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // One that has ended may have left its process id to somebody else.
        if matches!(self.process.try_wait(), Ok(Some(_))) {
            return;
        }
        // An immediate shutdown: nothing is worth saving, and its shared memory is given back.
        let _ = self.signal("QUIT");
        let _ = self.process.wait();
    }
}

fn spawn(
    bin: &Path,
    user: User,
    folder: &Path,
    port: u16,
    settings: &[(&str, &str)],
) -> Result<Child, Error> {
    let log =
        std::fs::File::create(folder.join("log")).map_err(Error::io("making the server's log"))?;
    let mut command = user.command(&bin.join("postgres"));
    command
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-p", &port.to_string(), "-k"])
        .arg(folder);
    let defaults = [
        ("listen_addresses", "127.0.0.1"),
        ("max_connections", "60"),
        ("logging_collector", "off"),
    ];
    for (name, value) in defaults.iter().chain(settings) {
        command.args(["-c", &format!("{name}={value}")]);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    command.current_dir(folder).process_group(0);
    command.spawn().map_err(Error::io("starting the server"))
}

pub(crate) fn free_port() -> Result<u16, Error> {
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).map_err(Error::io("looking for a free port"))?;
    Ok(listener
        .local_addr()
        .map_err(Error::io("looking for a free port"))?
        .port())
}
