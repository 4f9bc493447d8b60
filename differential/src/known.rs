//! Differences that are known: one file a kind, shrunk, with what is right.

use crate::Broken;
use crate::case::{Case, Head, Way};
use crate::verdict::{Difference, Manner};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The kinds that are known.
#[derive(Debug, Default)]
pub struct Known {
    /// Each file with its case.
    pub cases: Vec<(PathBuf, Case, Head)>,
}

impl Known {
    /// Reads a folder of cases.
    ///
    /// # Errors
    ///
    /// When a file can't be read or isn't a case.
    pub fn read(folder: &Path) -> Result<Known, Broken> {
        let mut cases = Vec::new();
        let entries = std::fs::read_dir(folder).map_err(|error| unread(folder, &error))?;
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
        paths.sort();
        for path in paths {
            cases.push(Known::read_one(&path)?);
        }
        Ok(Known { cases })
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it can't be read or isn't a case.
    pub fn read_one(path: &Path) -> Result<(PathBuf, Case, Head), Broken> {
        let text = std::fs::read_to_string(path).map_err(|error| unread(path, &error))?;
        let (case, head) = Case::parse(&text)
            .map_err(|error| Broken::File(format!("{}: {error}", path.display())))?;
        Ok((path.to_owned(), case, head))
    }

    /// The kinds of open cases.
    pub fn open(&self) -> impl Iterator<Item = Fingerprint> {
        let open = self.cases.iter().filter(|(_, _, head)| !head.fixed);
        open.filter_map(|(_, _, head)| Fingerprint::parse(&head.fingerprint))
    }
}

fn unread(path: &Path, error: &std::io::Error) -> Broken {
    Broken::File(format!("{}: {error}", path.display()))
}

/// What tells one kind of difference from another: how it differs, of which kinds its statements
/// are, and what stood there before them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    manner: String,
    heads: BTreeSet<String>,
    kinds: Vec<String>,
    beside: BTreeSet<String>,
    way: String,
}

/// Words of setups that tell nothing of a kind: nearly every case has them.
const EVERYWHERE: [&str; 24] = [
    "CREATE", "TABLE", "PRIMARY", "KEY", "INSERT", "INTO", "SELECT", "FROM", "AS", "CASE", "WHEN",
    "THEN", "ELSE", "END", "NULL", "ON", "FOR", "VALUES", "TO", "ALTER", "ADD", "OF", "LANGUAGE",
    "VALUE",
];

impl Fingerprint {
    /// Of a difference and its case.
    #[must_use]
    pub fn new(difference: &Difference, case: &Case) -> Fingerprint {
        let mut kinds: Vec<String> = case
            .revisions
            .iter()
            .flatten()
            .map(|one| spelled(&one.text()))
            .collect();
        kinds.dedup();
        let setup = case.setup.iter().flat_map(|one| capitals(&one.text()));
        let beside = setup
            .filter(|word| !EVERYWHERE.contains(&word.as_str()))
            .collect();
        let (manner, way) = (
            difference.manner.name().to_owned(),
            case.way.name().to_owned(),
        );
        Fingerprint {
            manner,
            heads: difference.heads(),
            kinds,
            beside,
            way,
        }
    }

    /// Reads what [`Fingerprint::text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Fingerprint> {
        let (difference, statements) = text.split_once(" <- ")?;
        let (statements, way) = statements
            .split_once(" @ ")
            .unwrap_or((statements, Way::Plain.name()));
        let (statements, beside) = statements.split_once(" | ").unwrap_or((statements, ""));
        let (manner, heads) = difference.split_once(": ").unwrap_or((difference, ""));
        let parts = |text: &str, between: &str| -> Vec<String> {
            text.split(between)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Some(Fingerprint {
            manner: manner.to_owned(),
            heads: parts(heads, " / ").into_iter().collect(),
            kinds: parts(statements, "; "),
            beside: parts(beside, " ").into_iter().collect(),
            way: way.to_owned(),
        })
    }

    /// As files and reports have it.
    #[must_use]
    pub fn text(&self) -> String {
        let join = |all: &BTreeSet<String>, between: &str| {
            all.iter().cloned().collect::<Vec<_>>().join(between)
        };
        let heads = if self.heads.is_empty() {
            String::new()
        } else {
            format!(": {}", join(&self.heads, " / "))
        };
        let beside = if self.beside.is_empty() {
            String::new()
        } else {
            format!(" | {}", join(&self.beside, " "))
        };
        let way = if self.way == Way::Plain.name() {
            String::new()
        } else {
            format!(" @ {}", self.way)
        };
        format!(
            "{}{heads} <- {}{beside}{way}",
            self.manner,
            self.kinds.join("; ")
        )
    }

    /// The same difference of a case, with its statements and its setup as they are spelled there.
    #[must_use]
    pub fn of(&self, case: &Case) -> Fingerprint {
        Fingerprint {
            manner: self.manner.clone(),
            heads: self.heads.clone(),
            ..Fingerprint::new(&Difference::new(Manner::Rows, vec![]), case)
        }
    }

    /// Whether nothing but its statements tells this kind: a larger case can have all of them and
    /// still differ by something else. Then it has to be shrunk before anything is said.
    #[must_use]
    pub fn is_vague(&self) -> bool {
        self.heads.is_empty()
    }

    /// What differs that none of these kinds explains; none at all when they explain everything. A
    /// smallest case is explained by kinds of just its statements, any other by kinds that aren't
    /// vague.
    #[must_use]
    pub fn unexplained<'a>(
        &self,
        kinds: impl Iterator<Item = &'a Fingerprint>,
        is_smallest: bool,
    ) -> Option<BTreeSet<String>> {
        let explains = |known: &&Fingerprint| {
            if is_smallest {
                known.is_kind_of(self)
            } else {
                !known.is_vague() && known.explains(self)
            }
        };
        let mut rest = self.heads.clone();
        let mut met = false;
        for known in kinds.filter(explains) {
            met = true;
            rest.retain(|head| !known.heads.contains(head));
        }
        if met && rest.is_empty() {
            None
        } else {
            Some(rest)
        }
    }

    /// Whether two kinds are one: what this one explains, with nothing more that differs.
    #[must_use]
    pub fn is_one_with(&self, larger: &Fingerprint) -> bool {
        self.explains(larger) && self.heads == larger.heads
    }

    /// Whether a case that was made as small as it can be is of this kind: none of its statements
    /// is there for nothing.
    #[must_use]
    pub fn is_kind_of(&self, smallest: &Fingerprint) -> bool {
        self.explains(smallest) && self.kinds == smallest.kinds
    }

    /// Whether a larger case has all of this one: its statements, in order, what stood there
    /// before, and what differs. What differs when it is run plainly differs whichever way it is
    /// run.
    #[must_use]
    pub fn explains(&self, larger: &Fingerprint) -> bool {
        let mut rest = larger.kinds.iter();
        self.manner == larger.manner
            && (self.way == Way::Plain.name() || self.way == larger.way)
            && self.heads.is_empty() == larger.heads.is_empty()
            && self.heads.is_subset(&larger.heads)
            && self.beside.is_subset(&larger.beside)
            && self
                .kinds
                .iter()
                .all(|kind| rest.any(|other| other == kind))
    }
}

/// The words of a statement that are PostgreSQL's.
fn capitals(sql: &str) -> Vec<String> {
    let words = sql.split(|c: char| !c.is_ascii_alphabetic() && c != '_');
    let is_word =
        |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    words.filter(is_word).map(str::to_owned).collect()
}

/// A statement's words without its names and values: `ALTER TABLE ALTER COLUMN SET NOT NULL`. Of
/// what is in brackets only queries count.
fn spelled(sql: &str) -> String {
    const WORDS_MAX: usize = 9;
    let mut words = Vec::new();
    let mut depth = 0_i32;
    let mut query_at = None;
    for word in sql.split_whitespace() {
        let (opens, closes) = (
            word.matches('(').count() as i32,
            word.matches(')').count() as i32,
        );
        let clean = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
        if opens > 0 && clean == "SELECT" && query_at.is_none() {
            query_at = Some(depth);
        }
        let counts = depth == 0 || query_at.is_some();
        depth += opens - closes;
        if query_at.is_some_and(|at| depth <= at) {
            query_at = None;
        }
        if counts && clean.len() > 1 && clean.chars().all(|c| c.is_ascii_uppercase()) {
            words.push(clean.to_owned());
        }
    }
    words.truncate(WORDS_MAX);
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Sql;

    fn case(statements: &[&str]) -> Case {
        let revisions = vec![statements.iter().map(|text| Sql::marked(text)).collect()];
        Case {
            setup: vec![],
            revisions,
            way: Way::Plain,
        }
    }

    #[test]
    fn a_small_case_explains_a_larger_one() {
        let difference = Difference::new(Manner::Rows, vec![]);
        let small = Fingerprint::new(&difference, &case(&["UPDATE t SET a = 1 WHERE b = 'X'"]));
        let large = Fingerprint::new(
            &difference,
            &case(&["DROP VIEW v", "UPDATE u SET x = 5 WHERE y", "DROP VIEW w"]),
        );
        assert_eq!(small.text(), "rows <- UPDATE SET WHERE");
        assert_eq!(Fingerprint::parse(&small.text()), Some(small.clone()));
        assert!(small.explains(&large) && !large.explains(&small));
    }

    #[test]
    fn what_stood_there_before_tells_kinds_apart() {
        let setup = |text: &str| Case {
            setup: vec![Sql::marked(text)],
            ..case(&["ALTER TABLE t RENAME COLUMN a TO b"])
        };
        let difference = Difference::new(Manner::Schema, vec!["- CREATE STATISTICS x".to_owned()]);
        let one = Fingerprint::new(&difference, &setup("CREATE STATISTICS x ON a, b FROM t"));
        let other = Fingerprint::new(
            &difference,
            &setup("CREATE RULE r AS ON DELETE TO t DO ALSO NOTIFY x"),
        );
        assert!(!one.explains(&other) && !other.explains(&one));
        assert_eq!(
            one.text(),
            "schema: - CREATE STATISTICS <- ALTER TABLE RENAME COLUMN TO | STATISTICS"
        );
        assert_eq!(Fingerprint::parse(&one.text()), Some(one));
    }

    #[test]
    fn what_else_differs_in_a_case_of_a_known_kind_is_not_known() {
        let lines = |lines: &[&str]| {
            Difference::new(
                Manner::Schema,
                lines.iter().map(|&one| one.to_owned()).collect(),
            )
        };
        let renames = case(&["ALTER TABLE t RENAME COLUMN a TO b"]);
        let of = |all: &[&str]| Fingerprint::new(&lines(all), &renames);
        let known = of(&["- COMMENT ON COLUMN public.t.a IS 'x'"]);
        let both = of(&[
            "- COMMENT ON COLUMN public.t.a IS 'x'",
            "- CREATE STATISTICS x",
        ]);
        let rest = both.unexplained([&known].into_iter(), false).unwrap();
        assert_eq!(rest, BTreeSet::from(["- CREATE STATISTICS".to_owned()]));
        let other = of(&["- CREATE STATISTICS x"]);
        assert_eq!(both.unexplained([&known, &other].into_iter(), false), None);
        assert!(known.explains(&both) && !known.is_one_with(&both));
    }

    #[test]
    fn statements_alone_explain_only_a_smallest_case() {
        let rows = Difference::new(Manner::Rows, vec![]);
        let known = Fingerprint::new(&rows, &case(&["UPDATE t SET a = 1 WHERE b"]));
        let larger = Fingerprint::new(&rows, &case(&["UPDATE t SET a = 1 WHERE b", "DROP VIEW v"]));
        assert!(larger.unexplained([&known].into_iter(), false).is_some());
        assert!(larger.unexplained([&known].into_iter(), true).is_some());
        assert_eq!(known.unexplained([&known].into_iter(), true), None);
    }

    #[test]
    fn a_query_in_brackets_counts() {
        assert_eq!(
            spelled("DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 5)"),
            "DELETE FROM WHERE IN SELECT FROM LIMIT"
        );
        assert_eq!(spelled("CREATE TABLE t (a int NOT NULL)"), "CREATE TABLE");
    }
}
