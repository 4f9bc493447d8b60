//! ADD GENERATED AS IDENTITY, for a column that is there and for a new one
//!
//! **Danger**: a new identity column rewrites the table under ACCESS EXCLUSIVE to number its rows;
//! on a column that is there the numbers begin at 1 again, among those that are given. **Instead**:
//! a new column is numbered like a serial one, in batches, and becomes an identity in contract; on
//! a column that is there the sequence is set to the largest value in the same moment. **Hazard**:
//! code that gives values of its own to a GENERATED ALWAYS column.

use super::{Context, add_column, helper, not_null};
use crate::action::{Action, Numbers};
use crate::change::{NewColumn, NewIdentity};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{Problem, code, hazard};
use concertina_revisions::{Ident, TableName};

/// A new column that numbers its rows.
pub(super) fn add_column(
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
    let sequence = TableName {
        schema: table.schema.clone(),
        name,
    };
    let (decision, sync) = add_column::numbered(table, column, &sequence, &numbering, context);
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
pub(super) fn add_to(new: &NewIdentity, context: &Context<'_>) -> Result<Decision, Problem> {
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
    let refused = |message: &str, help: &str| {
        Problem::new(
            code::DEPENDED_ON,
            format!("{}.{} {message}", table.shown(), column.as_str()),
        )
        .label("can't be an identity yet")
        .help(help)
    };
    if !there.not_null {
        return Err(refused(
            "accepts NULL, and an identity doesn't",
            "say SET NOT NULL before it, in the same revision",
        ));
    }
    if there.default.is_some() {
        return Err(refused(
            "has a default",
            "say DROP DEFAULT before it, in the same revision",
        ));
    }
    let reverse = format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP IDENTITY",
        table.sql(),
        column.sql()
    );
    if context.catalog.is_empty(table) {
        let add = add(table, column, definition, Numbers::Start);
        let undo = Action::AsWritten {
            what: "drop the identity".to_owned(),
            sql: reverse.clone(),
            locks: vec![],
        };
        return Ok(Decision::because("the table holds no row")
            .expand(add, [undo])
            .reverse(reverse));
    }
    let begins = crate::sql::numbering(definition, &there.type_sql)
        .is_some_and(|numbering| numbering.starts);
    let led = known
        .indexes
        .iter()
        .any(|index| index.valid && index.keys.first() == Some(&there.name));
    let from = match (begins, led) {
        (true, _) => Numbers::Start,
        (false, true) => Numbers::Largest,
        (false, false) => {
            return Err(refused(
                "has no index that tells its largest value at once",
                "say START WITH a value above all that are there, or create an index on it first",
            ));
        }
    };
    let decision = Decision::because(
        "a metadata-only change; its numbers go on after the largest that is there",
    );
    let add = add(table, column, definition, from);
    let was_not_null = context
        .at_start()
        .table(table)
        .and_then(|table| table.get(column))
        .is_some_and(|c| c.not_null && c.default.is_none());
    if was_not_null && !always {
        let locks = vec![(table.clone(), crate::action::Lock::AccessExclusive)];
        let undo = Action::AsWritten {
            what: "drop the identity".to_owned(),
            sql: reverse.clone(),
            locks,
        };
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
