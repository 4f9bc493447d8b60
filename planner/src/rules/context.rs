//! What a rule may look at besides its change.

use super::column::{kept, rename};
use super::rows::{insert, update};
use crate::catalog::{Catalog, Table};
use crate::change::{Change, NewConstraint, NewConstraintKind, NewType, Update};
use crate::fold::Seen;
use crate::footprint::Thing;
use concertina_revisions::{Directives, Ident, TableName};

/// Where another change stands to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
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
    pub(super) all: &'a [Seen],
    pub(super) position: usize,
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
    pub(super) fn backfills(&self) -> impl Iterator<Item = (usize, &'a Update)> {
        self.all.iter().enumerate().filter_map(|(position, seen)| {
            let Change::Update(update) = &seen.change else {
                return None;
            };
            (!seen.before.is_empty(&update.table)).then_some((position, update))
        })
    }

    /// Whether an UPDATE of the revision fills the column.
    pub(super) fn is_filled(&self, table: &TableName, column: &Ident) -> bool {
        self.backfills().any(|(_, update)| {
            update.table == *table && update.sets.iter().any(|(set, _)| set == column)
        })
    }

    /// Whether a later UPDATE of the revision gives the column values, too.
    pub(super) fn is_filled_later(&self, table: &TableName, column: &Ident) -> bool {
        self.backfills().any(|(position, update)| {
            position > self.position
                && update.table == *table
                && update.sets.iter().any(|(set, _)| set == column)
        })
    }

    /// Whether writers who leave the column NULL get it filled: by a default, a fold, or a sync
    /// trigger.
    pub(super) fn is_covered(&self, table: &TableName, column: &Ident) -> bool {
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
    pub(super) fn becomes_not_null(&self, table: &TableName, column: &Ident) -> bool {
        let in_key = |kind: &NewConstraintKind| matches!(kind, NewConstraintKind::Unique { primary: true, columns, .. } if columns.contains(column));
        self.all.iter().any(|seen| {
            matches!(&seen.change, Change::SetNotNull(other, name) if other == table && name == column)
                || matches!(&seen.change, Change::AddConstraint(other, new) if other == table && in_key(&new.kind))
        })
    }

    /// Whether an earlier statement of the revision copies a large table into this one, batch by
    /// batch.
    pub(super) fn is_copied_into(&self, table: &TableName) -> bool {
        self.all[..self.position].iter().any(|seen| {
            matches!(&seen.change, Change::Insert(insert) if insert.table == *table && insert::in_batches(insert, &seen.before))
        })
    }

    /// Whether an earlier statement of the revision takes something away that isn't a table's own.
    pub(super) fn removes_before(&self) -> bool {
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
    pub(super) fn before(&self) -> &'a [Seen] {
        &self.all[..self.position]
    }

    pub(super) fn after(&self) -> impl Iterator<Item = &'a Seen> {
        self.all[self.position + 1..].iter()
    }

    /// The catalog as the revision found it: what it drops is still there until contract.
    pub(super) fn at_start(&self) -> &'a Catalog {
        &self.all[0].before
    }

    /// Whether a relation bears that name before this change, at the start or since a statement of
    /// the revision: what went may be there until contract.
    pub(super) fn was_taken(&self, schema: &str, name: &str) -> bool {
        self.all[..=self.position]
            .iter()
            .any(|seen| seen.before.relation_name_taken(schema, name))
    }

    /// The columns of a table that earlier statements of the revision give another type by way of a
    /// second column.
    pub(super) fn retyped(&self, table: &TableName) -> Vec<Ident> {
        let retyped = self
            .by_shadow()
            .filter(|(position, new)| *position < self.position && new.table == *table);
        retyped.map(|(_, new)| new.column.clone()).collect()
    }

    /// The changes of type by way of a second column, with their positions.
    pub(super) fn by_shadow(&self) -> impl Iterator<Item = (usize, &'a NewType)> {
        self.all.iter().enumerate().filter_map(|(position, seen)| {
            let Change::AlterType(new) = &seen.change else {
                return None;
            };
            kept::by_shadow(new, &seen.before).then_some((position, new))
        })
    }

    /// The first statement before this one whose batches write rows of a table, counted from 0.
    pub(super) fn moves_rows(&self, table: &TableName) -> Option<usize> {
        let moves = |seen: &&Seen| {
            if let Change::RenameColumn(other, from, _) = &seen.change {
                return other == table && rename::waits(table, from, &seen.before);
            }
            if let Change::AlterType(new) = &seen.change {
                return new.table == *table && kept::by_shadow(new, &seen.before);
            }
            let is_of_rows = matches!(
                seen.change,
                Change::Update(_) | Change::Delete(_) | Change::Insert(_)
            );
            let is_own =
                |thing: &Thing| matches!(thing, Thing::Rows(written, _) if written == table);
            let mut written = seen.touches.writes();
            is_of_rows
                && !seen.before.is_empty(table)
                && written.any(|access| is_own(&access.thing))
        };
        self.before().iter().find(moves).map(|seen| seen.statement)
    }

    /// Whether another statement of the revision gives the column another type by way of a second
    /// column, and does so first.
    pub(super) fn retyped_too(&self, table: &TableName, column: &str) -> Option<Turn> {
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
    pub(super) fn replaced(&self, table: &TableName) -> Vec<Ident> {
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
    pub(super) fn moved_before(&self) -> Option<&'a TableName> {
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
    pub(super) fn default_in_the_end(
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
    pub(super) fn is_retyped_later(&self, table: &TableName, column: &Ident) -> bool {
        self.by_shadow().any(|(position, new)| {
            position >= self.position && new.table == *table && new.column == *column
        })
    }

    /// Whether a later statement of the revision makes a constraint of an index.
    pub(super) fn is_adopted(&self, table: &TableName, index: &Ident) -> bool {
        self.all[self.position..].iter().any(|seen| {
            let Change::AddConstraint(other, new) = &seen.change else { return false };
            let adopts =
                matches!(&new.kind, NewConstraintKind::Unique { using_index: Some(used), .. } if used == index);
            adopts && other == table
        })
    }

    /// Whether the revision builds an index that leads with these columns.
    pub(super) fn builds_index(&self, table: &TableName, columns: &[Ident]) -> bool {
        self.all.iter().any(|seen| {
            matches!(&seen.change, Change::CreateIndex(index) if index.table == *table && index.keys.starts_with(columns))
        })
    }

    /// Whether a constraint is about columns alone that this revision makes: code that is running
    /// can't break it.
    pub(super) fn only_of_new(&self, table: &TableName, constraint: &NewConstraint) -> bool {
        let is_new = |column: &Ident| {
            self.table(table)
                .and_then(|table| table.get(column))
                .is_some_and(|one| one.is_new)
        };
        let columns = constraint.columns();
        !columns.is_empty() && columns.iter().all(is_new)
    }

    pub(super) fn table(&self, name: &TableName) -> Option<&'a Table> {
        self.catalog.table(name)
    }

    /// The first of the tables that a WITH writes which is older than the revision.
    pub(super) fn written_beside<'t>(&self, tables: &'t [TableName]) -> Option<&'t TableName> {
        tables
            .iter()
            .find(|name| self.table(name).is_none_or(|table| !table.is_new))
    }
}
