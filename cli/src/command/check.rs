//! `concertina check`, `concertina catalog`

use super::Found;
use crate::args::{CheckFormat, Common};
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use concertina::check::{Ground, check, ground, refused, rehearsed};
use concertina_engine::Rehearse;
use concertina_planner::problem::hazard::UNPROVEN;
use concertina_revisions::{Diagnostic, Severity};
use std::path::{Path, PathBuf};

pub(crate) async fn run(
    common: &Common,
    files: &[PathBuf],
    catalog: Option<&Path>,
    format: CheckFormat,
) -> Result<Exit, Failure> {
    let format = if common.json {
        CheckFormat::Json
    } else {
        format
    };
    let found = Found::read(common)?;
    let history = match found.history() {
        Ok(history) => history,
        Err(Failure::Diagnostics(wrong)) => {
            draw::check::print(&wrong, format);
            return Ok(Exit::Preflight);
        }
        Err(other) => return Err(other),
    };
    let (ground, reader) = match catalog {
        Some(file) => (kept(file)?, None),
        None => {
            let reader = found.rehearser()?;
            (ground(&reader).await?, Some(reader))
        }
    };
    let mut findings = check(&history, &ground)?;
    if reader.is_none() && found.project.rehearse != Some(Rehearse::Never) {
        findings.push(not_rehearsed());
    }
    // What is refused here anyway may be refused there for the same reason.
    if let Some(reader) = reader.filter(|_| {
        !findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }) {
        findings.extend(refused(&reader, &history, &ground).await?);
        if !findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            findings.extend(rehearsed(&reader, &history, &ground).await?);
        }
    }
    if !files.is_empty() {
        let wanted: Vec<PathBuf> = files.iter().map(|file| whole(file)).collect();
        findings.retain(|finding| {
            finding
                .place
                .as_ref()
                .is_none_or(|(source, _)| wanted.contains(&whole(&source.path)))
        });
    }
    draw::check::print(&findings, format);
    let wrong = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { Exit::Preflight } else { Exit::Done })
}

/// What is said where there is no server to rehearse on.
fn not_rehearsed() -> Diagnostic {
    let help = "check with a database to compare the plans with the statements";
    Diagnostic::warning(UNPROVEN, "not rehearsed: there is no server").help(help)
}

/// `concertina catalog`
pub(crate) async fn catalog(common: &Common) -> Result<Exit, Failure> {
    let ground = ground(&Found::read(common)?.reader()?).await?;
    let value = serde_json::to_value(&ground)
        .map_err(|error| Failure::usage(format!("the catalog: {error}"), ""))?;
    draw::json(&value);
    Ok(Exit::Done)
}

fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// What a file of `concertina catalog` says.
pub(super) fn kept(file: &Path) -> Result<Ground, Failure> {
    let help = "write it by `concertina catalog > FILE` from a database that is up to date";
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("can't read {}: {error}", file.display()), help))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{} is no catalog: {error}", file.display()), help))
}
