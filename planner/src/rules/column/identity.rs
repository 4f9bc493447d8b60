//! ADD GENERATED AS IDENTITY, for a column that is there and for a new one
//!
//! **Danger**: a new identity column rewrites the table under ACCESS EXCLUSIVE to number its rows;
//! on a column that is there the numbers begin at 1 again, among those that are given. **Instead**:
//! a new column is numbered like a serial one, in batches, and becomes an identity in contract.
//! **Hazard**: numbers that begin anew; code that gives values of its own to a GENERATED ALWAYS
//! column.

use super::{not_null, numbered};
use crate::action::{Action, Numbers};
use crate::catalog::Column;
use crate::change::{NewColumn, NewIdentity};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{Problem, code, hazard};
use crate::rules::{Context, helper};
use concertina_revisions::{Ident, TableName};

/// A new column that numbers its rows.
pub(crate) fn add_column(
    table: &TableName,
    column: &NewColumn,
    definition: &str,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let unknown =
        || crate::problem::unknown(&format!("an identity of an unforeseen form: {definition}"));
    let numbering = crate::sql::numbering(definition, &column.type_sql).ok_or_else(unknown)?;
    let name = helper(
        "ids",
        &[
            table.schema.as_str(),
            table.name.as_str(),
            column.name.as_str(),
        ],
    );
    let sequence = table.beside(&name);
    let (decision, sync) = numbered::numbered(table, column, &sequence, &numbering, context);
    let decision = not_null::prove_and_set(decision, table, &column.name, context)
        .contract(Action::RemoveSync(sync));
    Ok(decision
        .then_because("the numbers go on where the column's sequence is")
        .contract(add(
            table,
            &column.name,
            definition,
            Numbers::Sequence(sequence),
        )))
}

fn add(table: &TableName, column: &Ident, definition: &str, from: Numbers) -> Action {
    Action::AddIdentity {
        table: table.clone(),
        column: column.clone(),
        definition: definition.to_owned(),
        from,
    }
}

/// ALTER COLUMN .. ADD GENERATED AS IDENTITY.
pub(crate) fn add_to(new: &NewIdentity, context: &Context<'_>) -> Result<Decision, Problem> {
    let NewIdentity {
        table,
        column,
        definition,
        always,
    } = new;
    let Some(known) = context.table(table) else {
        return Ok(Decision::default());
    };
    let Some(there) = known.get(column) else {
        return Ok(Decision::default());
    };
    possible(table, there)?;
    let reverse = format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP IDENTITY",
        table.sql(),
        column.sql()
    );
    if context.catalog.is_empty(table) {
        let add = add(table, column, definition, Numbers::Start);
        let undo = Action::unlocked("drop the identity", reverse.as_str());
        return Ok(Decision::because("the table holds no row")
            .expand(add, [undo])
            .reverse(reverse));
    }
    let decision = told_where_it_begins(Decision::because("a metadata-only change"), new, there);
    let add = add(table, column, definition, Numbers::Start);
    let was_not_null = context
        .at_start()
        .table(table)
        .and_then(|table| table.get(column))
        .is_some_and(|c| c.not_null && c.default.is_none());
    if was_not_null && !always {
        let undo = Action::exclusively("drop the identity", reverse.as_str(), table);
        return Ok(decision.expand(add, [undo]).reverse(reverse));
    }
    let decision = decision
        .quick(Phase::Contract, Rank::Adopt, add, [])
        .reverse(reverse);
    Ok(if *always {
        decision.hazard(
            hazard::DEFAULT,
            format!(
                "inserts that give {}.{} a value of their own fail once it is an identity",
                table.shown(),
                column.as_str()
            ),
        )
    } else {
        decision
    })
}

/// The numbers begin where the statement says, and that is 1 where it says nothing.
fn told_where_it_begins(decision: Decision, new: &NewIdentity, column: &Column) -> Decision {
    let is_said = crate::sql::numbering(&new.definition, &column.type_sql)
        .is_some_and(|numbering| numbering.starts);
    if is_said {
        return decision;
    }
    decision.hazard(
        hazard::DEFAULT,
        format!(
            "the numbers of {}.{} begin anew, among those that its rows hold: inserts that leave it out fail on the first that is taken; say (START WITH ..) to begin behind them",
            new.table.shown(),
            column.name
        ),
    )
}

/// Refuses a column that PostgreSQL doesn't take for an identity as it is.
fn possible(table: &TableName, column: &Column) -> Result<(), Problem> {
    if !column.not_null {
        return Err(refused(
            table,
            column,
            "accepts NULL, and an identity doesn't",
            "say SET NOT NULL before it, in the same revision",
        ));
    }
    if column.default.is_some() {
        return Err(refused(
            table,
            column,
            "has a default",
            "say DROP DEFAULT before it, in the same revision",
        ));
    }
    Ok(())
}

fn refused(table: &TableName, column: &Column, message: &str, help: &str) -> Problem {
    let message = format!("{}.{} {message}", table.shown(), column.name);
    Problem::new(code::DEPENDED_ON, message)
        .label("can't be an identity yet")
        .help(help)
}
