//! Which columns that a revision made have values by now.

use crate::catalog::{Catalog, Column};
use crate::change::{Change, Update};
use crate::footprint::Thing;
use crate::touches;
use concertina_revisions::TableName;
use std::sync::Arc;

impl Catalog {
    /// The columns that an UPDATE names get values; all, where not every one is known.
    pub(super) fn write_by(&mut self, update: &Update) {
        let known = |name: &str| {
            update
                .sets
                .iter()
                .any(|(column, _)| column.as_str() == name)
        };
        self.write(&update.table, |column| {
            update.whole.is_some() || known(column)
        });
    }

    /// Columns of the revision get values, in a table and in what shares its rows.
    pub(super) fn write(&mut self, table: &TableName, is_written: impl Fn(&str) -> bool) {
        let root = self.root(table);
        for member in self.below(&root).into_iter().chain([root]) {
            let written =
                |column: &Column| column.is_new && !column.is_written && is_written(&column.name);
            if self
                .table(&member)
                .is_some_and(|table| table.columns.iter().any(written))
            {
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

    /// Columns get values from what others write along with a statement.
    pub(super) fn write_along(&mut self, change: &Change, before: &Catalog) {
        for access in touches::written_along(change, before).accesses {
            if access.thing == Thing::AnyRows {
                self.write_anywhere();
            } else if let Thing::Rows(table, column) = access.thing {
                self.write(&table, |name| {
                    column.as_ref().is_none_or(|column| column.as_str() == name)
                });
            }
        }
    }

    /// Any column of the revision may have values from here on.
    pub(super) fn write_anywhere(&mut self) {
        let fresh = |column: &Column| column.is_new && !column.is_written;
        let tables = self
            .tables
            .iter_mut()
            .filter(|table| table.columns.iter().any(fresh));
        for table in tables.map(Arc::make_mut) {
            table
                .columns
                .iter_mut()
                .for_each(|column| column.is_written |= column.is_new);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::Work;
    use crate::{Catalog, Table, plan};
    use concertina_revisions::{Revision, RevisionId};

    /// What tells the rows of the last fill that are still to do.
    fn still_to_do(before: &str) -> String {
        let text = format!("{before}; UPDATE leads SET b = id * 2");
        let revision = Revision::from_text(&RevisionId::new("r"), &text).expect("valid SQL");
        let leads = Table::new("leads").rows(1_000_000).column("id", "bigint");
        let other = Table::new("other").rows(10).column("id", "bigint");
        let plan = plan(&revision, &Catalog::of([leads, other])).expect("a plan");
        let steps = plan.backfill.iter().chain(&plan.contract).rev();
        let mut fills = steps.filter_map(|step| match &step.work {
            Work::Backfill { backfill } => Some(backfill.predicate.clone()),
            Work::Quick { .. } | Work::Slow { .. } => None,
        });
        fills.next().expect("a fill")
    }

    #[test]
    fn only_a_column_that_nobody_wrote_is_known_to_be_null() {
        let null = "leads.b IS NULL";
        let add = "ALTER TABLE leads ADD COLUMN b bigint";
        assert!(still_to_do(add).contains(null));
        for written in [
            "ALTER TABLE leads ADD COLUMN b bigint DEFAULT 0; ALTER TABLE leads ALTER b DROP DEFAULT".to_owned(),
            format!("{add}; INSERT INTO leads (id, b) VALUES (-1, 7)"),
            format!("{add}; UPDATE leads SET b = id WHERE id < 5"),
            format!("{add}; WITH w AS (UPDATE leads SET b = 1 RETURNING 1) UPDATE other SET id = 0 FROM w"),
            format!("{add}; DO $$ BEGIN UPDATE leads SET b = 1; END $$"),
        ] {
            assert!(!still_to_do(&written).contains(null), "{written}: {}", still_to_do(&written));
        }
    }
}
