//! ADD COLUMN of a serial type, or of an identity: a number from a sequence for each row, old ones
//! in batches, new ones by a trigger.

use super::add_column::undo;
use super::not_null;
use crate::action::{Action, Backfill, Operation, Sync};
use crate::change::{AddColumn, NewColumn, Special};
use crate::decision::Decision;
use crate::problem::{self, Problem, code};
use crate::rules::constraint::check;
use crate::rules::rows::listed;
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
    let sequence = crate::sql::sequence_of(table, &column.name);
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

/// Refuses what would be numbered in another order than the statement's: that of the rows on the
/// pages, which batches for an earlier statement change; and a sequence whose name is taken.
pub(crate) fn in_their_place(add: &AddColumn, context: &Context<'_>) -> Result<(), Problem> {
    let AddColumn { table, column, .. } = add;
    let in_order = match (&column.special, &column.default) {
        (Special::Serial | Special::Identity(_), _) => true,
        (_, Some(default)) => crate::touches::draws_numbers(default, context.catalog),
        (_, None) => false,
    };
    if in_order && let Some(statement) = context.moves_rows(table) {
        let message = "rows are numbered in the order in which they lie";
        return Err(listed::behind_batches(message, statement));
    }
    let sequence = crate::sql::sequence_of(table, &column.name);
    let is_unnamed = match &column.special {
        Special::Serial => true,
        Special::Identity(definition) => crate::sql::numbering(definition, &column.type_sql)
            .is_none_or(|numbering| numbering.name.is_none()),
        Special::None | Special::Stored(_) | Special::Virtual(_) => false,
    };
    if is_unnamed && context.was_taken(sequence.schema.as_str(), sequence.name.as_str()) {
        return Err(Problem::new(
            code::EXISTS,
            format!("{} is there already, and the sequence of the column would get another name", sequence.shown()),
        )
        .help("rename what bears the name in an earlier revision, or add the column with a sequence that you name"));
    }
    Ok(())
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
