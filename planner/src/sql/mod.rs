//! SQL text: read into an [`Expr`](crate::expr::Expr), searched for what it mentions, rewritten,
//! and printed by PostgreSQL's own grammar. It knows no statement and no rule.

mod constants;
mod definition;
pub(crate) mod deparse;
pub(crate) mod expression;
pub(crate) mod mentions;
pub(crate) mod name;
mod numbering;
mod owner;
pub(crate) mod rewrite;
pub(crate) mod types;
mod volatility;

pub use constants::{Constants, constants};
pub use definition::setting_of_policy;
pub(crate) use definition::{
    Timing, conditions_set, domain_with_default, draws_numbers, is_at_utc, is_sorted,
};
pub(crate) use expression::{casts_of, computed_by, from_text, stored_expression, type_words};
pub(crate) use mentions::{
    functions, in_body, named_in, of_statement as mentioned_in, of_tree as mentioned,
};
pub(crate) use numbering::{Numbering, numbering};
pub use owner::gives_owner;
pub(crate) use volatility::{LooksAt, arguments_of, looks_at, replaces};

use crate::catalog::Catalog;
use concertina_revisions::tree::{Node, RangeVar, node};
use concertina_revisions::{Ident, TableName};

/// The name that an index (`idx`), a key (`key`, `pkey`) or another constraint gets of itself.
pub(crate) fn chosen_name(
    table: &TableName,
    columns: &[Ident],
    label: &str,
    catalog: &Catalog,
) -> Ident {
    name::choose(
        table,
        &name::addition(columns.iter().map(Ident::as_str)),
        label,
        catalog,
    )
}

pub(crate) use name::sequence_of;

/// The schema that a name says, if it says one.
pub(crate) fn schema(range: &RangeVar) -> Option<&str> {
    Some(range.schemaname.as_str()).filter(|schema| !schema.is_empty())
}

/// The strings of a list of `String` nodes, as in a qualified name.
pub(crate) fn strings(nodes: &[Node]) -> Vec<String> {
    nodes
        .iter()
        .filter_map(|node| match &node.node {
            Some(node::Node::String(text)) => Some(text.sval.clone()),
            _ => None,
        })
        .collect()
}

/// Schema and name of a qualified name.
pub(crate) fn qualified(parts: &[String]) -> (Option<&str>, &str) {
    match parts {
        [] => (None, ""),
        [name] => (None, name),
        [.., schema, name] => (Some(schema), name),
    }
}

/// A qualified name as SQL.
pub(crate) fn dotted(parts: &[Node]) -> String {
    strings(parts)
        .into_iter()
        .map(|part| Ident::new(part).sql())
        .collect::<Vec<_>>()
        .join(".")
}
