//! What came of a case.

use std::collections::BTreeSet;
use std::fmt;

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The same end as psql's, and the same start on the way back.
    Same,
    /// psql refuses it, and so did we.
    BothRefuse,
    /// Refused before anything changed, though psql runs it.
    Refused {
        /// The codes, or the preflight checks, that refused it.
        codes: BTreeSet<String>,
    },
    /// Another end.
    Differs(Difference),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Same => write!(f, "the same end as psql's"),
            Verdict::BothRefuse => write!(f, "psql refuses it, and so did we"),
            Verdict::Refused { codes } => {
                let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
                write!(f, "refused before anything changed: {}", codes.join(", "))
            }
            Verdict::Differs(difference) => {
                write!(f, "{}", difference.signature())?;
                difference
                    .details
                    .iter()
                    .try_for_each(|line| write!(f, "\n  {line}"))
            }
        }
    }
}

/// How an end differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In which manner.
    pub manner: Manner,
    /// What differs, in detail.
    pub details: Vec<String>,
}

/// The manners of differing, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manner {
    /// The program panicked.
    Panic,
    /// It didn't end.
    Hang,
    /// Done, and the rows aren't psql's.
    Rows,
    /// Done, and the schema isn't psql's.
    Schema,
    /// Done, and a sequence stands elsewhere.
    Positions,
    /// Done, though psql refuses it.
    PsqlRefuses,
    /// Done, and something of ours is left, or our records say otherwise.
    Leftovers,
    /// An application's query failed or stalled, or what it wrote is gone.
    Application,
    /// It failed after it had changed something.
    HalfWay,
    /// No verb leads on or back.
    DeadEnd,
    /// Rolled back, and it isn't the start.
    NotRolledBack,
    /// Down again, and it isn't the start.
    NotDown,
    /// Up a second time, and it isn't psql's end.
    NotUpAgain,
    /// A column moved, and no hazard said so.
    Moved,
    /// It failed with a server's error that it should have foreseen, though nothing changed.
    BareError,
    /// `check` said yes, `upgrade` no.
    CheckSaidYes,
    /// `check` said no, `upgrade` yes.
    CheckSaidNo,
    /// The rehearsal refused what ends as psql's without it.
    FalseRefusal,
}

impl Manner {
    /// Its name in reports and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Manner::Panic => "panic",
            Manner::Hang => "hang",
            Manner::Rows => "rows",
            Manner::Schema => "schema",
            Manner::Positions => "positions",
            Manner::PsqlRefuses => "psql refuses",
            Manner::Leftovers => "leftovers",
            Manner::Application => "application",
            Manner::HalfWay => "half way",
            Manner::DeadEnd => "dead end",
            Manner::NotRolledBack => "not rolled back",
            Manner::NotDown => "not down",
            Manner::NotUpAgain => "not up again",
            Manner::Moved => "moved",
            Manner::BareError => "bare error",
            Manner::CheckSaidYes => "check said yes",
            Manner::CheckSaidNo => "check said no",
            Manner::FalseRefusal => "false refusal",
        }
    }

    /// Whether the end was wrong without a word.
    #[must_use]
    pub fn is_silent(self) -> bool {
        matches!(
            self,
            Manner::Rows
                | Manner::Schema
                | Manner::Positions
                | Manner::PsqlRefuses
                | Manner::Leftovers
        )
    }
}

impl Difference {
    /// A difference with what differs.
    #[must_use]
    pub fn new(manner: Manner, details: Vec<String>) -> Difference {
        Difference { manner, details }
    }

    /// The first words of each thing that differs, without names.
    #[must_use]
    pub fn heads(&self) -> BTreeSet<String> {
        match self.manner {
            Manner::Rows | Manner::Positions | Manner::Moved | Manner::Hang => BTreeSet::new(),
            Manner::HalfWay
            | Manner::DeadEnd
            | Manner::BareError
            | Manner::NotUpAgain
            | Manner::PsqlRefuses => {
                // An error is told by its code; its words are the part's that met it.
                let codes: BTreeSet<String> =
                    self.details.iter().flat_map(|line| codes(line)).collect();
                if codes.is_empty() {
                    self.word_heads()
                } else {
                    codes
                }
            }
            Manner::Panic
            | Manner::Schema
            | Manner::Leftovers
            | Manner::Application
            | Manner::NotRolledBack
            | Manner::NotDown
            | Manner::CheckSaidYes
            | Manner::FalseRefusal
            | Manner::CheckSaidNo => self.word_heads(),
        }
    }

    fn word_heads(&self) -> BTreeSet<String> {
        let mut heads = BTreeSet::new();
        for line in &self.details {
            let other = self.details.iter().find(|other| is_other_form(line, other));
            heads.insert(match other {
                Some(other) => changed_words(line, other),
                None => words(line),
            });
        }
        heads.retain(|words| !words.is_empty());
        heads
    }

    /// The manner and the heads, as text.
    #[must_use]
    pub fn signature(&self) -> String {
        let heads: Vec<String> = self.heads().into_iter().collect();
        if heads.is_empty() {
            self.manner.name().to_owned()
        } else {
            format!("{}: {}", self.manner.name(), heads.join(" / "))
        }
    }

    /// Whether a smaller case differs as this one does: in the same manner, in nothing else, and
    /// not in nothing.
    #[must_use]
    pub fn is_in(&self, larger: &Difference) -> bool {
        let (own, all) = (self.heads(), larger.heads());
        self.manner == larger.manner && own.is_empty() == all.is_empty() && own.is_subset(&all)
    }
}

/// Where a line of a dump tells which part of a statement it is:
/// `- CREATE TABLE public.t ( .. a int`, up to the `a`.
fn part_of(line: &str) -> Option<(char, &str)> {
    let mut letters = line.chars();
    let sign = letters.next().filter(|sign| matches!(sign, '+' | '-'))?;
    let text = letters.as_str();
    let (head, rest) = text.split_once(" .. ")?;
    let name = rest.split_whitespace().next()?;
    Some((sign, &text[..head.len() + " .. ".len() + name.len()]))
}

/// Whether two lines are what is there and what is wanted of one part.
fn is_other_form(one: &str, other: &str) -> bool {
    match (part_of(one), part_of(other)) {
        (Some((sign, part)), Some((other_sign, other_part))) => {
            sign != other_sign && part == other_part
        }
        _ => false,
    }
}

/// The words that only one of two forms has, so that what both have tells no kinds apart:
/// `CREATE TABLE: - COLLATE`.
fn changed_words(one: &str, other: &str) -> String {
    let (wanted, found) = if one.starts_with('-') {
        (one, other)
    } else {
        (other, one)
    };
    let all = |line: &str| -> Vec<String> {
        words_of(line.split_once(" .. ").map_or("", |(_, rest)| rest)).collect()
    };
    let (wanted, found) = (all(wanted), all(found));
    let lacks: Vec<&str> = wanted
        .iter()
        .filter(|word| !found.contains(word))
        .map(String::as_str)
        .collect();
    let more: Vec<&str> = found
        .iter()
        .filter(|word| !wanted.contains(word))
        .map(String::as_str)
        .collect();
    let what = words(one)
        .split(' ')
        .filter(|word| word.len() > 1)
        .take(2)
        .collect::<Vec<_>>()
        .join(" ");
    let sign = |sign: &str, words: &[&str]| {
        if words.is_empty() {
            String::new()
        } else {
            format!(" {sign} {}", words.join(" "))
        }
    };
    format!("{what}..{}{}", sign("-", &lacks), sign("+", &more))
}

/// A code of an error: a server's, such as 42P01, or one of ours, such as C104.
fn is_code(word: &str) -> bool {
    let begins = word.len() == 5 || word.starts_with(|c: char| c.is_ascii_uppercase());
    matches!(word.len(), 3..=5)
        && begins
        && word
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        && word.chars().filter(char::is_ascii_digit).count() > 1
}

/// The codes of the server's errors in a line.
fn codes(line: &str) -> Vec<String> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| word.len() == 5 && is_code(word))
        .map(str::to_owned)
        .collect()
}

/// The words of a line that are PostgreSQL's: capitals, and codes of errors.
fn words(line: &str) -> String {
    let sign = line
        .chars()
        .next()
        .filter(|c| matches!(c, '+' | '-'))
        .map(|c| c.to_string());
    sign.into_iter()
        .chain(words_of(line).take(4))
        .collect::<Vec<_>>()
        .join(" ")
}

fn words_of(line: &str) -> impl Iterator<Item = String> {
    let is_capital = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let clean = |word: &str| {
        word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '-')
            .to_owned()
    };
    line.split_whitespace()
        .map(clean)
        .filter(move |word| is_capital(word) || is_code(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_part_of_a_signature() {
        let one = Difference::new(
            Manner::Schema,
            vec!["- COMMENT ON COLUMN public.t.a IS 'x';".to_owned()],
        );
        let other = Difference::new(
            Manner::Schema,
            vec!["- COMMENT ON COLUMN attic.u.b IS 'y';".to_owned()],
        );
        assert_eq!(one.signature(), other.signature());
        assert_eq!(one.signature(), "schema: - COMMENT ON COLUMN IS");
        let lines = [
            "- CREATE TABLE t ( .. a text DEFAULT 'x' COLLATE y",
            "+ CREATE TABLE t ( .. a text DEFAULT 'x'",
        ];
        let forms = Difference::new(Manner::Schema, lines.map(str::to_owned).to_vec());
        assert_eq!(forms.signature(), "schema: CREATE TABLE.. - COLLATE");
        let error = Difference::new(
            Manner::HalfWay,
            vec!["error: add column t.a: 42701: column exists".to_owned()],
        );
        assert_eq!(error.signature(), "half way: 42701");
        let code = Difference::new(Manner::CheckSaidYes, vec!["C104".to_owned()]);
        assert_eq!(code.signature(), "check said yes: C104");
    }

    #[test]
    fn a_smaller_difference_has_some_of_the_larger_ones_heads() {
        let line = |text: &str| text.to_owned();
        let larger = Difference::new(
            Manner::Schema,
            vec![line("- COMMENT ON INDEX i"), line("+ CREATE VIEW v")],
        );
        let smaller = Difference::new(Manner::Schema, vec![line("+ CREATE VIEW w")]);
        assert!(smaller.is_in(&larger) && !larger.is_in(&smaller));
        assert!(!Difference::new(Manner::Schema, vec![]).is_in(&larger));
    }
}
