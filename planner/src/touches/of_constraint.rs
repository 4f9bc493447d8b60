//! What constraints touch: their columns, the names that they take, and what they demand of rows.

use super::of_rows::identified;
use crate::catalog::{Catalog, ConstraintKind};
use crate::change::{NewConstraint, NewConstraintKind};
use crate::footprint::{Aspect, Footprint, Thing};
use concertina_revisions::{Ident, TableName};

pub(super) fn not_null(all: Footprint, table: &TableName, column: &Ident) -> Footprint {
    all.change(Thing::aspect(table, column, Aspect::Null))
        .change(Thing::Demands(table.clone(), Some(column.clone())))
}

pub(super) fn add_constraint(
    table: &TableName,
    constraint: &NewConstraint,
    catalog: &Catalog,
) -> Footprint {
    demanded(
        Footprint::default()
            .on(table)
            .columns(table, &constraint.columns()),
        table,
        constraint,
        catalog,
    )
}

/// A constraint that is made, with the names it takes and all it points at.
pub(super) fn demanded(
    mut all: Footprint,
    table: &TableName,
    constraint: &NewConstraint,
    catalog: &Catalog,
) -> Footprint {
    let columns = constraint.columns();
    all = all.make(Thing::constraint(table, &constraint.name));
    match &constraint.kind {
        NewConstraintKind::Check(_) => {}
        NewConstraintKind::NotNull(column) => all = not_null(all, table, column),
        NewConstraintKind::Exclude => {
            all = all
                .make(Thing::Demands(table.clone(), None))
                .make(Thing::beside(table, &constraint.name))
                .make(Thing::Indexes(table.clone()));
        }
        NewConstraintKind::ForeignKey {
            references,
            reference_columns,
            ..
        } => {
            let keys = if reference_columns.is_empty() {
                primary(references, catalog)
            } else {
                reference_columns.clone()
            };
            all = all
                .on(references)
                .columns(references, &keys)
                .read(Thing::key(references, &keys));
            if reference_columns.is_empty() {
                let known = catalog.table(references).into_iter();
                let key = known.flat_map(|table| &table.constraints);
                for key in key.filter(|one| one.kind == ConstraintKind::PrimaryKey) {
                    let name = Ident::new(key.name.as_str());
                    all = all.read(Thing::constraint(references, &name));
                }
            }
            for key in keys {
                all = all.make(Thing::Demands(references.clone(), Some(key)));
            }
        }
        NewConstraintKind::Unique {
            primary,
            using_index,
            ..
        } => {
            all = all
                .make(Thing::beside(table, &constraint.name))
                .make(Thing::key(table, &columns))
                .make(Thing::Indexes(table.clone()));
            if let Some(index) = using_index {
                all = all.drop(Thing::beside(table, index));
            }
            all = identified(all, table, *primary, catalog);
            if *primary {
                all = columns.iter().fold(all, |all, column| {
                    all.change(Thing::aspect(table, column, Aspect::Null))
                });
            }
        }
    }
    columns.into_iter().fold(all, |all, column| {
        all.make(Thing::Demands(table.clone(), Some(column)))
    })
}

fn primary(table: &TableName, catalog: &Catalog) -> Vec<Ident> {
    let known = catalog
        .table(table)
        .into_iter()
        .flat_map(|table| &table.constraints);
    known
        .filter(|one| one.kind == ConstraintKind::PrimaryKey)
        .flat_map(|key| key.columns.iter().map(|name| Ident::new(name.as_str())))
        .collect()
}

pub(super) fn idents(names: &[String]) -> Vec<Ident> {
    names.iter().map(|name| Ident::new(name.as_str())).collect()
}

pub(super) fn drop_constraint(table: &TableName, name: &Ident, catalog: &Catalog) -> Footprint {
    let mut all = Footprint::default()
        .on(table)
        .drop(Thing::constraint(table, name));
    let Some(known) = catalog
        .table(table)
        .and_then(|table| table.constraint(name))
    else {
        return all;
    };
    let columns = idents(&known.columns);
    all = all.columns(table, &columns);
    // Nobody can drop these before it.
    if let Some(condition) = known.condition() {
        all = super::of_rows::calling(all, &condition, catalog);
    }
    if columns.is_empty() {
        all = all.drop(Thing::Demands(table.clone(), None));
    }
    if let Some(references) = known.referenced() {
        if let Some(key) = known.relies_on.as_deref().map(Ident::new) {
            all = all
                .read(Thing::constraint(&references, &key))
                .read(Thing::beside(&references, &key));
        }
        all = all.on(&references).drop(Thing::Demands(references, None));
    }
    all = identified(
        all,
        table,
        known.kind == ConstraintKind::PrimaryKey,
        catalog,
    );
    if matches!(
        known.kind,
        ConstraintKind::Unique | ConstraintKind::PrimaryKey | ConstraintKind::Exclude
    ) {
        all = all
            .drop(Thing::beside(table, name))
            .drop(Thing::key(table, &columns))
            .drop(Thing::Indexes(table.clone()));
    }
    if matches!(
        known.kind,
        ConstraintKind::PrimaryKey | ConstraintKind::NotNull
    ) {
        all = columns.iter().fold(all, |all, column| {
            all.change(Thing::aspect(table, column, Aspect::Null))
        });
    }
    columns.into_iter().fold(all, |all, column| {
        all.drop(Thing::Demands(table.clone(), Some(column)))
    })
}

pub(super) fn validate(table: &TableName, name: &Ident, catalog: &Catalog) -> Footprint {
    let all = Footprint::default()
        .on(table)
        .change(Thing::constraint(table, name));
    let Some(known) = catalog
        .table(table)
        .and_then(|table| table.constraint(name))
    else {
        return all;
    };
    let all = idents(&known.columns).into_iter().fold(all, |all, column| {
        all.read(Thing::Rows(table.clone(), Some(column)))
    });
    known.referenced().into_iter().fold(all, |all, other| {
        all.on(&other).read(Thing::Rows(other, None))
    })
}
