//! DROP TABLE, DROP INDEX, DROP TYPE and the like; one change an object.

use super::objects::{beginning, only};
use super::{cascade, in_use, missing_index, qualified, strings};
use crate::catalog::Catalog;
use crate::change::{CatalogOnly, Change};
use crate::footprint::{How, Thing};
use crate::problem::{self, Problem, code};
use concertina_revisions::TableName;
use concertina_revisions::tree::{DropBehavior, DropStmt, Node, ObjectType, node};

pub(super) fn drop(drop: &DropStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    if drop.behavior() == DropBehavior::DropCascade && !takes_nothing_along(drop, catalog) {
        changes = taken_along(drop, catalog)?;
    }
    for object in &drop.objects {
        let parts = object_name(object);
        let (schema, name) = qualified(&parts);
        let change = match drop.remove_type() {
            ObjectType::ObjectTable => catalog.resolve(schema, name).map(Change::DropTable),
            ObjectType::ObjectIndex => drop_index(schema, name, catalog)?,
            kind if drop.missing_ok && !may_be_there(kind, drop, catalog) => None,
            kind => {
                if drop.behavior() != DropBehavior::DropCascade {
                    in_use::refuse(kind, &parts, &dropped_too(drop, catalog), catalog)?;
                    if let [_] = drop.objects.as_slice() {
                        in_use::refuse_type(kind, &parts, catalog)?;
                    }
                }
                Some(removed(kind, &parts, sql))
            }
        };
        match change {
            Some(change @ Change::CatalogOnly(_)) => {
                // The statement names all its objects; it runs once.
                changes.push(change);
                break;
            }
            Some(change) => changes.push(change),
            None if drop.missing_ok => changes.push(Change::Nothing(format!("there is no {name}"))),
            None if drop.remove_type() == ObjectType::ObjectTable => {
                return Err(problem::missing_table(name, catalog));
            }
            None => return Err(missing_index(name, catalog)),
        }
    }
    Ok(changes)
}

/// The relations that the statement drops by name.
fn dropped_too(drop: &DropStmt, catalog: &Catalog) -> Vec<TableName> {
    let named = drop.objects.iter().map(object_name);
    named
        .filter_map(|parts| {
            let (schema, name) = qualified(&parts);
            catalog.resolve(schema, name)
        })
        .collect()
}

pub(super) fn removed(kind: ObjectType, parts: &[String], sql: &str) -> Change {
    Change::CatalogOnly(CatalogOnly {
        removes: true,
        ..only(sql, dropped(kind, parts, sql), None)
    })
}

/// What CASCADE takes along, where all of it is known.
fn taken_along(drop: &DropStmt, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let kind = drop.remove_type();
    if !matches!(
        kind,
        ObjectType::ObjectTable | ObjectType::ObjectView | ObjectType::ObjectMatview
    ) {
        return Err(problem::cascade());
    }
    let mut changes = Vec::new();
    for object in &drop.objects {
        let parts = object_name(object);
        let (schema, name) = qualified(&parts);
        let Some(table) = catalog.resolve(schema, name) else {
            continue;
        };
        let members = std::iter::once(table.clone()).chain(catalog.below(&table));
        if members
            .into_iter()
            .any(|one| has_hidden_users(&one, catalog))
        {
            return Err(problem::cascade());
        }
        for change in cascade::of_relation(&table, None, catalog)? {
            // One that is named goes by its name.
            if !changes.contains(&change) && !names(drop, &change, catalog) {
                changes.push(change);
            }
        }
    }
    Ok(changes)
}

/// Whether the statement drops by name what this change does, or what it is about.
fn names(drop: &DropStmt, change: &Change, catalog: &Catalog) -> bool {
    let is_dropped = |table: &TableName| {
        drop.objects.iter().any(|object| {
            let parts = object_name(object);
            let (schema, name) = qualified(&parts);
            catalog.resolve(schema, name).as_ref() == Some(table)
        })
    };
    match change {
        Change::CatalogOnly(only) => only.touches.writes().any(|access| {
            access.how == How::Drop
                && matches!(&access.thing, Thing::Relation(name) if is_dropped(name))
        }),
        other => other.table().is_some_and(is_dropped),
    }
}

/// Whether CASCADE says nothing more: tables that nothing depends on, or that aren't there.
fn takes_nothing_along(drop: &DropStmt, catalog: &Catalog) -> bool {
    if drop.remove_type() != ObjectType::ObjectTable {
        return false;
    }
    let is_alone = |name: &TableName| {
        catalog
            .table(name)
            .is_some_and(|table| !table.dependants.iter().any(|one| one.concerns(None)))
            && catalog.referencing(name).all(|(other, _)| other.is(name))
            && !has_hidden_users(name, catalog)
    };
    let is_free = |object: &Node| {
        let parts = object_name(object);
        let (schema, name) = qualified(&parts);
        match catalog.resolve(schema, name) {
            Some(table) => std::iter::once(table.clone())
                .chain(catalog.below(&table))
                .all(|one| is_alone(&one)),
            None => true,
        }
    };
    drop.objects.iter().all(is_free)
}

/// Whether anything but views and foreign keys needs a table: what inherits it, has its row type,
/// or takes numbers from its sequences.
fn has_hidden_users(name: &TableName, catalog: &Catalog) -> bool {
    let Some(table) = catalog.table(name) else {
        return true;
    };
    // Sequences of its columns go with it.
    let defaults = table
        .columns
        .iter()
        .filter_map(|column| column.default.as_deref());
    let own: Vec<TableName> = defaults
        .flat_map(|text| super::named_in(text, catalog))
        .collect();
    let mut others = catalog.tables.iter().filter(|other| !other.is(name));
    !table.children.is_empty()
        || others.any(|other| {
            let of_its_type =
                |text: &str| crate::sql::types::bare(text).trim_end_matches("[]") == table.name;
            let reads = |column: &crate::catalog::Column| {
                let named = column
                    .default
                    .iter()
                    .flat_map(|text| super::named_in(text, catalog));
                named.into_iter().any(|sequence| own.contains(&sequence))
            };
            other
                .columns
                .iter()
                .any(|column| of_its_type(&column.type_sql) || reads(column))
        })
        || catalog
            .functions
            .iter()
            .any(|one| one.arguments.contains(&table.name))
}

/// Whether any of the objects may be there; of many kinds the catalog doesn't tell.
fn may_be_there(kind: ObjectType, drop: &DropStmt, catalog: &Catalog) -> bool {
    let names: Vec<Vec<String>> = drop.objects.iter().map(object_name).collect();
    names.iter().any(|parts| {
        let (schema, name) = qualified(parts);
        match kind {
            ObjectType::ObjectView | ObjectType::ObjectMatview => {
                catalog.resolve(schema, name).is_some()
            }
            ObjectType::ObjectFunction | ObjectType::ObjectProcedure => {
                catalog.functions.iter().any(|known| known.name == name)
            }
            _ => true,
        }
    })
}

fn drop_index(
    schema: Option<&str>,
    name: &str,
    catalog: &Catalog,
) -> Result<Option<Change>, Problem> {
    let Some((table, index)) = catalog.index(schema, name) else {
        return Ok(None);
    };
    if let Some(constraint) = &index.constraint {
        let remedy = format!(
            "write ALTER TABLE {} DROP CONSTRAINT {constraint}",
            table.full_name().shown()
        );
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!("index {name} belongs to a constraint"),
        )
        .label("can't be dropped on its own")
        .help(remedy));
    }
    Ok(Some(Change::DropIndex(TableName::new(
        index.schema.as_str(),
        name,
    ))))
}

fn object_name(object: &Node) -> Vec<String> {
    match &object.node {
        Some(node::Node::List(list)) => strings(&list.items),
        Some(node::Node::TypeName(name)) => strings(&name.names),
        Some(node::Node::ObjectWithArgs(function)) => strings(&function.objname),
        Some(node::Node::String(text)) => vec![text.sval.clone()],
        _ => vec![],
    }
}

fn dropped(kind: ObjectType, parts: &[String], sql: &str) -> String {
    if parts.is_empty() {
        beginning(sql)
    } else {
        format!("drop {} {}", word(kind), parts.join("."))
    }
}

/// What people call a kind of object.
pub(super) fn word(kind: ObjectType) -> String {
    match kind {
        ObjectType::ObjectAccessMethod => "access method".to_owned(),
        ObjectType::ObjectForeignTable => "foreign table".to_owned(),
        ObjectType::ObjectOpclass => "operator class".to_owned(),
        ObjectType::ObjectOpfamily => "operator family".to_owned(),
        ObjectType::ObjectTsconfiguration => "text search configuration".to_owned(),
        ObjectType::ObjectTsdictionary => "text search dictionary".to_owned(),
        ObjectType::ObjectTsparser => "text search parser".to_owned(),
        ObjectType::ObjectTstemplate => "text search template".to_owned(),
        ObjectType::ObjectDomconstraint => "constraint of a domain".to_owned(),
        ObjectType::ObjectStatisticExt => "statistics".to_owned(),
        ObjectType::ObjectMatview => "materialized view".to_owned(),
        ObjectType::ObjectEventTrigger => "event trigger".to_owned(),
        ObjectType::ObjectForeignServer => "server".to_owned(),
        ObjectType::ObjectFdw => "foreign data wrapper".to_owned(),
        other => format!("{other:?}")
            .trim_start_matches("Object")
            .to_lowercase(),
    }
}
