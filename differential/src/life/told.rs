//! What `check` tells before a run, as far as it bears on how the end is judged.

use crate::program::{Said, Told};

/// What was told beforehand.
#[derive(Debug, Default)]
pub(super) struct Foretold {
    /// Whether something was told of a statement after which a table may refuse more.
    pub(super) refuses: bool,
    /// How many tables were told to have a column that moves.
    pub(super) moves: usize,
    /// Whether something was told to be there only at contract.
    pub(super) late: bool,
    /// Statements of which it was told that a rollback leaves what they did.
    pub(super) remains: Vec<String>,
}

impl Foretold {
    pub(super) fn by(check: &Said, files: &[String]) -> Foretold {
        let all = check.told();
        let at = |told: &Told| statement_at(files, told);
        let moves = |told: &&Told| told.code == "H10" && !crate::tags::only_renames(&at(told));
        Foretold {
            refuses: all.iter().any(|told| crate::tags::refuses(&at(told))),
            moves: all.iter().filter(moves).count(),
            late: all.iter().any(|told| told.code == "H12"),
            remains: all
                .iter()
                .filter(|told| told.code == "H13")
                .map(at)
                .collect(),
        }
    }
}

/// The statement that something was told of; all of the file where it can't be found.
fn statement_at(files: &[String], told: &Told) -> String {
    // `revisions/001_change.sql`, as they were written.
    let number = told
        .file
        .split('/')
        .next_back()
        .and_then(|name| name.get(..3))
        .and_then(|digits| digits.parse().ok());
    let Some(file) = number.and_then(|number: usize| files.get(number.wrapping_sub(1))) else {
        return String::new();
    };
    let Ok(all) = pg_query::split_with_parser(file) else {
        return file.clone();
    };
    let mut line = 1;
    let mut rest = file.as_str();
    for statement in all {
        let Some((before, after)) = rest.split_once(statement) else {
            return file.clone();
        };
        line += before.matches('\n').count() + statement.matches('\n').count();
        if told.line <= line as u64 {
            return statement.to_owned();
        }
        rest = after;
    }
    file.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_of_a_line_is_found() {
        let files = [
            "SELECT 1;\n".to_owned(),
            "SELECT 2;\nSELECT\n  3;\n/* ; */ ;\nSELECT 4;\n".to_owned(),
        ];
        let at = |line: u64| {
            let told = Told {
                code: "H02".to_owned(),
                file: "revisions/002_change.sql".to_owned(),
                line,
            };
            statement_at(&files, &told)
                .trim()
                .trim_start_matches("/* ; */ ;")
                .trim()
                .to_owned()
        };
        assert_eq!(
            [at(1), at(2), at(3), at(5)],
            ["SELECT 2", "SELECT\n  3", "SELECT\n  3", "SELECT 4"]
        );
    }
}
