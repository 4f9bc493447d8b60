//! The trigger that fills what is written while an UPDATE's rows are filled in batches.

use super::reach::Look;
use crate::action::{Action, Sync};
use crate::change::{Change, Update};
use crate::decision::{Decision, Rank};
use crate::expr::{Expr, Scope};
use crate::plan::Phase;
use crate::rules::column::{computed, generated};
use crate::rules::{Context, helper};
use concertina_revisions::Ident;

/// Why there is one.
pub(crate) const WRITTEN_MEANWHILE: &str =
    "rows that any version of the application writes meanwhile are filled as they are written";

/// The trigger goes: where a column that it reads goes in contract too, in the same transaction, or
/// what is written in between would be lost.
pub(crate) fn removed(sync: Sync, update: &Update, context: &Context<'_>) -> Decision {
    let read = update.column_names();
    let drops = |change: &Change| matches!(change, Change::DropColumn(table, column) if *table == update.table && read.contains(column));
    let decision = Decision::because(WRITTEN_MEANWHILE);
    if !context.after().any(|seen| drops(&seen.change)) {
        return decision.contract(Action::RemoveSync(sync));
    }
    let decision = if sync.guarded {
        decision.quick(
            Phase::Contract,
            Rank::Demand,
            Action::RefuseUnfilled(sync.clone()),
            [],
        )
    } else {
        decision
    };
    decision.quick(Phase::Contract, Rank::Remove, Action::RemoveSync(sync), [])
}

pub(crate) fn relies_on_sync(update: &Update) -> String {
    let columns: Vec<&str> = update
        .sets
        .iter()
        .map(|(column, _)| column.as_str())
        .collect();
    format!(
        "code that doesn't write {}.{} yet relies on the sync trigger; its rows stay NULL once contract removes it",
        update.table.shown(),
        columns.join(", ")
    )
}

/// Whether a row that somebody writes has no value yet. What we write ourselves is written by other
/// statements of the author, before or behind the UPDATE, which fill nothing.
fn unfilled(update: &Update) -> String {
    let columns: Vec<String> = update
        .sets
        .iter()
        .map(|(column, _)| format!("new.{} IS NULL", column.sql()))
        .collect();
    format!("({}) AND {BY_OTHERS}", columns.join(" OR "))
}

/// Whether it isn't we who write: all our sessions say so.
const BY_OTHERS: &str = "current_setting('concertina.batch', true) IS DISTINCT FROM 'on'";

pub(crate) fn sync(update: &Update, scope: &Scope<'_>, context: &Context<'_>) -> Sync {
    let known = context.table(&update.table);
    let over_new = |expression: &Expr| {
        expression.rewrite(|mention| {
            scope.is_target(mention).then(|| match known {
                Some(table) => generated::of_new(table, &mention.name),
                None => format!("new.{}", mention.name.sql()),
            })
        })
    };
    let columns: Vec<&str> = update
        .sets
        .iter()
        .map(|(column, _)| column.as_str())
        .collect();
    let mut parts = vec![update.table.schema.as_str(), update.table.name.as_str()];
    parts.extend(columns);
    let reads = !update.reads.is_empty();
    let calls = update
        .sets
        .iter()
        .map(|(_, value)| value)
        .chain(&update.predicate)
        .any(|expression| !expression.functions.is_empty());
    Sync {
        table: update.table.clone(),
        name: Ident::new(format!("zzz_{}", helper("sync", &parts).as_str())),
        assignments: update
            .sets
            .iter()
            .map(|(column, value)| (column.clone(), over_new(value)))
            .collect(),
        from: update.from.clone(),
        predicate: update.predicate.as_ref().map(over_new),
        when: unfilled(update),
        again: written_again(update, context),
        search_path: (reads || calls).then(|| context.catalog.search_path.clone()),
        definer: reads,
        guarded: computed::may_fail(update, context),
        twin: None,
        alias: None,
        follow: None,
    }
}

/// Whether a writer changed what the new columns are made of, and not the columns: as if that had
/// been written before the statement.
fn written_again(update: &Update, context: &Context<'_>) -> Option<String> {
    let table = context.table(&update.table)?;
    let exprs = || {
        update
            .sets
            .iter()
            .map(|(_, value)| value)
            .chain(&update.predicate)
    };
    let is_set = |column: &Ident| update.sets.iter().any(|(set, _)| set == column);
    if !update.sets.iter().all(|(column, _)| table.is_fresh(column))
        || exprs().any(|expr| expr.is_volatile(context.catalog) || expr.reach.clock)
    {
        return None;
    }
    let differ = |column: &Ident| {
        let known = table.get(column)?;
        let (new, old) = (
            format!("new.{}", column.sql()),
            format!("old.{}", column.sql()),
        );
        Some(crate::sql::types::differ(
            &known.type_sql,
            known.collation.as_deref(),
            &new,
            &old,
        ))
    };
    let read = Look::of_update(update, context.catalog).relied_on(table);
    let read: Vec<String> = read
        .iter()
        .filter(|column| !is_set(column))
        .filter_map(differ)
        .collect();
    let own: Vec<String> = update
        .sets
        .iter()
        .filter_map(|(column, _)| differ(column))
        .collect();
    (!read.is_empty()).then(|| {
        format!(
            "({}) AND NOT ({}) AND {BY_OTHERS}",
            read.join(" OR "),
            own.join(" OR ")
        )
    })
}
