//! ALTER COLUMN TYPE
//!
//! **Danger**: most changes write the table and all its indexes anew under ACCESS EXCLUSIVE.
//! **Instead**: where every stored value is right as it is, a catalog entry; a CHECK that names the column is added
//! again NOT VALID in the same moment and proven online, as PostgreSQL would scan the table for it.
//! **Hazard**: prepared statements that give the column fail once, with another result type.

use super::Context;
use crate::action::{Action, Lock, Online};
use crate::catalog::{Constraint, ConstraintKind, Table};
use crate::change::NewType;
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{Problem, code};
use crate::types;
use concertina_revisions::{Ident, TableName};

pub(super) fn alter(new: &NewType, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(table) = context.table(&new.table) else { return Ok(Decision::default()) };
    let Some(column) = table.get(&new.column) else { return Ok(Decision::default()) };
    let back = format!("ALTER TABLE {} ALTER COLUMN {} TYPE {}", new.table.sql(), new.column.sql(), column.type_sql);
    if context.catalog.is_empty(&new.table) || context.directives.allows_blocking() {
        let decision = Decision::because("the table holds no row, or its author allows it");
        let locks = if table.is_new { vec![] } else { vec![(new.table.clone(), Lock::AccessExclusive)] };
        let decision = decision.expand(written(new, new.sql.clone(), locks), []);
        return Ok(if table.is_new { decision.reverse("") } else { decision.reverse(back) });
    }
    if types::is_same(&column.type_sql, &new.type_sql) && !new.converts {
        return Ok(Decision::because("").note(format!("{} has that type already", new.column.as_str())).reverse(""));
    }
    if new.under_utc && types::is_time_with_zone(&column.type_sql, &new.type_sql) {
        return under_utc(new, table, &back);
    }
    if new.converts || !types::fits(&column.type_sql, &new.type_sql) {
        return Err(Problem::new(
            code::REWRITES,
            format!("from {} to {} every row of {} has to be written anew", column.type_sql, new.type_sql, new.table.shown()),
        )
        .label("the table and its indexes, under ACCESS EXCLUSIVE")
        .help(
            "add a column of the new type, fill it by UPDATE with a cast, move the code to it, and drop the old one in a \
             later revision; or say `-- concertina: allow blocking`",
        ));
    }
    if let Some(index) = table.indexes.iter().find(|index| {
        index.mentions.iter().any(|name| name == new.column.as_str())
            && (index.partial || index.keys.iter().any(String::is_empty))
    }) {
        return Err(Problem::new(
            code::REWRITES,
            format!("index {} would be built anew with the new type", index.name),
        )
        .label("its expressions or its WHERE name the column")
        .help("drop the index in an earlier revision, and create it again in a later one"));
    }
    let checks: Vec<&Constraint> = table
        .constraints
        .iter()
        .filter(|one| {
            one.kind == ConstraintKind::Check
                && one.validated
                && one.columns.iter().any(|name| name == new.column.as_str())
        })
        .collect();
    let mut locks = vec![(new.table.clone(), Lock::AccessExclusive)];
    locks.extend(partners(table, &new.column, context).into_iter().map(|other| (other, Lock::AccessExclusive)));
    let decision = Decision::because("every value that is stored is right as it is: a catalog entry")
        .expand(written(new, together(new, &checks), locks), []);
    let decision = if checks.is_empty() {
        decision
    } else {
        let constraints = checks.iter().map(|one| Ident::new(one.name.as_str())).collect();
        decision.then_because("PostgreSQL forgot that the rows are proven; VALIDATE lets everyone go on").slow(
            Phase::Backfill,
            Rank::Prove,
            Online::Validate { table: new.table.clone(), constraints, references: vec![] },
            [],
        )
    };
    let decision = decision.note(prepared(&new.column));
    Ok(if types::fits(&new.type_sql, &column.type_sql) {
        decision.reverse(back)
    } else {
        decision.irreversible(format!("back to {} every row would have to be looked at", column.type_sql))
    })
}

fn prepared(column: &Ident) -> String {
    format!("prepared statements that give {} fail once, as their result type changes", column.as_str())
}

/// A time of UTC is stored as the same number with and without its zone. PostgreSQL knows that only while the session's
/// zone is UTC, and not from the USING that says so.
fn under_utc(new: &NewType, table: &Table, back: &str) -> Result<Decision, Problem> {
    if let Some(index) =
        table.indexes.iter().find(|index| index.mentions.iter().any(|name| name == new.column.as_str()))
    {
        return Err(Problem::new(
            code::REWRITES,
            format!("index {} would be built anew with the new type", index.name),
        )
        .label("it covers the column")
        .help("drop the index in an earlier revision, and create it again in a later one"));
    }
    let sql = format!(
        "SET LOCAL TimeZone = 'UTC'; ALTER TABLE {} ALTER COLUMN {} TYPE {}",
        new.table.sql(),
        new.column.sql(),
        new.type_sql
    );
    let back = format!("{back} USING {} AT TIME ZONE 'UTC'", new.column.sql());
    Ok(Decision::because("a time of UTC is stored as the same number with and without its zone: a catalog entry")
        .expand(written(new, sql, vec![(new.table.clone(), Lock::AccessExclusive)]), [])
        .alone()
        .note(prepared(&new.column))
        .reverse(back))
}

fn written(new: &NewType, sql: String, locks: Vec<(TableName, Lock)>) -> Action {
    Action::AsWritten {
        what: format!("type of {}.{} to {}", new.table.shown(), new.column.as_str(), new.type_sql),
        sql,
        locks,
    }
}

/// The change and its CHECKs in one statement, which PostgreSQL works off in the right order.
fn together(new: &NewType, checks: &[&Constraint]) -> String {
    let drops = checks.iter().map(|one| format!("DROP CONSTRAINT {}", Ident::new(one.name.as_str()).sql()));
    let change = std::iter::once(format!("ALTER COLUMN {} TYPE {}", new.column.sql(), new.type_sql));
    let adds = checks
        .iter()
        .map(|one| format!("ADD CONSTRAINT {} {} NOT VALID", Ident::new(one.name.as_str()).sql(), one.definition));
    let actions: Vec<String> = drops.chain(change).chain(adds).collect();
    format!("ALTER TABLE {} {}", new.table.sql(), actions.join(", "))
}

/// The other tables of foreign keys that the column is in.
fn partners(table: &Table, column: &Ident, context: &Context<'_>) -> Vec<TableName> {
    let has = |columns: &[String]| columns.iter().any(|name| name == column.as_str());
    let out = table.constraints.iter().filter(|one| has(&one.columns)).filter_map(|one| one.references.clone());
    let mut others: Vec<TableName> = out.map(|(schema, name)| TableName::new(schema.as_str(), name.as_str())).collect();
    others.extend(context.catalog.referencing(&table.full_name()).map(|(other, _)| other.full_name()));
    others.retain(|other| *other != table.full_name());
    others.sort();
    others.dedup();
    others
}
