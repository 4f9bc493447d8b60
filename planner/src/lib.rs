//! Turns one revision and one [`Catalog`] into a [`Plan`]: expand, backfill, contract. No clock, no disk, no
//! database, no async.
//!
//! ```
//! use concertina_planner::{Catalog, Table, explain, plan};
//! use concertina_revisions::{Revision, RevisionId};
//!
//! let revision = Revision::from_text(
//!     &RevisionId::new("003_tenant"),
//!     "ALTER TABLE leads ADD COLUMN plan text; UPDATE leads SET plan = 'free'; ALTER TABLE leads ALTER plan SET NOT NULL;",
//! )
//! .unwrap();
//! let catalog = Catalog::of([Table::new("leads").rows(1_000_000).column("id", "bigint")]);
//! let plan = plan(&revision, &catalog).unwrap();
//! assert!(explain(&plan).contains("add column leads.plan default 'free' not null"));
//! assert!(plan.backfill.is_empty(), "the fastest backfill is none");
//! ```
//!
//! # Layout
//!
//! `pipeline`: the way through the rooms. In its order: `lower`: parse tree to [`change::Change`] · `fold`: many statements into one
//! catalog entry, `one_pass`: many fills of a table into one · `rules`: a change to a decision, one family a file · `barrier`: behind what
//! nobody can see into · `order`: what comes after what · `assemble`: decisions to a [`Plan`] · `remains`: what a rollback leaves ·
//! `lossless`: what a way down must not change · `versions`: schemas of views, one a revision. Beside it: `as_written`: what is run
//! as it is written, where there are no rows · `waiting`: planning behind a contract that hasn't run · `tried`: what PostgreSQL is asked
//! beforehand · `meant`: what a statement means beyond its words.
//!
//! What all of them lean on: [`catalog`]: what a database holds, `after`: what it becomes by a change · [`footprint`]: what is read and
//! written, `touches`: by each kind of change and of work · `sql`: text read, searched, rewritten and printed · [`action`]: what steps
//! do, their locks and their SQL · [`law`]: what no plan may do · [`explain()`]: a plan as text · [`drift`]: two databases compared.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod action;
mod after;
mod as_written;
mod assemble;
mod barrier;
pub mod catalog;
pub mod change;
mod decision;
mod drawn;
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "knows nothing of changes and actions"
)]
pub mod drift;
mod explain;
pub mod expr;
#[cfg(feature = "fault-points")]
pub mod faulty;
mod fold;
pub mod footprint;
mod fresh;
mod helper;
pub mod law;
mod lossless;
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "PostgreSQL's tree has more kinds of nodes than any room needs"
)]
mod lower;
mod meant;
mod moved;
mod needs;
mod one_pass;
mod order;
mod pipeline;
pub mod plan;
pub mod problem;
mod remains;
mod rules;
pub mod sent;
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "PostgreSQL's tree has more kinds of nodes than any room needs"
)]
mod sql;
pub mod stored;
mod touches;
mod tried;
mod unasked;
mod versions;
mod waiting;

pub use as_written::{MayChange, named};
pub use catalog::{Catalog, Table};
pub use explain::explain;
pub use helper::is_helper;
pub use meant::{Along, along};
pub use needs::Needs;
pub use plan::{Phase, Plan, Step, StepId, Work};
pub use sql::{Constants, constants, gives_owner, setting_of_policy};
pub use tried::{Tried, tried};
pub use versions::schema_of;

use as_written::OwnRows;
use concertina_revisions::{Diagnostic, Revision, RevisionId, Statement};
use pipeline::{left_by, lower_all, plan_statements, settled_by};
use problem::code;
use versions::Toward;

/// The oldest PostgreSQL that can be worked on, as `server_version_num`: the first with TID range
/// scans.
pub const OLDEST_SERVER: u32 = 140_000;

/// What the user allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policy {
    /// Whether a derived reverse may drop tables that hold rows, and change values that the former
    /// type can't hold.
    pub allow_data_loss: bool,
}

/// Plans a revision.
///
/// # Errors
///
/// Every statement that is refused, with its place, the reason and what to write instead.
pub fn plan(revision: &Revision, catalog: &Catalog) -> Result<Plan, Vec<Diagnostic>> {
    planned(revision, catalog, false)
}

fn planned(
    revision: &Revision,
    catalog: &Catalog,
    is_behind: bool,
) -> Result<Plan, Vec<Diagnostic>> {
    let toward = Toward {
        revision: Some(&revision.id),
        is_behind,
        ..Toward::default()
    };
    let rules = |statements: &[Statement], catalog: &Catalog| {
        plan_statements(revision, statements, catalog, &toward)
    };
    as_written::or_by_rule(
        &revision.id,
        &revision.up,
        catalog,
        OwnRows::MayBeTouched,
        &rules,
    )
}

/// Plans a revision behind others that still wait for their contract.
///
/// # Errors
///
/// As [`plan()`]; and when a statement touches what a waiting contract will change ([`problem::code::WAITS`]).
pub fn plan_behind(
    revision: &Revision,
    catalog: &Catalog,
    waiting: &[Plan],
) -> Result<Plan, Vec<Diagnostic>> {
    let Some(last) = waiting.last() else {
        return plan(revision, catalog);
    };
    // Written as if the waiting ones were done: what is wrong then is the author's.
    let future = waiting::contracted(catalog, waiting);
    let seen = lower_all(revision, &revision.up, &future).0;
    let end = left_by(&seen, &future);
    let mut problems: Vec<Diagnostic> = Vec::new();
    for one in &seen {
        if let Some(behind) = waiting::touched(&one.touches, waiting) {
            problems.push(
                waiting::must_wait(behind.as_str())
                    .at(&revision.source, revision.up[one.statement].span),
            );
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    plan(revision, &future)?;
    let toward = Toward {
        revision: Some(&revision.id),
        waiting,
        end: Some(&end),
        is_behind: true,
    };
    plan_statements(
        revision,
        &revision.up,
        &waiting::synced(catalog, waiting),
        &toward,
    )
    .map_err(|refused| {
        // Right once the waiting contracts have run, wrong today.
        let wait = |today: Diagnostic| {
            let mut wait = waiting::must_wait(last.revision.as_str())
                .at(&revision.source, revision.beginning());
            wait.place = today.place.or(wait.place);
            wait.message = format!("{} ({} until then)", wait.message, today.message);
            wait
        };
        refused.into_iter().map(wait).collect()
    })
}

/// The catalog as it will be once a revision is done to the end; statements that can't be
/// understood are left out.
pub fn catalog_after(revision: &Revision, catalog: &Catalog) -> Catalog {
    settled_by(
        &lower_all(revision, &revision.up, catalog).0,
        revision,
        catalog,
    )
}

/// What is known of a revision before it runs.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Its plan, or why there is none.
    pub plan: Result<Plan, Vec<Diagnostic>>,
    /// The catalog as it leaves it, as [`catalog_after`] tells.
    pub after: Catalog,
    /// Whether that is all that it leaves: no statement runs code, and each is understood.
    pub is_foreseen: bool,
}

/// Whether it makes a table of which only the query tells the columns.
fn is_made_of_rows(change: &change::Change) -> bool {
    matches!(change, change::Change::CreateTable(new) if new.filled_from.is_some() && new.columns.is_empty())
}

/// Plans a revision, and looks at what it leaves for the next one. Behind one whose contract will
/// wait, more may be taken back.
pub fn look_ahead(revision: &Revision, catalog: &Catalog, is_behind: bool) -> Outlook {
    let (seen, problems) = lower_all(revision, &revision.up, catalog);
    Outlook {
        plan: planned(revision, catalog, is_behind),
        after: settled_by(&seen, revision, catalog),
        is_foreseen: problems.is_empty()
            && as_written::nothing_is_opaque(&revision.up, catalog)
            && !seen.iter().any(|seen| is_made_of_rows(&seen.change)),
    }
}

/// The way back from a revision as a revision of its own: its `-- down` part if its author wrote one, else the reverse that was
/// derived when it went up.
///
/// # Errors
///
/// When no reverse is known.
pub fn reverse_of(
    revision: &Revision,
    derived: &Result<Vec<String>, String>,
) -> Result<Revision, Vec<Diagnostic>> {
    if let Some(down) = &revision.down {
        return Ok(Revision {
            up: down.clone(),
            down: None,
            ..revision.clone()
        });
    }
    let statements = derived.as_ref().map_err(|why| {
        let message = format!("no reverse of {} can be derived: {why}", revision.id);
        vec![
            Diagnostic::error(code::NO_REVERSE, message)
                .at(&revision.source, revision.beginning(), "going up")
                .help("write it below a line `-- down` in the file"),
        ]
    })?;
    let id = RevisionId::new(format!("{} (derived reverse)", revision.id));
    if statements.is_empty() {
        return Ok(Revision {
            id,
            up: vec![],
            down: None,
            ..revision.clone()
        });
    }
    Revision::from_text(&id, &statements.join(";\n"))
}

/// Whether no statement of a revision runs code that nobody can see into, or changes what names
/// mean.
pub fn runs_no_code(revision: &Revision, catalog: &Catalog) -> bool {
    as_written::nothing_is_opaque(&revision.up, catalog)
}

/// Plans the way back from a revision: its `-- down` part if its author wrote one, else the reverse that was
/// derived when it went up.
///
/// # Errors
///
/// When no reverse is known, when it would lose data that the policy guards, or when planning refuses it.
pub fn plan_reverse(
    revision: &Revision,
    derived: &Result<Vec<String>, String>,
    catalog: &Catalog,
    policy: &Policy,
) -> Result<Plan, Vec<Diagnostic>> {
    // The version before it comes back; of a merge, that of the parent it names last.
    let toward = Toward {
        revision: revision.revises.last(),
        ..Toward::default()
    };
    let down = reverse_of(revision, derived)?;
    // What was derived is held to the policy; what the author wrote is the author's.
    let own_rows = if revision.down.is_some() {
        OwnRows::MayBeTouched
    } else {
        OwnRows::Stay
    };
    let rules = |statements: &[Statement], catalog: &Catalog| {
        plan_statements(&down, statements, catalog, &toward)
    };
    let mut plan = as_written::or_by_rule(&down.id, &down.up, catalog, own_rows, &rules)?;
    plan.revision = revision.id.clone();
    if revision.down.is_none() && !policy.allow_data_loss {
        let (seen, _) = lower_all(&down, &down.up, catalog);
        plan.preflight
            .extend(lossless::checks(&seen, &down.up, catalog));
    }
    if revision.down.is_none()
        && let Some(table) = dropped_with_rows(&plan, catalog)
        && !policy.allow_data_loss
    {
        let message = format!(
            "going down from {} would drop table {table}, which holds rows",
            revision.id
        );
        return Err(vec![
            Diagnostic::error(code::LOSES_DATA, message)
                .at(&revision.source, revision.beginning(), "going up")
                .help("say --allow-data-loss, or write `-- down`"),
        ]);
    }
    Ok(plan)
}

fn dropped_with_rows(plan: &Plan, catalog: &Catalog) -> Option<String> {
    plan.steps()
        .flat_map(|(_, step)| step.work.actions())
        .find_map(|action| {
            let action::Action::DropTable { table } = action else {
                return None;
            };
            catalog
                .table(table)
                .filter(|known| known.pages > 0)
                .map(|_| table.shown())
        })
}
