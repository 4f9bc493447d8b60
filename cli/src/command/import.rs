//! `concertina import`

use super::{Found, live, settings};
use crate::args::{Common, Tool};
use crate::draw;
use crate::exit::Exit;
use crate::limits::LimitWords;
use concertina::{Failure, adopt};
use concertina_revisions::Diagnostic;
use concertina_revisions::import::{self, Imported};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) async fn run(common: &Common, tool: &Tool) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    let (imported, stamp) = match tool {
        Tool::Alembic { path, down, stamp } => (alembic(path, down.as_deref())?, *stamp),
        Tool::Folder { path, stamp } => {
            let (files, mut left_out) = collected(path)?;
            let imported = import::folder(&files).map_err(|found| told_with(found, &left_out))?;
            left_out.extend(
                files
                    .iter()
                    .filter(|(name, _)| !import::is_used(name, &imported))
                    .map(|(name, _)| name.clone()),
            );
            left_out
                .iter()
                .for_each(|name| draw::aside(&format!("left out: {name}")));
            (imported, *stamp)
        }
    };
    let folder = found.folder().to_owned();
    std::fs::create_dir_all(&folder).map_err(|error| unreadable(&folder, &error))?;
    for path in adopt::write(&folder, &imported)? {
        draw::line(common.quiet || common.json, &path.display().to_string());
    }
    let history = found.history()?;
    if !stamp {
        return Ok(Exit::Done);
    }
    let settings = settings(&mut found, &LimitWords::default())?;
    live::run(common, &found, settings, async |engine| {
        adopt::stamp(engine, &history, &imported).await
    })
    .await
}

/// A folder with `alembic.ini`, in which Alembic is run; or what it wrote.
fn alembic(path: &Path, down: Option<&Path>) -> Result<Vec<Imported>, Failure> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|error| unreadable(path, &error));
    if path.is_file() {
        let down = down.map(read).transpose()?.unwrap_or_default();
        return Ok(import::alembic(&read(path)?, &down, &BTreeMap::new())?);
    }
    if !path.join("alembic.ini").is_file() {
        return Err(Failure::usage(
            format!("{} has no alembic.ini", path.display()),
            "name the directory that has it, or a file that `alembic upgrade head --sql` wrote",
        ));
    }
    let up = said(path, &["upgrade", "heads", "--sql"])?;
    let mut down = String::new();
    for head in said(path, &["heads"])?
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        // A way back that its author left out isn't one; then it is derived.
        down.push_str(
            &said(path, &["downgrade", &format!("{head}:base"), "--sql"]).unwrap_or_default(),
        );
    }
    Ok(import::alembic(&up, &down, &stems(path)?)?)
}

/// What Alembic prints.
fn said(folder: &Path, words: &[&str]) -> Result<String, Failure> {
    let help = "install it where this runs, or give a file that `alembic upgrade head --sql` wrote";
    let output = Command::new("alembic")
        .args(words)
        .current_dir(folder)
        .output()
        .map_err(|error| Failure::usage(format!("can't run alembic: {error}"), help))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let last = told
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    Err(Failure::usage(
        format!(
            "alembic {} ended with {}: {last}",
            words.join(" "),
            output.status
        ),
        help,
    ))
}

/// The names of Alembic's files by the revision that each holds.
fn stems(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let ini = folder.join("alembic.ini");
    let text = std::fs::read_to_string(&ini).map_err(|error| unreadable(&ini, &error))?;
    let location = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "script_location").then(|| value.trim().replace("%(here)s", "."))
    });
    let versions = folder
        .join(location.unwrap_or_else(|| "alembic".to_owned()))
        .join("versions");
    let mut stems = BTreeMap::new();
    for (name, text) in files(&versions, "py")? {
        let revision = text.lines().find_map(|line| {
            let value = line.strip_prefix("revision")?.split_once('=')?.1.trim();
            Some(value.trim_matches(['"', '\'']).to_owned())
        });
        if let (Some(revision), Some(stem)) = (revision, name.strip_suffix(".py")) {
            // Its own id stays in front, so that it is found by it.
            let stem = if stem.starts_with(&revision) {
                stem.to_owned()
            } else {
                format!("{revision}_{stem}")
            };
            stems.insert(revision, stem);
        }
    }
    Ok(stems)
}

/// Nothing was imported: what was found instead.
fn told_with(found: Vec<Diagnostic>, left_out: &[String]) -> Failure {
    left_out
        .iter()
        .for_each(|name| draw::aside(&format!("left out: {name}")));
    found.into()
}

/// A file's name and text.
type File = (String, String);

/// The migrations of a folder, and what else is in it. One that is a directory of its own has that
/// folder's name.
fn collected(folder: &Path) -> Result<(Vec<File>, Vec<String>), Failure> {
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|error| unreadable(path, &error));
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            for (file, path) in entries(&path)? {
                match file.as_str() {
                    "migration.sql" => found.push((format!("{name}.sql"), read(&path)?)),
                    "up.sql" => found.push((format!("{name}.up.sql"), read(&path)?)),
                    "down.sql" => found.push((format!("{name}.down.sql"), read(&path)?)),
                    _ => left_out.push(format!("{name}/{file}")),
                }
            }
        } else if path.extension().is_some_and(|ending| ending == "sql") {
            found.push((name, read(&path)?));
        } else {
            left_out.push(name);
        }
    }
    Ok((found, left_out))
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        found.push((
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            path,
        ));
    }
    found.sort();
    Ok(found)
}

/// The files of a folder with that ending: name and text.
fn files(folder: &Path, ending: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path: PathBuf = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.extension().is_some_and(|own| own == ending) {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            found.push((
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                text,
            ));
        }
    }
    found.sort();
    Ok(found)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(
        format!("can't read {}: {error}", path.display()),
        "check the path and its rights",
    )
}
