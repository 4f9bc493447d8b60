//! A revision file's text, and places in it.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One file: where it came from and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as the user would write it; shown in diagnostics.
    pub path: PathBuf,
    /// The whole text, UTF-8.
    pub text: String,
}

impl Source {
    /// A source from a path and a text; nothing is read from disk.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Source {
        Source {
            path: path.into(),
            text: text.into(),
        }
    }

    /// The file's name without folder and ending: the revision's id.
    pub fn stem(&self) -> String {
        Path::new(&self.path)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The text that a span covers; empty when the span lies outside of the text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Line and column of a byte offset, both counted from 1; columns count characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |tail| tail.chars().count())
            + 1;
        (line, column)
    }
}

/// A range of bytes in a [`Source`]: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span of `text` from byte `start` on.
    pub fn of(start: usize, text: &str) -> Span {
        Span {
            start,
            end: start + text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let source = Source::new("a.sql", "SELECT 1;\nSELECT 'ü', 2;");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(10), (2, 1));
        assert_eq!(
            source.line_column(source.text.find(", 2").unwrap_or(0)),
            (2, 11)
        );
    }

    #[test]
    fn the_stem_is_the_id() {
        assert_eq!(
            Source::new("revisions/20260214_0002_tenants.sql", "").stem(),
            "20260214_0002_tenants"
        );
    }
}
