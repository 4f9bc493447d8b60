//! REINDEX, CREATE and REFRESH MATERIALIZED VIEW
//!
//! **Danger**: REINDEX makes writers wait, and REFRESH readers, until it is done; CREATE
//! MATERIALIZED VIEW holds one snapshot while it reads everything. **Instead**: REINDEX
//! CONCURRENTLY; REFRESH CONCURRENTLY, which needs a unique index; a new view is made empty, and
//! filled when nobody reads it yet. **Hazard**: none; a view that has no unique index is refused.

use super::objects;
use crate::action::{Action, Online};
use crate::catalog::ConstraintKind;
use crate::change::{NewMaterializedView, Reindex};
use crate::decision::{Decision, Rank};
use crate::footprint::{Footprint, Thing};
use crate::plan::Phase;
use crate::problem::{Problem, code};
use crate::rules::Context;
use concertina_revisions::TableName;

pub(crate) fn reindex(reindex: &Reindex, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(table) = context.table(&reindex.table) else {
        return Ok(Decision::default());
    };
    let excluding = |name: &str| {
        let mut excluding = table
            .constraints
            .iter()
            .filter(|constraint| constraint.kind == ConstraintKind::Exclude);
        let index = table.indexes.iter().find(|index| index.name == name);
        excluding.any(|constraint| {
            index.and_then(|index| index.constraint.as_ref()) == Some(&constraint.name)
        })
    };
    if reindex
        .index
        .as_ref()
        .is_some_and(|index| excluding(index.name.as_str()))
    {
        return Err(crate::problem::blocks(
            "REINDEX of an exclusion constraint's index",
            "leave it as it is",
        ));
    }
    let online = Online::Reindex {
        table: reindex.table.clone(),
        index: reindex.index.clone(),
    };
    Ok(
        Decision::because("alone it makes every writer wait until it is built")
            .slow(Phase::Backfill, Rank::Build, online, [])
            .reverse(""),
    )
}

pub(crate) fn create_view(new: &NewMaterializedView, context: &Context<'_>) -> Decision {
    let stays = context.stays(&Thing::Relation(new.view.clone()));
    let drop = |view: &TableName| format!("DROP MATERIALIZED VIEW {}", view.sql());
    // What bears its name now goes in contract: it is made and filled under another one before.
    let replaces = context.was_taken(new.view.schema.as_str(), new.view.name.as_str());
    let (built, sql) = if replaces {
        (&new.beside.0, &new.beside.1)
    } else {
        (&new.view, &new.sql)
    };
    let undo = Action::exclusively(
        format!("drop materialized view {}", built.shown()),
        drop(built),
        built,
    );
    let what = format!("create materialized view {}, empty", built.shown());
    let made = crate::footprint::relation_made(built).and(&new.mentions);
    let mut decision = Decision::because("without data it is a metadata-only change")
        .expand(Action::unlocked(what, sql.clone()), [undo])
        .last_touching(made);
    if new.filled {
        decision = first_filled(decision, new, built, context);
    }
    if replaces {
        decision = named_at_last(decision, new, built);
    }
    objects::of_moved(decision, &new.view, context).reverse(if stays {
        drop(&new.view)
    } else {
        String::new()
    })
}

/// Runs the view's query for the first time.
fn first_filled(
    decision: Decision,
    new: &NewMaterializedView,
    built: &TableName,
    context: &Context<'_>,
) -> Decision {
    let fill = Online::Fill {
        view: built.clone(),
    };
    let view = Footprint::default().on(built);
    let touches = crate::touches::rows_of(view, &new.reads, context.catalog)
        .and(&new.mentions)
        .change(Thing::Rows(built.clone(), None));
    decision
        .then_because("nobody can read it before it is filled")
        .slow(Phase::Backfill, Rank::Fill, fill, [])
        .last_touching(touches)
        .note(format!(
            "filling {} holds one snapshot for as long as its query takes",
            new.view.shown()
        ))
}

/// Gives a view that was filled beside another one the name that the other had.
fn named_at_last(decision: Decision, new: &NewMaterializedView, built: &TableName) -> Decision {
    let view = &new.view;
    let rename = Action::exclusively(
        format!(
            "rename materialized view {} to {}",
            built.shown(),
            view.name.as_str()
        ),
        format!(
            "ALTER MATERIALIZED VIEW {} RENAME TO {}",
            built.sql(),
            view.name.sql()
        ),
        built,
    );
    let touches = Footprint::default()
        .on(built)
        .rename(
            Thing::Relation(built.clone()),
            Thing::Relation(view.clone()),
        )
        .rename(
            Thing::Type(built.name.clone()),
            Thing::Type(view.name.clone()),
        );
    decision
        .then_because("the new one is filled before the old one goes, so no query is without")
        .quick(Phase::Contract, Rank::Rename, rename, [])
        .last_touching(touches)
}

pub(crate) fn refresh(view: &TableName, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(known) = context.table(view) else {
        return Ok(Decision::default());
    };
    if known.is_new && !known.unfilled {
        // An earlier statement has filled it with what there was then.
        let sql = format!("REFRESH MATERIALIZED VIEW {}", view.sql());
        return Ok(
            Decision::because("made by this revision, whose code isn't there yet")
                .quick(
                    Phase::Backfill,
                    Rank::Fill,
                    Action::Blocking { sql, locks: vec![] },
                    [],
                )
                .alone()
                .reverse(""),
        );
    }
    if known.unfilled {
        return Ok(Decision::because("nobody can read it before it is filled")
            .slow(
                Phase::Backfill,
                Rank::Fill,
                Online::Fill { view: view.clone() },
                [],
            )
            .reverse(""));
    }
    let whole = known.indexes.iter().any(|index| {
        index.unique
            && index.valid
            && !index.partial
            && index.keys.iter().all(|key| !key.is_empty())
    });
    if !whole {
        return Err(Problem::new(
            code::BLOCKS,
            format!("{} has no unique index over all its rows, so readers would wait for its refresh", view.shown()),
        )
        .label("can't be refreshed concurrently")
        .help("CREATE UNIQUE INDEX on it first, over columns and without WHERE; or `-- concertina: allow blocking`"));
    }
    Ok(
        Decision::because("alone it makes every reader wait until it is done")
            .slow(
                Phase::Backfill,
                Rank::Demand,
                Online::Refresh { view: view.clone() },
                [],
            )
            .reverse(""),
    )
}
