//! SET NOT NULL, DROP NOT NULL
//!
//! **Danger**: SET NOT NULL alone scans the table under ACCESS EXCLUSIVE; everyone waits.
//! **Instead**: once the fill is done, a CHECK that is NOT VALID (instant), VALIDATE (readers and
//! writers go on), then SET NOT NULL, which the CHECK proves (PostgreSQL 12 and later). Not before
//! the fill: a CHECK that isn't valid yet fails every update of a row that breaks it. From
//! PostgreSQL 18 on NOT NULL .. NOT VALID does the same under its own name. **Hazard**: old code
//! may still write NULL; covered when a default or a sync trigger fills it.

use crate::action::{Action, Online};
use crate::catalog::{Constraint, ConstraintKind, Table};
use crate::change::{Change, NewConstraint, NewConstraintKind};
use crate::decision::{Decision, Part, Rank};
use crate::expr::Conjunct;
use crate::plan::Phase;
use crate::problem::hazard;
use crate::rules::constraint::check;
use crate::rules::rows::foreseen::{self, Rows};
use crate::rules::rows::update;
use crate::rules::{Context, helper, questions};
use concertina_revisions::{Ident, TableName};

/// The first `server_version_num` with NOT NULL .. NOT VALID.
const NATIVE_SINCE: u32 = 180_000;

const NATIVE: &str =
    "alone it scans the table under ACCESS EXCLUSIVE; added NOT VALID and proven online it doesn't";

const SCANS: &str =
    "alone it scans the table under ACCESS EXCLUSIVE; a CHECK proven online replaces the scan";

pub(crate) fn set_not_null(table: &TableName, column: &Ident, context: &Context<'_>) -> Decision {
    let set = Action::SetNotNull {
        table: table.clone(),
        column: column.clone(),
    };
    let reverse = format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
        table.sql(),
        column.sql()
    );
    let Some(known) = context.table(table) else {
        return Decision::default();
    };
    if known.get(column).is_some_and(|column| column.not_null) {
        return Decision::because("")
            .note(format!(
                "{}.{} refuses NULL already",
                table.shown(),
                column.as_str()
            ))
            .reverse("");
    }
    if context.catalog.is_empty(table) {
        let undo = Action::DropNotNull {
            table: table.clone(),
            column: column.clone(),
        };
        return Decision::because("the table holds no row")
            .expand(set, [undo])
            .reverse(reverse);
    }
    if is_proven(known, column) {
        return Decision::because("a valid CHECK proves it already")
            .contract(set)
            .reverse(reverse);
    }
    demanded(Decision::default(), table, column, context).reverse(reverse)
}

/// Whether a valid CHECK says `column IS NOT NULL`, alone or as a part of an AND.
fn is_proven(table: &Table, column: &Ident) -> bool {
    let says = |constraint: &Constraint| {
        let expression = constraint.condition()?;
        let named = |part: &Conjunct| matches!(part, Conjunct::IsNotNull(mention) if mention.name == *column);
        Some(expression.conjuncts.iter().any(named))
    };
    table
        .constraints
        .iter()
        .filter(|constraint| constraint.validated && constraint.kind == ConstraintKind::Check)
        .any(|constraint| says(constraint) == Some(true))
}

/// `ADD CONSTRAINT name NOT NULL column` (PostgreSQL 18).
pub(crate) fn add_constraint(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Decision {
    let reverse = check::reverse(table, constraint);
    if let Some(decision) = check::on_empty(table, constraint, context) {
        return decision;
    }
    let NewConstraintKind::NotNull(column) = &constraint.kind else {
        return Decision::default();
    };
    if context
        .table(table)
        .and_then(|table| table.get(column))
        .is_some_and(|column| column.not_null)
    {
        return Decision::because("")
            .note(format!(
                "{}.{} refuses NULL already",
                table.shown(),
                column.as_str()
            ))
            .reverse("");
    }
    let add = Action::AddNotNull {
        table: table.clone(),
        column: column.clone(),
        name: constraint.name.clone(),
    };
    let covered = context.is_covered(table, column);
    let phase = if covered {
        Phase::Backfill
    } else {
        Phase::Contract
    };
    let mut decision =
        Decision::because(NATIVE).quick(phase, Rank::Demand, add, [check::undo(table, constraint)]);
    if !constraint.not_valid {
        decision = decision.slow(phase, Rank::Prove, check::proof(table, constraint), []);
        decision = asked(decision, table, column, context);
    }
    if covered {
        decision
    } else {
        decision.hazard(hazard::NOT_NULL, fails(table, column))
    }
    .reverse(reverse)
}

fn fails(table: &TableName, column: &Ident) -> String {
    format!(
        "code that writes NULL to {}.{}, or leaves it out, fails from contract on",
        table.shown(),
        column.as_str()
    )
}

/// The proof: at once when writers are covered, and in contract when they aren't.
pub(crate) fn demanded(
    decision: Decision,
    table: &TableName,
    column: &Ident,
    context: &Context<'_>,
) -> Decision {
    let decision = if context.is_covered(table, column) {
        prove_and_set(decision, table, column, context)
    } else {
        proof(decision, table, column, Phase::Contract, context)
            .hazard(hazard::NOT_NULL, fails(table, column))
    };
    asked(decision, table, column, context)
}

/// Asks for NULLs before the first change, unless the revision fills them.
fn asked(decision: Decision, table: &TableName, column: &Ident, context: &Context<'_>) -> Decision {
    let Some(known) = context.table(table) else {
        return decision;
    };
    let what = format!(
        "no row of {} has NULL in {}",
        table.shown(),
        column.as_str()
    );
    if let Rows::Foreseen(rows) = foreseen::rows(table, std::slice::from_ref(column), context) {
        // An UPDATE that finds its values in other tables asks for its partners itself.
        if context.is_filled_later(table, column)
            || update::asks_for_partners(table, column, context)
        {
            return decision;
        }
        let condition = format!("{}.{} IS NULL", table.name.sql(), column.sql());
        let question = questions::foreseen_where(&rows, known, &table.name, &condition);
        return decision.check(
            what,
            question,
            "fill them: add an UPDATE to this revision before SET NOT NULL",
        );
    }
    if context.is_filled(table, column) || known.get(column).is_none_or(|column| column.is_new) {
        return decision;
    }
    let question = questions::rows_where(
        known,
        &table.name,
        &format!("{}.{} IS NULL", table.name.sql(), column.sql()),
    );
    decision.check(
        what,
        question,
        "fill them: add an UPDATE to this revision before SET NOT NULL",
    )
}

pub(crate) fn drop_not_null(table: &TableName, column: &Ident, context: &Context<'_>) -> Decision {
    let known = context.table(table).and_then(|table| table.get(column));
    if known.is_some_and(|column| !column.not_null) && !may_be_its_own(table, column, context) {
        return Decision::because("")
            .note(format!(
                "{}.{} accepts NULL already",
                table.shown(),
                column.as_str()
            ))
            .reverse("");
    }
    Decision::because("accepting more is a metadata-only change")
        .and(loosen(table, column, context))
        .reverse(format!(
            "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
            table.sql(),
            column.sql()
        ))
}

/// Whether the demand may be the table's own still, after a statement that took that of a table
/// above away: since PostgreSQL 18 each has its own constraint, as far as that is said of it.
fn may_be_its_own(table: &TableName, column: &Ident, context: &Context<'_>) -> bool {
    let of_above = |change: &Change| matches!(change, Change::DropNotNull(above, name) if name == column && context.catalog.below(above).contains(table));
    context.catalog.server_version >= 180_000
        && context.before().iter().any(|seen| of_above(&seen.change))
}

/// DROP NOT NULL, and the way back, which is as online as the way there.
pub(crate) fn loosen(table: &TableName, column: &Ident, context: &Context<'_>) -> Decision {
    let parts = prove_and_set(Decision::default(), table, column, context).parts;
    let (last, first): (Vec<Part>, Vec<Part>) = parts
        .into_iter()
        .partition(|part| part.phase == Phase::Contract);
    let back = first
        .into_iter()
        .chain(last)
        .map(|part| part.work)
        .collect();
    let action = Action::DropNotNull {
        table: table.clone(),
        column: column.clone(),
    };
    Decision::because("accepting more is a metadata-only change").expand_and_back(action, back)
}

/// The demand, its proof, and what it is for, when every writer is covered.
pub(crate) fn prove_and_set(
    decision: Decision,
    table: &TableName,
    column: &Ident,
    context: &Context<'_>,
) -> Decision {
    proof(decision, table, column, Phase::Backfill, context)
}

fn proof(
    decision: Decision,
    table: &TableName,
    column: &Ident,
    phase: Phase,
    context: &Context<'_>,
) -> Decision {
    if context.catalog.server_version >= NATIVE_SINCE {
        return native(decision, table, column, phase, context);
    }
    let name = helper(
        "nn",
        &[table.schema.as_str(), table.name.as_str(), column.as_str()],
    );
    let drop = Action::DropConstraint {
        table: table.clone(),
        name: name.clone(),
        references: None,
    };
    let add = Action::AddConstraint {
        table: table.clone(),
        name: name.clone(),
        definition: format!("CHECK ({} IS NOT NULL)", column.sql()),
        not_valid: true,
        references: None,
    };
    let validate = Online::Validate {
        table: table.clone(),
        constraints: vec![name],
        references: vec![],
    };
    decision
        .then_because(SCANS)
        .quick(phase, Rank::Demand, add, [drop.clone()])
        .slow(phase, Rank::Prove, validate, [])
        .contract(Action::SetNotNull {
            table: table.clone(),
            column: column.clone(),
        })
        // A statement of its own, after the proof was used: merged into one it would scan.
        .contract(drop)
}

/// PostgreSQL 18 can demand it of new rows first and prove the old ones later, under one name.
fn native(
    decision: Decision,
    table: &TableName,
    column: &Ident,
    phase: Phase,
    context: &Context<'_>,
) -> Decision {
    let known = context
        .table(table)
        .into_iter()
        .flat_map(|table| &table.constraints);
    let name = known
        .filter(|one| one.kind == ConstraintKind::NotNull)
        .find(|one| one.columns.iter().any(|name| name == column.as_str()))
        .map_or_else(
            || {
                crate::sql::chosen_name(
                    table,
                    std::slice::from_ref(column),
                    "not_null",
                    context.catalog,
                )
            },
            |one| Ident::new(one.name.as_str()),
        );
    let add = Action::AddNotNull {
        table: table.clone(),
        column: column.clone(),
        name: name.clone(),
    };
    let undo = Action::DropConstraint {
        table: table.clone(),
        name: name.clone(),
        references: None,
    };
    let validate = Online::Validate {
        table: table.clone(),
        constraints: vec![name],
        references: vec![],
    };
    decision
        .then_because(NATIVE)
        .quick(phase, Rank::Demand, add, [undo])
        .slow(phase, Rank::Prove, validate, [])
}
