//! What a catalog becomes when a change is made, so that a later statement of the same revision
//! knows that a table is new and empty, or that a column is there.

mod effect;
mod functions;
mod index;
mod objects;
mod written;

use crate::catalog::{
    Catalog, Column, Constraint, ConstraintKind, Dependant, Enum, Identity, Index, PartitionOf,
    Standing, Table, TableKind,
};
use crate::change::{
    AddColumn, Asks, Attach, Change, DomainDemand, Effect, NewColumn, NewConstraint,
    NewConstraintKind, NewMaterializedView, NewTable, NewType, Setting, Special,
};
use crate::footprint::{Footprint, Thing};
use crate::sql::{numbering, stored_expression};
use concertina_revisions::{Ident, TableName};
use std::sync::Arc;

impl Catalog {
    /// The catalog after a change, as if it had been made as written.
    pub fn after(&self, change: &Change) -> Catalog {
        let mut next = self.clone();
        next.make(change);
        next.identify(change, self);
        next.write_along(change, self);
        next
    }

    /// Whether published rows of what a change is about can still, or again, be told apart by
    /// subscribers.
    fn identify(&mut self, change: &Change, before: &Catalog) {
        let of_index =
            |name: &TableName| before.index(Some(name.schema.as_str()), name.name.as_str());
        let table = if let Change::DropIndex(name) = change {
            of_index(name).map(|(table, _)| table.full_name())
        } else {
            change.table().cloned()
        };
        let Some(table) = table else { return };
        for name in std::iter::once(table.clone()).chain(self.below(&table)) {
            let nothing =
                |catalog: &Catalog| catalog.table(&name).is_some_and(Table::identifies_nothing);
            let (was, is) = (nothing(before), nothing(self));
            if was != is
                && self
                    .table(&name)
                    .is_some_and(|table| table.update_published)
            {
                self.alter(&name, |table| table.update_refused = is);
            }
        }
    }

    /// Nothing is new any more: the revision that made it is done.
    pub(crate) fn settle(&mut self) {
        self.new_types.clear();
        // What isn't new is shared with other catalogs, and stays so.
        let is_new = |table: &&mut Arc<Table>| {
            table.is_new || table.columns.iter().any(|column| column.is_new)
        };
        for table in self.tables.iter_mut().filter(is_new).map(Arc::make_mut) {
            table.is_new = false;
            for column in &mut table.columns {
                column.is_new = false;
                column.is_written = false;
            }
        }
    }

    /// A relation is made of which only the name is known.
    pub(crate) fn make_unknown(&mut self, name: &TableName) {
        let mut table = Table::new(name.name.as_str());
        table.schema = name.schema.as_str().to_owned();
        table.is_new = true;
        self.tables.push(Arc::new(table));
    }

    /// Rows are in what a change added them to.
    pub(crate) fn populate(&mut self, change: &Change) {
        if let Change::Insert(insert) = change {
            self.alter(&insert.table, |table| table.without_rows = false);
        } else if let Change::CreateTable(new) = change
            && new.filled_from.is_some()
        {
            self.alter(&new.table, |table| table.without_rows = false);
        }
    }

    fn make(&mut self, change: &Change) {
        match change {
            Change::CreateTable(new) => self.make_table(new),
            Change::AddColumn(add) => self.make_column(add),
            Change::SetDefault(table, name, default) => {
                self.alter_inherited(table, name, |column| {
                    column.default = default.as_ref().map(|value| value.sql.clone());
                });
            }
            Change::AlterType(new) => self.alter_type(new),
            Change::SetNotNull(table, name) => {
                self.alter_inherited(table, name, |column| column.not_null = true);
            }
            Change::DropNotNull(table, name) => {
                self.alter_inherited(table, name, |column| column.not_null = false);
            }
            Change::AddConstraint(table, constraint) => {
                self.alter(table, |table| table.add(constraint));
            }
            Change::DropConstraint(table, name) => self.drop_constraint(table, name),
            Change::Validate(table, name) => self.validate(table, name),
            Change::DropColumn(table, name) => self.drop_column(table, name),
            Change::CreateIndex(index) => self.make_index(index),
            Change::DropIndex(name) => self.drop_index(name),
            Change::DropTable(name) => self.forget_relation(name),
            Change::CreateEnum(new) => self.enums.push(Enum {
                schema: new.name.schema.as_str().to_owned(),
                name: new.name.name.as_str().to_owned(),
                labels: new.labels.clone(),
            }),
            Change::Setting(setting) => self.make_setting(setting),
            Change::CatalogOnly(only) => {
                self.make_object(only);
                if only.touches.is_opaque() {
                    self.write_anywhere();
                }
            }
            Change::RenameColumn(table, from, to) => self.rename_column(table, from, to),
            Change::RenameTable(from, to) => self.rename_relation(from, to),
            Change::AddIdentity(new) => self.alter_column(&new.table, &new.column, |column| {
                column.generated = true;
                column.identity = Some(if new.always {
                    Identity::Always
                } else {
                    Identity::ByDefault
                });
            }),
            Change::Attach(attach) => self.make_partition(attach),
            Change::Detach(detach) => self.detach(&detach.parent, &detach.partition),
            Change::CreateMaterializedView(new) => self.make_materialized_view(new),
            Change::Refresh(view) => self.alter(view, |view| view.unfilled = false),
            Change::Update(update) => self.write_by(update),
            Change::Insert(insert) => self.write(&insert.table, |_| true),
            Change::Allowed(..) => self.write_anywhere(),
            Change::DomainDemand(new) => self.demand_of(new),
            Change::Delete(_) | Change::Truncate(_) | Change::Reindex(_) | Change::Nothing(_) => {}
        }
    }

    /// With a column of another type, which forgets how large values are kept.
    fn alter_type(&mut self, new: &NewType) {
        self.alter_inherited(&new.table, &new.column, |column| {
            column.type_sql.clone_from(&new.type_sql);
            column.collation.clone_from(&new.collation);
            (column.storage_set, column.compression) = (false, None);
        });
    }

    fn validate(&mut self, table: &TableName, name: &Ident) {
        self.alter(table, |table| {
            let mut constraints = table.constraints.iter_mut();
            if let Some(constraint) = constraints.find(|one| one.name == name.as_str()) {
                constraint.validated = true;
            }
        });
    }

    fn drop_column(&mut self, table: &TableName, name: &Ident) {
        let below = self.inheriting(table, name);
        for one in below.iter().chain([table]) {
            self.alter(one, |table| table.forget_column(name.as_str()));
        }
    }

    fn rename_column(&mut self, table: &TableName, from: &Ident, to: &Ident) {
        let below = self.inheriting(table, from);
        for one in below.iter().chain([table]) {
            self.alter(one, |table| table.rename_column(from.as_str(), to.as_str()));
        }
    }

    fn detach(&mut self, parent: &TableName, partition: &TableName) {
        let gone = pair(partition);
        self.alter(parent, |parent| {
            parent.partitions.retain(|partition| *partition != gone);
        });
        self.alter(partition, |table| table.partition_of = None);
    }

    /// Something of the values of a domain.
    fn demand_of(&mut self, new: &DomainDemand) {
        let domain = new.domain.as_str();
        Arc::make_mut(&mut self.constrained_domains).insert(domain.to_owned());
        if let Some(Asks::Check(condition)) = &new.asks {
            let called = self.callers.entry(domain.to_owned()).or_default();
            called.extend(condition.functions.iter().cloned());
        }
    }

    /// Without an index, and those of partitions that are a part of it.
    fn drop_index(&mut self, name: &TableName) {
        let parts: Vec<TableName> = self
            .parts_of(name)
            .map(|(_, part)| part.full_name())
            .collect();
        for table in self
            .tables
            .iter_mut()
            .filter(|table| table.has_index(name))
            .map(Arc::make_mut)
        {
            table
                .indexes
                .retain(|index| index.name != name.name.as_str());
        }
        parts.iter().for_each(|part| self.drop_index(part));
    }

    /// Without a constraint, and those of its partitions that are a part of it.
    fn drop_constraint(&mut self, table: &TableName, name: &Ident) {
        let index = table.beside(name);
        let own = self
            .parts_of(&index)
            .filter_map(|(table, part)| Some((table.full_name(), part.constraint.clone()?)));
        let parts: Vec<(TableName, String)> = own.collect();
        self.alter(table, |table| table.forget_constraint(name.as_str()));
        for (part, own) in parts {
            self.drop_constraint(&part, &Ident::new(own));
        }
    }

    fn make_column(&mut self, add: &AddColumn) {
        // Values that it is born with stay, whatever becomes of its default; a domain may have one.
        let plain = add.fill.is_none()
            && add.column.default.is_none()
            && add.column.special == Special::None
            && !crate::sql::types::may_be_defaulted(&add.column.type_sql, self);
        let added = Column {
            is_new: true,
            is_written: !plain,
            ..column(&add.column)
        };
        if let Special::Stored(definition) | Special::Virtual(definition) = &add.column.special {
            self.compute(add, definition);
        }
        self.alter(&add.table, |table| {
            table.columns.push(added.clone());
            add.column
                .constraints
                .iter()
                .for_each(|constraint| table.add(constraint));
        });
        for below in self.below(&add.table) {
            self.alter(&below, |table| match table.get_mut(&add.column.name) {
                Some(there) => there.inherited += 1,
                None => table.columns.push(Column {
                    inherited: 1,
                    ..added.clone()
                }),
            });
        }
    }

    /// A new column stands on those that it is computed from.
    fn compute(&mut self, add: &AddColumn, definition: &str) {
        let Some(computed) = stored_expression(definition) else {
            return;
        };
        let name = add.column.name.as_str();
        let read = Footprint::default().columns(&add.table, &computed.column_names());
        let what = format!("column {name} of table {}", add.table.shown());
        self.stand_on(&read, &what, Some(&Standing::Column(name.to_owned())));
    }

    fn make_materialized_view(&mut self, new: &NewMaterializedView) {
        self.tables.push(Arc::new(Table {
            schema: new.view.schema.as_str().to_owned(),
            name: new.view.name.as_str().to_owned(),
            kind: TableKind::Materialized,
            owned: true,
            is_new: true,
            unfilled: !new.filled,
            ..Table::default()
        }));
        self.stand_on(
            &new.mentions,
            &format!("materialized view {}", new.view.sql()),
            None,
        );
    }

    fn make_table(&mut self, new: &NewTable) {
        let mut table = Table::new(new.table.name.as_str());
        table.schema = new.table.schema.as_str().to_owned();
        table.is_new = true;
        table.columns = new.columns.iter().map(column).collect();
        table.partition_key.clone_from(&new.partition_key);
        table.partition_of.clone_from(&new.partition_of);
        if new.partition_key.is_some() {
            table.kind = TableKind::Partitioned;
        }
        for constraint in &new.constraints {
            table.add(constraint);
        }
        self.tables.push(Arc::new(table));
        if let Some(of) = &new.partition_of {
            self.alter(&of.parent(), |parent| {
                parent.partitions.push(pair(&new.table));
            });
        }
        for parent in &new.parents {
            self.alter(parent, |parent| parent.children.push(pair(&new.table)));
        }
    }

    fn make_setting(&mut self, setting: &Setting) {
        if let Some(effect) = &setting.effect {
            self.alter(&setting.table, |table| table.take_effect(effect));
            let child = pair(&setting.table);
            if let Effect::Inherits(parent) = effect {
                self.alter(parent, |parent| parent.children.push(child));
            } else if let Effect::InheritsNoMore(parent) = effect {
                self.alter(parent, |parent| parent.children.retain(|one| *one != child));
            } else if let Some((by, what)) = effect.stands() {
                self.stand_on(&setting.touches, &what, Some(&by));
            }
        }
    }

    /// Something that stands on the columns that it is made of.
    pub(super) fn stand_on(&mut self, touches: &Footprint, what: &str, by: Option<&Standing>) {
        for access in touches.reads() {
            if let Thing::Column(table, column) = &access.thing {
                let column = column.as_ref().map(|column| column.as_str().to_owned());
                self.alter(table, |table| {
                    table.dependants.push(Dependant {
                        column,
                        what: what.to_owned(),
                        by: by.cloned(),
                    });
                });
            }
        }
    }

    fn make_partition(&mut self, attach: &Attach) {
        self.alter(&attach.parent, |parent| {
            parent.partitions.push(pair(&attach.partition));
        });
        self.alter(&attach.partition, |table| {
            table.partition_of = Some(PartitionOf {
                schema: attach.parent.schema.as_str().to_owned(),
                name: attach.parent.name.as_str().to_owned(),
                bound: attach.bound.clone(),
            });
        });
    }

    pub(super) fn alter(&mut self, name: &TableName, change: impl FnOnce(&mut Table)) {
        if let Some(table) = self.table_mut(name) {
            change(table);
        }
    }

    /// A column of a table, and those below it that are inherited from it.
    fn alter_inherited(&mut self, table: &TableName, name: &Ident, change: impl Fn(&mut Column)) {
        for one in std::iter::once(table.clone()).chain(self.inheriting(table, name)) {
            self.alter_column(&one, name, &change);
        }
    }

    /// The tables below a table whose column of that name comes from it.
    fn inheriting(&self, table: &TableName, name: &Ident) -> Vec<TableName> {
        let inherits = |below: &TableName| {
            self.table(below)
                .and_then(|table| table.get(name))
                .is_some_and(|column| column.inherited > 0)
        };
        self.below(table).into_iter().filter(inherits).collect()
    }

    fn alter_column(&mut self, table: &TableName, name: &Ident, change: impl FnOnce(&mut Column)) {
        self.alter(table, |table| {
            if let Some(column) = table.get_mut(name) {
                change(column);
            }
        });
    }
}

impl Table {
    /// Without a constraint, and the index that belongs to it.
    pub(crate) fn forget_constraint(&mut self, gone: &str) {
        self.constraints
            .retain(|constraint| constraint.name != gone);
        self.indexes
            .retain(|index| index.constraint.as_deref() != Some(gone));
    }

    /// Without a column, and what PostgreSQL drops along with it.
    pub(crate) fn forget_column(&mut self, gone: &str) {
        self.columns.retain(|column| column.name != gone);
        self.indexes
            .retain(|index| !index.mentions.iter().any(|column| column == gone));
        self.constraints
            .retain(|constraint| !constraint.columns.iter().any(|column| column == gone));
        // A computed column goes at contract, behind what would take the place of another: what it
        // stands on keeps its type until then.
    }

    /// Whether something stands on columns of it.
    pub(super) fn is_stood_on_by(&self, by: &Standing) -> bool {
        let of_types = self.type_obstacles.iter().map(|one| &one.by);
        let mut all = self.dependants.iter().map(|one| &one.by).chain(of_types);
        all.any(|one| one.as_ref() == Some(by))
    }

    /// Something that stood on columns is gone.
    pub(super) fn stands_no_more(&mut self, gone: &Standing) {
        self.dependants.retain(|one| one.by.as_ref() != Some(gone));
        self.type_obstacles
            .retain(|one| one.by.as_ref() != Some(gone));
    }

    fn add(&mut self, new: &NewConstraint) {
        let columns: Vec<String> = new
            .columns()
            .iter()
            .map(|column| column.as_str().to_owned())
            .collect();
        let kind = match &new.kind {
            NewConstraintKind::Check(_) => ConstraintKind::Check,
            NewConstraintKind::ForeignKey { .. } => ConstraintKind::ForeignKey,
            NewConstraintKind::Unique { primary: true, .. } => ConstraintKind::PrimaryKey,
            NewConstraintKind::Unique { .. } => ConstraintKind::Unique,
            NewConstraintKind::NotNull(column) => {
                self.get_mut(column)
                    .into_iter()
                    .for_each(|column| column.not_null = true);
                ConstraintKind::NotNull
            }
            NewConstraintKind::Exclude => ConstraintKind::Exclude,
        };
        if let NewConstraintKind::Unique {
            primary,
            using_index,
            ..
        } = &new.kind
        {
            if *primary {
                self.columns
                    .iter_mut()
                    .filter(|column| columns.contains(&column.name))
                    .for_each(|column| column.not_null = true);
            }
            if let Some(adopted) = using_index {
                self.indexes.retain(|index| index.name != adopted.as_str());
            }
            self.indexes.push(Index {
                keys: columns.clone(),
                mentions: columns.clone(),
                unique: true,
                constraint: Some(new.name.as_str().to_owned()),
                ..Index::named(&self.schema, new.name.as_str())
            });
        }
        self.constraints.push(Constraint {
            name: new.name.as_str().to_owned(),
            kind,
            columns,
            definition: new.definition.clone(),
            validated: !new.not_valid && new.enforced,
            references: new.references().map(|table| {
                (
                    table.schema.as_str().to_owned(),
                    table.name.as_str().to_owned(),
                )
            }),
            relies_on: None,
            comment: None,
        });
    }
}

pub(super) fn pair(name: &TableName) -> (String, String) {
    (
        name.schema.as_str().to_owned(),
        name.name.as_str().to_owned(),
    )
}

fn column(new: &NewColumn) -> Column {
    let identity = match &new.special {
        Special::Identity(definition) => Some(identity(definition, &new.type_sql)),
        Special::None | Special::Serial | Special::Stored(_) | Special::Virtual(_) => None,
    };
    Column {
        generated: matches!(
            new.special,
            Special::Identity(_) | Special::Stored(_) | Special::Virtual(_)
        ),
        identity,
        name: new.name.as_str().to_owned(),
        type_sql: new.type_sql.clone(),
        not_null: new.not_null,
        default: new.default.as_ref().map(|value| value.sql.clone()),
        ..Column::default()
    }
}

/// Which identity a definition gives.
pub(crate) fn identity(definition: &str, type_sql: &str) -> Identity {
    let always = numbering(definition, type_sql).is_some_and(|numbering| numbering.always);
    if always {
        Identity::Always
    } else {
        Identity::ByDefault
    }
}
