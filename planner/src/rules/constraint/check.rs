//! ADD CHECK, ADD EXCLUDE, VALIDATE CONSTRAINT
//!
//! **Danger**: ADD CHECK scans the table under ACCESS EXCLUSIVE; EXCLUDE builds an index under it.
//! **Instead**: NOT VALID after the fill (instant, new rows obey), then VALIDATE, which lets
//! everyone go on.

use super::foreign_key;
use crate::action::{Action, Lock, Online};
use crate::catalog::{Constraint, ConstraintKind, Table, TableKind};
use crate::change::{NewConstraint, NewConstraintKind};
use crate::decision::{Decision, Rank};
use crate::expr::Scope;
use crate::plan::{Phase, Question, Work};
use crate::problem::{self, Problem, hazard};
use crate::rules::object::again;
use crate::rules::rows::foreseen::{self, Rows};
use crate::rules::{Context, questions};
use concertina_revisions::{Ident, TableName};

pub(crate) fn add(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Decision {
    if let Some(decision) = on_empty(table, constraint, context) {
        return decision;
    }
    if !constraint.enforced {
        return not_enforced(table, constraint);
    }
    let mut decision = Decision::because(
        "alone it scans the table under ACCESS EXCLUSIVE; added NOT VALID and proven online it doesn't",
    )
    .quick(Phase::Backfill, Rank::Demand, demand(table, constraint), [undo(table, constraint)])
    .reverse(reverse(table, constraint));
    if !context.only_of_new(table, constraint) {
        let name = constraint.name.as_str();
        let told = format!(
            "writers of {} that break {name} fail from the backfill on",
            table.shown()
        );
        decision = decision.warning(hazard::DEMAND, told);
    }
    if !constraint.not_valid {
        decision = decision.slow(Phase::Backfill, Rank::Prove, proof(table, constraint), []);
    }
    if let Some(question) = broken_by(table, constraint, context) {
        decision = decision.check(
            format!(
                "every row of {} obeys {}",
                table.shown(),
                constraint.name.as_str()
            ),
            question,
            "fix these rows first, or add an UPDATE to this revision that does",
        );
    }
    decision
}

/// A constraint of which PostgreSQL only takes note (PostgreSQL 18).
pub(crate) fn not_enforced(table: &TableName, constraint: &NewConstraint) -> Decision {
    Decision::because("nobody looks after it: a metadata-only change")
        .expand(as_written(table, constraint), [undo(table, constraint)])
        .reverse(reverse(table, constraint))
}

/// The rows that break a CHECK which is to be proven, where they are known before it is.
fn broken_by(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Option<Question> {
    let NewConstraintKind::Check(expression) = &constraint.kind else {
        return None;
    };
    let known = context.table(table)?;
    let columns = expression.column_names();
    let foreseen = match foreseen::rows(table, &columns, context) {
        Rows::Foreseen(rows) => Some(rows).filter(|_| !constraint.no_inherit),
        Rows::Now | Rows::Unknown => None,
    };
    let is_filled_later = |column: &Ident| context.is_filled_later(table, column);
    let is_settled = |column: &Ident| {
        known.get(column).is_some_and(|column| !column.is_new) && !context.is_filled(table, column)
    };
    if constraint.not_valid
        || columns.iter().any(is_filled_later)
        || (foreseen.is_none() && !columns.iter().all(is_settled))
    {
        return None;
    }
    let scope = Scope {
        alias: &table.name,
        table,
        others: &[],
        catalog: context.catalog,
    };
    let condition = expression.rewrite(|mention| {
        (mention.qualifier.is_none() && scope.is_target(mention))
            .then(|| format!("{}.{}", table.name.sql(), mention.name.sql()))
    });
    let condition = format!("NOT ({condition})");
    Some(match foreseen {
        Some(rows) => questions::foreseen_where(&rows, known, &table.name, &condition),
        None if constraint.no_inherit => questions::own_rows_where(known, &table.name, &condition),
        None => questions::rows_where(known, &table.name, &condition),
    })
}

pub(crate) fn exclude(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    on_empty(table, constraint, context).ok_or_else(|| {
        problem::blocks(
            "ADD EXCLUDE",
            "PostgreSQL builds its index under ACCESS EXCLUSIVE and has no online form",
        )
    })
}

pub(crate) fn validate(table: &TableName, name: &Ident, context: &Context<'_>) -> Decision {
    let Some((whole, known)) = context
        .table(table)
        .and_then(|table| Some((table, table.constraint(name)?)))
    else {
        return Decision::default();
    };
    if known.validated {
        return Decision::because("")
            .note(format!("{} is valid already", name.as_str()))
            .reverse("");
    }
    let references = known.referenced().into_iter().collect();
    let online = Online::Validate {
        table: table.clone(),
        constraints: vec![name.clone()],
        references,
    };
    let drop = format!("ALTER TABLE {} DROP CONSTRAINT {}", table.sql(), name.sql());
    let back: Vec<String> = std::iter::once(drop)
        .chain(again::constraint(whole, known))
        .collect();
    let locks: Vec<(TableName, Lock)> = std::iter::once(table.clone())
        .chain(known.referenced())
        .map(|one| (one, Lock::AccessExclusive))
        .collect();
    let unproven = |sql: &String| {
        Action::as_written(
            format!(
                "{} of {} as it was, not valid",
                name.as_str(),
                table.shown()
            ),
            sql.clone(),
            locks.clone(),
        )
    };
    let undo = vec![Work::Quick {
        actions: back.iter().map(unproven).collect(),
    }];
    let why = "VALIDATE lets readers and writers go on";
    let decision = if comes_from_above(table, name, context) {
        // It can only be dropped, and made again, with that of the table above.
        let stays = format!(
            "{} comes from a table above, and can't be unproven here alone",
            name.as_str()
        );
        Decision::because(why)
            .slow_and_back(Phase::Backfill, Rank::Prove, online, vec![])
            .irreversible(stays)
    } else {
        Decision::because(why)
            .slow_and_back(Phase::Backfill, Rank::Prove, online, undo)
            .reverse_by(back)
    };
    match offenders(whole, known, context) {
        Some(question) => decision.check(
            format!("every row of {} obeys {}", table.shown(), name.as_str()),
            question,
            "fix these rows first, or add an UPDATE or DELETE to this revision that does",
        ),
        None => decision,
    }
}

/// The checks of a table and of those below it that aren't proven: rows that break them can't be
/// updated, whatever is assigned.
pub(crate) fn unproven<'a>(
    name: &'a TableName,
    context: &'a Context<'_>,
) -> impl Iterator<Item = (&'a Table, &'a Constraint)> {
    let members = std::iter::once(name.clone()).chain(context.catalog.below(name));
    let known = members.filter_map(|member| context.catalog.table(&member));
    let of_table = |table: &'a Table| table.constraints.iter().map(move |one| (table, one));
    known
        .flat_map(of_table)
        .filter(|(_, one)| one.kind == ConstraintKind::Check && !one.validated)
        // One that isn't enforced has no condition here.
        .filter(|(_, one)| one.condition().is_some())
}

/// Where batches stand for a rewrite of the table: with the question whether every row obeys the
/// checks that aren't proven, which a rewrite doesn't ask, and whether every index is valid, as a
/// rewrite builds them all anew.
pub(crate) fn for_a_rewrite(
    decision: Decision,
    name: &TableName,
    context: &Context<'_>,
) -> Decision {
    let members = std::iter::once(name.clone()).chain(context.catalog.below(name));
    let left_invalid = members
        .filter_map(|member| context.table(&member))
        .flat_map(|table| {
            let has_rows = table.kind != TableKind::Partitioned;
            table
                .indexes
                .iter()
                .filter(move |index| has_rows && !index.valid)
        });
    let decision = left_invalid.fold(decision, |decision, index| {
        let name = index.full_name();
        decision.check(
            format!("index {} is valid", name.shown()),
            questions::invalid_index(&name),
            "REINDEX INDEX CONCURRENTLY it, or drop it: the statement alone would build it anew with the table",
        )
    });
    unproven(name, context).fold(decision, |decision, (table, one)| {
        let Some(question) = offenders(table, one, context) else {
            return decision;
        };
        decision.check(
            format!(
                "every row of {} obeys {}, which isn't proven",
                table.full_name().shown(),
                one.name
            ),
            question,
            "fix these rows first: batches update them, and the constraint refuses every update of a row that breaks it",
        )
    })
}

/// Whether a constraint is that of a table above, too.
fn comes_from_above(table: &TableName, name: &Ident, context: &Context<'_>) -> bool {
    let catalog = context.catalog;
    catalog.tables.iter().any(|one| {
        one.constraint(name).is_some() && catalog.below(&one.full_name()).contains(table)
    })
}

/// The rows that a constraint which isn't proven would be proven wrong by.
fn offenders(table: &Table, constraint: &Constraint, context: &Context<'_>) -> Option<Question> {
    let name = table.full_name();
    let columns: Vec<Ident> = constraint
        .columns
        .iter()
        .map(|column| Ident::new(column.as_str()))
        .collect();
    let later = columns
        .iter()
        .any(|column| context.is_filled_later(&name, column));
    match constraint.kind {
        ConstraintKind::ForeignKey => foreign_key::orphans_of(&name, constraint, context),
        ConstraintKind::Check if !later => {
            let expression = constraint.condition()?;
            let wrong = format!("NOT ({})", expression.sql);
            match foreseen::rows(&name, &expression.column_names(), context) {
                Rows::Now => Some(questions::rows_where(table, &name.name, &wrong)),
                Rows::Foreseen(rows) => {
                    Some(questions::foreseen_where(&rows, table, &name.name, &wrong))
                }
                Rows::Unknown => None,
            }
        }
        ConstraintKind::Check
        | ConstraintKind::Unique
        | ConstraintKind::PrimaryKey
        | ConstraintKind::Exclude
        | ConstraintKind::NotNull
        | ConstraintKind::Other => None,
    }
}

/// On a table without rows a constraint is added as written.
pub(crate) fn on_empty(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Option<Decision> {
    context.catalog.is_empty(table).then(|| {
        Decision::because("the table holds no row")
            .expand(as_written(table, constraint), [undo(table, constraint)])
            .reverse(reverse(table, constraint))
    })
}

/// The constraint as its author wrote it.
pub(crate) fn as_written(table: &TableName, constraint: &NewConstraint) -> Action {
    if constraint.only {
        let sql = format!(
            "ALTER TABLE ONLY {} ADD CONSTRAINT {} {}",
            table.sql(),
            constraint.name.sql(),
            constraint.definition
        );
        let locks = constraint
            .references()
            .map(|other| (other.clone(), Lock::ShareRowExclusive))
            .into_iter()
            .collect();
        let what = format!(
            "add constraint {} to {} alone",
            constraint.name.as_str(),
            table.shown()
        );
        return Action::as_written(what, sql, locks);
    }
    Action::AddConstraint {
        table: table.clone(),
        name: constraint.name.clone(),
        definition: constraint.definition.clone(),
        not_valid: constraint.not_valid,
        references: constraint.references().cloned(),
    }
}

/// The constraint without its proof.
pub(crate) fn demand(table: &TableName, constraint: &NewConstraint) -> Action {
    Action::AddConstraint {
        table: table.clone(),
        name: constraint.name.clone(),
        definition: constraint.definition.clone(),
        not_valid: true,
        references: constraint.references().cloned(),
    }
}

/// The proof of a constraint that new rows obey already.
pub(crate) fn proof(table: &TableName, constraint: &NewConstraint) -> Online {
    Online::Validate {
        table: table.clone(),
        constraints: vec![constraint.name.clone()],
        references: constraint.references().cloned().into_iter().collect(),
    }
}

pub(crate) fn undo(table: &TableName, constraint: &NewConstraint) -> Action {
    Action::DropConstraint {
        table: table.clone(),
        name: constraint.name.clone(),
        references: constraint.references().cloned(),
    }
}

pub(crate) fn reverse(table: &TableName, constraint: &NewConstraint) -> String {
    format!(
        "ALTER TABLE {} DROP CONSTRAINT {}",
        table.sql(),
        constraint.name.sql()
    )
}
