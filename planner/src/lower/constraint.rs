//! Constraints, whether written beside a column or on their own.

use super::{deparse, existing, expression, name};
use crate::catalog::Catalog;
use crate::change::{NewConstraint, NewConstraintKind};
use crate::problem::{self, Problem};
use concertina_revisions::tree::{ConstrType, Constraint, Node, node};
use concertina_revisions::{Ident, TableName};

/// Reads a constraint of `table`; `column` is the one it stands beside.
pub(super) fn read(
    constraint: &Constraint,
    table: &TableName,
    column: Option<&Ident>,
    catalog: &Catalog,
) -> Result<NewConstraint, Problem> {
    let (kind, label) = kind(constraint, table, column, catalog)?;
    // The grammar says it of these two kinds alone.
    let enforced = constraint.is_enforced
        || !matches!(
            kind,
            NewConstraintKind::Check(_) | NewConstraintKind::ForeignKey { .. }
        );
    if !enforced {
        problem::since(catalog, 18, "NOT ENFORCED")?;
    }
    let mut new = NewConstraint {
        // One that is made of an index is called as that is.
        name: Ident::new(if constraint.conname.is_empty() {
            &constraint.indexname
        } else {
            &constraint.conname
        }),
        definition: definition(constraint, &kind, column)?,
        not_valid: constraint.skip_validation && enforced,
        no_inherit: constraint.is_no_inherit,
        only: false,
        enforced,
        kind,
    };
    if new.name.as_str().is_empty() {
        new.name = name::choose(table, &addition(&new, constraint, label), label, catalog);
    }
    Ok(new)
}

/// What a constraint demands, and the last part of the name that PostgreSQL gives it.
fn kind(
    constraint: &Constraint,
    table: &TableName,
    column: Option<&Ident>,
    catalog: &Catalog,
) -> Result<(NewConstraintKind, &'static str), Problem> {
    let own = |listed: Vec<Ident>| {
        if listed.is_empty() {
            column.cloned().into_iter().collect()
        } else {
            listed
        }
    };
    Ok(match constraint.contype() {
        ConstrType::ConstrCheck => {
            let node = constraint
                .raw_expr
                .as_deref()
                .ok_or_else(|| problem::unknown("a CHECK without an expression"))?;
            (NewConstraintKind::Check(expression::read(node)?), "check")
        }
        ConstrType::ConstrForeign => {
            let references = match existing(constraint.pktable.as_ref(), catalog) {
                Ok(references) => references,
                Err(problem) => itself(constraint, table, catalog).ok_or(problem)?,
            };
            let kind = NewConstraintKind::ForeignKey {
                columns: own(expression::column_list(&constraint.fk_attrs)),
                references,
                reference_columns: expression::column_list(&constraint.pk_attrs),
            };
            (kind, "fkey")
        }
        ConstrType::ConstrUnique => {
            let columns = own(expression::column_list(&constraint.keys));
            (unique(constraint, columns, false, catalog)?, "key")
        }
        ConstrType::ConstrPrimary => {
            let columns = own(expression::column_list(&constraint.keys));
            (unique(constraint, columns, true, catalog)?, "pkey")
        }
        ConstrType::ConstrExclusion => (NewConstraintKind::Exclude, "excl"),
        ConstrType::ConstrNotnull => {
            problem::since(catalog, 18, "NOT NULL as a constraint of the table")?;
            let column = own(expression::column_list(&constraint.keys))
                .into_iter()
                .next()
                .ok_or_else(|| problem::unknown("NOT NULL without a column"))?;
            (NewConstraintKind::NotNull(column), "not_null")
        }
        _ => return Err(problem::unknown("this kind of constraint")),
    })
}

/// What the name that PostgreSQL gives a constraint says between its table and its label.
fn addition(new: &NewConstraint, constraint: &Constraint, label: &str) -> String {
    let columns = new.columns();
    match (&new.kind, label) {
        (_, "pkey") => String::new(),
        (NewConstraintKind::Check(_), _) if columns.len() != 1 => String::new(),
        (NewConstraintKind::Exclude, _) => excluded(constraint),
        _ => name::addition(columns.iter().map(Ident::as_str)),
    }
}

/// What the name of an EXCLUDE constraint says of its elements.
fn excluded(constraint: &Constraint) -> String {
    let element = |node: &Node| match &node.node {
        Some(node::Node::IndexElem(element)) => Some(match &element.expr {
            Some(written) => name::of_expression(written),
            None => element.name.clone(),
        }),
        _ => None,
    };
    let first = |node: &Node| match &node.node {
        Some(node::Node::List(pair)) => pair.items.first().and_then(element),
        _ => None,
    };
    let including = expression::column_list(&constraint.including);
    let labels = constraint.exclusions.iter().filter_map(first);
    let labels = labels.chain(including.iter().map(|column| column.as_str().to_owned()));
    let labels = name::told_apart(labels.collect());
    name::addition(labels.iter().map(String::as_str))
}

/// A key whose name is PostgreSQL's choice.
pub(super) fn unnamed_key(
    table: &TableName,
    columns: Vec<Ident>,
    catalog: &Catalog,
) -> NewConstraint {
    let list = columns
        .iter()
        .map(Ident::sql)
        .collect::<Vec<_>>()
        .join(", ");
    NewConstraint {
        name: name::choose(
            table,
            &name::addition(columns.iter().map(Ident::as_str)),
            "key",
            catalog,
        ),
        definition: format!("UNIQUE ({list})"),
        not_valid: false,
        no_inherit: false,
        only: false,
        enforced: true,
        kind: NewConstraintKind::Unique {
            columns,
            primary: false,
            index_suffix: String::new(),
            timing: String::new(),
            using_index: None,
        },
    }
}

/// A foreign key of a table that is just being made may point at itself.
fn itself(constraint: &Constraint, table: &TableName, catalog: &Catalog) -> Option<TableName> {
    let range = constraint.pktable.as_ref()?;
    let named = catalog.name_for_new(super::schema(range), &range.relname);
    (named == *table).then_some(named)
}

fn unique(
    constraint: &Constraint,
    columns: Vec<Ident>,
    primary: bool,
    catalog: &Catalog,
) -> Result<NewConstraintKind, Problem> {
    let including = expression::column_list(&constraint.including);
    let mut index_suffix = String::new();
    if !including.is_empty() {
        index_suffix = format!(
            " INCLUDE ({})",
            including
                .iter()
                .map(Ident::sql)
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    if constraint.nulls_not_distinct {
        problem::since(catalog, 15, "NULLS NOT DISTINCT")?;
        index_suffix.push_str(" NULLS NOT DISTINCT");
    }
    if constraint.without_overlaps {
        problem::since(catalog, 18, "WITHOUT OVERLAPS")?;
        return Err(problem::blocks(
            "WITHOUT OVERLAPS, whose GiST index PostgreSQL builds under ACCESS EXCLUSIVE,",
            "say it in CREATE TABLE",
        ));
    }
    if !constraint.options.is_empty() || !constraint.indexspace.is_empty() {
        index_suffix.push_str(&deparse::index_storage(
            &constraint.options,
            &constraint.indexspace,
        )?);
    }
    let timing = match (constraint.deferrable, constraint.initdeferred) {
        (false, _) => String::new(),
        (true, false) => " DEFERRABLE".to_owned(),
        (true, true) => " DEFERRABLE INITIALLY DEFERRED".to_owned(),
    };
    let using_index = Some(constraint.indexname.as_str())
        .filter(|name| !name.is_empty())
        .map(Ident::new);
    Ok(NewConstraintKind::Unique {
        columns,
        primary,
        index_suffix,
        timing,
        using_index,
    })
}

/// The text of a constraint. One that stands beside a column doesn't repeat the column; on its own
/// it must.
fn definition(
    constraint: &Constraint,
    kind: &NewConstraintKind,
    column: Option<&Ident>,
) -> Result<String, Problem> {
    let text = deparse::constraint(constraint)?;
    let Some(column) = column else {
        return Ok(text);
    };
    Ok(match kind {
        NewConstraintKind::ForeignKey { .. } => format!("FOREIGN KEY ({}) {text}", column.sql()),
        NewConstraintKind::Unique { primary, .. } => {
            let word = if *primary { "PRIMARY KEY" } else { "UNIQUE" };
            text.replacen(word, &format!("{word} ({})", column.sql()), 1)
        }
        _ => text,
    })
}
