//! INSERT .. SELECT, as rows of one table that can be taken batch by batch.

use super::{deparse, expression};
use crate::catalog::{Catalog, Table};
use crate::change::RowCopy;
use crate::expr::Expr;
use crate::problem::Problem;
use concertina_revisions::tree::{
    InsertStmt, JoinType, Node, OnConflictAction, RangeVar, SelectStmt, SetOperation, node,
};
use concertina_revisions::{Ident, TableName};

/// How the statement's rows can be taken batch by batch, or why they can't; nothing for rows given
/// by value.
pub(super) fn rows(
    insert: &InsertStmt,
    target: &Table,
    catalog: &Catalog,
) -> Result<Option<Result<RowCopy, &'static str>>, Problem> {
    let Some(node::Node::SelectStmt(select)) = insert
        .select_stmt
        .as_deref()
        .and_then(|node| node.node.as_ref())
    else {
        return Ok(None);
    };
    if !select.values_lists.is_empty() || select.from_clause.is_empty() {
        return Ok(None);
    }
    if let Some(why) = gathers(insert, select) {
        return Ok(Some(Err(why)));
    }
    let mut from = select.from_clause.clone();
    let Some((source, alias)) = walked(&mut from, catalog) else {
        return Ok(Some(Err("reads no table that could be walked")));
    };
    let values = values(select)?;
    if let Some(why) = values.iter().find_map(|value| of_many_rows(value, catalog)) {
        return Ok(Some(Err(why)));
    }
    let columns = columns(insert, target, values.len());
    if columns.len() != values.len() {
        return Ok(Some(Err("has another number of values than of columns")));
    }
    let key = match known_again(insert, target, &columns, &values, catalog) {
        Ok(key) => key,
        Err(why) => return Ok(Some(Err(why))),
    };
    let predicate = select
        .where_clause
        .as_deref()
        .map(expression::read)
        .transpose()?;
    let given = |key: &Ident| {
        columns
            .iter()
            .position(|column| column == key)
            .and_then(|at| values.get(at).cloned())
    };
    Ok(Some(Ok(RowCopy {
        source,
        alias,
        values: values.iter().map(|value| value.sql.clone()).collect(),
        from: deparse::from_list(&from)?.unwrap_or_default(),
        predicate: predicate.as_ref().map(|predicate| predicate.sql.clone()),
        keyed_by: key.iter().filter_map(given).collect(),
        key,
        exprs: values.into_iter().chain(predicate).collect(),
        columns,
        sources: super::dml::sources(&select.from_clause, catalog),
    })))
}

/// The values of the SELECT list.
pub(super) fn values(select: &SelectStmt) -> Result<Vec<Expr>, Problem> {
    let value = |item: &Node| match &item.node {
        Some(node::Node::ResTarget(item)) => item.val.as_deref().map(expression::read),
        _ => None,
    };
    select.target_list.iter().filter_map(value).collect()
}

/// Why a value isn't computed from one row alone.
fn of_many_rows(value: &Expr, catalog: &Catalog) -> Option<&'static str> {
    if value
        .columns
        .iter()
        .any(|column| column.name.as_str() == "*")
    {
        return Some("selects *: name the columns");
    }
    let gathers = value
        .functions
        .iter()
        .any(|function| catalog.is_aggregate(function));
    gathers.then_some("computes over many rows at once")
}

/// The columns that an INSERT of so many values writes: those that it names, or the table's first
/// ones. Of a column of which it writes one field alone nothing is said.
pub(super) fn columns(insert: &InsertStmt, target: &Table, values: usize) -> Vec<Ident> {
    if insert.cols.is_empty() {
        let all = target.columns.iter().take(values);
        return all.map(|column| Ident::new(column.name.as_str())).collect();
    }
    let named = |column: &Node| match &column.node {
        Some(node::Node::ResTarget(column)) if column.indirection.is_empty() => {
            Some(Ident::new(column.name.as_str()))
        }
        _ => None,
    };
    insert.cols.iter().filter_map(named).collect()
}

/// The key by which a row that was copied already is known, or why a batch that ran twice would
/// copy its rows twice.
fn known_again(
    insert: &InsertStmt,
    target: &Table,
    columns: &[Ident],
    values: &[Expr],
    catalog: &Catalog,
) -> Result<Vec<Ident>, &'static str> {
    let key = conflict(insert, target).ok_or(
        "doesn't say ON CONFLICT (key) DO NOTHING: a batch that ran twice would copy its rows twice",
    )?;
    let is_given = |key: &Ident| {
        let mut given = columns.iter().zip(values);
        given.any(|(column, value)| column == key && !value.is_volatile(catalog))
    };
    if key.iter().all(is_given) {
        Ok(key)
    } else {
        Err(
            "doesn't take the key of the new row from the old one: copied twice it would be two rows",
        )
    }
}

/// What makes a SELECT more than a list of rows, each on its own.
pub(super) fn gathers(insert: &InsertStmt, select: &SelectStmt) -> Option<&'static str> {
    let parts = [
        (
            select.op() != SetOperation::SetopNone,
            "combines several SELECTs",
        ),
        (!select.distinct_clause.is_empty(), "has DISTINCT"),
        (
            !select.group_clause.is_empty() || select.having_clause.is_some(),
            "has GROUP BY",
        ),
        (!select.window_clause.is_empty(), "has WINDOW"),
        (
            select.limit_count.is_some() || select.limit_offset.is_some(),
            "has LIMIT",
        ),
        (
            !select.sort_clause.is_empty(),
            "has ORDER BY, which batches can't keep",
        ),
        (
            !select.locking_clause.is_empty(),
            "locks the rows that it reads",
        ),
        (
            select.with_clause.is_some() || insert.with_clause.is_some(),
            "has WITH",
        ),
        (insert.returning_clause.is_some(), "has RETURNING"),
    ];
    parts
        .into_iter()
        .find_map(|(holds, why)| holds.then_some(why))
}

/// The largest table whose every row the FROM list takes on its own. In the list it gets
/// [`RowCopy::WALKED`] for a name.
fn walked(from: &mut [Node], catalog: &Catalog) -> Option<(TableName, Ident)> {
    let mut ranges: Vec<&mut RangeVar> = Vec::new();
    from.iter_mut().for_each(|item| reach(item, &mut ranges));
    let known = |range: &RangeVar| {
        let schema = (!range.schemaname.is_empty()).then_some(range.schemaname.as_str());
        catalog.resolve(schema, &range.relname)
    };
    let size = |range: &RangeVar| {
        known(range)
            .and_then(|name| catalog.table(&name))
            .map_or(0, |table| table.pages)
    };
    let range = ranges
        .into_iter()
        .filter(|range| known(range).is_some())
        .max_by_key(|range| size(range))?;
    let source = known(range)?;
    let alias = range
        .alias
        .as_ref()
        .map_or_else(|| range.relname.clone(), |alias| alias.aliasname.clone());
    if range
        .alias
        .as_ref()
        .is_some_and(|alias| !alias.colnames.is_empty())
    {
        return None;
    }
    range.alias = Some(concertina_revisions::tree::Alias {
        aliasname: alias.clone(),
        colnames: vec![],
    });
    RowCopy::WALKED.clone_into(&mut range.relname);
    range.schemaname.clear();
    range.catalogname.clear();
    range.inh = true;
    Some((source, Ident::new(alias)))
}

/// Tables that no outer join makes rows up for.
fn reach<'a>(item: &'a mut Node, ranges: &mut Vec<&'a mut RangeVar>) {
    match &mut item.node {
        Some(node::Node::RangeVar(range)) => ranges.push(range),
        Some(node::Node::JoinExpr(join)) => {
            let (left, right) = match join.jointype() {
                JoinType::JoinInner => (true, true),
                JoinType::JoinLeft => (true, false),
                JoinType::JoinRight => (false, true),
                _ => (false, false),
            };
            if let Some(side) = join.larg.as_deref_mut().filter(|_| left) {
                reach(side, ranges);
            }
            if let Some(side) = join.rarg.as_deref_mut().filter(|_| right) {
                reach(side, ranges);
            }
        }
        _ => {}
    }
}

/// The unique key by which a row that is there already is known.
fn conflict(insert: &InsertStmt, target: &Table) -> Option<Vec<Ident>> {
    let clause = insert.on_conflict_clause.as_deref()?;
    if clause.action() != OnConflictAction::OnconflictNothing {
        return None;
    }
    let unique = || {
        target
            .indexes
            .iter()
            .filter(|index| index.unique && !index.partial && !index.keys.contains(&String::new()))
    };
    let keys = match &clause.infer {
        None => {
            let mut all = unique();
            let only = all.next()?;
            if all.next().is_some() {
                return None;
            }
            only.keys.clone()
        }
        Some(infer) => {
            let named: Vec<String> = infer
                .index_elems
                .iter()
                .filter_map(|element| match &element.node {
                    Some(node::Node::IndexElem(element)) => Some(element.name.clone()),
                    _ => None,
                })
                .collect();
            let constraint = |index: &&crate::catalog::Index| {
                index.constraint.as_deref() == Some(infer.conname.as_str())
            };
            let known = if infer.conname.is_empty() {
                unique().find(|index| same(&index.keys, &named))
            } else {
                unique().find(constraint)
            };
            known?.keys.clone()
        }
    };
    Some(keys.into_iter().map(Ident::new).collect())
}

fn same(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|key| other.contains(key))
}
