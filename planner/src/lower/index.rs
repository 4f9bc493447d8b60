//! CREATE INDEX.

use super::{deparse, existing, expression, name};
use crate::catalog::Catalog;
use crate::change::{Change, NewIndex};
use crate::expr::Expr;
use crate::problem::{self, Problem};
use concertina_revisions::Ident;
use concertina_revisions::tree::{IndexStmt, node};

pub(super) fn create(create: &IndexStmt, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(create.relation.as_ref(), catalog)?;
    let Keys {
        sorted_by: keys,
        labels,
        mut mentions,
    } = keys(create)?;
    let predicate = create
        .where_clause
        .as_deref()
        .map(expression::read)
        .transpose()?;
    mentions.extend(predicate.iter().flat_map(Expr::column_names));
    // The columns of a view that this revision makes aren't known.
    let known = catalog
        .table(&table)
        .filter(|table| !table.columns.is_empty());
    let is_missing = |column: &&Ident| known.is_some_and(|table| table.get(column).is_none());
    if let Some(column) = mentions.iter().find(is_missing) {
        return Err(problem::missing_column(&table, column, catalog));
    }
    let written = Some(create.idxname.as_str()).filter(|name| !name.is_empty());
    if let Some(name) = written
        && let Some((_, there)) = catalog.index(Some(table.schema.as_str()), name)
    {
        if create.if_not_exists {
            let but = if there.valid {
                ""
            } else {
                ", but not valid: REINDEX INDEX CONCURRENTLY fixes it"
            };
            return Ok(vec![Change::Nothing(format!(
                "index {name} is there already{but}"
            ))]);
        }
        return Err(problem::exists("index", name));
    }
    let name = written.map_or_else(
        || super::chosen_name(&table, &labels, "idx", catalog),
        Ident::new,
    );
    Ok(vec![Change::CreateIndex(NewIndex {
        table,
        name,
        keys,
        labels,
        values: values(create)?,
        predicate: predicate.map(|predicate| predicate.sql),
        mentions,
        unique: create.unique,
        partial: create.where_clause.is_some(),
        only: create.relation.as_ref().is_some_and(|range| !range.inh),
        tail: deparse::index_tail(create)?,
    })])
}

/// What an index is over.
#[derive(Default)]
struct Keys {
    /// The columns that it is sorted by; an expression is an empty name.
    sorted_by: Vec<Ident>,
    /// What a name that PostgreSQL chooses calls each of them, and each column that it includes.
    labels: Vec<Ident>,
    /// The columns that any of them reads.
    mentions: Vec<Ident>,
}

fn keys(create: &IndexStmt) -> Result<Keys, Problem> {
    let mut all = Keys::default();
    let mut labels = Vec::new();
    for node in create
        .index_params
        .iter()
        .chain(&create.index_including_params)
    {
        let Some(node::Node::IndexElem(element)) = &node.node else {
            continue;
        };
        match &element.expr {
            Some(written) => {
                all.sorted_by.push(Ident::new(""));
                labels.push(name::of_expression(written));
                let read = expression::read(written)?;
                all.mentions.extend(read.column_names());
            }
            None => {
                let column = Ident::new(element.name.as_str());
                all.sorted_by.push(column.clone());
                labels.push(element.name.clone());
                all.mentions.push(column);
            }
        }
    }
    all.sorted_by.truncate(create.index_params.len());
    let labels = name::told_apart(labels).into_iter();
    all.labels = labels.map(Ident::new).collect();
    Ok(all)
}

/// What each key is computed by, where equal is what the type calls so.
fn values(create: &IndexStmt) -> Result<Option<Vec<String>>, Problem> {
    let mut values = Vec::new();
    for node in &create.index_params {
        let Some(node::Node::IndexElem(element)) = &node.node else {
            return Ok(None);
        };
        if !element.collation.is_empty() || !element.opclass.is_empty() {
            return Ok(None);
        }
        values.push(match &element.expr {
            Some(written) => format!("({})", expression::read(written)?.sql),
            None => Ident::new(element.name.as_str()).sql(),
        });
    }
    Ok(Some(values))
}
