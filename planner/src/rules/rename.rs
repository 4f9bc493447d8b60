//! RENAME COLUMN, RENAME TO of a table
//!
//! **Danger**: instant for the database, fatal for the code that is running: the name is gone.
//! **Instead**: a column of the new name beside the old one, each carried over to the other, as for another type; a table
//! gets its new name at once, and a view that can be written bears the old one until contract. Where the application names its
//! version, a column is renamed at contract, and each version shows it under its own name before.
//! **Hazard**: code that still uses the old name fails at contract.

use super::{Context, plain_sql, shadow};
use crate::action::{Action, Lock};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{self, Problem, code, hazard};
use crate::versions::INVOKER_SINCE;
use concertina_revisions::{Ident, TableName};

pub(super) fn column(table: &TableName, from: &Ident, to: &Ident, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(known) = context.table(table) else { return Ok(Decision::default()) };
    let Some(old) = known.get(from) else { return Ok(Decision::default()) };
    let reverse = format!("ALTER TABLE {} RENAME COLUMN {} TO {}", table.sql(), to.sql(), from.sql());
    if known.is_new || old.is_new {
        let action = Action::RenameColumn { table: table.clone(), from: from.clone(), to: to.clone() };
        let back = Action::RenameColumn { table: table.clone(), from: to.clone(), to: from.clone() };
        return Ok(Decision::because("made by this revision").expand(action, [back]).reverse(reverse));
    }
    let hazard = format!("code that still says {}.{} fails once contract has dropped it", table.shown(), from.as_str());
    if context.version.is_some() {
        let action = Action::RenameColumn { table: table.clone(), from: from.clone(), to: to.clone() };
        return Ok(Decision::because("each version of the application's schema shows the column under its own name")
            .contract(action)
            .hazard(hazard::COLUMN, hazard)
            .reverse(reverse));
    }
    let expression = |name: &Ident| {
        crate::lower::from_text(&name.sql()).ok_or_else(|| problem::unknown("a column name that doesn't read back"))
    };
    let shadow = shadow::Shadow {
        table: known,
        old,
        name: to.clone(),
        type_sql: old.type_sql.clone(),
        forward: expression(from)?,
        back: expression(to)?,
        converts: false,
    };
    Ok(shadow::replace(&shadow, context)?.hazard(hazard::COLUMN, hazard).reverse(reverse))
}

pub(super) fn table(from: &TableName, to: &TableName, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(known) = context.table(from) else { return Ok(Decision::default()) };
    let rename = |from: &TableName, to: &TableName| {
        plain_sql(
            format!("rename table {} to {}", from.shown(), to.name.as_str()),
            format!("ALTER TABLE {} RENAME TO {}", from.sql(), to.name.sql()),
        )
    };
    let reverse = format!("ALTER TABLE {} RENAME TO {}", to.sql(), from.name.sql());
    if known.is_new {
        return Ok(Decision::because("made by this revision")
            .expand(rename(from, to), [rename(to, from)])
            .reverse(reverse));
    }
    if known.row_security && context.catalog.server_version < INVOKER_SINCE {
        return Err(Problem::new(
            code::RENAMES,
            format!(
                "{} has row-level security, and a view under its old name would look with its owner's rights",
                from.shown()
            ),
        )
        .label("needs views of PostgreSQL 15")
        .help("rename it in a maintenance window, or upgrade the server"));
    }
    let locks = vec![(from.clone(), Lock::AccessExclusive)];
    let at_once = |what: String, sql: String| Action::AsWritten { what, sql, locks: locks.clone() };
    let invoker = if context.catalog.server_version >= INVOKER_SINCE { " WITH (security_invoker = true)" } else { "" };
    let names: Vec<String> = known.columns.iter().map(|column| Ident::new(column.name.as_str()).sql()).collect();
    let mut actions = vec![
        at_once(
            format!("rename table {} to {}", from.shown(), to.name.as_str()),
            format!("ALTER TABLE {} RENAME TO {}", from.sql(), to.name.sql()),
        ),
        at_once(
            format!("create view {} of {}", from.shown(), to.shown()),
            format!("CREATE VIEW {}{invoker} AS SELECT {} FROM {}", from.sql(), names.join(", "), to.sql()),
        ),
    ];
    let grants = crate::lower::grants(from, known).into_iter();
    actions.extend(grants.map(|sql| at_once(format!("the rights on {} for its view", to.shown()), sql)));
    let drop = || Action::AsWritten {
        what: format!("drop view {}", from.shown()),
        sql: format!("DROP VIEW {}", from.sql()),
        locks: vec![(from.clone(), Lock::AccessExclusive)],
    };
    let back = Action::AsWritten {
        what: format!("rename table {} to {}", to.shown(), from.name.as_str()),
        sql: reverse.clone(),
        locks: vec![(to.clone(), Lock::AccessExclusive)],
    };
    let undo = vec![crate::plan::Work::Quick { actions: vec![drop(), back] }];
    Ok(Decision::because("both names are there in the same moment: a view of the old name reads and writes the table")
        .together(Phase::Expand, Rank::AsWritten, actions, undo)
        .last_alone()
        .quick(Phase::Contract, Rank::Remove, drop(), [])
        .hazard(
            hazard::TABLE,
            format!("code that still says {} fails once contract has dropped the view", from.shown()),
        )
        .note(format!(
            "through the view {} there is no TRUNCATE, COPY FROM, MERGE (before PostgreSQL 17), nor ctid",
            from.shown()
        ))
        .reverse(reverse))
}
