//! The grammar of `-- concertina:` lines, which stand right above the statement they speak of.

use crate::diagnostic::{Diagnostic, code};
use crate::name::Ident;
use crate::nearest::nearest;
use crate::source::{Source, Span};
use std::sync::Arc;

/// A phase named in a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseWord {
    /// Additive work.
    Expand,
    /// Moving data, building and proving.
    Backfill,
    /// Enforcing and removing.
    Contract,
}

/// One wish of the author for one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    /// `workers 4`: how many connections a backfill may use.
    Workers(u16),
    /// `reverse (user_id::text)`: the expression that undoes a change of values.
    Reverse(String),
    /// `phase contract`: runs the statement in that phase.
    Phase(PhaseWord),
    /// `allow blocking`: runs the statement as written although it blocks.
    AllowBlocking,
    /// `key (id)`: walks the table by this unique key and not by its blocks.
    Key(Vec<Ident>),
    /// `idempotent`: the author vouches that applying the UPDATE twice to a row equals applying it
    /// once.
    Idempotent,
    /// `triggers per batch`: triggers that fire once for a statement may fire once for each batch
    /// of it.
    TriggersPerBatch,
    /// `with references`: changes the type of the columns whose foreign keys point at the column,
    /// too.
    WithReferences,
}

const FORMS: [(&str, &str); 8] = [
    ("workers", "workers 4"),
    ("reverse", "reverse (user_id::text)"),
    ("phase", "phase contract"),
    ("allow", "allow blocking"),
    ("key", "key (id)"),
    ("idempotent", "idempotent"),
    ("with", "with references"),
    ("triggers", "triggers per batch"),
];

/// All directives of one statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives(pub Vec<Directive>);

impl Directives {
    /// The number of workers asked for.
    pub fn workers(&self) -> Option<u16> {
        self.0.iter().find_map(|d| {
            if let Directive::Workers(n) = d {
                Some(*n)
            } else {
                None
            }
        })
    }

    /// The phase asked for.
    pub fn phase(&self) -> Option<PhaseWord> {
        self.0.iter().find_map(|d| {
            if let Directive::Phase(phase) = d {
                Some(*phase)
            } else {
                None
            }
        })
    }

    /// The expression that undoes a change of values, where the author gives one.
    pub fn reverse(&self) -> Option<&str> {
        self.0.iter().find_map(|d| {
            if let Directive::Reverse(expression) = d {
                Some(expression.as_str())
            } else {
                None
            }
        })
    }

    /// The key asked for.
    pub fn key(&self) -> Option<&[Ident]> {
        self.0.iter().find_map(|d| {
            if let Directive::Key(key) = d {
                Some(key.as_slice())
            } else {
                None
            }
        })
    }

    /// Whether the author accepts a blocking statement.
    pub fn allows_blocking(&self) -> bool {
        self.0.contains(&Directive::AllowBlocking)
    }

    /// Whether the author vouches for idempotence.
    pub fn idempotent(&self) -> bool {
        self.0.contains(&Directive::Idempotent)
    }

    /// Whether triggers that fire once for a statement may fire once for each batch.
    pub fn allows_triggers_per_batch(&self) -> bool {
        self.0.contains(&Directive::TriggersPerBatch)
    }

    /// Whether columns that point at the one that changes shall change with it.
    pub fn with_references(&self) -> bool {
        self.0.contains(&Directive::WithReferences)
    }
}

/// The text after `-- concertina:` of a comment, if it is one of ours.
pub(crate) fn body(comment: &str) -> Option<&str> {
    comment
        .strip_prefix("--")?
        .trim_start()
        .strip_prefix("concertina:")
        .map(str::trim)
}

/// Reads one directive.
///
/// # Errors
///
/// An unknown word or a missing argument; the diagnostic names the nearest known form.
pub(crate) fn parse(
    text: &str,
    source: &Arc<Source>,
    span: Span,
) -> Result<Directive, Box<Diagnostic>> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let parsed = match word {
        "workers" => rest
            .parse()
            .ok()
            .filter(|n| (1..=64).contains(n))
            .map(Directive::Workers),
        "reverse" => {
            parenthesised(rest).map(|expression| Directive::Reverse(expression.to_owned()))
        }
        "phase" => match rest {
            "expand" => Some(Directive::Phase(PhaseWord::Expand)),
            "backfill" => Some(Directive::Phase(PhaseWord::Backfill)),
            "contract" => Some(Directive::Phase(PhaseWord::Contract)),
            _ => None,
        },
        "allow" => (rest == "blocking").then_some(Directive::AllowBlocking),
        "key" => parenthesised(rest).and_then(columns).map(Directive::Key),
        "with" => (rest == "references").then_some(Directive::WithReferences),
        "triggers" => (rest == "per batch").then_some(Directive::TriggersPerBatch),
        "idempotent" => rest.is_empty().then_some(Directive::Idempotent),
        _ => None,
    };
    parsed.ok_or_else(|| {
        let nearest = nearest(word, FORMS.map(|form| form.0));
        let nearest = FORMS
            .iter()
            .find(|form| Some(form.0) == nearest)
            .map_or("", |form| form.1);
        let known = FORMS.map(|form| form.0).join(", ");
        Box::new(
            Diagnostic::error(code::DIRECTIVE, format!("unknown directive `{text}`"))
                .at(source, span, "not understood")
                .help(format!(
                    "did you mean `-- concertina: {nearest}`? known words: {known}"
                )),
        )
    })
}

fn parenthesised(text: &str) -> Option<&str> {
    text.strip_prefix('(')?
        .strip_suffix(')')
        .map(str::trim)
        .filter(|inner| !inner.is_empty())
}

fn columns(text: &str) -> Option<Vec<Ident>> {
    let name = |part: &str| {
        let part = part.trim();
        match part
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            Some(quoted) => Some(Ident::new(quoted.replace("\"\"", "\""))),
            None if part.chars().all(|c| c.is_alphanumeric() || c == '_') && !part.is_empty() => {
                Some(Ident::new(part.to_lowercase()))
            }
            None => None,
        }
    };
    text.split(',').map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Directive, Box<Diagnostic>> {
        parse(
            text,
            &Arc::new(Source::new("a.sql", text)),
            Span::of(0, text),
        )
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(read("workers 4").unwrap(), Directive::Workers(4));
        assert_eq!(
            read("reverse (user_id::text)").unwrap(),
            Directive::Reverse("user_id::text".into())
        );
        assert_eq!(
            read("phase contract").unwrap(),
            Directive::Phase(PhaseWord::Contract)
        );
        assert_eq!(read("allow blocking").unwrap(), Directive::AllowBlocking);
        assert_eq!(
            read("key (id, \"Weird\"\"One\")").unwrap(),
            Directive::Key(vec!["id".into(), "Weird\"One".into()])
        );
        assert_eq!(read("idempotent").unwrap(), Directive::Idempotent);
        assert_eq!(
            read("triggers per batch").unwrap(),
            Directive::TriggersPerBatch
        );
        assert_eq!(read("with references").unwrap(), Directive::WithReferences);
    }

    #[test]
    fn the_nearest_known_word_is_named() {
        let error = read("worker 4").unwrap_err();
        assert!(error.help.contains("workers 4"), "{}", error.help);
        assert!(
            read("workers 0").is_err()
                && read("workers many").is_err()
                && read("allow reading").is_err()
        );
    }
}
