//! The footprints of changes of rows: whose rows are read and written, and what is minded on the
//! way.

use super::called::stirred;
use crate::catalog::{Catalog, Constraint, ConstraintKind, Table, TableKind};
use crate::change::{Delete, Insert, NewColumn, NewConstraint, Special, Truncate, Update};
use crate::expr::{Expr, Shape};
use crate::footprint::{Access, Aspect, Footprint, How, Thing};
use crate::sql::rewrite::{self, GoesAlong};
use concertina_revisions::{Ident, TableName};
use std::sync::Arc;

/// The rows that a query of these relations reads.
pub(crate) fn rows_of(mut all: Footprint, relations: &[TableName], catalog: &Catalog) -> Footprint {
    for relation in relations {
        let kind = catalog.table(relation).map(|table| table.kind);
        if matches!(kind, Some(TableKind::View | TableKind::Materialized) | None) {
            // What it shows of which tables isn't known here.
            all = all.read(Thing::AnyRows);
        }
        all = all.read(Thing::Rows(relation.clone(), None));
        all = above(relation, catalog).fold(all, |all, one| all.read(Thing::Rows(one, None)));
    }
    all
}

/// The tables of which another is a partition or a child: its rows are theirs, too.
fn above<'a>(table: &'a TableName, catalog: &'a Catalog) -> impl Iterator<Item = TableName> + 'a {
    let has_parts = |one: &&Arc<Table>| !(one.partitions.is_empty() && one.children.is_empty());
    catalog
        .tables
        .iter()
        .filter(has_parts)
        .map(|one| one.full_name())
        .filter(|one| catalog.below(one).contains(table))
}

/// What every writer of rows meets: what is demanded of them, and what happens along with them.
fn written(
    mut all: Footprint,
    table: &TableName,
    columns: Option<&[Ident]>,
    catalog: &Catalog,
) -> Footprint {
    if catalog
        .table(table)
        .is_some_and(|table| table.kind == TableKind::View)
    {
        // The rows of some table that a view stands on.
        all = all.change(Thing::AnyRows);
        let is_of_view = |known: &&Arc<Table>| known.dependants.iter().any(|one| one.by.is_none());
        for known in catalog.tables.iter().filter(is_of_view) {
            all = out_of_sight(all, &known.full_name(), catalog);
        }
    }
    all = all
        .read(Thing::Trigger(table.clone(), None))
        .read(Thing::Rule(table.clone(), None))
        .read(Thing::Policy(table.clone(), None));
    all = proven_by(stirred(all, table, catalog), table, catalog);
    for one in above(table, catalog) {
        all = match columns {
            None => all.change(Thing::Rows(one, None)),
            Some(columns) => columns.iter().fold(all, |all, column| {
                all.change(Thing::Rows(one.clone(), Some(column.clone())))
            }),
        };
    }
    let Some(columns) = columns else {
        return all
            .change(Thing::Rows(table.clone(), None))
            .read(Thing::Demands(table.clone(), None));
    };
    columns.iter().fold(all, |all, column| {
        all.change(Thing::Rows(table.clone(), Some(column.clone())))
            .read(Thing::Demands(table.clone(), Some(column.clone())))
    })
}

/// The functions that a table's checks call of each row that is written.
fn proven_by(all: Footprint, table: &TableName, catalog: &Catalog) -> Footprint {
    let members = std::iter::once(table.clone()).chain(catalog.below(table));
    let known: Vec<_> = members.filter_map(|one| catalog.table(&one)).collect();
    let checks = known.iter().flat_map(|table| &table.constraints);
    let conditions = checks
        .filter(|one| one.kind == ConstraintKind::Check)
        .filter_map(Constraint::condition);
    conditions.fold(all, |all, condition| calling(all, &condition, catalog))
}

/// With the functions that an expression calls.
pub(super) fn calling(all: Footprint, expr: &Expr, catalog: &Catalog) -> Footprint {
    expr.calls(catalog)
        .fold(all, |all, name| all.read(Thing::Function(Ident::new(name))))
}

/// Rows of a table are written by what isn't seen here: of whichever columns, with the defaults of
/// others, as they are at that place.
pub(super) fn out_of_sight(all: Footprint, table: &TableName, catalog: &Catalog) -> Footprint {
    with_all_defaults(all, table, catalog).read(Thing::Column(table.clone(), None))
}

/// The defaults that a row may get, from the table or from one above.
fn with_all_defaults(all: Footprint, table: &TableName, catalog: &Catalog) -> Footprint {
    let default = |of: TableName| Thing::Aspect(of, None, Aspect::Default);
    above(table, catalog).fold(all.read(default(table.clone())), |all, one| {
        all.read(default(one))
    })
}

pub(super) fn insert(new: &Insert, catalog: &Catalog) -> Footprint {
    let all = with_all_defaults(Footprint::default().on(&new.table), &new.table, catalog);
    let all = all.read(Thing::Aspect(new.table.clone(), None, Aspect::Identity));
    let all = match &new.columns {
        Some(columns) => all.columns(&new.table, columns),
        None => all.read(Thing::Column(new.table.clone(), None)),
    };
    let all = beside(
        written(all, &new.table, None, catalog),
        &new.beside,
        catalog,
    );
    rows_of(all, &new.reads, catalog)
}

pub(super) fn update(new: &Update, catalog: &Catalog) -> Footprint {
    let sets = new.assigned();
    let all = Footprint::default()
        .on(&new.table)
        .columns(&new.table, &own_columns(new, catalog));
    let all = match new.whole {
        // Not every column that it writes is known.
        Some(_) => written(
            all.read(Thing::Column(new.table.clone(), None)),
            &new.table,
            None,
            catalog,
        ),
        None => {
            let sets = with_computed(sets.clone(), &new.table, catalog);
            written(all, &new.table, Some(&sets), catalog)
        }
    };
    let all = following(all, &new.table, &sets, new.whole.is_some(), catalog);
    let all = given_defaults(all, new, catalog);
    let all = beside(all, &new.beside, catalog);
    let read = new
        .sets
        .iter()
        .map(|(_, value)| value)
        .chain(&new.predicate);
    let read: Vec<Ident> = read.flat_map(Expr::column_names).collect();
    rows_of(
        read_in(all, &new.table, &read, catalog),
        &new.reads,
        catalog,
    )
}

/// Columns that are assigned DEFAULT, with what their defaults call and draw from.
fn given_defaults(all: Footprint, new: &Update, catalog: &Catalog) -> Footprint {
    let known = catalog.table(&new.table);
    let given = new
        .sets
        .iter()
        .filter(|(_, value)| value.shape == Shape::Default);
    given.fold(all, |all, (column, _)| {
        let all = all.read(Thing::aspect(&new.table, column, Aspect::Default));
        let default = known
            .and_then(|table| table.get(column))
            .and_then(|column| column.default.as_deref());
        let Some(default) = default else { return all };
        let all = crate::sql::named_in(default, catalog)
            .into_iter()
            .fold(all, |all, sequence| all.change(Thing::Rows(sequence, None)));
        match crate::sql::from_text(default) {
            Some(default) => calling(all, &default, catalog),
            None => all,
        }
    })
}

/// The rows that get another value with the key that they point at, and so on.
fn following(
    mut all: Footprint,
    table: &TableName,
    sets: &[Ident],
    whole: bool,
    catalog: &Catalog,
) -> Footprint {
    let mut met = vec![(table.clone(), sets.to_vec())];
    let mut at = 0;
    while let Some((name, sets)) = met.get(at).cloned() {
        let any = whole && at == 0;
        at += 1;
        for (other, key) in catalog.referencing(&name) {
            let is_set = any
                || rewrite::referenced_columns(key)
                    .iter()
                    .any(|column| sets.contains(column));
            if !is_set || rewrite::on_update(key) == GoesAlong::Not {
                continue;
            }
            let columns: Vec<Ident> = key
                .columns
                .iter()
                .map(|column| Ident::new(column.as_str()))
                .collect();
            let next = (other.full_name(), columns);
            if !met.contains(&next) {
                all = next.1.iter().fold(all, |all, column| {
                    all.change(Thing::Rows(next.0.clone(), Some(column.clone())))
                });
                all = stirred(all, &next.0, catalog);
                met.push(next);
            }
        }
    }
    all
}

/// The columns of the table that an UPDATE names.
fn own_columns(new: &Update, catalog: &Catalog) -> Vec<Ident> {
    let known = catalog.table(&new.table);
    let mut names = new.column_names();
    names.retain(|name| known.is_some_and(|table| table.get(name).is_some()));
    names
}

fn read_in(
    mut all: Footprint,
    table: &TableName,
    columns: &[Ident],
    catalog: &Catalog,
) -> Footprint {
    let known = catalog.table(table);
    for column in columns {
        if column.as_str() == "*" {
            all = all
                .read(Thing::Rows(table.clone(), None))
                .read(Thing::Column(table.clone(), None));
        } else if known.is_some_and(|table| table.get(column).is_some()) {
            all = all
                .read(Thing::Rows(table.clone(), Some(column.clone())))
                .read(Thing::column(table, column));
        }
    }
    all
}

pub(super) fn delete(new: &Delete, catalog: &Catalog) -> Footprint {
    let all = gone(Footprint::default(), &new.table, catalog);
    let read: Vec<Ident> = new.predicate.iter().flat_map(Expr::column_names).collect();
    rows_of(
        read_in(
            beside(all, &new.beside, catalog),
            &new.table,
            &read,
            catalog,
        ),
        &new.reads,
        catalog,
    )
}

/// Rows are written by a WITH, nobody says how.
fn beside(all: Footprint, tables: &[TableName], catalog: &Catalog) -> Footprint {
    tables.iter().fold(all, |all, table| {
        let all = following(gone(all, table, catalog), table, &[], true, catalog);
        out_of_sight(all, table, catalog)
    })
}

/// Rows go, or are written in any way.
fn gone(all: Footprint, table: &TableName, catalog: &Catalog) -> Footprint {
    let mut all = written(all.on(table), table, None, catalog);
    let mut reached = vec![table.clone()];
    // Rows that go along, or lose what they point at.
    while let Some(table) = reached.pop() {
        for (other, key) in catalog.referencing(&table) {
            let other = other.full_name();
            if rewrite::on_delete(key) == GoesAlong::Updated {
                all = with_defaults(all, &other, &key.columns);
            }
            let rows = Access {
                how: How::Change,
                thing: Thing::Rows(other.clone(), None),
            };
            if !all.accesses.contains(&rows) {
                all.accesses.push(rows);
                all = stirred(all, &other, catalog);
                reached.push(other);
            }
        }
    }
    all
}

/// Columns may get their defaults.
fn with_defaults(all: Footprint, table: &TableName, columns: &[String]) -> Footprint {
    columns.iter().fold(all, |all, column| {
        let column = Some(Ident::new(column.as_str()));
        all.read(Thing::Aspect(table.clone(), column, Aspect::Default))
    })
}

/// With the columns that are computed from these.
fn with_computed(columns: Vec<Ident>, table: &TableName, catalog: &Catalog) -> Vec<Ident> {
    let computed = catalog
        .table(table)
        .into_iter()
        .flat_map(|table| &table.columns);
    let of_these = computed.filter(|column| {
        let computed = crate::sql::computed_by(column);
        computed.is_some_and(|by| by.columns.iter().any(|one| columns.contains(&one.name)))
    });
    let more: Vec<Ident> = of_these
        .map(|column| Ident::new(column.name.as_str()))
        .collect();
    columns.into_iter().chain(more).collect()
}

pub(super) fn truncate(new: &Truncate, catalog: &Catalog) -> Footprint {
    let mut all = Footprint::default();
    for table in &new.tables {
        all = stirred(written(all.on(table), table, None, catalog), table, catalog);
        // A key of another table that points at it stands in the way.
        let own = catalog
            .table(table)
            .into_iter()
            .flat_map(|table| &table.constraints);
        let others = catalog
            .referencing(table)
            .map(|(other, key)| (other.full_name(), key));
        for (of, key) in own.map(|key| (table.clone(), key)).chain(others) {
            all = all.read(Thing::constraint(&of, &Ident::new(key.name.as_str())));
        }
    }
    // Which sequences are theirs isn't known here.
    if new.restarts {
        all.change(Thing::AnyRows)
    } else {
        all
    }
}

/// What tells subscribers which row is meant decides whether rows may be updated and deleted, as a
/// trigger may.
pub(super) fn identified(
    all: Footprint,
    table: &TableName,
    changes: bool,
    catalog: &Catalog,
) -> Footprint {
    if !changes {
        return all;
    }
    let members = std::iter::once(table.clone()).chain(catalog.below(table));
    let published = members.filter(|one| {
        catalog
            .table(one)
            .is_some_and(|table| table.update_published)
    });
    published.fold(all, |all, one| all.change(Thing::Trigger(one, None)))
}

/// The other columns that a new one is computed or checked by.
pub(super) fn read_beside(all: Footprint, table: &TableName, column: &NewColumn) -> Footprint {
    let computed = match &column.special {
        Special::Stored(definition) | Special::Virtual(definition) => {
            crate::sql::stored_expression(definition)
        }
        Special::None | Special::Serial | Special::Identity(_) => None,
    };
    let checked = column.constraints.iter().flat_map(NewConstraint::columns);
    let mut read: Vec<Ident> = computed
        .iter()
        .flat_map(Expr::column_names)
        .chain(checked)
        .collect();
    read.retain(|name| *name != column.name);
    let all = all.columns(table, &read);
    read.into_iter().fold(all, |all, name| {
        all.read(Thing::Rows(table.clone(), Some(name)))
    })
}
