//! What stands on a column, made again on the one that takes its place: indexes, constraints, keys
//! that point at it, NOT NULL, statistics.

use super::super::column_type::commented;
use super::super::not_null;
use super::{Shadow, Swap, beside_name};
use crate::action::{Action, Lock, Online};
use crate::catalog::{Constraint, ConstraintKind, Index, Table};
use crate::decision::{Decision, Part, Rank};
use crate::plan::{Phase, Work};
use crate::problem::{Problem, code};
use crate::rules::Context;
use crate::rules::context::Turn;
use crate::rules::object::drop::dropped;
use crate::sql::rewrite::{self, Place};
use concertina_revisions::{Ident, TableName};

const REBUILT: &str = "built on the second column while the first one's still serves";

/// Indexes of the column, those of its keys too.
pub(super) fn indexes(
    mut decision: Decision,
    shadow: &Shadow<'_>,
    swap: &mut Swap,
) -> Result<Decision, Problem> {
    let (from, to) = (shadow.from(), shadow.to());
    let place = shadow.place(&from, &to);
    for index in shadow
        .table
        .indexes
        .iter()
        .filter(|index| shadow.concerns(&index.mentions))
    {
        let name = shadow.temporary("ix", &index.name);
        let built = TableName {
            schema: shadow.table_name().schema,
            name: name.clone(),
        };
        let tail = rewrite::index(&index.definition, place, index.tablespace.as_deref())
            .ok_or_else(|| other_class(index))?;
        decision = decision.then_because(REBUILT).build_index(
            &shadow.table_name(),
            &name,
            index.unique,
            tail,
        );
        match index
            .constraint
            .as_ref()
            .and_then(|of| shadow.table.constraint(&Ident::new(of.as_str())))
        {
            Some(constraint) => {
                swap.keys.push(dropped(&shadow.table_name(), constraint));
                swap.after.push(Action::AddConstraintUsingIndex {
                    table: shadow.table_name(),
                    name: Ident::new(constraint.name.as_str()),
                    primary: constraint.kind == ConstraintKind::PrimaryKey,
                    index: name,
                    timing: constraint.timing().sql().to_owned(),
                });
            }
            None => swap.after.push(Action::RenameIndex {
                table: shadow.table_name(),
                from: built,
                to: Ident::new(index.name.as_str()),
            }),
        }
        swap.after.extend(marks(shadow, index));
        if shadow.table.replica_identity.as_ref() == Some(&index.as_identity()) {
            swap.after.push(Action::exclusively(
                format!("replica identity of {}", shadow.table_name().shown()),
                format!(
                    "ALTER TABLE {} REPLICA IDENTITY USING INDEX {}",
                    shadow.table_name().sql(),
                    Ident::new(index.name.as_str()).sql()
                ),
                &shadow.table_name(),
            ));
        }
    }
    Ok(decision)
}

/// What is said of an index besides its definition, and of its constraint.
fn marks(shadow: &Shadow<'_>, index: &Index) -> Vec<Action> {
    let (table, name) = (shadow.table_name(), Ident::new(index.name.as_str()));
    let full = table.beside(&name);
    let comment = index.comment.as_ref().map(|comment| {
        format!(
            "COMMENT ON INDEX {} IS {}",
            full.sql(),
            Ident::new(comment.as_str()).literal()
        )
    });
    let clustered = index
        .clustered
        .then(|| format!("ALTER TABLE {} CLUSTER ON {}", table.sql(), name.sql()));
    let constraint = index
        .constraint
        .as_ref()
        .and_then(|of| shadow.table.constraint(&Ident::new(of.as_str())));
    let of_constraint = constraint.and_then(|constraint| commented(&table, constraint));
    let locks = vec![(table.clone(), Lock::ShareUpdateExclusive)];
    let statements = comment.into_iter().chain(clustered).chain(of_constraint);
    statements
        .map(|sql| {
            Action::as_written(
                format!("what was said of {}", full.shown()),
                sql,
                locks.clone(),
            )
        })
        .collect()
}

/// The comment of a constraint whose place another has taken.
fn comment_again(table: &TableName, constraint: &Constraint) -> Option<Action> {
    Some(Action::as_written(
        format!(
            "comment on constraint {} of {}",
            constraint.name,
            table.shown()
        ),
        commented(table, constraint)?,
        vec![(table.clone(), Lock::ShareUpdateExclusive)],
    ))
}

fn other_class(index: &Index) -> Problem {
    Problem::new(
        code::DEPENDED_ON,
        format!(
            "index {} has an operator class, or a form, of the old type",
            index.name
        ),
    )
    .label("can't be built on the new type as it is")
    .help("drop it in an earlier revision, and create it again for the new type in a later one")
}

/// CHECKs and foreign keys of the column.
pub(super) fn constraints(
    mut decision: Decision,
    shadow: &Shadow<'_>,
    context: &Context<'_>,
    swap: &mut Swap,
) -> Result<Decision, Problem> {
    let table = shadow.table_name();
    let (from, to) = (shadow.from(), shadow.to());
    let place = shadow.place(&from, &to);
    for constraint in &shadow.table.constraints {
        let own = shadow.concerns(&constraint.columns).then_some(place);
        let to_itself = constraint.referenced().as_ref() == Some(&table);
        if own.is_none() && !(to_itself && is_pointed_at(constraint, shadow)) {
            continue;
        }
        if !matches!(
            constraint.kind,
            ConstraintKind::Check | ConstraintKind::ForeignKey
        ) {
            if constraint.kind == ConstraintKind::Exclude {
                return Err(crate::problem::blocks(
                    "another type or name of a column that an EXCLUDE constraint is about",
                    "drop the constraint in an earlier revision",
                ));
            }
            continue;
        }
        if own.is_none() && belongs_to_its_column(shadow, shadow.table, constraint, context, swap) {
            continue;
        }
        // The column it points at may be replaced, too: then second column points at second column.
        let partner = own.and_then(|_| partner(shadow, constraint, context));
        let referenced = match &partner {
            Some((from, to, _)) => Some(Place {
                from,
                to,
                words: None,
                same_type: false,
            }),
            None => to_itself.then_some(place),
        };
        let bare = constraint.definition.trim_end_matches(" NOT VALID");
        let definition =
            rewrite::constraint(bare, own, referenced).ok_or_else(|| unread(constraint))?;
        let name = shadow.temporary("ck", &constraint.name);
        // A row whose value can't be carried over yet has NULL there.
        let is_check = constraint.kind == ConstraintKind::Check;
        let phase = if shadow.may_leave && is_check {
            Phase::Contract
        } else {
            Phase::Backfill
        };
        decision = demand_and_proof(decision, &table, &name, definition, constraint, phase);
        // Before the key that it may rely on; with the column it points at, if that was replaced
        // first.
        if !matches!(partner, Some((.., Turn::Before))) {
            swap.constraints.push(dropped(&table, constraint));
        }
        swap.after.push(Action::RenameConstraint {
            table: table.clone(),
            from: name,
            to: Ident::new(constraint.name.as_str()),
        });
        swap.after.extend(comment_again(&table, constraint));
    }
    Ok(decision)
}

/// Whether a foreign key points at the column.
fn is_pointed_at(key: &Constraint, shadow: &Shadow<'_>) -> bool {
    rewrite::pointing_column(key, &shadow.from()).is_some()
}

/// The column that a key of ours points at, and the one that takes its place, where the revision
/// replaces both ends.
fn partner(
    shadow: &Shadow<'_>,
    key: &Constraint,
    context: &Context<'_>,
) -> Option<(Ident, Ident, Turn)> {
    let at = key
        .columns
        .iter()
        .position(|column| *column == shadow.old.name)?;
    let column = rewrite::referenced_columns(key).into_iter().nth(at)?;
    let table = key.referenced()?;
    let turn = context.retyped_too(&table, column.as_str())?;
    let to = beside_name(context.table(&table)?, column.as_str());
    Some((column, to, turn))
}

/// Whether a key that points at the column is made anew with its own column, which the revision
/// replaces too. The first of both lets the old key go.
fn belongs_to_its_column(
    shadow: &Shadow<'_>,
    on: &Table,
    key: &Constraint,
    context: &Context<'_>,
    swap: &mut Swap,
) -> bool {
    let Some(own) = rewrite::pointing_column(key, &shadow.from()) else {
        return false;
    };
    let table = on.full_name();
    match context.retyped_too(&table, own) {
        None => return false,
        Some(Turn::Before) => {}
        Some(Turn::After) => swap.constraints.push(dropped(&table, key)),
    }
    true
}

fn unread(constraint: &Constraint) -> Problem {
    crate::problem::unknown(&format!(
        "constraint {} ({})",
        constraint.name, constraint.definition
    ))
}

fn demand_and_proof(
    decision: Decision,
    table: &TableName,
    name: &Ident,
    definition: String,
    like: &Constraint,
    phase: Phase,
) -> Decision {
    let demand = Action::AddConstraint {
        table: table.clone(),
        name: name.clone(),
        definition,
        not_valid: true,
        references: like.referenced(),
    };
    let undo = Action::DropConstraint {
        table: table.clone(),
        name: name.clone(),
        references: like.referenced(),
    };
    let decision = decision
        .then_because(REBUILT)
        .quick(phase, Rank::Demand, demand, [undo]);
    if !like.validated {
        return decision;
    }
    let proof = Online::Validate {
        table: table.clone(),
        constraints: vec![name.clone()],
        references: like.referenced().into_iter().collect(),
    };
    decision.slow(phase, Rank::Prove, proof, [])
}

/// Foreign keys of other tables that point at the column.
pub(super) fn referencing(
    mut decision: Decision,
    shadow: &Shadow<'_>,
    context: &Context<'_>,
    swap: &mut Swap,
) -> Result<Decision, Problem> {
    let (from, to) = (shadow.from(), shadow.to());
    for (other, key) in context.catalog.referencing(&shadow.table_name()) {
        let place = shadow.place(&from, &to);
        if !is_pointed_at(key, shadow) || belongs_to_its_column(shadow, other, key, context, swap) {
            continue;
        }
        let definition =
            rewrite::constraint(&key.definition, None, Some(place)).ok_or_else(|| unread(key))?;
        let definition = definition.trim_end_matches(" NOT VALID").to_owned();
        let name = shadow.temporary("fk", &format!("{}.{}", other.full_name().shown(), key.name));
        decision = demand_and_proof(
            decision,
            &other.full_name(),
            &name,
            definition,
            key,
            Phase::Backfill,
        );
        swap.constraints.push(dropped(&other.full_name(), key));
        swap.after.push(Action::RenameConstraint {
            table: other.full_name(),
            from: name,
            to: Ident::new(key.name.as_str()),
        });
        swap.after.extend(comment_again(&other.full_name(), key));
    }
    Ok(decision)
}

/// NOT NULL, proven on the second column before the swap.
pub(super) fn demanded(
    mut decision: Decision,
    shadow: &Shadow<'_>,
    context: &Context<'_>,
    swap: &mut Swap,
) -> Decision {
    if !shadow.old.not_null {
        return decision;
    }
    let parts = not_null::prove_and_set(
        Decision::default(),
        &shadow.table_name(),
        &shadow.to(),
        context,
    )
    .parts;
    let (contract, mut before): (Vec<Part>, Vec<Part>) = parts
        .into_iter()
        .partition(|part| part.phase == Phase::Contract);
    if shadow.may_leave {
        // A row whose value can't be carried over yet has NULL there.
        before
            .iter_mut()
            .for_each(|part| part.phase = Phase::Contract);
    }
    // After the trigger is gone, and before anything that needs it: an identity, a primary key.
    let sets = contract.into_iter().filter_map(|part| {
        if let Work::Quick { actions } = part.work {
            Some(actions)
        } else {
            None
        }
    });
    swap.demands.extend(sets.flatten());
    for part in &before {
        // PostgreSQL 18 has it under a name, which is the column's in the end.
        if let Work::Quick { actions } = &part.work
            && let [Action::AddNotNull { table, name, .. }] = actions.as_slice()
        {
            let known =
                shadow.table.constraints.iter().find(|one| {
                    one.kind == ConstraintKind::NotNull && shadow.concerns(&one.columns)
                });
            let wanted = known.map_or_else(
                || {
                    crate::sql::chosen_name(
                        table,
                        std::slice::from_ref(&shadow.name),
                        "not_null",
                        context.catalog,
                    )
                },
                |known| Ident::new(known.name.as_str()),
            );
            swap.after.push(Action::RenameConstraint {
                table: table.clone(),
                from: name.clone(),
                to: wanted,
            });
        }
    }
    decision.parts.extend(before);
    decision
}

/// Extended statistics that mention the column are made again. PostgreSQL drops them with a column
/// only when another one alone is left.
pub(super) fn statistics(shadow: &Shadow<'_>, swap: &mut Swap) {
    let table = shadow.table_name();
    let locks = vec![(table.clone(), Lock::ShareUpdateExclusive)];
    for (schema, name, definition) in &shadow.table.statistics {
        let Some(again) = rewrite::words(definition, &shadow.from(), &shadow.name) else {
            continue;
        };
        let name = TableName::new(schema.as_str(), name.as_str());
        let action = |what: &str, sql: String| {
            Action::as_written(
                format!("{what} statistics {}", name.shown()),
                sql,
                locks.clone(),
            )
        };
        swap.statistics
            .push(action("drop", format!("DROP STATISTICS {}", name.sql())));
        swap.after.push(action("create", again));
    }
}
