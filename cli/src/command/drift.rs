//! `concertina verify`, `concertina diff`, `concertina new --autogenerate`

use super::{Found, edit, new};
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::{Failure, drift};
use concertina_engine::{Comparison, Isolation};
use concertina_revisions::History;
use std::path::Path;

pub(crate) async fn verify(common: &Common) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let compared = drift::compared(&found.rehearser()?, &found.history()?).await?;
    draw::drift::verified(&compared, common.json);
    Ok(if compared.differences.is_empty() {
        Exit::Done
    } else {
        Exit::Preflight
    })
}

/// `concertina verify --tenant-isolation`
pub(crate) async fn isolation(common: &Common, role: &str) -> Result<Exit, Failure> {
    let tried = Found::read(common)?.reader()?.isolation(role).await?;
    draw::isolation::print(&tried, common.json);
    Ok(if tried.iter().all(Isolation::holds) {
        Exit::Done
    } else {
        Exit::Preflight
    })
}

pub(crate) async fn diff(common: &Common, from: &Path) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let compared = wanted(&found, found.history_if_any()?.as_ref(), from).await?;
    draw::drift::compared(&compared, common.json);
    Ok(if compared.is_complete() {
        Exit::Done
    } else {
        Exit::Preflight
    })
}

pub(crate) async fn autogenerate(
    common: &Common,
    title: &str,
    from: &Path,
    open: bool,
) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let compared = wanted(&found, Some(&found.history()?), from).await?;
    if compared.differences.is_empty() {
        draw::line(common.quiet, "nothing differs: no revision is needed");
        draw::drift::not_compared(&compared);
        return Ok(Exit::Done);
    }
    let path = new::write(&found, title, &draw::drift::script(&compared))?;
    draw::line(false, &path.display().to_string());
    draw::drift::left(&compared);
    let exit = if compared.is_complete() {
        Exit::Done
    } else {
        Exit::Preflight
    };
    if open { edit::open(&path) } else { Ok(exit) }
}

async fn wanted(
    found: &Found,
    history: Option<&History>,
    from: &Path,
) -> Result<Comparison, Failure> {
    let text = std::fs::read_to_string(from).map_err(|error| {
        Failure::usage(
            format!("can't read {}: {error}", from.display()),
            "name a file of SQL that makes the wanted schema",
        )
    })?;
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    drift::wanted(&found.rehearser()?, history, &name, &text).await
}
