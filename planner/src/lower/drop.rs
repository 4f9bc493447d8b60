//! DROP TABLE, DROP INDEX, DROP TYPE and the like; one change an object.

use super::objects::{beginning, only};
use super::{missing_index, qualified, strings};
use crate::catalog::{Catalog, TableKind};
use crate::change::{CatalogOnly, Change};
use crate::footprint::Thing;
use crate::problem::{self, Problem, code};
use concertina_revisions::{Ident, TableName};
use concertina_revisions::tree::{DropBehavior, DropStmt, Node, ObjectType, node};

pub(super) fn drop(drop: &DropStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    if drop.behavior() == DropBehavior::DropCascade && !takes_nothing_along(drop, catalog) {
        return Err(problem::cascade());
    }
    let mut changes = Vec::new();
    for object in &drop.objects {
        let parts = object_name(object);
        let (schema, name) = qualified(&parts);
        let change = match drop.remove_type() {
            ObjectType::ObjectTable => catalog.resolve(schema, name).map(Change::DropTable),
            ObjectType::ObjectIndex => drop_index(schema, name, catalog)?,
            kind if drop.missing_ok && !may_be_there(kind, drop, catalog) => None,
            ObjectType::ObjectType | ObjectType::ObjectDomain => {
                is_unused(name, catalog)?;
                Some(removed(drop.remove_type(), &parts, sql))
            }
            kind => Some(removed(kind, &parts, sql)),
        };
        match change {
            Some(change @ Change::CatalogOnly(_)) => {
                // The statement names all its objects; it runs once.
                changes.push(change);
                break;
            }
            Some(change) => changes.push(change),
            None if drop.missing_ok => changes.push(Change::Nothing(format!("there is no {name}"))),
            None if drop.remove_type() == ObjectType::ObjectTable => return Err(problem::missing_table(name, catalog)),
            None => return Err(missing_index(name, catalog)),
        }
    }
    Ok(changes)
}

fn removed(kind: ObjectType, parts: &[String], sql: &str) -> Change {
    Change::CatalogOnly(CatalogOnly { removes: true, ..only(sql, dropped(kind, parts, sql), None) })
}

/// Refuses to drop a type of which a column has values, or a default.
fn is_unused(name: &str, catalog: &Catalog) -> Result<(), Problem> {
    let is_it = |type_sql: &str| crate::types::bare(type_sql).trim_end_matches("[]") == name;
    let named = Thing::Type(Ident::new(name));
    let mentions = |default: &String| {
        let words = super::mentioned_in(&format!("SELECT {default}"), catalog);
        words.reads().any(|access| access.thing == named)
    };
    let columns = catalog.tables.iter().flat_map(|table| table.columns.iter().map(move |column| (table, column)));
    let user = columns.filter(|(table, _)| matches!(table.kind, TableKind::Plain | TableKind::Partitioned)).find_map(
        |(table, column)| {
            let what = format!("{}.{}", table.full_name().shown(), column.name);
            if is_it(&column.type_sql) {
                return Some(format!("column {what}"));
            }
            column.default.as_ref().filter(|default| mentions(default)).map(|_| format!("the default of {what}"))
        },
    );
    let Some(user) = user else { return Ok(()) };
    Err(Problem::new(code::DEPENDED_ON, format!("type {name} is used by {user}"))
        .label("PostgreSQL refuses it too")
        .help("change or drop that first, in the same revision or an earlier one"))
}

/// Whether CASCADE says nothing more: tables that nothing depends on, or that aren't there.
fn takes_nothing_along(drop: &DropStmt, catalog: &Catalog) -> bool {
    if drop.remove_type() != ObjectType::ObjectTable {
        return false;
    }
    let is_alone = |name: &TableName| {
        let Some(table) = catalog.table(name) else { return false };
        // Sequences of its columns go with it.
        let defaults = table.columns.iter().filter_map(|column| column.default.as_deref());
        let own: Vec<TableName> = defaults.flat_map(|text| super::named_in(text, catalog)).collect();
        let mut others = catalog.tables.iter().filter(|other| !other.is(name));
        table.dependants.is_empty()
            && table.children.is_empty()
            && catalog.referencing(name).all(|(other, _)| other.is(name))
            && !others.any(|other| {
                let of_its_type = |text: &str| crate::types::bare(text).trim_end_matches("[]") == table.name;
                let reads = |column: &crate::catalog::Column| {
                    let named = column.default.iter().flat_map(|text| super::named_in(text, catalog));
                    named.into_iter().any(|sequence| own.contains(&sequence))
                };
                other.columns.iter().any(|column| of_its_type(&column.type_sql) || reads(column))
            })
            && !catalog.functions.iter().any(|one| one.arguments.contains(&table.name))
    };
    let is_free = |object: &Node| {
        let parts = object_name(object);
        let (schema, name) = qualified(&parts);
        match catalog.resolve(schema, name) {
            Some(table) => std::iter::once(table.clone()).chain(catalog.below(&table)).all(|one| is_alone(&one)),
            None => true,
        }
    };
    drop.objects.iter().all(is_free)
}

/// Whether any of the objects may be there; of many kinds the catalog doesn't tell.
fn may_be_there(kind: ObjectType, drop: &DropStmt, catalog: &Catalog) -> bool {
    let names: Vec<Vec<String>> = drop.objects.iter().map(object_name).collect();
    names.iter().any(|parts| {
        let (schema, name) = qualified(parts);
        match kind {
            ObjectType::ObjectView | ObjectType::ObjectMatview => catalog.resolve(schema, name).is_some(),
            ObjectType::ObjectFunction | ObjectType::ObjectProcedure => {
                catalog.functions.iter().any(|known| known.name == name)
            }
            _ => true,
        }
    })
}

fn drop_index(schema: Option<&str>, name: &str, catalog: &Catalog) -> Result<Option<Change>, Problem> {
    let Some((table, index)) = catalog.index(schema, name) else { return Ok(None) };
    if let Some(constraint) = &index.constraint {
        let remedy = format!("write ALTER TABLE {} DROP CONSTRAINT {constraint}", table.full_name().shown());
        return Err(Problem::new(code::DEPENDED_ON, format!("index {name} belongs to a constraint"))
            .label("can't be dropped on its own")
            .help(remedy));
    }
    Ok(Some(Change::DropIndex(TableName::new(index.schema.as_str(), name))))
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
    if parts.is_empty() { beginning(sql) } else { format!("drop {} {}", word(kind), parts.join(".")) }
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
        other => format!("{other:?}").trim_start_matches("Object").to_lowercase(),
    }
}
