//! DROP CONSTRAINT, DROP COLUMN, DROP TABLE
//!
//! **Danger**: instant for the database, fatal for code that still uses what is dropped.
//! **Instead**: in contract; before that, a column that refuses NULL is loosened so that new code
//! may leave it out. **Hazard**: code that still names it.

use super::{again, partition};
use crate::action::{Action, Lock, Online};
use crate::catalog::{
    Constraint, ConstraintKind, PartitionOf, Standing, Table, TableKind, Trigger,
};
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{Problem, code, hazard};
use crate::rules::Context;
use crate::rules::column::not_null;
use crate::sql::rewrite;
use concertina_revisions::{Ident, TableName};

pub(crate) fn constraint(
    table: &TableName,
    name: &Ident,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let Some(known) = context
        .table(table)
        .and_then(|table| table.constraint(name))
    else {
        return Ok(Decision::default());
    };
    let drop = dropped(table, known);
    let back = context.table(table).map(|table| {
        let parts = again::of_parts(table, known, context.catalog);
        again::constraint(table, known)
            .into_iter()
            .chain(parts)
            .collect()
    });
    let back: Vec<String> = back.unwrap_or_default();
    let unique = matches!(
        known.kind,
        ConstraintKind::Unique | ConstraintKind::PrimaryKey
    );
    if unique {
        no_key_needs(table, known, context)?;
    }
    if context.catalog.is_empty(table) {
        let locks: Vec<(TableName, Lock)> = std::iter::once(table.clone())
            .chain(known.referenced())
            .map(|table| (table, Lock::AccessExclusive))
            .collect();
        let undo = back.iter().map(|sql| {
            Action::as_written(
                format!(
                    "add constraint {} to {} again as it was",
                    name.as_str(),
                    table.shown()
                ),
                sql.clone(),
                locks.clone(),
            )
        });
        let undo: Vec<Action> = undo.collect();
        return Ok(Decision::because("the table holds no row")
            .expand(drop, undo)
            .reverse_by(back));
    }
    let decision = Decision::because(
        "enforcing less is a metadata-only change, for once no code relies on it",
    )
    .contract(drop)
    .reverse_by(back);
    Ok(if unique {
        let columns = known.columns.join(", ");
        decision.hazard(
            hazard::CONFLICT,
            format!(
                "INSERT .. ON CONFLICT ({columns}) into {} fails once {} is gone",
                table.shown(),
                name.as_str()
            ),
        )
    } else {
        decision
    })
}

/// Refuses to drop what a foreign key of another table refers to.
fn no_key_needs(
    table: &TableName,
    constraint: &Constraint,
    context: &Context<'_>,
) -> Result<(), Problem> {
    let mut keys = context.catalog.referencing(table);
    let Some((other, key)) = keys.find(|(_, key)| references_columns(key, constraint)) else {
        return Ok(());
    };
    Err(Problem::new(
        code::DEPENDED_ON,
        format!(
            "foreign key {} of {} needs constraint {}",
            key.name,
            other.full_name().shown(),
            constraint.name
        ),
    )
    .label("others depend on it")
    .help(format!(
        "drop that foreign key first: ALTER TABLE {} DROP CONSTRAINT {}",
        other.full_name().sql(),
        Ident::new(key.name.as_str()).sql()
    )))
}

/// A constraint of the catalog, dropped.
pub(crate) fn dropped(table: &TableName, constraint: &Constraint) -> Action {
    Action::DropConstraint {
        table: table.clone(),
        name: Ident::new(constraint.name.as_str()),
        references: constraint.referenced(),
    }
}

/// Whether a foreign key relies on a unique constraint: its own text names the referenced columns,
/// or none for the primary key.
fn references_columns(key: &Constraint, unique: &Constraint) -> bool {
    if let Some(index) = &key.relies_on {
        return *index == unique.name;
    }
    let columns = rewrite::referenced_columns(key);
    if columns.is_empty() {
        return unique.kind == ConstraintKind::PrimaryKey;
    }
    columns.len() == unique.columns.len()
        && unique
            .columns
            .iter()
            .all(|column| columns.iter().any(|named| named.as_str() == column))
}

/// What would be in the way of a DROP, of a column or of the whole table.
pub(crate) fn in_the_way(table: &Table, column: Option<&Ident>) -> Result<(), Problem> {
    let stands = |trigger: &Trigger| {
        let by = Standing::Trigger(trigger.name.clone());
        table
            .dependants
            .iter()
            .any(|one| one.by.as_ref() == Some(&by))
    };
    let of_column = |trigger: &&Trigger| {
        column.is_some_and(|column| {
            trigger.columns.iter().any(|name| name == column.as_str()) && !trigger.of_parent
        }) && !stands(trigger)
    };
    let triggers = table
        .triggers
        .iter()
        .filter(of_column)
        .map(|trigger| format!("trigger {}", trigger.name));
    let mut found: Vec<String> = table
        .dependants
        .iter()
        .filter(|one| one.concerns(column.map(Ident::as_str)))
        .map(|dependant| dependant.what.clone())
        .chain(triggers)
        .collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        return Ok(());
    }
    let name = table.full_name().shown();
    let what = column.map_or_else(
        || format!("table {name}"),
        |column| format!("column {name}.{}", column.as_str()),
    );
    Err(Problem::new(
        code::DEPENDED_ON,
        format!("{what} is used by {}", found.join(", ")),
    )
    .label("others depend on it")
    .help("drop or change them first, in the same revision or an earlier one"))
}

pub(crate) fn column(
    table: &TableName,
    column: &Ident,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let Some(known) = context.table(table) else {
        return Ok(Decision::default());
    };
    let drop = Action::DropColumn {
        table: table.clone(),
        column: column.clone(),
    };
    let lost = format!("the values of {} are gone", table.shown_column(column));
    in_the_way(known, Some(column))?;
    for below in context
        .catalog
        .below(table)
        .iter()
        .filter_map(|below| context.table(below))
    {
        in_the_way(below, Some(column))?;
    }
    if context.catalog.is_empty(table) {
        let decision = Decision::because("the table holds no row");
        // Nothing brings a column back as it was: it goes last.
        let at_once = known.is_new || known.get(column).is_some_and(|one| one.is_new);
        let decision = if at_once {
            decision.expand(drop, [])
        } else {
            decision.quick(Phase::Contract, Rank::Remove, drop, [])
        };
        return Ok(decision.irreversible(lost));
    }
    let mut decision = Decision::because("instant, but running code may still use the column");
    if must_be_given(known, column) {
        // So that new code may leave it out.
        decision = decision.and(not_null::loosen(table, column, context));
    }
    Ok(parts_of_column(decision, known, column)
        .quick(Phase::Contract, Rank::Remove, drop, [])
        .hazard(
            hazard::COLUMN,
            format!(
                "code that still reads or writes {} fails once it is dropped",
                table.shown_column(column)
            ),
        )
        .irreversible(lost))
}

/// Whether an INSERT has to give the column a value, and nothing but NOT NULL asks for it.
fn must_be_given(table: &Table, column: &Ident) -> bool {
    let Some(there) = table.get(column) else {
        return false;
    };
    let is_key = table.indexes.iter().any(|index| {
        index.constraint.is_some()
            && index.keys.contains(&there.name)
            && table.key().is_some_and(|key| key.contains(column))
    });
    there.not_null && there.default.is_none() && !there.generated && !is_key
}

/// Drops what would go with the column, and takes longer or locks more than it.
fn parts_of_column(mut decision: Decision, table: &Table, column: &Ident) -> Decision {
    let name = table.full_name();
    let has = |columns: &[String]| columns.iter().any(|name| name == column.as_str());
    let keys = table
        .constraints
        .iter()
        .filter(|one| one.references.is_some() && has(&one.columns));
    for key in keys {
        // Two tables are locked for it; the column's own lock is one.
        decision = decision.quick(Phase::Contract, Rank::Swap, dropped(&name, key), []);
    }
    let indexes = table.indexes.iter().filter(|index| {
        table.kind == TableKind::Plain && index.constraint.is_none() && has(&index.mentions)
    });
    for index in indexes {
        let drop = Online::DropIndex {
            table: name.clone(),
            index: TableName::new(index.schema.as_str(), index.name.as_str()),
            definition: index.definition.clone(),
        };
        decision = decision.slow(Phase::Contract, Rank::Remove, drop, []);
    }
    decision
}

pub(crate) fn table(table: &TableName, context: &Context<'_>) -> Result<Decision, Problem> {
    let dependants: Vec<String> = context
        .catalog
        .referencing(table)
        .map(|(other, key)| format!("{} of {}", key.name, other.full_name().shown()))
        .collect();
    if !dependants.is_empty() {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!(
                "foreign keys point at table {}: {}",
                table.shown(),
                dependants.join(", ")
            ),
        )
        .label("others depend on it")
        .help("drop those foreign keys or tables first, in the same revision or an earlier one"));
    }
    let Some(known) = context.table(table) else {
        return Ok(Decision::default());
    };
    let drop = Action::DropTable {
        table: table.clone(),
    };
    let lost = format!("the rows of {} are gone", table.shown());
    if known.is_new {
        return Ok(Decision::because("made by this revision")
            .expand(drop, [])
            .reverse(""));
    }
    in_the_way(known, None)?;
    let mut decision = Decision::because("instant, but running code may still use the table");
    if let Some(of) = &known.partition_of {
        let detach = crate::lower::detachment(&of.parent(), table.clone(), context.catalog);
        decision = decision.and(partition::take_off(&detach, context));
    }
    // What comes from the table above goes with the table alone.
    let above = known.partition_of.as_ref().map(PartitionOf::parent);
    let above = above.and_then(|parent| context.table(&parent));
    let is_own = |key: &&Constraint| {
        let name = Ident::new(key.name.as_str());
        above.is_none_or(|parent| parent.constraint(&name).is_none())
    };
    for key in known
        .constraints
        .iter()
        .filter(|one| one.references.is_some())
        .filter(is_own)
    {
        // Two tables are locked for it; the drop locks its own alone.
        decision = decision.quick(Phase::Contract, Rank::Swap, dropped(table, key), []);
    }
    Ok(decision
        .quick(Phase::Contract, Rank::Remove, drop, [])
        .hazard(
            hazard::TABLE,
            format!(
                "code that still uses table {} fails once it is dropped",
                table.shown()
            ),
        )
        .irreversible(lost))
}
