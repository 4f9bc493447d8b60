//! What can be planned behind a statement that nobody can see into: what doesn't count on the catalog as it was before.
//!
//! The plan is made before anything runs. So behind a DO block, a CALL, or whatever may do anything, a statement is planned
//! only when it ends the same whatever that did, or fails. What would be left out, or made of what the catalog lists, is
//! refused.

use crate::catalog::TableKind;
use crate::change::{Change, NewConstraintKind};
use crate::decision::Decision;
use crate::fold::Seen;
use crate::footprint::{Access, How, Thing};
use crate::lower;
use crate::problem::{Problem, code};
use concertina_revisions::Statement;

/// The statement before this one that may have done anything, counted from 1.
pub(crate) fn before(seen: &[Seen], position: usize) -> Option<usize> {
    let own = seen[position].statement;
    let mut before = seen[..position].iter().rev().filter(|one| one.statement != own);
    before.find(|one| one.touches.is_opaque()).map(|one| one.statement + 1)
}

/// Refuses what is decided from a catalog that may be another by then.
pub(crate) fn guard(one: &Seen, decision: &Decision, statement: &Statement, behind: usize) -> Result<(), Problem> {
    let conditional = lower::is_conditional(statement.tree.as_ref()) && !runs_as_written(&one.change);
    if !conditional && !decision.parts.is_empty() && !is_enumerated(one) {
        return Ok(());
    }
    let why = if conditional || decision.parts.is_empty() {
        "whether there is anything to do"
    } else {
        "what stands on the table"
    };
    Err(Problem::new(
        code::OPAQUE,
        format!("nobody can see what statement {behind} does, and {why} is known only once it has run"),
    )
    .label(format!("depends on what statement {behind} leaves"))
    .help("put this statement, and those after it, into the next revision"))
}

/// Whether PostgreSQL itself asks `IF [NOT] EXISTS`, as the statement is run as its author wrote it.
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

/// Whether the plan lists what the catalog shows of a table: indexes and constraints that are made again, partitions.
fn is_enumerated(one: &Seen) -> bool {
    let partitioned = |table| one.before.table(table).is_some_and(|table| table.kind == TableKind::Partitioned);
    match &one.change {
        Change::AlterType(new) => !one.before.is_empty(&new.table),
        Change::RenameColumn(table, ..) | Change::RenameTable(table, _) => {
            one.before.table(table).is_some_and(|table| !table.is_new)
        }
        Change::Attach(_) => true,
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

/// Whether what it makes or changes may be what a later expression names, besides tables and their columns.
pub(crate) fn obscures(seen: &Seen) -> bool {
    let makes_table = matches!(seen.change, Change::CreateTable(_) | Change::RenameTable(..) | Change::DropTable(_));
    let names = |access: &Access| match &access.thing {
        Thing::Anything => true,
        // In a new one there is nothing yet; another by whose name things are found changes what names mean.
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
