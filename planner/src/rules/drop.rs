//! DROP CONSTRAINT, DROP COLUMN, DROP TABLE
//!
//! **Danger**: instant for the database, fatal for code that still uses what is dropped.
//! **Instead**: in contract; before that, a column that refuses NULL is loosened so that new code may leave it out.
//! **Hazard**: code that still names it.

use super::Context;
use crate::action::Action;
use crate::catalog::ConstraintKind;
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{Problem, code, hazard};
use concertina_revisions::{Ident, TableName};

pub(super) fn constraint(table: &TableName, name: &Ident, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(known) = context.table(table).and_then(|table| table.constraint(name)) else {
        return Ok(Decision::default());
    };
    let drop = Action::DropConstraint { table: table.clone(), name: name.clone(), references: known.referenced() };
    let reverse = format!("ALTER TABLE {} ADD CONSTRAINT {} {}", table.sql(), name.sql(), known.definition);
    let unique = matches!(known.kind, ConstraintKind::Unique | ConstraintKind::PrimaryKey);
    if unique
        && let Some((other, key)) = context.catalog.referencing(table).find(|(_, key)| references_columns(key, known))
    {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!("foreign key {} of {} needs constraint {}", key.name, other.full_name().shown(), name.as_str()),
        )
        .label("others depend on it")
        .help(format!(
            "drop that foreign key first: ALTER TABLE {} DROP CONSTRAINT {}",
            other.full_name().sql(),
            Ident::new(key.name.as_str()).sql()
        )));
    }
    if context.catalog.is_empty(table) {
        return Ok(Decision::because("the table holds no row").expand(drop, []).reverse(reverse));
    }
    let decision = Decision::because("enforcing less is a catalog entry, for once no code relies on it")
        .contract(drop)
        .reverse(reverse);
    Ok(if unique {
        let columns = known.columns.join(", ");
        decision.hazard(
            hazard::CONFLICT,
            format!("INSERT .. ON CONFLICT ({columns}) into {} fails once {} is gone", table.shown(), name.as_str()),
        )
    } else {
        decision
    })
}

/// Whether a foreign key relies on a unique constraint: its own text names the referenced columns, or none for the
/// primary key.
fn references_columns(key: &crate::catalog::Constraint, unique: &crate::catalog::Constraint) -> bool {
    let referenced = key
        .definition
        .split_once("REFERENCES ")
        .and_then(|(_, rest)| rest.split_once('('))
        .and_then(|(_, rest)| rest.split_once(')'));
    match referenced {
        Some((columns, _)) => {
            let columns: Vec<&str> = columns.split(',').map(|column| column.trim().trim_matches('"')).collect();
            columns.len() == unique.columns.len()
                && unique.columns.iter().all(|column| columns.contains(&column.as_str()))
        }
        None => unique.kind == ConstraintKind::PrimaryKey,
    }
}

pub(super) fn column(table: &TableName, column: &Ident, context: &Context<'_>) -> Decision {
    let known = context.table(table).and_then(|table| table.get(column));
    let drop = Action::DropColumn { table: table.clone(), column: column.clone() };
    let lost = format!("the values of {}.{} are gone", table.shown(), column.as_str());
    if context.catalog.is_empty(table) {
        return Decision::because("the table holds no row").expand(drop, []).irreversible(lost);
    }
    let mut decision = Decision::because("instant, but running code may still use the column");
    if known.is_some_and(|column| column.not_null && column.default.is_none() && !column.generated) {
        decision = decision.expand(Action::DropNotNull { table: table.clone(), column: column.clone() }, []);
    }
    decision
        .quick(Phase::Contract, Rank::Remove, drop, [])
        .hazard(
            hazard::COLUMN,
            format!("code that still reads or writes {}.{} fails once it is dropped", table.shown(), column.as_str()),
        )
        .irreversible(lost)
}

pub(super) fn table(table: &TableName, context: &Context<'_>) -> Result<Decision, Problem> {
    let dependants: Vec<String> = context
        .catalog
        .referencing(table)
        .map(|(other, key)| format!("{} of {}", key.name, other.full_name().shown()))
        .collect();
    if !dependants.is_empty() {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!("foreign keys point at table {}: {}", table.shown(), dependants.join(", ")),
        )
        .label("others depend on it")
        .help("drop those foreign keys or tables first, in the same revision or an earlier one"));
    }
    let drop = Action::DropTable { table: table.clone() };
    let lost = format!("the rows of {} are gone", table.shown());
    if context.table(table).is_some_and(|table| table.is_new) {
        return Ok(Decision::because("made by this revision").expand(drop, []).reverse(""));
    }
    Ok(Decision::because("instant, but running code may still use the table")
        .quick(Phase::Contract, Rank::Remove, drop, [])
        .hazard(hazard::TABLE, format!("code that still uses table {} fails once it is dropped", table.shown()))
        .irreversible(lost))
}
