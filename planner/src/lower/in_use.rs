//! What PostgreSQL refuses to drop, as something else needs it: told before anything changes, where
//! the catalog shows it.

use crate::catalog::{Catalog, ConstraintKind, Table, TableKind};
use crate::footprint::Thing;
use crate::problem::{Problem, code};
use crate::sql::{mentions, qualified};
use concertina_revisions::tree::ObjectType;
use concertina_revisions::{Ident, TableName};

/// Refuses to drop an object that is another kind of thing, or that something needs which isn't
/// dropped along with it.
pub(super) fn refuse(
    kind: ObjectType,
    parts: &[String],
    along: &[TableName],
    catalog: &Catalog,
) -> Result<(), Problem> {
    let (schema, name) = qualified(parts);
    let user = match kind {
        ObjectType::ObjectType | ObjectType::ObjectDomain => user_of_type(schema, name, catalog),
        ObjectType::ObjectSequence => user_of_sequence(schema, name, catalog),
        ObjectType::ObjectFunction | ObjectType::ObjectProcedure => user_of_function(name, catalog),
        ObjectType::ObjectSchema => catalog
            .tables
            .iter()
            .find(|table| table.schema == name && !along.contains(&table.full_name()))
            .map(|table| format!("{} in it", table.full_name().shown())),
        ObjectType::ObjectView | ObjectType::ObjectMatview => {
            let Some(view) = catalog
                .resolve(schema, name)
                .and_then(|name| catalog.table(&name))
            else {
                return Ok(());
            };
            if !matches!(view.kind, TableKind::View | TableKind::Materialized) {
                return Err(
                    Problem::new(code::DEPENDED_ON, format!("{name} is not a view"))
                        .label("PostgreSQL refuses it too")
                        .help("write DROP TABLE, if that is what is meant"),
                );
            }
            let goes = |what: &crate::catalog::Dependant| {
                along
                    .iter()
                    .any(|name| what.is_view(name, &catalog.search_path))
            };
            view.dependants
                .iter()
                .find(|one| !goes(one))
                .map(|one| one.what.clone())
        }
        _ => None,
    };
    user.map_or(Ok(()), |user| Err(needed(name, &user)))
}

/// Refuses to drop a type that another type is made of.
pub(super) fn refuse_type(
    kind: ObjectType,
    parts: &[String],
    catalog: &Catalog,
) -> Result<(), Problem> {
    if !matches!(kind, ObjectType::ObjectType | ObjectType::ObjectDomain) {
        return Ok(());
    }
    let (_, name) = qualified(parts);
    let is_it = |text: &String| crate::sql::types::bare(text).trim_end_matches("[]") == name;
    let user = catalog
        .types
        .iter()
        .find(|other| other.base.iter().chain(&other.attributes).any(is_it));
    user.map_or(Ok(()), |user| {
        Err(needed(name, &format!("type {}", user.name)))
    })
}

fn needed(name: &str, user: &str) -> Problem {
    Problem::new(code::DEPENDED_ON, format!("{name} is needed by {user}"))
        .label("PostgreSQL refuses it too")
        .help("change or drop that first, in the same revision or an earlier one")
}

fn is_table(table: &Table) -> bool {
    matches!(
        table.kind,
        TableKind::Plain | TableKind::Partitioned | TableKind::Foreign
    )
}

/// A column that has values of a type, or a default of it.
fn user_of_type(schema: Option<&str>, name: &str, catalog: &Catalog) -> Option<String> {
    if let Some(table) = catalog.resolve(schema, name) {
        return Some(format!("{}, whose rows are of it", table.shown()));
    }
    let is_it = |type_sql: &str| crate::sql::types::bare(type_sql).trim_end_matches("[]") == name;
    let named = Thing::Type(Ident::new(name));
    let columns = catalog.tables.iter().filter(|table| is_table(table));
    let mut columns =
        columns.flat_map(|table| table.columns.iter().map(move |column| (table, column)));
    columns.find_map(|(table, column)| {
        let what = format!("{}.{}", table.full_name().shown(), column.name);
        if is_it(&column.type_sql) {
            return Some(format!("column {what}"));
        }
        let default = column
            .default
            .as_ref()
            .filter(|sql| mentions(&format!("SELECT {sql}"), &named, catalog));
        default.map(|_| format!("the default of {what}"))
    })
}

fn mentions(sql: &str, thing: &Thing, catalog: &Catalog) -> bool {
    mentions::of_statement(sql, catalog)
        .reads()
        .any(|access| access.thing == *thing)
}

/// A column that takes its numbers from a sequence which isn't its own.
fn user_of_sequence(schema: Option<&str>, name: &str, catalog: &Catalog) -> Option<String> {
    let meant = catalog.name_for_new(schema, name);
    let mut columns = catalog
        .tables
        .iter()
        .flat_map(|table| table.columns.iter().map(move |column| (table, column)));
    columns.find_map(|(table, column)| {
        let named = mentions::named_in(column.default.as_deref()?, catalog);
        named.contains(&meant).then(|| {
            format!(
                "the default of {}.{}",
                table.full_name().shown(),
                column.name
            )
        })
    })
}

/// What calls a function; where several bear the name, nobody knows here which is meant.
fn user_of_function(name: &str, catalog: &Catalog) -> Option<String> {
    if catalog
        .functions
        .iter()
        .filter(|known| known.name == name)
        .count()
        != 1
    {
        return None;
    }
    let called = Thing::Function(Ident::new(name));
    let calls = |sql: &str| mentions(sql, &called, catalog);
    catalog
        .tables
        .iter()
        .filter(|table| is_table(table))
        .find_map(|table| {
            let of = table.full_name().shown();
            let trigger = table
                .triggers
                .iter()
                .find(|one| calls(&one.definition))
                .map(|one| format!("trigger {}", one.name));
            let column = || {
                let computed = table.columns.iter().find(|column| {
                    let texts = column
                        .default
                        .iter()
                        .chain(column.expression.iter().map(|(sql, _)| sql));
                    texts.into_iter().any(|sql| calls(&format!("SELECT {sql}")))
                });
                computed.map(|column| format!("column {}", column.name))
            };
            let check = || {
                let mut checks = table
                    .constraints
                    .iter()
                    .filter(|one| one.kind == ConstraintKind::Check);
                checks
                    .find(|one| calls(&format!("ALTER TABLE x ADD {}", one.definition)))
                    .map(|one| format!("constraint {}", one.name))
            };
            let index = || {
                table
                    .indexes
                    .iter()
                    .find(|one| calls(&one.definition))
                    .map(|one| format!("index {}", one.name))
            };
            let policy = || {
                table
                    .policies
                    .iter()
                    .find(|one| calls(&one.definition))
                    .map(|one| format!("policy {}", one.name))
            };
            let user = trigger
                .or_else(column)
                .or_else(check)
                .or_else(index)
                .or_else(policy)?;
            Some(format!("{user} of {of}"))
        })
}
