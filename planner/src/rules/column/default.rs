//! SET DEFAULT, DROP DEFAULT
//!
//! **Danger**: none for the table; dropping a default breaks inserts of code that leaves the column
//! out. **Instead**: as written; dropping the default of a column that refuses NULL waits for
//! contract. **Hazard**: old code that leaves the column out.

use crate::action::Action;
use crate::decision::Decision;
use crate::expr::Expr;
use crate::problem::hazard;
use crate::rules::Context;
use concertina_revisions::{Ident, TableName};

pub(crate) fn set_default(
    table: &TableName,
    column: &Ident,
    value: Option<&Expr>,
    context: &Context<'_>,
) -> Decision {
    let known = context.table(table).and_then(|table| table.get(column));
    let old = known.and_then(|column| column.default.clone());
    let set = |default: Option<String>| Action::SetDefault {
        table: table.clone(),
        column: column.clone(),
        default,
    };
    let back = match &old {
        Some(old) => format!(
            "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {old}",
            table.sql(),
            column.sql()
        ),
        None => format!(
            "ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT",
            table.sql(),
            column.sql()
        ),
    };
    if context.retyped(table).contains(column) {
        return Decision::because("")
            .note(format!(
                "the default of {} comes with the new column",
                column.as_str()
            ))
            .reverse(back);
    }
    // A sequence or a function that it names may be dropped before the column is.
    let catalog = context.catalog;
    let calls = |default: &str| {
        let read = crate::sql::from_text(default);
        read.is_some_and(|read| {
            read.calls(catalog)
                .any(|name| catalog.functions.iter().any(|known| known.name == name))
        })
    };
    let names = old.as_ref().is_some_and(|default| {
        calls(default) || !crate::sql::named_in(default, catalog).is_empty()
    });
    if value.is_none() && context.is_retyped_later(table, column) && !names {
        return Decision::because("")
            .note(format!(
                "the default of {} goes with the old column",
                column.as_str()
            ))
            .reverse(back);
    }
    let decision = Decision::because("a default is a metadata-only change");
    match value {
        None if known.is_some_and(|column| column.not_null) && !context.catalog.is_empty(table) => {
            decision.contract(set(None)).hazard(
                hazard::DEFAULT,
                format!(
                    "inserts that leave out {}.{} fail once its default is gone",
                    table.shown(),
                    column.as_str()
                ),
            )
        }
        _ => decision.expand(set(value.map(|value| value.sql.clone())), [set(old)]),
    }
    .reverse(back)
}
