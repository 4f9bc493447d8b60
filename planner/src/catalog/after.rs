//! What a catalog becomes when a change is made, so that a later statement of the same revision knows that a
//! table is new and empty, or that a column is there.

use super::{Catalog, Column, Constraint, ConstraintKind, Enum, Identity, Index, PartitionOf, Table, TableKind};
use crate::change::{
    Attach, CatalogOnly, Change, Effect, NewColumn, NewConstraint, NewConstraintKind, NewIndex, NewTable, Setting,
    Special,
};
use concertina_revisions::{Ident, TableName};
use std::sync::Arc;

impl Catalog {
    /// The catalog after a change, as if it had been made as written.
    pub fn after(&self, change: &Change) -> Catalog {
        let mut next = self.clone();
        next.make(change);
        next
    }

    /// Nothing is new any more: the revision that made it is done.
    pub(crate) fn settle(&mut self) {
        for table in self.tables.iter_mut().map(Arc::make_mut) {
            table.is_new = false;
            for column in &mut table.columns {
                column.is_new = false;
            }
        }
    }

    fn make(&mut self, change: &Change) {
        match change {
            Change::CreateTable(new) => self.make_table(new),
            Change::AddColumn(add) => self.alter(&add.table, |table| {
                table.columns.push(Column { is_new: true, ..column(&add.column) });
                add.column.constraints.iter().for_each(|constraint| table.add(constraint));
            }),
            Change::SetDefault(table, name, default) => {
                self.alter_column(table, name, |column| {
                    column.default = default.as_ref().map(|value| value.sql.clone());
                });
            }
            Change::AlterType(new) => {
                self.alter_column(&new.table, &new.column, |column| column.type_sql.clone_from(&new.type_sql));
            }
            Change::SetNotNull(table, name) => self.alter_column(table, name, |column| column.not_null = true),
            Change::DropNotNull(table, name) => self.alter_column(table, name, |column| column.not_null = false),
            Change::AddConstraint(table, constraint) => self.alter(table, |table| table.add(constraint)),
            Change::DropConstraint(table, name) => self.alter(table, |table| table.forget_constraint(name.as_str())),
            Change::Validate(table, name) => self.alter(table, |table| {
                let found = table.constraints.iter_mut().find(|constraint| constraint.name == name.as_str());
                if let Some(constraint) = found {
                    constraint.validated = true;
                }
            }),
            Change::DropColumn(table, name) => self.alter(table, |table| table.forget_column(name.as_str())),
            Change::CreateIndex(index) => self.alter(&index.table, |table| table.indexes.push(index_of(index))),
            Change::DropIndex(name) => {
                for table in self.tables.iter_mut().filter(|table| table.has_index(name)).map(Arc::make_mut) {
                    table.indexes.retain(|index| index.name != name.name.as_str());
                }
            }
            Change::DropTable(name) => self.tables.retain(|table| !table.is(name)),
            Change::CreateEnum(new) => self.enums.push(Enum {
                schema: new.name.schema.as_str().to_owned(),
                name: new.name.name.as_str().to_owned(),
                labels: new.labels.clone(),
            }),
            Change::Setting(setting) => self.make_setting(setting),
            Change::CatalogOnly(only) => self.make_object(only),
            Change::RenameColumn(table, from, to) => {
                self.alter(table, |table| table.rename_column(from.as_str(), to.as_str()));
            }
            Change::RenameTable(from, to) => self.alter(from, |table| table.rename(to)),
            Change::AddIdentity(new) => self.alter_column(&new.table, &new.column, |column| {
                column.generated = true;
                column.identity = Some(if new.always { Identity::Always } else { Identity::ByDefault });
            }),
            Change::Attach(attach) => self.make_partition(attach),
            Change::Detach(detach) => {
                let gone = pair(&detach.partition);
                self.alter(&detach.parent, |parent| parent.partitions.retain(|partition| *partition != gone));
                self.alter(&detach.partition, |table| table.partition_of = None);
            }
            Change::CreateMaterializedView(new) => self.tables.push(Arc::new(Table {
                schema: new.view.schema.as_str().to_owned(),
                name: new.view.name.as_str().to_owned(),
                kind: TableKind::Materialized,
                owned: true,
                is_new: true,
                unfilled: !new.filled,
                ..Table::default()
            })),
            Change::Refresh(view) => self.alter(view, |view| view.unfilled = false),
            Change::Insert(_)
            | Change::Update(_)
            | Change::Delete(_)
            | Change::Reindex(_)
            | Change::Allowed(..)
            | Change::Nothing(_) => {}
        }
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
            self.alter(&of.parent(), |parent| parent.partitions.push(pair(&new.table)));
        }
        for parent in &new.parents {
            self.alter(parent, |parent| parent.children.push(pair(&new.table)));
        }
    }

    fn make_setting(&mut self, setting: &Setting) {
        if let Some(effect) = &setting.effect {
            self.alter(&setting.table, |table| table.take_effect(effect));
            let child = pair(&setting.table);
            match effect {
                Effect::Inherits(parent) => self.alter(parent, |parent| parent.children.push(child)),
                Effect::InheritsNoMore(parent) => {
                    self.alter(parent, |parent| parent.children.retain(|one| *one != child));
                }
                _ => {}
            }
        }
    }

    fn make_object(&mut self, only: &CatalogOnly) {
        self.extensions.extend(only.extension.clone());
        if let Some(view) = only.view.as_ref().filter(|view| self.table(view).is_none()) {
            self.tables.push(Arc::new(Table {
                schema: view.schema.as_str().to_owned(),
                name: view.name.as_str().to_owned(),
                kind: TableKind::View,
                owned: true,
                is_new: true,
                ..Table::default()
            }));
        }
    }

    fn make_partition(&mut self, attach: &Attach) {
        self.alter(&attach.parent, |parent| parent.partitions.push(pair(&attach.partition)));
        self.alter(&attach.partition, |table| {
            table.partition_of = Some(PartitionOf {
                schema: attach.parent.schema.as_str().to_owned(),
                name: attach.parent.name.as_str().to_owned(),
                bound: attach.bound.clone(),
            });
        });
    }

    fn alter(&mut self, name: &TableName, change: impl FnOnce(&mut Table)) {
        if let Some(table) = self.table_mut(name) {
            change(table);
        }
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
        self.constraints.retain(|constraint| constraint.name != gone);
        self.indexes.retain(|index| index.constraint.as_deref() != Some(gone));
    }

    /// Without a column, and what PostgreSQL drops along with it.
    pub(crate) fn forget_column(&mut self, gone: &str) {
        self.columns.retain(|column| column.name != gone);
        self.indexes.retain(|index| !index.mentions.iter().any(|column| column == gone));
        self.constraints.retain(|constraint| !constraint.columns.iter().any(|column| column == gone));
    }

    fn add(&mut self, new: &NewConstraint) {
        let columns: Vec<String> = new.columns().iter().map(|column| column.as_str().to_owned()).collect();
        let kind = match &new.kind {
            NewConstraintKind::Check(_) => ConstraintKind::Check,
            NewConstraintKind::ForeignKey { .. } => ConstraintKind::ForeignKey,
            NewConstraintKind::Unique { primary: true, .. } => ConstraintKind::PrimaryKey,
            NewConstraintKind::Unique { .. } => ConstraintKind::Unique,
            NewConstraintKind::NotNull(column) => {
                self.get_mut(column).into_iter().for_each(|column| column.not_null = true);
                ConstraintKind::NotNull
            }
            NewConstraintKind::Exclude => ConstraintKind::Exclude,
        };
        if let NewConstraintKind::Unique { primary, using_index, .. } = &new.kind {
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
            references: new
                .references()
                .map(|table| (table.schema.as_str().to_owned(), table.name.as_str().to_owned())),
            relies_on: None,
        });
    }
}

fn pair(name: &TableName) -> (String, String) {
    (name.schema.as_str().to_owned(), name.name.as_str().to_owned())
}

fn column(new: &NewColumn) -> Column {
    let identity = match &new.special {
        Special::Identity(definition) if definition.starts_with("GENERATED ALWAYS") => Some(Identity::Always),
        Special::Identity(_) => Some(Identity::ByDefault),
        _ => None,
    };
    Column {
        generated: matches!(new.special, Special::Identity(_) | Special::Stored(_) | Special::Virtual(_)),
        identity,
        name: new.name.as_str().to_owned(),
        type_sql: new.type_sql.clone(),
        not_null: new.not_null,
        default: new.default.as_ref().map(|value| value.sql.clone()),
        ..Column::default()
    }
}

fn index_of(new: &NewIndex) -> Index {
    let texts = |names: &[Ident]| names.iter().map(|name| name.as_str().to_owned()).collect();
    Index {
        keys: texts(&new.keys),
        mentions: texts(&new.mentions),
        unique: new.unique,
        partial: new.partial,
        definition: format!(
            "CREATE {}INDEX {} ON {} {}",
            if new.unique { "UNIQUE " } else { "" },
            new.name.sql(),
            new.table.sql(),
            new.tail
        ),
        ..Index::named(new.table.schema.as_str(), new.name.as_str())
    }
}
