//! ALTER DOMAIN.

use super::objects::only;
use super::{dotted, expression, strings};
use crate::catalog::{Catalog, TableKind};
use crate::change::{Asks, Change, DomainDemand};
use crate::problem::{self, Problem};
use crate::sql::types;
use concertina_revisions::tree::{AlterDomainStmt, ConstrType, Constraint, node};
use concertina_revisions::{Ident, TableName};

/// PostgreSQL looks at every column of the domain while their writers wait, unless it is told not
/// to.
pub(super) fn alter(
    alter: &AlterDomainStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    let name = dotted(&alter.type_name);
    let plain = || Change::CatalogOnly(only(sql, format!("alter domain {name}"), None));
    let demand = |asks: Option<Asks>, reverse: Result<String, String>| {
        let domain = strings(&alter.type_name).pop().unwrap_or_default();
        Ok(Change::DomainDemand(DomainDemand {
            columns: columns_of(&domain, catalog)?,
            domain: Ident::new(domain),
            asks,
            what: format!("alter domain {name}"),
            sql: sql.to_owned(),
            reverse,
        }))
    };
    match alter.subtype.as_str() {
        "O" => demand(
            Some(Asks::NotNull),
            Err(format!("whether {name} refused NULL before isn't known")),
        ),
        "V" => demand(
            None,
            Err(format!(
                "a constraint of {name} can't be made unproven again"
            )),
        ),
        "C" => match alter.def.as_ref().and_then(|def| def.node.as_ref()) {
            Some(node::Node::Constraint(constraint)) if constraint.skip_validation => Ok(plain()),
            Some(node::Node::Constraint(constraint)) => {
                demand(asked(constraint)?, dropped(constraint, &name))
            }
            _ => Ok(plain()),
        },
        _ => Ok(plain()),
    }
}

fn asked(constraint: &Constraint) -> Result<Option<Asks>, Problem> {
    Ok(
        match (constraint.contype(), constraint.raw_expr.as_deref()) {
            (ConstrType::ConstrNotnull, _) => Some(Asks::NotNull),
            (ConstrType::ConstrCheck, Some(condition)) => {
                Some(Asks::Check(expression::read(condition)?))
            }
            _ => None,
        },
    )
}

fn dropped(constraint: &Constraint, domain: &str) -> Result<String, String> {
    if constraint.conname.is_empty() {
        return Err(format!(
            "what PostgreSQL calls the constraint of {domain} isn't known"
        ));
    }
    Ok(format!(
        "ALTER DOMAIN {domain} DROP CONSTRAINT {}",
        Ident::new(constraint.conname.as_str()).sql()
    ))
}

/// The columns of tables that are of a domain.
fn columns_of(domain: &str, catalog: &Catalog) -> Result<Vec<(TableName, Ident)>, Problem> {
    let is_base = |base: &String| types::bare(base).trim_end_matches("[]") == domain;
    if let Some(other) = catalog
        .types
        .iter()
        .find(|known| known.base.as_ref().is_some_and(is_base))
    {
        return Err(problem::blocks(
            &format!(
                "a demand of {domain}, of which {} is made, whose proof makes writers of every table wait,",
                other.name
            ),
            "add it NOT VALID, and add a CHECK to the columns of large tables",
        ));
    }
    let mut found = Vec::new();
    for table in &catalog.tables {
        let name = table.full_name();
        for column in &table.columns {
            let bare = types::bare(&column.type_sql);
            if bare.trim_end_matches("[]") != domain || table.kind == TableKind::View {
                continue;
            }
            if bare != domain || matches!(table.kind, TableKind::Foreign) {
                return Err(problem::unknown(&format!(
                    "another demand of {domain}, which {}.{} is made of,",
                    name.shown(),
                    column.name
                )));
            }
            found.push((name.clone(), Ident::new(column.name.as_str())));
        }
    }
    Ok(found)
}
