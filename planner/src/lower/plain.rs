//! INSERT .. SELECT of the rows of one table, each by itself.

use super::{copy, dml, expression, listing};
use crate::catalog::{Catalog, Table};
use crate::change::{Change, Delete, PlainCopy};
use crate::problem::Problem;
use concertina_revisions::TableName;
use concertina_revisions::tree::{
    InsertStmt, NodeEnum, OnConflictAction, OverridingKind, node, parse,
};

/// The copy, where the statement is nothing more.
pub(super) fn copy(
    insert: &InsertStmt,
    target: &Table,
    catalog: &Catalog,
) -> Result<Option<PlainCopy>, Problem> {
    let Some(node::Node::SelectStmt(select)) = insert
        .select_stmt
        .as_deref()
        .and_then(|node| node.node.as_ref())
    else {
        return Ok(None);
    };
    let conflict = insert.on_conflict_clause.as_deref();
    let overwrites =
        conflict.is_some_and(|conflict| conflict.action() == OnConflictAction::OnconflictUpdate);
    let overrides = matches!(
        insert.r#override(),
        OverridingKind::OverridingUserValue | OverridingKind::OverridingSystemValue
    );
    if !select.values_lists.is_empty()
        || copy::gathers(insert, select).is_some()
        || overwrites
        || overrides
    {
        return Ok(None);
    }
    let sources = dml::sources(&select.from_clause, catalog).unwrap_or_default();
    let [(source, alias)] = sources.as_slice() else {
        return Ok(None);
    };
    let mut select = select.clone();
    if listing::spelled_out(&mut select, catalog).is_none() {
        return Ok(None);
    }
    let values = copy::values(&select)?;
    let columns = copy::columns(insert, target, values.len());
    if columns.len() != values.len() || values.len() != select.target_list.len() {
        return Ok(None);
    }
    let predicate = select
        .where_clause
        .as_deref()
        .map(expression::read)
        .transpose()?;
    Ok(Some(PlainCopy {
        source: source.clone(),
        alias: alias.clone(),
        columns,
        values,
        predicate,
        ignores_conflicts: conflict.is_some(),
    }))
}

/// The DELETE with one more condition; none where it is more than a condition.
pub(crate) fn delete_where(delete: &Delete, condition: &str, catalog: &Catalog) -> Option<Delete> {
    if delete.whole.is_some() || delete.unwalkable.is_some() {
        return None;
    }
    let table: &TableName = &delete.table;
    let using = delete
        .using
        .as_ref()
        .map_or_else(String::new, |using| format!(" USING {using}"));
    let own = delete
        .predicate
        .as_ref()
        .map_or_else(String::new, |own| format!("({}) AND ", own.sql));
    let sql = format!(
        "DELETE FROM {} AS {}{using} WHERE {own}({condition})",
        table.sql(),
        delete.alias.sql()
    );
    let parsed = parse(&sql, 0).ok()?;
    let Some(NodeEnum::DeleteStmt(tree)) = parsed.protobuf.stmts.into_iter().next()?.stmt?.node
    else {
        return None;
    };
    let change = dml::delete(&tree, &sql, catalog).ok()?.pop()?;
    if let Change::Delete(delete) = change {
        Some(delete)
    } else {
        None
    }
}
