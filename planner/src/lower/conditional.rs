//! IF EXISTS and IF NOT EXISTS.

use super::{Catalog, Problem, TableName, deparse, existing, expression, qualified, strings};
use crate::sql::types;
use concertina_revisions::tree::{
    AlterTableCmd, AlterTableStmt, AlterTableType, ColumnDef, ConstrType, DropBehavior, DropStmt,
    NodeEnum, ObjectType, node,
};

/// What a statement asks for that PostgreSQL does, or leaves, by what there is when it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conditional {
    /// A column of a table, by a metadata-only change alone or by looking at its rows.
    AddsColumn(TableName, Cost),
    /// An index of a table.
    BuildsIndex(TableName),
    /// Something of a table, or tables.
    Drops(Vec<TableName>),
}

impl Conditional {
    /// The tables that it is about.
    pub(crate) fn tables(&self) -> &[TableName] {
        match self {
            Conditional::AddsColumn(table, _) | Conditional::BuildsIndex(table) => {
                std::slice::from_ref(table)
            }
            Conditional::Drops(tables) => tables,
        }
    }
}

/// What a column that is added costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Metadata only.
    MetadataOnly,
    /// A look at every row.
    Rows,
}

/// Whether a statement says IF EXISTS or IF NOT EXISTS.
pub(crate) fn is_conditional(tree: &NodeEnum) -> bool {
    match tree {
        NodeEnum::CreateStmt(create) => create.if_not_exists,
        NodeEnum::IndexStmt(create) => create.if_not_exists,
        NodeEnum::CreateTableAsStmt(create) => create.if_not_exists,
        NodeEnum::CreateExtensionStmt(create) => create.if_not_exists,
        NodeEnum::DropStmt(drop) => drop.missing_ok,
        NodeEnum::RenameStmt(rename) => rename.missing_ok,
        NodeEnum::AlterTableStmt(alter) => {
            alter.missing_ok
                || alter.cmds.iter().any(
                    |command| matches!(&command.node, Some(node::Node::AlterTableCmd(command)) if command.missing_ok),
                )
        }
        _ => false,
    }
}

/// What a conditional statement is about, where it may be left to PostgreSQL.
pub(crate) fn conditional(tree: &NodeEnum, catalog: &Catalog) -> Option<Conditional> {
    match tree {
        NodeEnum::IndexStmt(create) if create.if_not_exists && !create.concurrent => {
            existing(create.relation.as_ref(), catalog)
                .ok()
                .map(Conditional::BuildsIndex)
        }
        NodeEnum::DropStmt(drop) if drop.missing_ok => dropped(drop, catalog),
        NodeEnum::AlterTableStmt(alter) => of_table(alter, catalog),
        _ => None,
    }
}

fn of_table(alter: &AlterTableStmt, catalog: &Catalog) -> Option<Conditional> {
    let table = existing(alter.relation.as_ref(), catalog).ok()?;
    let [command] = alter.cmds.as_slice() else {
        return None;
    };
    let Some(node::Node::AlterTableCmd(command)) = &command.node else {
        return None;
    };
    if !command.missing_ok || alter.objtype() != ObjectType::ObjectTable {
        return None;
    }
    let cascades = command.behavior() == DropBehavior::DropCascade;
    match command.subtype() {
        AlterTableType::AtAddColumn => {
            let cost = cost(command, catalog).ok()?;
            Some(Conditional::AddsColumn(table, cost))
        }
        AlterTableType::AtDropColumn | AlterTableType::AtDropConstraint if !cascades => {
            Some(Conditional::Drops(vec![table]))
        }
        _ => None,
    }
}

fn cost(command: &AlterTableCmd, catalog: &Catalog) -> Result<Cost, Problem> {
    let Some(node::Node::ColumnDef(column)) =
        command.def.as_deref().and_then(|def| def.node.as_ref())
    else {
        return Ok(Cost::Rows);
    };
    let Some(name) = &column.type_name else {
        return Ok(Cost::Rows);
    };
    let is_plain = types::is_plain(&types::bare(&deparse::type_name(name, None)?));
    Ok(if !is_plain || !has_plain_default(column, catalog)? {
        Cost::Rows
    } else {
        Cost::MetadataOnly
    })
}

/// Whether nothing is said of the column but a default that is the same for each row.
fn has_plain_default(column: &ColumnDef, catalog: &Catalog) -> Result<bool, Problem> {
    for constraint in &column.constraints {
        let Some(node::Node::Constraint(constraint)) = &constraint.node else {
            return Ok(false);
        };
        match (constraint.contype(), constraint.raw_expr.as_deref()) {
            (ConstrType::ConstrDefault, Some(value))
                if !expression::read(value)?.is_volatile(catalog) => {}
            (ConstrType::ConstrNull, _) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn dropped(drop: &DropStmt, catalog: &Catalog) -> Option<Conditional> {
    if drop.behavior() == DropBehavior::DropCascade || drop.concurrent {
        return None;
    }
    let tables = match drop.remove_type() {
        ObjectType::ObjectTable
        | ObjectType::ObjectView
        | ObjectType::ObjectMatview
        | ObjectType::ObjectIndex => drop
            .objects
            .iter()
            .filter_map(|object| match &object.node {
                Some(node::Node::List(list)) => {
                    let parts = strings(&list.items);
                    let (schema, name) = qualified(&parts);
                    let of_index = || {
                        catalog
                            .index(schema, name)
                            .map(|(table, _)| table.full_name())
                    };
                    catalog.resolve(schema, name).or_else(of_index)
                }
                _ => None,
            })
            .collect(),
        _ => return None,
    };
    Some(Conditional::Drops(tables))
}
