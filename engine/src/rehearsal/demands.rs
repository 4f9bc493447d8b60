//! What made-up rows have to be like for a revision to take them: learnt from how PostgreSQL
//! refuses the author's own statements on them. A revision that says SET NOT NULL means that there
//! is no NULL, and only on such rows can it be compared with its plan.

use std::collections::BTreeSet;
use tokio_postgres::error::{DbError, SqlState};

/// Schema and name of a table, as the server tells them.
type Table = (String, String);

/// What rows have to be like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Demands {
    /// Columns that hold no NULL.
    filled: BTreeSet<(Table, String)>,
    /// Tables that have no value twice in a column.
    distinct: BTreeSet<Table>,
    /// Whether that holds for all columns of all tables.
    everywhere: bool,
    /// What is in columns of text.
    pub(super) texts: Texts,
}

/// What is in columns of text, from one try to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Texts {
    /// Letters, and what the statements name.
    #[default]
    Letters,
    /// Only what the statements name: labels of an enum, or what a check allows.
    Named,
    /// Numbers.
    Numbers,
    /// Days.
    Days,
    /// UUIDs.
    Uuids,
}

/// Why rows were refused, by a statement's SQLSTATE and what the server says it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// NULL where it may not be.
    Null(Table, String),
    /// A value twice, or one that leads nowhere.
    Key(Table),
    /// A value that can't be converted, or that a check refuses.
    Value,
    /// Anything else.
    Other,
}

impl Fault {
    /// What was at fault.
    pub(super) fn of(db: &DbError) -> Fault {
        let table = || {
            let schema = db.schema().unwrap_or_default().to_owned();
            (schema, db.table().unwrap_or_default().to_owned())
        };
        match db.code() {
            code if *code == SqlState::NOT_NULL_VIOLATION => {
                Fault::Null(table(), db.column().unwrap_or_default().to_owned())
            }
            code if *code == SqlState::UNIQUE_VIOLATION
                || *code == SqlState::EXCLUSION_VIOLATION
                || *code == SqlState::FOREIGN_KEY_VIOLATION =>
            {
                Fault::Key(table())
            }
            code if *code == SqlState::CHECK_VIOLATION || code.code().starts_with("22") => {
                Fault::Value
            }
            _ => Fault::Other,
        }
    }
}

impl Demands {
    /// What rows are to be like for another try; nothing where no other rows would help.
    pub(super) fn learnt(&self, fault: &Fault, names_texts: bool) -> Option<Demands> {
        let mut next = self.clone();
        let is_new = match fault {
            Fault::Null(table, column) => next.filled.insert((table.clone(), column.clone())),
            Fault::Key(table) => next.distinct.insert(table.clone()),
            Fault::Value => {
                next.texts = self.texts.next(names_texts)?;
                true
            }
            Fault::Other => return None,
        };
        // What it is called by now may not be its name in the beginning.
        if !is_new {
            if self.everywhere {
                return None;
            }
            next.everywhere = true;
        }
        Some(next)
    }

    /// Whether a column holds no NULL.
    pub(super) fn is_filled(&self, schema: &str, table: &str, column: &str) -> bool {
        let table = (schema.to_owned(), table.to_owned());
        self.everywhere || self.filled.contains(&(table, column.to_owned()))
    }

    /// Whether a table has no value twice in a column.
    pub(super) fn is_distinct(&self, schema: &str, table: &str) -> bool {
        self.everywhere
            || self
                .distinct
                .contains(&(schema.to_owned(), table.to_owned()))
    }
}

impl Texts {
    fn next(self, names_texts: bool) -> Option<Texts> {
        match self {
            Texts::Letters if names_texts => Some(Texts::Named),
            Texts::Letters | Texts::Named => Some(Texts::Numbers),
            Texts::Numbers => Some(Texts::Days),
            Texts::Days => Some(Texts::Uuids),
            Texts::Uuids => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        ("public".to_owned(), "t".to_owned())
    }

    #[test]
    fn a_column_is_filled_and_then_all_are() {
        let fault = Fault::Null(table(), "a".to_owned());
        let once = Demands::default().learnt(&fault, false).expect("first");
        assert!(once.is_filled("public", "t", "a"));
        assert!(!once.is_filled("public", "t", "b"));
        let twice = once.learnt(&fault, false).expect("second");
        assert!(twice.is_filled("public", "u", "b"));
        assert_eq!(twice.learnt(&fault, false), None);
    }

    #[test]
    fn texts_are_tried_to_their_end() {
        let mut demands = Demands::default();
        let mut tried = vec![demands.texts];
        while let Some(next) = demands.learnt(&Fault::Value, true) {
            tried.push(next.texts);
            demands = next;
        }
        let all = [
            Texts::Letters,
            Texts::Named,
            Texts::Numbers,
            Texts::Days,
            Texts::Uuids,
        ];
        assert_eq!(tried, all);
        assert_eq!(Demands::default().learnt(&Fault::Other, true), None);
    }
}
