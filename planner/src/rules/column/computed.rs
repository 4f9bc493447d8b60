//! Values that can't be computed for some rows: a division by zero, a text that is no number.
//!
//! **Danger**: the statement ends in an error in the middle of its batches, and every writer whose
//! row is filled meanwhile fails with it. **Instead**: the values are computed for every row before
//! the first change, and the trigger that fills a writer's row leaves it for the batches when it
//! can't.

use crate::catalog::{Catalog, Table};
use crate::change::Update;
use crate::decision::Decision;
use crate::expr::{Expr, Shape};
use crate::plan::Question;
use crate::rules::rows::foreseen::{self, Rows};
use crate::rules::rows::reach::Look;
use crate::rules::{Context, questions};
use crate::sql::types;
use concertina_revisions::Ident;

/// Whether a value, or the condition, may end in an error: when it is computed, or when its column
/// takes it.
pub(crate) fn may_fail(update: &Update, context: &Context<'_>) -> bool {
    let catalog = context.catalog;
    let columns = |name: &Ident| {
        context
            .table(&update.table)
            .and_then(|table| table.get(name))
    };
    let is_refused = |(set, value): &(Ident, Expr)| {
        let Some(kind) = columns(set).map(|column| &column.type_sql) else {
            return false;
        };
        let bare = value
            .columns
            .first()
            .filter(|mention| mention.range == (0..value.sql.len()));
        match bare.and_then(|mention| columns(&mention.name)) {
            Some(from) => {
                types::narrows(kind, catalog) && !types::is_total(&from.type_sql, kind, catalog)
            }
            None => {
                types::narrows(kind, catalog)
                    && !matches!(value.shape, Shape::Literal | Shape::Null | Shape::Default)
            }
        }
    };
    update
        .sets
        .iter()
        .map(|(_, value)| value)
        .chain(&update.predicate)
        .any(|expr| expr.reach.raises)
        || update.sets.iter().any(is_refused)
}

/// Asks whether every value can be computed.
pub(crate) fn asked(decision: Decision, update: &Update, context: &Context<'_>) -> Decision {
    let Some(table) = context.table(&update.table) else {
        return decision;
    };
    if context.catalog.is_empty(&update.table) || !may_fail(update, context) {
        return decision;
    }
    let Some(question) = question(update, table, context) else {
        return decision;
    };
    let names: Vec<&str> = update
        .sets
        .iter()
        .map(|(column, _)| column.as_str())
        .collect();
    decision.check(
        format!("every value of {}.{} can be computed", update.table.shown(), names.join(", ")),
        question,
        "fix these rows first, leave them out by WHERE, or write an expression that minds them (NULLIF, CASE)",
    )
}

/// An expression of an UPDATE with its own columns named by what it calls its table.
pub(crate) fn over(expr: &Expr, update: &Update, catalog: &Catalog) -> String {
    let scope = Look::of_update(update, catalog).scope();
    expr.rewrite(|mention| {
        scope
            .is_target(mention)
            .then(|| format!("{}.{}", update.alias.sql(), mention.name.sql()))
    })
}

fn question(update: &Update, table: &Table, context: &Context<'_>) -> Option<Question> {
    let catalog = context.catalog;
    let look = Look::of_update(update, catalog);
    let all = || {
        update
            .sets
            .iter()
            .map(|(_, value)| value)
            .chain(&update.predicate)
    };
    if !all_known(update) || all().any(|expr| !of_one_row(expr, update, catalog)) {
        return None;
    }
    let on_the_way = |name: &String| catalog.is_volatile(name) || catalog.may_read(name);
    if !(update.from.is_none() || look.finds_one())
        || look.called_on_the_way().any(|name| on_the_way(&name))
    {
        return None;
    }
    let scope = look.scope();
    let over = |expr: &Expr| over(expr, update, catalog);
    let mut values = Vec::new();
    for (column, value) in &update.sets {
        values.push(types::assigned(
            &format!("({})", over(value)),
            &table.get(column)?.type_sql,
            catalog,
        ));
    }
    let row = format!("ROW({})", values.join(", "));
    let condition = update.predicate.as_ref().map(&over);
    let expression = match (&update.from, condition) {
        (None, None) => row,
        (None, Some(condition)) => format!("CASE WHEN ({condition}) THEN {row} END"),
        (Some(from), condition) => {
            let condition =
                condition.map_or_else(String::new, |condition| format!(" WHERE {condition}"));
            format!("(SELECT {row} FROM {from}{condition} LIMIT 1)")
        }
    };
    let reads: Vec<Ident> = all().flat_map(|expr| scope.target_columns(expr)).collect();
    let functions: Vec<&String> = all().flat_map(|expr| &expr.functions).collect();
    let (key, rows) = match foreseen::rows_for(&update.table, &reads, &functions, context) {
        Rows::Foreseen(rows) => (rows.key_text(table, &update.alias), Some(rows.sql)),
        Rows::Now => (questions::key_text(table, &update.alias), None),
        Rows::Unknown => return None,
    };
    Some(Question::NoErrors {
        table: update.table.clone(),
        alias: update.alias.clone(),
        expression,
        key,
        rows,
    })
}

/// Whether nothing of the statement but its expressions says what is written to which rows.
pub(crate) fn all_known(update: &Update) -> bool {
    !(update.opaque || update.whole.is_some() || update.only || update.sets.is_empty())
}

/// Whether an expression can be computed from one row, as often as one likes. What does something
/// each time it is called must not be called; what reads many rows is computed once, by the list.
pub(crate) fn of_one_row(expr: &Expr, update: &Update, catalog: &Catalog) -> bool {
    let calls = expr.is_volatile(catalog) || expr.may_read(catalog);
    let mut mentions = expr.columns.iter();
    let whole = mentions
        .any(|mention| mention.name.as_str() == "*" || mention.name == update.alias)
        || expr.shape == Shape::Default;
    !(calls || whole || expr.reach.subquery || expr.reach.gathers)
}
