//! Plans as a script for psql, for those whose rules let nothing else near a database. It does what
//! [`crate::Lease::run`] does, as far as SQL can: short lock waits with retries, concurrent builds,
//! backfills that commit each batch, and a record of every step, so that it can be run again after
//! a failure, or gone on with by the engine. It has no throttle.

mod backfill;

use crate::checkpoint;
use crate::config::Settings;
use crate::connection::session::OURS;
use crate::error::Error;
use crate::lock::lease::LOCK_KEY;
use crate::run::NewRun;
use crate::run::next::Until;
use crate::run::preflight;
use crate::state::{Direction, State};
use concertina_planner::Work;
use concertina_planner::action::sql::do_block;
use concertina_planner::action::{Action, Online, Operation, Value};
use concertina_planner::plan::{Phase, Plan, Step};
use concertina_revisions::Ident;
use std::fmt::Write;
use std::time::Duration;

/// Stands in a statement for a value that is read when it is run.
const READ: &str = "concertina read value";

/// How often a lock is tried for, with half a second to five between.
const ATTEMPTS: u32 = 120;

/// The script that runs these plans, one after the other. A plan whose contract has to wait is the last.
///
/// # Errors
///
/// When a plan can't be written down.
pub fn script(runs: &[NewRun<'_>], until: Until, settings: &Settings) -> Result<String, Error> {
    let mut text = head(settings.patience);
    for run in runs {
        let waits =
            until != Until::Contracted && !run.plan.hazards.is_empty() && !run.plan.is_as_written();
        revision(&mut text, run, waits, settings)?;
        if waits {
            let _ = writeln!(
                text,
                "\\echo {}",
                literal(format!("{} waits for its contract", run.id))
            );
            break;
        }
    }
    text.push_str("SELECT pg_advisory_unlock_all();\n");
    Ok(text)
}

/// `patience`: for another that is at work; the server takes a moment to notice that a script has
/// failed and gone.
fn head(patience: Duration) -> String {
    let busy = "\nDECLARE\n  began timestamptz := clock_timestamp();\nBEGIN\n  \
                WHILE NOT pg_try_advisory_lock($key) LOOP\n    \
                IF clock_timestamp() > began + interval '$patience ms' THEN\n      \
                RAISE 'another concertina is running on this database';\n    END IF;\n    \
                PERFORM pg_sleep(0.05);\n  END LOOP;\nEND\n";
    let newer = "\nBEGIN\n  IF to_regclass('concertina.meta') IS NOT NULL THEN\n    \
                 IF (SELECT format FROM concertina.meta) > $format THEN\n      \
                 RAISE 'schema concertina has format %, and this script is of an older concertina', (SELECT format FROM concertina.meta);\n    \
                 END IF;\n  END IF;\nEND\n";
    format!(
        "-- For psql, and not in one transaction. It may be run again after a failure: what is done is recorded and left out.\n\
         \\set ON_ERROR_STOP on\n\\set QUIET on\nSET client_min_messages = warning;\nSET row_security = off;\nSET statement_timeout = 0;\n{OURS};\n\
         {}\n{}\nBEGIN;\n{}COMMIT;\n",
        block(
            &busy
                .replace("$key", &LOCK_KEY.to_string())
                .replace("$patience", &patience.as_millis().to_string())
        ),
        block(&newer.replace("$format", &checkpoint::FORMAT.to_string())),
        checkpoint::SCHEMA
    )
}

fn revision(
    text: &mut String,
    run: &NewRun<'_>,
    waits: bool,
    settings: &Settings,
) -> Result<(), Error> {
    let (id, direction) = (literal(run.id.as_str()), literal(run.direction.as_str()));
    let there = format!("EXISTS (SELECT FROM concertina.revision WHERE id = {id}");
    let todo = match run.direction {
        Direction::Up => format!("NOT {there} AND state = 'applied')"),
        Direction::Down => format!("{there})"),
    };
    let _ = writeln!(
        text,
        "\n-- revision {}\nSELECT {todo} AS todo \\gset\n\\if :todo\n\\echo {}",
        run.id,
        literal(run.id.as_str())
    );
    let _ = writeln!(
        text,
        "SELECT NOT {there} AND direction = {direction}) AS fresh \\gset\n\\if :fresh"
    );
    for check in &run.plan.preflight {
        let _ = writeln!(text, "-- {}", check.what.replace('\n', " "));
        text.push_str(&preflight::as_script(check));
    }
    text.push_str("\\endif\n");
    let (plan, reverse) = checkpoint::stored(run.plan)?;
    let parents: Vec<String> = run
        .parents
        .iter()
        .map(|parent| literal(parent.as_str()))
        .collect();
    let _ = writeln!(
        text,
        "INSERT INTO concertina.revision (number, id, parents, checksum, direction, state, plan, reverse)\n\
         SELECT coalesce(max(number), 0) + 1, {id}, ARRAY[{}]::text[], {}, {direction}, 'running', {}, {} FROM concertina.revision\n\
         ON CONFLICT (id) DO UPDATE SET direction = excluded.direction, state = 'running', plan = excluded.plan, changed_at = now(), error = NULL\n\
         WHERE revision.direction <> excluded.direction;",
        parents.join(", "),
        literal(&run.checksum.0),
        literal(&plan),
        literal(&reverse),
    );
    for phase in [Phase::Expand, Phase::Backfill] {
        run.plan
            .phase(phase)
            .iter()
            .for_each(|one| step(text, run, one, settings));
    }
    let state = |state: State| {
        let state = literal(state.as_str());
        format!(
            "UPDATE concertina.revision SET state = {state}, changed_at = now() WHERE id = {id};\n"
        )
    };
    if waits {
        text.push_str(&state(State::Waiting));
    } else {
        contract(text, run, &state(State::Contracting), settings);
        match run.direction {
            Direction::Up => text.push_str(&state(State::Applied)),
            Direction::Down => {
                let _ = writeln!(text, "DELETE FROM concertina.revision WHERE id = {id};");
            }
        }
    }
    text.push_str("\\endif\n");
    Ok(())
}

fn contract(text: &mut String, run: &NewRun<'_>, begins: &str, settings: &Settings) {
    if run.plan.contract.is_empty() {
        return;
    }
    let filled = synced(run.plan);
    if !filled.is_empty() {
        let _ = writeln!(
            text,
            "\n-- nothing is enforced while a row is left\n{}",
            filled.concat()
        );
    }
    let plan = run.plan;
    plan.contract
        .iter()
        .flat_map(|one| crate::unfilled::as_script(one, plan))
        .for_each(|one| text.push_str(&one));
    text.push_str(begins);
    let mut none_comes_in = false;
    for one in &plan.contract {
        none_comes_in &= !crate::unfilled::begins_to_refuse(one);
        if crate::unfilled::relies_on_none(one, plan) && !none_comes_in {
            let own = plan.backfill.iter().filter_map(|step| match &step.work {
                Work::Backfill { backfill }
                    if crate::unfilled::is_relied_on(backfill, one, plan) =>
                {
                    Some(backfill)
                }
                _ => None,
            });
            own.map(backfill::as_script)
                .chain(crate::unfilled::as_script(one, plan))
                .for_each(|sql| text.push_str(&sql));
            none_comes_in = true;
        }
        step(text, run, one, settings);
    }
}

fn synced(plan: &Plan) -> Vec<String> {
    let works = plan.backfill.iter().map(|step| &step.work);
    let synced = works.filter_map(|work| match work {
        Work::Backfill { backfill } if backfill.synced => Some(backfill::as_script(backfill)),
        _ => None,
    });
    synced.collect()
}

fn step(text: &mut String, run: &NewRun<'_>, step: &Step, settings: &Settings) {
    let (id, direction, name) = (
        literal(run.id.as_str()),
        literal(run.direction.as_str()),
        literal(&step.id.0),
    );
    let _ = writeln!(
        text,
        "\n-- {}: {}",
        step.id,
        step.work.summary().join("; ").replace('\n', " ")
    );
    let _ = writeln!(
        text,
        "SELECT NOT EXISTS (SELECT FROM concertina.step WHERE revision = {id} AND direction = {direction} AND step = {name}) AS todo \\gset\n\
         \\if :todo\n\\echo '  ' {}",
        step.id
    );
    let record = format!(
        "INSERT INTO concertina.step (revision, direction, step, seconds) VALUES ({id}, {direction}, {name}, 0)"
    );
    match &step.work {
        Work::Quick { actions } => text.push_str(&quick(actions, &record, settings)),
        Work::Slow { online } => {
            text.push_str(&slow(online));
            let _ = writeln!(text, "{record};");
        }
        Work::Backfill { backfill } => {
            text.push_str(&match &backfill.operation {
                Operation::Listed(list) => {
                    backfill::list_as_script(backfill, list, [&id, &direction, &name])
                }
                Operation::Assign(_) | Operation::Delete | Operation::Copy { .. } => {
                    backfill::as_script(backfill)
                }
            });
            let _ = writeln!(text, "{record};");
        }
    }
    text.push_str("\\endif\n");
}

/// One short transaction, tried again for as long as others hold the locks.
fn quick(actions: &[Action], record: &str, settings: &Settings) -> String {
    let mut statements = String::new();
    for action in actions {
        if let Action::AddColumn {
            default: Some(Value::Read(query)),
            ..
        } = action
        {
            let _ = writeln!(
                statements,
                "      EXECUTE {} INTO value;",
                literal(format!("SELECT quote_literal(({query})::text)"))
            );
        }
        for sql in action.sql(Some(READ)) {
            let parts: Vec<String> = sql.split(READ).map(literal).collect();
            let _ = writeln!(
                statements,
                "      EXECUTE {};",
                parts.join(" || coalesce(value, 'NULL') || ")
            );
        }
    }
    block(&format!(
        "\nDECLARE value text; done boolean := false;\nBEGIN\n  FOR attempt IN 1..{ATTEMPTS} LOOP\n    BEGIN\n      \
         PERFORM set_config('lock_timeout', '{}', true);\n{statements}      {record};\n      done := true;\n    \
         EXCEPTION WHEN lock_not_available OR deadlock_detected THEN\n      IF attempt = {ATTEMPTS} THEN RAISE; END IF;\n    END;\n    \
         COMMIT;\n    EXIT WHEN done;\n    PERFORM pg_sleep(least(0.5 * attempt, 5) * (0.5 + random()));\n  END LOOP;\nEND\n",
        settings.lock_timeout.as_millis(),
    ))
}

/// Online work stands alone; what an interrupted build has left goes first.
fn slow(online: &Online) -> String {
    let mut text = String::new();
    if let Online::CreateIndex { table, name, .. } = online {
        let index = format!("{}.{}", table.schema.sql(), name.sql());
        let _ = writeln!(
            text,
            "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass({}) AND NOT indisvalid) AS stale \\gset\n\
             \\if :stale\nDROP INDEX CONCURRENTLY {index};\n\\endif",
            literal(&index)
        );
    }
    let sql = match online {
        // It may have gone with its column.
        Online::DropIndex { index, .. } => {
            format!("DROP INDEX CONCURRENTLY IF EXISTS {}", index.sql())
        }
        other => other.sql(),
    };
    let _ = writeln!(text, "{sql};");
    text
}

fn block(body: &str) -> String {
    format!("{};\n", do_block(body))
}

fn literal(text: impl AsRef<str>) -> String {
    Ident::new(text.as_ref()).literal()
}
