//! One family of statements a file: what is dangerous about it, what is done instead, how it is
//! undone. The measured facts behind each rule are on the reference page of the documentation.

mod column;
mod constraint;
mod context;
mod object;
mod questions;
mod rows;
mod small;

pub(crate) use context::Context;
pub(crate) use object::verbatim;
pub(crate) use questions::key_text;

use crate::action::{Action, Lock};
use crate::change::{Change, NewConstraintKind};
use crate::decision::{Decision, Rank};
use crate::footprint::{Access, Thing};
use crate::helper::helper;
use crate::plan::Phase;
use crate::problem::{Problem, code};
use column::{add_column, column_type, computed, default, identity, not_null, rename};
use concertina_revisions::{PhaseWord, TableName};
use constraint::{check, domain, foreign_key, unique};
use object::{drop, guard, index, maintenance, objects, partition, settings};
use rows::{delete, insert, obeyed, truncate, update};

/// Decides what becomes of a change.
pub(crate) fn decide(change: &Change, context: &Context<'_>) -> Result<Decision, Problem> {
    guard::of_table(change, context)?;
    if context.directives.reverse().is_some() && !matches!(change, Change::AlterType(_)) {
        return Err(Problem::new(
            code::UNKNOWN,
            "the directive `reverse` has no meaning for this statement",
        )
        .label("changes no values that an expression could bring back")
        .help("write the way back below a line `-- down`"));
    }
    by_position(change, context)?;
    let decision = by_rule(change, context)?;
    guard::updates_are_taken(&decision, context)?;
    match context.directives.phase() {
        Some(wanted) => held_back(decision, wanted),
        None => Ok(decision),
    }
}

/// Rows that are written by the places of their columns, where one of these comes to stand at the
/// end.
fn by_position(change: &Change, context: &Context<'_>) -> Result<(), Problem> {
    if !matches!(
        change,
        Change::Insert(_) | Change::Update(_) | Change::Delete(_)
    ) {
        return Ok(());
    }
    let moved = |access: &&Access| matches!(&access.thing, Thing::Column(table, None) if !context.replaced(table).is_empty());
    match context.all[context.position].touches.accesses.iter().find(moved) {
        None => Ok(()),
        Some(access) => Err(Problem::new(
            code::NOT_BATCHABLE,
            format!(
                "an earlier statement of this revision moves a column, and this one is about {} by their places",
                access.thing
            ),
        )
        .label("says no names")
        .help("name the columns, or put it into a revision of its own")),
    }
}

/// The author's wish to run a statement in a later phase than it could. What depends on it follows.
fn held_back(mut decision: Decision, wanted: PhaseWord) -> Result<Decision, Problem> {
    let wanted = match wanted {
        PhaseWord::Expand => Phase::Expand,
        PhaseWord::Backfill => Phase::Backfill,
        PhaseWord::Contract => Phase::Contract,
    };
    if decision.parts.iter().any(|part| part.phase > wanted) {
        return Err(Problem::new(
            code::UNKNOWN,
            "a part of this statement would run earlier than is safe",
        )
        .label(format!("can't be moved to {wanted}"))
        .help("leave the directive out"));
    }
    decision
        .parts
        .iter_mut()
        .for_each(|part| (part.phase, part.wanted) = (wanted, Some(wanted)));
    Ok(decision)
}

/// A statement as its author wrote it and allows it, whoever waits.
pub(crate) fn blocking(change: &Change, sql: &str, context: &Context<'_>) -> Decision {
    let mut tables: Vec<&TableName> = change.table().into_iter().chain(change.reads()).collect();
    if let Change::AddConstraint(_, constraint) = change {
        tables.extend(constraint.references());
    }
    let visible = |table: &&TableName| context.table(table).is_some_and(|table| !table.is_new);
    let writes_rows = matches!(
        change,
        Change::Insert(_) | Change::Update(_) | Change::Delete(_)
    );
    let lock = if writes_rows {
        Lock::RowExclusive
    } else {
        Lock::AccessExclusive
    };
    let locks = tables
        .into_iter()
        .filter(visible)
        .map(|table| (table.clone(), lock))
        .collect();
    Decision::because("others wait until it is done, as its author allows")
        .quick(
            Phase::Expand,
            Rank::AsWritten,
            Action::Blocking {
                sql: sql.to_owned(),
                locks,
            },
            [],
        )
        .alone()
        .irreversible("it was run as its author wrote it")
}

fn by_rule(change: &Change, context: &Context<'_>) -> Result<Decision, Problem> {
    match change {
        Change::CreateTable(new) => objects::create_table(new, context),
        Change::Truncate(new) => truncate::truncate(new, context),
        Change::DomainDemand(new) => domain::demand(new, context),
        Change::AddColumn(add) => add_column::add_column(add, context),
        Change::SetDefault(table, column, value) => {
            Ok(default::set_default(table, column, value.as_ref(), context))
        }
        Change::SetNotNull(table, column) => Ok(not_null::set_not_null(table, column, context)),
        Change::AlterType(new) => column_type::alter(new, context),
        Change::DropNotNull(table, column) => Ok(not_null::drop_not_null(table, column, context)),
        Change::AddConstraint(table, constraint) => match &constraint.kind {
            NewConstraintKind::Check(_) => Ok(check::add(table, constraint, context)),
            NewConstraintKind::ForeignKey { .. } => foreign_key::add(table, constraint, context),
            NewConstraintKind::Unique { .. } => unique::add(table, constraint, context),
            NewConstraintKind::NotNull(_) => {
                Ok(not_null::add_constraint(table, constraint, context))
            }
            NewConstraintKind::Exclude => check::exclude(table, constraint, context),
        },
        Change::DropConstraint(table, name) => drop::constraint(table, name, context),
        Change::Validate(table, name) => Ok(check::validate(table, name, context)),
        Change::DropColumn(table, column) => drop::column(table, column, context),
        Change::CreateIndex(new) => index::create(new, context),
        Change::DropIndex(name) => Ok(index::drop(name, context)),
        Change::DropTable(table) => drop::table(table, context),
        Change::CreateEnum(new) => Ok(objects::create_enum(new, context)),
        Change::RenameColumn(table, from, to) => rename::column(table, from, to, context),
        Change::RenameTable(from, to) => rename::table(from, to, context),
        Change::AddIdentity(new) => identity::add_to(new, context),
        Change::Attach(attach) => partition::attach(attach, context),
        Change::Detach(detach) => Ok(partition::detach(detach, context)),
        Change::Reindex(reindex) => maintenance::reindex(reindex, context),
        Change::CreateMaterializedView(new) => Ok(maintenance::create_view(new, context)),
        Change::Refresh(view) => maintenance::refresh(view, context),
        Change::Allowed(_, sql) => Ok(blocking(change, sql, context)),
        Change::Insert(insert) => insert::insert(insert, context),
        Change::Update(update) => update::update(update, context)
            .map(|decision| computed::asked(decision, update, context))
            .map(|decision| obeyed::obeyed(decision, update, context)),
        Change::Delete(delete) => delete::delete(delete, context),
        Change::CatalogOnly(only) => Ok(objects::catalog_only(only, context)),
        Change::Setting(one) => settings::setting(one, context),
        Change::Nothing(why) => Ok(Decision::because("").note(why.clone()).reverse("")),
    }
}
