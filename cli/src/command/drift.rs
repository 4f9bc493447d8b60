//! `concertina verify`, `concertina diff`, `concertina new --autogenerate`

use super::{Found, edit, new};
use crate::args::Common;
use crate::draw;
use concertina::{Exit, Failure, drift};
use concertina_engine::Isolation;
use std::path::Path;

pub(crate) async fn verify(common: &Common) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let differences = drift::verify(&found.reader()?, &found.history()?).await?;
    draw::drift::print(&differences, None, common.json);
    Ok(if differences.is_empty() { Exit::Done } else { Exit::Preflight })
}

/// `concertina verify --tenant-isolation`
pub(crate) async fn isolation(common: &Common, role: &str) -> Result<Exit, Failure> {
    let tried = Found::read(common)?.reader()?.isolation(role).await?;
    draw::isolation::print(&tried, common.json);
    Ok(if tried.iter().all(Isolation::holds) { Exit::Done } else { Exit::Preflight })
}

pub(crate) async fn diff(common: &Common, from: &Path) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let (differences, statements) = wanted(&found, from).await?;
    draw::drift::print(&differences, Some(&statements), common.json);
    Ok(Exit::Done)
}

pub(crate) async fn autogenerate(common: &Common, title: &str, from: &Path, open: bool) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let (_, statements) = wanted(&found, from).await?;
    if statements.is_empty() {
        draw::line(common.quiet, "nothing differs: no revision is needed");
        return Ok(Exit::Done);
    }
    let path = new::write(&found, title, &format!("{};\n", statements.join(";\n")))?;
    draw::line(false, &path.display().to_string());
    if open { edit::open(&path) } else { Ok(Exit::Done) }
}

async fn wanted(
    found: &Found,
    from: &Path,
) -> Result<(Vec<concertina_planner::drift::Difference>, Vec<String>), Failure> {
    let text = std::fs::read_to_string(from).map_err(|error| {
        Failure::usage(
            format!("can't read {}: {error}", from.display()),
            "name a file of SQL that makes the wanted schema",
        )
    })?;
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    drift::wanted(&found.reader()?, &found.history()?, &name, &text).await
}
