//! CREATE TABLE AS, SELECT INTO.

use super::{dml, problem, schema, strings};
use crate::catalog::{Catalog, Column};
use crate::change::{Change, NewColumn, NewTable, Special};
use crate::problem::Problem;
use concertina_revisions::tree::{
    CreateTableAsStmt, IntoClause, Node, NodeEnum, ObjectType, ResTarget, SelectStmt, node,
};
use concertina_revisions::{Ident, TableName};

/// The table that a statement makes of a query's rows; none where it is another statement.
pub(super) fn create(
    tree: &NodeEnum,
    sql: &str,
    catalog: &Catalog,
) -> Option<Result<Vec<Change>, Problem>> {
    match tree {
        NodeEnum::CreateTableAsStmt(create) if create.objtype() != ObjectType::ObjectMatview => {
            Some(as_query(create, sql, catalog))
        }
        NodeEnum::SelectStmt(select) => {
            let into = select.into_clause.as_deref()?;
            let mut query = select.clone();
            query.into_clause = None;
            Some(made(into, &query, false, sql, catalog))
        }
        _ => None,
    }
}

fn as_query(
    create: &CreateTableAsStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let into = create
        .into
        .as_deref()
        .ok_or_else(|| problem::unknown("CREATE TABLE AS without a name"))?;
    match create
        .query
        .as_deref()
        .and_then(|query| query.node.as_ref())
    {
        Some(node::Node::SelectStmt(query)) => {
            made(into, query, create.if_not_exists, sql, catalog)
        }
        _ => Err(problem::not_a_change(
            "CREATE TABLE AS EXECUTE runs what a session has prepared",
            "write the query itself",
        )),
    }
}

fn made(
    into: &IntoClause,
    query: &SelectStmt,
    if_not_exists: bool,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let range = into
        .rel
        .as_ref()
        .ok_or_else(|| problem::unknown("CREATE TABLE AS without a name"))?;
    if range.relpersistence == "t" {
        return Err(problem::not_a_change(
            "a temporary table is gone with its session",
            "leave it out",
        ));
    }
    let table = catalog.name_for_new(schema(range), &range.relname);
    if catalog.relation_name_taken(table.schema.as_str(), table.name.as_str()) {
        if if_not_exists {
            return Ok(vec![Change::Nothing(format!(
                "{} is there already",
                table.shown()
            ))]);
        }
        return Err(problem::exists("table", &table.shown()));
    }
    let reads = if into.skip_data {
        vec![]
    } else {
        super::named_tables(query, catalog)
    };
    Ok(vec![Change::CreateTable(NewTable {
        columns: columns(into, query, catalog).unwrap_or_default(),
        table,
        constraints: vec![],
        partition_key: None,
        parents: vec![],
        partition_of: None,
        filled_from: Some(reads),
        sql: sql.to_owned(),
    })])
}

/// The columns that it has, where all of them are those of tables.
fn columns(into: &IntoClause, query: &SelectStmt, catalog: &Catalog) -> Option<Vec<NewColumn>> {
    if query.larg.is_some() || !query.values_lists.is_empty() || query.with_clause.is_some() {
        return None;
    }
    let sources = dml::sources(&query.from_clause, catalog)?;
    let mut found = Vec::new();
    for item in &query.target_list {
        let Some(node::Node::ResTarget(target)) = &item.node else {
            return None;
        };
        found.extend(of_item(target, &sources, catalog)?);
    }
    let names = strings(&into.col_names);
    if names.len() > found.len() {
        return None;
    }
    for (column, name) in found.iter_mut().zip(names) {
        column.name = Ident::new(name);
    }
    Some(found)
}

fn of_item(
    target: &ResTarget,
    sources: &[(TableName, Ident)],
    catalog: &Catalog,
) -> Option<Vec<NewColumn>> {
    let Some(node::Node::ColumnRef(reference)) = &target.val.as_deref()?.node else {
        return None;
    };
    let (last, before) = reference.fields.split_last()?;
    let of = strings(before);
    let from = || {
        sources
            .iter()
            .filter(|(_, alias)| of.last().is_none_or(|of| of == alias.as_str()))
    };
    if of.len() > 1 {
        return None;
    }
    let columns = |table: &TableName| catalog.table(table).map(|table| table.columns.as_slice());
    match last {
        Node {
            node: Some(node::Node::AStar(_)),
        } => {
            let mut all = Vec::new();
            for (table, _) in from() {
                let columns = columns(table).filter(|columns| !columns.is_empty())?;
                all.extend(columns.iter().map(|column| copied(column, &column.name)));
            }
            Some(all)
        }
        Node {
            node: Some(node::Node::String(name)),
        } => {
            let named = |table: &TableName| {
                columns(table)?
                    .iter()
                    .find(|column| column.name == name.sval)
            };
            let mut found = from().filter_map(|(table, _)| named(table));
            let column = found.next().filter(|_| found.next().is_none())?;
            let called = if target.name.is_empty() {
                &name.sval
            } else {
                &target.name
            };
            Some(vec![copied(column, called)])
        }
        _ => None,
    }
}

/// A column of its type, and nothing else that it has where it comes from.
fn copied(column: &Column, name: &str) -> NewColumn {
    let collation = column
        .collation
        .as_ref()
        .map_or_else(String::new, |name| format!(" COLLATE {name}"));
    NewColumn {
        name: Ident::new(name),
        type_sql: format!("{}{collation}", column.type_sql),
        default: None,
        not_null: false,
        constraints: vec![],
        special: Special::None,
    }
}
