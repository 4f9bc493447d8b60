//! What can be planned behind a statement that nobody can see into: what doesn't count on the
//! catalog as it was before.
//!
//! The plan is made before anything runs. So behind a DO block, a CALL, or whatever may do
//! anything, a statement is planned only when it ends the same whatever that did, or fails. What
//! would be left out, or made of what the catalog lists, is refused.

use crate::catalog::TableKind;
use crate::change::{Change, NewConstraintKind};
use crate::decision::Decision;
use crate::fold::Seen;
use crate::footprint::{Access, How, Thing};
use crate::lower;
use crate::problem::{Problem, code};
use crate::rules::Context;
use crate::rules::verbatim;
use concertina_revisions::{Statement, TableName};

/// The statement before this one that may have done anything, counted from 1.
pub(crate) fn before(seen: &[Seen], position: usize) -> Option<usize> {
    let own = seen[position].statement;
    let mut before = seen[..position]
        .iter()
        .rev()
        .filter(|one| one.statement != own);
    before
        .find(|one| one.touches.is_opaque())
        .map(|one| one.statement + 1)
}

/// Refuses what is decided from a catalog that may be another by then, or leaves it to PostgreSQL,
/// and notes of which tables.
pub(crate) fn guard(
    decision: Decision,
    statement: &Statement,
    behind: usize,
    context: &Context<'_>,
    left_open: &mut Vec<TableName>,
) -> Result<Decision, Problem> {
    let one = context.seen();
    let conditional =
        lower::is_conditional(statement.tree.as_ref()) && !runs_as_written(&one.change);
    let mut touched = one
        .touches
        .accesses
        .iter()
        .filter_map(|access| access.thing.table());
    let is_open = !matches!(one.change, Change::CreateTable(_))
        && touched.any(|table| left_open.contains(table));
    if !conditional && !decision.parts.is_empty() && !is_enumerated(one) && !is_open {
        return Ok(decision);
    }
    if !conditional && !decision.parts.is_empty() {
        return Err(unseen(behind, "what stands on the table"));
    }
    let what = lower::conditional(statement.tree.as_ref(), &one.before)
        .filter(|_| conditional && context.is_alone());
    if let Some(what) = what
        && let Some(verbatim) = verbatim::decide(&what, &statement.sql, context)
    {
        left_open.extend(what.tables().iter().cloned());
        return Ok(verbatim);
    }
    Err(unseen(behind, "whether there is anything to do"))
}

fn unseen(behind: usize, why: &str) -> Problem {
    Problem::new(
        code::OPAQUE,
        format!(
            "nobody can see what statement {behind} does, and {why} is known only once it has run"
        ),
    )
    .label(format!("depends on what statement {behind} leaves"))
    .help("put this statement, and those after it, into the next revision")
}

/// Whether PostgreSQL itself asks `IF [NOT] EXISTS`, as the statement is run as its author wrote
/// it.
fn runs_as_written(change: &Change) -> bool {
    match change {
        Change::CreateTable(new) => new.partition_of.is_none(),
        Change::CatalogOnly(_) => true,
        Change::AddColumn(_)
        | Change::SetDefault(..)
        | Change::AlterType(_)
        | Change::SetNotNull(..)
        | Change::DropNotNull(..)
        | Change::AddConstraint(..)
        | Change::DropConstraint(..)
        | Change::Validate(..)
        | Change::DropColumn(..)
        | Change::CreateIndex(_)
        | Change::DropIndex(_)
        | Change::DropTable(_)
        | Change::CreateEnum(_)
        | Change::Insert(_)
        | Change::Update(_)
        | Change::Delete(_)
        | Change::Truncate(_)
        | Change::DomainDemand(_)
        | Change::Setting(_)
        | Change::RenameColumn(..)
        | Change::RenameTable(..)
        | Change::AddIdentity(_)
        | Change::Attach(_)
        | Change::Detach(_)
        | Change::Reindex(_)
        | Change::CreateMaterializedView(_)
        | Change::Refresh(_)
        | Change::Allowed(..)
        | Change::Nothing(_) => false,
    }
}

/// Whether the plan lists what the catalog shows of a table: indexes and constraints that are made
/// again, partitions.
fn is_enumerated(one: &Seen) -> bool {
    let partitioned = |table| {
        one.before
            .table(table)
            .is_some_and(|table| table.kind == TableKind::Partitioned)
    };
    match &one.change {
        Change::AlterType(new) => !one.before.is_empty(&new.table),
        Change::RenameColumn(table, ..) | Change::RenameTable(table, _) => {
            one.before.table(table).is_some_and(|table| !table.is_new)
        }
        // Which tables it is about, and how large they are.
        Change::Attach(_) | Change::DomainDemand(_) => true,
        Change::CreateIndex(new) => partitioned(&new.table),
        Change::AddConstraint(table, constraint) => {
            partitioned(table) && !matches!(constraint.kind, NewConstraintKind::Check(_))
        }
        Change::CreateTable(_)
        | Change::AddColumn(_)
        | Change::SetDefault(..)
        | Change::SetNotNull(..)
        | Change::DropNotNull(..)
        | Change::DropConstraint(..)
        | Change::Validate(..)
        | Change::DropColumn(..)
        | Change::DropIndex(_)
        | Change::DropTable(_)
        | Change::CreateEnum(_)
        | Change::Insert(_)
        | Change::Update(_)
        | Change::Delete(_)
        | Change::CatalogOnly(_)
        | Change::Truncate(_)
        | Change::Setting(_)
        | Change::AddIdentity(_)
        | Change::Detach(_)
        | Change::Reindex(_)
        | Change::CreateMaterializedView(_)
        | Change::Refresh(_)
        | Change::Allowed(..)
        | Change::Nothing(_) => false,
    }
}

/// Whether what it makes or changes may be what a later expression names, besides tables and their
/// columns.
pub(crate) fn obscures(seen: &Seen) -> bool {
    let makes_table = matches!(
        seen.change,
        Change::CreateTable(_) | Change::RenameTable(..) | Change::DropTable(_)
    );
    let names = |access: &Access| match &access.thing {
        Thing::Anything => true,
        // In a new one there is nothing yet; another by whose name things are found changes what
        // names mean.
        Thing::Schema(name) => access.how != How::Make || seen.before.search_path.contains(name),
        // No expression names these.
        Thing::Named(kind, _) => !["publication", "statistics", "role"].contains(&kind.as_str()),
        // A table has a row type.
        Thing::Type(_) => !makes_table,
        // A function is told apart by its name.
        Thing::Function(_)
        | Thing::Relation(_)
        | Thing::Whole(_)
        | Thing::Column(..)
        | Thing::Aspect(..)
        | Thing::Rows(..)
        | Thing::AnyRows
        | Thing::Demands(..)
        | Thing::Key(..)
        | Thing::Indexes(_)
        | Thing::Partitions(_)
        | Thing::Constraint(..)
        | Thing::Trigger(..)
        | Thing::Rule(..)
        | Thing::Policy(..)
        | Thing::Options(_)
        | Thing::Rights(..)
        | Thing::Owner(_)
        | Thing::Comment(_)
        | Thing::DefaultRights
        | Thing::Helper(_) => false,
    };
    seen.touches.is_opaque() || seen.touches.writes().any(names)
}
