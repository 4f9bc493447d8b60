//! Rows that an UPDATE would write against what is demanded of them.
//!
//! **Danger**: the first batch that meets one ends the statement half way, where as one it would have
//! changed nothing. **Instead**: they are counted before the first change.

use super::foreseen::{self, Rows};
use super::reach::Look;
use crate::catalog::{Catalog, ConstraintKind, Table};
use crate::change::Update;
use crate::decision::Decision;
use crate::expr::Shape;
use crate::plan::Question;
use crate::rules::column::computed::{all_known, of_one_row, over};
use crate::rules::{Context, questions};
use crate::sql::types;
use concertina_revisions::Ident;

/// Asks whether every row that it writes obeys the CHECKs and NOT NULLs of the columns that it
/// assigns: the first batch that meets one which doesn't would end it half way.
pub(crate) fn obeyed(decision: Decision, update: &Update, context: &Context<'_>) -> Decision {
    let known = context.table(&update.table);
    let Some((names, question)) = known.and_then(|table| broken(update, table, context)) else {
        return decision;
    };
    decision.check(
        format!(
            "every row of {} that the UPDATE writes obeys {}",
            update.table.shown(),
            names.join(", ")
        ),
        question,
        "leave these rows out by WHERE, or write values that obey",
    )
}

/// What is demanded of the columns that an UPDATE assigns, and the rows that it would break it with.
fn broken(
    update: &Update,
    table: &Table,
    context: &Context<'_>,
) -> Option<(Vec<String>, Question)> {
    let catalog = context.catalog;
    let exprs = || {
        update
            .sets
            .iter()
            .map(|(_, value)| value)
            .chain(&update.predicate)
    };
    let is_plain = all_known(update)
        && update.from.is_none()
        && exprs().all(|expr| of_one_row(expr, update, catalog))
        // These may write other values.
        && !table.triggers.iter().any(|trigger| trigger.on_update);
    if !is_plain || catalog.is_empty(&update.table) {
        return None;
    }
    let demands = demands(update, table, catalog);
    let breaks: Vec<&str> = demands.iter().map(|one| one.broken.as_str()).collect();
    if breaks.is_empty() {
        return None;
    }
    let mut wrong = format!("({})", breaks.join(" OR "));
    if let Some(predicate) = &update.predicate {
        wrong = format!("({}) AND {wrong}", over(predicate, update, catalog));
    }
    let scope = Look::of_update(update, catalog).scope();
    let reads = demands.iter().flat_map(|one| one.reads.iter().cloned());
    let reads: Vec<Ident> = reads
        .chain(exprs().flat_map(|expr| scope.target_columns(expr)))
        .collect();
    let called = demands.iter().flat_map(|one| &one.calls);
    let functions: Vec<&String> = exprs()
        .flat_map(|expr| &expr.functions)
        .chain(called)
        .collect();
    let question = match foreseen::rows_for(&update.table, &reads, &functions, context) {
        Rows::Foreseen(rows) => questions::foreseen_where(&rows, table, &update.alias, &wrong),
        Rows::Now => questions::rows_where(table, &update.alias, &wrong),
        Rows::Unknown => return None,
    };
    Some((demands.into_iter().map(|one| one.name).collect(), question))
}

/// Something that is demanded of the values that an UPDATE assigns.
struct Demand {
    name: String,
    /// The rows that break it then, as a condition over those of now.
    broken: String,
    /// The other columns that it looks at.
    reads: Vec<Ident>,
    /// The functions that it calls.
    calls: Vec<String>,
}

fn demands(update: &Update, table: &Table, catalog: &Catalog) -> Vec<Demand> {
    let value_of = |name: &Ident| {
        let (_, value) = update.sets.iter().find(|(set, _)| set == name)?;
        let kind = &table.get(name)?.type_sql;
        let value = format!("({})", over(value, update, catalog));
        Some(types::assigned(&value, kind, catalog))
    };
    let not_null = update.sets.iter().filter_map(|(name, value)| {
        let asks = table.get(name).is_some_and(|column| column.not_null);
        (asks && value.shape != Shape::Literal).then_some(Demand {
            name: format!("NOT NULL of {}", name.as_str()),
            broken: format!("{} IS NULL", value_of(name)?),
            reads: vec![],
            calls: vec![],
        })
    });
    let is_assigned = |name: &Ident| update.sets.iter().any(|(set, _)| set == name);
    let is_computed = |name: &Ident| {
        let column = table.get(name);
        column.is_none_or(|column| column.expression.is_some())
    };
    let checks = table
        .constraints
        .iter()
        .filter(|one| one.kind == ConstraintKind::Check);
    let checks = checks.filter_map(|check| {
        let condition = check.condition()?;
        let columns = condition.column_names();
        let is_asked = columns.iter().any(is_assigned)
            && !columns.iter().any(is_computed)
            && of_one_row(&condition, update, catalog);
        let then = condition.rewrite(|mention| {
            let as_now = || format!("{}.{}", update.alias.sql(), mention.name.sql());
            Some(value_of(&mention.name).unwrap_or_else(as_now))
        });
        is_asked.then(|| Demand {
            name: check.name.clone(),
            broken: format!("NOT ({then})"),
            reads: columns
                .into_iter()
                .filter(|name| !is_assigned(name))
                .collect(),
            calls: condition.functions,
        })
    });
    not_null.chain(checks).collect()
}
