//! `concertina baseline`

use super::{Found, live, settings};
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use crate::limits::LimitWords;
use concertina::{Despite, Failure, drift};
use concertina_revisions::Target;
use concertina_revisions::import::without_session;
use std::process::Command;

pub(crate) async fn run(common: &Common, name: &str) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    let folder = found.folder().to_owned();
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::usage(
            format!("can't make {}: {error}", folder.display()),
            "check its rights",
        )
    })?;
    if let Some(first) = found.history()?.revisions().first() {
        return Err(Failure::usage(
            format!("the directory has revisions already, {} first", first.id),
            "a baseline is the first revision: name an empty directory with --revisions",
        ));
    }
    if let Some(known) = found.reader()?.known().await?.first() {
        return Err(Failure::usage(
            format!("{} is {} in this database", known.id, known.state),
            "a baseline is for a database that Concertina hasn't changed yet",
        ));
    }
    let (text, by) = match dumped(&found)? {
        Some(text) => (text, "pg_dump"),
        None => (
            format!("{};\n", drift::whole(&found.reader()?).await?.join(";\n\n")),
            "the catalog",
        ),
    };
    let path = folder.join(format!("{name}.sql"));
    let text = format!(
        "-- What was there before, as {by} tells it.\n\n{}\n",
        text.trim()
    );
    concertina_revisions::folder::write_new(&path, &text)?;
    draw::line(common.quiet || common.json, &path.display().to_string());
    let history = found.history()?;
    let settings = settings(&mut found, &LimitWords::default())?;
    live::run(common, &found, settings, async |engine| {
        concertina::stamp(engine, &history, &Target::Head, Despite::Nothing).await
    })
    .await
}

/// What `pg_dump` writes, where there is one that can read the server.
fn dumped(found: &Found) -> Result<Option<String>, Failure> {
    let mut command = Command::new("pg_dump");
    command.args([
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "--exclude-schema=concertina",
    ]);
    command.envs(found.connect()?.environment());
    match command.output() {
        Ok(output) if output.status.success() => {
            let text = without_session("pg_dump", &String::from_utf8_lossy(&output.stdout))?;
            let kept = text.lines().filter(|line| !line.starts_with("--"));
            Ok(Some(kept.collect::<Vec<_>>().join("\n")))
        }
        Ok(output) => {
            tracing::info!(
                "pg_dump: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
            Ok(None)
        }
        Err(error) => {
            tracing::info!("pg_dump: {error}");
            Ok(None)
        }
    }
}
