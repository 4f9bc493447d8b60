//! Rows that are copied to another table, and whose source goes in the same revision
//!
//! **Danger**: what the application writes to the source behind the copy goes with it. **Instead**:
//! a trigger on the source takes over what is written there until contract drops it; a DELETE takes
//! those rows alone that are in the copy as they are. **Hazard**: where no key tells which row is
//! whose copy, the rows that are written meanwhile are lost, and the plan says so.

use super::reach::gathers;
use crate::action::{Action, Backfill, Follow, Operation, Sync};
use crate::catalog::{Catalog, Table, TableKind};
use crate::change::{Change, Delete, Insert, PlainCopy, RowCopy};
use crate::decision::{Decision, Rank};
use crate::expr::Expr;
use crate::plan::Phase;
use crate::problem::hazard;
use crate::rules::{Context, helper};
use concertina_revisions::{Ident, TableName};

/// What a later statement takes away of a table that rows are copied from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Goes {
    /// The table.
    Table,
    /// Columns that are copied.
    Columns,
    /// Rows.
    Rows,
}

const FOLLOWED: &str = "rows are copied in batches; what is written to the source meanwhile is taken over as it is written, until the source goes";

/// Copies rows and takes over what is written meanwhile, where a later statement takes the source
/// away and a key tells which row is whose copy.
pub(crate) fn followed(insert: &Insert, context: &Context<'_>) -> Option<Decision> {
    let copy = insert.plain.as_deref()?;
    let goes = goes(insert, &copy.source, context)?;
    if goes == Goes::Rows || !is_undisturbed(insert, copy, context) {
        return None;
    }
    let key = key(copy, &insert.table, context.catalog)?;
    let backfill = Backfill {
        table: copy.source.clone(),
        alias: copy.alias.clone(),
        operation: Operation::Copy {
            target: insert.table.clone(),
            columns: copy.columns.clone(),
            values: copy.values.iter().map(|value| value.sql.clone()).collect(),
            key: key.iter().map(|(column, _)| column.clone()).collect(),
        },
        from: Some(format!(
            "{} AS {}",
            Ident::new(RowCopy::WALKED).sql(),
            copy.alias.sql()
        )),
        predicate: copy
            .predicate
            .as_ref()
            .map_or_else(|| "true".to_owned(), |predicate| predicate.sql.clone()),
        hot: false,
        lookups: false,
        synced: false,
        workers: context.directives.workers(),
        key: context.directives.key().map(<[Ident]>::to_vec),
        silent: false,
    };
    let sync = sync(insert, copy, key, context);
    let decision = Decision::because(FOLLOWED)
        .expand(
            Action::InstallSync(sync.clone()),
            [Action::RemoveSync(sync.clone())],
        )
        .fill(backfill)
        .quick(
            Phase::Contract,
            Rank::Demand,
            Action::RefuseUnfilled(sync.clone()),
            [],
        )
        // In the transaction in which the source goes: what is written in between would be lost.
        .quick(Phase::Contract, Rank::Remove, Action::RemoveSync(sync), []);
    Some(if goes == Goes::Columns {
        let (source, target) = (copy.source.shown(), insert.table.shown());
        decision.warning(
            hazard::COPIED,
            format!("a row that is added to {source} before contract has its row in {target} at once: newer code finds it there"),
        )
    } else {
        decision
    })
}

/// Says that what is written to the source meanwhile is lost with it.
pub(crate) fn told(decision: Decision, insert: &Insert, context: &Context<'_>) -> Decision {
    let lost = insert
        .reads
        .iter()
        .find_map(|source| Some((source, goes(insert, source, context)?)));
    let Some((source, goes)) = lost else {
        return decision;
    };
    let kept = goes == Goes::Rows
        && insert.plain.as_deref().is_some_and(|copy| {
            copy.source == *source
                && only_copied(copy, &insert.table, context.catalog, &copy.alias).is_some()
        });
    if kept {
        return decision;
    }
    let (from, to) = (source.shown(), insert.table.shown());
    let (what, instead) = match goes {
        Goes::Table => (
            "the table",
            "drop it in a later revision, once every version of the application writes the new table",
        ),
        Goes::Columns => (
            "the columns",
            "drop them in a later revision, once every version of the application writes the new table",
        ),
        Goes::Rows => (
            "rows that the DELETE takes",
            "give the new table a unique key that is copied from the source's own",
        ),
    };
    decision.warning(
        hazard::COPIED,
        format!("what is written to {from} after its rows were copied isn't in {to}, and goes with {what}: {instead}"),
    )
}

/// What later statements take away of a table that an INSERT copies.
fn goes(insert: &Insert, source: &TableName, context: &Context<'_>) -> Option<Goes> {
    let is_read = |column: &Ident| match insert
        .plain
        .as_deref()
        .filter(|copy| copy.source == *source)
    {
        Some(copy) => read_columns(copy).contains(column),
        None => true,
    };
    taken(source, is_read, context)
}

/// Whether later statements take anything away of a table of which others hold rows.
pub(crate) fn is_taken_from(source: &TableName, context: &Context<'_>) -> bool {
    taken(source, |_| true, context).is_some()
}

/// What later statements take away of a table of which others hold rows, and whose columns are
/// read.
fn taken(
    source: &TableName,
    is_read: impl Fn(&Ident) -> bool,
    context: &Context<'_>,
) -> Option<Goes> {
    let table = context.table(source)?;
    if table.is_new || context.catalog.is_empty(source) {
        return None;
    }
    let mut name = source.clone();
    for seen in context.after() {
        if let Change::RenameTable(from, to) = &seen.change
            && *from == name
        {
            name = to.clone();
        }
        if matches!(&seen.change, Change::DropTable(dropped) if *dropped == name) {
            return Some(Goes::Table);
        }
        if matches!(&seen.change, Change::DropColumn(of, column) if *of == name && is_read(column))
        {
            return Some(Goes::Columns);
        }
        let empties = matches!(&seen.change, Change::Truncate(new) if new.tables.contains(&name));
        if empties || matches!(&seen.change, Change::Delete(delete) if delete.table == name) {
            return Some(Goes::Rows);
        }
    }
    None
}

/// The columns of the source that a copy reads.
fn read_columns(copy: &PlainCopy) -> Vec<Ident> {
    copy.values
        .iter()
        .chain(&copy.predicate)
        .flat_map(Expr::column_names)
        .collect()
}

/// Whether no other statement of the revision writes or renames either table until the source goes,
/// and the target holds no rows of others.
fn is_undisturbed(insert: &Insert, copy: &PlainCopy, context: &Context<'_>) -> bool {
    let (source, target) = (&copy.source, &insert.table);
    let plain = |name: &TableName| {
        context.table(name).is_some_and(|table| {
            table.kind == TableKind::Plain && table.children.is_empty() && table.rules.is_empty()
        })
    };
    let is_same = |name: &TableName| name == source || name == target;
    let before =
        |change: &Change| matches!(change, Change::Insert(other) if other.table == *target);
    let after = |change: &Change| {
        let writes = matches!(
            change,
            Change::Insert(_)
                | Change::Update(_)
                | Change::Delete(_)
                | Change::RenameTable(..)
                | Change::RenameColumn(..)
                | Change::AlterType(_)
        );
        matches!(change, Change::Allowed(..)) || writes && change.table().is_some_and(is_same)
    };
    let goes = |change: &Change| {
        matches!(change, Change::DropTable(table) if table == source)
            || matches!(change, Change::DropColumn(table, column) if table == source && read_columns(copy).contains(column))
    };
    let holds_nothing =
        context.table(target).is_some_and(|table| table.is_new) || context.catalog.is_empty(target);
    plain(source)
        && plain(target)
        && holds_nothing
        && !context.before().iter().any(|seen| before(&seen.change))
        && !context
            .after()
            .take_while(|seen| !goes(&seen.change))
            .any(|seen| after(&seen.change))
}

/// The columns of the target that tell whose copy a row is, each with the source's column: a unique
/// key of both.
fn key(copy: &PlainCopy, target: &TableName, catalog: &Catalog) -> Option<Vec<(Ident, Ident)>> {
    let (source, target) = (catalog.table(&copy.source)?, catalog.table(target)?);
    let alone = |expr: &Expr| {
        !expr.is_volatile(catalog)
            && !expr.reach.clock
            && !expr.reach.subquery
            && !gathers(expr, catalog)
            && !expr.may_read(catalog)
            && !expr
                .columns
                .iter()
                .any(|mention| mention.name.as_str() == "*" || source.get(&mention.name).is_none())
    };
    if !copy.values.iter().chain(&copy.predicate).all(alone) {
        return None;
    }
    let copied_as = |column: &Ident| {
        let is_it = |value: &Expr| matches!(value.columns.as_slice(), [one] if one.name == *column && one.range == (0..value.sql.len()));
        let at = copy.values.iter().position(is_it)?;
        Some((copy.columns[at].clone(), column.clone()))
    };
    let pairs: Vec<(Ident, Ident)> = source.key()?.iter().map(copied_as).collect::<Option<_>>()?;
    is_unique(target, &pairs).then_some(pairs)
}

fn is_unique(target: &Table, pairs: &[(Ident, Ident)]) -> bool {
    target.indexes.iter().any(|index| {
        index.unique
            && index.valid
            && !index.partial
            && index.keys.len() == pairs.len()
            && index
                .keys
                .iter()
                .all(|key| pairs.iter().any(|(column, _)| column.as_str() == key))
    })
}

/// The condition of those rows that were not to be copied, or that are in the copy as they are.
fn only_copied(
    copy: &PlainCopy,
    target: &TableName,
    catalog: &Catalog,
    alias: &Ident,
) -> Option<String> {
    let pairs = key(copy, target, catalog)?;
    let known = catalog.table(target)?;
    let there = "concertina_copy";
    let of_row = |expr: &Expr| {
        expr.rewrite(|mention| Some(format!("{}.{}", alias.sql(), mention.name.sql())))
    };
    let mut same: Vec<String> = pairs
        .iter()
        .map(|(column, from)| format!("{there}.{} = {}.{}", column.sql(), alias.sql(), from.sql()))
        .collect();
    // A row that was there before, or that a trigger changes, has other values.
    if !copy.ignores_conflicts && known.triggers.is_empty() {
        let own: Vec<String> = copy
            .columns
            .iter()
            .map(|column| format!("{there}.{}", column.sql()))
            .collect();
        let mut values = Vec::new();
        for (column, value) in copy.columns.iter().zip(&copy.values) {
            values.push(crate::sql::types::assigned(
                &format!("({})", of_row(value)),
                &known.get(column)?.type_sql,
                catalog,
            ));
        }
        same.push(format!(
            "NOT record_image_ne(ROW({}), ROW({}))",
            own.join(", "),
            values.join(", ")
        ));
    }
    let exists = format!(
        "EXISTS (SELECT FROM {} AS {there} WHERE {})",
        target.sql(),
        same.join(" AND ")
    );
    Some(match &copy.predicate {
        None => exists,
        Some(predicate) => format!("({}) IS NOT TRUE OR {exists}", of_row(predicate)),
    })
}

/// The DELETE of those rows alone that earlier statements have copied as they are; none where
/// nothing was copied.
pub(crate) fn spares_what_came_later(delete: &Delete, context: &Context<'_>) -> Option<Delete> {
    let copies = context.before().iter().filter_map(|seen| {
        let Change::Insert(insert) = &seen.change else {
            return None;
        };
        insert
            .plain
            .as_deref()
            .map(|copy| (insert, copy, &seen.before))
    });
    let mut conditions = Vec::new();
    for (insert, copy, before) in copies {
        let is_there = context.table(&insert.table).is_some();
        if copy.source == delete.table && is_there && !before.is_empty(&copy.source) {
            conditions.extend(only_copied(
                copy,
                &insert.table,
                context.catalog,
                &delete.alias,
            ));
        }
    }
    if conditions.is_empty() {
        return None;
    }
    let all: Vec<String> = conditions.iter().map(|one| format!("({one})")).collect();
    crate::lower::delete_where(delete, &all.join(" AND "), context.catalog)
}

/// The trigger that takes over what is written to the source.
fn sync(
    insert: &Insert,
    copy: &PlainCopy,
    key: Vec<(Ident, Ident)>,
    context: &Context<'_>,
) -> Sync {
    let over = |expr: &Expr, row: &str| {
        expr.rewrite(|mention| Some(format!("{row}.{}", mention.name.sql())))
    };
    let values = |row: &str| {
        copy.values
            .iter()
            .map(|value| over(value, row))
            .collect::<Vec<_>>()
    };
    let (source, target) = (&copy.source, &insert.table);
    let name = helper(
        "copy",
        &[
            source.schema.as_str(),
            source.name.as_str(),
            target.schema.as_str(),
            target.name.as_str(),
        ],
    );
    let mut read: Vec<Ident> = Vec::new();
    for column in read_columns(copy) {
        if !read.contains(&column) {
            read.push(column);
        }
    }
    let changed = read.iter().filter_map(|column| {
        let known = context.table(source)?.get(column)?;
        let (new, old) = (
            format!("new.{}", column.sql()),
            format!("old.{}", column.sql()),
        );
        Some(crate::sql::types::differ(
            &known.type_sql,
            known.collation.as_deref(),
            &new,
            &old,
        ))
    });
    Sync {
        table: source.clone(),
        name: Ident::new(format!("zzz_{}", name.as_str())),
        assignments: vec![],
        from: None,
        predicate: None,
        when: changed.collect::<Vec<_>>().join(" OR "),
        again: None,
        search_path: Some(context.catalog.search_path.clone()),
        definer: true,
        guarded: true,
        twin: None,
        alias: None,
        follow: Some(Follow {
            target: target.clone(),
            columns: copy.columns.clone(),
            values: values("new"),
            key,
            takes_new: copy
                .predicate
                .as_ref()
                .map(|predicate| over(predicate, "new")),
            took_old: copy
                .predicate
                .as_ref()
                .map(|predicate| over(predicate, "old")),
        }),
    }
}
