//! ADD UNIQUE, ADD PRIMARY KEY
//!
//! **Danger**: builds an index under ACCESS EXCLUSIVE.
//! **Instead**: CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT .. USING INDEX in contract, in the same
//! transaction as the drop of a constraint that it replaces: there is no moment without uniqueness.

use super::{Context, check, helper, not_null, questions};
use crate::action::{Action, Online};
use crate::catalog::{Table, TableKind};
use crate::change::{NewConstraint, NewConstraintKind};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{self, Problem};
use concertina_revisions::{Ident, TableName};

pub(super) fn add(table: &TableName, constraint: &NewConstraint, context: &Context<'_>) -> Result<Decision, Problem> {
    let NewConstraintKind::Unique { columns, primary, index_suffix, timing, using_index } = &constraint.kind else {
        return Err(problem::unknown("a unique constraint that isn't one"));
    };
    let adopt = |index: Ident| Action::AddConstraintUsingIndex {
        table: table.clone(),
        name: constraint.name.clone(),
        primary: *primary,
        index,
        timing: timing.clone(),
    };
    let reverse = check::reverse(table, constraint);
    if let Some(index) = using_index {
        return Ok(Decision::because("the index is there already").contract(adopt(index.clone())).reverse(reverse));
    }
    if let Some(decision) = check::on_empty(table, constraint, context) {
        return Ok(decision);
    }
    let Some(known) = context.table(table) else { return Ok(Decision::default()) };
    if known.kind == TableKind::Partitioned {
        return Err(problem::blocks(
            "UNIQUE or PRIMARY KEY on a partitioned table",
            "add the constraint to each partition first: the parent then adopts them",
        ));
    }
    let index = free_name(table, constraint, context);
    let list = columns.iter().map(Ident::sql).collect::<Vec<_>>().join(", ");
    let build = Online::CreateIndex {
        table: table.clone(),
        name: index.clone(),
        unique: true,
        tail: format!("USING btree ({list}){index_suffix}"),
    };
    let index_name = TableName { schema: table.schema.clone(), name: index.clone() };
    let drop = Online::DropIndex { table: table.clone(), index: index_name, definition: String::new() };
    let mut decision = Decision::because(
        "alone it builds its index under ACCESS EXCLUSIVE; built concurrently and adopted it is instant",
    )
    .slow(Phase::Backfill, Rank::Build, build, [drop])
    .note(format!("writers of duplicates for {} get an error as soon as its index is built", constraint.name.as_str()));
    if *primary {
        for column in columns.iter().filter(|column| known.get(column).is_some_and(|column| !column.not_null)) {
            decision = not_null::prove_and_set(decision, table, column);
        }
    }
    decision = decision.contract(adopt(index)).reverse(reverse);
    if let Some(question) = duplicates(known, columns, context) {
        decision = decision.check(
            format!("no two rows of {} share ({list})", table.shown()),
            question,
            "remove or mend the duplicates first, or add that to this revision",
        );
    }
    Ok(decision)
}

/// The constraint's own name, unless a constraint that it replaces still bears it.
fn free_name(table: &TableName, constraint: &NewConstraint, context: &Context<'_>) -> Ident {
    let taken = |name: &str| context.at_start().relation_name_taken(table.schema.as_str(), name);
    if taken(constraint.name.as_str()) {
        helper("uq", &[table.schema.as_str(), table.name.as_str(), constraint.name.as_str()])
    } else {
        constraint.name.clone()
    }
}

/// Nothing need be asked when a column is new, or when fewer columns are unique already.
fn duplicates(table: &Table, columns: &[Ident], context: &Context<'_>) -> Option<crate::plan::Question> {
    let name = table.full_name();
    let settled =
        |column: &Ident| table.get(column).is_some_and(|column| !column.is_new) && !context.is_filled(&name, column);
    let proven = context.at_start().table(&name).is_some_and(|table| {
        table.indexes.iter().any(|index| {
            index.unique
                && index.valid
                && !index.partial
                && index.keys.iter().all(|key| columns.iter().any(|column| column.as_str() == key))
        })
    });
    (columns.iter().all(settled) && !proven).then(|| questions::duplicates(table, columns))
}
