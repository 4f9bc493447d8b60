//! Indexes that come, and those of partitions that they take up.

use crate::catalog::{Catalog, Index, Table, TableKind};
use crate::change::NewIndex;
use crate::sql::chosen_name;
use crate::sql::rewrite::alike;
use concertina_revisions::{Ident, TableName};

impl Table {
    /// The index of a partition that a new one of its parent takes up, as PostgreSQL does: the
    /// first that says the same and belongs to no other.
    pub(crate) fn adoptable(&self, new: &NewIndex, parent: &Table) -> Option<&Index> {
        let same = |index: &&Index| {
            let alike = |tail| alike(tail, &new.tail);
            index.valid && index.unique == new.unique && index.tail().is_some_and(alike)
        };
        let free = |index: &&Index| index.constraint.is_none() && index.part_of.is_none();
        let is_told = self.indexes.iter().any(|index| index.part_of.is_some());
        // Where parents aren't known of any, an index of the parent's that says the same may have
        // it.
        if self.kind != TableKind::Plain
            || (!is_told && parent.indexes.iter().any(|index| same(&index)))
        {
            return None;
        }
        self.indexes.iter().filter(free).find(same)
    }
}

impl Table {
    /// An index of a partition that was left invalid, and that PostgreSQL would take up all the
    /// same.
    pub(crate) fn invalid_like(&self, new: &NewIndex) -> Option<&Index> {
        let free =
            |index: &&Index| index.constraint.is_none() && index.part_of.is_none() && !index.valid;
        let plain = self.kind == TableKind::Plain;
        let alike = |tail| alike(tail, &new.tail);
        let mut left = self.indexes.iter().filter(|_| plain).filter(free);
        left.find(|index| index.unique == new.unique && index.tail().is_some_and(alike))
    }
}

impl Catalog {
    /// A new index, and those of partitions that are a part of it.
    pub(super) fn make_index(&mut self, new: &NewIndex) {
        let Some(table) = self.table(&new.table).cloned() else {
            return;
        };
        self.alter(&new.table, |table| table.indexes.push(index_of(new)));
        for (schema, name) in table.partitions.iter().filter(|_| !new.only) {
            let child = TableName::new(schema.as_str(), name.as_str());
            let Some(known) = self.table(&child) else {
                continue;
            };
            let whole = (
                new.table.schema.as_str().to_owned(),
                new.name.as_str().to_owned(),
            );
            if let Some(taken) = known.adoptable(new, &table).map(|index| index.name.clone()) {
                self.alter(&child, |table| {
                    let index = table.indexes.iter_mut().find(|index| index.name == taken);
                    index
                        .into_iter()
                        .for_each(|index| index.part_of = Some(whole.clone()));
                });
                continue;
            }
            let name = chosen_name(&child, &new.labels, "idx", self);
            let part = NewIndex {
                table: child.clone(),
                name,
                ..new.clone()
            };
            self.make_index(&part);
            self.alter(&child, |table| {
                let index = table
                    .indexes
                    .iter_mut()
                    .find(|index| index.name == part.name.as_str());
                index
                    .into_iter()
                    .for_each(|index| index.part_of = Some(whole.clone()));
            });
        }
    }
}

fn index_of(new: &NewIndex) -> Index {
    let texts = |names: &[Ident]| names.iter().map(|name| name.as_str().to_owned()).collect();
    Index {
        keys: texts(&new.keys),
        mentions: texts(&new.mentions),
        unique: new.unique,
        partial: new.partial,
        definition: format!(
            "CREATE {}INDEX {} ON {} {}",
            if new.unique { "UNIQUE " } else { "" },
            new.name.sql(),
            new.table.sql(),
            new.tail
        ),
        ..Index::named(new.table.schema.as_str(), new.name.as_str())
    }
}
