//! UPDATE
//!
//! **Danger**: one statement over a large table holds row locks and one snapshot for hours, doubles
//! the table and floods replicas; updates of the application wait for it. **Instead**: small
//! batches in physical order, each with its checkpoint; a trigger fills what is written meanwhile.
//! What can't be cut so is listed first, and batches take the rows from the list. **Hazard**: old
//! code that leaves a new column out relies on that trigger until contract.

use super::fired::{Deed, fired, in_its_place, in_order_of_rows};
use super::listed;
use super::reach::{Look, written_with};
use super::synced::{WRITTEN_MEANWHILE, relies_on_sync, removed, sync};
use super::way::{Way, way};
use crate::action::{Action, Backfill, Listed, Lock, Operation, WorkList};
use crate::catalog::{Column, Table, TableKind};
use crate::change::{Change, Update};
use crate::decision::Decision;
use crate::expr::{Conjunct, Expr, Scope, Shape};
use crate::fold::Seen;
use crate::footprint::Thing;
use crate::problem::{Problem, code, hazard};
use crate::rules::small::is_small;
use crate::rules::{Context, questions};
use concertina_revisions::{Ident, TableName};

const BATCHES: &str = "one statement would hold its locks and its snapshot until the last row; batches hold them for milliseconds";

pub(crate) fn update(update: &Update, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(table) = context.table(&update.table) else {
        return Ok(Decision::default());
    };
    if context.is_copied_into(&update.table) {
        return Err(copied_meanwhile());
    }
    if context.catalog.is_empty(&update.table) {
        return Ok(as_written(
            update,
            context,
            "the table holds no row that anyone else sees",
        ));
    }
    let assigned = update.assigned();
    let fired = fired(
        &update.table,
        Deed::Update,
        &assigned,
        context.before(),
        context.catalog,
    );
    let way = way(update, table, &fired, context);
    let look = Look::of_update(update, context.catalog);
    in_its_place("this UPDATE", &look, context)?;
    let at_once = listed::asked_at_the_end(table, Deed::Update, &assigned)
        .or_else(|| in_order_of_rows(&look, &fired, context.catalog));
    let as_one = !matches!(way, Way::Walk)
        || !fired.rules.is_empty()
        || update.whole.is_some()
        || at_once.is_some();
    if as_one && is_small(&update.table, context.catalog) {
        let decision = as_written(update, context, "the table is small: one short transaction");
        return Ok(with_sync(decision, update, context));
    }
    if !fired.rules.is_empty() {
        return Err(listed::rules("this UPDATE", &update.table, &fired.rules));
    }
    if !fired.statement.is_empty() && !context.directives.allows_triggers_per_batch() {
        return Err(listed::statement_triggers(&update.table, &fired.statement));
    }
    if let Some(why) = update.whole {
        return Err(not_batchable(&format!(
            "an UPDATE that {why} can't be cut into batches"
        )));
    }
    if let Some(why) = at_once {
        return Err(listed::as_one("this UPDATE", why));
    }
    match way {
        Way::Walk => batches(update, table, context),
        Way::Compute(why) => list(update, table, why, false, context),
        Way::Values(why) => list(update, table, why, true, context),
    }
}

/// The statement by way of a list.
fn list(
    update: &Update,
    table: &Table,
    why: &'static str,
    values: bool,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let key = listed::key(table, update.only, why, context)?;
    let look = Look::of_update(update, context.catalog);
    let synced = is_synced(update, context.all, context.position);
    let list = if values {
        holding_values(update, table, &look, key, synced)
    } else {
        computing_values(update, key, synced)
    };
    let decision = listed::decision(&update.table, why, &list);
    let decision = with_sync(decision, update, context);
    let because = decision.why.clone();
    let decision =
        decision
            .then_because(because)
            .fill(listed::backfill(&update.table, &update.alias, list));
    let decision = check_partners(decision, update, table, &look.scope(), context);
    Ok(reverse(decision, update, context))
}

/// The list of rows with the values that they get, which are computed once, for all rows together.
fn holding_values(
    update: &Update,
    table: &Table,
    look: &Look<'_>,
    key: Vec<Ident>,
    synced: bool,
) -> WorkList {
    let of_row = |column: &Ident| format!("{}.{}", update.alias.sql(), column.sql());
    let relied_on: Vec<Ident> = look
        .relied_on(table)
        .into_iter()
        .filter(|column| !key.contains(column))
        .collect();
    let mut held: Vec<String> = key.iter().chain(&relied_on).map(of_row).collect();
    held.extend(update.sets.iter().map(|(column, value)| match value.shape {
        Shape::Default => {
            let default = table.get(column).and_then(|column| column.default.clone());
            default.map_or_else(|| "NULL".to_owned(), |default| format!("({default})"))
        }
        Shape::Null | Shape::Literal | Shape::Subquery | Shape::Other => {
            format!("({})", value.sql)
        }
    }));
    WorkList {
        query: update.listing.giving(&held),
        relied_on,
        values: update.assigned(),
        first_only: update.from.is_some() && !look.finds_one(),
        change: Listed::Assign { keep: synced },
        only: update.only,
        key,
    }
}

/// The list of rows alone: each one's values are computed when its batch comes.
fn computing_values(update: &Update, key: Vec<Ident>, synced: bool) -> WorkList {
    let of_row = |column: &Ident| format!("{}.{}", update.alias.sql(), column.sql());
    let held: Vec<String> = key.iter().map(of_row).collect();
    let still = update
        .sets
        .iter()
        .filter(|_| synced)
        .map(|(column, _)| format!("{} IS NULL", of_row(column)));
    let predicate = update
        .predicate
        .iter()
        .map(|predicate| format!("({})", predicate.sql))
        .chain(still);
    let predicate = predicate.collect::<Vec<_>>().join(" AND ");
    let value = |(column, value): &(Ident, Expr)| (column.clone(), value.sql.clone());
    WorkList {
        query: update.listing.giving(&held),
        relied_on: vec![],
        values: vec![],
        first_only: false,
        change: Listed::Compute {
            sets: update.sets.iter().map(value).collect(),
            predicate: (!predicate.is_empty()).then_some(predicate),
        },
        only: update.only,
        key,
    }
}

/// The trigger that fills what is written meanwhile, where one can.
fn with_sync(decision: Decision, update: &Update, context: &Context<'_>) -> Decision {
    if !is_synced(update, context.all, context.position) {
        return decision;
    }
    let why = decision.why.clone();
    let scope = Look::of_update(update, context.catalog).scope();
    let sync = sync(update, &scope, context);
    let mut sync = Decision::because(WRITTEN_MEANWHILE)
        .expand(
            Action::InstallSync(sync.clone()),
            [Action::RemoveSync(sync.clone())],
        )
        .and(removed(sync, update, context))
        .hazard(hazard::SYNC, relies_on_sync(update));
    sync.why = why;
    sync.reverse = decision.reverse.clone();
    sync.and(decision)
}

fn as_written(update: &Update, context: &Context<'_>, why: &str) -> Decision {
    let new = context
        .table(&update.table)
        .is_some_and(|table| table.is_new);
    let locks = if new {
        vec![]
    } else {
        vec![(update.table.clone(), Lock::RowExclusive)]
    };
    let action = Action::as_written(
        format!("update {}", update.table.shown()),
        update.sql.clone(),
        locks,
    );
    let decision = Decision::because(why).expand(action, []);
    reverse(decision, update, context)
}

fn reverse(decision: Decision, update: &Update, context: &Context<'_>) -> Decision {
    let table = context.table(&update.table);
    let of_new = |column: &Ident| {
        table.is_some_and(|table| {
            table.is_new || table.get(column).is_some_and(|column| column.is_new)
        })
    };
    if let Some(table) = context.written_beside(&update.beside) {
        decision.irreversible(format!(
            "the rows of {} as they were aren't kept",
            table.shown()
        ))
    } else if update.sets.iter().all(|(column, _)| of_new(column)) {
        decision.reverse("")
    } else {
        decision.irreversible(format!(
            "the old values of {} aren't kept",
            update.table.shown()
        ))
    }
}

/// Whether a trigger can fill rows for writers until contract: every column is made by the revision
/// or the UPDATE speaks of its NULLs only, so that NULL means not yet filled; nothing else in the
/// revision gives them values, or changes what they follow from; and a row is all that the trigger
/// has to look at.
pub(crate) fn is_synced(update: &Update, all: &[Seen], position: usize) -> bool {
    let Some(catalog) = all.get(position).map(|seen| &seen.before) else {
        return false;
    };
    let Some(table) = catalog.table(&update.table) else {
        return false;
    };
    let look = Look::of_update(update, catalog);
    let null = |column: &Ident| {
        let conjuncts = update
            .predicate
            .iter()
            .flat_map(|predicate| &predicate.conjuncts);
        conjuncts.into_iter().any(|conjunct| {
            matches!(conjunct, Conjunct::IsNull(mention) if mention.name == *column
                && mention.qualifier.as_ref().is_none_or(|qualifier| *qualifier == update.alias))
        })
    };
    let empty = |column: &Ident| table.is_fresh(column);
    let reads = look.relied_on(table);
    let is_given = |column: &Ident| update.sets.iter().any(|(set, _)| set == column);
    let family = written_with(&update.table, false, catalog);
    // By itself, or by views, partitions, triggers, rules and keys out of its sight.
    let disturbs = |(at, seen): (usize, &Seen)| {
        let gives_rows = |name: &TableName| !matches!(&seen.change, Change::Update(other) if other.table == *name);
        let of_rows = matches!(&seen.change, Change::Insert(_) | Change::Update(_));
        let mut written = seen.touches.writes();
        at != position
            && of_rows
            && written.any(|access| {
                if let Thing::Rows(name, column) = &access.thing {
                    family.contains(name)
                        && match column {
                            Some(column) => {
                                is_given(column) || at > position && reads.contains(column)
                            }
                            None => gives_rows(name),
                        }
                } else {
                    matches!(access.thing, Thing::AnyRows)
                }
            })
    };
    !update.sets.is_empty()
        && update.whole.is_none()
        && !update.only
        && look.is_of_one_row()
        && update
            .sets
            .iter()
            .all(|(column, value)| (empty(column) || null(column)) && value.shape != Shape::Default)
        && !all.iter().enumerate().any(disturbs)
}

fn batches(update: &Update, table: &Table, context: &Context<'_>) -> Result<Decision, Problem> {
    if table.kind == TableKind::View {
        return Err(not_batchable(
            "an UPDATE of a view can't be cut into batches",
        ));
    }
    let scope = Look::of_update(update, context.catalog).scope();
    let synced = is_synced(update, context.all, context.position);
    let backfill = Backfill {
        table: update.table.clone(),
        alias: update.alias.clone(),
        operation: Operation::Assign(
            update
                .sets
                .iter()
                .map(|(column, value)| (column.clone(), value.sql.clone()))
                .collect(),
        ),
        from: update.from.clone(),
        predicate: still_to_do(update, synced, table, &scope, context),
        // Indexes that this revision makes are built after the fill, wherever they are written.
        hot: !context
            .at_start()
            .table(&update.table)
            .into_iter()
            .flat_map(|table| &table.indexes)
            .any(|index| {
                update
                    .sets
                    .iter()
                    .any(|(column, _)| index.mentions.iter().any(|name| name == column.as_str()))
            }),
        lookups: update.from.is_some(),
        synced,
        workers: context.directives.workers(),
        key: context.directives.key().map(<[Ident]>::to_vec),
        silent: false,
    };
    let mut decision = Decision::because(BATCHES);
    if synced {
        let sync = sync(update, &scope, context);
        decision = decision
            .then_because(WRITTEN_MEANWHILE)
            .expand(
                Action::InstallSync(sync.clone()),
                [Action::RemoveSync(sync.clone())],
            )
            .and(removed(sync, update, context))
            .then_because(BATCHES)
            .hazard(hazard::SYNC, relies_on_sync(update));
    } else {
        decision = decision.note(format!(
            "rows of {} that the application writes meanwhile are looked at again at the end, until none is left",
            update.table.shown()
        ));
    }
    if !backfill.hot {
        decision = decision.note(format!(
            "an index of {} covers what is written, so no update can be HOT: the table and its indexes grow",
            update.table.shown()
        ));
    }
    decision = check_partners(decision.fill(backfill), update, table, &scope, context);
    Ok(reverse(decision, update, context))
}

/// The predicate that is true for rows still to do and false for rows that are done or can't be
/// done.
fn still_to_do(
    update: &Update,
    synced: bool,
    table: &Table,
    scope: &Scope<'_>,
    context: &Context<'_>,
) -> String {
    let assigned: Vec<&Ident> = update.sets.iter().map(|(column, _)| column).collect();
    let mut pending = Vec::new();
    for (column, value) in &update.sets {
        let own = format!("{}.{}", update.alias.sql(), column.sql());
        let volatile = value.is_volatile(context.catalog);
        let reads_itself = scope
            .target_columns(value)
            .iter()
            .any(|read| assigned.contains(&read));
        pending.push(match (synced, value.shape) {
            (true, Shape::Literal) => format!("{own} IS NULL"),
            (true, _) if volatile => format!("{own} IS NULL"),
            (true, _) => format!("({own} IS NULL AND ({}) IS NOT NULL)", value.sql),
            // Its author vouches for the condition.
            (false, _) if (volatile || reads_itself) && context.directives.idempotent() => {
                String::new()
            }
            // The condition is false once the row is done.
            (false, _) if reads_itself => String::new(),
            (false, _) => differs(&own, &value.sql, table.get(column), context),
        });
    }
    let mut parts: Vec<String> = update
        .predicate
        .iter()
        .map(|predicate| format!("({})", predicate.sql))
        .collect();
    if pending.iter().all(|part| !part.is_empty()) {
        parts.push(if pending.len() == 1 {
            pending.remove(0)
        } else {
            format!("({})", pending.join(" OR "))
        });
    }
    if parts.is_empty() {
        "true".to_owned()
    } else {
        parts.join(" AND ")
    }
}

/// Whether a stored value is another one than what would be stored, bit by bit.
fn differs(own: &str, value: &str, column: Option<&Column>, context: &Context<'_>) -> String {
    let (type_sql, collation) = column.map_or(("text", None), |column| {
        (column.type_sql.as_str(), column.collation.as_deref())
    });
    let value = crate::sql::types::assigned(&format!("({value})"), type_sql, context.catalog);
    crate::sql::types::differ(type_sql, collation, own, &format!("({value})"))
}

/// Whether an UPDATE before this place asks whether it has a value for every row.
pub(crate) fn asks_for_partners(table: &TableName, column: &Ident, context: &Context<'_>) -> bool {
    let fills = context
        .backfills()
        .filter(|(position, update)| *position < context.position && update.table == *table);
    let last = fills
        .filter(|(_, update)| update.sets.iter().any(|(set, _)| set == column))
        .last();
    let bare = context
        .table(table)
        .is_some_and(|table| !has_default(table, column));
    last.filter(|_| bare).is_some_and(|(_, update)| {
        let value = update
            .sets
            .iter()
            .find(|(set, _)| set == column)
            .map(|(_, value)| value);
        update.from.is_some() || value.is_some_and(Expr::has_subquery)
    })
}

/// Whether a column that is new here isn't NULL where nothing else gives it a value.
fn has_default(table: &Table, column: &Ident) -> bool {
    table
        .get(column)
        .is_some_and(|column| column.is_new && column.default.is_some())
}

/// A column that must not be NULL in the end needs a value for every row.
fn check_partners(
    decision: Decision,
    update: &Update,
    table: &Table,
    scope: &Scope<'_>,
    context: &Context<'_>,
) -> Decision {
    let demanded = update.sets.iter().find(|(column, value)| {
        context.becomes_not_null(&update.table, column)
            && value.shape != Shape::Literal
            && !context.is_filled_later(&update.table, column)
    });
    let Some((column, value)) = demanded else {
        return decision;
    };
    if has_default(table, column) {
        return decision;
    }
    if update
        .reads
        .iter()
        .any(|read| context.table(read).is_some_and(|read| read.is_new))
        || value.is_volatile(context.catalog)
    {
        return decision;
    }
    let as_before = |expression: &Expr| {
        expression.rewrite(|mention| {
            let column = table
                .get(&mention.name)
                .filter(|column| scope.is_target(mention) && column.is_new)?;
            Some(format!("(NULL::{})", column.type_sql))
        })
    };
    let from = update
        .from
        .as_ref()
        .map_or_else(String::new, |from| format!(" FROM {from}"));
    let predicate = update
        .predicate
        .as_ref()
        .map_or_else(|| "true".to_owned(), as_before);
    let unfilled = format!(
        "NOT EXISTS (SELECT 1{from} WHERE ({predicate}) AND ({}) IS NOT NULL)",
        as_before(value)
    );
    let condition = match table.get(column) {
        Some(known) if known.is_new => unfilled,
        _ => format!(
            "{}.{} IS NULL AND {unfilled}",
            update.alias.sql(),
            column.sql()
        ),
    };
    decision.check(
        format!(
            "every row of {} gets a value for {}",
            update.table.shown(),
            column.as_str()
        ),
        questions::rows_where(table, &update.alias, &condition),
        "give these rows a partner or a value first, or leave the column nullable",
    )
}

/// The table is empty now, and large when the statement's turn comes.
pub(crate) fn copied_meanwhile() -> Problem {
    Problem::new(
        code::NOT_BATCHABLE,
        "an earlier statement of this revision fills the table in batches",
    )
    .label("by then the table is large")
    .help("put it into a revision of its own, or compute the value in the INSERT")
}

pub(crate) fn not_batchable(message: &str) -> Problem {
    Problem::new(code::NOT_BATCHABLE, message).label("one transaction over the whole table").help(
        "write it as UPDATE .. SET column = expression [FROM ..] [WHERE ..], or say `-- concertina: allow blocking`",
    )
}
