//! ALTER COLUMN TYPE
//!
//! **Danger**: most changes rewrite the table and all its indexes under ACCESS EXCLUSIVE.
//! **Instead**: where every stored value is right as it is, a metadata-only change; a CHECK that
//! names the column is added again NOT VALID in the same moment and proven online, as PostgreSQL
//! would scan the table for it. **Hazard**: prepared statements that give the column fail once,
//! with another result type.

use super::carried::{back, carries_all, carries_all_back, cuts, no_way_back};
use super::kept::{by_shadow, is_no_change, renamed_part};
use super::shadow::{self, Shadow};
use crate::action::{Action, Lock, Online};
use crate::catalog::{Column, Constraint, ConstraintKind, PartitionKey, Table, TypeObstacle};
use crate::change::{Change, NewType};
use crate::decision::{Decision, Part, Rank};
use crate::expr::Expr;
use crate::fold::Seen;
use crate::footprint::{Aspect, How, Thing};
use crate::plan::{Phase, Work};
use crate::problem::{self, Problem, code, hazard};
use crate::rules::Context;
use crate::rules::object::{drop, guard};
use crate::sql::types;
use concertina_revisions::{Ident, TableName};

pub(crate) fn alter(new: &NewType, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(table) = context.table(&new.table) else {
        return Ok(Decision::default());
    };
    let Some(column) = table.get(&new.column) else {
        return Ok(Decision::default());
    };
    let back = format!(
        "ALTER TABLE {} ALTER COLUMN {} TYPE {}",
        new.table.sql(),
        new.column.sql(),
        with_collation(&column.type_sql, column.collation.as_ref())
    );
    possible(new, table, column, context)?;
    if by_shadow(new, context.catalog) {
        owned_in_between(new, context)?;
    }
    Ok(kept_as_before(
        decided(new, table, column, back, context)?,
        new,
        column,
    ))
}

/// Another type forgets how large values are kept and compressed: the way back says it again.
fn kept_as_before(mut decision: Decision, new: &NewType, column: &Column) -> Decision {
    let storage = column
        .storage
        .as_ref()
        .filter(|_| column.storage_set)
        .map(|storage| format!("STORAGE {storage}"));
    let compression = column
        .compression
        .as_ref()
        .map(|method| format!("COMPRESSION {method}"));
    for words in storage.into_iter().chain(compression) {
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {} SET {words}",
            new.table.sql(),
            new.column.sql()
        );
        let in_place = decision
            .parts
            .first_mut()
            .filter(|part| part.phase == Phase::Expand && !part.undo.is_empty());
        let adds = |part: &&mut Part| matches!(&part.work, Work::Quick { actions } if matches!(actions[..], [Action::AsWritten { .. }]));
        if let Some(part) = in_place.filter(adds) {
            part.undo.push(Work::Quick {
                actions: vec![written(
                    new,
                    sql.clone(),
                    vec![(new.table.clone(), Lock::AccessExclusive)],
                )],
            });
        }
        decision = decision.and_reverse(sql);
    }
    decision
}

fn decided(
    new: &NewType,
    table: &Table,
    column: &Column,
    back: String,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    if is_no_change(new, column, context.catalog) {
        if let Some(part) = renamed_part(new, table, context.catalog) {
            return Err(problem::blocks(
                &format!(
                    "a type that {} has already, by which PostgreSQL makes index {part} of a partition anew under another name,",
                    new.column.as_str()
                ),
                "leave the statement out",
            ));
        }
        return Ok(Decision::because("")
            .note(format!("{} has that type already", new.column.as_str()))
            .reverse(""));
    }
    if context.directives.allows_blocking() && by_shadow(new, context.catalog) {
        return Ok(
            crate::rules::blocking(&Change::AlterType(new.clone()), &new.sql, context)
                .reverse(back),
        );
    }
    if context.catalog.is_empty(&new.table) {
        return Ok(without_rows(new, table, column, &back, context));
    }
    if by_shadow(new, context.catalog) {
        return shadowed(new, table, column, context);
    }
    if new.under_utc && types::is_time_with_zone(&column.type_sql, &new.type_sql) {
        return Ok(under_utc(new, &back));
    }
    Ok(as_stored(new, table, column, back, context))
}

/// Every value is right as it is stored.
fn as_stored(
    new: &NewType,
    table: &Table,
    column: &Column,
    back: String,
    context: &Context<'_>,
) -> Decision {
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
    locks.extend(
        partners(table, &new.column, context)
            .into_iter()
            .map(|other| (other, Lock::AccessExclusive)),
    );
    let fits_back = types::fits(&new.type_sql, &column.type_sql, context.catalog);
    let undo = fits_back.then(|| {
        Action::as_written(
            format!(
                "type of {}.{} to {}",
                new.table.shown(),
                new.column.as_str(),
                column.type_sql
            ),
            back.clone(),
            locks.clone(),
        )
    });
    let decision =
        Decision::because("every value that is stored is right as it is: a metadata-only change")
            .expand(written(new, together(new, &checks), locks), undo);
    let decision = if checks.is_empty() {
        decision
    } else {
        let constraints = checks
            .iter()
            .map(|one| Ident::new(one.name.as_str()))
            .collect();
        decision
            .then_because(
                "PostgreSQL forgot that the rows are proven; VALIDATE lets everyone go on",
            )
            .slow(
                Phase::Backfill,
                Rank::Prove,
                Online::Validate {
                    table: new.table.clone(),
                    constraints,
                    references: vec![],
                },
                [],
            )
    };
    let decision = decision.note(prepared(&new.column));
    if fits_back {
        decision.reverse(back)
    } else {
        decision.irreversible(format!(
            "back to {} every row would have to be looked at",
            column.type_sql
        ))
    }
}

fn without_rows(
    new: &NewType,
    table: &Table,
    column: &Column,
    back: &str,
    context: &Context<'_>,
) -> Decision {
    let decision = Decision::because("the table holds no row");
    let locks = if table.is_new {
        vec![]
    } else {
        vec![(new.table.clone(), Lock::AccessExclusive)]
    };
    // Through text, as there may be rows by then, and no other way leads from one enum to another.
    let through = format!(
        "{back} USING {}::text::{}",
        new.column.sql(),
        column.type_sql
    );
    let undo = Action::as_written(
        format!(
            "type of {}.{} to {}",
            new.table.shown(),
            new.column.as_str(),
            column.type_sql
        ),
        through.clone(),
        locks.clone(),
    );
    let decision = decision.expand(written(new, new.sql.clone(), locks), [undo]);
    if table.is_new {
        return decision.reverse("");
    }
    let assigned = types::assigns(&new.type_sql, &column.type_sql, context.catalog);
    decision.reverse(if new.converts || !assigned {
        through
    } else {
        back.to_owned()
    })
}

pub(crate) fn with_collation(type_sql: &str, collation: Option<&String>) -> String {
    let collation = collation.map_or_else(String::new, |name| format!(" COLLATE {name}"));
    format!("{type_sql}{collation}")
}

/// What PostgreSQL refuses, in its words, and what can't be carried over, by name.
fn possible(
    new: &NewType,
    table: &Table,
    column: &Column,
    context: &Context<'_>,
) -> Result<(), Problem> {
    let refused = |message: String, label: &str, help: &str| {
        Err(Problem::new(code::DEPENDED_ON, message)
            .label(label)
            .help(help))
    };
    let same = "PostgreSQL refuses it too";
    if column.inherited > 0 {
        let message = format!("cannot alter inherited column \"{}\"", new.column.as_str());
        return refused(message, same, "change it on the table that it comes from");
    }
    if column.identity.is_some() && !types::is_integer(&new.type_sql) {
        return refused(
            "identity column type must be smallint, integer, or bigint".to_owned(),
            same,
            "DROP IDENTITY first",
        );
    }
    if let Some(default) = &column.default
        && !types::assigns(&column.type_sql, &new.type_sql, context.catalog)
    {
        let (name, kind) = (new.column.as_str(), &new.type_sql);
        let message =
            format!("default for column \"{name}\" cannot be cast automatically to type {kind}");
        return refused(
            message,
            same,
            &format!("DROP DEFAULT first, and SET DEFAULT again behind it: it is {default}"),
        );
    }
    let below = context.catalog.below(&new.table);
    let members =
        || std::iter::once(table).chain(below.iter().filter_map(|name| context.table(name)));
    let is_key = |key: &PartitionKey| key.columns.iter().any(|name| name == new.column.as_str());
    if let Some(keyed) = members().find(|one| one.partition_key.as_ref().is_some_and(is_key)) {
        let message = format!(
            "cannot alter column \"{}\" because it is part of the partition key of relation \"{}\"",
            new.column.as_str(),
            keyed.name
        );
        return refused(
            message,
            same,
            "make another partitioned table, and move its rows",
        );
    }
    // What earlier statements drop is in nobody's way, and they are there in the same moment where
    // there are no rows.
    if context.catalog.is_empty(&new.table) && (table.is_new || context.removes_before()) {
        return Ok(());
    }
    let rewrites = by_shadow(new, context.catalog) || context.catalog.is_empty(&new.table);
    let concerns = |obstacle: &&TypeObstacle| {
        obstacle
            .column
            .as_ref()
            .is_none_or(|name| name == new.column.as_str())
            && (rewrites || !obstacle.of_rewrites)
    };
    if let Some(found) = members().flat_map(|one| &one.type_obstacles).find(concerns) {
        return refused(
            found.message.clone(),
            &found.detail,
            "drop or change it first, in the same revision or an earlier one",
        );
    }
    // What the revision itself made stands in the way as well.
    members().try_for_each(|one| drop::in_the_way(one, Some(&new.column)))
}

/// A sequence that the revision makes the column's own would go with the old column, where the
/// second can't take it over: before the change, or with a sequence that is new.
fn owned_in_between(new: &NewType, context: &Context<'_>) -> Result<(), Problem> {
    let owns = |seen: &&Seen| {
        let identity = Thing::Aspect(
            new.table.clone(),
            Some(new.column.clone()),
            Aspect::Identity,
        );
        matches!(seen.change, Change::CatalogOnly(_))
            && seen.touches.writes().any(|access| access.thing == identity)
    };
    let makes = |seen: &&Seen| {
        let mut writes = seen.touches.writes();
        writes.any(|access| access.how == How::Make)
    };
    let before = context.before().iter().find(owns);
    let Some(found) = before.or_else(|| context.after().find(|seen| owns(seen) && makes(seen)))
    else {
        return Ok(());
    };
    let message = format!(
        "statement {} makes a sequence {}'s own, which would go with the old column",
        found.statement + 1,
        new.column.as_str()
    );
    Err(Problem::new(code::DEPENDED_ON, message)
        .label("another column takes its place")
        .help("say OWNED BY in a revision of its own, after this one"))
}

fn prepared(column: &Ident) -> String {
    format!(
        "prepared statements that give {} fail once, as their result type changes",
        column.as_str()
    )
}

/// A time of UTC is stored as the same number with and without its zone. PostgreSQL knows that only
/// while the session's zone is UTC, and not from the USING that says so.
fn under_utc(new: &NewType, back: &str) -> Decision {
    let sql = format!(
        "SET LOCAL TimeZone = 'UTC'; ALTER TABLE {} ALTER COLUMN {} TYPE {}",
        new.table.sql(),
        new.column.sql(),
        new.type_sql
    );
    let back = format!("{back} USING {} AT TIME ZONE 'UTC'", new.column.sql());
    Decision::because("a time of UTC is stored as the same number with and without its zone: a metadata-only change")
        .expand(written(new, sql, vec![(new.table.clone(), Lock::AccessExclusive)]), [])
        .alone()
        .note(prepared(&new.column))
        .reverse(back)
}

fn written(new: &NewType, sql: String, locks: Vec<(TableName, Lock)>) -> Action {
    Action::as_written(
        format!(
            "type of {}.{} to {}",
            new.table.shown(),
            new.column.as_str(),
            new.type_sql
        ),
        sql,
        locks,
    )
}

/// The change and its CHECKs in one statement, which PostgreSQL works off in the right order.
fn together(new: &NewType, checks: &[&Constraint]) -> String {
    let drops = checks
        .iter()
        .map(|one| format!("DROP CONSTRAINT {}", Ident::new(one.name.as_str()).sql()));
    let kind = with_collation(&new.type_sql, new.collation.as_ref());
    let change = std::iter::once(format!("ALTER COLUMN {} TYPE {kind}", new.column.sql()));
    let adds = checks.iter().map(|one| {
        format!(
            "ADD CONSTRAINT {} {} NOT VALID",
            Ident::new(one.name.as_str()).sql(),
            one.definition
        )
    });
    let actions: Vec<String> = drops.chain(change).chain(adds).collect();
    let alter = format!("ALTER TABLE {} {}", new.table.sql(), actions.join(", "));
    let comments = checks.iter().filter_map(|one| commented(&new.table, one));
    std::iter::once(alter)
        .chain(comments)
        .collect::<Vec<_>>()
        .join("; ")
}

/// What a constraint's comment is set by.
pub(crate) fn commented(table: &TableName, constraint: &Constraint) -> Option<String> {
    let comment = Ident::new(constraint.comment.as_deref()?).literal();
    let name = Ident::new(constraint.name.as_str()).sql();
    Some(format!(
        "COMMENT ON CONSTRAINT {name} ON {} IS {comment}",
        table.sql()
    ))
}

/// The other tables of foreign keys that the column is in.
fn partners(table: &Table, column: &Ident, context: &Context<'_>) -> Vec<TableName> {
    let has = |columns: &[String]| columns.iter().any(|name| name == column.as_str());
    let out = table
        .constraints
        .iter()
        .filter(|one| has(&one.columns))
        .filter_map(|one| one.references.clone());
    let mut others: Vec<TableName> = out
        .map(|(schema, name)| TableName::new(schema.as_str(), name.as_str()))
        .collect();
    others.extend(
        context
            .catalog
            .referencing(&table.full_name())
            .map(|(other, _)| other.full_name()),
    );
    others.retain(|other| *other != table.full_name());
    others.sort();
    others.dedup();
    others
}

fn shadowed(
    new: &NewType,
    table: &Table,
    column: &Column,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    guard::unnoticed(&new.table, "another type", context)?;
    let read = |sql: &str| {
        crate::sql::from_text(sql).ok_or_else(|| problem::unknown(&format!("the expression {sql}")))
    };
    let name = new.column.sql();
    let forward = match &new.using {
        Some(using) => using.clone(),
        None if types::may_cut(&new.type_sql, context.catalog) => return Err(cuts(new)),
        // What a type that the revision makes demands isn't known: it is assigned, which asks for
        // all of it.
        None if context
            .catalog
            .new_types
            .contains(&types::bare(&new.type_sql)) =>
        {
            read(&name)?
        }
        None => read(&types::assigned(&name, &new.type_sql, context.catalog))?,
    };
    others_as_they_were(new, context)?;
    let back = back(new, column, context)?;
    let reverse = back.as_ref().map(|back| {
        format!(
            "-- concertina: reverse ({})\nALTER TABLE {} ALTER COLUMN {name} TYPE {} USING {}",
            forward.sql,
            new.table.sql(),
            with_collation(&column.type_sql, column.collation.as_ref()),
            back.sql
        )
    });
    let may_leave = !carries_all(new, column, context);
    let guarded = may_leave || !carries_all_back(new, back.as_ref(), column, context);
    let (refuses_null, carried_back) = (column.not_null, back.is_some());
    let shadow = Shadow {
        table,
        old: column,
        name: new.column.clone(),
        type_sql: new.type_sql.clone(),
        collation: new.collation.clone(),
        keeps_classes: types::keeps_indexes(&column.type_sql, &new.type_sql, context.catalog),
        forward,
        back,
        guarded,
        may_leave,
    };
    let mut decision = shadow::replace(&shadow, context)?;
    if may_leave {
        let (name, kind) = (new.column.as_str(), &new.type_sql);
        decision = decision.warning(
            hazard::DEMAND,
            format!("while rows hold values of {name} that can't become {kind}, contract doesn't begin; newer code reads NULL there"),
        );
    }
    if carried_back && guarded && (context.version.is_some() || context.catalog.has_versions()) {
        let (name, kind) = (new.column.as_str(), &column.type_sql);
        let seen = if refuses_null {
            "the former value, and may not insert such a row"
        } else {
            "NULL"
        };
        decision = decision.warning(
            hazard::DEMAND,
            format!("of values of {name} that newer code writes and {kind} can't hold, older code reads {seen}; a rollback loses them"),
        );
    }
    Ok(match reverse {
        Some(reverse) => decision.reverse(reverse),
        None => decision.irreversible(no_way_back(&new.column)),
    })
}

/// Refuses USING over another column that an earlier statement makes a different one: until
/// contract there is the old one.
fn others_as_they_were(new: &NewType, context: &Context<'_>) -> Result<(), Problem> {
    let read: Vec<Ident> = new
        .using
        .iter()
        .flat_map(Expr::column_names)
        .filter(|name| *name != new.column)
        .collect();
    let is_changed = |name: &Ident| {
        let retyped = |change: &Change| matches!(change, Change::AlterType(other) if other.table == new.table && other.column == *name);
        let renamed = |change: &Change| matches!(change, Change::RenameColumn(table, _, to) if *table == new.table && to == name);
        context
            .before()
            .iter()
            .any(|seen| retyped(&seen.change) || renamed(&seen.change))
    };
    let Some(changed) = read.iter().find(|name| is_changed(name)) else {
        return Ok(());
    };
    Err(Problem::new(
        code::DEPENDED_ON,
        format!(
            "USING reads {}.{}, which this revision changes before",
            new.table.shown(),
            changed.as_str()
        ),
    )
    .label("until contract the former column is there")
    .help("put it into a revision of its own, behind this one"))
}
