//! What another type leaves as it is: the values as they are stored, the indexes, or everything.

use crate::catalog::{Catalog, Column, ConstraintKind, Index, Table, TableKind};
use crate::change::{Change, NewType};
use crate::sql::types;
use concertina_revisions::Ident;

/// Whether the column has that type and collation already, and USING says nothing else.
fn is_same(new: &NewType, column: &Column, catalog: &Catalog) -> bool {
    types::is_same(&column.type_sql, &new.type_sql, catalog)
        && !new.converts
        && same_collation(new, column, catalog)
}

/// Whether nothing of it is another afterwards. Another type forgets how large values are kept and
/// compressed, and gives the sequence of an identity the bounds of it.
pub(crate) fn is_no_change(new: &NewType, column: &Column, catalog: &Catalog) -> bool {
    let is_plain = !column.storage_set && column.compression.is_none() && column.identity.is_none();
    is_plain && is_same(new, column, catalog)
}

/// An index of a partition that isn't called as PostgreSQL would call it: when it makes the
/// partitioned index anew, for any change of type, those of the partitions get the names it
/// chooses.
pub(crate) fn renamed_part(new: &NewType, table: &Table, catalog: &Catalog) -> Option<String> {
    let of_column = |index: &&Index| {
        index
            .mentions
            .iter()
            .any(|name| name == new.column.as_str())
    };
    table.indexes.iter().filter(of_column).find_map(|index| {
        let change = match &index.constraint {
            Some(name) => Change::DropConstraint(new.table.clone(), Ident::new(name.as_str())),
            None => Change::DropIndex(index.full_name()),
        };
        let is_primary = index.constraint.as_ref().is_some_and(|name| {
            let constraint = table.constraint(&Ident::new(name.as_str()));
            constraint.is_some_and(|one| one.kind == ConstraintKind::PrimaryKey)
        });
        let keys: Vec<Ident> = index
            .keys
            .iter()
            .map(|key| Ident::new(if key.is_empty() { "expr" } else { key.as_str() }))
            .collect();
        let (columns, label) = match (&index.constraint, is_primary) {
            (Some(_), true) => (&[][..], "pkey"),
            (Some(_), false) => (keys.as_slice(), "key"),
            (None, _) => (keys.as_slice(), "idx"),
        };
        let without = catalog.after(&change);
        catalog
            .parts_of(&index.full_name())
            .find_map(|(part, one)| {
                let name = crate::sql::chosen_name(&part.full_name(), columns, label, &without);
                (name.as_str() != one.name).then(|| one.name.clone())
            })
    })
}

fn same_collation(new: &NewType, column: &Column, catalog: &Catalog) -> bool {
    let old = (column.type_sql.as_str(), column.collation.as_deref());
    types::same_collation(
        old,
        (new.type_sql.as_str(), new.collation.as_deref()),
        catalog,
    )
}

/// Whether every value stays as it is stored, and PostgreSQL knows that: from type to type, over
/// those that USING casts to.
fn keeps_values(new: &NewType, column: &Column, catalog: &Catalog) -> bool {
    let over = match &new.using {
        None => Some(vec![]),
        Some(using) => crate::sql::casts_of(&using.sql, &new.column),
    };
    let Some(mut steps) = over else { return false };
    steps.insert(0, column.type_sql.clone());
    steps.push(new.type_sql.clone());
    steps
        .windows(2)
        .all(|step| types::fits(&step[0], &step[1], catalog))
}

/// PostgreSQL builds an index with expressions or a condition anew, whatever the type.
fn is_rebuilt(index: &Index, new: &NewType) -> bool {
    index
        .mentions
        .iter()
        .any(|name| name == new.column.as_str())
        && (index.partial || index.keys.iter().any(String::is_empty))
}

/// Whether a change of type needs a second column: its values are stored in another form, or an
/// index would be built anew.
pub(crate) fn by_shadow(new: &NewType, catalog: &Catalog) -> bool {
    let Some(table) = catalog.table(&new.table) else {
        return false;
    };
    let Some(column) = table.get(&new.column) else {
        return false;
    };
    // A foreign table's rows are another server's.
    if catalog.is_empty(&new.table) || table.kind == TableKind::Foreign {
        return false;
    }
    let rebuilt = || table.indexes.iter().any(|index| is_rebuilt(index, new));
    if is_same(new, column, catalog) {
        return (column.storage_set || column.compression.is_some()) && rebuilt();
    }
    // The versions that are there show the old type.
    if catalog.has_versions() && !column.is_new {
        return true;
    }
    let indexed = || {
        table.indexes.iter().any(|index| {
            index
                .mentions
                .iter()
                .any(|name| name == new.column.as_str())
        })
    };
    if new.under_utc && types::is_time_with_zone(&column.type_sql, &new.type_sql) {
        return indexed();
    }
    // PostgreSQL builds the indexes of partitions anew, whatever the type (measured on 15).
    if table.kind == TableKind::Partitioned && indexed() {
        return true;
    }
    let kept = types::keeps_indexes(&column.type_sql, &new.type_sql, catalog)
        && same_collation(new, column, catalog);
    !keeps_values(new, column, catalog) || rebuilt() || (!kept && indexed())
}
