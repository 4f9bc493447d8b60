//! Where tables are in a catalog, by name: a table of thousands of partitions is looked up for each
//! of them.

use super::Table;
use concertina_revisions::TableName;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// So few are looked through as fast as they are looked up.
const FEW: usize = 32;

/// Found out at the first look, shared by clones, and never relied on: tables come and go, and a
/// place may be another's by now.
#[derive(Debug, Clone, Default)]
pub struct Places(OnceLock<Arc<BTreeMap<TableName, usize>>>);

impl Places {
    /// The first of these tables that has the name.
    pub(super) fn find(&self, tables: &[Arc<Table>], name: &TableName) -> Option<usize> {
        let is_there = |at: &usize| tables.get(*at).is_some_and(|table| table.is(name));
        let known = if tables.len() > FEW {
            self.of(tables).get(name).copied()
        } else {
            None
        };
        known
            .filter(is_there)
            .or_else(|| tables.iter().position(|table| table.is(name)))
    }

    fn of(&self, tables: &[Arc<Table>]) -> &BTreeMap<TableName, usize> {
        self.0.get_or_init(|| {
            // From the end, so that the first of a name is kept.
            let places = tables
                .iter()
                .enumerate()
                .rev()
                .map(|(at, table)| (table.full_name(), at));
            Arc::new(places.collect())
        })
    }
}

/// Catalogs are equal whatever is remembered of them.
impl PartialEq for Places {
    fn eq(&self, _: &Places) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[test]
    fn a_table_is_found_wherever_it_has_gone() {
        let name = |at: usize| TableName::new("public", format!("t{at}").as_str());
        let mut catalog = Catalog::of((0..100).map(|at| Table::new(&format!("t{at}"))));
        assert!((0..100).all(|at| {
            catalog
                .table(&name(at))
                .is_some_and(|table| table.is(&name(at)))
        }));
        assert!(catalog.table(&name(100)).is_none());
        let shared = catalog.clone();
        catalog.tables.remove(10);
        catalog.tables.push(Arc::new(Table::new("t100")));
        catalog.tables.swap(0, 50);
        let found = |catalog: &Catalog, at: usize| {
            catalog
                .table(&name(at))
                .is_some_and(|table| table.is(&name(at)))
        };
        assert!(
            !found(&catalog, 10)
                && (0..=100)
                    .filter(|at| *at != 10)
                    .all(|at| found(&catalog, at))
        );
        assert!(found(&shared, 10) && !found(&shared, 100));
        assert_eq!(catalog.clone(), catalog);
    }
}
