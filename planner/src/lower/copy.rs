//! INSERT .. SELECT, as rows of one table that can be taken batch by batch.

use super::{deparse, expression};
use crate::catalog::{Catalog, Table};
use crate::change::RowCopy;
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
    let sources = super::dml::sources(&select.from_clause, catalog);
    let mut from = select.from_clause.clone();
    let Some((source, alias)) = walked(&mut from, catalog) else {
        return Ok(Some(Err("reads no table that could be walked")));
    };
    let mut values = Vec::new();
    for item in &select.target_list {
        let Some(node::Node::ResTarget(item)) = &item.node else {
            continue;
        };
        let Some(value) = item.val.as_deref() else {
            continue;
        };
        let value = expression::read(value)?;
        if value
            .columns
            .iter()
            .any(|column| column.name.as_str() == "*")
        {
            return Ok(Some(Err("selects *: name the columns")));
        }
        if value
            .functions
            .iter()
            .any(|function| catalog.is_aggregate(function))
        {
            return Ok(Some(Err("computes over many rows at once")));
        }
        values.push(value);
    }
    let named: Vec<Ident> = insert
        .cols
        .iter()
        .filter_map(|column| match &column.node {
            Some(node::Node::ResTarget(column)) => Some(Ident::new(column.name.as_str())),
            _ => None,
        })
        .collect();
    let columns = if named.is_empty() {
        target
            .columns
            .iter()
            .map(|column| Ident::new(column.name.as_str()))
            .take(values.len())
            .collect()
    } else {
        named
    };
    if columns.len() != values.len() {
        return Ok(Some(Err("has another number of values than of columns")));
    }
    let Some(conflict) = conflict(insert, target) else {
        return Ok(Some(Err(
            "doesn't say ON CONFLICT (key) DO NOTHING: a batch that ran twice would copy its rows twice",
        )));
    };
    let key_is_given = conflict.iter().all(|key| {
        columns
            .iter()
            .zip(&values)
            .any(|(column, value)| column == key && !value.is_volatile(catalog))
    });
    if !key_is_given {
        return Ok(Some(Err(
            "doesn't take the key of the new row from the old one: copied twice it would be two rows",
        )));
    }
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
        keyed_by: conflict.iter().filter_map(given).collect(),
        key: conflict,
        exprs: values.into_iter().chain(predicate).collect(),
        columns,
        sources,
    })))
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
