//! Objects by their kind and the name that a statement gives them.

use super::{mentions, qualified, schema, strings};
use crate::catalog::Catalog;
use crate::footprint::{Footprint, Thing};
use concertina_revisions::tree::{Node, NodeEnum, ObjectType, RangeVar, node};
use concertina_revisions::{Ident, TableName};

/// Kinds that are seldom seen: they keep their order among each other.
pub(super) fn rare() -> Thing {
    Thing::Named(String::new(), String::new())
}

pub(super) fn new_name(range: Option<&RangeVar>, catalog: &Catalog) -> TableName {
    let range = range.cloned().unwrap_or_default();
    catalog.name_for_new(schema(&range), &range.relname)
}

/// The relation or index of a name, or where it would be.
pub(super) fn found(range: Option<&RangeVar>, catalog: &Catalog) -> TableName {
    let range = range.cloned().unwrap_or_default();
    mentions::find(schema(&range), &range.relname, catalog)
}

pub(super) fn by_name(parts: &[String], catalog: &Catalog) -> TableName {
    let (schema, name) = qualified(parts);
    mentions::find(schema, name, catalog)
}

/// An object by its kind and its name.
pub(super) fn of_kind(kind: ObjectType, parts: &[String], catalog: &Catalog) -> Thing {
    let last = parts.last().map(String::as_str).unwrap_or_default();
    let of_table = || parts.split_last().map(|(_, table)| by_name(table, catalog));
    let named = |kind: &str| Thing::Named(kind.to_owned(), last.to_owned());
    let name = Ident::new(last);
    match kind {
        ObjectType::ObjectTable
        | ObjectType::ObjectView
        | ObjectType::ObjectMatview
        | ObjectType::ObjectForeignTable
        | ObjectType::ObjectSequence
        | ObjectType::ObjectIndex => Thing::Relation(by_name(parts, catalog)),
        ObjectType::ObjectType | ObjectType::ObjectDomain | ObjectType::ObjectDomconstraint => {
            Thing::Type(name)
        }
        ObjectType::ObjectFunction
        | ObjectType::ObjectProcedure
        | ObjectType::ObjectRoutine
        | ObjectType::ObjectAggregate => Thing::Function(name),
        ObjectType::ObjectSchema => Thing::Schema(name),
        ObjectType::ObjectColumn => {
            of_table().map_or_else(rare, |table| Thing::column(&table, &name))
        }
        ObjectType::ObjectTabconstraint => {
            of_table().map_or_else(rare, |table| Thing::constraint(&table, &name))
        }
        ObjectType::ObjectTrigger => {
            of_table().map_or_else(rare, |table| Thing::Trigger(table, Some(name)))
        }
        ObjectType::ObjectPolicy => {
            of_table().map_or_else(rare, |table| Thing::Policy(table, Some(name)))
        }
        ObjectType::ObjectRule => {
            of_table().map_or_else(rare, |table| Thing::Rule(table, Some(name)))
        }
        ObjectType::ObjectCollation => named("collation"),
        ObjectType::ObjectOperator => named("operator"),
        ObjectType::ObjectExtension => named("extension"),
        ObjectType::ObjectPublication => named("publication"),
        ObjectType::ObjectStatisticExt => named("statistics"),
        ObjectType::ObjectRole => named("role"),
        _ => rare(),
    }
}

pub(super) fn parts_of(object: Option<&Node>) -> Vec<String> {
    match object.and_then(|object| object.node.as_ref()) {
        Some(node::Node::List(list)) => {
            // A constraint of a domain has the domain's name in front.
            let typed = list.items.iter().find_map(|item| match &item.node {
                Some(node::Node::TypeName(name)) => Some(strings(&name.names)),
                _ => None,
            });
            typed.unwrap_or_else(|| strings(&list.items))
        }
        Some(node::Node::TypeName(name)) => strings(&name.names),
        Some(node::Node::ObjectWithArgs(object)) => strings(&object.objname),
        Some(node::Node::String(text)) => vec![text.sval.clone()],
        Some(node::Node::RangeVar(range)) => schema(range)
            .map(str::to_owned)
            .into_iter()
            .chain([range.relname.clone()])
            .collect(),
        _ => vec![],
    }
}

pub(super) fn thing(
    kind: ObjectType,
    range: Option<&RangeVar>,
    object: Option<&Node>,
    part: &str,
    catalog: &Catalog,
) -> Thing {
    let mut parts = match range {
        Some(range) => {
            let table = found(Some(range), catalog);
            vec![
                table.schema.as_str().to_owned(),
                table.name.as_str().to_owned(),
            ]
        }
        None => parts_of(object),
    };
    if !part.is_empty() {
        parts.push(part.to_owned());
    }
    of_kind(kind, &parts, catalog)
}

/// A publication decides whether rows may be updated and deleted, as a trigger may: of the tables
/// that it names, with those below them, or of all.
pub(super) fn published(all: Footprint, tree: &NodeEnum, catalog: &Catalog) -> Footprint {
    let mut tables = super::named_tables(tree, catalog);
    tables = tables
        .iter()
        .flat_map(|table| catalog.below(table))
        .chain(tables.iter().cloned())
        .collect();
    if tables.is_empty() {
        tables = catalog
            .tables
            .iter()
            .map(|table| table.full_name())
            .collect();
    }
    tables
        .into_iter()
        .fold(all, |all, table| all.change(Thing::Trigger(table, None)))
}

/// What can be updated again once a publication is gone.
pub(super) fn published_no_more(all: Footprint, catalog: &Catalog) -> Footprint {
    let freed = catalog.tables.iter().filter(|table| table.update_refused);
    freed.fold(all, |all, table| {
        all.change(Thing::Trigger(table.full_name(), None))
    })
}
