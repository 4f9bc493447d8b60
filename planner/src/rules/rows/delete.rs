//! DELETE
//!
//! **Danger**: one statement over a large table holds row locks and one snapshot until the last
//! row. **Instead**: small batches in physical order, by the same machinery as an UPDATE. What
//! reads the rows that it removes is listed first. **Hazard**: code that still reads the rows.

use super::fired::{Deed, Fired, changes_what_it_looks_at, fired, in_its_place, in_order_of_rows};
use super::reach::Look;
use super::{follow, listed, update};
use crate::action::{Action, Backfill, Listed, Lock, Operation, WorkList};
use crate::catalog::{Table, TableKind};
use crate::change::Delete;
use crate::decision::Decision;
use crate::problem::Problem;
use crate::rules::Context;
use crate::rules::small::is_small;
use crate::sql::rewrite::{self, GoesAlong};
use concertina_revisions::{Ident, TableName};

pub(crate) fn delete(delete: &Delete, context: &Context<'_>) -> Result<Decision, Problem> {
    let spared = follow::spares_what_came_later(delete, context);
    let is_spared = spared.is_some();
    let decision = deleted(spared.as_ref().unwrap_or(delete), context)?;
    Ok(decision.note_of(is_spared.then(|| {
        format!(
            "rows of {} that were written after they were copied are left as they are",
            delete.table.shown()
        )
    })))
}

fn deleted(delete: &Delete, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(table) = context.table(&delete.table) else {
        return Ok(Decision::default());
    };
    if context.is_copied_into(&delete.table) {
        return Err(update::copied_meanwhile());
    }
    if context.catalog.is_empty(&delete.table) {
        return Ok(as_written(
            delete,
            table,
            "the table holds no row that anyone else sees",
            context,
        ));
    }
    let fired = fired(
        &delete.table,
        Deed::Delete,
        &[],
        context.before(),
        context.catalog,
    );
    let look = Look::of_delete(delete, context.catalog);
    in_its_place("this DELETE", &look, context)?;
    let at_once = listed::asked_at_the_end(table, Deed::Delete, &[]).or_else(|| {
        changes_what_it_looks_at(&look, table, context.catalog).then_some(
            "rows that it deletes give others of the table what it looks for, by a foreign key",
        )
    });
    let beyond = look.beyond();
    let plain = fired == Fired::default() && at_once.is_none() && delete.whole.is_none();
    if (beyond.is_some() || !plain) && is_small(&delete.table, context.catalog) {
        return Ok(as_written(
            delete,
            table,
            "the table is small: one short transaction",
            context,
        ));
    }
    let at_once = at_once.or_else(|| in_order_of_rows(&look, &fired, context.catalog));
    in_batches(delete, table, &fired, at_once, context)?;
    let decision = match beyond {
        Some(why) => list(delete, table, why, true, context)?,
        None if !fired.rows.is_empty() => {
            let values = delete.using.is_some()
                || delete
                    .predicate
                    .iter()
                    .any(|predicate| predicate.reach.subquery);
            list(
                delete,
                table,
                "fires triggers, which see its rows in order",
                values,
                context,
            )?
        }
        None => walk(delete, context),
    };
    Ok(decision
        .irreversible(lost(&delete.table))
        .note_of(scanned(delete, context)))
}

/// Refuses a DELETE that batches would make another one.
fn in_batches(
    delete: &Delete,
    table: &Table,
    fired: &Fired,
    at_once: Option<&'static str>,
    context: &Context<'_>,
) -> Result<(), Problem> {
    if !fired.rules.is_empty() {
        return Err(listed::rules("this DELETE", &delete.table, &fired.rules));
    }
    if !fired.statement.is_empty() && !context.directives.allows_triggers_per_batch() {
        return Err(listed::statement_triggers(&delete.table, &fired.statement));
    }
    if let Some(why) = delete.whole {
        return Err(update::not_batchable(&format!(
            "a DELETE that {why} can't be cut into batches"
        )));
    }
    if let Some(why) = at_once {
        return Err(listed::as_one("this DELETE", why));
    }
    if table.kind == TableKind::View {
        return Err(update::not_batchable(
            "a DELETE from a view can't be cut into batches",
        ));
    }
    Ok(())
}

fn lost(table: &TableName) -> String {
    format!("the deleted rows of {} are gone", table.shown())
}

fn as_written(delete: &Delete, table: &Table, why: &str, context: &Context<'_>) -> Decision {
    let locks = if table.is_new {
        vec![]
    } else {
        vec![(delete.table.clone(), Lock::RowExclusive)]
    };
    let action = Action::as_written(
        format!("delete from {}", delete.table.shown()),
        delete.sql.clone(),
        locks,
    );
    let decision = Decision::because(why).expand(action, []);
    if let Some(table) = context.written_beside(&delete.beside) {
        return decision.irreversible(format!(
            "the rows of {} as they were aren't kept",
            table.shown()
        ));
    }
    if table.is_new {
        decision.reverse("")
    } else {
        decision.irreversible(lost(&delete.table))
    }
}

fn walk(delete: &Delete, context: &Context<'_>) -> Decision {
    let backfill = Backfill {
        table: delete.table.clone(),
        alias: delete.alias.clone(),
        operation: Operation::Delete,
        from: delete.using.clone(),
        predicate: delete
            .predicate
            .as_ref()
            .map_or_else(|| "true".to_owned(), |predicate| predicate.sql.clone()),
        hot: false,
        lookups: delete.using.is_some(),
        synced: false,
        workers: context.directives.workers(),
        key: context.directives.key().map(<[Ident]>::to_vec),
        silent: false,
    };
    Decision::because(
        "one statement would hold its locks and its snapshot until the last row; batches hold them for milliseconds",
    )
    .fill(backfill)
}

/// The statement by way of a list. `values`: what the condition looks at must be as it was.
fn list(
    delete: &Delete,
    table: &Table,
    why: &'static str,
    values: bool,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let key = listed::key(table, delete.only, why, context)?;
    let look = Look::of_delete(delete, context.catalog);
    let relied_on: Vec<Ident> = look
        .relied_on(table)
        .into_iter()
        .filter(|column| values && !key.contains(column))
        .collect();
    let of_row = |column: &Ident| format!("{}.{}", delete.alias.sql(), column.sql());
    let held: Vec<String> = key.iter().chain(&relied_on).map(of_row).collect();
    let list = WorkList {
        query: delete.listing.giving(&held),
        relied_on,
        values: vec![],
        first_only: delete.using.is_some() && !look.finds_one(),
        only: delete.only,
        change: Listed::Delete {
            predicate: delete
                .predicate
                .as_ref()
                .filter(|_| !values)
                .map(|predicate| predicate.sql.clone()),
        },
        key,
    };
    let decision = listed::decision(&delete.table, why, &list);
    Ok(decision.fill(listed::backfill(&delete.table, &delete.alias, list)))
}

/// Tables that each deleted row scans, its own and those that go along with it, with the indexes
/// that would spare it that.
fn scanned(delete: &Delete, context: &Context<'_>) -> Option<String> {
    let (mut met, mut at, mut unindexed) = (vec![delete.table.clone()], 0, Vec::new());
    while let Some(table) = met.get(at).cloned() {
        at += 1;
        for (other, key) in context.catalog.referencing(&table) {
            let name = other.full_name();
            let columns: Vec<Ident> = key
                .columns
                .iter()
                .map(|column| Ident::new(column.as_str()))
                .collect();
            let indexed = other
                .indexes
                .iter()
                .any(|index| index.keys.first() == key.columns.first());
            // What the revision builds behind it comes too late.
            if !indexed && !context.catalog.is_empty(&name) {
                let list = columns
                    .iter()
                    .map(Ident::sql)
                    .collect::<Vec<_>>()
                    .join(", ");
                unindexed.push(format!(
                    "{} ({} blocks): CREATE INDEX ON {} ({list})",
                    name.shown(),
                    other.pages,
                    name.sql()
                ));
            }
            if rewrite::on_delete(key) == GoesAlong::Deleted && !met.contains(&name) {
                met.push(name);
            }
        }
    }
    (!unindexed.is_empty()).then(|| {
        format!(
            "each deleted row scans {}, in a revision before this one, spares it that",
            unindexed.join("; and ")
        )
    })
}
