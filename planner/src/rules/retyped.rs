//! What another type changes of a column: nothing, its name in the catalog alone, or how its values
//! and their indexes are stored.

use crate::catalog::{Catalog, Column, Index, TableKind};
use crate::change::NewType;
use crate::sql::types;

/// Whether the column has that type and collation already, and USING says nothing else.
fn is_same(new: &NewType, column: &Column, catalog: &Catalog) -> bool {
    types::is_same(&column.type_sql, &new.type_sql, catalog)
        && !new.converts
        && same_collation(new, column, catalog)
}

/// Whether nothing of it is another afterwards. Another type forgets how large values are kept and
/// compressed, and gives the sequence of an identity the bounds of it.
pub(super) fn is_no_change(new: &NewType, column: &Column, catalog: &Catalog) -> bool {
    let is_plain = !column.storage_set && column.compression.is_none() && column.identity.is_none();
    is_plain && is_same(new, column, catalog)
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
pub(super) fn by_shadow(new: &NewType, catalog: &Catalog) -> bool {
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
