//! ALTER TABLE: one change for each of its actions.

use super::{column, constraint, deparse, existing, expression, schema, settings};
use crate::catalog::Catalog;
use crate::change::{AddColumn, Change, NewType};
use crate::problem::{self, Problem};
use concertina_revisions::tree::{AlterTableCmd, AlterTableStmt, AlterTableType, DropBehavior, ObjectType, node};
use concertina_revisions::{Ident, TableName};

pub(super) fn alter(alter: &AlterTableStmt, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    if alter.objtype() != ObjectType::ObjectTable {
        return Err(problem::unknown("ALTER of something other than a table"));
    }
    let range = alter.relation.as_ref().ok_or_else(|| problem::unknown("ALTER TABLE without a name"))?;
    if alter.missing_ok && catalog.resolve(schema(range), &range.relname).is_none() {
        return Ok(vec![Change::Nothing(format!("there is no table {}", range.relname))]);
    }
    let table = existing(Some(range), catalog)?;
    let mut seen = catalog.clone();
    let mut changes = Vec::new();
    for node in &alter.cmds {
        let Some(node::Node::AlterTableCmd(command)) = &node.node else { continue };
        let change = match settings::read(command, &table, &seen)? {
            Some(change) => change,
            None => action(command, &table, &seen)?,
        };
        seen = seen.after(&change);
        changes.push(change);
    }
    Ok(changes)
}

fn action(command: &AlterTableCmd, table: &TableName, catalog: &Catalog) -> Result<Change, Problem> {
    use AlterTableType as Kind;
    let name = Ident::new(command.name.as_str());
    let known = catalog.table(table);
    let column = || match known.and_then(|table| table.get(&name)) {
        Some(_) => Ok(name.clone()),
        None => Err(problem::missing_column(table, &name, catalog)),
    };
    if command.behavior() == DropBehavior::DropCascade {
        return Err(problem::unknown("CASCADE, which drops things without naming them"));
    }
    Ok(match command.subtype() {
        Kind::AtAddColumn => add_column(command, table, catalog)?,
        Kind::AtColumnDefault => {
            let default = command.def.as_deref().map(expression::read).transpose()?;
            Change::SetDefault(table.clone(), column()?, default)
        }
        Kind::AtAlterColumnType => {
            let column = column()?;
            let Some(node::Node::ColumnDef(new)) = command.def.as_ref().and_then(|def| def.node.as_ref()) else {
                return Err(problem::unknown("ALTER COLUMN TYPE without a type"));
            };
            let type_name =
                new.type_name.as_ref().ok_or_else(|| problem::unknown("ALTER COLUMN TYPE without a type"))?;
            Change::AlterType(NewType {
                table: table.clone(),
                column,
                type_sql: deparse::type_name(type_name, None)?,
                converts: new.raw_default.is_some() || new.coll_clause.is_some(),
                sql: deparse::alter(table, command)?,
            })
        }
        Kind::AtSetNotNull => Change::SetNotNull(table.clone(), column()?),
        Kind::AtDropNotNull => Change::DropNotNull(table.clone(), column()?),
        Kind::AtDropColumn if command.missing_ok && column().is_err() => {
            Change::Nothing(format!("there is no column {}", name.as_str()))
        }
        Kind::AtDropColumn => Change::DropColumn(table.clone(), column()?),
        Kind::AtAddConstraint => {
            let Some(node::Node::Constraint(written)) = command.def.as_ref().and_then(|def| def.node.as_ref()) else {
                return Err(problem::unknown("ADD CONSTRAINT without a constraint"));
            };
            let new = constraint::read(written, table, None, catalog)?;
            if known.is_some_and(|table| table.constraint(&new.name).is_some()) {
                return Err(problem::exists("constraint", new.name.as_str()));
            }
            if let Some(missing) =
                new.columns().iter().find(|column| known.is_some_and(|table| table.get(column).is_none()))
            {
                return Err(problem::missing_column(table, missing, catalog));
            }
            Change::AddConstraint(table.clone(), new)
        }
        kind @ (Kind::AtDropConstraint | Kind::AtValidateConstraint) => {
            let constraints = known.map(|table| table.constraints.as_slice()).unwrap_or_default();
            if !constraints.iter().any(|constraint| constraint.name == name.as_str()) {
                if command.missing_ok {
                    return Ok(Change::Nothing(format!("there is no constraint {}", name.as_str())));
                }
                let names = constraints.iter().map(|constraint| constraint.name.as_str());
                return Err(problem::missing_object("constraint", name.as_str(), names));
            }
            match kind {
                Kind::AtDropConstraint => Change::DropConstraint(table.clone(), name),
                _ => Change::Validate(table.clone(), name),
            }
        }
        other => return Err(problem::unknown(&format!("ALTER TABLE .. {}", words(other)))),
    })
}

fn add_column(command: &AlterTableCmd, table: &TableName, catalog: &Catalog) -> Result<Change, Problem> {
    let Some(node::Node::ColumnDef(definition)) = command.def.as_ref().and_then(|def| def.node.as_ref()) else {
        return Err(problem::unknown("ADD COLUMN without a column"));
    };
    let new = column::read(definition, table, catalog)?;
    if catalog.table(table).is_some_and(|table| table.get(&new.name).is_some()) {
        if command.missing_ok {
            return Ok(Change::Nothing(format!("column {} is there already", new.name.as_str())));
        }
        return Err(problem::exists("column", &format!("{}.{}", table.shown(), new.name.as_str())));
    }
    Ok(Change::AddColumn(AddColumn { table: table.clone(), column: new, fill: None }))
}

/// `AtSetTableSpace` as people say it: `SET TABLE SPACE`.
fn words(kind: AlterTableType) -> String {
    let name = format!("{kind:?}");
    name.trim_start_matches("At").chars().fold(String::new(), |mut words, c| {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_uppercase());
        words
    })
}
