//! What partitions have of their own on a column that another takes the place of.

use super::Shadow;
use crate::action::Action;
use crate::catalog::{Column, Constraint, Table};
use crate::change::Change;
use crate::rules::Context;
use crate::sql::rewrite;
use concertina_revisions::TableName;

/// What a partition demands or gives of the column that the whole doesn't.
pub(super) fn own(shadow: &Shadow<'_>, part: &Table, context: &Context<'_>) -> Option<String> {
    let name = part.full_name().shown();
    let column = part.get(&shadow.from())?;
    let draws = |column: &Column| {
        column
            .default
            .as_deref()
            .is_some_and(crate::sql::draws_numbers)
    };
    let is_set_later = || {
        let tables = [shadow.table_name(), part.full_name()];
        let sets = |change: &Change| matches!(change, Change::SetDefault(table, name, _) if tables.contains(table) && *name == shadow.name);
        context.after().any(|seen| sets(&seen.change))
    };
    if column.default != shadow.old.default
        && (draws(column) || draws(shadow.old) || is_set_later())
    {
        return Some(format!("the default of {name}"));
    }
    if column.not_null != shadow.old.not_null {
        return Some(format!("NOT NULL of {name}"));
    }
    let of_whole = |one: &&Constraint| {
        shadow
            .table
            .constraints
            .iter()
            .any(|whole| whole.name == one.name && whole.kind == one.kind)
    };
    let own = part
        .constraints
        .iter()
        .filter(|one| shadow.concerns(&one.columns))
        .find(|one| !of_whole(one));
    let statistics = part
        .statistics
        .iter()
        .find(|(_, _, text)| rewrite::words(text, &shadow.from(), &shadow.from()).is_some());
    own.map(|one| format!("constraint {} of {name}", one.name))
        .or_else(|| {
            statistics.map(|(_, statistics, _)| format!("statistics {statistics} of {name}"))
        })
}

/// The defaults of partitions, where some aren't the whole's: what gets one gives it to all below,
/// so that each comes after its whole.
pub(super) fn defaults(
    shadow: &Shadow<'_>,
    end: Option<&String>,
    context: &Context<'_>,
) -> Vec<Action> {
    let below = context.catalog.below(&shadow.table_name());
    let own = |name: &TableName| context.table(name)?.get(&shadow.from())?.default.clone();
    if below.iter().all(|name| own(name) == shadow.old.default) {
        return vec![];
    }
    let default = |name: &TableName| {
        if own(name) == shadow.old.default {
            end.cloned()
        } else {
            own(name)
        }
    };
    below
        .iter()
        .map(|name| Action::SetDefault {
            table: name.clone(),
            column: shadow.name.clone(),
            default: default(name),
        })
        .collect()
}
