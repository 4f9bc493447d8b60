//! IF EXISTS and IF NOT EXISTS behind a statement that nobody can see into
//!
//! **Danger**: whether there is anything to do is known only once that has run. **Instead**:
//! PostgreSQL is asked by the statement itself, as its author wrote it, where it costs a
//! metadata-only change or the table is small; what it may drop waits for contract. **Hazard**:
//! code that names what is dropped.

use crate::action::{Action, Lock};
use crate::decision::{Decision, Rank};
use crate::footprint::Footprint;
use crate::lower::{Conditional, Cost};
use crate::plan::Phase;
use crate::problem::hazard;
use crate::rules::Context;
use crate::rules::small::is_small;
use concertina_revisions::TableName;

/// The statement as its author wrote it; none where it may take long.
pub(crate) fn decide(what: &Conditional, sql: &str, context: &Context<'_>) -> Option<Decision> {
    let old = |table: &&TableName| context.table(table).is_some_and(|table| !table.is_new);
    let run = |tables: &[TableName], lock: Lock, shown: &str| {
        let locks = tables
            .iter()
            .filter(old)
            .map(|table| (table.clone(), lock))
            .collect();
        Action::as_written(
            format!("{shown}, by what is there then"),
            sql.to_owned(),
            locks,
        )
    };
    let because = "what is there by then decides: PostgreSQL itself is asked";
    let decision = match what {
        Conditional::AddsColumn(table, cost) => {
            if *cost == Cost::Rows && !is_small(table, context.catalog) {
                return None;
            }
            let action = run(
                std::slice::from_ref(table),
                Lock::AccessExclusive,
                "add a column",
            );
            Decision::because(because).expand(action, [])
        }
        Conditional::BuildsIndex(table) => {
            if !is_small(table, context.catalog) {
                return None;
            }
            Decision::because(because).expand(
                run(std::slice::from_ref(table), Lock::Share, "create an index"),
                [],
            )
        }
        Conditional::Drops(tables) => Decision::because(because)
            .quick(
                Phase::Contract,
                Rank::Remove,
                run(tables, Lock::AccessExclusive, "drop"),
                [],
            )
            .hazard(
                hazard::OBJECT,
                "code that names what it drops fails after it",
            ),
    };
    Some(
        decision
            .last_touching(Footprint::anything())
            .alone()
            .irreversible("whether there was anything to do isn't known"),
    )
}
