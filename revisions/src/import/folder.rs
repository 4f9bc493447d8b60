//! Folders of numbered SQL: plain files, Flyway's names, pairs of `.up.sql` and `.down.sql` (sqlx,
//! golang-migrate), and files in which marks divide the way up from the way down (dbmate, goose,
//! sql-migrate, node-pg-migrate).

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
        let Some(stem) = name.strip_suffix(".sql") else {
            continue;
        };
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
        let nothing = Diagnostic::error(code::EMPTY, "the directory holds no .sql file");
        return Err(vec![
            nothing.help("name the directory that holds the numbered files"),
        ]);
    }
    numbered.sort_by(|a, b| (a.1, &a.0, &a.2).cmp(&(b.1, &b.0, &b.2)));
    let mut before: Vec<String> = vec![];
    let chain = numbered.into_iter().map(|(.., mut imported)| {
        imported.revises = std::mem::replace(&mut before, vec![imported.id.clone()]);
        imported
    });
    Ok(chain.collect())
}

/// Whether a file became a revision, or its way back.
pub fn is_used(name: &str, imported: &[Imported]) -> bool {
    let Some(stem) = name.strip_suffix(".sql") else {
        return false;
    };
    let is = |stem: &str| {
        imported
            .iter()
            .any(|one| one.id == stem && one.down.is_some())
    };
    match stem.strip_suffix(".down") {
        Some(up) => is(up),
        None if is_undo(stem) => imported
            .iter()
            .any(|one| one.down.is_some() && one.version == version(stem)),
        None => true,
    }
}

/// The tool whose marks or names the files of a folder have, where they mean something else than
/// revisions: a part that goes down, or another order.
pub fn recognised(files: &[(String, &str)]) -> Option<&'static str> {
    let has = |name: &str| files.iter().any(|(other, _)| other == name);
    let is_pair = |name: &str| {
        name.strip_suffix(".up.sql")
            .is_some_and(|stem| has(&format!("{stem}.down.sql")))
    };
    if files.iter().any(|(name, _)| is_pair(name)) {
        return Some("golang-migrate or sqlx: each .up.sql has a .down.sql");
    }
    for (_, text) in files {
        let says = |mark: &str| {
            text.lines()
                .any(|line| line.trim().to_lowercase().starts_with(mark))
        };
        let is = |mark: &str| text.lines().any(|line| line.trim().to_lowercase() == mark);
        for ((up, down), tool) in MARKS.into_iter().zip(["dbmate", "goose", "sql-migrate"]) {
            if says(up) || says(down) {
                return Some(tool);
            }
        }
        if is("-- up migration") && is("-- down migration") {
            return Some("node-pg-migrate");
        }
    }
    let is_ours = files
        .iter()
        .any(|(_, text)| text.lines().any(|line| line.starts_with("-- revises:")));
    let stems: Vec<&str> = files
        .iter()
        .filter_map(|(name, _)| name.strip_suffix(".sql"))
        .collect();
    let is_flyway =
        |stem: &&str| stem.starts_with(['V', 'R']) && stem.contains("__") || is_undo(stem);
    let versions = stems
        .iter()
        .filter(|stem| stem.starts_with('V'))
        .map(|stem| numbers(&version(stem)));
    let in_order = versions.collect::<Vec<_>>().is_sorted();
    let goes_wrong = !in_order
        || stems
            .iter()
            .any(|stem| is_undo(stem) || stem.starts_with("R__"));
    (!is_ours && !stems.is_empty() && stems.iter().all(is_flyway) && goes_wrong).then_some("Flyway")
}

/// `U2__name`, Flyway's way back of `V2__name`.
fn is_undo(stem: &str) -> bool {
    stem.strip_prefix('U')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains("__"))
}

fn undo_of(stem: &str, files: &[(String, String)]) -> Option<String> {
    let version = version(stem);
    let is_it = |name: &str| {
        let Some(other) = name.strip_suffix(".sql") else {
            return false;
        };
        other == format!("{stem}.down")
            || (is_undo(other) && stem.starts_with('V') && self::version(other) == version)
    };
    files
        .iter()
        .find(|(name, _)| is_it(name))
        .map(|(_, text)| text.clone())
}

/// What tools keep of a name: its leading number.
fn version(stem: &str) -> String {
    let bare = stem
        .strip_prefix(['V', 'U'])
        .filter(|_| stem.contains("__"))
        .unwrap_or(stem);
    let end = match bare.find("__").filter(|_| bare.len() < stem.len()) {
        Some(end) => end,
        None => bare
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(bare.len()),
    };
    bare[..end].to_owned()
}

/// Versions are compared number by number: 1.10 comes after 1.9.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split(['.', '_'])
        .map(|part| part.parse().unwrap_or(u64::MAX))
        .collect()
}

/// The way up and the way down; the tools' own lines are left out.
fn parts(text: &str) -> (String, Option<String>) {
    let is = |line: &str, mark: &str| line.trim().to_lowercase().starts_with(mark);
    let Some((up_mark, down_mark)) = MARKS
        .iter()
        .find(|(up, _)| text.lines().any(|line| is(line, up)))
    else {
        return (text.to_owned(), None);
    };
    let own = [up_mark, down_mark, &"-- +goose", &"-- +migrate"];
    let kept = |lines: &mut dyn Iterator<Item = &str>| -> String {
        lines
            .filter(|line| !own.iter().any(|mark| is(line, mark)))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let up = kept(&mut text.lines().take_while(|line| !is(line, down_mark)));
    let down = kept(&mut text.lines().skip_while(|line| !is(line, down_mark)));
    (up, Some(down).filter(|down| !down.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Vec<Imported> {
        let files: Vec<_> = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        folder(&files).unwrap()
    }

    fn ids(found: &[Imported]) -> Vec<(&str, &str)> {
        found
            .iter()
            .map(|one| (one.id.as_str(), one.version.as_str()))
            .collect()
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
        assert_eq!(
            ids(&found),
            [
                ("V1__a", "1"),
                ("V1.9__b", "1.9"),
                ("V1.10__c", "1.10"),
                ("R__views", "")
            ]
        );
        assert_eq!(
            (found[1].down.as_deref(), found[2].revises.as_slice()),
            (Some("SELECT 5;"), &["V1.9__b".to_owned()][..])
        );
    }

    #[test]
    fn folders_of_others_are_recognised_and_ours_are_not() {
        let tool = |files: &[(&str, &'static str)]| {
            let files: Vec<_> = files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), *text))
                .collect();
            recognised(&files)
        };
        assert!(tool(&[("1_a.up.sql", ""), ("1_a.down.sql", "")]).is_some());
        assert_eq!(
            tool(&[("1.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n")]),
            Some("dbmate")
        );
        assert_eq!(
            tool(&[("1.sql", "-- +goose Up\nSELECT 1;\n")]),
            Some("goose")
        );
        assert_eq!(
            tool(&[("1.sql", "-- +migrate Up\nSELECT 1;\n")]),
            Some("sql-migrate")
        );
        assert_eq!(
            tool(&[("V10__b.sql", ""), ("V9__a.sql", "")]),
            Some("Flyway")
        );
        assert_eq!(
            tool(&[("U1__a.sql", ""), ("V1__a.sql", "")]),
            Some("Flyway")
        );
        assert_eq!(
            tool(&[
                ("V10__b.sql", "-- revises: V9__a\n"),
                ("V9__a.sql", "-- revises: \n")
            ]),
            None
        );
        assert_eq!(tool(&[("V1__a.sql", ""), ("V2__b.sql", "")]), None);
        assert_eq!(
            tool(&[
                ("1_a.sql", "-- up migration of leads\nSELECT 1;\n-- down\n"),
                ("2.up.sql", "")
            ]),
            None
        );
    }

    #[test]
    fn every_tools_marks_are_known() {
        for (up, down) in [
            ("-- migrate:up", "-- migrate:down"),
            (
                "-- +goose Up\n-- +goose StatementBegin",
                "-- +goose StatementEnd\n-- +goose Down",
            ),
            ("-- +migrate Up", "-- +migrate Down"),
            ("-- Up Migration", "-- Down Migration"),
        ] {
            let found = read(&[(
                "20200101_a.sql",
                &format!("{up}\nSELECT 1;\n{down}\nSELECT 2;\n"),
            )]);
            assert_eq!(
                found[0].text(),
                "-- revises: \nSELECT 1;\n\n-- down\nSELECT 2;\n",
                "{up}"
            );
        }
        let pair = read(&[
            ("2_b.up.sql", "SELECT 1;"),
            ("2_b.down.sql", "SELECT 2;"),
            ("10_c.sql", "SELECT 3;"),
        ]);
        assert_eq!(ids(&pair), [("2_b", "2"), ("10_c", "10")]);
        assert_eq!(pair[0].down.as_deref(), Some("SELECT 2;"));
    }
}
