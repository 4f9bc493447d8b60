//! UPDATE
//!
//! **Danger**: one statement over a large table holds row locks and one snapshot for hours, doubles the table and
//! floods replicas; updates of the application wait for it.
//! **Instead**: small batches in physical order, each with its checkpoint; a trigger fills what is written meanwhile.
//! **Hazard**: old code that leaves a new column out relies on that trigger until contract.

use super::{Context, helper, questions};
use crate::action::{Action, Backfill, Lock, Operation, Sync};
use crate::catalog::{Catalog, Table, TableKind};
use crate::change::Update;
use crate::decision::Decision;
use crate::expr::{Conjunct, Expr, Scope, Shape};
use crate::problem::{Problem, code, hazard};
use concertina_revisions::Ident;

/// A table of at most so many blocks (of 8 KiB) is updated as written when it can't be done in batches.
const SMALL_TABLE_BLOCKS: u64 = 128;

const BATCHES: &str =
    "one statement would hold its locks and its snapshot until the last row; batches hold them for milliseconds";

pub(super) const WRITTEN_MEANWHILE: &str =
    "rows that any version of the application writes meanwhile are filled as they are written";

pub(super) fn update(update: &Update, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(table) = context.table(&update.table) else { return Ok(Decision::default()) };
    if context.is_copied_into(&update.table) {
        return Err(copied_meanwhile());
    }
    if context.catalog.is_empty(&update.table) {
        return Ok(as_written(update, context, "the table holds no row that anyone else sees"));
    }
    match batches(update, table, context) {
        Ok(decision) => Ok(decision),
        Err(_) if table.pages <= SMALL_TABLE_BLOCKS && table.kind == TableKind::Plain => {
            Ok(as_written(update, context, "the table is small: one short transaction"))
        }
        Err(problem) => Err(problem),
    }
}

fn as_written(update: &Update, context: &Context<'_>, why: &str) -> Decision {
    let new = context.table(&update.table).is_some_and(|table| table.is_new);
    let locks = if new { vec![] } else { vec![(update.table.clone(), Lock::RowExclusive)] };
    let action = Action::AsWritten { what: format!("update {}", update.table.shown()), sql: update.sql.clone(), locks };
    let decision = Decision::because(why).expand(action, []);
    reverse(decision, update, context)
}

fn reverse(decision: Decision, update: &Update, context: &Context<'_>) -> Decision {
    let table = context.table(&update.table);
    let of_new = |column: &Ident| {
        table.is_some_and(|table| table.is_new || table.get(column).is_some_and(|column| column.is_new))
    };
    if update.sets.iter().all(|(column, _)| of_new(column)) {
        decision.reverse("")
    } else {
        decision.irreversible(format!("the old values of {} aren't kept", update.table.shown()))
    }
}

/// Whether a trigger can fill rows for writers: every column is new, or the UPDATE speaks of its NULLs only.
pub(super) fn is_synced(update: &Update, catalog: &Catalog) -> bool {
    let null = |column: &Ident| {
        update
            .predicate
            .iter()
            .flat_map(|predicate| &predicate.conjuncts)
            .any(|conjunct| matches!(conjunct, Conjunct::IsNull(mention) if mention.name == *column))
    };
    let new = |column: &Ident| catalog.table(&update.table).is_some_and(|table| table.is_fresh(column));
    !update.sets.is_empty()
        && update.sets.iter().all(|(column, value)| (new(column) || null(column)) && value.shape != Shape::Default)
}

fn batches(update: &Update, table: &Table, context: &Context<'_>) -> Result<Decision, Problem> {
    if let Some(why) = update.whole {
        return Err(not_batchable(&format!("an UPDATE that {why} can't be cut into batches")));
    }
    if table.kind == TableKind::View {
        return Err(not_batchable("an UPDATE of a view can't be cut into batches"));
    }
    let others = &update.reads;
    let scope = Scope { alias: &update.alias, table: &update.table, others, catalog: context.catalog };
    let synced = is_synced(update, context.catalog);
    let backfill = Backfill {
        table: update.table.clone(),
        alias: update.alias.clone(),
        operation: Operation::Assign(
            update.sets.iter().map(|(column, value)| (column.clone(), value.sql.clone())).collect(),
        ),
        from: update.from.clone(),
        predicate: still_to_do(update, synced, &scope, context)?,
        // Indexes that this revision makes are built after the fill, wherever they are written.
        hot: !context.at_start().table(&update.table).into_iter().flat_map(|table| &table.indexes).any(|index| {
            update.sets.iter().any(|(column, _)| index.mentions.iter().any(|name| name == column.as_str()))
        }),
        lookups: has_lookups(update, context.catalog),
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
            .expand(Action::InstallSync(sync.clone()), [Action::RemoveSync(sync.clone())])
            .contract(Action::RemoveSync(sync))
            .then_because(BATCHES)
            .hazard(hazard::SYNC, relies_on_sync(update));
    } else {
        decision = decision.note(format!(
            "rows of {} that the application writes meanwhile are looked at again at the end, until none is left",
            update.table.shown()
        ));
    }
    if table.triggers.iter().any(|trigger| trigger.on_update) {
        let names: Vec<&str> =
            table.triggers.iter().filter(|trigger| trigger.on_update).map(|trigger| trigger.name.as_str()).collect();
        decision =
            decision.note(format!("triggers of {} fire for every row: {}", update.table.shown(), names.join(", ")));
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

fn relies_on_sync(update: &Update) -> String {
    let columns: Vec<&str> = update.sets.iter().map(|(column, _)| column.as_str()).collect();
    format!(
        "code that doesn't write {}.{} yet relies on the sync trigger; its rows stay NULL once contract removes it",
        update.table.shown(),
        columns.join(", ")
    )
}

/// The predicate that is true for rows still to do and false for rows that are done or can't be done.
fn still_to_do(update: &Update, synced: bool, scope: &Scope<'_>, context: &Context<'_>) -> Result<String, Problem> {
    let assigned: Vec<&Ident> = update.sets.iter().map(|(column, _)| column).collect();
    let mut pending = Vec::new();
    for (column, value) in &update.sets {
        let own = format!("{}.{}", update.alias.sql(), column.sql());
        let volatile = value.is_volatile(context.catalog);
        let reads_itself = scope.target_columns(value).iter().any(|read| assigned.contains(&read));
        pending.push(match (synced, value.shape) {
            (true, Shape::Literal) => format!("{own} IS NULL"),
            (true, _) if volatile => format!("{own} IS NULL"),
            (true, _) => format!("({own} IS NULL AND ({}) IS NOT NULL)", value.sql),
            (false, Shape::Default) => return Err(not_batchable("an UPDATE to DEFAULT can't tell which rows are done")),
            (false, _) if (volatile || reads_itself) && !context.directives.idempotent() => {
                return Err(Problem::new(code::NOT_REPEATABLE, "this UPDATE can't be told to be done: applied twice to a row it may give another value")
                    .label(if volatile { "the value changes each time" } else { "the new value is made from the old one" })
                    .help("write to a new column, or add a WHERE that is false once a row is done and say `-- concertina: idempotent`"));
            }
            (false, _) if volatile || reads_itself => String::new(),
            (false, _) => format!("{own} IS DISTINCT FROM ({})", value.sql),
        });
    }
    let mut parts: Vec<String> = update.predicate.iter().map(|predicate| format!("({})", predicate.sql)).collect();
    if pending.iter().all(|part| !part.is_empty()) {
        parts.push(if pending.len() == 1 { pending.remove(0) } else { format!("({})", pending.join(" OR ")) });
    }
    Ok(if parts.is_empty() { "true".to_owned() } else { parts.join(" AND ") })
}

fn sync(update: &Update, scope: &Scope<'_>, context: &Context<'_>) -> Sync {
    let over_new = |expression: &Expr| {
        expression.rewrite(|mention| scope.is_target(mention).then(|| format!("new.{}", mention.name.sql())))
    };
    let columns: Vec<&str> = update.sets.iter().map(|(column, _)| column.as_str()).collect();
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
        assignments: update.sets.iter().map(|(column, value)| (column.clone(), over_new(value))).collect(),
        from: update.from.clone(),
        predicate: update.predicate.as_ref().map(over_new),
        when: update
            .sets
            .iter()
            .map(|(column, _)| format!("new.{} IS NULL", column.sql()))
            .collect::<Vec<_>>()
            .join(" OR "),
        search_path: (reads || calls).then(|| context.catalog.search_path.clone()),
        definer: reads,
        twin: None,
        alias: None,
    }
}

/// Whether each other table has a unique index over columns that the statement compares.
fn has_lookups(update: &Update, catalog: &Catalog) -> bool {
    let named: Vec<Ident> = update.predicate.iter().flat_map(Expr::column_names).collect();
    update.from.is_some()
        && update.reads.iter().all(|table| {
            catalog.table(table).is_some_and(|table| {
                table.indexes.iter().any(|index| {
                    index.unique
                        && index.valid
                        && !index.partial
                        && index.keys.iter().all(|key| named.iter().any(|name| name.as_str() == key))
                })
            })
        })
}

/// A column that must not be NULL in the end needs a value for every row.
fn check_partners(
    decision: Decision,
    update: &Update,
    table: &Table,
    scope: &Scope<'_>,
    context: &Context<'_>,
) -> Decision {
    let demanded = update
        .sets
        .iter()
        .find(|(column, value)| context.becomes_not_null(&update.table, column) && value.shape != Shape::Literal);
    let Some((column, value)) = demanded else { return decision };
    if update.reads.iter().any(|read| context.table(read).is_some_and(|read| read.is_new))
        || value.is_volatile(context.catalog)
    {
        return decision;
    }
    let as_before = |expression: &Expr| {
        expression.rewrite(|mention| {
            let column = table.get(&mention.name).filter(|column| scope.is_target(mention) && column.is_new)?;
            Some(format!("(NULL::{})", column.type_sql))
        })
    };
    let from = update.from.as_ref().map_or_else(String::new, |from| format!(" FROM {from}"));
    let predicate = update.predicate.as_ref().map_or_else(|| "true".to_owned(), as_before);
    let unfilled = format!("NOT EXISTS (SELECT 1{from} WHERE ({predicate}) AND ({}) IS NOT NULL)", as_before(value));
    let condition = match table.get(column) {
        Some(known) if known.is_new => unfilled,
        _ => format!("{}.{} IS NULL AND {unfilled}", update.alias.sql(), column.sql()),
    };
    decision.check(
        format!("every row of {} gets a value for {}", update.table.shown(), column.as_str()),
        questions::rows_where(table, &update.alias, &condition),
        "give these rows a partner or a value first, or leave the column nullable",
    )
}

/// The table is empty now, and large when the statement's turn comes.
pub(super) fn copied_meanwhile() -> Problem {
    Problem::new(code::NOT_BATCHABLE, "an earlier statement of this revision fills the table in batches")
        .label("by then the table is large")
        .help("put it into a revision of its own, or compute the value in the INSERT")
}

pub(super) fn not_batchable(message: &str) -> Problem {
    Problem::new(code::NOT_BATCHABLE, message).label("one transaction over the whole table").help(
        "write it as UPDATE .. SET column = expression [FROM ..] [WHERE ..], or say `-- concertina: allow blocking`",
    )
}
