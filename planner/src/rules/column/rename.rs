//! RENAME COLUMN, RENAME TO of a table
//!
//! **Danger**: instant for the database, fatal for the code that is running: the name is gone.
//! **Instead**: the column keeps its name until contract, and a second one stands for it under the
//! new name until then; a table gets its new name at once, and a view that can be written bears the
//! old one until contract. Where the application names its version, each version shows the column
//! under its own name before. **Hazard**: code that still uses the old name fails at contract.

use super::alias;
use crate::action::Action;
use crate::catalog::{Catalog, Table};
use crate::decision::{Decision, Rank};
use crate::footprint::{Footprint, Thing};
use crate::plan::{Phase, Work};
use crate::problem::{self, Problem, code, hazard};
use crate::rules::Context;
use crate::versions::INVOKER_SINCE;
use concertina_revisions::{Ident, PhaseWord, TableName};

pub(crate) fn column(
    table: &TableName,
    from: &Ident,
    to: &Ident,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let Some(known) = context.table(table) else {
        return Ok(Decision::default());
    };
    let Some(old) = known.get(from) else {
        return Ok(Decision::default());
    };
    let reverse = format!(
        "ALTER TABLE {} RENAME COLUMN {} TO {}",
        table.sql(),
        to.sql(),
        from.sql()
    );
    let rename = |from: &Ident, to: &Ident| Action::RenameColumn {
        table: table.clone(),
        from: from.clone(),
        to: to.clone(),
    };
    if known.is_new || old.is_new {
        return Ok(Decision::because("made by this revision")
            .expand(rename(from, to), [rename(to, from)])
            .reverse(reverse));
    }
    possible(known, from, to, context)?;
    if context.catalog.is_empty(table) {
        return Ok(Decision::because("the table holds no row")
            .expand(rename(from, to), [rename(to, from)])
            .reverse(reverse));
    }
    let hazard = format!(
        "code that still says {}.{} fails once contract has renamed it",
        table.shown(),
        from.as_str()
    );
    if context.version.is_some() {
        return Ok(Decision::because(
            "each version of the application's schema shows the column under its own name",
        )
        .contract(rename(from, to))
        .hazard(hazard::COLUMN, hazard)
        .reverse(reverse));
    }
    let asked = context.directives.phase() == Some(PhaseWord::Contract);
    let both = if asked {
        Err("its author asks for that".to_owned())
    } else {
        alias::until_contract(known, old, to, context, rename(from, to))
    };
    Ok(match both {
        Ok(decision) => decision.hazard(
            hazard::ORDER,
            format!(
                "{}.{} is a second column at the end of the table until contract: SELECT *, and COPY and INSERT without names, \
                 find it there",
                table.shown(),
                to.as_str()
            ),
        ),
        Err(why) => {
            let last = context.at_start().table(table).is_some_and(|table| table.get(to).is_some());
            let rank = if last { Rank::Rename } else { Rank::Swap };
            Decision::because("a name is a metadata-only change").quick(Phase::Contract, rank, rename(from, to), []).hazard(
                hazard::LATE,
                format!("code that says {}.{} doesn't find it until contract has renamed it: there is no second column, as {why}", table.shown(), to.as_str()),
            )
        }
    }
    .hazard(hazard::COLUMN, hazard)
    .reverse(reverse))
}

/// Whether a column gets its name at contract and not before.
pub(crate) fn waits(table: &TableName, from: &Ident, catalog: &Catalog) -> bool {
    let known = catalog.table(table);
    let known = known
        .filter(|table| !table.is_new)
        .and_then(|table| table.get(from));
    known.is_some_and(|column| !column.is_new) && !catalog.is_empty(table)
}

/// What PostgreSQL would refuse, in its words.
fn possible(table: &Table, from: &Ident, to: &Ident, context: &Context<'_>) -> Result<(), Problem> {
    let inherited = |one: &Table, parents: u32| {
        one.get(from)
            .is_some_and(|column| column.inherited > parents)
    };
    let below = context.catalog.below(&table.full_name());
    let below = || below.iter().filter_map(|name| context.table(name));
    let refused = |message: String, help: &str| {
        Err(Problem::new(code::DEPENDED_ON, message)
            .label("PostgreSQL refuses it too")
            .help(help))
    };
    if table.of_type {
        return refused(
            "cannot rename column of typed table".to_owned(),
            "ALTER TYPE .. RENAME ATTRIBUTE renames it",
        );
    }
    if inherited(table, 0) || below().any(|one| inherited(one, 1)) {
        return refused(
            format!("cannot rename inherited column \"{}\"", from.as_str()),
            "rename it on the table that it comes from",
        );
    }
    if let Some(child) = below().find(|one| one.get(to).is_some()) {
        return Err(problem::exists(
            "column",
            &format!("{}.{}", child.full_name().shown(), to.as_str()),
        ));
    }
    Ok(())
}

pub(crate) fn table(
    from: &TableName,
    to: &TableName,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let Some(known) = context.table(from) else {
        return Ok(Decision::default());
    };
    let rename = |from: &TableName, to: &TableName| {
        Action::unlocked(
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
    let drop = || {
        Action::exclusively(
            format!("drop view {}", from.shown()),
            format!("DROP VIEW {}", from.sql()),
            from,
        )
    };
    let back = Action::exclusively(
        format!("rename table {} to {}", to.shown(), from.name.as_str()),
        reverse.as_str(),
        to,
    );
    let undo = vec![Work::Quick {
        actions: vec![drop(), back],
    }];
    let actions = renamed_behind_a_view(known, to, context.catalog);
    Ok(Decision::because("both names are there in the same moment: a view of the old name reads and writes the table")
        .together(Phase::Expand, Rank::AsWritten, actions, undo)
        .last_alone()
        .quick(Phase::Contract, Rank::Remove, drop(), [])
        .last_touching(of_the_view(from, to))
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

/// The table under its new name, and a view of the old one that reads and writes it.
fn renamed_behind_a_view(table: &Table, to: &TableName, catalog: &Catalog) -> Vec<Action> {
    let from = table.full_name();
    let at_once = |what: String, sql: String| Action::exclusively(what, sql, &from);
    let invoker = if catalog.server_version >= INVOKER_SINCE {
        " WITH (security_invoker = true)"
    } else {
        ""
    };
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| Ident::new(column.name.as_str()).sql())
        .collect();
    let rename = at_once(
        format!("rename table {} to {}", from.shown(), to.name.as_str()),
        format!("ALTER TABLE {} RENAME TO {}", from.sql(), to.name.sql()),
    );
    let view = at_once(
        format!("create view {} of {}", from.shown(), to.shown()),
        format!(
            "CREATE VIEW {}{invoker} AS SELECT {} FROM {}",
            from.sql(),
            names.join(", "),
            to.sql()
        ),
    );
    let rights = crate::lower::grants(&from, table)
        .into_iter()
        .map(|sql| at_once(format!("the rights on {} for its view", to.shown()), sql));
    [rename, view].into_iter().chain(rights).collect()
}

/// What stands on every column of a table, under the name that the table had.
fn of_the_view(name: &TableName, table: &TableName) -> Footprint {
    Footprint::default()
        .on(table)
        .read(Thing::Column(table.clone(), None))
        .drop(Thing::Relation(name.clone()))
        .drop(Thing::Type(name.name.clone()))
}
