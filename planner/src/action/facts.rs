//! All facts about each kind of work, in exhaustive matches: what it locks, what proves it done,
//! how it is undone.

use super::{Action, AsWritten, Lock, Online, Proof, Sync, Value};
use concertina_revisions::{Ident, TableName};

/// Each of these tables with the same lock.
fn locked<'a>(
    tables: impl IntoIterator<Item = &'a TableName>,
    lock: Lock,
) -> Vec<(TableName, Lock)> {
    let tables = tables.into_iter();
    tables.map(|table| (table.clone(), lock)).collect()
}

impl Action {
    /// The tables that the action locks, and how strongly.
    #[expect(clippy::too_many_lines, reason = "a few lines for each kind of action")]
    pub fn locks(&self) -> Vec<(TableName, Lock)> {
        match self {
            Action::CreateTable {
                references,
                parents,
                ..
            } => [
                locked(references, Lock::ShareRowExclusive),
                locked(parents, Lock::ShareUpdateExclusive),
            ]
            .concat(),
            Action::AttachPartition {
                parent,
                partition,
                default,
                ..
            } => [
                locked(
                    std::iter::once(partition).chain(default),
                    Lock::AccessExclusive,
                ),
                locked([parent], Lock::ShareUpdateExclusive),
            ]
            .concat(),
            Action::DetachPartition {
                parent,
                partition,
                default,
            } => locked(
                std::iter::once(partition).chain(default).chain([parent]),
                Lock::AccessExclusive,
            ),
            Action::AddColumn {
                table, references, ..
            } => [
                locked([table], Lock::AccessExclusive),
                locked(
                    references.iter().map(|(_, other)| other),
                    Lock::ShareRowExclusive,
                ),
            ]
            .concat(),
            Action::AddConstraint {
                table,
                references: references @ Some(_),
                ..
            } => locked(
                std::iter::once(table).chain(references),
                Lock::ShareRowExclusive,
            ),
            Action::DropConstraint {
                table, references, ..
            } => locked(
                std::iter::once(table).chain(references),
                Lock::AccessExclusive,
            ),
            Action::RenameIndex { table, .. } => locked([table], Lock::ShareUpdateExclusive),
            Action::InstallSync(sync) | Action::RefuseUnfilled(sync) => {
                locked([&sync.table], Lock::ShareRowExclusive)
            }
            Action::RemoveSync(sync) => locked([&sync.table], Lock::AccessExclusive),
            Action::CreateVersion(version) => {
                let shown = version.views.iter().map(|view| &view.table);
                locked(shown, Lock::AccessShare)
            }
            Action::DropVersion { schema, views, .. } => views
                .iter()
                .map(|view| TableName::new(schema.clone(), view.clone()))
                .map(|view| (view, Lock::AccessExclusive))
                .collect(),
            Action::OwnSequence { table, .. }
            | Action::AddIdentity { table, .. }
            | Action::AddNotNull { table, .. }
            | Action::SetDefault { table, .. }
            | Action::SetNotNull { table, .. }
            | Action::DropNotNull { table, .. }
            | Action::AddConstraint { table, .. }
            | Action::AddConstraintUsingIndex { table, .. }
            | Action::MoveNumbers { table, .. }
            | Action::RenameColumn { table, .. }
            | Action::RenameConstraint { table, .. }
            | Action::DropColumn { table, .. }
            | Action::DropTable { table } => locked([table], Lock::AccessExclusive),
            Action::AsWritten { locks, .. } | Action::Blocking { locks, .. } => locks.clone(),
            Action::BeginAsWritten(begin) => locked(&begin.tables, Lock::AccessExclusive),
        }
    }

    /// What the action does, in a few words.
    #[expect(clippy::too_many_lines, reason = "a few lines for each kind of action")]
    pub fn summary(&self) -> String {
        match self {
            Action::CreateTable { table, .. } => format!("create table {}", table.shown()),
            Action::AddColumn {
                table,
                column,
                default,
                not_null,
                ..
            } => {
                let value = default.as_ref().map_or_else(String::new, born_with);
                let null = if *not_null { " not null" } else { "" };
                format!("add column {}{value}{null}", table.shown_column(column))
            }
            Action::OwnSequence { sequence, .. } => format!("create sequence {}", sequence.shown()),
            Action::AddIdentity {
                table,
                column,
                definition,
                ..
            } => {
                let definition = definition.to_lowercase();
                format!("make {} {definition}", table.shown_column(column))
            }
            Action::AddNotNull { table, column, .. } => {
                let column = table.shown_column(column);
                format!("set not null on {column}, not valid yet")
            }
            Action::AttachPartition {
                parent,
                partition,
                bound,
                ..
            } => {
                let (partition, bound) = (partition.shown(), bound.to_lowercase());
                format!("attach {partition} to {} {bound}", parent.shown())
            }
            Action::DetachPartition {
                parent, partition, ..
            } => format!("detach {} from {}", partition.shown(), parent.shown()),
            Action::SetDefault {
                table,
                column,
                default,
            } => match default {
                Some(value) => format!("set default of {} to {value}", table.shown_column(column)),
                None => format!("drop default of {}", table.shown_column(column)),
            },
            Action::SetNotNull { table, column } => {
                format!("set not null on {}", table.shown_column(column))
            }
            Action::DropNotNull { table, column } => {
                format!("drop not null of {}", table.shown_column(column))
            }
            Action::AddConstraint {
                table,
                name,
                not_valid,
                ..
            } => {
                let valid = if *not_valid { ", not valid yet" } else { "" };
                format!(
                    "add constraint {} to {}{valid}",
                    name.as_str(),
                    table.shown()
                )
            }
            Action::AddConstraintUsingIndex {
                table, name, index, ..
            } => format!(
                "add constraint {} to {} using index {}",
                name.as_str(),
                table.shown(),
                index.as_str()
            ),
            Action::DropConstraint { table, name, .. } => {
                format!("drop constraint {} of {}", name.as_str(), table.shown())
            }
            Action::MoveNumbers {
                table, from, to, ..
            } => {
                let from = table.shown_column(from);
                format!("hand the sequence of {from} to {}", to.as_str())
            }
            Action::RenameColumn { table, from, to } => {
                let from = table.shown_column(from);
                format!("rename column {from} to {}", to.as_str())
            }
            Action::RenameConstraint { table, from, to } => {
                let (from, to) = (from.as_str(), to.as_str());
                format!("rename constraint {from} of {} to {to}", table.shown())
            }
            Action::RenameIndex { from, to, .. } => {
                format!("rename index {} to {}", from.name.as_str(), to.as_str())
            }
            Action::DropColumn { table, column } => {
                format!("drop column {}", table.shown_column(column))
            }
            Action::DropTable { table } => format!("drop table {}", table.shown()),
            Action::InstallSync(sync) => {
                let what = what_it_does(sync);
                format!("install sync trigger on {}: {what}", sync.table.shown())
            }
            Action::RefuseUnfilled(sync) => format!(
                "refuse writes to {} that the sync trigger has no value for",
                sync.table.shown()
            ),
            Action::RemoveSync(sync) => format!("remove sync trigger of {}", sync.table.shown()),
            Action::CreateVersion(version) => {
                let (schema, views) = (version.schema.as_str(), version.views.len());
                format!("create version schema {schema} of {views} views")
            }
            Action::DropVersion { schema, .. } => {
                format!("drop version schema {}", schema.as_str())
            }
            Action::AsWritten { what, .. } => what.clone(),
            Action::BeginAsWritten(begin) => as_written(begin),
            Action::Blocking { sql, .. } => format!("run as its author allows: {sql}"),
        }
    }
}

fn born_with(value: &Value) -> String {
    match value {
        Value::Sql(value) => format!(" default {value}"),
        Value::Read(query) => format!(" default = the value of {query}, read once"),
    }
}

fn as_written(begin: &AsWritten) -> String {
    let names: Vec<String> = begin.empty.iter().map(TableName::shown).collect();
    match names.as_slice() {
        _ if begin.unpopulated => "as written, in a database without rows".to_owned(),
        [] => "as written".to_owned(),
        names => format!("as written, while there is no row in {}", names.join(", ")),
    }
}

fn what_it_does(sync: &Sync) -> String {
    if let Some(alias) = &sync.alias {
        return format!(
            "{} is {} by another name",
            alias.alias.as_str(),
            alias.original.as_str()
        );
    }
    if let Some(twin) = &sync.twin {
        let (old, new) = (twin.old.as_str(), twin.new.as_str());
        return if twin.back.is_empty() {
            format!("{new} follows {old}")
        } else {
            format!("{old} and {new} say the same")
        };
    }
    if let Some(follow) = &sync.follow {
        return format!(
            "what is written there is taken over to {}",
            follow.target.shown()
        );
    }
    let filled: Vec<&str> = sync
        .assignments
        .iter()
        .map(|(column, _)| column.as_str())
        .collect();
    format!("fill {}", filled.join(", "))
}

impl Online {
    /// The table that is worked on.
    pub fn table(&self) -> &TableName {
        match self {
            Online::CreateIndex { table, .. }
            | Online::DropIndex { table, .. }
            | Online::Validate { table, .. }
            | Online::Analyze { table }
            | Online::Reindex { table, .. }
            | Online::Detach { parent: table, .. }
            | Online::Refresh { view: table }
            | Online::Fill { view: table } => table,
        }
    }

    /// The tables that the work locks, and how strongly.
    pub fn locks(&self) -> Vec<(TableName, Lock)> {
        let (own, others) = match self {
            Online::Validate { references, .. } => {
                (Lock::ShareUpdateExclusive, references.as_slice())
            }
            // The partition's is taken for a metadata-only change, under lock_timeout.
            Online::Detach { parent, partition } => {
                return vec![
                    (parent.clone(), Lock::ShareUpdateExclusive),
                    (partition.clone(), Lock::AccessExclusive),
                ];
            }
            Online::Refresh { .. } => (Lock::Exclusive, &[][..]),
            Online::Fill { .. } => (Lock::AccessExclusive, &[][..]),
            Online::CreateIndex { .. }
            | Online::DropIndex { .. }
            | Online::Analyze { .. }
            | Online::Reindex { .. } => (Lock::ShareUpdateExclusive, &[][..]),
        };
        let mut locks = vec![(self.table().clone(), own)];
        locks.extend(others.iter().map(|other| (other.clone(), Lock::RowShare)));
        locks
    }

    /// What the work does, in a few words.
    pub fn summary(&self) -> String {
        match self {
            Online::CreateIndex {
                table,
                name,
                unique,
                ..
            } => {
                let unique = if *unique { "unique " } else { "" };
                format!(
                    "create {unique}index {} on {} concurrently",
                    name.as_str(),
                    table.shown()
                )
            }
            Online::DropIndex { index, .. } => format!("drop index {} concurrently", index.shown()),
            Online::Validate {
                table, constraints, ..
            } => {
                let names: Vec<&str> = constraints.iter().map(Ident::as_str).collect();
                format!("validate {} of {}", names.join(", "), table.shown())
            }
            Online::Analyze { table } => format!("analyze {}", table.shown()),
            Online::Reindex {
                index: Some(index), ..
            } => format!("reindex {} concurrently", index.shown()),
            Online::Reindex { table, index: None } => {
                format!("reindex {} concurrently", table.shown())
            }
            Online::Refresh { view } => format!("refresh {} concurrently", view.shown()),
            Online::Fill { view } => format!("fill {}", view.shown()),
            Online::Detach { parent, partition } => {
                format!(
                    "detach {} from {} concurrently",
                    partition.shown(),
                    parent.shown()
                )
            }
        }
    }

    /// What tells that the work is done.
    pub fn done_when(&self) -> Proof {
        match self {
            Online::CreateIndex { table, name, .. } => Proof::IndexValid(table.beside(name)),
            Online::DropIndex { index, .. } => Proof::IndexGone(index.clone()),
            Online::Validate {
                table, constraints, ..
            } => Proof::Validated(table.clone(), constraints.clone()),
            Online::Fill { view } => Proof::Filled(view.clone()),
            Online::Detach { parent, partition } => {
                Proof::Detached(parent.clone(), partition.clone())
            }
            Online::Analyze { .. } | Online::Reindex { .. } | Online::Refresh { .. } => {
                Proof::Recorded
            }
        }
    }
}
