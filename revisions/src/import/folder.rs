//! Folders of numbered SQL: plain files, Flyway's names, pairs of `.up.sql` and `.down.sql` (sqlx, golang-migrate), and files in
//! which marks divide the way up from the way down (dbmate, goose, sql-migrate, node-pg-migrate).

use super::{Imported, without_session};
use crate::diagnostic::{Diagnostic, code};

/// Marks of the way up and the way down, in lower case.
const MARKS: [(&str, &str); 4] = [
    ("-- migrate:up", "-- migrate:down"),
    ("-- +goose up", "-- +goose down"),
    ("-- +migrate up", "-- +migrate down"),
    ("-- up migration", "-- down migration"),
];

/// Reads a folder's files, as `(name, text)`.
///
/// # Errors
///
/// When there is none, or one holds what can't be read.
pub fn folder(files: &[(String, String)]) -> Result<Vec<Imported>, Vec<Diagnostic>> {
    let mut numbered: Vec<(Vec<u64>, bool, String, Imported)> = Vec::new();
    for (name, text) in files {
        let Some(stem) = name.strip_suffix(".sql") else { continue };
        if stem.strip_suffix(".down").is_some() || is_undo(stem) {
            continue;
        }
        let stem = stem.strip_suffix(".up").unwrap_or(stem);
        let (up, down) = parts(text);
        let down = down.or_else(|| undo_of(stem, files));
        let version = version(stem);
        // Flyway runs these after all others.
        let repeated = stem.starts_with("R__");
        let imported = Imported {
            id: stem.to_owned(),
            version: version.clone(),
            revises: vec![],
            up: without_session(name, &up)?,
            down: down.map(|down| without_session(name, &down)).transpose()?,
        };
        numbered.push((numbers(&version), repeated, stem.to_owned(), imported));
    }
    if numbered.is_empty() {
        let nothing = Diagnostic::error(code::EMPTY, "the folder holds no .sql file");
        return Err(vec![nothing.help("name the folder that holds the numbered files")]);
    }
    numbered.sort_by(|a, b| (a.1, &a.0, &a.2).cmp(&(b.1, &b.0, &b.2)));
    let mut before: Vec<String> = vec![];
    let chain = numbered.into_iter().map(|(.., mut imported)| {
        imported.revises = std::mem::replace(&mut before, vec![imported.id.clone()]);
        imported
    });
    Ok(chain.collect())
}

/// `U2__name`, Flyway's way back of `V2__name`.
fn is_undo(stem: &str) -> bool {
    stem.strip_prefix('U').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains("__"))
}

fn undo_of(stem: &str, files: &[(String, String)]) -> Option<String> {
    let version = version(stem);
    let is_it = |name: &str| {
        let Some(other) = name.strip_suffix(".sql") else { return false };
        other == format!("{stem}.down") || (is_undo(other) && stem.starts_with('V') && self::version(other) == version)
    };
    files.iter().find(|(name, _)| is_it(name)).map(|(_, text)| text.clone())
}

/// What tools keep of a name: its leading number.
fn version(stem: &str) -> String {
    let bare = stem.strip_prefix(['V', 'U']).filter(|_| stem.contains("__")).unwrap_or(stem);
    let end = match bare.find("__").filter(|_| bare.len() < stem.len()) {
        Some(end) => end,
        None => bare.find(|c: char| !c.is_ascii_digit()).unwrap_or(bare.len()),
    };
    bare[..end].to_owned()
}

/// Versions are compared number by number: 1.10 comes after 1.9.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '_']).map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}

/// The way up and the way down; the tools' own lines are left out.
fn parts(text: &str) -> (String, Option<String>) {
    let is = |line: &str, mark: &str| line.trim().to_lowercase().starts_with(mark);
    let Some((up_mark, down_mark)) = MARKS.iter().find(|(up, _)| text.lines().any(|line| is(line, up))) else {
        return (text.to_owned(), None);
    };
    let own = [up_mark, down_mark, &"-- +goose", &"-- +migrate"];
    let kept = |lines: &mut dyn Iterator<Item = &str>| -> String {
        lines.filter(|line| !own.iter().any(|mark| is(line, mark))).collect::<Vec<_>>().join("\n")
    };
    let up = kept(&mut text.lines().take_while(|line| !is(line, down_mark)));
    let down = kept(&mut text.lines().skip_while(|line| !is(line, down_mark)));
    (up, Some(down).filter(|down| !down.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Vec<Imported> {
        let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        folder(&files).unwrap()
    }

    fn ids(found: &[Imported]) -> Vec<(&str, &str)> {
        found.iter().map(|one| (one.id.as_str(), one.version.as_str())).collect()
    }

    #[test]
    fn versions_are_numbers() {
        let found = read(&[
            ("R__views.sql", "SELECT 4;"),
            ("V1.10__c.sql", "SELECT 3;"),
            ("V1.9__b.sql", "SELECT 2;"),
            ("U1.9__b.sql", "SELECT 5;"),
            ("V1__a.sql", "SELECT 1;"),
        ]);
        assert_eq!(ids(&found), [("V1__a", "1"), ("V1.9__b", "1.9"), ("V1.10__c", "1.10"), ("R__views", "")]);
        assert_eq!(
            (found[1].down.as_deref(), found[2].revises.as_slice()),
            (Some("SELECT 5;"), &["V1.9__b".to_owned()][..])
        );
    }

    #[test]
    fn every_tools_marks_are_known() {
        for (up, down) in [
            ("-- migrate:up", "-- migrate:down"),
            ("-- +goose Up\n-- +goose StatementBegin", "-- +goose StatementEnd\n-- +goose Down"),
            ("-- +migrate Up", "-- +migrate Down"),
            ("-- Up Migration", "-- Down Migration"),
        ] {
            let found = read(&[("20200101_a.sql", &format!("{up}\nSELECT 1;\n{down}\nSELECT 2;\n"))]);
            assert_eq!(found[0].text(), "-- revises: \nSELECT 1;\n\n-- down\nSELECT 2;\n", "{up}");
        }
        let pair = read(&[("2_b.up.sql", "SELECT 1;"), ("2_b.down.sql", "SELECT 2;"), ("10_c.sql", "SELECT 3;")]);
        assert_eq!(ids(&pair), [("2_b", "2"), ("10_c", "10")]);
        assert_eq!(pair[0].down.as_deref(), Some("SELECT 2;"));
    }
}
