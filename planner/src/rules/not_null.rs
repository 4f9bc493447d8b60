//! SET NOT NULL, DROP NOT NULL
//!
//! **Danger**: SET NOT NULL alone scans the table under ACCESS EXCLUSIVE; everyone waits.
//! **Instead**: once the fill is done, a CHECK that is NOT VALID (instant), VALIDATE (readers and writers go on),
//! then SET NOT NULL, which the CHECK proves (PostgreSQL 12 and later). Not before the fill: a CHECK that isn't
//! valid yet fails every update of a row that breaks it.
//! **Hazard**: old code may still write NULL; covered when a default or a sync trigger fills it.

use super::{Context, helper, questions};
use crate::action::{Action, Online};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::hazard;
use concertina_revisions::{Ident, TableName};

const SCANS: &str = "alone it scans the table under ACCESS EXCLUSIVE; a CHECK proven online replaces the scan";

pub(super) fn set_not_null(table: &TableName, column: &Ident, context: &Context<'_>) -> Decision {
    let set = Action::SetNotNull { table: table.clone(), column: column.clone() };
    let reverse = format!("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", table.sql(), column.sql());
    let Some(known) = context.table(table) else { return Decision::default() };
    if known.get(column).is_some_and(|column| column.not_null) {
        return Decision::because("")
            .note(format!("{}.{} refuses NULL already", table.shown(), column.as_str()))
            .reverse("");
    }
    if context.catalog.is_empty(table) {
        let undo = Action::DropNotNull { table: table.clone(), column: column.clone() };
        return Decision::because("the table holds no row").expand(set, [undo]).reverse(reverse);
    }
    if known.proven_not_null(column) {
        return Decision::because("a valid CHECK proves it already").contract(set).reverse(reverse);
    }
    let mut decision = Decision::because(SCANS);
    decision = if context.is_covered(table, column) {
        prove_and_set(decision, table, column)
    } else {
        prove_in_contract(decision, table, column).hazard(
            hazard::NOT_NULL,
            format!(
                "code that writes NULL to {}.{}, or leaves it out, fails from contract on",
                table.shown(),
                column.as_str()
            ),
        )
    };
    if !context.is_filled(table, column) && known.get(column).is_some_and(|column| !column.is_new) {
        let question =
            questions::rows_where(known, &table.name, &format!("{}.{} IS NULL", table.name.sql(), column.sql()));
        decision = decision.check(
            format!("no row of {} has NULL in {}", table.shown(), column.as_str()),
            question,
            "fill them: add an UPDATE to this revision before SET NOT NULL",
        );
    }
    decision.reverse(reverse)
}

pub(super) fn drop_not_null(table: &TableName, column: &Ident, context: &Context<'_>) -> Decision {
    let known = context.table(table).and_then(|table| table.get(column));
    if known.is_some_and(|column| !column.not_null) {
        return Decision::because("")
            .note(format!("{}.{} accepts NULL already", table.shown(), column.as_str()))
            .reverse("");
    }
    Decision::because("accepting more is a catalog entry")
        .expand(Action::DropNotNull { table: table.clone(), column: column.clone() }, [])
        .reverse(format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", table.sql(), column.sql()))
}

/// The helper CHECK, its proof, and the change that uses it, when every writer is covered.
pub(super) fn prove_and_set(decision: Decision, table: &TableName, column: &Ident) -> Decision {
    proof(decision, table, column, Phase::Backfill)
}

/// The same for writers who may not write the column yet: they must not meet the CHECK before contract.
pub(super) fn prove_in_contract(decision: Decision, table: &TableName, column: &Ident) -> Decision {
    proof(decision, table, column, Phase::Contract)
}

fn proof(decision: Decision, table: &TableName, column: &Ident, phase: Phase) -> Decision {
    let name = helper("nn", &[table.schema.as_str(), table.name.as_str(), column.as_str()]);
    let drop = Action::DropConstraint { table: table.clone(), name: name.clone(), references: None };
    let add = Action::AddConstraint {
        table: table.clone(),
        name: name.clone(),
        definition: format!("CHECK ({} IS NOT NULL)", column.sql()),
        not_valid: true,
        references: None,
    };
    let validate = Online::Validate { table: table.clone(), constraints: vec![name], references: vec![] };
    decision
        .then_because(SCANS)
        .quick(phase, Rank::Demand, add, [drop.clone()])
        .slow(phase, Rank::Prove, validate, [])
        .contract(Action::SetNotNull { table: table.clone(), column: column.clone() })
        // A statement of its own, after the proof was used: merged into one it would scan.
        .contract(drop)
}
