//! CREATE TABLE.

use super::{column, constraint, schema};
use crate::catalog::{Catalog, TableKind};
use crate::change::{Change, NewTable};
use crate::problem::{self, Problem};
use concertina_revisions::tree::{CreateStmt, node};

pub(super) fn create(create: &CreateStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let range = create.relation.as_ref().ok_or_else(|| problem::unknown("CREATE TABLE without a name"))?;
    let table = catalog.name_for_new(schema(range), &range.relname);
    if let Some(there) = catalog.table(&table) {
        if create.if_not_exists && there.kind != TableKind::View {
            return Ok(vec![Change::Nothing(format!("table {} is there already", table.shown()))]);
        }
        return Err(problem::exists("table", &table.shown()));
    }
    if create.partbound.is_some() || !create.inh_relations.is_empty() || create.of_typename.is_some() {
        return Err(problem::unknown("CREATE TABLE .. PARTITION OF, INHERITS or OF"));
    }
    let mut new = NewTable { table: table.clone(), columns: vec![], constraints: vec![], sql: sql.to_owned() };
    for element in &create.table_elts {
        match &element.node {
            Some(node::Node::ColumnDef(definition)) => {
                let mut column = column::read(definition, &table, catalog)?;
                new.constraints.append(&mut column.constraints);
                new.columns.push(column);
            }
            Some(node::Node::Constraint(written)) => {
                new.constraints.push(constraint::read(written, &table, None, catalog)?);
            }
            _ => return Err(problem::unknown("CREATE TABLE .. LIKE")),
        }
    }
    Ok(vec![Change::CreateTable(new)])
}
