//! CREATE TABLE, CREATE TYPE, and statements that only write the system catalogs
//!
//! **Danger**: a foreign key in CREATE TABLE makes writers of the referenced table wait for a
//! moment; the rest has none. **Instead**: as written, under the lock ladder. What removes
//! something waits for contract.

use crate::action::{Action, Lock};
use crate::change::{CatalogOnly, NewEnum, NewTable};
use crate::decision::{Decision, Rank};
use crate::footprint::Thing;
use crate::plan::{Phase, Question};
use crate::problem::{self, Problem, hazard};
use crate::rules::Context;
use crate::rules::rows::{follow, insert};
use concertina_revisions::TableName;

pub(crate) fn create_table(new: &NewTable, context: &Context<'_>) -> Result<Decision, Problem> {
    if let Some(reads) = &new.filled_from {
        filled_at_once(reads, context)?;
    }
    let of_others = |table: &TableName| context.table(table).is_some_and(|table| !table.is_new);
    let parents = new
        .parents
        .iter()
        .filter(|parent| of_others(parent))
        .cloned()
        .collect();
    let stays = context.stays(&Thing::Relation(new.table.clone()));
    let mut references: Vec<TableName> = new
        .constraints
        .iter()
        .filter_map(|constraint| constraint.references().cloned())
        .collect();
    references.retain(|table| {
        *table != new.table && context.table(table).is_some_and(|table| !table.is_new)
    });
    references.sort();
    references.dedup();
    let create = Action::CreateTable {
        table: new.table.clone(),
        sql: new.sql.clone(),
        references,
        parents,
    };
    let decision = Decision::because("nobody uses a table that isn't there yet")
        .expand(
            create,
            [Action::DropTable {
                table: new.table.clone(),
            }],
        )
        .reverse(if stays {
            format!("DROP TABLE {}", new.table.sql())
        } else {
            String::new()
        });
    Ok(of_moved(decision, &new.table, context))
}

/// Tells of what is made of all columns of a table once one of these has moved.
pub(crate) fn of_moved(decision: Decision, made: &TableName, context: &Context<'_>) -> Decision {
    match context.moved_before() {
        None => decision,
        Some(source) => decision.hazard(
            hazard::ORDER,
            format!(
                "{} is made of {} once a column of that has moved to its end: SELECT * and INSERT without names find it there",
                made.shown(),
                source.shown()
            ),
        ),
    }
}

/// Refuses to fill a table by one statement from what isn't known to be small, or goes in the same
/// revision.
fn filled_at_once(reads: &[TableName], context: &Context<'_>) -> Result<(), Problem> {
    let is_small = |name: &TableName| insert::is_small_source(name, context.catalog);
    let why = if !reads.iter().all(is_small) {
        "CREATE TABLE AS reads all its rows in one transaction"
    } else if reads
        .iter()
        .any(|source| follow::is_taken_from(source, context))
    {
        "CREATE TABLE AS copies rows that a later statement takes away, and what is written in between would be lost"
    } else {
        return Ok(());
    };
    Err(problem::never_live(
        why,
        "CREATE TABLE, and INSERT .. SELECT .. ON CONFLICT (key) DO NOTHING, which is done in batches",
    ))
}

pub(crate) fn create_enum(new: &NewEnum, context: &Context<'_>) -> Decision {
    let drop = format!("DROP TYPE {}", new.name.sql());
    let stays = context.stays(&Thing::Type(new.name.name.clone()));
    Decision::because("a type is a metadata-only change")
        .expand(
            Action::unlocked(format!("create type {}", new.name.shown()), new.sql.clone()),
            [Action::unlocked(
                format!("drop type {}", new.name.shown()),
                drop.clone(),
            )],
        )
        .reverse(if stays { drop } else { String::new() })
}

pub(crate) fn catalog_only(only: &CatalogOnly, context: &Context<'_>) -> Decision {
    let seen = |table: &&TableName| context.table(table).is_some_and(|table| !table.is_new);
    let locks = only
        .concerns
        .iter()
        .filter(seen)
        .map(|table| (table.clone(), Lock::ShareUpdateExclusive))
        .collect();
    let action = Action::as_written(only.what.clone(), only.sql.clone(), locks);
    let decision = Decision::because("touches the system catalogs only");
    if only.removes && context.made_here(&only.touches) {
        return decision.expand(action, []).reverse("");
    }
    if only.removes {
        let decision = decision
            .quick(Phase::Contract, Rank::Remove, action, [])
            .hazard(
                hazard::OBJECT,
                format!("code that names it fails after: {}", only.what),
            );
        return match &only.reverse {
            Some(sql) => decision.reverse(sql.clone()),
            None => decision.irreversible(format!(
                "how to make it again after `{}` isn't known",
                only.what
            )),
        };
    }
    let undo = only
        .reverse
        .iter()
        .filter(|sql| !sql.is_empty())
        .map(|sql| Action::unlocked(format!("undo: {}", only.what), sql.clone()));
    let mut decision = decision.expand(action, undo.collect::<Vec<_>>());
    if let Some(view) = &only.view {
        decision = of_moved(decision, view, context);
    }
    if only.alone {
        decision = decision.alone();
    }
    if let Some(note) = &only.note {
        decision = decision.note(note.clone());
    }
    if let Some(extension) = &only.extension {
        let missing = !context.catalog.available_extensions.is_empty()
            && !context.catalog.available_extensions.contains(extension);
        if missing {
            decision = decision.check(
                format!("the server has the files of extension {extension}"),
                Question::ExtensionAvailable(extension.clone()),
                format!("install the server package that brings {extension}"),
            );
        }
    }
    match &only.reverse {
        _ if context.goes_again(&only.touches) => decision.reverse(""),
        Some(sql) => decision.reverse(sql.clone()),
        None => decision.irreversible(format!("`{}` has no derived reverse", only.what)),
    }
}
