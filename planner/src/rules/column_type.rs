//! ALTER COLUMN TYPE
//!
//! **Danger**: most changes write the table and all its indexes anew under ACCESS EXCLUSIVE.
//! **Instead**: where every stored value is right as it is, a catalog entry; a CHECK that names the column is added
//! again NOT VALID in the same moment and proven online, as PostgreSQL would scan the table for it.
//! **Hazard**: prepared statements that give the column fail once, with another result type.

use super::Context;
use super::shadow::{self, Shadow};
use crate::action::{Action, Lock, Online};
use crate::catalog::{Catalog, Column, Constraint, ConstraintKind, Index, Table};
use crate::change::{Change, NewType};
use crate::decision::{Decision, Rank};
use crate::expr::Expr;
use crate::lower::rewrite;
use crate::plan::Phase;
use crate::problem::{Problem, code};
use crate::types;
use concertina_revisions::{Ident, TableName};

pub(super) fn alter(new: &NewType, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(table) = context.table(&new.table) else { return Ok(Decision::default()) };
    let Some(column) = table.get(&new.column) else { return Ok(Decision::default()) };
    let back = format!("ALTER TABLE {} ALTER COLUMN {} TYPE {}", new.table.sql(), new.column.sql(), column.type_sql);
    if context.directives.allows_blocking() && by_shadow(new, context.catalog) {
        return Ok(super::blocking(&Change::AlterType(new.clone()), &new.sql, context).reverse(back));
    }
    if context.catalog.is_empty(&new.table) {
        let decision = Decision::because("the table holds no row");
        let locks = if table.is_new { vec![] } else { vec![(new.table.clone(), Lock::AccessExclusive)] };
        // Through text, as there may be rows by then, and no other way leads from one enum to another.
        let through = |type_sql: &str| format!("{back} USING {}::text::{type_sql}", new.column.sql());
        let undo = Action::AsWritten {
            what: format!("type of {}.{} to {}", new.table.shown(), new.column.as_str(), column.type_sql),
            sql: through(&column.type_sql),
            locks: locks.clone(),
        };
        let decision = decision.expand(written(new, new.sql.clone(), locks), [undo]);
        return Ok(match (table.is_new, new.converts) {
            (true, _) => decision.reverse(""),
            (false, true) => decision.reverse(through(&column.type_sql)),
            (false, false) => decision.reverse(back),
        });
    }
    if types::is_same(&column.type_sql, &new.type_sql) && !new.converts {
        return Ok(Decision::because("").note(format!("{} has that type already", new.column.as_str())).reverse(""));
    }
    if by_shadow(new, context.catalog) {
        return shadowed(new, table, column, context);
    }
    if new.under_utc && types::is_time_with_zone(&column.type_sql, &new.type_sql) {
        return Ok(under_utc(new, &back));
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
fn under_utc(new: &NewType, back: &str) -> Decision {
    let sql = format!(
        "SET LOCAL TimeZone = 'UTC'; ALTER TABLE {} ALTER COLUMN {} TYPE {}",
        new.table.sql(),
        new.column.sql(),
        new.type_sql
    );
    let back = format!("{back} USING {} AT TIME ZONE 'UTC'", new.column.sql());
    Decision::because("a time of UTC is stored as the same number with and without its zone: a catalog entry")
        .expand(written(new, sql, vec![(new.table.clone(), Lock::AccessExclusive)]), [])
        .alone()
        .note(prepared(&new.column))
        .reverse(back)
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

/// Whether a change of type needs a second column: its values are stored in another form, or an index would be built anew.
pub(super) fn by_shadow(new: &NewType, catalog: &Catalog) -> bool {
    let Some(table) = catalog.table(&new.table) else { return false };
    let Some(column) = table.get(&new.column) else { return false };
    if catalog.is_empty(&new.table) {
        return false;
    }
    // The versions that are there show the old type.
    if catalog.has_versions() && !column.is_new && (new.converts || !types::is_same(&column.type_sql, &new.type_sql)) {
        return true;
    }
    if new.under_utc && types::is_time_with_zone(&column.type_sql, &new.type_sql) {
        let named = |index: &Index| index.mentions.iter().any(|name| name == new.column.as_str());
        return table.indexes.iter().any(named);
    }
    let rebuilt = |index: &Index| {
        index.mentions.iter().any(|name| name == new.column.as_str())
            && (index.partial || index.keys.iter().any(String::is_empty))
    };
    let same = types::is_same(&column.type_sql, &new.type_sql) && !new.converts;
    !same && (new.converts || !types::fits(&column.type_sql, &new.type_sql) || table.indexes.iter().any(rebuilt))
}

fn shadowed(new: &NewType, table: &Table, column: &Column, context: &Context<'_>) -> Result<Decision, Problem> {
    if !types::is_same(&column.type_sql, &new.type_sql) && new.sql.contains(" COLLATE ") {
        return Err(crate::problem::unknown("another type and another collation at once"));
    }
    let read = |sql: &str| {
        crate::lower::from_text(sql).ok_or_else(|| crate::problem::unknown(&format!("the expression {sql}")))
    };
    let name = new.column.sql();
    let forward = match &new.using {
        Some(using) => using.clone(),
        None => read(&format!("{name}::{}", new.type_sql))?,
    };
    let back = match context.directives.reverse() {
        Some(written) => match &new.like {
            None => read(written)?,
            Some(like) => read(&rewrite::in_place(&read(written)?, like, &name))?,
        },
        None if new.under_utc => read(&format!("{name} AT TIME ZONE 'UTC'"))?,
        None if new.using.as_ref().is_some_and(|using| !is_cast(using, &new.column)) => {
            return Err(Problem::new(
                code::NO_REVERSE,
                format!("USING changes the values of {}, and nothing tells how to change them back", new.column.as_str()),
            )
            .label("no cast goes back")
            .help(format!(
                "say `-- concertina: reverse (expression over {})` above the statement: the old column is kept right by it",
                new.column.as_str()
            )));
        }
        // As it came: no cast leads from one enum to another.
        None if new.using.as_ref().is_some_and(|using| using.sql.contains("::text::")) => {
            read(&format!("{name}::text::{}", column.type_sql))?
        }
        None => read(&format!("{name}::{}", column.type_sql))?,
    };
    let reverse = format!(
        "-- concertina: reverse ({})\nALTER TABLE {} ALTER COLUMN {name} TYPE {} USING {}",
        forward.sql,
        new.table.sql(),
        column.type_sql,
        back.sql
    );
    let shadow = Shadow {
        table,
        old: column,
        name: new.column.clone(),
        type_sql: new.type_sql.clone(),
        forward,
        back,
        converts: true,
    };
    Ok(shadow::replace(&shadow, context)?
        .note(format!(
            "writers of values of {} that can't become {} get an error from expand on",
            new.column.as_str(),
            new.type_sql
        ))
        .reverse(reverse))
}

/// `column::type`, whatever the type.
fn is_cast(using: &Expr, column: &Ident) -> bool {
    let rest = using.sql.strip_prefix(&column.sql()).and_then(|rest| rest.strip_prefix("::"));
    rest.is_some() && using.columns.len() == 1 && using.functions.is_empty()
}

/// What a later statement says of a column whose type changes in the same revision holds of the new column: it waits until
/// that has taken its place.
pub(super) fn behind_the_swap(
    mut decision: Decision,
    change: &Change,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let Some(table) = change.table() else { return Ok(decision) };
    let mut later = context.retyped(table);
    later.extend(context.renamed_at_contract(table));
    if later.is_empty() || matches!(change, Change::AlterType(_)) {
        return Ok(decision);
    }
    let mentioned: Vec<Ident> = match change {
        Change::AddConstraint(_, constraint) => constraint.columns(),
        Change::CreateIndex(index) => index.mentions.clone(),
        Change::SetDefault(_, column, _) | Change::SetNotNull(_, column) | Change::DropNotNull(_, column) => {
            vec![column.clone()]
        }
        _ => vec![],
    };
    let needed = match change {
        Change::DropColumn(_, column) | Change::RenameColumn(_, column, _) => vec![column.clone()],
        Change::Update(update) => update.column_names(),
        Change::Delete(delete) => delete.predicate.iter().flat_map(Expr::column_names).collect(),
        Change::Insert(_) => later.clone(),
        Change::Setting(setting) => {
            later.iter().filter(|column| rewrite::words(&setting.sql, column, column).is_some()).cloned().collect()
        }
        _ => vec![],
    };
    if needed.iter().any(|column| later.contains(column)) {
        return Err(Problem::new(
            code::NOT_BATCHABLE,
            "a column that this is about changes its type or name in the same revision",
        )
        .label("by then it is still in the old form")
        .help("put it into a revision of its own"));
    }
    if mentioned.iter().any(|column| later.contains(column)) {
        for part in &mut decision.parts {
            part.phase = Phase::Contract;
            part.behind = true;
        }
        // They would be asked of the old column.
        decision.checks.clear();
    }
    Ok(decision)
}
