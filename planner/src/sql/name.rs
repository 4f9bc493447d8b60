//! The names that PostgreSQL gives to what the author left unnamed (`makeObjectName` and
//! `ChooseConstraintName` of its source), so that the result is the same as that of the plain SQL.

use crate::catalog::Catalog;
use concertina_revisions::name::NAME_BYTES_MAX;
use concertina_revisions::tree::{AExprKind, MinMaxOp, Node, node};
use concertina_revisions::{Ident, TableName};

/// A free name such as `leads_tenant_id_email_key`.
pub(crate) fn choose(table: &TableName, columns: &str, label: &str, catalog: &Catalog) -> Ident {
    let taken = |name: &str| {
        catalog.relation_name_taken(table.schema.as_str(), name)
            || catalog.tables.iter().any(|other| {
                other.schema == table.schema.as_str()
                    && other
                        .constraints
                        .iter()
                        .any(|constraint| constraint.name == name)
            })
    };
    let mut name = make(table.name.as_str(), columns, label);
    let mut number = 0;
    while taken(&name) {
        number += 1;
        name = make(table.name.as_str(), columns, &format!("{label}{number}"));
    }
    Ident::new(name)
}

/// The name that the sequence of a column has when nothing else is said, and it is free.
pub(crate) fn sequence_of(table: &TableName, column: &Ident) -> TableName {
    table.beside(&Ident::new(make(
        table.name.as_str(),
        column.as_str(),
        "seq",
    )))
}

/// `first_second_label`, the longer of the two parts cut until all fits.
fn make(first: &str, second: &str, label: &str) -> String {
    let overhead = usize::from(!second.is_empty()) + label.len() + 1;
    let room = NAME_BYTES_MAX - overhead;
    let (mut one, mut two) = (first.len(), second.len());
    while one + two > room {
        if one > two { one -= 1 } else { two -= 1 }
    }
    let first = &first[..first.floor_char_boundary(one)];
    let second = &second[..second.floor_char_boundary(two)];
    if second.is_empty() {
        format!("{first}_{label}")
    } else {
        format!("{first}_{second}_{label}")
    }
}

/// What PostgreSQL calls an expression of an index (`FigureIndexColname` of its source).
pub(crate) fn of_expression(expression: &Node) -> String {
    figured(expression).map_or_else(|| "expr".to_owned(), |(name, _)| name)
}

/// The name, and whether it is a strong one, which a cast's type doesn't replace.
fn figured(expression: &Node) -> Option<(String, bool)> {
    let strong = |name: &str| Some((name.to_owned(), true));
    match expression.node.as_ref()? {
        node::Node::ColumnRef(column) => Some((super::strings(&column.fields).pop()?, true)),
        node::Node::FuncCall(call) => Some((super::strings(&call.funcname).pop()?, true)),
        node::Node::CollateClause(clause) => figured(clause.arg.as_deref()?),
        node::Node::TypeCast(cast) => match figured(cast.arg.as_deref()?) {
            Some((name, true)) => Some((name, true)),
            _ => Some((
                super::strings(&cast.type_name.as_ref()?.names).pop()?,
                false,
            )),
        },
        node::Node::CaseExpr(case) => case
            .defresult
            .as_deref()
            .and_then(figured)
            .filter(|(_, strong)| *strong)
            .or_else(|| Some(("case".to_owned(), false))),
        node::Node::AExpr(operator) if operator.kind() == AExprKind::AexprNullif => {
            strong("nullif")
        }
        node::Node::AArrayExpr(_) => strong("array"),
        node::Node::RowExpr(_) => strong("row"),
        node::Node::CoalesceExpr(_) => strong("coalesce"),
        node::Node::MinMaxExpr(one) => strong(if one.op() == MinMaxOp::IsGreatest {
            "greatest"
        } else {
            "least"
        }),
        _ => None,
    }
}

/// Names of an index's columns, each another: PostgreSQL numbers those that are the same.
pub(crate) fn told_apart(names: Vec<String>) -> Vec<String> {
    names.into_iter().fold(Vec::new(), |mut told, name| {
        let mut candidate = name.clone();
        let mut number = 0;
        while told.contains(&candidate) {
            number += 1;
            candidate = format!("{name}{number}");
        }
        told.push(candidate);
        told
    })
}

/// Column names joined as PostgreSQL joins them.
pub(crate) fn addition<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    columns.into_iter().collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Table;

    #[test]
    fn long_names_are_cut_like_postgresql_cuts_them() {
        let table = "a".repeat(40);
        let name = make(&table, &"b".repeat(40), "key");
        assert_eq!(name.len(), 63);
        assert_eq!(name, format!("{}_{}_key", "a".repeat(29), "b".repeat(29)));
    }

    #[test]
    fn taken_names_get_a_number() {
        let leads = Table::new("leads")
            .column("email", "text")
            .unique("leads_email_key", &["email"]);
        let name = leads.full_name();
        assert_eq!(
            choose(&name, "email", "key", &Catalog::of([leads])).as_str(),
            "leads_email_key1"
        );
    }
}
