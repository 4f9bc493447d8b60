//! Parse tree to [`Change`]: the only room that sees PostgreSQL's tree. Spellings are folded here,
//! names are resolved here, and what no rule knows is refused here.

mod acl;
mod actions;
mod addressed;
mod along;
mod alter;
mod altered;
mod cascade;
mod column;
mod conditional;
mod constraint;
mod copy;
mod dml;
mod domain;
mod drop;
mod identity;
mod in_use;
mod index;
mod listing;
mod merge;
mod named;
mod never;
mod objects;
mod partition;
mod parts;
mod pass;
mod plain;
pub(crate) mod reach;
mod relation;
mod rename;
mod rights;
mod settings;
mod statistics;
mod table;
mod table_as;
mod truncate;

pub(crate) use addressed::{Address, addressed};

use crate::catalog::{Catalog, Index, Table};
use crate::change::Change;
use crate::footprint::Footprint;
use crate::problem::{self, Problem};
use crate::sql::{
    chosen_name, deparse, dotted, expression, from_text, mentions, name, named_in, qualified,
    rewrite, schema, strings,
};
use concertina_revisions::tree::{NodeEnum, ObjectType, RangeVar, RoleSpec, RoleSpecType};
use concertina_revisions::{Statement, TableName};

/// Reads one statement, and what its words mention, in the light of a catalog.
///
/// # Errors
///
/// A statement that no rule knows, or one that names what the catalog doesn't have.
pub(crate) fn lower(
    statement: &Statement,
    mentioned: &Footprint,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let mut changes = read(statement, catalog)?;
    identity::fill(&mut changes, statement.tree.as_ref(), mentioned, catalog);
    if statement.directives.with_references() {
        along::with_references(changes, catalog)
    } else {
        Ok(changes)
    }
}

fn read(statement: &Statement, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let sql = statement.sql.as_str();
    match statement.tree.as_ref() {
        NodeEnum::CreateStmt(create) => table::create(create, sql, catalog),
        NodeEnum::AlterTableStmt(alter) => alter::alter(alter, sql, catalog),
        NodeEnum::IndexStmt(create) => index::create(create, catalog),
        NodeEnum::InsertStmt(insert) => dml::insert(insert, sql, catalog),
        NodeEnum::UpdateStmt(update) => dml::update(update, sql, catalog),
        NodeEnum::DeleteStmt(delete) => dml::delete(delete, sql, catalog),
        NodeEnum::MergeStmt(merge) if !statement.directives.allows_blocking() => {
            merge::merge(merge, catalog)
        }
        NodeEnum::CreatePolicyStmt(create) => parts::create_policy(create, sql, catalog),
        NodeEnum::AlterPolicyStmt(alter) => parts::alter_policy(alter, sql, catalog),
        NodeEnum::CreateTrigStmt(create) => parts::create_trigger(create, sql, catalog),
        NodeEnum::RenameStmt(rename) => match rename.rename_type() {
            ObjectType::ObjectStatisticExt => statistics::rename(rename, sql, catalog)
                .map_or_else(|| rename::rename(rename, sql, catalog), Ok),
            _ => rename::rename(rename, sql, catalog),
        },
        tree @ NodeEnum::AlterObjectSchemaStmt(alter)
            if alter.object_type() == ObjectType::ObjectStatisticExt =>
        {
            statistics::set_schema(alter, sql, catalog)
                .map_or_else(|| objects::other(tree, sql, catalog), Ok)
        }
        tree @ NodeEnum::CommentStmt(comment)
            if comment.objtype() == ObjectType::ObjectStatisticExt =>
        {
            statistics::comment(comment, sql, catalog)
                .map_or_else(|| objects::other(tree, sql, catalog), Ok)
        }
        NodeEnum::CreateStatsStmt(create) => statistics::create(create, sql, catalog),
        tree @ NodeEnum::GrantStmt(grant) => match rights::grant(grant, catalog)? {
            Some(changes) => Ok(changes),
            None => objects::other(tree, sql, catalog),
        },
        tree @ NodeEnum::CommentStmt(comment) => rights::comment(comment, sql, catalog)
            .map_or_else(|| objects::other(tree, sql, catalog), Ok),
        NodeEnum::DropStmt(drop) => match parts::drop(drop, sql, catalog)? {
            Some(changes) => Ok(changes),
            None => drop::drop(drop, sql, catalog),
        },
        NodeEnum::TruncateStmt(truncate) => truncate::truncate(truncate, sql, catalog),
        other => match table_as::create(other, sql, catalog) {
            Some(changes) => changes,
            None => objects::other(other, sql, catalog),
        },
    }
}

pub(crate) use conditional::{Conditional, Cost, conditional, is_conditional};
pub(crate) use partition::of_parent as detachment;
pub(crate) use plain::delete_where;
pub(crate) use rights::{column_grants, grants};

/// A statement that is never run live, but that its author allows.
pub(crate) fn as_allowed(statement: &Statement, catalog: &Catalog) -> Change {
    Change::Allowed(
        named_tables(statement.tree.as_ref(), catalog),
        statement.sql.clone(),
    )
}

/// The existing table that a name means.
fn existing(range: Option<&RangeVar>, catalog: &Catalog) -> Result<TableName, Problem> {
    let range = range.ok_or_else(|| problem::unknown("a statement without a table"))?;
    catalog
        .resolve(schema(range), &range.relname)
        .ok_or_else(|| problem::missing_table(&range.relname, catalog))
}

/// The existing index that a name means, with its table.
fn existing_index<'a>(
    range: &RangeVar,
    catalog: &'a Catalog,
) -> Result<(&'a Table, &'a Index), Problem> {
    catalog
        .index(schema(range), &range.relname)
        .ok_or_else(|| missing_index(&range.relname, catalog))
}

fn missing_index(name: &str, catalog: &Catalog) -> Problem {
    let indexes = catalog
        .tables
        .iter()
        .flat_map(|table| &table.indexes)
        .map(|index| index.name.as_str());
    problem::missing_object("index", name, indexes)
}

/// The known tables that a tree names anywhere.
fn named_tables(tree: &impl serde::Serialize, catalog: &Catalog) -> Vec<TableName> {
    let named = expression::relations(tree);
    let mut tables: Vec<TableName> = named
        .iter()
        .filter_map(|(schema, name, _)| catalog.resolve(schema.as_deref(), name))
        .collect();
    tables.sort();
    tables.dedup();
    tables
}

/// The relations that a statement names, with their schemas where it says them.
pub(crate) fn named_relations(tree: &impl serde::Serialize) -> Vec<(Option<String>, String)> {
    expression::relations(tree)
        .into_iter()
        .map(|(schema, name, _)| (schema, name))
        .collect()
}

/// The name of a role; PUBLIC is empty, and whoever is connected has none here.
fn rolespec(role: &RoleSpec) -> Option<String> {
    match role.roletype() {
        RoleSpecType::RolespecCstring => Some(role.rolename.clone()),
        RoleSpecType::RolespecPublic => Some(String::new()),
        _ => None,
    }
}
