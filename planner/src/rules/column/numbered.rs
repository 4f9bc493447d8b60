//! ADD COLUMN of a serial type, or of an identity: a number from a sequence for each row, old ones
//! in batches, new ones by a trigger.

use super::add_column::undo;
use super::not_null;
use crate::action::{Action, Backfill, Operation, Sync};
use crate::change::NewColumn;
use crate::decision::Decision;
use crate::problem::{self, Problem};
use crate::rules::constraint::check;
use crate::rules::{Context, helper, questions};
use crate::sql::Numbering;
use concertina_revisions::{Ident, TableName};

/// A number from a sequence for each row.
pub(crate) fn serial(
    table: &TableName,
    column: &NewColumn,
    empty: bool,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let sequence = TableName {
        schema: table.schema.clone(),
        name: Ident::new(format!(
            "{}_{}_seq",
            table.name.as_str(),
            column.name.as_str()
        )),
    };
    if empty {
        let own = own_sequence(table, column, &sequence, "", context);
        return Ok(Decision::because("the table holds no row")
            .expand(own, undo(table, column))
            .expand(
                Action::SetNotNull {
                    table: table.clone(),
                    column: column.name.clone(),
                },
                [],
            ));
    }
    let unknown = || problem::unknown("a serial column of an unforeseen form");
    let numbering = crate::sql::numbering("", &column.type_sql).ok_or_else(unknown)?;
    let (decision, sync) = numbered(table, column, &sequence, &numbering, context);
    Ok(
        not_null::prove_and_set(decision, table, &column.name, context)
            .contract(Action::RemoveSync(sync)),
    )
}

fn own_sequence(
    table: &TableName,
    column: &NewColumn,
    sequence: &TableName,
    options: &str,
    context: &Context<'_>,
) -> Action {
    let owner = context
        .table(table)
        .map(|table| table.owner.as_str())
        .filter(|owner| !owner.is_empty());
    Action::OwnSequence {
        table: table.clone(),
        column: column.name.clone(),
        sequence: sequence.clone(),
        type_sql: column.type_sql.clone(),
        options: options.to_owned(),
        owner: owner.map(Ident::new),
    }
}

/// A column whose rows are numbered from a sequence, old ones and new ones; and the trigger that
/// numbers those that are written without a number.
pub(crate) fn numbered(
    table: &TableName,
    column: &NewColumn,
    sequence: &TableName,
    numbering: &Numbering,
    context: &Context<'_>,
) -> (Decision, Sync) {
    let value = format!("nextval({})", sequence.regclass_literal());
    let name = helper(
        "sync",
        &[
            table.schema.as_str(),
            table.name.as_str(),
            column.name.as_str(),
        ],
    );
    let sync = Sync {
        table: table.clone(),
        name: Ident::new(format!("zzz_{}", name.as_str())),
        assignments: vec![(column.name.clone(), value.clone())],
        from: None,
        predicate: None,
        when: format!("new.{} IS NULL", column.name.sql()),
        again: None,
        search_path: None,
        definer: false,
        guarded: false,
        twin: None,
        alias: None,
        follow: None,
    };
    let backfill = Backfill {
        table: table.clone(),
        alias: table.name.clone(),
        operation: Operation::Assign(vec![(column.name.clone(), value)]),
        from: None,
        predicate: format!("{}.{} IS NULL", table.name.sql(), column.name.sql()),
        // The rows are numbered in their order on the pages, as PostgreSQL numbers them.
        hot: false,
        lookups: false,
        synced: true,
        workers: Some(1),
        key: None,
        silent: context.catalog.may_silence,
    };
    let decision =
        Decision::because("a number for each row would rewrite the table under ACCESS EXCLUSIVE")
            .expand(
                own_sequence(table, column, sequence, &numbering.options, context),
                undo(table, column),
            )
            .expand(
                Action::InstallSync(sync.clone()),
                [Action::RemoveSync(sync.clone())],
            )
            .fill(backfill);
    let decision = check::for_a_rewrite(decision, table, context);
    (enough(decision, table, numbering, context), sync)
}

/// As many rows as a page of 8 KiB can hold.
const ROWS_OF_A_PAGE_MAX: u64 = 291;

/// Whether there is a number for every row; asked only where it may not be so.
fn enough(
    decision: Decision,
    table: &TableName,
    numbering: &Numbering,
    context: &Context<'_>,
) -> Decision {
    let (Some(capacity), Some(known)) = (numbering.capacity, context.table(table)) else {
        return decision;
    };
    let below = context.catalog.below(table);
    let pages = below
        .iter()
        .filter_map(|name| context.table(name))
        .map(|one| one.pages)
        .sum::<u64>()
        + known.pages;
    // The table may have grown since it was looked at.
    if pages.saturating_mul(2 * ROWS_OF_A_PAGE_MAX) < capacity {
        return decision;
    }
    decision.check(
        format!(
            "the sequence has a number for every row of {}",
            table.shown()
        ),
        questions::rows_beyond(known, capacity),
        "give the column a larger type, or its sequence other bounds",
    )
}
