//! ADD FOREIGN KEY
//!
//! **Danger**: checks every row while SHARE ROW EXCLUSIVE on both tables makes all their writers
//! wait. **Instead**: NOT VALID after the fill (instant; it also saves a check a row during the
//! fill), then VALIDATE.

use super::check;
use crate::catalog::{Constraint, ConstraintKind, TableKind};
use crate::change::{NewConstraint, NewConstraintKind};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{self, Problem, hazard};
use crate::rules::object::partitions;
use crate::rules::rows::foreseen::{self, Rows};
use crate::rules::{Context, questions};
use crate::sql::rewrite;
use concertina_revisions::{Ident, TableName};

pub(crate) fn add(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let NewConstraintKind::ForeignKey {
        columns,
        references,
        reference_columns,
    } = &constraint.kind
    else {
        return Err(problem::unknown("a foreign key that isn't one"));
    };
    if let Some(decision) = check::on_empty(table, constraint, context) {
        return Ok(decision);
    }
    if !constraint.enforced {
        return Ok(check::not_enforced(table, constraint));
    }
    let partitioned = context
        .table(table)
        .is_some_and(|table| table.kind == TableKind::Partitioned);
    if partitioned && constraint.not_valid {
        problem::since(
            context.catalog,
            18,
            "a foreign key of a partitioned table that is NOT VALID",
        )?;
    }
    let decision = if partitioned && !constraint.not_valid {
        partitions::foreign_key(table, constraint, context)?
    } else {
        let why = "alone it checks every row while writers of both tables wait; added NOT VALID and proven online it doesn't";
        let undo = [check::undo(table, constraint)];
        let demand = check::demand(table, constraint);
        Decision::because(why).quick(Phase::Backfill, Rank::Demand, demand, undo)
    };
    let mut decision = decision.reverse(check::reverse(table, constraint));
    let (here, there, list) = (table.shown(), references.shown(), names(columns));
    if !context.only_of_new(table, constraint) {
        let told = format!(
            "from the backfill on, writers of {here} whose {list} isn't in {there} fail, as does whoever deletes it there or \
             changes its key, unless {} says what follows",
            constraint.name.as_str()
        );
        decision = decision.warning(hazard::DEMAND, told);
    }
    if !constraint.not_valid {
        if !partitioned {
            let proof = check::proof(table, constraint);
            decision = decision.slow(Phase::Backfill, Rank::Prove, proof, []);
        }
        if let Some(question) = orphans(table, columns, references, reference_columns, context) {
            decision = decision.check(
                format!("every {list} of {here} has its row in {there}"),
                question,
                "delete or fix the orphans first, or add that to this revision",
            );
        }
    }
    if !indexed(table, columns, context) {
        decision = decision.note(format!(
            "no index of {here} leads with {list}: deletes and key updates in {there} will scan it"
        ));
    }
    Ok(decision)
}

/// The rows without a partner by a foreign key that is there.
pub(crate) fn orphans_of(
    table: &TableName,
    constraint: &Constraint,
    context: &Context<'_>,
) -> Option<crate::plan::Question> {
    let columns: Vec<Ident> = constraint
        .columns
        .iter()
        .map(|column| Ident::new(column.as_str()))
        .collect();
    orphans(
        table,
        &columns,
        &constraint.referenced()?,
        &rewrite::referenced_columns(constraint),
        context,
    )
}

fn orphans(
    table: &TableName,
    columns: &[Ident],
    references: &TableName,
    reference_columns: &[Ident],
    context: &Context<'_>,
) -> Option<crate::plan::Question> {
    let known = context.table(table)?;
    let parent = context.table(references)?;
    let later = columns
        .iter()
        .any(|column| context.is_filled_later(table, column));
    let settled = |column: &Ident| {
        known.get(column).is_some_and(|column| !column.is_new) && !context.is_filled(table, column)
    };
    if parent.is_new {
        return None;
    }
    let keys = if reference_columns.is_empty() {
        let primary = parent
            .constraints
            .iter()
            .find(|constraint| constraint.kind == ConstraintKind::PrimaryKey)?;
        primary
            .columns
            .iter()
            .map(|column| Ident::new(column.as_str()))
            .collect()
    } else {
        reference_columns.to_vec()
    };
    // What isn't known is asked of the rows of now, and left out where these change.
    let parents = foreseen::rows(references, &keys, context);
    let (rows, referenced) = match (foreseen::rows(table, columns, context), parents) {
        (_, _) if later => (None, None),
        (Rows::Foreseen(rows), Rows::Foreseen(parents)) => (Some(rows), Some(parents.sql)),
        (Rows::Foreseen(rows), Rows::Now) => (Some(rows), None),
        (Rows::Now, Rows::Foreseen(parents)) => (None, Some(parents.sql)),
        (Rows::Now, Rows::Now | Rows::Unknown) | (Rows::Foreseen(_) | Rows::Unknown, _) => {
            (None, None)
        }
    };
    let is_foreseen = rows.is_some() || referenced.is_some();
    if !is_foreseen && !columns.iter().all(settled) {
        return None;
    }
    let alias = Ident::new("referencing");
    let given: Vec<String> = columns
        .iter()
        .map(|column| format!("{}.{} IS NOT NULL", alias.sql(), column.sql()))
        .collect();
    let equal: Vec<String> = columns
        .iter()
        .zip(&keys)
        .map(|(column, key)| {
            format!(
                "referenced.{} = {}.{}",
                key.sql(),
                alias.sql(),
                column.sql()
            )
        })
        .collect();
    let condition = format!(
        "{} AND NOT EXISTS (SELECT 1 FROM {} AS referenced WHERE {})",
        given.join(" AND "),
        referenced.unwrap_or_else(|| references.sql()),
        equal.join(" AND ")
    );
    Some(match rows {
        Some(rows) => questions::foreseen_where(&rows, known, &alias, &condition),
        None if is_foreseen => {
            questions::as_foreseen(questions::rows_where(known, &alias, &condition))
        }
        None => questions::rows_where(known, &alias, &condition),
    })
}

/// Whether an index, of the catalog or of this revision, leads with the columns.
fn indexed(table: &TableName, columns: &[Ident], context: &Context<'_>) -> bool {
    let leads = |keys: &[String]| {
        keys.len() >= columns.len()
            && keys
                .iter()
                .zip(columns)
                .all(|(key, column)| key == column.as_str())
    };
    context
        .table(table)
        .is_some_and(|table| table.indexes.iter().any(|index| leads(&index.keys)))
        || context.builds_index(table, columns)
}

fn names(columns: &[Ident]) -> String {
    columns
        .iter()
        .map(Ident::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
