//! Objects other than tables' own parts: types, schemas, sequences, functions, extensions, comments, and DROP.

use super::{qualified, strings};
use crate::catalog::Catalog;
use crate::change::{CatalogOnly, Change, NewEnum};
use crate::problem::{self, Problem, code};
use concertina_revisions::tree::{DropBehavior, DropStmt, Node, NodeEnum, ObjectType, node};
use concertina_revisions::{Ident, TableName};

/// Statements that only write the system catalogs.
pub(super) fn other(tree: &NodeEnum, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let only = |what: String, reverse: Option<String>| CatalogOnly {
        what,
        sql: sql.to_owned(),
        reverse,
        removes: false,
        extension: None,
    };
    let change = match tree {
        NodeEnum::CreateEnumStmt(create) => {
            let parts = strings(&create.type_name);
            let (schema, name) = qualified(&parts);
            let name = catalog.name_for_new(schema, name);
            if catalog
                .enums
                .iter()
                .any(|known| known.schema == name.schema.as_str() && known.name == name.name.as_str())
            {
                return Err(problem::exists("type", &name.shown()));
            }
            Change::CreateEnum(NewEnum { name, labels: strings(&create.vals), sql: sql.to_owned() })
        }
        NodeEnum::CreateSchemaStmt(create) => {
            let name = Ident::new(create.schemaname.as_str()).sql();
            Change::CatalogOnly(only(format!("create schema {name}"), Some(format!("DROP SCHEMA {name}"))))
        }
        NodeEnum::CreateSeqStmt(create) => {
            let range = create.sequence.clone().unwrap_or_default();
            let name = catalog.name_for_new(super::schema(&range), &range.relname).sql();
            Change::CatalogOnly(only(format!("create sequence {name}"), Some(format!("DROP SEQUENCE {name}"))))
        }
        NodeEnum::CreateExtensionStmt(create) => extension(create, sql, catalog),
        NodeEnum::CreateFunctionStmt(create) => {
            let parts = strings(&create.funcname);
            Change::CatalogOnly(only(format!("create function {}", parts.join(".")), None))
        }
        NodeEnum::CommentStmt(_) => Change::CatalogOnly(only("set a comment".to_owned(), None)),
        other => return Err(problem::unknown(&words(other))),
    };
    Ok(vec![change])
}

fn extension(create: &concertina_revisions::tree::CreateExtensionStmt, sql: &str, catalog: &Catalog) -> Change {
    if catalog.extensions.contains(&create.extname) {
        return Change::Nothing(format!("extension {} is installed", create.extname));
    }
    Change::CatalogOnly(CatalogOnly {
        what: format!("install extension {}", create.extname),
        sql: sql.to_owned(),
        // Kept on the way down by default: other objects of the database may have come to use it.
        reverse: Some(String::new()),
        removes: false,
        extension: Some(create.extname.clone()),
    })
}

/// DROP TABLE, DROP INDEX, DROP TYPE and the like; one change an object.
pub(super) fn drop(drop: &DropStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    if drop.behavior() == DropBehavior::DropCascade {
        return Err(problem::unknown("CASCADE, which drops things without naming them"));
    }
    let mut changes = Vec::new();
    for object in &drop.objects {
        let parts = object_name(object);
        let (schema, name) = qualified(&parts);
        let change = match drop.remove_type() {
            ObjectType::ObjectTable => catalog.resolve(schema, name).map(Change::DropTable),
            ObjectType::ObjectIndex => drop_index(schema, name, catalog)?,
            ObjectType::ObjectType
            | ObjectType::ObjectSequence
            | ObjectType::ObjectSchema
            | ObjectType::ObjectExtension
            | ObjectType::ObjectFunction
            | ObjectType::ObjectView => Some(Change::CatalogOnly(CatalogOnly {
                what: format!("drop {} {}", kind(drop.remove_type()), parts.join(".")),
                sql: sql.to_owned(),
                reverse: None,
                removes: true,
                extension: None,
            })),
            other => return Err(problem::unknown(&format!("DROP {}", kind(other).to_uppercase()))),
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
            None => {
                let indexes = catalog.tables.iter().flat_map(|table| &table.indexes).map(|index| index.name.as_str());
                return Err(problem::missing_object("index", name, indexes));
            }
        }
    }
    Ok(changes)
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

fn kind(object: ObjectType) -> String {
    format!("{object:?}").trim_start_matches("Object").to_lowercase()
}

/// `AlterDomainStmt` as people say it: `ALTER DOMAIN`.
fn words(tree: &NodeEnum) -> String {
    let debug = format!("{tree:?}");
    let name = debug.split('(').next().unwrap_or_default().trim_end_matches("Stmt");
    name.chars().fold(String::new(), |mut words, c| {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_uppercase());
        words
    })
}
