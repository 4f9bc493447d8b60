//! CREATE INDEX.

use super::{deparse, existing, expression, name};
use crate::catalog::Catalog;
use crate::change::{Change, NewIndex};
use crate::problem::{self, Problem};
use concertina_revisions::Ident;
use concertina_revisions::tree::{IndexStmt, node};

pub(super) fn create(create: &IndexStmt, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(create.relation.as_ref(), catalog)?;
    let mut keys = Vec::new();
    let mut labels = Vec::new();
    let mut mentions = Vec::new();
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
                keys.push(Ident::new(""));
                labels.push(name::of_expression(written));
                mentions.extend(expression::read(written)?.column_names());
            }
            None => {
                keys.push(Ident::new(element.name.as_str()));
                labels.push(element.name.clone());
                mentions.push(Ident::new(element.name.as_str()));
            }
        }
    }
    keys.truncate(create.index_params.len());
    let predicate = match &create.where_clause {
        Some(written) => {
            let predicate = expression::read(written)?;
            mentions.extend(predicate.column_names());
            Some(predicate.sql)
        }
        None => None,
    };
    for column in &mentions {
        // The columns of a view that this revision makes aren't known.
        if catalog
            .table(&table)
            .is_some_and(|table| !table.columns.is_empty() && table.get(column).is_none())
        {
            return Err(problem::missing_column(&table, column, catalog));
        }
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
    let labels: Vec<Ident> = name::told_apart(labels)
        .into_iter()
        .map(Ident::new)
        .collect();
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
        predicate,
        mentions,
        unique: create.unique,
        partial: create.where_clause.is_some(),
        only: create.relation.as_ref().is_some_and(|range| !range.inh),
        tail: deparse::index_tail(create)?,
    })])
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
