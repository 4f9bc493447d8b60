//! `concertina new`

use super::{Found, edit};
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use concertina_revisions::History;
use std::fmt::Write;
use std::path::PathBuf;

pub(crate) fn run(common: &Common, title: &str, edit: bool) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let hint = "-- Write SQL as for an empty database. `-- down` below it starts the way back; left out, it is derived.\n\n";
    let path = write(&found, title, hint)?;
    draw::line(false, &path.display().to_string());
    if edit {
        edit::open(&path)
    } else {
        Ok(Exit::Done)
    }
}

/// Writes a revision behind all heads.
pub(crate) fn write(found: &Found, title: &str, body: &str) -> Result<PathBuf, Failure> {
    if slug(title).is_empty() {
        return Err(Failure::usage(
            "the new revision has no title",
            "say concertina new \"add a tenant to leads\"",
        ));
    }
    let history = found.history()?;
    let heads: Vec<&str> = history
        .heads()
        .into_iter()
        .map(|revision| revision.id.as_str())
        .collect();
    let path = found.folder().join(file_name(&history, title));
    let mut text = String::new();
    if !heads.is_empty() {
        let _ = writeln!(text, "-- revises: {}", heads.join(", "));
    }
    let _ = write!(text, "-- {title}\n{body}");
    concertina_revisions::folder::write_new(&path, &text)?;
    Ok(path)
}

/// The name of a new file. Names sort as they are made: behind everything that is there.
pub(crate) fn file_name(history: &History, title: &str) -> String {
    let mut stamp = jiff::Timestamp::now().strftime("%Y%m%d%H%M%S").to_string();
    if let Some(newest) = history
        .revisions()
        .iter()
        .map(|revision| revision.id.as_str())
        .max()
        && newest >= stamp.as_str()
    {
        stamp = format!("{}_then", newest.split('_').next().unwrap_or(newest));
    }
    format!("{stamp}_{}.sql", slug(title))
}

fn slug(title: &str) -> String {
    let plain: String = title
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                ' '
            }
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert_eq!(
            slug("Add tenant_id to \"leads\"!"),
            "add_tenant_id_to_leads"
        );
        assert_eq!(slug(" - "), "");
    }
}
