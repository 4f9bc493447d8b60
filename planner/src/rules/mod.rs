//! One family of statements a file: what is dangerous about it, what is done instead, how it is
//! undone. The measured facts behind each rule are on the reference page of the documentation.

mod add_column;
mod again;
mod alias;
mod carried;
mod check;
mod column_type;
mod computed;
mod default;
mod delete;
mod domain;
mod drop;
mod fate;
mod fired;
mod follow;
mod foreign_key;
mod foreseen;
mod generated;
mod guard;
mod identity;
mod index;
mod insert;
mod kept;
mod listed;
mod maintenance;
mod not_null;
mod numbered;
mod objects;
mod partition;
mod partitions;
mod questions;
mod reach;
mod rename;
mod settings;
mod shadow;
mod small;
mod synced;
mod truncate;
mod unique;
mod update;
pub(crate) mod verbatim;
mod way;

pub(crate) use questions::key_text;

use crate::action::{Action, Lock};
use crate::catalog::{Catalog, Table};
use crate::change::{Change, NewConstraint, NewConstraintKind, NewType, Update};
use crate::decision::{Decision, Rank};
use crate::fold::Seen;
use crate::footprint::{Access, Thing};
use crate::helper::helper;
use crate::plan::Phase;
use crate::problem::{Problem, code};
use concertina_revisions::{Directives, Ident, PhaseWord, TableName};

/// Where another change stands to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Before,
    After,
}

/// What a rule may look at besides its change.
pub(crate) struct Context<'a> {
    /// The catalog as it is before the change.
    pub(crate) catalog: &'a Catalog,
    /// The directives above the statement.
    pub(crate) directives: &'a Directives,
    /// The schema of the version that the plan leads to, where the application names its versions.
    pub(crate) version: Option<&'a Ident>,
    all: &'a [Seen],
    position: usize,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        all: &'a [Seen],
        position: usize,
        directives: &'a Directives,
        version: Option<&'a Ident>,
    ) -> Context<'a> {
        Context {
            catalog: &all[position].before,
            directives,
            version,
            all,
            position,
        }
    }

    /// The backfills of the revision that write a table of which others hold rows, with their
    /// places.
    fn backfills(&self) -> impl Iterator<Item = (usize, &'a Update)> {
        self.all.iter().enumerate().filter_map(|(position, seen)| {
            let Change::Update(update) = &seen.change else {
                return None;
            };
            (!seen.before.is_empty(&update.table)).then_some((position, update))
        })
    }

    /// Whether an UPDATE of the revision fills the column.
    fn is_filled(&self, table: &TableName, column: &Ident) -> bool {
        self.backfills().any(|(_, update)| {
            update.table == *table && update.sets.iter().any(|(set, _)| set == column)
        })
    }

    /// Whether a later UPDATE of the revision gives the column values, too.
    fn is_filled_later(&self, table: &TableName, column: &Ident) -> bool {
        self.backfills().any(|(position, update)| {
            position > self.position
                && update.table == *table
                && update.sets.iter().any(|(set, _)| set == column)
        })
    }

    /// Whether writers who leave the column NULL get it filled: by a default, a fold, or a sync
    /// trigger.
    fn is_covered(&self, table: &TableName, column: &Ident) -> bool {
        let by_default = self
            .catalog
            .table(table)
            .and_then(|table| table.get(column))
            .is_some_and(|c| c.default.is_some() || c.synced);
        let by_trigger = self.backfills().any(|(position, update)| {
            update.table == *table
                && update.sets.iter().any(|(set, _)| set == column)
                && update::is_synced(update, self.all, position)
        });
        let by_fold = self.all.iter().any(|seen| {
            matches!(&seen.change, Change::AddColumn(add) if add.table == *table && add.column.name == *column && add.fill.is_some())
        });
        by_default || by_trigger || by_fold
    }

    /// Whether the revision also demands that the column refuse NULL.
    fn becomes_not_null(&self, table: &TableName, column: &Ident) -> bool {
        let in_key = |kind: &NewConstraintKind| matches!(kind, NewConstraintKind::Unique { primary: true, columns, .. } if columns.contains(column));
        self.all.iter().any(|seen| {
            matches!(&seen.change, Change::SetNotNull(other, name) if other == table && name == column)
                || matches!(&seen.change, Change::AddConstraint(other, new) if other == table && in_key(&new.kind))
        })
    }

    /// Whether an earlier statement of the revision copies a large table into this one, batch by
    /// batch.
    fn is_copied_into(&self, table: &TableName) -> bool {
        self.all[..self.position].iter().any(|seen| {
            matches!(&seen.change, Change::Insert(insert) if insert.table == *table && insert::in_batches(insert, &seen.before))
        })
    }

    /// Whether an earlier statement of the revision takes something away that isn't a table's own.
    fn removes_before(&self) -> bool {
        self.all[..self.position]
            .iter()
            .any(|seen| match &seen.change {
                Change::CatalogOnly(only) => only.removes,
                Change::Setting(_) | Change::DropTable(_) => true,
                Change::CreateTable(_)
                | Change::Truncate(_)
                | Change::DomainDemand(_)
                | Change::AddColumn(_)
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
                | Change::CreateEnum(_)
                | Change::Insert(_)
                | Change::Update(_)
                | Change::Delete(_)
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
            })
    }

    /// The change.
    pub(crate) fn seen(&self) -> &'a Seen {
        &self.all[self.position]
    }

    /// Whether the statement is this one change.
    pub(crate) fn is_alone(&self) -> bool {
        let own = self.all[self.position].statement;
        self.all.iter().filter(|seen| seen.statement == own).count() == 1
    }

    /// The changes before this one.
    fn before(&self) -> &'a [Seen] {
        &self.all[..self.position]
    }

    fn after(&self) -> impl Iterator<Item = &'a Seen> {
        self.all[self.position + 1..].iter()
    }

    /// The catalog as the revision found it: what it drops is still there until contract.
    fn at_start(&self) -> &'a Catalog {
        &self.all[0].before
    }

    /// Whether a relation bears that name before this change, at the start or since a statement of
    /// the revision: what went may be there until contract.
    fn was_taken(&self, schema: &str, name: &str) -> bool {
        self.all[..=self.position]
            .iter()
            .any(|seen| seen.before.relation_name_taken(schema, name))
    }

    /// The columns of a table that earlier statements of the revision give another type by way of a
    /// second column.
    fn retyped(&self, table: &TableName) -> Vec<Ident> {
        let retyped = self
            .by_shadow()
            .filter(|(position, new)| *position < self.position && new.table == *table);
        retyped.map(|(_, new)| new.column.clone()).collect()
    }

    /// The changes of type by way of a second column, with their positions.
    fn by_shadow(&self) -> impl Iterator<Item = (usize, &'a NewType)> {
        self.all.iter().enumerate().filter_map(|(position, seen)| {
            let Change::AlterType(new) = &seen.change else {
                return None;
            };
            kept::by_shadow(new, &seen.before).then_some((position, new))
        })
    }

    /// Whether another statement of the revision gives the column another type by way of a second
    /// column, and does so first.
    fn retyped_too(&self, table: &TableName, column: &str) -> Option<Turn> {
        let found = self
            .by_shadow()
            .find(|(_, new)| new.table == *table && new.column.as_str() == column);
        found.map(|(position, _)| {
            if position < self.position {
                Turn::Before
            } else {
                Turn::After
            }
        })
    }

    /// The columns of a table that earlier statements of the revision put in another column's
    /// place, by the names they have in the end.
    fn replaced(&self, table: &TableName) -> Vec<Ident> {
        let renamed = self.all[..self.position].iter().filter_map(|seen| {
            let Change::RenameColumn(other, from, to) = &seen.change else {
                return None;
            };
            (other == table && rename::waits(table, from, &seen.before)).then(|| to.clone())
        });
        self.retyped(table).into_iter().chain(renamed).collect()
    }

    /// The table whose columns the statement takes by their places, once an earlier one has moved
    /// one of these.
    fn moved_before(&self) -> Option<&'a TableName> {
        let mut taken = self.all[self.position]
            .touches
            .reads()
            .filter_map(|access| {
                if let Thing::Column(table, None) | Thing::Whole(table) = &access.thing {
                    Some(table)
                } else {
                    None
                }
            });
        taken.find(|table| !self.retyped(table).is_empty())
    }

    /// The default that a column has in the end, which is `now`'s unless later statements of the
    /// revision say otherwise.
    fn default_in_the_end(
        &self,
        table: &TableName,
        column: &Ident,
        now: Option<&String>,
    ) -> Option<String> {
        let said = self.all[self.position..].iter().rev().find_map(|seen| {
            let Change::SetDefault(other, name, value) = &seen.change else {
                return None;
            };
            (other == table && name == column).then_some(value.as_ref())
        });
        match said {
            Some(value) => value.map(|value| value.sql.clone()),
            None => now.cloned(),
        }
    }

    /// Whether a later statement of the revision puts a column of another type in this one's place.
    fn is_retyped_later(&self, table: &TableName, column: &Ident) -> bool {
        self.by_shadow().any(|(position, new)| {
            position >= self.position && new.table == *table && new.column == *column
        })
    }

    /// Whether a later statement of the revision makes a constraint of an index.
    fn is_adopted(&self, table: &TableName, index: &Ident) -> bool {
        self.all[self.position..].iter().any(|seen| {
            let Change::AddConstraint(other, new) = &seen.change else { return false };
            let adopts =
                matches!(&new.kind, NewConstraintKind::Unique { using_index: Some(used), .. } if used == index);
            adopts && other == table
        })
    }

    /// Whether the revision builds an index that leads with these columns.
    fn builds_index(&self, table: &TableName, columns: &[Ident]) -> bool {
        self.all.iter().any(|seen| {
            matches!(&seen.change, Change::CreateIndex(index) if index.table == *table && index.keys.starts_with(columns))
        })
    }

    /// Whether a constraint is about columns alone that this revision makes: code that is running
    /// can't break it.
    fn only_of_new(&self, table: &TableName, constraint: &NewConstraint) -> bool {
        let is_new = |column: &Ident| {
            self.table(table)
                .and_then(|table| table.get(column))
                .is_some_and(|one| one.is_new)
        };
        let columns = constraint.columns();
        !columns.is_empty() && columns.iter().all(is_new)
    }

    fn table(&self, name: &TableName) -> Option<&'a Table> {
        self.catalog.table(name)
    }

    /// The first of the tables that a WITH writes which is older than the revision.
    fn written_beside<'t>(&self, tables: &'t [TableName]) -> Option<&'t TableName> {
        tables
            .iter()
            .find(|name| self.table(name).is_none_or(|table| !table.is_new))
    }
}

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
            .map(|decision| computed::asked(decision, update, context)),
        Change::Delete(delete) => delete::delete(delete, context),
        Change::CatalogOnly(only) => Ok(objects::catalog_only(only, context)),
        Change::Setting(one) => settings::setting(one, context),
        Change::Nothing(why) => Ok(Decision::because("").note(why.clone()).reverse("")),
    }
}
