//! What a statement means beyond its words: what psql would have to run besides, for what its
//! directives ask.

use crate::catalog::{Catalog, ConstraintKind};
use crate::change::Change;
use crate::{lower, sql};
use concertina_revisions::{Ident, Statement, TableName};

/// What `with references` adds to a change of a column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Along {
    /// Every column that changes, those of the statement's own words first.
    pub columns: Vec<(TableName, Ident)>,
    /// Statements that change those that its words don't name.
    pub sql: Vec<String>,
    /// The foreign keys at either end of which one of the columns is: what drops each, and what
    /// adds it again.
    pub keys: Vec<(String, String)>,
}

impl Along {
    /// The statement with all that it means, as one would write it by hand.
    pub(crate) fn written_out(&self, own: &str) -> String {
        let dropped = self.keys.iter().map(|(drop, _)| drop.as_str());
        let added = self.keys.iter().map(|(_, add)| add.as_str());
        let all = dropped
            .chain([own])
            .chain(self.sql.iter().map(String::as_str))
            .chain(added);
        all.map(|sql| sql.trim().trim_end_matches(';'))
            .collect::<Vec<_>>()
            .join(";\n")
    }
}

/// What changes along with a statement. Every other directive is about how a statement is run, not
/// about where it ends.
pub fn along(statement: &Statement, catalog: &Catalog) -> Option<Along> {
    if !statement.directives.with_references() {
        return None;
    }
    let mentioned = sql::mentioned(statement.tree.as_ref(), catalog);
    let changes = lower::lower(statement, &mentioned, catalog).ok()?;
    let retyped = changes.iter().filter_map(|change| {
        if let Change::AlterType(new) = change {
            Some(new)
        } else {
            None
        }
    });
    let retyped: Vec<_> = retyped.collect();
    let columns: Vec<_> = retyped
        .iter()
        .map(|new| (new.table.clone(), new.column.clone()))
        .collect();
    let sql = retyped
        .iter()
        .filter(|new| new.like.is_some())
        .map(|new| new.sql.clone())
        .collect();
    let keys = keys(&columns, catalog);
    Some(Along { columns, sql, keys })
}

fn keys(columns: &[(TableName, Ident)], catalog: &Catalog) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for table in &catalog.tables {
        let own = table.full_name();
        for key in table
            .constraints
            .iter()
            .filter(|one| one.kind == ConstraintKind::ForeignKey)
        {
            let concerns = columns.iter().any(|(changed, column)| {
                *changed == own && key.columns.iter().any(|name| name == column.as_str())
                    || key.referenced().as_ref() == Some(changed)
                        && sql::rewrite::pointing_column(key, column).is_some()
            });
            if !concerns {
                continue;
            }
            let (table, name) = (own.sql(), Ident::new(key.name.as_str()).sql());
            let comment = key.comment.as_ref().map_or_else(String::new, |text| {
                format!(
                    "; COMMENT ON CONSTRAINT {name} ON {table} IS {}",
                    Ident::new(text.as_str()).literal()
                )
            });
            let add = format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} {}{comment}",
                key.definition
            );
            found.push((format!("ALTER TABLE {table} DROP CONSTRAINT {name}"), add));
        }
    }
    found
}
