//! Writes of the application for which a sync trigger could not compute a value: nobody failed for
//! them, and contract waits.

use crate::connection::session::Session;
use crate::error::Error;
use crate::event::Unfilled;
use concertina_planner::action::sql::{OUR_SCHEMA, counter, do_block};
use concertina_planner::action::{Action, Backfill, Follow, Operation, Sync};
use concertina_planner::plan::{Phase, Plan, Step};
use concertina_revisions::{Ident, TableName};

const DOING: &str = "counting the writes whose values couldn't be computed";

/// So many keys are named.
const NAMED_MAX: i64 = 5;

/// The triggers of a plan that may leave rows.
fn guarded(plan: &Plan) -> impl Iterator<Item = &Sync> {
    let expand = plan
        .phase(Phase::Expand)
        .iter()
        .chain(plan.phase(Phase::Backfill));
    expand
        .flat_map(|step| step.work.actions())
        .filter_map(|action| {
            let Action::InstallSync(sync) = action else {
                return None;
            };
            sync.guarded.then_some(sync)
        })
}

/// Whose counts stand above zero.
pub(crate) async fn of_plan(session: &Session, plan: &Plan) -> Result<Vec<Unfilled>, Error> {
    let mut all = Vec::new();
    for sync in guarded(plan) {
        let counter = TableName::new(OUR_SCHEMA, counter(sync).as_str()).sql();
        let there: bool = session
            .query_one(DOING, "SELECT to_regclass($1) IS NOT NULL", &[&counter])
            .await?
            .get(0);
        if !there {
            continue;
        }
        let sql = if sync.follow.is_some() {
            format!("SELECT count(*) FROM {counter}")
        } else {
            format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {counter}")
        };
        let writes: i64 = session.query_one(DOING, &sql, &[]).await?.get(0);
        if writes > 0 {
            all.push(Unfilled {
                table: sync.table.shown(),
                target: target(sync),
                writes,
            });
        }
    }
    Ok(all)
}

/// What the trigger is for.
fn target(sync: &Sync) -> String {
    if let Some(follow) = &sync.follow {
        return follow.target.shown();
    }
    let columns = sync.assignments.iter().map(|(column, _)| column);
    let named = sync
        .twin
        .as_ref()
        .map_or_else(|| columns.collect(), |twin| vec![&twin.old]);
    named
        .iter()
        .map(|column| column.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The same as statements that fail while such rows are left.
pub(crate) fn as_script(step: &Step, plan: &Plan) -> Vec<String> {
    let follows =
        removed(step, plan).filter_map(|sync| sync.follow.as_ref().map(|follow| (sync, follow)));
    let raise = |(sync, follow): (&Sync, &Follow)| {
        let left = TableName::new(OUR_SCHEMA, counter(sync).as_str()).sql();
        let told = format!(
            "rows of {} could not be taken over to {}",
            sync.table.shown(),
            follow.target.shown()
        );
        let told = Ident::new(told).literal();
        let body = format!(
            "\nBEGIN\n  IF EXISTS (SELECT FROM {left}) THEN\n    RAISE EXCEPTION '%', {told};\n  END IF;\nEND\n"
        );
        format!("{};\n", do_block(&body))
    };
    follows.map(raise).collect()
}

/// Whether writes are refused from a step on for which a sync trigger has no value.
pub(crate) fn begins_to_refuse(step: &Step) -> bool {
    step.work
        .actions()
        .iter()
        .any(|action| matches!(action, Action::RefuseUnfilled(_)))
}

/// Whether a step takes away what rows that are left would be filled from.
pub(crate) fn relies_on_none(step: &Step, plan: &Plan) -> bool {
    removed(step, plan).next().is_some()
}

/// Whether a backfill fills what the triggers are for that a step takes away.
pub(crate) fn is_relied_on(backfill: &Backfill, step: &Step, plan: &Plan) -> bool {
    let Operation::Assign(sets) = &backfill.operation else {
        return false;
    };
    removed(step, plan).any(|sync| {
        let is_its = |column: &Ident| sync.assignments.iter().any(|(filled, _)| filled == column);
        sync.table == backfill.table && sets.iter().any(|(column, _)| is_its(column))
    })
}

/// The triggers that a step takes away, and for which writes are refused before.
fn removed<'a>(step: &'a Step, plan: &'a Plan) -> impl Iterator<Item = &'a Sync> {
    let refused = |sync: &Sync| {
        let actions = plan
            .phase(Phase::Contract)
            .iter()
            .flat_map(|step| step.work.actions());
        actions
            .into_iter()
            .any(|action| matches!(action, Action::RefuseUnfilled(one) if one.name == sync.name))
    };
    step.work.actions().iter().filter_map(move |action| {
        let Action::RemoveSync(sync) = action else {
            return None;
        };
        refused(sync).then_some(sync)
    })
}

/// Refuses to go on while rows that a copy couldn't take over are left.
pub(crate) async fn none_left_behind(session: &Session, plan: &Plan) -> Result<(), Error> {
    for sync in guarded(plan) {
        let Some(follow) = &sync.follow else { continue };
        let left = TableName::new(OUR_SCHEMA, counter(sync).as_str()).sql();
        let there: bool = session
            .query_one(DOING, "SELECT to_regclass($1) IS NOT NULL", &[&left])
            .await?
            .get(0);
        if !there {
            continue;
        }
        let sql = format!(
            "SELECT count(*), (SELECT string_agg(key, '; ') FROM (SELECT key FROM {left} ORDER BY key LIMIT {NAMED_MAX}) AS examples) FROM {left}"
        );
        let row = session.query_one(DOING, &sql, &[]).await?;
        let rows: i64 = row.get(0);
        if rows > 0 {
            return Err(Error::NotTakenOver {
                table: sync.table.shown(),
                target: follow.target.shown(),
                rows,
                keys: row.get(1),
            });
        }
    }
    Ok(())
}
