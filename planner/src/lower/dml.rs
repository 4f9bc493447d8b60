//! INSERT, UPDATE and DELETE.

use super::{copy, deparse, existing, expression};
use crate::catalog::Catalog;
use crate::change::{Change, Delete, Insert, Update};
use crate::problem::{self, Problem};
use concertina_revisions::tree::{DeleteStmt, InsertStmt, Node, RangeVar, UpdateStmt, node};
use concertina_revisions::{Ident, TableName};

pub(super) fn insert(insert: &InsertStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(insert.relation.as_ref(), catalog)?;
    let reads = known(&expression::relations(&insert.select_stmt), catalog);
    let copy = match catalog.table(&table) {
        Some(target) => copy::rows(insert, target, catalog)?,
        None => None,
    };
    let named: Vec<Ident> = insert
        .cols
        .iter()
        .filter_map(|column| match &column.node {
            Some(node::Node::ResTarget(column)) => Some(Ident::new(column.name.as_str())),
            _ => None,
        })
        .collect();
    let columns = (!named.is_empty()).then_some(named);
    Ok(vec![Change::Insert(Insert { table, columns, reads, copy, sql: sql.to_owned() })])
}

pub(super) fn update(update: &UpdateStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(update.relation.as_ref(), catalog)?;
    let mut sets = Vec::new();
    let mut whole = shape(update.returning_clause.is_some(), update.with_clause.is_some(), update.relation.as_ref());
    for node in &update.target_list {
        let Some(node::Node::ResTarget(target)) = &node.node else { continue };
        let column = Ident::new(target.name.as_str());
        if catalog.table(&table).is_some_and(|table| table.get(&column).is_none()) {
            return Err(problem::missing_column(&table, &column, catalog));
        }
        match target.val.as_deref() {
            Some(Node { node: Some(node::Node::MultiAssignRef(_)) }) | None => {
                whole = Some("assigns several columns at once");
            }
            Some(_) if !target.indirection.is_empty() => whole = Some("assigns a part of a column"),
            Some(value) => sets.push((column, expression::read(value)?)),
        }
    }
    let predicate = update.where_clause.as_deref().map(expression::read).transpose()?;
    let mut reads = known(&expression::relations(&update.from_clause), catalog);
    for expression in sets.iter().map(|(_, value)| value).chain(&predicate) {
        reads.extend(known(&expression.relations, catalog));
        whole = whole.or(whole_row(&expression.columns));
    }
    Ok(vec![Change::Update(Update {
        alias: alias(update.relation.as_ref(), &table),
        table,
        sets,
        from: deparse::from_list(&update.from_clause)?,
        reads,
        predicate,
        whole,
        sql: sql.to_owned(),
    })])
}

pub(super) fn delete(delete: &DeleteStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(delete.relation.as_ref(), catalog)?;
    let predicate = delete.where_clause.as_deref().map(expression::read).transpose()?;
    let mut reads = known(&expression::relations(&delete.using_clause), catalog);
    reads.extend(predicate.iter().flat_map(|predicate| known(&predicate.relations, catalog)));
    Ok(vec![Change::Delete(Delete {
        alias: alias(delete.relation.as_ref(), &table),
        table,
        using: deparse::from_list(&delete.using_clause)?,
        reads,
        predicate,
        whole: shape(delete.returning_clause.is_some(), delete.with_clause.is_some(), delete.relation.as_ref()),
        sql: sql.to_owned(),
    })])
}

fn shape(returning: bool, with: bool, relation: Option<&RangeVar>) -> Option<&'static str> {
    match (returning, with, relation.is_some_and(|range| !range.inh)) {
        (true, ..) => Some("has RETURNING"),
        (_, true, _) => Some("has WITH"),
        (.., true) => Some("says ONLY"),
        _ => None,
    }
}

fn whole_row(columns: &[crate::expr::ColumnUse]) -> Option<&'static str> {
    columns.iter().any(|column| column.name.as_str() == "*").then_some("names a whole row")
}

/// What the statement calls its table.
fn alias(range: Option<&RangeVar>, table: &TableName) -> Ident {
    range
        .and_then(|range| range.alias.as_ref())
        .map_or_else(|| table.name.clone(), |alias| Ident::new(alias.aliasname.as_str()))
}

fn known(relations: &[(Option<String>, String, Option<String>)], catalog: &Catalog) -> Vec<TableName> {
    relations.iter().filter_map(|(schema, name, _)| catalog.resolve(schema.as_deref(), name)).collect()
}
