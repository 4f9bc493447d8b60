//! CREATE INDEX, DROP INDEX
//!
//! **Danger**: CREATE INDEX makes writers wait for the whole build; DROP INDEX queues for ACCESS
//! EXCLUSIVE. **Instead**: CONCURRENTLY, each alone; built after the fill of its columns, so that
//! the fill stays HOT.

use super::{again, partitions};
use crate::action::{Action, Lock, Online};
use crate::catalog::{Index, TableKind};
use crate::change::NewIndex;
use crate::decision::{Decision, Rank};
use crate::footprint::Thing;
use crate::plan::Phase;
use crate::problem::{Problem, hazard};
use crate::rules::constraint::unique;
use crate::rules::{Context, helper};
use concertina_revisions::TableName;

pub(crate) fn create(new: &NewIndex, context: &Context<'_>) -> Result<Decision, Problem> {
    let name = new.table.beside(&new.name);
    let stays =
        context.stays(&Thing::Relation(name.clone())) && !context.is_adopted(&new.table, &new.name);
    let reverse = if stays {
        format!("DROP INDEX {}", name.sql())
    } else {
        String::new()
    };
    let Some(known) = context.table(&new.table) else {
        return Ok(Decision::default());
    };
    if known.kind == TableKind::Partitioned && new.only {
        return Ok(partitions::index_alone(new, context).reverse(reverse));
    }
    if context.catalog.is_empty(&new.table) {
        return Ok(without_rows(new, &name).reverse(reverse));
    }
    if known.kind == TableKind::Partitioned {
        return partitions::index(new, known, reverse, context);
    }
    // A name that an index bears which goes in contract is free only then.
    let taken = context.was_taken(name.schema.as_str(), name.name.as_str());
    let built = if taken {
        let parts = [name.schema.as_str(), name.name.as_str(), new.tail.as_str()];
        name.beside(&helper("ix", &parts))
    } else {
        name.clone()
    };
    let mut decision = Decision::because("alone it makes every writer wait until it is built")
        .build_index(&new.table, &built.name, new.unique, new.tail.as_str())
        .reverse(reverse);
    if taken {
        let rename = Action::RenameIndex {
            table: new.table.clone(),
            from: built.clone(),
            to: name.name.clone(),
        };
        decision = decision
            .then_because("the new one is there before the old one goes, so no query is without")
            .quick(Phase::Contract, Rank::Rename, rename, []);
    }
    if let Some(question) = unique::shared(known, new, context).filter(|_| new.unique) {
        decision = decision.check(
            format!(
                "no two rows of {} share the key of {}",
                new.table.shown(),
                new.name.as_str()
            ),
            question,
            "remove or fix the duplicates first, or add that to this revision",
        );
    }
    Ok(decision)
}

/// CREATE INDEX as it is written.
fn without_rows(new: &NewIndex, name: &TableName) -> Decision {
    let unique = if new.unique { "UNIQUE " } else { "" };
    let create = Action::as_written(
        format!(
            "create index {} on {}",
            new.name.as_str(),
            new.table.shown()
        ),
        format!(
            "CREATE {unique}INDEX {} ON {} {}",
            new.name.sql(),
            new.table.sql(),
            new.tail
        ),
        vec![(new.table.clone(), Lock::Share)],
    );
    let undo = Action::unlocked(
        format!("drop index {}", name.shown()),
        format!("DROP INDEX {}", name.sql()),
    );
    Decision::because("the table holds no row").expand(create, [undo])
}

pub(crate) fn drop(name: &TableName, context: &Context<'_>) -> Decision {
    let Some((table, index)) = context
        .catalog
        .index(Some(name.schema.as_str()), name.name.as_str())
    else {
        return Decision::default();
    };
    let definition = index.definition.clone();
    let back = again::index(table, index, context.catalog);
    let at_once = || {
        Action::exclusively(
            format!("drop index {}", name.shown()),
            format!("DROP INDEX {}", name.sql()),
            &table.full_name(),
        )
    };
    let slower = format!(
        "queries that used {} get slower once it is dropped",
        name.shown()
    );
    let made_here = context
        .at_start()
        .index(Some(name.schema.as_str()), name.name.as_str())
        .is_none();
    let decision = if table.kind == TableKind::Partitioned {
        let decision = Decision::because(
            "with its partitions' it can't go concurrently; it is a metadata-only change, and an ACCESS EXCLUSIVE lock on all",
        )
        .quick(Phase::Contract, Rank::Remove, at_once(), []);
        missed(decision, &table.full_name(), index, slower)
    } else if context.catalog.is_empty(&table.full_name()) {
        let again = back.iter().flatten().map(|sql| {
            Action::as_written(
                format!("make index {} again as it was", name.name.as_str()),
                sql.clone(),
                vec![(table.full_name(), Lock::Share)],
            )
        });
        Decision::because("the table holds no row").expand(at_once(), again)
    } else {
        let online = Online::DropIndex {
            table: table.full_name(),
            index: name.clone(),
            definition,
        };
        let decision = Decision::because(
            "alone it queues for ACCESS EXCLUSIVE, and everyone behind it",
        )
        .slow(Phase::Contract, Rank::Remove, online, []);
        missed(decision, &table.full_name(), index, slower)
    };
    if made_here {
        return decision.reverse("");
    }
    match back {
        Some(statements) => decision.reverse_by(statements),
        None => decision.irreversible(format!("the definition of {} isn't known", name.shown())),
    }
}

/// Who misses an index once it is gone.
fn missed(decision: Decision, table: &TableName, index: &Index, slower: String) -> Decision {
    if !index.unique {
        return decision.note(slower);
    }
    let columns = index.keys.join(", ");
    decision.hazard(
        hazard::CONFLICT,
        format!(
            "INSERT .. ON CONFLICT ({columns}) into {} fails once {} is gone",
            table.shown(),
            index.name
        ),
    )
}
