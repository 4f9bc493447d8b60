//! One file understood: what it is called, what it follows, what it does and how it is undone.

use crate::diagnostic::{Code, Diagnostic, code};
use crate::source::{Source, Span};
use crate::statement::{self, Statement};
use crate::transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A revision's id: the stem of its file.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RevisionId(String);

impl RevisionId {
    /// An id from a file's stem.
    pub fn new(id: impl Into<String>) -> RevisionId {
        RevisionId(id.into())
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 over a revision's statements and parents, in hexadecimal. Comments and layout don't
/// count, so an edit that changes no meaning is no edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checksum(pub String);

/// One revision.
#[derive(Debug, Clone)]
pub struct Revision {
    /// The id.
    pub id: RevisionId,
    /// Its parents; empty for a base, several for a merge.
    pub revises: Vec<RevisionId>,
    /// What people call it: the id's words without its leading numbers.
    pub title: String,
    /// The statements that go up.
    pub up: Vec<Statement>,
    /// The statements below `-- down`, when the author wrote any.
    pub down: Option<Vec<Statement>>,
    /// What it says, as a number.
    pub checksum: Checksum,
    /// The file.
    pub source: Arc<Source>,
    /// Things worth saying that don't stop anything.
    pub notes: Vec<Diagnostic>,
}

impl Revision {
    /// Every word of the file, also of its strings, as it stands and in lower case: whatever it
    /// names is among them. None where it may be about what it doesn't name, such as all tables of
    /// a schema.
    pub fn words(&self) -> Option<BTreeSet<String>> {
        statement::all_words(&self.source)
    }

    /// The first line, as `file:line`, with a backslash in a plain string (`'a\\b'`). With
    /// `standard_conforming_strings = off` a server reads such a string in another way than we do.
    pub fn plain_backslash(&self) -> Option<String> {
        let span = statement::plain_backslashes(&self.source)
            .into_iter()
            .next()?;
        Some(format!(
            "{}:{}",
            self.source.path.display(),
            self.source.line_column(span.start).0
        ))
    }
}

/// A file read but not yet placed: its parents may still be implied.
pub(crate) struct Draft {
    pub(crate) revises: Option<Vec<RevisionId>>,
    pub(crate) revises_span: Span,
    pub(crate) up: Vec<Statement>,
    pub(crate) down: Option<Vec<Statement>>,
    pub(crate) source: Arc<Source>,
    pub(crate) notes: Vec<Diagnostic>,
}

impl Draft {
    pub(crate) fn read(source: Source) -> Result<Draft, Vec<Diagnostic>> {
        let source = Arc::new(source);
        let comments = statement::comments(&source).map_err(|diagnostic| vec![*diagnostic])?;
        let mut revises = None;
        let mut revises_span = Span { start: 0, end: 0 };
        // A file of comments alone says why there is nothing to do.
        let (mut down_from, mut on_purpose) =
            (None, comments.iter().any(|(_, text)| is_prose(text)));
        for (span, text) in comments {
            let words = text.trim_start_matches('-').trim();
            if let Some(parents) = words.strip_prefix("revises:") {
                revises = Some(parents_of(parents));
                revises_span = span;
            } else if words.eq_ignore_ascii_case("empty") {
                on_purpose = true;
            } else if words.eq_ignore_ascii_case("down") && down_from.is_none() {
                down_from = Some(span);
            }
        }
        let end = source.text.len();
        let up_part = Span {
            start: 0,
            end: down_from.map_or(end, |span| span.start),
        };
        let down_part = down_from.map(|span| Span {
            start: span.end,
            end,
        });
        let mut problems = Vec::new();
        let mut notes = Vec::new();
        let mut take = |part| match statement::statements(&source, part) {
            Ok(found) => {
                let is_written = !found.is_empty();
                let left =
                    transaction::taken_out(found, &source, &mut notes).unwrap_or_else(|problem| {
                        problems.push(*problem);
                        Vec::new()
                    });
                (is_written, left)
            }
            Err(found) => {
                problems.extend(found);
                (true, Vec::new())
            }
        };
        // BEGIN and COMMIT alone were written on purpose.
        let (is_written, up) = take(up_part);
        let down = down_part.map(|part| take(part).1);
        if !problems.is_empty() {
            return Err(problems);
        }
        let merges = revises.as_ref().is_some_and(|parents| parents.len() > 1);
        if up.is_empty() && !merges && !on_purpose && !is_written {
            return Err(vec![without_statement(&source)]);
        }
        Ok(Draft {
            revises,
            revises_span,
            up,
            down,
            source,
            notes,
        })
    }

    pub(crate) fn beginning(&self) -> Span {
        beginning(&self.up)
    }

    pub(crate) fn id(&self) -> RevisionId {
        RevisionId::new(self.source.stem())
    }

    pub(crate) fn finish(self, implied: Option<&RevisionId>) -> Revision {
        let id = self.id();
        let revises = self
            .revises
            .unwrap_or_else(|| implied.cloned().into_iter().collect());
        Revision {
            title: title(id.as_str()),
            checksum: checksum(&revises, &self.up, self.down.as_deref()),
            id,
            revises,
            up: self.up,
            down: self.down,
            source: self.source,
            notes: self.notes,
        }
    }
}

impl Revision {
    /// The first statement's place, for what is said of the whole; the file's beginning when it
    /// holds none.
    pub fn beginning(&self) -> Span {
        beginning(&self.up)
    }

    /// Reads a text that isn't a file of the history, such as a derived reverse.
    ///
    /// # Errors
    ///
    /// What [`crate::History::parse`] would say of the same text.
    pub fn from_text(id: &RevisionId, text: &str) -> Result<Revision, Vec<Diagnostic>> {
        Ok(Draft::read(Source::new(format!("{id}.sql"), text))?.finish(None))
    }
}

fn beginning(up: &[Statement]) -> Span {
    up.first()
        .map_or(Span { start: 0, end: 0 }, |first| first.span)
}

/// The ids behind `-- revises:`.
fn parents_of(words: &str) -> Vec<RevisionId> {
    words
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(RevisionId::new)
        .collect()
}

fn without_statement(source: &Source) -> Diagnostic {
    let message = format!("{} holds no statement", source.path.display());
    Diagnostic::error(code::EMPTY, message).help(
        "write SQL above `-- down`, or remove the file; a line `-- empty` says that nothing is meant",
    )
}

/// Whether a comment is for people alone.
fn is_prose(comment: &str) -> bool {
    let words = comment.trim_start_matches('-').trim();
    let ours = words.starts_with("revises:")
        || words.eq_ignore_ascii_case("down")
        || words.starts_with("concertina:");
    !ours && words.chars().any(char::is_alphanumeric)
}

fn title(id: &str) -> String {
    let words: Vec<&str> = id
        .split(['_', '-', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    let first = words.iter().position(|word| {
        !word
            .trim_start_matches('V')
            .chars()
            .all(|c| c.is_ascii_digit())
    });
    first.map_or_else(|| id.to_owned(), |first| words[first..].join(" "))
}

fn checksum(revises: &[RevisionId], up: &[Statement], down: Option<&[Statement]>) -> Checksum {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    revises.iter().for_each(|id| part(id.as_str()));
    for (name, statements) in [("up", Some(up)), ("down", down)] {
        part(name);
        for statement in statements.unwrap_or_default() {
            part(";");
            statement::words(&statement.sql)
                .into_iter()
                .for_each(&mut part);
            part(&format!("{:?}", statement.directives));
        }
    }
    Checksum(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The problem of an applied revision whose file says something else now.
pub fn edited(revision: &Revision) -> Diagnostic {
    Diagnostic::error(Code("C010"), format!("revision {} was applied and has been edited since", revision.id))
        .at(&revision.source, revision.beginning(), "its statements are no longer those that ran")
        .help("restore the file and write a new revision, or accept the new text with `concertina stamp --force`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Revision {
        Revision::from_text(&RevisionId::new("20260214_0003_add_tenant"), text).unwrap()
    }

    #[test]
    fn a_file_has_parents_an_up_and_a_down() {
        let revision = read("-- revises: a, b\nSELECT 1;\n-- down\nSELECT 2; SELECT 3;");
        assert_eq!(
            revision.revises,
            [RevisionId::new("a"), RevisionId::new("b")]
        );
        assert_eq!(
            (revision.up.len(), revision.down.as_ref().map(Vec::len)),
            (1, Some(2))
        );
        assert_eq!(revision.title, "add tenant");
    }

    #[test]
    fn comments_and_layout_do_not_change_the_checksum() {
        let one = read("SELECT  1 ; -- hello");
        assert_eq!(one.checksum, read("/* x */ SELECT 1;").checksum);
        assert_ne!(one.checksum, read("SELECT 2;").checksum);
        assert_ne!(
            one.checksum,
            read("SELECT 1; -- down\n-- down\nSELECT 1;").checksum
        );
    }

    #[test]
    fn a_merge_and_what_says_so_may_be_empty() {
        assert!(read("-- revises: a, b\n").up.is_empty());
        assert!(read("-- revises: a\n-- empty\n").up.is_empty());
        let refused = Revision::from_text(&RevisionId::new("x"), "-- revises: a\n")
            .err()
            .unwrap();
        assert!(refused[0].help.contains("-- empty"), "{}", refused[0]);
        assert!(
            read("--\n-- Raw Python operation\n--\n-- THIS OPERATION CANNOT BE WRITTEN AS SQL")
                .up
                .is_empty()
        );
        assert!(Revision::from_text(&RevisionId::new("x"), "--\n-- down\nSELECT 1;").is_err());
    }
}
