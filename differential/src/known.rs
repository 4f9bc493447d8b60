//! Differences that are known: one file a kind, shrunk, with what is right.

use crate::Broken;
use crate::case::{Case, Head};
use crate::verdict::Difference;
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
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
        paths.sort();
        for path in paths {
            let text = std::fs::read_to_string(&path)?;
            let (case, head) =
                Case::parse(&text).map_err(|error| Broken::File(format!("{}: {error}", path.display())))?;
            cases.push((path, case, head));
        }
        Ok(Known { cases })
    }

    /// Whether a difference of these kinds of statement is one of an open case's kind.
    #[must_use]
    pub fn explains(&self, fingerprint: &Fingerprint) -> bool {
        let open = self.cases.iter().filter(|(_, _, head)| !head.fixed);
        open.filter_map(|(_, _, head)| Fingerprint::parse(&head.fingerprint)).any(|known| known.explains(fingerprint))
    }
}

/// What tells one kind of difference from another: how it differs, and of which kinds its statements are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    signature: String,
    kinds: Vec<String>,
}

impl Fingerprint {
    /// Of a difference and the statements of its case.
    #[must_use]
    pub fn new(difference: &Difference, case: &Case) -> Fingerprint {
        let mut kinds: Vec<String> = case.revisions.iter().flatten().map(|one| spelled(&one.text())).collect();
        kinds.dedup();
        Fingerprint { signature: difference.signature(), kinds }
    }

    /// Reads what [`Fingerprint::text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Fingerprint> {
        let (signature, kinds) = text.split_once(" <- ")?;
        Some(Fingerprint { signature: signature.to_owned(), kinds: kinds.split("; ").map(str::to_owned).collect() })
    }

    /// As files and reports have it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} <- {}", self.signature, self.kinds.join("; "))
    }

    /// Whether a larger case has the statements of this one, in order, and differs in the same way.
    #[must_use]
    pub fn explains(&self, larger: &Fingerprint) -> bool {
        let mut rest = larger.kinds.iter();
        self.signature == larger.signature && self.kinds.iter().all(|kind| rest.any(|other| other == kind))
    }
}

/// A statement's words without its names and values: `ALTER TABLE ALTER COLUMN SET NOT NULL`.
fn spelled(sql: &str) -> String {
    const WORDS_MAX: usize = 9;
    let mut words = Vec::new();
    let mut depth = 0_i32;
    for word in sql.split_whitespace() {
        let outside = depth == 0;
        depth += word.matches('(').count() as i32 - word.matches(')').count() as i32;
        let clean = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
        if outside && clean.len() > 1 && clean.chars().all(|c| c.is_ascii_uppercase()) {
            words.push(clean.to_owned());
        }
    }
    words.truncate(WORDS_MAX);
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Way;
    use crate::sql::Sql;
    use crate::verdict::Manner;

    fn case(statements: &[&str]) -> Case {
        let revisions = vec![statements.iter().map(|text| Sql::marked(text)).collect()];
        Case { setup: vec![], revisions, way: Way::Plain }
    }

    #[test]
    fn a_small_case_explains_a_larger_one() {
        let difference = Difference::new(Manner::Rows, vec![]);
        let small = Fingerprint::new(&difference, &case(&["UPDATE t SET a = 1 WHERE b = 'X'"]));
        let large = Fingerprint::new(&difference, &case(&["DROP VIEW v", "UPDATE u SET x = 5 WHERE y", "DROP VIEW w"]));
        assert_eq!(small.text(), "rows <- UPDATE SET WHERE");
        assert_eq!(Fingerprint::parse(&small.text()), Some(small.clone()));
        assert!(small.explains(&large) && !large.explains(&small));
    }
}
