//! CREATE INDEX, UNIQUE, PRIMARY KEY and FOREIGN KEY on a partitioned table
//!
//! **Danger**: it locks every partition until all are built or proven; CONCURRENTLY and, before 18,
//! NOT VALID are refused. **Instead**: partition by partition. An empty index ON ONLY the parent,
//! to which the partitions' are attached; and constraints of the partitions, built or proven one
//! after the other, which the parent's then takes up in a moment.

use super::again;
use crate::action::{Action, Lock};
use crate::catalog::{Catalog, Index, Table, TableKind};
use crate::change::{Change, NewConstraint, NewConstraintKind, NewIndex};
use crate::decision::{Decision, Rank};
use crate::footprint::{Footprint, Thing};
use crate::plan::Phase;
use crate::problem::{self, Problem, code};
use crate::rules::constraint::check;
use crate::rules::{Context, helper};
use concertina_revisions::{Ident, TableName};

const WHY: &str = "on the whole it can't be built concurrently; partition by partition it can";

pub(crate) fn index(
    new: &NewIndex,
    parent: &Table,
    reverse: String,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let decision = Decision::because(WHY).reverse(reverse);
    let decision = on_only(decision, new, &new.table, &new.name);
    let name = new.table.beside(&new.name);
    let mut catalog = context.catalog.clone();
    below(decision, new, parent, &name, &mut catalog)
}

/// CREATE INDEX ON ONLY, as its author wrote it: the partitions' are attached by hand.
pub(crate) fn index_alone(new: &NewIndex, context: &Context<'_>) -> Decision {
    let parent_is_new = context.table(&new.table).is_some_and(|table| table.is_new);
    let decision = on_only(Decision::default(), new, &new.table, &new.name);
    if parent_is_new {
        decision
    } else {
        decision.note("it is valid once an index of every partition is attached to it")
    }
}

/// UNIQUE and PRIMARY KEY: each partition's index is built and becomes its constraint; the whole
/// then takes them up.
pub(crate) fn unique(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let NewConstraintKind::Unique {
        columns,
        primary,
        index_suffix,
        timing,
        ..
    } = &constraint.kind
    else {
        return Err(problem::unknown("a unique constraint that isn't one"));
    };
    not_twice(table, columns, context)?;
    let list = columns
        .iter()
        .map(Ident::sql)
        .collect::<Vec<_>>()
        .join(", ");
    let mut decision = Decision::because(WHY);
    let mut catalog = context.catalog.clone();
    for leaf in plain_leaves(table, context)? {
        let (named, label) = if *primary {
            (&[][..], "pkey")
        } else {
            (columns.as_slice(), "key")
        };
        let name = crate::sql::chosen_name(&leaf, named, label, &catalog);
        if let Some(known) = catalog.table_mut(&leaf) {
            known
                .indexes
                .push(Index::named(leaf.schema.as_str(), name.as_str()));
        }
        // What bears the name now may go only in contract.
        let taken = context.was_taken(leaf.schema.as_str(), name.as_str());
        let built = if taken {
            let parts = [leaf.schema.as_str(), leaf.name.as_str(), name.as_str()];
            helper("uq", &parts)
        } else {
            name.clone()
        };
        let tail = format!("USING btree ({list}){index_suffix}");
        decision = decision.build_index(&leaf, &built, true, tail);
        let adopt = Action::AddConstraintUsingIndex {
            table: leaf,
            name,
            primary: *primary,
            index: built,
            timing: timing.clone(),
        };
        decision = decision
            .quick(Phase::Contract, Rank::Adopt, adopt, [])
            .alone();
    }
    let whole = Action::AddConstraint {
        table: table.clone(),
        name: constraint.name.clone(),
        definition: constraint.definition.clone(),
        not_valid: false,
        references: None,
    };
    Ok(decision
        .then_because("every partition has its own already, which the whole takes up")
        .quick(Phase::Contract, Rank::Adopt, whole, [])
        .alone())
}

/// Refuses a second index over the same columns: each partition has two then, and which of them
/// belongs to which is open.
fn not_twice(table: &TableName, columns: &[Ident], context: &Context<'_>) -> Result<(), Problem> {
    let mut before = context.before().iter();
    let Some(earlier) = before.find(|seen| says_the_same(&seen.change, table, columns)) else {
        return Ok(());
    };
    Err(Problem::new(
        code::DEPENDED_ON,
        format!(
            "statement {} makes the same columns of the same partitions unique",
            earlier.statement + 1
        ),
    )
    .label("which index belongs to which of the two is known only once the first is there")
    .help("put it into a revision of its own, behind this one"))
}

/// Whether a change makes these columns of that table unique, by a constraint or an index.
fn says_the_same(change: &Change, table: &TableName, columns: &[Ident]) -> bool {
    let is_unique = |other: &NewConstraint| matches!(&other.kind, NewConstraintKind::Unique { columns: others, .. } if others == columns);
    matches!(change, Change::AddConstraint(of, other) if of == table && is_unique(other))
        || matches!(change, Change::CreateIndex(new) if new.table == *table && new.unique && new.keys == columns)
}

/// FOREIGN KEY: each partition's is proven by itself; the whole then takes them up.
pub(crate) fn foreign_key(
    table: &TableName,
    constraint: &NewConstraint,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let mut decision = Decision::because(
        "on the whole it can't be added NOT VALID; partition by partition it can",
    );
    for leaf in plain_leaves(table, context)? {
        // Whichever of the two goes first when it is undone takes the other along.
        let undo = Action::as_written(
            format!(
                "drop constraint {} of {}",
                constraint.name.as_str(),
                leaf.shown()
            ),
            format!(
                "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                leaf.sql(),
                constraint.name.sql()
            ),
            locked(&leaf, constraint),
        );
        decision = decision
            .quick(
                Phase::Backfill,
                Rank::Demand,
                check::demand(&leaf, constraint),
                [undo],
            )
            .slow(
                Phase::Backfill,
                Rank::Prove,
                check::proof(&leaf, constraint),
                [],
            );
    }
    let whole = Action::as_written(
        format!(
            "add constraint {} to {}",
            constraint.name.as_str(),
            table.shown()
        ),
        format!(
            "ALTER TABLE {} ADD CONSTRAINT {} {}",
            table.sql(),
            constraint.name.sql(),
            constraint.definition
        ),
        locked(table, constraint),
    );
    Ok(decision
        .then_because("every partition has its own already, which the whole takes up")
        .quick(
            Phase::Backfill,
            Rank::Adopt,
            whole,
            [check::undo(table, constraint)],
        ))
}

/// Both sides of a foreign key, as it is taken up or dropped.
fn locked(table: &TableName, constraint: &NewConstraint) -> Vec<(TableName, Lock)> {
    std::iter::once(table)
        .chain(constraint.references())
        .map(|one| (one.clone(), Lock::AccessExclusive))
        .collect()
}

/// The partitions that hold rows; all of them have to be tables of this server.
fn plain_leaves(table: &TableName, context: &Context<'_>) -> Result<Vec<TableName>, Problem> {
    let leaves = context.catalog.leaves(table);
    let foreign = |leaf: &&TableName| {
        context
            .table(leaf)
            .is_some_and(|leaf| leaf.kind != TableKind::Plain)
    };
    match leaves.iter().find(foreign) {
        Some(leaf) => Err(problem::blocks(
            &format!(
                "a constraint over partition {}, which is no table of this server,",
                leaf.shown()
            ),
            "add it to each of the other partitions",
        )),
        None => Ok(leaves),
    }
}

/// The indexes of a table's partitions, and their attachment to the table's own.
fn below(
    mut decision: Decision,
    new: &NewIndex,
    parent: &Table,
    parent_index: &TableName,
    catalog: &mut Catalog,
) -> Result<Decision, Problem> {
    for (schema, child) in &parent.partitions {
        let child = TableName::new(schema.as_str(), child.as_str());
        let Some(known) = catalog.table(&child).cloned() else {
            continue;
        };
        no_invalid_one(new, &known)?;
        if let Some(own) = known.adoptable(new, parent) {
            decision = taken_up(decision, parent, parent_index, &known, own, catalog);
            continue;
        }
        let name = crate::sql::chosen_name(&child, &new.labels, "idx", catalog);
        if let Some(table) = catalog.table_mut(&child) {
            // So that the next name is another.
            table
                .indexes
                .push(Index::named(child.schema.as_str(), name.as_str()));
        }
        let index = child.beside(&name);
        match known.kind {
            TableKind::Plain => {
                decision = decision.then_because(WHY).build_index(
                    &child,
                    &name,
                    new.unique,
                    new.tail.as_str(),
                );
            }
            TableKind::Partitioned => {
                decision = on_only(decision, new, &child, &name);
                decision = below(decision, new, &known, &index, catalog)?;
            }
            TableKind::Foreign | TableKind::View | TableKind::Materialized => {
                return Err(problem::blocks(
                    "CREATE INDEX over a partition that is no table of this server",
                    "create it on each of the other partitions",
                ));
            }
        }
        decision = attach(
            decision,
            (parent, parent_index),
            (&child, &index),
            Phase::Backfill,
        );
    }
    Ok(decision)
}

/// Refuses a partition with an index that says the same and isn't valid.
fn no_invalid_one(new: &NewIndex, partition: &Table) -> Result<(), Problem> {
    let Some(invalid) = partition.invalid_like(new) else {
        return Ok(());
    };
    let partition = partition.full_name();
    let name = TableName::new(partition.schema.as_str(), invalid.name.as_str());
    Err(Problem::new(
        code::DEPENDED_ON,
        format!(
            "index {} of partition {} says the same and is not valid",
            name.shown(),
            partition.shown()
        ),
    )
    .label("PostgreSQL takes it up, and the whole index stays invalid")
    .help(format!(
        "REINDEX INDEX CONCURRENTLY {0}, or DROP INDEX CONCURRENTLY {0} first",
        name.sql()
    )))
}

/// A partition's own index, which is there already. What is attached goes with the whole, so it is
/// attached in contract, where no rollback meets it attached; the way back makes it again.
fn taken_up(
    decision: Decision,
    parent: &Table,
    parent_index: &TableName,
    partition: &Table,
    own: &Index,
    catalog: &Catalog,
) -> Decision {
    let child = partition.full_name();
    let index = child.beside(&Ident::new(own.name.as_str()));
    let decision = attach(
        decision,
        (parent, parent_index),
        (&child, &index),
        Phase::Contract,
    );
    match again::index(partition, own, catalog) {
        Some(statements) => statements.into_iter().fold(decision, Decision::and_reverse),
        None => decision.irreversible(format!("the definition of {} isn't known", index.shown())),
    }
}

fn on_only(decision: Decision, new: &NewIndex, table: &TableName, name: &Ident) -> Decision {
    let unique = if new.unique { "UNIQUE " } else { "" };
    let create = Action::as_written(
        format!(
            "create index {} on {} alone, empty",
            name.as_str(),
            table.shown()
        ),
        format!(
            "CREATE {unique}INDEX {} ON ONLY {} {}",
            name.sql(),
            table.sql(),
            new.tail
        ),
        vec![(table.clone(), Lock::Share)],
    );
    let index = table.beside(name);
    decision
        .then_because("an index over no rows; it is valid once every partition's is attached")
        .quick(
            Phase::Expand,
            Rank::AsWritten,
            create,
            [drop_index(table, &index)],
        )
        .last_touching(
            Footprint::default()
                .on(table)
                .columns(table, &new.mentions)
                .make(Thing::Relation(index))
                .make(Thing::Indexes(table.clone())),
        )
}

/// Makes a partition's index one of those that the index of the whole consists of.
fn attach(
    decision: Decision,
    (parent, to): (&Table, &TableName),
    (child, index): (&TableName, &TableName),
    phase: Phase,
) -> Decision {
    let attach = Action::as_written(
        format!(
            "attach index {} to {}",
            index.name.as_str(),
            to.name.as_str()
        ),
        format!("ALTER INDEX {} ATTACH PARTITION {}", to.sql(), index.sql()),
        vec![
            (parent.full_name(), Lock::AccessShare),
            (child.clone(), Lock::AccessShare),
        ],
    );
    // What is attached goes with the whole; nothing else takes it off.
    decision
        .then_because("a metadata-only change")
        .quick(
            phase,
            Rank::Demand,
            attach,
            [drop_index(&parent.full_name(), to)],
        )
        .last_touching(
            Footprint::default()
                .on(child)
                .on(index)
                .on(to)
                .change(Thing::Indexes(child.clone())),
        )
}

fn drop_index(table: &TableName, index: &TableName) -> Action {
    Action::exclusively(
        format!("drop index {}", index.shown()),
        format!("DROP INDEX IF EXISTS {}", index.sql()),
        table,
    )
}
