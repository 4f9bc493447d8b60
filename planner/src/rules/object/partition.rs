//! ATTACH PARTITION, DETACH PARTITION, CREATE TABLE .. PARTITION OF, DROP TABLE of a partition
//!
//! **Danger**: ATTACH looks at every row of the table, and of the default partition, under ACCESS
//! EXCLUSIVE, and builds the indexes that are missing; CREATE TABLE .. PARTITION OF and DETACH take
//! ACCESS EXCLUSIVE on the parent. **Instead**: a CHECK that says the bound, NOT VALID and proven
//! online; missing indexes and keys built concurrently; then ATTACH, which believes them. A new
//! partition is made like its parent and attached. DETACH CONCURRENTLY. **Hazard**: rows that
//! appear or vanish for queries of the parent.

use crate::action::{Action, Online};
use crate::catalog::{Constraint, ConstraintKind, Index, Table, TableKind};
use crate::change::{Attach, Detach, NewConstraint, NewConstraintKind};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{Problem, code, hazard};
use crate::rules::column::not_null;
use crate::rules::constraint::check;
use crate::rules::{Context, helper, questions};
use concertina_revisions::{Ident, TableName};

pub(crate) fn attach(attach: &Attach, context: &Context<'_>) -> Result<Decision, Problem> {
    let Attach {
        parent,
        partition,
        bound,
        ..
    } = attach;
    let (Some(whole), Some(part)) = (context.table(parent), context.table(partition)) else {
        return Ok(Decision::default());
    };
    let default = default_of(whole, context);
    let name = default.map(Table::full_name);
    let action = Action::AttachPartition {
        parent: parent.clone(),
        partition: partition.clone(),
        bound: bound.clone(),
        default: name.clone(),
    };
    let undo = Action::DetachPartition {
        parent: parent.clone(),
        partition: partition.clone(),
        default: name,
    };
    let empty = context.catalog.is_empty(partition);
    let beside = default.filter(|default| !context.catalog.is_empty(&default.full_name()));
    let (mut decision, mut helpers) = (Decision::default(), Vec::new());
    if !empty {
        decision = ready(attach, whole, part, &mut helpers, context)?;
    }
    if let Some(default) = beside {
        decision = out_of_default(decision, attach, default, &mut helpers)?;
    }
    decision = decision.then_because(
        "with nothing left to look at it is a metadata-only change; readers and writers of the parent go on",
    );
    decision = match (empty, beside) {
        (true, None) => decision.expand(action, [undo]),
        (true, Some(_)) => decision.quick(Phase::Backfill, Rank::Adopt, action, [undo]),
        (false, _) => decision
            .quick(Phase::Contract, Rank::Adopt, action, [])
            .hazard(
                hazard::ROWS,
                format!(
                    "queries of {} see the rows of {} as soon as it is attached",
                    parent.shown(),
                    partition.shown()
                ),
            ),
    };
    let phase = if empty {
        Phase::Backfill
    } else {
        Phase::Contract
    };
    decision = without(decision, helpers, phase);
    let back = format!(
        "ALTER TABLE {} DETACH PARTITION {}",
        parent.sql(),
        partition.sql()
    );
    let left = if part.is_new {
        vec![]
    } else {
        left_behind(whole, part, context)
    };
    Ok(left
        .into_iter()
        .fold(decision.reverse(back), Decision::and_reverse))
}

/// Drops CHECKs that have done their work.
fn without(decision: Decision, helpers: Vec<(TableName, Ident)>, phase: Phase) -> Decision {
    helpers
        .into_iter()
        .fold(decision, |decision, (table, name)| {
            let drop = Action::DropConstraint {
                table,
                name,
                references: None,
            };
            decision.quick(phase, Rank::Remove, drop, [])
        })
}

/// A table with rows, made such that nothing of it need be looked at.
fn ready(
    attach: &Attach,
    whole: &Table,
    part: &Table,
    helpers: &mut Vec<(TableName, Ident)>,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let partition = &attach.partition;
    same_shape(whole, part)?;
    if part.kind != TableKind::Plain && !missing_indexes(whole, part).is_empty() {
        return Err(crate::problem::blocks(
            &format!(
                "ATTACH PARTITION of {}, which lacks an index of its parent,",
                partition.shown()
            ),
            "create the index on it first, in the same revision or an earlier one",
        ));
    }
    let Some(condition) = &attach.condition else {
        return Err(unproven(partition));
    };
    let decision = proven(
        like_the_parent(whole, part, context),
        partition,
        condition,
        helpers,
    );
    Ok(decision.check(
        format!(
            "every row of {} belongs to {}",
            partition.shown(),
            attach.bound.to_lowercase()
        ),
        questions::rows_where(part, &part_alias(part), &format!("NOT ({condition})")),
        "move or delete these rows first",
    ))
}

/// The default partition, proven to hold none of the new one's rows.
fn out_of_default(
    decision: Decision,
    attach: &Attach,
    default: &Table,
    helpers: &mut Vec<(TableName, Ident)>,
) -> Result<Decision, Problem> {
    let name = default.full_name();
    let Some(elsewhere) = &attach.elsewhere else {
        return Err(unproven(&name));
    };
    Ok(proven(decision, &name, elsewhere, helpers).check(
        format!(
            "no row of {} belongs to {}",
            name.shown(),
            attach.bound.to_lowercase()
        ),
        questions::rows_where(default, &part_alias(default), &format!("NOT ({elsewhere})")),
        "move these rows out of the default partition first",
    ))
}

fn part_alias(table: &Table) -> Ident {
    Ident::new(table.name.as_str())
}

/// The partition that takes what no other takes.
fn default_of<'a>(parent: &Table, context: &Context<'a>) -> Option<&'a Table> {
    parent.partitions.iter().find_map(|(schema, name)| {
        let partition = context.table(&TableName::new(schema.as_str(), name.as_str()))?;
        partition
            .partition_of
            .as_ref()
            .filter(|of| of.bound == "DEFAULT")
            .map(|_| partition)
    })
}

fn unproven(table: &TableName) -> Problem {
    crate::problem::blocks(
        &format!(
            "ATTACH PARTITION, whose bound can't be proven of the rows of {} beforehand,",
            table.shown()
        ),
        "attach a table without rows, and copy the rows into it by INSERT .. SELECT",
    )
}

/// A CHECK that says the condition, and its proof.
fn proven(
    decision: Decision,
    table: &TableName,
    condition: &str,
    helpers: &mut Vec<(TableName, Ident)>,
) -> Decision {
    let name = helper(
        "part",
        &[table.schema.as_str(), table.name.as_str(), condition],
    );
    helpers.push((table.clone(), name.clone()));
    let drop = Action::DropConstraint {
        table: table.clone(),
        name: name.clone(),
        references: None,
    };
    let demand = Action::AddConstraint {
        table: table.clone(),
        name: name.clone(),
        definition: format!("CHECK ({condition})"),
        not_valid: true,
        references: None,
    };
    let proof = Online::Validate {
        table: table.clone(),
        constraints: vec![name],
        references: vec![],
    };
    decision
        .then_because("ATTACH would look at every row under ACCESS EXCLUSIVE; a CHECK proven online says it beforehand")
        .quick(Phase::Backfill, Rank::Demand, demand, [drop])
        .slow(Phase::Backfill, Rank::Prove, proof, [])
}

/// The columns of the parent, and no other; and its CHECKs, which nobody can add in its place.
fn same_shape(parent: &Table, part: &Table) -> Result<(), Problem> {
    let refused = |message: String, help: &str| {
        Err(Problem::new(code::DEPENDED_ON, message)
            .label("PostgreSQL would refuse it")
            .help(help))
    };
    for column in &parent.columns {
        match part.get(&Ident::new(column.name.as_str())) {
            Some(own) if own.type_sql == column.type_sql => {}
            _ => {
                return refused(
                    format!(
                        "{} has no column {} of type {}",
                        part.full_name().shown(),
                        column.name,
                        column.type_sql
                    ),
                    "add it first, in the same revision or an earlier one",
                );
            }
        }
    }
    if let Some(more) = part
        .columns
        .iter()
        .find(|own| parent.get(&Ident::new(own.name.as_str())).is_none())
    {
        return refused(
            format!(
                "column {} of {} isn't one of its parent's",
                more.name,
                part.full_name().shown()
            ),
            "drop it first",
        );
    }
    let checks = parent
        .constraints
        .iter()
        .filter(|one| one.kind == ConstraintKind::Check);
    for check in checks {
        if !part
            .constraints
            .iter()
            .any(|own| own.name == check.name && own.definition == check.definition)
        {
            return refused(
                format!(
                    "{} has no CHECK {} as its parent has",
                    part.full_name().shown(),
                    check.name
                ),
                "add it first, under the same name",
            );
        }
    }
    Ok(())
}

/// What ATTACH would build, prove or miss, made online beforehand.
fn like_the_parent(parent: &Table, part: &Table, context: &Context<'_>) -> Decision {
    let name = part.full_name();
    let mut decision = Decision::because("ATTACH would build it under ACCESS EXCLUSIVE");
    for column in parent.columns.iter().filter(|column| column.not_null) {
        let column = Ident::new(column.name.as_str());
        if part.get(&column).is_some_and(|own| !own.not_null) {
            decision = not_null::prove_and_set(decision, &name, &column, context);
        }
    }
    for (index, tail) in missing_indexes(parent, part) {
        let own = own_index_name(index, parent, &name, context);
        decision = decision.build_index(&name, &own, index.unique, tail);
        if let Some(constraint) = index
            .constraint
            .as_ref()
            .and_then(|of| parent.constraint(&Ident::new(of.as_str())))
        {
            decision = decision.contract(Action::AddConstraintUsingIndex {
                table: name.clone(),
                name: own.clone(),
                primary: constraint.kind == ConstraintKind::PrimaryKey,
                index: own,
                timing: constraint.timing().sql().to_owned(),
            });
        }
    }
    for new in missing_keys(parent, part).into_iter().filter_map(as_new) {
        decision = decision
            .quick(
                Phase::Backfill,
                Rank::Demand,
                check::demand(&name, &new),
                [check::undo(&name, &new)],
            )
            .slow(Phase::Backfill, Rank::Prove, check::proof(&name, &new), []);
    }
    decision
}

fn own_index_name(index: &Index, parent: &Table, part: &TableName, context: &Context<'_>) -> Ident {
    let keys: Vec<Ident> = index
        .keys
        .iter()
        .map(|key| Ident::new(key.as_str()))
        .collect();
    let constraint = index
        .constraint
        .as_ref()
        .and_then(|of| parent.constraint(&Ident::new(of.as_str())));
    match constraint.map(|constraint| constraint.kind) {
        Some(ConstraintKind::PrimaryKey) => {
            crate::sql::chosen_name(part, &[], "pkey", context.catalog)
        }
        Some(_) => crate::sql::chosen_name(part, &keys, "key", context.catalog),
        None => crate::sql::chosen_name(part, &keys, "idx", context.catalog),
    }
}

/// The parent's indexes that the partition has none like.
fn missing_indexes<'a>(parent: &'a Table, part: &Table) -> Vec<(&'a Index, &'a str)> {
    let own: Vec<&str> = part.indexes.iter().filter_map(Index::tail).collect();
    let tailed = parent
        .indexes
        .iter()
        .filter_map(|index| Some((index, index.tail()?)));
    tailed.filter(|(_, tail)| !own.contains(tail)).collect()
}

/// The parent's foreign keys that the partition has none like.
fn missing_keys<'a>(parent: &'a Table, part: &Table) -> Vec<&'a Constraint> {
    let like = |key: &&Constraint| {
        part.constraints
            .iter()
            .any(|own| own.definition == key.definition)
    };
    parent
        .constraints
        .iter()
        .filter(|one| one.kind == ConstraintKind::ForeignKey && !like(one))
        .collect()
}

/// A foreign key of the catalog, to be added elsewhere.
fn as_new(key: &Constraint) -> Option<NewConstraint> {
    let columns = key
        .columns
        .iter()
        .map(|column| Ident::new(column.as_str()))
        .collect();
    Some(NewConstraint {
        name: Ident::new(key.name.as_str()),
        definition: key.definition.clone(),
        not_valid: false,
        no_inherit: false,
        only: false,
        enforced: true,
        kind: NewConstraintKind::ForeignKey {
            columns,
            references: key.referenced()?,
            reference_columns: vec![],
        },
    })
}

/// What the partition got from its parent and keeps when it is detached.
fn left_behind(parent: &Table, part: &Table, context: &Context<'_>) -> Vec<String> {
    let name = part.full_name();
    let alter = |action: String| format!("ALTER TABLE {} {action}", name.sql());
    let mut statements = Vec::new();
    for (index, _) in missing_indexes(parent, part) {
        let own = own_index_name(index, parent, &name, context);
        let qualified = name.beside(&own);
        statements.push(match index.constraint {
            Some(_) => alter(format!("DROP CONSTRAINT {}", own.sql())),
            None => format!("DROP INDEX {}", qualified.sql()),
        });
    }
    let keys = missing_keys(parent, part);
    statements.extend(keys.iter().map(|key| {
        alter(format!(
            "DROP CONSTRAINT {}",
            Ident::new(key.name.as_str()).sql()
        ))
    }));
    for column in parent.columns.iter().filter(|column| column.not_null) {
        let column = Ident::new(column.name.as_str());
        if part.get(&column).is_some_and(|own| !own.not_null) {
            statements.push(alter(format!(
                "ALTER COLUMN {} DROP NOT NULL",
                column.sql()
            )));
        }
    }
    statements
}

pub(crate) fn detach(detach: &Detach, context: &Context<'_>) -> Decision {
    let Detach {
        parent, partition, ..
    } = detach;
    let part = context.table(partition);
    let decision = take_off(detach, context);
    let decision = match part.and_then(|part| part.partition_of.as_ref()) {
        Some(of) => {
            let attach = format!(
                "ALTER TABLE {} ATTACH PARTITION {} {}",
                parent.sql(),
                partition.sql(),
                of.bound
            );
            let check = format!(
                "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                partition.sql(),
                detach.check.sql()
            );
            decision.reverse(attach).and_reverse(check)
        }
        None => decision,
    };
    if part.is_some_and(|part| part.is_new) {
        return decision;
    }
    decision.hazard(
        hazard::ROWS,
        format!(
            "queries of {} miss the rows of {} as soon as it is detached",
            parent.shown(),
            partition.shown()
        ),
    )
}

/// The partition off its parent, so that nobody waits where that can be.
pub(crate) fn take_off(detach: &Detach, context: &Context<'_>) -> Decision {
    let Detach {
        parent,
        partition,
        keeps_check,
        check,
    } = detach;
    let default = context
        .table(parent)
        .and_then(|parent| default_of(parent, context))
        .map(Table::full_name);
    let new = context.table(partition).is_some_and(|part| part.is_new);
    if new || default.is_some() {
        let why = "with a default partition it can't go concurrently; a metadata-only change";
        let default = default.filter(|default| default != partition);
        let action = Action::DetachPartition {
            parent: parent.clone(),
            partition: partition.clone(),
            default,
        };
        let phase = if new { Phase::Expand } else { Phase::Contract };
        let rank = if new { Rank::AsWritten } else { Rank::Remove };
        return Decision::because(why).quick(phase, rank, action, []);
    }
    let online = Online::Detach {
        parent: parent.clone(),
        partition: partition.clone(),
    };
    let decision = Decision::because("alone it takes ACCESS EXCLUSIVE on the parent").slow(
        Phase::Contract,
        Rank::Remove,
        online,
        [],
    );
    if *keeps_check {
        return decision;
    }
    let drop = Action::exclusively(
        format!(
            "drop the CHECK that the bound leaves on {}",
            partition.shown()
        ),
        format!(
            "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
            partition.sql(),
            check.sql()
        ),
        partition,
    );
    decision
        .then_because("as DETACH without CONCURRENTLY leaves it")
        .quick(Phase::Contract, Rank::Remove, drop, [])
}
