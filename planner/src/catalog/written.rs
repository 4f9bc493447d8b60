//! Which columns that a revision made have values by now.

use super::{Catalog, Column};
use concertina_revisions::TableName;
use std::sync::Arc;

impl Catalog {
    /// Columns of the revision get values, in a table and in what shares its rows.
    pub(super) fn write(&mut self, table: &TableName, is_written: impl Fn(&str) -> bool) {
        let root = self.root(table);
        for member in self.below(&root).into_iter().chain([root]) {
            let written = |column: &Column| column.is_new && !column.is_written && is_written(&column.name);
            if self.table(&member).is_some_and(|table| table.columns.iter().any(written)) {
                self.alter(&member, |table| {
                    table
                        .columns
                        .iter_mut()
                        .filter(|column| written(column))
                        .for_each(|column| column.is_written = true);
                });
            }
        }
    }

    /// Any column of the revision may have values from here on.
    pub(super) fn write_anywhere(&mut self) {
        let fresh = |column: &Column| column.is_new && !column.is_written;
        let tables = self.tables.iter_mut().filter(|table| table.columns.iter().any(fresh));
        for table in tables.map(Arc::make_mut) {
            table.columns.iter_mut().for_each(|column| column.is_written |= column.is_new);
        }
    }
}
