//! Settings of a table, and policies and triggers on it
//!
//! **Danger**: none grows with the table, but most need an ACCESS EXCLUSIVE lock for a moment, and
//! some change what running code sees at once. **Instead**: as written, under the lock ladder; what
//! hides rows, takes rights or removes something waits for contract. **Hazard**: rows that are
//! hidden from then on; code that relied on a trigger, a right or a constraint's name.

use crate::action::{Action, Lock};
use crate::catalog::{ConstraintKind, Table, TableKind};
use crate::change::{Change, Setting, SettingKind};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{self, Problem, code, hazard};
use crate::rules::Context;
use crate::rules::small::is_small;
use concertina_revisions::{Code, TableName};

/// What is the same for a whole family: its lock, and whom it may surprise.
struct Facts {
    /// Source: measured with pg_locks on PostgreSQL 14 to 18; the manual's page on ALTER TABLE
    /// agrees.
    lock: Option<Lock>,
    /// What running code may stumble over: then it waits for contract.
    surprise: Option<(Code, &'static str)>,
    why: &'static str,
}

impl Facts {
    const fn expand(lock: Option<Lock>, why: &'static str) -> Facts {
        Facts {
            lock,
            surprise: None,
            why,
        }
    }

    /// Of what running code may stumble over, under an ACCESS EXCLUSIVE lock.
    const fn contract(why: &'static str, code: Code, surprise: &'static str) -> Facts {
        Facts {
            lock: Some(Lock::AccessExclusive),
            surprise: Some((code, surprise)),
            why,
        }
    }
}

const CATALOG: &str = "a metadata-only change; no row is looked at";
const POLICY: &str = "a policy shows or hides nothing before row-level security is on";
const RIGHT: &str = "a right is a metadata-only change, and no table is locked";

const FEWER_ROWS: Facts = Facts::contract(
    "it hides rows from this moment on",
    hazard::ROWS,
    "running code sees fewer rows as soon as the policy is there",
);
const HIDDEN_ROWS: Facts = Facts::contract(
    "rows are hidden from this moment on",
    hazard::ROWS,
    "rows that no policy shows are hidden, and writes that none allows fail, as soon as it is on",
);
const SHOWN_ROWS: Facts = Facts::contract(
    "rows are shown from this moment on",
    hazard::ROWS,
    "every row is shown to whoever may read the table, as soon as it is off",
);
const OTHER_ROWS: Facts = Facts::contract(
    "which rows are shown changes at once",
    hazard::ROWS,
    "running code sees other rows as soon as the policy is changed",
);
const INHERITED_ROWS: Facts = Facts::contract(
    "its rows are seen through the parent from this moment on",
    hazard::ROWS,
    "queries of the parent see its rows as soon as it inherits",
);
const DISINHERITED_ROWS: Facts = Facts::contract(
    "its rows are seen through the parent no more",
    hazard::ROWS,
    "queries of the parent miss its rows as soon as it inherits no more",
);
const NEW_RULE: Facts = Facts::contract(
    "a rule rewrites the statements of running code",
    hazard::TRIGGER,
    "running code's statements do something else as soon as the rule is there",
);
const RELIED_ON: Facts = Facts::contract(
    "running code may rely on it",
    hazard::TRIGGER,
    "nothing does its work any more",
);
const LEFT_OUT: Facts = Facts::contract(
    "running code may leave the column out",
    hazard::DEFAULT,
    "inserts that leave the column out, or give it, may fail once it has changed",
);
const REVOKED: Facts = Facts {
    lock: None,
    ..Facts::contract(
        RIGHT,
        hazard::ROWS,
        "running code may need what is taken away",
    )
};

/// What is the same for each kind of setting.
fn facts(kind: SettingKind, row_security: bool) -> Facts {
    use SettingKind as Kind;
    let exclusive = Some(Lock::AccessExclusive);
    match kind {
        Kind::Options
        | Kind::Statistics
        | Kind::ColumnOptions
        | Kind::Clustering
        | Kind::Comment
        | Kind::IndexOptions => Facts::expand(
            Some(Lock::ShareUpdateExclusive),
            "a metadata-only change; neither readers nor writers wait",
        ),
        Kind::Storage => Facts::expand(
            exclusive,
            "a metadata-only change; rows that are there keep their form",
        ),
        Kind::AttachIndex => Facts::expand(Some(Lock::AccessShare), CATALOG),
        Kind::ReplicaIdentity
        | Kind::Owner
        | Kind::Rule
        | Kind::Deferral
        | Kind::OfType
        | Kind::View
        | Kind::Expression => Facts::expand(exclusive, CATALOG),
        Kind::Persistence => {
            Facts::expand(exclusive, "the table is small: it is rewritten in a moment")
        }
        Kind::RenamePart => Facts::expand(exclusive, "a name that queries don't use"),
        Kind::RenameIndex => Facts::expand(
            Some(Lock::ShareUpdateExclusive),
            "a name that queries don't use",
        ),
        Kind::Trigger | Kind::TriggerOff => Facts::expand(Some(Lock::ShareRowExclusive), CATALOG),
        Kind::CreateTrigger => Facts::expand(
            Some(Lock::ShareRowExclusive),
            "it fires from then on, for old code too",
        ),
        Kind::CreatePolicy => Facts::expand(exclusive, POLICY),
        Kind::RestrictivePolicy if !row_security => Facts::expand(exclusive, POLICY),
        Kind::Grant => Facts::expand(None, RIGHT),
        Kind::RestrictivePolicy => FEWER_ROWS,
        Kind::RowSecurityOn => HIDDEN_ROWS,
        Kind::RowSecurityOff => SHOWN_ROWS,
        Kind::AlterPolicy | Kind::DropPolicy => OTHER_ROWS,
        Kind::Inherit => INHERITED_ROWS,
        Kind::NoInherit => DISINHERITED_ROWS,
        Kind::CreateRule => NEW_RULE,
        Kind::DropTrigger | Kind::DropRule => RELIED_ON,
        Kind::Identity => LEFT_OUT,
        Kind::Revoke => REVOKED,
    }
}

/// Whether a later statement of the revision writes rows of the table.
fn writes_meanwhile(setting: &Setting, context: &Context<'_>) -> bool {
    let rows = !context.catalog.is_empty(&setting.table);
    let writes = |change: &Change| {
        matches!(
            change,
            Change::Insert(_) | Change::Update(_) | Change::Delete(_)
        ) && change.table() == Some(&setting.table)
    };
    rows && context.after().any(|seen| writes(&seen.change))
}

/// Refuses to rewrite a table that is large, or that a foreign key ties to others, of which it
/// isn't known whether they are logged.
fn written_anew(name: &TableName, context: &Context<'_>) -> Result<(), Problem> {
    let is_tied = |table: &Table| {
        table
            .constraints
            .iter()
            .any(|one| one.kind == ConstraintKind::ForeignKey)
            || context.catalog.referencing(name).next().is_some()
    };
    let known = context.table(name);
    let is_small = context.catalog.is_empty(name) || is_small(name, context.catalog);
    if known.is_some_and(|table| table.kind == TableKind::Plain && is_small && !is_tied(table)) {
        return Ok(());
    }
    Err(problem::blocks(
        "SET LOGGED or UNLOGGED, which rewrites the table,",
        "make a new table",
    ))
}

/// Refuses row-level security that no policy lets anyone through, unless its author allows it.
fn shows_some_rows(setting: &Setting, context: &Context<'_>) -> Result<(), Problem> {
    let has_none = |table: &Table| table.policies.is_empty();
    if setting.kind != SettingKind::RowSecurityOn
        || context.directives.allows_blocking()
        || !context.table(&setting.table).is_some_and(has_none)
    {
        return Ok(());
    }
    Err(Problem::new(
        code::HIDES_ALL,
        format!(
            "{} has no policy: row-level security would hide every row",
            setting.table.shown()
        ),
    )
    .label("nobody but the owner would see a row")
    .help("CREATE POLICY first, in this revision or an earlier one"))
}

pub(crate) fn setting(setting: &Setting, context: &Context<'_>) -> Result<Decision, Problem> {
    let table = context.table(&setting.table);
    let new = table.is_some_and(|table| table.is_new);
    shows_some_rows(setting, context)?;
    if setting.kind == SettingKind::Persistence {
        written_anew(&setting.table, context)?;
    }
    let facts = facts(setting.kind, table.is_some_and(|table| table.row_security));
    let lock = facts.lock.filter(|_| !new);
    let mut locks: Vec<(TableName, Lock)> = lock
        .map(|lock| (setting.table.clone(), lock))
        .into_iter()
        .collect();
    locks.extend(
        setting
            .other
            .iter()
            .map(|other| (other.clone(), Lock::ShareUpdateExclusive)),
    );
    let action = Action::as_written(setting.what.clone(), setting.sql.clone(), locks);
    let decision = Decision::because(facts.why);
    let decision = if setting.kind == SettingKind::AttachIndex && !new {
        // What is attached goes with the whole: a rollback must not meet it attached.
        decision.quick(Phase::Contract, Rank::Adopt, action, [])
    } else if let Some((code, surprise)) = facts.surprise.filter(|_| !new) {
        decision
            .quick(Phase::Contract, Rank::Swap, action, [])
            .hazard(code, format!("{}: {surprise}", setting.table.shown()))
    } else {
        let undo = setting
            .reverse
            .iter()
            .filter(|sql| !sql.is_empty())
            .map(|sql| {
                Action::as_written(
                    format!("undo: {}", setting.what),
                    sql.clone(),
                    if new {
                        vec![]
                    } else {
                        vec![(setting.table.clone(), Lock::AccessExclusive)]
                    },
                )
            });
        let decision = decision.expand(action, undo.collect::<Vec<_>>());
        if setting.kind == SettingKind::TriggerOff && !new && writes_meanwhile(setting, context) {
            decision.warning(
                hazard::TRIGGER,
                format!(
                    "{}: it doesn't fire for the application either, until the rows are written and it is enabled again",
                    setting.what
                ),
            )
        } else {
            decision
        }
    };
    Ok(match &setting.reverse {
        Ok(sql) => decision.reverse(sql.clone()),
        Err(_) if new => decision.reverse(""),
        Err(why) => decision.irreversible(why.clone()),
    })
}
