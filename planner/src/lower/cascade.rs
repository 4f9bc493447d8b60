//! What DROP .. CASCADE takes along, by name: views, and foreign keys of other tables. Whatever
//! else may go with it is refused.

use super::{drop, identity};
use crate::catalog::{Catalog, Constraint, ConstraintKind, Dependant, Table, TableKind};
use crate::change::Change;
use crate::problem::{self, Problem};
use crate::sql::{mentions, rewrite};
use concertina_revisions::tree::{AlterTableCmd, AlterTableType, ObjectType, parse};
use concertina_revisions::{Ident, TableName};

/// Whether CASCADE is only a word: nothing hangs on the column or constraint.
pub(super) fn takes_nothing_along(
    command: &AlterTableCmd,
    name: &TableName,
    catalog: &Catalog,
) -> bool {
    let Some(table) = catalog.table(name) else {
        return true;
    };
    let pointed_at = catalog.referencing(name).next().is_some();
    match command.subtype() {
        AlterTableType::AtDropColumn => {
            let keyed = table
                .indexes
                .iter()
                .any(|index| index.unique && index.mentions.contains(&command.name));
            let below = catalog.below(name);
            let mut all =
                std::iter::once(table).chain(below.iter().filter_map(|below| catalog.table(below)));
            let used = all.any(|table| {
                table
                    .dependants
                    .iter()
                    .any(|one| one.column.as_ref().is_none_or(|of| *of == command.name))
            });
            let computed = table
                .columns
                .iter()
                .any(|column| column.expression.is_some());
            !(used || computed || keyed && pointed_at)
        }
        AlterTableType::AtDropConstraint => {
            let constraint = table
                .constraints
                .iter()
                .find(|constraint| constraint.name == command.name);
            constraint.is_none_or(|constraint| {
                matches!(
                    constraint.kind,
                    ConstraintKind::Check | ConstraintKind::ForeignKey
                ) || !pointed_at
            })
        }
        _ => false,
    }
}

/// What CASCADE takes along with a column or a constraint, where all of it is known.
pub(super) fn taken_along(
    command: &AlterTableCmd,
    name: &TableName,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let Some(table) = catalog.table(name) else {
        return Ok(vec![]);
    };
    match command.subtype() {
        AlterTableType::AtDropColumn => {
            let of_trigger = |table: &Table| {
                table
                    .triggers
                    .iter()
                    .any(|one| one.columns.contains(&command.name))
            };
            let is_computed = table
                .columns
                .iter()
                .any(|column| column.expression.is_some());
            if of_trigger(table) || is_computed {
                return Err(problem::cascade());
            }
            of_relation(name, Some(&Ident::new(command.name.as_str())), catalog)
        }
        AlterTableType::AtDropConstraint => {
            match table.constraint(&Ident::new(command.name.as_str())) {
                Some(constraint) => of_constraint(table, constraint, catalog),
                None => Ok(vec![]),
            }
        }
        _ => Err(problem::cascade()),
    }
}

/// The changes that take away what stands on a relation, or on one column of it; those that stand
/// on others first.
pub(super) fn of_relation(
    name: &TableName,
    column: Option<&Ident>,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    let below = catalog.below(name);
    for member in std::iter::once(name)
        .chain(&below)
        .filter_map(|member| catalog.table(member))
    {
        views_on(member, column, catalog, &mut changes)?;
        pointing(member, column, &below, catalog, &mut changes)?;
    }
    Ok(changes)
}

/// The foreign keys that need a unique constraint.
pub(super) fn of_constraint(
    table: &Table,
    gone: &Constraint,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    if !matches!(
        gone.kind,
        ConstraintKind::Unique | ConstraintKind::PrimaryKey
    ) {
        return Ok(vec![]);
    }
    let name = table.full_name();
    let is_needed = |key: &&Constraint| {
        key.referenced().as_ref() == Some(&name)
            && match &key.relies_on {
                Some(index) => *index == gone.name,
                None => {
                    let columns = rewrite::referenced_columns(key);
                    columns.is_empty() && gone.kind == ConstraintKind::PrimaryKey
                        || columns.len() == gone.columns.len()
                            && gone
                                .columns
                                .iter()
                                .all(|one| columns.iter().any(|column| column.as_str() == one))
                }
            }
    };
    let mut changes = Vec::new();
    for other in &catalog.tables {
        for key in other.constraints.iter().filter(is_needed) {
            changes.push(unbound(other, key)?);
        }
    }
    Ok(changes)
}

/// Without a foreign key. That of a partition may be its parent's.
fn unbound(table: &Table, key: &Constraint) -> Result<Change, Problem> {
    if table.partition_of.is_some() || table.kind == TableKind::Partitioned {
        return Err(problem::cascade());
    }
    Ok(Change::DropConstraint(
        table.full_name(),
        Ident::new(key.name.as_str()),
    ))
}

fn pointing(
    table: &Table,
    column: Option<&Ident>,
    below: &[TableName],
    catalog: &Catalog,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    let name = table.full_name();
    for (other, key) in catalog
        .referencing(&name)
        .filter(|(other, _)| !below.contains(&other.full_name()))
    {
        let concerned = column.is_none_or(|column| rewrite::pointing_column(key, column).is_some());
        let change = unbound(other, key)?;
        if concerned && !changes.contains(&change) {
            changes.push(change);
        }
    }
    Ok(())
}

fn views_on(
    table: &Table,
    column: Option<&Ident>,
    catalog: &Catalog,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    let concerns = |one: &&Dependant| one.concerns(column.map(Ident::as_str));
    for dependant in table.dependants.iter().filter(concerns) {
        let is_it = |one: &&std::sync::Arc<Table>| {
            matches!(one.kind, TableKind::View | TableKind::Materialized)
                && dependant.is_view(&one.full_name(), &catalog.search_path)
        };
        let mut found = catalog.tables.iter().filter(is_it);
        let (Some(view), None) = (found.next(), found.next()) else {
            return Err(problem::cascade());
        };
        views_on(view, None, catalog, changes)?;
        let change = without(view, catalog)?;
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    Ok(())
}

/// What drops a view, as its author would have written it.
fn without(view: &Table, catalog: &Catalog) -> Result<Change, Problem> {
    let name = view.full_name();
    let (kind, words) = match view.kind {
        TableKind::Materialized => (ObjectType::ObjectMatview, "MATERIALIZED VIEW"),
        TableKind::Plain | TableKind::Partitioned | TableKind::Foreign | TableKind::View => {
            (ObjectType::ObjectView, "VIEW")
        }
    };
    let sql = format!("DROP {words} {}", name.sql());
    let parsed = parse(&sql, 0)
        .ok()
        .and_then(|parsed| parsed.protobuf.stmts.into_iter().next()?.stmt?.node);
    let Some(tree) = parsed else {
        return Err(problem::cascade());
    };
    let parts = [
        name.schema.as_str().to_owned(),
        name.name.as_str().to_owned(),
    ];
    let mut change = [drop::removed(kind, &parts, &sql)];
    identity::fill(
        &mut change,
        &tree,
        &mentions::of_tree(&tree, catalog),
        catalog,
    );
    let [change] = change;
    Ok(change)
}
