//! TRUNCATE.

use super::{existing, problem};
use crate::catalog::{Catalog, TableKind};
use crate::change::{Change, Truncate};
use crate::problem::Problem;
use concertina_revisions::TableName;
use concertina_revisions::tree::{DropBehavior, TruncateStmt, node};

pub(super) fn truncate(
    truncate: &TruncateStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let mut tables: Vec<TableName> = Vec::new();
    for relation in &truncate.relations {
        let Some(node::Node::RangeVar(range)) = &relation.node else {
            continue;
        };
        let table = existing(Some(range), catalog)?;
        if range.inh {
            tables.extend(catalog.below(&table));
        }
        tables.push(table);
    }
    if truncate.behavior() == DropBehavior::DropCascade {
        taken_along(&mut tables, catalog);
    }
    tables.sort();
    tables.dedup();
    let is_other = |table: &&TableName| {
        catalog
            .table(table)
            .is_some_and(|table| !matches!(table.kind, TableKind::Plain | TableKind::Partitioned))
    };
    if let Some(other) = tables.iter().find(is_other) {
        return Err(problem::unknown(&format!(
            "TRUNCATE of {}, which isn't a table of this database",
            other.shown()
        )));
    }
    Ok(vec![Change::Truncate(Truncate {
        tables,
        restarts: truncate.restart_seqs,
        sql: sql.to_owned(),
    })])
}

/// The tables that CASCADE empties, too: those that point at one of them, and what is below these.
fn taken_along(tables: &mut Vec<TableName>, catalog: &Catalog) {
    let mut at = 0;
    while let Some(table) = tables.get(at).cloned() {
        at += 1;
        for (other, _) in catalog.referencing(&table) {
            let other = other.full_name();
            for one in std::iter::once(other.clone()).chain(catalog.below(&other)) {
                if !tables.contains(&one) {
                    tables.push(one);
                }
            }
        }
    }
}
