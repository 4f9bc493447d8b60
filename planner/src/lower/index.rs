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
    for node in create.index_params.iter().chain(&create.index_including_params) {
        let Some(node::Node::IndexElem(element)) = &node.node else { continue };
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
    if let Some(predicate) = &create.where_clause {
        mentions.extend(expression::read(predicate)?.column_names());
    }
    for column in &mentions {
        // The columns of a view that this revision makes aren't known.
        if catalog.table(&table).is_some_and(|table| !table.columns.is_empty() && table.get(column).is_none()) {
            return Err(problem::missing_column(&table, column, catalog));
        }
    }
    let written = Some(create.idxname.as_str()).filter(|name| !name.is_empty());
    if let Some(name) = written
        && let Some((_, there)) = catalog.index(Some(table.schema.as_str()), name)
    {
        if create.if_not_exists {
            let but = if there.valid { "" } else { ", but not valid: REINDEX INDEX CONCURRENTLY mends it" };
            return Ok(vec![Change::Nothing(format!("index {name} is there already{but}"))]);
        }
        return Err(problem::exists("index", name));
    }
    let labels: Vec<Ident> = name::told_apart(labels).into_iter().map(Ident::new).collect();
    let name = written.map_or_else(|| super::chosen_name(&table, &labels, "idx", catalog), Ident::new);
    Ok(vec![Change::CreateIndex(NewIndex {
        table,
        name,
        keys,
        labels,
        mentions,
        unique: create.unique,
        partial: create.where_clause.is_some(),
        only: create.relation.as_ref().is_some_and(|range| !range.inh),
        tail: deparse::index_tail(create)?,
    })])
}
