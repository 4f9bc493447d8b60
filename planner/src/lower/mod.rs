//! Parse tree to [`Change`]: the only room that sees PostgreSQL's tree. Spellings are folded here, names are
//! resolved here, and what no rule knows is refused here.

mod alter;
mod column;
mod constraint;
mod copy;
mod deparse;
mod dml;
mod expression;
mod index;
mod name;
mod never;
mod objects;
mod parts;
mod settings;
mod table;

use crate::catalog::Catalog;
use crate::change::Change;
use crate::problem::{self, Problem};
use concertina_revisions::tree::{Node, NodeEnum, RangeVar, node};
use concertina_revisions::{Ident, Statement, TableName};

/// Reads one statement in the light of a catalog.
///
/// # Errors
///
/// A statement that no rule knows, or one that names what the catalog doesn't have.
pub(crate) fn lower(statement: &Statement, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let sql = statement.sql.as_str();
    match statement.tree.as_ref() {
        NodeEnum::CreateStmt(create) => table::create(create, sql, catalog),
        NodeEnum::AlterTableStmt(alter) => alter::alter(alter, catalog),
        NodeEnum::IndexStmt(create) => index::create(create, catalog),
        NodeEnum::InsertStmt(insert) => dml::insert(insert, sql, catalog),
        NodeEnum::UpdateStmt(update) => dml::update(update, sql, catalog),
        NodeEnum::DeleteStmt(delete) => dml::delete(delete, sql, catalog),
        NodeEnum::CreatePolicyStmt(create) => parts::create_policy(create, sql, catalog),
        NodeEnum::AlterPolicyStmt(alter) => parts::alter_policy(alter, sql, catalog),
        NodeEnum::CreateTrigStmt(create) => parts::create_trigger(create, sql, catalog),
        NodeEnum::RenameStmt(rename) => parts::rename(rename, sql, catalog),
        NodeEnum::CreateStatsStmt(create) => parts::statistics(create, sql, catalog),
        NodeEnum::GrantStmt(grant) => {
            parts::grant(grant, sql, catalog).map_or_else(|| objects::other(statement.tree.as_ref(), sql, catalog), Ok)
        }
        NodeEnum::CommentStmt(comment) => parts::comment(comment, sql, catalog)
            .map_or_else(|| objects::other(statement.tree.as_ref(), sql, catalog), Ok),
        NodeEnum::DropStmt(drop) => match parts::drop(drop, sql, catalog)? {
            Some(changes) => Ok(changes),
            None => objects::drop(drop, sql, catalog),
        },
        other => objects::other(other, sql, catalog),
    }
}

/// The name that an index gets of itself.
pub(crate) fn index_name(table: &TableName, keys: &[Ident], catalog: &Catalog) -> Ident {
    name::choose(table, &name::addition(keys.iter().map(Ident::as_str)), "idx", catalog)
}

/// The existing table that a name means.
fn existing(range: Option<&RangeVar>, catalog: &Catalog) -> Result<TableName, Problem> {
    let range = range.ok_or_else(|| problem::unknown("a statement without a table"))?;
    catalog.resolve(schema(range), &range.relname).ok_or_else(|| problem::missing_table(&range.relname, catalog))
}

fn schema(range: &RangeVar) -> Option<&str> {
    Some(range.schemaname.as_str()).filter(|schema| !schema.is_empty())
}

/// The strings of a list of `String` nodes, as in a qualified name.
fn strings(nodes: &[Node]) -> Vec<String> {
    nodes
        .iter()
        .filter_map(|node| match &node.node {
            Some(node::Node::String(text)) => Some(text.sval.clone()),
            _ => None,
        })
        .collect()
}

/// Schema and name of a qualified name.
fn qualified(parts: &[String]) -> (Option<&str>, &str) {
    match parts {
        [] => (None, ""),
        [name] => (None, name),
        [.., schema, name] => (Some(schema), name),
    }
}

/// A qualified name as SQL.
fn dotted(parts: &[Node]) -> String {
    strings(parts).into_iter().map(|part| Ident::new(part).sql()).collect::<Vec<_>>().join(".")
}
