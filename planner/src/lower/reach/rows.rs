//! What statements about rows may touch: what they name, what they call, and what that sets off.

use super::{Reacher, range_of};
use crate::lower::{expression, schema};
use concertina_revisions::tree::{DropBehavior, NodeEnum, RangeVar};
use serde_json::Value;

/// Functions of PostgreSQL that run what they are given, or change what names mean.
const RUN_ANYTHING: [&str; 5] = [
    "cursor_to_xml",
    "query_to_xml",
    "query_to_xml_and_xmlschema",
    "query_to_xmlschema",
    "set_config",
];

/// The functions that a SELECT may call for what they do.
const OF_SEQUENCES: [&str; 3] = ["currval", "nextval", "setval"];

impl Reacher<'_> {
    /// Statements about rows.
    pub(super) fn of_rows(&mut self, tree: &NodeEnum) {
        self.reach.rows = true;
        match tree {
            NodeEnum::InsertStmt(insert) => {
                self.fires(insert.relation.as_ref());
                self.reads(tree);
            }
            NodeEnum::UpdateStmt(update) => {
                self.changed(update.relation.as_ref());
                self.fires(update.relation.as_ref());
                self.reads(tree);
            }
            NodeEnum::DeleteStmt(delete) => {
                self.changed(delete.relation.as_ref());
                self.fires(delete.relation.as_ref());
                self.reads(tree);
            }
            NodeEnum::MergeStmt(merge) => {
                self.changed(merge.relation.as_ref());
                self.fires(merge.relation.as_ref());
                self.reads(tree);
            }
            NodeEnum::TruncateStmt(truncate) => {
                self.reach.cascades |= truncate.behavior() == DropBehavior::DropCascade;
                for range in truncate.relations.iter().filter_map(range_of) {
                    self.changed(Some(range));
                    self.fires(Some(range));
                }
            }
            NodeEnum::CreateTableAsStmt(create) => {
                self.reads(&create.query);
                self.made(create.into.as_deref().and_then(|into| into.rel.as_ref()));
            }
            NodeEnum::SelectStmt(select) => match select
                .into_clause
                .as_deref()
                .and_then(|into| into.rel.as_ref())
            {
                Some(range) => {
                    let mut query = select.clone();
                    query.into_clause = None;
                    self.reads(&query);
                    self.made(Some(range));
                }
                None => {
                    self.reads(tree);
                    let mut functions = Vec::new();
                    called(
                        &serde_json::to_value(tree).unwrap_or_default(),
                        &mut functions,
                    );
                    if functions
                        .iter()
                        .any(|function| !OF_SEQUENCES.contains(&function.as_str()))
                    {
                        self.anything();
                    }
                }
            },
            _ => self.reach.beyond = true,
        }
    }

    /// Everything that a query names and calls.
    pub(super) fn reads(&mut self, tree: &impl serde::Serialize) {
        let value = serde_json::to_value(tree).unwrap_or_default();
        let (mut functions, mut own) = (Vec::new(), Vec::new());
        called(&value, &mut functions);
        common_tables(&value, &mut own);
        let users = |function: &String| {
            self.catalog
                .functions
                .iter()
                .any(|known| known.name == *function)
        };
        if functions
            .iter()
            .any(|function| RUN_ANYTHING.contains(&function.as_str()) || users(function))
        {
            self.anything();
        }
        for (schema, name, _) in expression::relations(&value) {
            match self.catalog.resolve(schema.as_deref(), &name) {
                Some(table) => self.reach.used.push(table),
                None => self.reach.beyond |= !own.contains(&name) && !self.is_made(&name),
            }
        }
    }

    fn is_made(&self, name: &str) -> bool {
        self.reach
            .made
            .iter()
            .any(|made| made.name.as_str() == name)
    }

    fn fires(&mut self, range: Option<&RangeVar>) {
        self.reach.fires = true;
        let table = range.and_then(|range| self.catalog.resolve(schema(range), &range.relname));
        let triggers = table
            .and_then(|table| self.catalog.table(&table))
            .is_some_and(|table| !table.triggers.is_empty());
        self.reach.beyond |= triggers;
    }
}

/// The functions that a tree calls, by their last names.
fn called(value: &Value, found: &mut Vec<String>) {
    each(value, &mut |key, field| {
        if key == "FuncCall" {
            let parts = field["funcname"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            found.extend(
                parts
                    .last()
                    .and_then(|part| part["node"]["String"]["sval"].as_str())
                    .map(str::to_owned),
            );
        }
    });
}

/// The names that WITH gives.
fn common_tables(value: &Value, found: &mut Vec<String>) {
    each(value, &mut |key, field| {
        if key == "ctename" {
            found.extend(field.as_str().map(str::to_owned));
        }
    });
}

fn each(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        Value::Object(fields) => {
            for (key, field) in fields {
                visit(key, field);
                each(field, visit);
            }
        }
        _ => {}
    }
}
