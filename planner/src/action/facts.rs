//! All facts about each kind of work, in exhaustive matches: what it locks, what proves it done,
//! how it is undone.

use super::{Action, AsWritten, Lock, Online, Proof, Sync};
use concertina_revisions::{Ident, TableName};

impl Action {
    /// The tables that the action locks, and how strongly.
    pub fn locks(&self) -> Vec<(TableName, Lock)> {
        let exclusive = |table: &TableName| vec![(table.clone(), Lock::AccessExclusive)];
        let with = |table: &TableName, lock, other: &Option<TableName>| {
            let mut locks = vec![(table.clone(), lock)];
            locks.extend(other.iter().map(|other| (other.clone(), lock)));
            locks
        };
        match self {
            Action::CreateTable {
                references,
                parents,
                ..
            } => {
                let referenced = references
                    .iter()
                    .map(|table| (table.clone(), Lock::ShareRowExclusive));
                referenced
                    .chain(
                        parents
                            .iter()
                            .map(|table| (table.clone(), Lock::ShareUpdateExclusive)),
                    )
                    .collect()
            }
            Action::AttachPartition {
                parent,
                partition,
                default,
                ..
            } => {
                let mut locks = with(partition, Lock::AccessExclusive, default);
                locks.push((parent.clone(), Lock::ShareUpdateExclusive));
                locks
            }
            Action::DetachPartition {
                parent,
                partition,
                default,
            } => {
                let mut locks = with(partition, Lock::AccessExclusive, default);
                locks.push((parent.clone(), Lock::AccessExclusive));
                locks
            }
            Action::AddColumn {
                table, references, ..
            } => {
                let mut locks = exclusive(table);
                locks.extend(
                    references
                        .iter()
                        .map(|(_, other)| (other.clone(), Lock::ShareRowExclusive)),
                );
                locks
            }
            Action::AddConstraint {
                table,
                references: references @ Some(_),
                ..
            } => with(table, Lock::ShareRowExclusive, references),
            Action::DropConstraint {
                table, references, ..
            } => with(table, Lock::AccessExclusive, references),
            Action::RenameIndex { table, .. } => vec![(table.clone(), Lock::ShareUpdateExclusive)],
            Action::InstallSync(sync) | Action::RefuseUnfilled(sync) => {
                vec![(sync.table.clone(), Lock::ShareRowExclusive)]
            }
            Action::RemoveSync(sync) => exclusive(&sync.table),
            Action::CreateVersion(version) => version
                .views
                .iter()
                .map(|view| (view.table.clone(), Lock::AccessShare))
                .collect(),
            Action::DropVersion { schema, views, .. } => {
                let view = |name: &Ident| TableName {
                    schema: schema.clone(),
                    name: name.clone(),
                };
                views
                    .iter()
                    .map(|name| (view(name), Lock::AccessExclusive))
                    .collect()
            }
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
            | Action::DropTable { table } => exclusive(table),
            Action::AsWritten { locks, .. } | Action::Blocking { locks, .. } => locks.clone(),
            Action::BeginAsWritten(begin) => begin
                .tables
                .iter()
                .map(|table| (table.clone(), Lock::AccessExclusive))
                .collect(),
        }
    }

    /// What the action does, in a few words.
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
                let value = match default {
                    Some(super::Value::Sql(value)) => format!(" default {value}"),
                    Some(super::Value::Read(query)) => {
                        format!(" default = the value of {query}, read once")
                    }
                    None => String::new(),
                };
                let null = if *not_null { " not null" } else { "" };
                format!(
                    "add column {}.{}{value}{null}",
                    table.shown(),
                    column.as_str()
                )
            }
            Action::OwnSequence { sequence, .. } => format!("create sequence {}", sequence.shown()),
            Action::AddIdentity {
                table,
                column,
                definition,
                ..
            } => {
                format!(
                    "make {}.{} {}",
                    table.shown(),
                    column.as_str(),
                    definition.to_lowercase()
                )
            }
            Action::AddNotNull { table, column, .. } => {
                format!(
                    "set not null on {}.{}, not valid yet",
                    table.shown(),
                    column.as_str()
                )
            }
            Action::AttachPartition {
                parent,
                partition,
                bound,
                ..
            } => {
                format!(
                    "attach {} to {} {}",
                    partition.shown(),
                    parent.shown(),
                    bound.to_lowercase()
                )
            }
            Action::DetachPartition {
                parent, partition, ..
            } => {
                format!("detach {} from {}", partition.shown(), parent.shown())
            }
            Action::SetDefault {
                table,
                column,
                default: Some(value),
            } => {
                format!(
                    "set default of {}.{} to {value}",
                    table.shown(),
                    column.as_str()
                )
            }
            Action::SetDefault {
                table,
                column,
                default: None,
            } => {
                format!("drop default of {}.{}", table.shown(), column.as_str())
            }
            Action::SetNotNull { table, column } => {
                format!("set not null on {}.{}", table.shown(), column.as_str())
            }
            Action::DropNotNull { table, column } => {
                format!("drop not null of {}.{}", table.shown(), column.as_str())
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
            } => {
                format!(
                    "add constraint {} to {} using index {}",
                    name.as_str(),
                    table.shown(),
                    index.as_str()
                )
            }
            Action::DropConstraint { table, name, .. } => {
                format!("drop constraint {} of {}", name.as_str(), table.shown())
            }
            Action::MoveNumbers {
                table, from, to, ..
            } => {
                format!(
                    "hand the sequence of {}.{} to {}",
                    table.shown(),
                    from.as_str(),
                    to.as_str()
                )
            }
            Action::RenameColumn { table, from, to } => {
                format!(
                    "rename column {}.{} to {}",
                    table.shown(),
                    from.as_str(),
                    to.as_str()
                )
            }
            Action::RenameConstraint { table, from, to } => {
                format!(
                    "rename constraint {} of {} to {}",
                    from.as_str(),
                    table.shown(),
                    to.as_str()
                )
            }
            Action::RenameIndex { from, to, .. } => {
                format!("rename index {} to {}", from.name.as_str(), to.as_str())
            }
            Action::DropColumn { table, column } => {
                format!("drop column {}.{}", table.shown(), column.as_str())
            }
            Action::DropTable { table } => format!("drop table {}", table.shown()),
            Action::InstallSync(sync) => {
                format!(
                    "install sync trigger on {}: {}",
                    sync.table.shown(),
                    what_it_does(sync)
                )
            }
            Action::RefuseUnfilled(sync) => {
                format!(
                    "refuse writes to {} that the sync trigger has no value for",
                    sync.table.shown()
                )
            }
            Action::RemoveSync(sync) => format!("remove sync trigger of {}", sync.table.shown()),
            Action::CreateVersion(version) => {
                format!(
                    "create version schema {} of {} views",
                    version.schema.as_str(),
                    version.views.len()
                )
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
            Online::CreateIndex { table, name, .. } => Proof::IndexValid(TableName {
                schema: table.schema.clone(),
                name: name.clone(),
            }),
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
