//! ADD UNIQUE, ADD PRIMARY KEY
//!
//! **Danger**: builds an index under ACCESS EXCLUSIVE. **Instead**: CREATE UNIQUE INDEX
//! CONCURRENTLY, then ADD CONSTRAINT .. USING INDEX in contract, in the same transaction as the
//! drop of a constraint that it replaces: there is no moment without uniqueness.

use super::check;
use crate::action::Action;
use crate::catalog::{ConstraintKind, Table, TableKind};
use crate::change::{NewConstraint, NewConstraintKind, NewIndex};
use crate::decision::Decision;
use crate::footprint::Thing;
use crate::plan::Question;
use crate::problem::{self, Problem, code, hazard};
use crate::rules::column::not_null;
use crate::rules::object::{again, partitions};
use crate::rules::rows::foreseen::{self, Rows};
use crate::rules::{Context, helper, questions};
use concertina_revisions::{Ident, TableName};

pub(crate) fn add(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let NewConstraintKind::Unique {
        columns,
        primary,
        using_index,
        ..
    } = &constraint.kind
    else {
        return Err(problem::unknown("a unique constraint that isn't one"));
    };
    if *primary {
        no_second_primary(table, context)?;
    }
    let reverse = check::reverse(table, constraint);
    if let Some(index) = using_index {
        let decision = adopted(table, constraint, index, context)?;
        let decision = with_its_index_back(decision, reverse, table, constraint, index, context);
        let keys = keys_of(table, index, context);
        return Ok(if *primary {
            loosened_back(decision, table, &keys, context)
        } else {
            decision
        });
    }
    if let Some(decision) = check::on_empty(table, constraint, context) {
        return Ok(if *primary {
            loosened_again(decision, table, columns, context)
        } else {
            decision
        });
    }
    let Some(known) = context.table(table) else {
        return Ok(Decision::default());
    };
    let list = columns
        .iter()
        .map(Ident::sql)
        .collect::<Vec<_>>()
        .join(", ");
    let mut decision = if known.kind == TableKind::Partitioned {
        partitions::unique(table, constraint, context)?
    } else {
        built_and_adopted(table, constraint, &list, context)
    };
    decision = decision.reverse(reverse);
    if !context.only_of_new(table, constraint) {
        let told = format!(
            "writers of {} whose rows share {list} fail as soon as the index of {} is there, in the backfill",
            table.shown(),
            constraint.name.as_str()
        );
        decision = decision.warning(hazard::DEMAND, told);
    }
    if *primary {
        decision = refusing_null(decision, known, columns, context);
    }
    if let Some(question) = duplicates(known, columns, context) {
        decision = decision.check(
            format!("no two rows of {} share ({list})", table.shown()),
            question,
            "remove or fix the duplicates first, or add that to this revision",
        );
    }
    Ok(decision)
}

/// Refuses a primary key beside another one.
fn no_second_primary(table: &TableName, context: &Context<'_>) -> Result<(), Problem> {
    let mut constraints = context
        .table(table)
        .into_iter()
        .flat_map(|table| &table.constraints);
    let Some(there) = constraints.find(|one| one.kind == ConstraintKind::PrimaryKey) else {
        return Ok(());
    };
    Err(Problem::new(
        code::EXISTS,
        format!("{} has a primary key, {}", table.shown(), there.name),
    )
    .label("would be a second primary key")
    .help(format!(
        "drop {} before it, in the same revision, or make it UNIQUE",
        there.name
    )))
}

/// A primary key demands of its columns that they refuse NULL; dropped, it leaves that demand.
fn refusing_null(
    mut decision: Decision,
    table: &Table,
    columns: &[Ident],
    context: &Context<'_>,
) -> Decision {
    let name = table.full_name();
    let accepts_null = |column: &&Ident| table.get(column).is_some_and(|one| !one.not_null);
    let accepting = columns.iter().filter(accepts_null);
    let mut demands = accepting.fold(Decision::default(), |demands, column| {
        not_null::demanded(demands, &name, column, context)
    });
    // The demands stand before the adoption, which relies on them.
    demands.parts.append(&mut decision.parts);
    decision.parts = demands.parts;
    decision.checks.extend(demands.checks);
    decision.hazards.extend(demands.hazards);
    decision.warnings.extend(demands.warnings);
    loosened_back(decision, &name, columns, context)
}

/// The way back of `USING INDEX`: the index goes with the constraint, and was there before, unless
/// this revision made it.
fn with_its_index_back(
    decision: Decision,
    reverse: String,
    table: &TableName,
    constraint: &NewConstraint,
    index: &Ident,
    context: &Context<'_>,
) -> Decision {
    if context.is_born_here(&Thing::Relation(table.beside(index))) {
        return decision.reverse(reverse);
    }
    let known = context.table(table);
    let there = known.and_then(|table| {
        Some((
            table,
            table
                .indexes
                .iter()
                .find(|one| one.name == index.as_str())?,
        ))
    });
    if there.is_some_and(|(_, there)| there.part_of.is_some()) {
        let why = format!(
            "{} is a part of another index, which needs it",
            constraint.name.as_str()
        );
        return decision.irreversible(why);
    }
    match there.and_then(|(table, there)| again::index(table, there, context.catalog)) {
        Some(again) => again
            .into_iter()
            .fold(decision.reverse(reverse), Decision::and_reverse),
        None => decision.irreversible(format!("the definition of {} isn't known", index.as_str())),
    }
}

/// A primary key demands of its columns what stays when it goes: the way back takes that from those
/// that had accepted NULL.
fn loosened_again(
    mut decision: Decision,
    table: &TableName,
    columns: &[Ident],
    context: &Context<'_>,
) -> Decision {
    for (member, column) in accepting_null(table, columns, context) {
        let loosen = Action::DropNotNull {
            table: member,
            column,
        };
        decision = decision.and_undo(loosen);
    }
    loosened_back(decision, table, columns, context)
}

/// The same for what has its undo by itself.
fn loosened_back(
    decision: Decision,
    table: &TableName,
    columns: &[Ident],
    context: &Context<'_>,
) -> Decision {
    accepting_null(table, columns, context).into_iter().fold(
        decision,
        |decision, (member, column)| {
            decision.and_reverse(format!(
                "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
                member.sql(),
                column.sql()
            ))
        },
    )
}

/// The columns of a table and of those below it that accept NULL. A partition's key makes the
/// demand the partition's own (PostgreSQL 18).
fn accepting_null(
    table: &TableName,
    columns: &[Ident],
    context: &Context<'_>,
) -> Vec<(TableName, Ident)> {
    let mut all = Vec::new();
    for member in std::iter::once(table.clone()).chain(context.catalog.below(table)) {
        let Some(known) = context.table(&member).filter(|known| !known.is_new) else {
            continue;
        };
        let accepts = |column: &&Ident| known.get(column).is_some_and(|one| !one.not_null);
        all.extend(
            columns
                .iter()
                .filter(accepts)
                .map(|column| (member.clone(), column.clone())),
        );
    }
    all
}

/// The columns of an index.
fn keys_of(table: &TableName, index: &Ident, context: &Context<'_>) -> Vec<Ident> {
    let known = context
        .table(table)
        .into_iter()
        .flat_map(|table| &table.indexes);
    known
        .filter(|one| one.name == index.as_str())
        .flat_map(|one| &one.keys)
        .map(|key| Ident::new(key.as_str()))
        .collect()
}

/// `USING INDEX`: the index is there already.
fn adopted(
    table: &TableName,
    constraint: &NewConstraint,
    index: &Ident,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let known = context
        .table(table)
        .map(|table| table.indexes.as_slice())
        .unwrap_or_default();
    let Some(found) = known.iter().find(|known| known.name == index.as_str()) else {
        return Err(problem::missing_object(
            "index",
            index.as_str(),
            known.iter().map(|index| index.name.as_str()),
        ));
    };
    if !found.unique || !found.valid || found.partial || found.keys.iter().any(String::is_empty) {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!("index {} can't become a constraint", index.as_str()),
        )
        .label("not unique, not valid, over expressions, or of some rows only")
        .help("leave USING INDEX out: the index is then built concurrently"));
    }
    let mut decision = Decision::default();
    let primary = matches!(
        constraint.kind,
        NewConstraintKind::Unique { primary: true, .. }
    );
    for key in found
        .keys
        .iter()
        .filter(|_| primary)
        .map(|key| Ident::new(key.as_str()))
    {
        // Or PostgreSQL would look at every row for NULLs.
        if context
            .table(table)
            .and_then(|table| table.get(&key))
            .is_some_and(|column| !column.not_null)
        {
            decision = not_null::demanded(decision, table, &key, context);
        }
    }
    let adoption = adoption(table, constraint, index.clone());
    if context.catalog.is_empty(table) {
        return Ok(decision
            .then_because("the table holds no row")
            .expand(adoption, [check::undo(table, constraint)]));
    }
    Ok(decision
        .then_because("the index is there already")
        .contract(adoption))
}

/// An index that is built online, and the constraint that is made of it.
fn built_and_adopted(
    table: &TableName,
    constraint: &NewConstraint,
    list: &str,
    context: &Context<'_>,
) -> Decision {
    let NewConstraintKind::Unique { index_suffix, .. } = &constraint.kind else {
        return Decision::default();
    };
    let index = free_name(table, constraint, context);
    Decision::because("alone it builds its index under ACCESS EXCLUSIVE; built concurrently and adopted it is instant")
        .build_index(table, &index, true, format!("USING btree ({list}){index_suffix}"))
        .contract(adoption(table, constraint, index))
}

fn adoption(table: &TableName, constraint: &NewConstraint, index: Ident) -> Action {
    let (primary, timing) = if let NewConstraintKind::Unique {
        primary, timing, ..
    } = &constraint.kind
    {
        (*primary, timing.clone())
    } else {
        (false, String::new())
    };
    Action::AddConstraintUsingIndex {
        table: table.clone(),
        name: constraint.name.clone(),
        primary,
        index,
        timing,
    }
}

/// The constraint's own name, unless a constraint that it replaces still bears it, by that name
/// from the start or since a statement before.
fn free_name(table: &TableName, constraint: &NewConstraint, context: &Context<'_>) -> Ident {
    if context.was_taken(table.schema.as_str(), constraint.name.as_str()) {
        helper(
            "uq",
            &[
                table.schema.as_str(),
                table.name.as_str(),
                constraint.name.as_str(),
            ],
        )
    } else {
        constraint.name.clone()
    }
}

/// Nothing need be asked when a column is new, or when fewer columns are unique already.
pub(crate) fn duplicates(
    table: &Table,
    columns: &[Ident],
    context: &Context<'_>,
) -> Option<Question> {
    let name = table.full_name();
    let settled = |column: &Ident| {
        table.get(column).is_some_and(|column| !column.is_new) && !context.is_filled(&name, column)
    };
    let proven = context.at_start().table(&name).is_some_and(|table| {
        table.indexes.iter().any(|index| {
            index.unique
                && index.valid
                && !index.partial
                && index
                    .keys
                    .iter()
                    .all(|key| columns.iter().any(|column| column.as_str() == key))
        })
    });
    let later = columns
        .iter()
        .any(|column| context.is_filled_later(&name, column));
    match foreseen::rows(&name, columns, context) {
        Rows::Foreseen(rows) if !later => Some(questions::foreseen_duplicates(&rows, columns)),
        Rows::Foreseen(_) | Rows::Now | Rows::Unknown => {
            (columns.iter().all(settled) && !proven).then(|| questions::duplicates(table, columns))
        }
    }
}

/// Asks for rows that share the key of an index to be.
pub(crate) fn shared(table: &Table, new: &NewIndex, context: &Context<'_>) -> Option<Question> {
    let plain = !new.partial && !new.keys.iter().any(|key| key.as_str().is_empty());
    if plain {
        return duplicates(table, &new.keys, context);
    }
    let name = table.full_name();
    let is_settled = |column: &Ident| {
        table.get(column).is_some_and(|column| !column.is_new) && !context.is_filled(&name, column)
    };
    if new
        .mentions
        .iter()
        .any(|column| context.is_filled_later(&name, column))
    {
        return None;
    }
    let values = new.values.as_ref()?;
    match foreseen::rows(&name, &new.mentions, context) {
        Rows::Foreseen(rows) => {
            let from = format!("{} AS {}", rows.sql, name.name.sql());
            Some(questions::shared(
                &from,
                values,
                new.predicate.as_deref(),
                true,
            ))
        }
        Rows::Now => Some(questions::shared(
            &name.sql(),
            values,
            new.predicate.as_deref(),
            false,
        )),
        Rows::Unknown => {
            let settled = new.mentions.iter().all(is_settled);
            settled.then(|| questions::shared(&name.sql(), values, new.predicate.as_deref(), false))
        }
    }
}
