//! Columns as CREATE TABLE and ADD COLUMN describe them.

use super::{constraint, deparse, expression, strings};
use crate::catalog::Catalog;
use crate::change::{NewColumn, Special};
use crate::problem::{self, Problem};
use concertina_revisions::tree::{ColumnDef, ConstrType, Constraint, Node, TypeName, node};
use concertina_revisions::{Ident, TableName};

/// Reads a column of `table`.
pub(super) fn read(
    column: &ColumnDef,
    table: &TableName,
    catalog: &Catalog,
) -> Result<NewColumn, Problem> {
    let name = Ident::new(column.colname.as_str());
    let type_name = column
        .type_name
        .as_ref()
        .ok_or_else(|| problem::unknown("a column without a type"))?;
    let serial = serial_type(type_name);
    let mut new = NewColumn {
        type_sql: match serial {
            Some(integer) => integer.to_owned(),
            None => deparse::type_name(type_name, column.coll_clause.as_deref())?,
        },
        name,
        default: None,
        not_null: serial.is_some(),
        constraints: Vec::new(),
        special: if serial.is_some() {
            Special::Serial
        } else {
            Special::None
        },
    };
    if !column.storage_name.is_empty() {
        problem::since(catalog, 16, "STORAGE beside a new column")?;
    }
    for written in &with_attributes(&column.constraints) {
        match written.contype() {
            ConstrType::ConstrNull => new.not_null = false,
            ConstrType::ConstrNotnull => new.not_null = true,
            ConstrType::ConstrDefault => {
                new.default = written
                    .raw_expr
                    .as_deref()
                    .map(expression::read)
                    .transpose()?;
            }
            ConstrType::ConstrIdentity => {
                (new.special, new.not_null) =
                    (Special::Identity(generated(written, " GENERATED ")?), true);
            }
            ConstrType::ConstrGenerated if written.generated_kind == "v" => {
                problem::since(catalog, 18, "a VIRTUAL generated column")?;
                new.special = Special::Virtual(generated(written, " GENERATED ")?);
            }
            ConstrType::ConstrGenerated => {
                new.special = Special::Stored(generated(written, " GENERATED ")?);
            }
            _ => {
                let read = constraint::read(written, table, Some(&new.name), catalog)?;
                new.not_null |= written.contype() == ConstrType::ConstrPrimary;
                new.constraints.push(read);
            }
        }
    }
    Ok(new)
}

/// The constraints beside a column, each with the attributes that PostgreSQL's grammar puts after
/// it (`transformConstraintAttrs` of its source).
pub(super) fn with_attributes(nodes: &[Node]) -> Vec<Constraint> {
    let mut constraints: Vec<Constraint> = Vec::new();
    for node in nodes {
        let Some(node::Node::Constraint(written)) = &node.node else {
            continue;
        };
        let last = constraints.last_mut();
        match (written.contype(), last) {
            (ConstrType::ConstrAttrDeferrable, Some(last)) => last.deferrable = true,
            (ConstrType::ConstrAttrDeferred, Some(last)) => {
                (last.deferrable, last.initdeferred) = (true, true);
            }
            (ConstrType::ConstrAttrNotDeferrable, Some(last)) => last.deferrable = false,
            (ConstrType::ConstrAttrImmediate, Some(last)) => last.initdeferred = false,
            (ConstrType::ConstrAttrEnforced, Some(last)) => last.is_enforced = true,
            (ConstrType::ConstrAttrNotEnforced, Some(last)) => last.is_enforced = false,
            _ => constraints.push(written.as_ref().clone()),
        }
    }
    constraints
}

/// `GENERATED ..` as SQL.
fn generated(written: &Constraint, word: &str) -> Result<String, Problem> {
    let sql = deparse::column_constraint(written)?;
    match sql.split_once(word) {
        Some((_, rest)) => Ok(format!("{}{rest}", word.trim_start())),
        None => Err(problem::unknown(&sql)),
    }
}

fn serial_type(name: &TypeName) -> Option<&'static str> {
    match strings(&name.names).last().map(String::as_str) {
        Some("serial" | "serial4") => Some("integer"),
        Some("bigserial" | "serial8") => Some("bigint"),
        Some("smallserial" | "serial2") => Some("smallint"),
        _ => None,
    }
}
