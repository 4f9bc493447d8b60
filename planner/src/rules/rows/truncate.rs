//! TRUNCATE
//!
//! **Danger**: it takes an ACCESS EXCLUSIVE lock, and every row away from running code.
//! **Instead**: it costs the same however many rows there are: as written, under the lock ladder,
//! in contract. **Hazard**: code that still reads the rows.

use crate::action::{Action, Lock};
use crate::change::Truncate;
use crate::decision::{Decision, Rank};
use crate::footprint::Thing;
use crate::plan::Phase;
use crate::problem::{Problem, code, hazard};
use crate::rules::Context;
use concertina_revisions::TableName;

pub(crate) fn truncate(new: &Truncate, context: &Context<'_>) -> Result<Decision, Problem> {
    let held: Vec<&TableName> = new
        .tables
        .iter()
        .filter(|table| !context.catalog.is_empty(table))
        .collect();
    possible(new, &held, context)?;
    let shown: Vec<String> = new.tables.iter().map(TableName::shown).collect();
    let shown = shown.join(", ");
    let old = new
        .tables
        .iter()
        .filter(|table| context.table(table).is_some_and(|table| !table.is_new));
    let locks = old
        .map(|table| (table.clone(), Lock::AccessExclusive))
        .collect();
    let action = Action::as_written(format!("truncate {shown}"), new.sql.clone(), locks);
    if new
        .tables
        .iter()
        .all(|table| context.table(table).is_some_and(|table| table.is_new))
    {
        return Ok(Decision::because("made by this revision")
            .expand(action, [])
            .reverse(""));
    }
    let lost = format!("the rows of {shown} are gone");
    if held.is_empty() {
        return Ok(
            Decision::because("the table holds no row that anyone else sees")
                .expand(action, [])
                .alone()
                .irreversible(lost),
        );
    }
    Ok(Decision::because(
        "it costs the same however many rows there are, and running code may read them until then",
    )
    .quick(Phase::Contract, Rank::Swap, action, [])
    .alone()
    .hazard(
        hazard::ROWS,
        format!("{shown}: every row is gone as soon as it is done"),
    )
    .irreversible(lost))
}

/// Refuses what PostgreSQL refuses, and to empty a table whose rows an earlier statement copies
/// elsewhere while others write.
fn possible(new: &Truncate, held: &[&TableName], context: &Context<'_>) -> Result<(), Problem> {
    if let Some(other) = new
        .tables
        .iter()
        .find_map(|table| pointed_at(table, &new.tables, context))
    {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!(
                "cannot truncate a table referenced in a foreign key constraint: {} points at it",
                other.shown()
            ),
        )
        .label("PostgreSQL refuses it too, while the foreign key is there")
        .help("TRUNCATE both in one statement, or say CASCADE"));
    }
    if let Some(table) = held.iter().find(|table| is_read_before(table, context)) {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!(
                "an earlier statement reads rows of {}, and what is written to it in between would be lost",
                table.shown()
            ),
        )
        .label("takes every row, whenever it was written")
        .help("put it into a revision of its own, once every version of the application writes elsewhere"));
    }
    Ok(())
}

/// A table outside of these that points at one of them.
fn pointed_at(
    table: &TableName,
    emptied: &[TableName],
    context: &Context<'_>,
) -> Option<TableName> {
    context
        .catalog
        .referencing(table)
        .map(|(other, _)| other.full_name())
        .find(|other| !emptied.contains(other))
}

/// Whether an earlier statement takes rows of the table elsewhere.
fn is_read_before(table: &TableName, context: &Context<'_>) -> bool {
    let is_read = |thing: &Thing| {
        matches!(thing, Thing::AnyRows) || matches!(thing, Thing::Rows(read, _) if read == table)
    };
    let takes = |seen: &&crate::fold::Seen| !seen.change.reads().is_empty();
    context
        .before()
        .iter()
        .filter(takes)
        .any(|seen| seen.touches.reads().any(|access| is_read(&access.thing)))
}
