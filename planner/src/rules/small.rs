//! Tables that one statement reads or rewrites in a moment.

use crate::catalog::{Catalog, TableKind};
use concertina_revisions::TableName;

/// A table of at most so many blocks (of 8 KiB) is written as its author says when it can't be done
/// in batches.
pub(super) const SMALL_TABLE_BLOCKS: u64 = 128;

/// Whether it is a table of few blocks, with all that is below it.
pub(super) fn is_small(name: &TableName, catalog: &Catalog) -> bool {
    blocks(name, catalog).is_some_and(|blocks| blocks <= SMALL_TABLE_BLOCKS)
}

/// The blocks of a table and of all that is below it; none where its rows lie elsewhere.
fn blocks(name: &TableName, catalog: &Catalog) -> Option<u64> {
    let table = catalog.table(name)?;
    match table.kind {
        // Those of its leaves are counted with it.
        TableKind::Partitioned => Some(table.pages),
        TableKind::Plain => {
            let children = table
                .children
                .iter()
                .map(|(schema, child)| TableName::new(schema.as_str(), child.as_str()));
            children
                .map(|child| blocks(&child, catalog))
                .try_fold(table.pages, |all, one| Some(all + one?))
        }
        TableKind::Foreign | TableKind::View | TableKind::Materialized => None,
    }
}
