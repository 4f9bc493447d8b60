//! INSERT, UPDATE and DELETE.

use super::{copy, deparse, existing, expression, listing, plain};
use crate::catalog::Catalog;
use crate::change::{Change, Delete, Insert, Update};
use crate::expr::Expr;
use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    DeleteStmt, InsertStmt, MultiAssignRef, Node, RangeVar, ResTarget, UpdateStmt, WithClause, node,
};
use concertina_revisions::{Ident, TableName};

pub(super) fn insert(
    insert: &InsertStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let table = existing(insert.relation.as_ref(), catalog)?;
    let reads = known(&expression::relations(&insert.select_stmt), catalog)
        .into_iter()
        .chain(known(&expression::relations(&insert.with_clause), catalog))
        .collect();
    let (copy, listing, plain) = match catalog.table(&table) {
        Some(target) => (
            copy::rows(insert, target, catalog)?,
            listing::of_insert(insert, target, catalog)?,
            plain::copy(insert, target, catalog)?.map(Box::new),
        ),
        None => (None, None, None),
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
    let beside = written_by(insert.with_clause.as_ref(), catalog);
    Ok(vec![Change::Insert(Insert {
        table,
        columns,
        reads,
        beside,
        copy,
        listing,
        plain,
        sql: sql.to_owned(),
    })])
}

pub(super) fn update(
    update: &UpdateStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let table = existing(update.relation.as_ref(), catalog)?;
    let alias = alias(update.relation.as_ref(), &table);
    let mut sets = Vec::new();
    let mut whole = shape(
        update.returning_clause.is_some(),
        update.with_clause.as_ref(),
        catalog,
    );
    for node in &update.target_list {
        let Some(node::Node::ResTarget(target)) = &node.node else {
            continue;
        };
        let column = Ident::new(target.name.as_str());
        if catalog
            .table(&table)
            .is_some_and(|table| table.get(&column).is_none())
        {
            return Err(problem::missing_column(&table, &column, catalog));
        }
        match assigned(target) {
            Ok(value) => sets.push((column, expression::read(value)?)),
            Err(why) => whole = Some(why),
        }
    }
    let predicate = update
        .where_clause
        .as_deref()
        .map(expression::read)
        .transpose()?;
    let exprs: Vec<&Expr> = sets
        .iter()
        .map(|(_, value)| value)
        .chain(&predicate)
        .collect();
    let from = expression::relations(&update.from_clause);
    whole = whole.or_else(|| by_schema(&from, &exprs));
    let (reads, opaque) = read_by(&from, &exprs, catalog);
    let only = says_only(update.relation.as_ref());
    Ok(vec![Change::Update(Update {
        unwalkable: unwalkable(
            &exprs,
            &alias,
            &table,
            update.with_clause.is_some(),
            only,
            catalog,
        ),
        from: deparse::from_list(&update.from_clause)?,
        sources: sources(&update.from_clause, catalog),
        listing: listing::of_rows(
            update.relation.as_ref(),
            &update.from_clause,
            update.where_clause.as_deref(),
            update.with_clause.as_ref(),
        )?,
        beside: written_by(update.with_clause.as_ref(), catalog),
        table,
        alias,
        sets,
        reads,
        opaque,
        only,
        predicate,
        whole,
        sql: sql.to_owned(),
    })])
}

/// The value that one column is given.
fn assigned(target: &ResTarget) -> Result<&Node, &'static str> {
    let value = target.val.as_deref().ok_or("assigns nothing")?;
    if !target.indirection.is_empty() {
        return Err("assigns a part of a column");
    }
    let Some(node::Node::MultiAssignRef(several)) = &value.node else {
        return Ok(value);
    };
    part_of(several).ok_or("assigns several columns by one subquery")
}

/// The one of several values that a column is given: `(a, b) = (1, 2)`.
fn part_of(several: &MultiAssignRef) -> Option<&Node> {
    let node::Node::RowExpr(row) = several.source.as_deref()?.node.as_ref()? else {
        return None;
    };
    row.args
        .get(usize::try_from(several.colno).ok()?.checked_sub(1)?)
}

pub(super) fn delete(
    delete: &DeleteStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let table = existing(delete.relation.as_ref(), catalog)?;
    let alias = alias(delete.relation.as_ref(), &table);
    let predicate = delete
        .where_clause
        .as_deref()
        .map(expression::read)
        .transpose()?;
    let exprs: Vec<&Expr> = predicate.iter().collect();
    let using = expression::relations(&delete.using_clause);
    let (reads, opaque) = read_by(&using, &exprs, catalog);
    let whole = shape(
        delete.returning_clause.is_some(),
        delete.with_clause.as_ref(),
        catalog,
    )
    .or_else(|| by_schema(&using, &exprs));
    let only = says_only(delete.relation.as_ref());
    Ok(vec![Change::Delete(Delete {
        unwalkable: unwalkable(
            &exprs,
            &alias,
            &table,
            delete.with_clause.is_some(),
            only,
            catalog,
        ),
        using: deparse::from_list(&delete.using_clause)?,
        sources: sources(&delete.using_clause, catalog),
        listing: listing::of_rows(
            delete.relation.as_ref(),
            &delete.using_clause,
            delete.where_clause.as_deref(),
            delete.with_clause.as_ref(),
        )?,
        beside: written_by(delete.with_clause.as_ref(), catalog),
        table,
        alias,
        reads,
        opaque,
        only,
        predicate,
        whole,
        sql: sql.to_owned(),
    })])
}

fn shape(returning: bool, with: Option<&WithClause>, catalog: &Catalog) -> Option<&'static str> {
    if returning {
        return Some("has RETURNING");
    }
    if with.is_some_and(|with| hides_table(with, catalog)) {
        return Some("has a WITH by the name of a table");
    }
    with.is_some_and(writes)
        .then_some("has WITH, and writes there")
}

/// Whether a CTE is called as a table is, which its name means no more where it stands for a query.
fn hides_table(with: &WithClause, catalog: &Catalog) -> bool {
    with.ctes.iter().any(|cte| match &cte.node {
        Some(node::Node::CommonTableExpr(cte)) => catalog.resolve(None, &cte.ctename).is_some(),
        _ => false,
    })
}

/// Names of columns with their schema: what we make of a statement calls its tables by one word.
/// Where only one table can be meant the schema is left out as the expression is read.
fn by_schema(from: &[Relation], exprs: &[&Expr]) -> Option<&'static str> {
    let is_needed = |expr: &&Expr| {
        let names_others = !from.is_empty() || !expr.relations.is_empty();
        expr.reach.by_schema && names_others
    };
    let any = exprs.iter().any(is_needed);
    any.then_some("names columns by table and schema")
}

/// Whether a CTE changes rows.
pub(super) fn writes(with: &WithClause) -> bool {
    with.ctes.iter().any(|cte| match &cte.node {
        Some(node::Node::CommonTableExpr(cte)) => !matches!(
            cte.ctequery.as_deref(),
            Some(Node {
                node: Some(node::Node::SelectStmt(_))
            })
        ),
        _ => true,
    })
}

/// The tables whose rows a WITH writes.
fn written_by(with: Option<&WithClause>, catalog: &Catalog) -> Vec<TableName> {
    let queries = with
        .into_iter()
        .flat_map(|with| &with.ctes)
        .filter_map(|cte| match &cte.node {
            Some(node::Node::CommonTableExpr(cte)) => cte.ctequery.as_deref()?.node.as_ref(),
            _ => None,
        });
    let written = queries.filter_map(|query| match query {
        node::Node::InsertStmt(insert) => insert.relation.as_ref(),
        node::Node::UpdateStmt(update) => update.relation.as_ref(),
        node::Node::DeleteStmt(delete) => delete.relation.as_ref(),
        node::Node::MergeStmt(merge) => merge.relation.as_ref(),
        _ => None,
    });
    written
        .filter_map(|range| catalog.resolve(super::schema(range), &range.relname))
        .collect()
}

fn says_only(relation: Option<&RangeVar>) -> bool {
    relation.is_some_and(|range| !range.inh)
}

/// Why each row can't be looked at in its own table, by the form of the statement.
fn unwalkable(
    exprs: &[&Expr],
    alias: &Ident,
    table: &TableName,
    with: bool,
    only: bool,
    catalog: &Catalog,
) -> Option<&'static str> {
    let is_column = |name: &Ident| {
        catalog
            .table(table)
            .is_some_and(|table| table.get(name).is_some())
    };
    let whole_row = |expr: &&Expr| {
        expr.columns.iter().any(|column| {
            column.name.as_str() == "*"
                || column.qualifier.is_none() && column.name == *alias && !is_column(alias)
        })
    };
    match (with, only, exprs.iter().any(whole_row)) {
        (true, ..) => Some("has WITH"),
        (_, true, _) => Some("says ONLY"),
        (.., true) => Some("names a whole row"),
        _ => None,
    }
}

/// What the statement calls its table.
fn alias(range: Option<&RangeVar>, table: &TableName) -> Ident {
    range.and_then(|range| range.alias.as_ref()).map_or_else(
        || table.name.clone(),
        |alias| Ident::new(alias.aliasname.as_str()),
    )
}

/// The tables of a FROM list with their names in it, when there is nothing else in it.
pub(super) fn sources(from: &[Node], catalog: &Catalog) -> Option<Vec<(TableName, Ident)>> {
    let source = |item: &Node| match &item.node {
        Some(node::Node::RangeVar(range))
            if range
                .alias
                .as_ref()
                .is_none_or(|alias| alias.colnames.is_empty()) =>
        {
            let table = catalog.resolve(super::schema(range), &range.relname)?;
            Some((table.clone(), alias(Some(range), &table)))
        }
        _ => None,
    };
    from.iter().map(source).collect()
}

type Relation = (Option<String>, String, Option<String>);

/// The known tables that a statement reads, and whether it reads others.
fn read_by(from: &[Relation], exprs: &[&Expr], catalog: &Catalog) -> (Vec<TableName>, bool) {
    let all: Vec<Relation> = from
        .iter()
        .chain(exprs.iter().flat_map(|expr| &expr.relations))
        .cloned()
        .collect();
    let reads = known(&all, catalog);
    let opaque = reads.len() < all.len();
    (reads, opaque)
}

fn known(relations: &[Relation], catalog: &Catalog) -> Vec<TableName> {
    relations
        .iter()
        .filter_map(|(schema, name, _)| catalog.resolve(schema.as_deref(), name))
        .collect()
}
