//! Objects other than tables' own parts that a statement makes: types, schemas, sequences,
//! functions, extensions.

use super::{altered, deparse, dotted, never, qualified, strings};
use crate::catalog::{Catalog, Enum};
use crate::change::{CatalogOnly, Change, NewEnum, NewMaterializedView};
use crate::footprint::Footprint;
use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    CreateEnumStmt, CreateExtensionStmt, CreateFunctionStmt, CreateTableAsStmt, DefineStmt,
    FunctionParameterMode, NodeEnum, ObjectType, RangeVar, node,
};
use concertina_revisions::{Ident, TableName};

/// Statements that only write the system catalogs.
pub(super) fn other(tree: &NodeEnum, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    if let Some(note) = never::left_out(tree, catalog) {
        return Ok(vec![Change::Nothing(note.to_owned())]);
    }
    if let Some(problem) = never::refusal(tree) {
        return Err(problem);
    }
    let change = match made(tree, sql, catalog)? {
        Some(change) => Some(change),
        None => altered::altered(tree, sql, catalog)?,
    };
    change
        .map(|change| vec![change])
        .ok_or_else(|| problem::unknown(&words(tree)))
}

/// A statement is shown by so many characters at the most.
const BEGINNING_CHARS_MAX: usize = 60;

pub(super) fn only(sql: &str, what: String, reverse: Option<String>) -> CatalogOnly {
    CatalogOnly {
        what,
        sql: sql.to_owned(),
        reverse,
        removes: false,
        alone: false,
        concerns: vec![],
        extension: None,
        view: None,
        bound: None,
        note: None,
        touches: Footprint::default(),
    }
}

/// What makes an object.
fn made(tree: &NodeEnum, sql: &str, catalog: &Catalog) -> Result<Option<Change>, Problem> {
    let new = |kind: &str, name: String| Change::CatalogOnly(created(sql, kind, &name));
    let quoted = |name: &str| Ident::new(name).sql();
    let relation = |range: Option<&RangeVar>| {
        range.map_or_else(
            || TableName::new("", ""),
            |range| catalog.name_for_new(super::schema(range), &range.relname),
        )
    };
    Ok(Some(match tree {
        NodeEnum::CreateEnumStmt(create) => enumeration(create, sql, catalog)?,
        NodeEnum::CreateSchemaStmt(create) => {
            if create.if_not_exists && catalog.schemas.contains(&create.schemaname) {
                return Ok(Some(there(&format!("schema {}", create.schemaname))));
            }
            new("schema", quoted(&create.schemaname))
        }
        NodeEnum::CreateSeqStmt(create) => {
            let name = relation(create.sequence.as_ref());
            let is_taken = catalog.relation_name_taken(name.schema.as_str(), name.name.as_str());
            if create.if_not_exists && is_taken {
                return Ok(Some(there(&name.shown())));
            }
            new("sequence", name.sql())
        }
        NodeEnum::CreateExtensionStmt(create) => extension(create, sql, catalog),
        NodeEnum::CreateFunctionStmt(create) => function(create, sql, catalog)?,
        NodeEnum::CreateTableAsStmt(create) if create.objtype() == ObjectType::ObjectMatview => {
            materialized_view(create, sql, catalog)?
        }
        NodeEnum::DefineStmt(define) => defined(define, sql)?,
        NodeEnum::ViewStmt(view) => {
            let name = relation(view.view.as_ref());
            let is_new = catalog.table(&name).is_none();
            let reverse = is_new.then(|| format!("DROP VIEW {}", name.sql()));
            Change::CatalogOnly(CatalogOnly {
                view: Some(name.clone()),
                ..only(sql, format!("create view {}", name.shown()), reverse)
            })
        }
        NodeEnum::CreateDomainStmt(create) => new("domain", dotted(&create.domainname)),
        NodeEnum::CompositeTypeStmt(create) => new("type", relation(create.typevar.as_ref()).sql()),
        NodeEnum::CreateRoleStmt(create) => new("role", quoted(&create.role)),
        NodeEnum::CreateRangeStmt(create) => new("type", dotted(&create.type_name)),
        NodeEnum::CreatePublicationStmt(create) => Change::CatalogOnly(CatalogOnly {
            concerns: super::named_tables(tree, catalog),
            ..created(sql, "publication", &quoted(&create.pubname))
        }),
        NodeEnum::CreateEventTrigStmt(create) => new("event trigger", quoted(&create.trigname)),
        _ => return Ok(None),
    }))
}

/// CREATE of a kind of object whose DROP asks for nothing but its name, given as SQL.
fn created(sql: &str, kind: &str, name: &str) -> CatalogOnly {
    let reverse = format!("DROP {} {name}", kind.to_uppercase());
    only(sql, format!("create {kind} {name}"), Some(reverse))
}

/// IF NOT EXISTS of what exists.
fn there(what: &str) -> Change {
    Change::Nothing(format!("{what} is there already"))
}

/// CREATE TYPE .. AS ENUM.
fn enumeration(create: &CreateEnumStmt, sql: &str, catalog: &Catalog) -> Result<Change, Problem> {
    let parts = strings(&create.type_name);
    let (schema, name) = qualified(&parts);
    let name = catalog.name_for_new(schema, name);
    let same =
        |known: &&Enum| known.schema == name.schema.as_str() && known.name == name.name.as_str();
    if catalog.enums.iter().any(|known| same(&known)) {
        return Err(problem::exists("type", &name.shown()));
    }
    Ok(Change::CreateEnum(NewEnum {
        name,
        labels: strings(&create.vals),
        sql: sql.to_owned(),
    }))
}

/// CREATE FUNCTION, CREATE PROCEDURE.
fn function(create: &CreateFunctionStmt, sql: &str, catalog: &Catalog) -> Result<Change, Problem> {
    let parts = strings(&create.funcname);
    let (schema, name) = qualified(&parts);
    let name = catalog.name_for_new(schema, name);
    let mut types = Vec::new();
    for parameter in &create.parameters {
        let Some(node::Node::FunctionParameter(parameter)) = &parameter.node else {
            continue;
        };
        let given = !matches!(
            parameter.mode(),
            FunctionParameterMode::FuncParamOut | FunctionParameterMode::FuncParamTable
        );
        if let Some(kind) = parameter.arg_type.as_ref().filter(|_| given) {
            types.push(deparse::type_name(kind, None)?);
        }
    }
    let word = if create.is_procedure {
        "procedure"
    } else {
        "function"
    };
    let there: Vec<_> = catalog
        .functions
        .iter()
        .filter(|known| known.schema == name.schema.as_str() && known.name == name.name.as_str())
        .collect();
    let reverse = match there.as_slice() {
        [] => Some(format!(
            "DROP {} {}({})",
            word.to_uppercase(),
            name.sql(),
            types.join(", ")
        )),
        _ if !create.replace => Some(format!(
            "DROP {} {}({})",
            word.to_uppercase(),
            name.sql(),
            types.join(", ")
        )),
        [one] if crate::sql::arguments_of(&one.arguments) == types.len() => {
            Some(one.definition.trim_end().to_owned())
        }
        _ => None,
    };
    Ok(Change::CatalogOnly(CatalogOnly {
        bound: create.sql_body.is_some().then(|| name.name.clone()),
        ..only(sql, format!("create {word} {}", name.shown()), reverse)
    }))
}

/// CREATE AGGREGATE, OPERATOR, TYPE, TEXT SEARCH .., COLLATION.
fn defined(define: &DefineStmt, sql: &str) -> Result<Change, Problem> {
    let name = dotted(&define.defnames);
    let (word, drop) = match define.kind() {
        ObjectType::ObjectAggregate => ("aggregate", None),
        ObjectType::ObjectOperator => ("operator", None),
        ObjectType::ObjectType => ("type", Some("TYPE")),
        ObjectType::ObjectCollation => ("collation", Some("COLLATION")),
        ObjectType::ObjectTsconfiguration => (
            "text search configuration",
            Some("TEXT SEARCH CONFIGURATION"),
        ),
        ObjectType::ObjectTsdictionary => {
            ("text search dictionary", Some("TEXT SEARCH DICTIONARY"))
        }
        ObjectType::ObjectTsparser => ("text search parser", Some("TEXT SEARCH PARSER")),
        ObjectType::ObjectTstemplate => ("text search template", Some("TEXT SEARCH TEMPLATE")),
        other => return Err(problem::unknown(&format!("CREATE {other:?}"))),
    };
    let reverse = match (define.kind(), drop) {
        // It may have been there before.
        (_, Some(_)) if define.if_not_exists || define.replace => None,
        (_, Some(drop)) => Some(format!("DROP {drop} {name}")),
        (ObjectType::ObjectAggregate, None) => {
            aggregate_arguments(define)?.map(|types| format!("DROP AGGREGATE {name}({types})"))
        }
        _ => None,
    };
    Ok(Change::CatalogOnly(only(
        sql,
        format!("create {word} {name}"),
        reverse,
    )))
}

/// The types that an aggregate is given, where none is ordered.
fn aggregate_arguments(define: &DefineStmt) -> Result<Option<String>, Problem> {
    let Some(node::Node::List(list)) = define.args.first().and_then(|args| args.node.as_ref())
    else {
        return Ok(None);
    };
    let mut types = Vec::new();
    for item in &list.items {
        let Some(node::Node::FunctionParameter(parameter)) = &item.node else {
            return Ok(None);
        };
        let Some(kind) = &parameter.arg_type else {
            return Ok(None);
        };
        types.push(deparse::type_name(kind, None)?);
    }
    Ok((!types.is_empty()).then(|| types.join(", ")))
}

/// CREATE MATERIALIZED VIEW: made empty, and filled when nobody waits for it.
fn materialized_view(
    create: &CreateTableAsStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    let into = create
        .into
        .as_deref()
        .ok_or_else(|| problem::unknown(sql))?;
    let range = into.rel.clone().unwrap_or_default();
    let view = catalog.name_for_new(super::schema(&range), &range.relname);
    if catalog.table(&view).is_some() {
        if create.if_not_exists {
            return Ok(Change::Nothing(format!(
                "materialized view {} is there already",
                view.shown()
            )));
        }
        return Err(problem::exists("materialized view", &view.shown()));
    }
    let mut empty = create.clone();
    if let Some(into) = empty.into.as_mut() {
        into.skip_data = true;
    }
    let reads = super::named_tables(&create.query, catalog);
    let sql = deparse::statement(&NodeEnum::CreateTableAsStmt(Box::new(empty.clone())))?;
    let name = crate::helper::helper("mv", &[view.schema.as_str(), view.name.as_str()]);
    let other = view.beside(&name);
    if let Some(range) = empty.into.as_mut().and_then(|into| into.rel.as_mut()) {
        other.schema.as_str().clone_into(&mut range.schemaname);
        other.name.as_str().clone_into(&mut range.relname);
    }
    Ok(Change::CreateMaterializedView(NewMaterializedView {
        view,
        reads,
        mentions: super::mentions::of_node(create.query.as_deref(), catalog),
        filled: !into.skip_data,
        sql,
        beside: (
            other,
            deparse::statement(&NodeEnum::CreateTableAsStmt(Box::new(empty)))?,
        ),
    }))
}

fn extension(create: &CreateExtensionStmt, sql: &str, catalog: &Catalog) -> Change {
    if catalog.extensions.contains(&create.extname) {
        return Change::Nothing(format!("extension {} is installed", create.extname));
    }
    // With CASCADE others may come with it.
    let alone = !create
        .options
        .iter()
        .any(|option| matches!(&option.node, Some(node::Node::DefElem(option)) if option.defname == "cascade"));
    // Without CASCADE it goes only when nothing has come to use it.
    let back = alone.then(|| {
        format!(
            "DROP EXTENSION {}",
            Ident::new(create.extname.as_str()).sql()
        )
    });
    Change::CatalogOnly(CatalogOnly {
        extension: Some(create.extname.clone()),
        ..only(sql, format!("install extension {}", create.extname), back)
    })
}

/// How a statement begins, up to where it may tell a secret.
pub(super) fn beginning(sql: &str) -> String {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let line = words.join(" ");
    let end = line.find(['\'', '(', '$']).unwrap_or(line.len());
    line[..end]
        .trim_end()
        .chars()
        .take(BEGINNING_CHARS_MAX)
        .collect()
}

/// `AlterDomainStmt` as people say it: `ALTER DOMAIN`.
pub(super) fn words(tree: &NodeEnum) -> String {
    let debug = format!("{tree:?}");
    let name = debug
        .split('(')
        .next()
        .unwrap_or_default()
        .trim_end_matches("Stmt");
    name.chars().fold(String::new(), |mut words, c| {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_uppercase());
        words
    })
}
