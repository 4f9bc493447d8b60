//! Objects other than tables' own parts: types, schemas, sequences, functions, extensions, comments, and DROP.

use super::{dotted, never, qualified, strings};
use crate::catalog::Catalog;
use crate::change::{CatalogOnly, Change, NewEnum};
use crate::problem::{self, Problem, code};
use concertina_revisions::tree::{DropBehavior, DropStmt, Node, NodeEnum, ObjectType, node};
use concertina_revisions::{Ident, TableName};

/// Statements that only write the system catalogs.
pub(super) fn other(tree: &NodeEnum, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    if let Some(problem) = never::refusal(tree) {
        return Err(problem);
    }
    let change = match made(tree, sql, catalog)? {
        Some(change) => Some(change),
        None => altered(tree, sql),
    };
    change.map(|change| vec![change]).ok_or_else(|| problem::unknown(&words(tree)))
}

fn only(sql: &str, what: String, reverse: Option<String>) -> CatalogOnly {
    CatalogOnly { what, sql: sql.to_owned(), reverse, removes: false, extension: None, view: None, note: None }
}

/// What makes an object.
fn made(tree: &NodeEnum, sql: &str, catalog: &Catalog) -> Result<Option<Change>, Problem> {
    let only = |what: String, reverse: Option<String>| only(sql, what, reverse);
    Ok(Some(match tree {
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
        NodeEnum::ViewStmt(view) => {
            let range = view.view.clone().unwrap_or_default();
            let name = catalog.name_for_new(super::schema(&range), &range.relname);
            let there = catalog.table(&name).is_some();
            let reverse = (!there).then(|| format!("DROP VIEW {}", name.sql()));
            Change::CatalogOnly(CatalogOnly {
                view: Some(name.clone()),
                ..only(format!("create view {}", name.shown()), reverse)
            })
        }
        NodeEnum::CreateDomainStmt(create) => {
            let name = dotted(&create.domainname);
            Change::CatalogOnly(only(format!("create domain {name}"), Some(format!("DROP DOMAIN {name}"))))
        }
        NodeEnum::CompositeTypeStmt(create) => {
            let range = create.typevar.clone().unwrap_or_default();
            let name = catalog.name_for_new(super::schema(&range), &range.relname).sql();
            Change::CatalogOnly(only(format!("create type {name}"), Some(format!("DROP TYPE {name}"))))
        }
        NodeEnum::CreateRoleStmt(create) => {
            let name = Ident::new(create.role.as_str()).sql();
            Change::CatalogOnly(only(format!("create role {name}"), Some(format!("DROP ROLE {name}"))))
        }
        NodeEnum::CreateEventTrigStmt(create) => {
            let name = Ident::new(create.trigname.as_str()).sql();
            Change::CatalogOnly(only(
                format!("create event trigger {name}"),
                Some(format!("DROP EVENT TRIGGER {name}")),
            ))
        }
        _ => return Ok(None),
    }))
}

/// What changes an object, or is its author's business.
fn altered(tree: &NodeEnum, sql: &str) -> Option<Change> {
    let only = |what: String, reverse: Option<String>| only(sql, what, reverse);
    Some(match tree {
        NodeEnum::AlterEnumStmt(alter) => enum_value(alter, sql),
        NodeEnum::AlterRoleStmt(_) | NodeEnum::AlterRoleSetStmt(_) | NodeEnum::GrantRoleStmt(_) => {
            Change::CatalogOnly(only("change a role".to_owned(), None))
        }
        NodeEnum::GrantStmt(grant) => {
            let word = if grant.is_grant { "grant" } else { "revoke" };
            Change::CatalogOnly(CatalogOnly { removes: !grant.is_grant, ..only(format!("{word} rights"), None) })
        }
        NodeEnum::AlterDefaultPrivilegesStmt(_) => {
            Change::CatalogOnly(only("change the rights that new objects get".to_owned(), None))
        }
        NodeEnum::AlterSeqStmt(alter) => {
            let range = alter.sequence.clone().unwrap_or_default();
            Change::CatalogOnly(only(format!("alter sequence {}", range.relname), None))
        }
        NodeEnum::AlterFunctionStmt(_) => Change::CatalogOnly(only("alter a function".to_owned(), None)),
        NodeEnum::DefineStmt(_)
        | NodeEnum::CreateCastStmt(_)
        | NodeEnum::CreateFdwStmt(_)
        | NodeEnum::CreateForeignServerStmt(_)
        | NodeEnum::CreateUserMappingStmt(_)
        | NodeEnum::CreatePublicationStmt(_)
        | NodeEnum::AlterExtensionStmt(_)
        | NodeEnum::CreateRangeStmt(_) => Change::CatalogOnly(only(words(tree).to_lowercase(), None)),
        NodeEnum::DoStmt(_) => Change::CatalogOnly(CatalogOnly {
            note: Some(
                "nobody can see into a DO block beforehand: what it locks, and for how long, is its author's"
                    .to_owned(),
            ),
            ..only("run a DO block".to_owned(), None)
        }),
        NodeEnum::SelectStmt(_) => Change::CatalogOnly(CatalogOnly {
            note: Some("a SELECT runs as written: what its functions do is its author's".to_owned()),
            ..only("run a SELECT".to_owned(), Some(String::new()))
        }),
        NodeEnum::CommentStmt(_) => Change::CatalogOnly(only("set a comment".to_owned(), None)),
        _ => return None,
    })
}

fn extension(create: &concertina_revisions::tree::CreateExtensionStmt, sql: &str, catalog: &Catalog) -> Change {
    if catalog.extensions.contains(&create.extname) {
        return Change::Nothing(format!("extension {} is installed", create.extname));
    }
    // Kept on the way down by default: other objects of the database may have come to use it.
    let kept = Some(String::new());
    Change::CatalogOnly(CatalogOnly {
        extension: Some(create.extname.clone()),
        ..only(sql, format!("install extension {}", create.extname), kept)
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
            | ObjectType::ObjectProcedure
            | ObjectType::ObjectRoutine
            | ObjectType::ObjectAggregate
            | ObjectType::ObjectDomain
            | ObjectType::ObjectCollation
            | ObjectType::ObjectStatisticExt
            | ObjectType::ObjectEventTrigger
            | ObjectType::ObjectForeignServer
            | ObjectType::ObjectFdw
            | ObjectType::ObjectPublication
            | ObjectType::ObjectMatview
            | ObjectType::ObjectView => Some(Change::CatalogOnly(CatalogOnly {
                removes: true,
                ..only(sql, format!("drop {} {}", kind(drop.remove_type()), parts.join(".")), None)
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
    match object {
        ObjectType::ObjectStatisticExt => "statistics".to_owned(),
        ObjectType::ObjectMatview => "materialized view".to_owned(),
        ObjectType::ObjectEventTrigger => "event trigger".to_owned(),
        ObjectType::ObjectForeignServer => "server".to_owned(),
        ObjectType::ObjectFdw => "foreign data wrapper".to_owned(),
        other => format!("{other:?}").trim_start_matches("Object").to_lowercase(),
    }
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

/// ALTER TYPE .. ADD VALUE, RENAME VALUE.
fn enum_value(alter: &concertina_revisions::tree::AlterEnumStmt, sql: &str) -> Change {
    let name = dotted(&alter.type_name);
    let (what, reverse) = if alter.old_val.is_empty() {
        // PostgreSQL can't take a value out of a type.
        (format!("add value {} to type {name}", alter.new_val), None)
    } else {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let back = format!("ALTER TYPE {name} RENAME VALUE {} TO {}", quoted(&alter.new_val), quoted(&alter.old_val));
        (format!("rename value {} of type {name} to {}", alter.old_val, alter.new_val), Some(back))
    };
    Change::CatalogOnly(CatalogOnly { removes: !alter.old_val.is_empty(), ..only(sql, what, reverse) })
}
