//! Partitions and children share rows, columns and constraints with the tables above them.

use crate::catalog::{Catalog, PartitionOf, Table, TableKind};
use crate::footprint::{Access, Footprint, How, Thing};
use concertina_revisions::TableName;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is done to a partition or child is done to the tables above it, too, and what is done to
/// those is done to whatever is below them at that moment. Two partitions of one table are so taken
/// for one, which can only add an edge.
pub(crate) fn with_family(mut all: Footprint, catalog: &Catalog) -> Footprint {
    let mut more: Vec<Access> = Vec::new();
    let mut known: BTreeMap<&TableName, Family> = BTreeMap::new();
    for access in &all.accesses {
        let Some(table) = access.thing.table() else {
            continue;
        };
        let Family { above, is_above } = known
            .entry(table)
            .or_insert_with(|| Family::of(table, catalog));
        // Of the table above it is neither made nor dropped.
        let how = if access.how == How::Read {
            How::Read
        } else {
            How::Change
        };
        let shared = above
            .iter()
            .filter_map(|table| access.thing.in_family(table));
        more.extend(shared.map(|thing| Access { how, thing }));
        if *is_above && access.how != How::Read && access.thing.in_family(table).is_some() {
            more.push(Access {
                how: How::Read,
                thing: Thing::Partitions(table.clone()),
            });
        }
    }
    all.add_all(more);
    all
}

/// Who is related to a table.
struct Family {
    above: Vec<TableName>,
    is_above: bool,
}

impl Family {
    fn of(name: &TableName, catalog: &Catalog) -> Family {
        let Some(table) = catalog.table(name) else {
            return Family {
                above: vec![],
                is_above: false,
            };
        };
        let above = std::iter::successors(above(table, catalog), |table| above(table, catalog));
        Family {
            above: above.map(Table::full_name).collect(),
            is_above: table.kind == TableKind::Partitioned || !table.children.is_empty(),
        }
    }
}

/// The table directly above another.
fn above<'a>(table: &Table, catalog: &'a Catalog) -> Option<&'a Table> {
    if let Some(parent) = table.partition_of.as_ref().map(PartitionOf::parent) {
        return catalog.table(&parent);
    }
    let is_parent = |other: &&Arc<Table>| {
        other
            .children
            .iter()
            .any(|(schema, name)| *schema == table.schema && *name == table.name)
    };
    catalog.tables.iter().find(is_parent).map(Arc::as_ref)
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_revisions::Ident;

    #[test]
    fn a_partitions_column_is_its_parents_too() {
        let parent = Table {
            kind: TableKind::Partitioned,
            ..Table::new("p").column("a", "int")
        };
        let of = PartitionOf {
            schema: "public".into(),
            name: "p".into(),
            bound: "DEFAULT".into(),
        };
        let part = Table {
            partition_of: Some(of),
            ..Table::new("p1").column("a", "int")
        };
        let catalog = Catalog::of([parent, part]);
        let (whole, part) = (
            TableName::new("public", "p"),
            TableName::new("public", "p1"),
        );
        let of = |table: &TableName| {
            with_family(
                Footprint::default().change(Thing::column(table, &Ident::new("a"))),
                &catalog,
            )
        };
        assert!(of(&whole).conflicts(&of(&part)));
        assert!(
            of(&whole).conflicts(&Footprint::default().change(Thing::Partitions(whole.clone())))
        );
    }
}
