//! Data folders to copy, made once on a machine: `initdb` takes a second, a copy a tenth of it, and
//! so it is with large tables.

use super::{Postgres, User};
use crate::error::Error;
use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// How the names of all of them begin.
const PREFIX: &str = "concertina-template-";

/// One that nobody has used for so long is removed when another is made.
const KEPT_FOR: Duration = Duration::from_hours(72);

/// How long another process may take to make one.
const MADE_WITHIN: Duration = Duration::from_mins(5);

/// What a server is filled with: nothing is worth syncing, and old WAL isn't worth copying.
const FILLING: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("autovacuum", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("wal_recycle", "off"),
];

/// A cluster without databases of anyone.
pub(crate) fn empty(bin: &Path, user: User) -> Result<PathBuf, Error> {
    let kept = place(bin, user, ())?;
    if is_kept(&kept) {
        return Ok(kept);
    }
    let making = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir()
        .map_err(Error::io("making a template"))?;
    user.own(making.path())?;
    let data = making.path().join("data");
    let program = bin.join("initdb");
    let output = user
        .command(&program)
        .args([
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--username=postgres",
            "--auth=trust",
            "-D",
        ])
        .arg(&data)
        .current_dir(making.path())
        .output()
        .map_err(Error::io("running initdb"))?;
    if !output.status.success() {
        return Err(Error::Program {
            program,
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    let access = "local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n\
                  local replication all trust\nhost replication all 127.0.0.1/32 trust\n";
    std::fs::write(data.join("pg_hba.conf"), access).map_err(Error::io("writing pg_hba.conf"))?;
    keep(&data, kept)
}

/// A cluster with a database that a script has filled.
pub(crate) async fn filled(
    bin: &Path,
    user: User,
    database: &str,
    script: &str,
) -> Result<PathBuf, Error> {
    let kept = place(bin, user, (database, script))?;
    if is_kept(&kept) {
        return Ok(kept);
    }
    // Held until the end: it would be a waste to make it twice at once.
    let _lock = locked(&kept.with_extension("lock")).await?;
    if is_kept(&kept) {
        return Ok(kept);
    }
    remove_unused();
    let mut server =
        Postgres::from_template(bin.to_owned(), user, &empty(bin, user)?, &FILLING, &[]).await?;
    server.create_database(database, None).await?;
    let client = server.connect(database).await?;
    client.batch_execute(script).await?;
    drop(client);
    let data = server.shut_down()?;
    keep(&data, kept)
}

/// Where a template is: another for each server program, user and content.
fn place(bin: &Path, user: User, content: impl Hash) -> Result<PathBuf, Error> {
    let mut hash = DefaultHasher::new();
    (bin, user.ids, content).hash(&mut hash);
    let version = std::fs::metadata(bin.join("postgres"))
        .map_err(Error::io("looking at the server"))?
        .mtime();
    version.hash(&mut hash);
    Ok(std::env::temp_dir().join(format!("{PREFIX}{:016x}", hash.finish())))
}

/// Whether it is there; from now on it was used just now.
fn is_kept(kept: &Path) -> bool {
    let Ok(file) = File::open(kept.join("PG_VERSION")) else {
        return false;
    };
    // Only how long it is kept depends on it.
    file.set_modified(SystemTime::now()).ok();
    true
}

fn keep(data: &Path, kept: PathBuf) -> Result<PathBuf, Error> {
    match std::fs::rename(data, &kept) {
        Ok(()) => Ok(kept),
        // Another process was faster.
        Err(_) if is_kept(&kept) => Ok(kept),
        Err(cause) => Err(Error::Io {
            doing: "keeping the template".to_owned(),
            cause,
        }),
    }
}

/// A lock that ends with its process, too.
async fn locked(path: &Path) -> Result<File, Error> {
    let file = File::create(path).map_err(Error::io("locking a template"))?;
    let began = std::time::Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < MADE_WITHIN => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => {
                return Err(Error::Io {
                    doing: "locking a template".to_owned(),
                    cause: error.into(),
                });
            }
        }
    }
}

/// Removes what an older version of a script has left.
fn remove_unused() {
    for entry in std::fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten()
    {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let used = std::fs::metadata(entry.path().join("PG_VERSION"))
            .and_then(|metadata| metadata.modified());
        let unused = used
            .ok()
            .and_then(|used| used.elapsed().ok())
            .is_some_and(|since| since > KEPT_FOR);
        if is_ours && unused {
            // Somebody else's, or being removed by another: then it isn't ours to remove.
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// Copies a data folder, with its owners and rights.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let output = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .output()
        .map_err(Error::io("copying the template"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Program {
        program: "cp".into(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_script_runs_once_and_each_server_has_its_outcome() {
        // Unlike any other run's, so that it isn't there yet.
        let mark = format!("{:?}", SystemTime::now());
        let script = format!("CREATE TABLE t AS SELECT '{mark}' AS mark, gen_random_uuid() AS id");
        let start = async || {
            let server = Postgres::start_filled(&[("fsync", "off")], "filled", &script)
                .await
                .expect("a server");
            let client = server.connect("filled").await.expect("a session");
            let row = client
                .query_one("SELECT mark, id::text FROM t", &[])
                .await
                .expect("the row");
            (row.get::<_, String>(0), row.get::<_, String>(1))
        };
        let (first, second) = tokio::join!(start(), start());
        assert_eq!(first, second);
        assert_eq!(first.0, mark);
        let (bin, user) = (
            crate::binaries::folder().expect("installed"),
            User::find().expect("a user"),
        );
        let kept = place(&bin, user, ("filled", script.as_str())).expect("a place");
        std::fs::remove_dir_all(&kept).expect("it was kept");
        std::fs::remove_file(kept.with_extension("lock")).expect("and locked");
    }

    #[tokio::test]
    async fn a_script_that_fails_leaves_nothing() {
        for _ in 0..2 {
            let started =
                Postgres::start_filled(&[], "failed", "CREATE TABLE t (id int); SELECT 1 / 0")
                    .await;
            assert!(matches!(started, Err(Error::Query(_))));
        }
    }
}
