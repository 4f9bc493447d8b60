//! The footprints of changes of rows: whose rows are read and written, and what is minded on the way.

use crate::catalog::{Catalog, Table, TableKind};
use crate::change::{Delete, Insert, NewColumn, NewConstraint, Special, Truncate, Update};
use crate::expr::Expr;
use crate::footprint::{Access, Aspect, Footprint, How, Thing};
use concertina_revisions::{Ident, TableName};

/// The rows that a query of these relations reads.
pub(crate) fn rows_of(mut all: Footprint, relations: &[TableName], catalog: &Catalog) -> Footprint {
    for relation in relations {
        let kind = catalog.table(relation).map(|table| table.kind);
        if matches!(kind, Some(TableKind::View | TableKind::Materialized) | None) {
            // What it shows of which tables isn't known here.
            all = all.read(Thing::AnyRows);
        }
        all = all.read(Thing::Rows(relation.clone(), None));
    }
    all
}

/// What every writer of rows meets: what is demanded of them, and what happens along with them.
fn written(mut all: Footprint, table: &TableName, columns: Option<&[Ident]>, catalog: &Catalog) -> Footprint {
    if catalog.table(table).is_some_and(|table| table.kind == TableKind::View) {
        // The rows of some table.
        all = all.change(Thing::AnyRows);
    }
    all = all
        .read(Thing::Trigger(table.clone(), None))
        .read(Thing::Rule(table.clone(), None))
        .read(Thing::Policy(table.clone(), None));
    all = stirred(all, table, catalog);
    let Some(columns) = columns else {
        return all.change(Thing::Rows(table.clone(), None)).read(Thing::Demands(table.clone(), None));
    };
    columns.iter().fold(all, |all, column| {
        all.change(Thing::Rows(table.clone(), Some(column.clone())))
            .read(Thing::Demands(table.clone(), Some(column.clone())))
    })
}

pub(super) fn insert(new: &Insert, catalog: &Catalog) -> Footprint {
    let all = Footprint::default().on(&new.table).read(Thing::Aspect(new.table.clone(), None, Aspect::Default));
    let all = all.read(Thing::Aspect(new.table.clone(), None, Aspect::Identity));
    let all = match &new.columns {
        Some(columns) => all.columns(&new.table, columns),
        None => all.read(Thing::Column(new.table.clone(), None)),
    };
    rows_of(written(all, &new.table, None, catalog), &new.reads, catalog)
}

pub(super) fn update(new: &Update, catalog: &Catalog) -> Footprint {
    let sets: Vec<Ident> = new.sets.iter().map(|(column, _)| column.clone()).collect();
    let all = Footprint::default().on(&new.table).columns(&new.table, &own_columns(new, catalog));
    let all = match new.whole {
        // Not every column that it writes is known.
        Some(_) => written(all.read(Thing::Column(new.table.clone(), None)), &new.table, None, catalog),
        None => written(all, &new.table, Some(&sets), catalog),
    };
    let read = new.sets.iter().map(|(_, value)| value).chain(&new.predicate);
    let read: Vec<Ident> = read.flat_map(Expr::column_names).collect();
    rows_of(read_in(all, &new.table, &read, catalog), &new.reads, catalog)
}

/// The columns of the table that an UPDATE names.
fn own_columns(new: &Update, catalog: &Catalog) -> Vec<Ident> {
    let known = catalog.table(&new.table);
    let mut names = new.column_names();
    names.retain(|name| known.is_some_and(|table| table.get(name).is_some()));
    names
}

fn read_in(mut all: Footprint, table: &TableName, columns: &[Ident], catalog: &Catalog) -> Footprint {
    let known = catalog.table(table);
    for column in columns {
        if column.as_str() == "*" {
            all = all.read(Thing::Rows(table.clone(), None)).read(Thing::Column(table.clone(), None));
        } else if known.is_some_and(|table| table.get(column).is_some()) {
            all = all.read(Thing::Rows(table.clone(), Some(column.clone()))).read(Thing::column(table, column));
        }
    }
    all
}

pub(super) fn delete(new: &Delete, catalog: &Catalog) -> Footprint {
    let mut all = written(Footprint::default().on(&new.table), &new.table, None, catalog);
    let mut reached = vec![new.table.clone()];
    // Rows that go along, or lose what they point at.
    while let Some(table) = reached.pop() {
        for (other, _) in catalog.referencing(&table) {
            let other = other.full_name();
            let rows = Access { how: How::Change, thing: Thing::Rows(other.clone(), None) };
            if !all.accesses.contains(&rows) {
                all.accesses.push(rows);
                reached.push(other);
            }
        }
    }
    let read: Vec<Ident> = new.predicate.iter().flat_map(Expr::column_names).collect();
    rows_of(read_in(all, &new.table, &read, catalog), &new.reads, catalog)
}

pub(super) fn truncate(new: &Truncate, catalog: &Catalog) -> Footprint {
    let mut all = Footprint::default();
    for table in &new.tables {
        all = written(all.on(table), table, None, catalog);
        // A key of another table that points at it stands in the way.
        let own = catalog.table(table).into_iter().flat_map(|table| &table.constraints);
        let others = catalog.referencing(table).map(|(other, key)| (other.full_name(), key));
        for (of, key) in own.map(|key| (table.clone(), key)).chain(others) {
            all = all.read(Thing::constraint(&of, &Ident::new(key.name.as_str())));
        }
    }
    // Which sequences are theirs isn't known here.
    if new.restarts { all.change(Thing::AnyRows) } else { all }
}

/// What tells subscribers which row is meant decides whether rows may be updated and deleted, as a trigger may.
pub(super) fn identified(all: Footprint, table: &TableName, changes: bool, catalog: &Catalog) -> Footprint {
    if !changes {
        return all;
    }
    let members = std::iter::once(table.clone()).chain(catalog.below(table));
    let published = members.filter(|one| catalog.table(one).is_some_and(|table| table.update_published));
    published.fold(all, |all, one| all.change(Thing::Trigger(one, None)))
}

/// The other columns that a new one is computed or checked by.
pub(super) fn read_beside(all: Footprint, table: &TableName, column: &NewColumn) -> Footprint {
    let computed = match &column.special {
        Special::Stored(definition) | Special::Virtual(definition) => crate::sql::stored_expression(definition),
        Special::None | Special::Serial | Special::Identity(_) => None,
    };
    let checked = column.constraints.iter().flat_map(NewConstraint::columns);
    let mut read: Vec<Ident> = computed.iter().flat_map(Expr::column_names).chain(checked).collect();
    read.retain(|name| *name != column.name);
    let all = all.columns(table, &read);
    read.into_iter().fold(all, |all, name| all.read(Thing::Rows(table.clone(), Some(name))))
}

/// The rows that triggers of a table write along, as far as the words of their functions tell.
fn stirred(mut all: Footprint, name: &TableName, catalog: &Catalog) -> Footprint {
    let below = catalog.below(name);
    let members: Vec<&Table> = std::iter::once(name).chain(&below).filter_map(|one| catalog.table(one)).collect();
    let triggers = members.iter().flat_map(|table| &table.triggers);
    if members.iter().any(|table| !table.rules.is_empty()) {
        all = all.change(Thing::AnyRows);
    }
    let mut called: Vec<String> = triggers
        .flat_map(|trigger| crate::sql::mentioned_in(&trigger.definition, catalog).accesses)
        .filter_map(
            |access| if let Thing::Function(name) = access.thing { Some(name.as_str().to_owned()) } else { None },
        )
        .collect();
    let mut at = 0;
    while let Some(function) = called.get(at).cloned() {
        at += 1;
        for known in catalog.functions.iter().filter(|known| known.name == function) {
            for word in crate::sql::in_body(&known.definition) {
                if word == "execute" {
                    // What it puts together isn't known.
                    all = all.change(Thing::AnyRows);
                }
                for other in catalog.tables.iter().filter(|other| other.name == word) {
                    all = all.change(Thing::Rows(other.full_name(), None));
                }
                let column = Ident::new(word.as_str());
                if members.first().is_some_and(|table| table.get(&column).is_some()) {
                    all = all.change(Thing::Rows(name.clone(), Some(column)));
                }
                if catalog.functions.iter().any(|other| other.name == word) && !called.contains(&word) {
                    called.push(word);
                }
            }
        }
    }
    all
}
