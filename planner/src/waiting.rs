//! Revisions whose contract hasn't run yet, and what may be planned behind them.
//!
//! A revision is written as if the ones before it were done to the end. While one still waits for
//! its contract, the catalog is neither the old nor the new one; so a later revision must be right
//! against both, and must not touch what the waiting contract will change.

use crate::action::{Action, Online};
use crate::after::identity;
use crate::catalog::{Catalog, Column, Constraint, ConstraintKind, Table};
use crate::change::Change;
use crate::footprint::Footprint;
use crate::plan::{Phase, Plan, Step, Work};
use crate::problem::{Problem, code};
use crate::touches::{Whole, of_part};
use concertina_revisions::{Ident, RevisionId, TableName};
use std::sync::Arc;

/// The catalog as it will be once these plans' contracts have run.
pub(crate) fn contracted(catalog: &Catalog, waiting: &[Plan]) -> Catalog {
    let mut next = catalog.clone();
    for step in waiting.iter().flat_map(|plan| plan.phase(Phase::Contract)) {
        match &step.work {
            Work::Quick { actions } => actions.iter().for_each(|action| next.apply(action)),
            Work::Slow {
                online: Online::DropIndex { index, .. },
            } => {
                for table in next
                    .tables
                    .iter_mut()
                    .filter(|table| table.has_index(index))
                    .map(Arc::make_mut)
                {
                    table
                        .indexes
                        .retain(|candidate| candidate.name != index.name.as_str());
                }
            }
            Work::Slow { .. } | Work::Backfill { .. } => {}
        }
        if is_as_written(&step.work) {
            next.forget(&step.touches);
        }
    }
    next
}

/// Whether the catalog learns what a step does from what it touches alone.
fn is_as_written(work: &Work) -> bool {
    matches!(work, Work::Quick { actions } if actions.iter().any(|action| matches!(action, Action::AsWritten { .. })))
}

/// The catalog with the columns marked that a waiting plan's sync triggers fill.
pub(crate) fn synced(catalog: &Catalog, waiting: &[Plan]) -> Catalog {
    let mut next = catalog.clone();
    for sync in waiting
        .iter()
        .flat_map(|plan| plan.phase(Phase::Expand))
        .flat_map(|step| step.work.actions())
    {
        if let Action::InstallSync(sync) = sync
            && let Some(table) = next.table_mut(&sync.table)
        {
            for (column, _) in &sync.assignments {
                if let Some(column) = table.get_mut(column) {
                    column.synced = true;
                }
            }
        }
    }
    next
}

/// The waiting revision whose contract is about the same as this change, so that it matters which
/// comes first.
pub(crate) fn touched<'a>(touches: &Footprint, waiting: &'a [Plan]) -> Option<&'a RevisionId> {
    let conflicts = |step: &Step| {
        if step.touches.is_empty() {
            // Stored before it was written down: what it was made for isn't known.
            let whole = Whole {
                change: &Change::Nothing(String::new()),
                touches: &Footprint::anything(),
            };
            return of_part(&step.work, &whole).conflicts(touches);
        }
        step.touches.conflicts(touches)
    };
    let waits = |plan: &&Plan| plan.phase(Phase::Contract).iter().any(conflicts);
    waiting.iter().find(waits).map(|plan| &plan.revision)
}

/// The refusal to plan ahead of a waiting contract.
pub(crate) fn must_wait(behind: &str) -> Problem {
    Problem::new(code::WAITS, format!("this statement has to wait for the contract of {behind}"))
        .label("touches what that contract changes")
        .help("run `concertina contract` once no old version of the application is left, then upgrade again")
}

impl Catalog {
    /// What the catalog becomes by an action of a contract.
    fn apply(&mut self, action: &Action) {
        if let Action::DropTable { table } = action {
            return self.tables.retain(|candidate| !candidate.is(table));
        }
        if let (Action::DropVersion { schema, .. }, Some(versions)) = (action, &mut self.versions) {
            return versions.retain(|version| version.schema != schema.as_str());
        }
        if let Some(table) = altered(action).and_then(|table| self.table_mut(table)) {
            table.apply(action);
        }
    }
}

impl Table {
    /// What the table becomes by an action of a contract.
    fn apply(&mut self, action: &Action) {
        match action {
            Action::AddIdentity {
                column, definition, ..
            } => self.with(column, |column| {
                column.generated = true;
                column.identity = Some(identity(definition, &column.type_sql));
            }),
            Action::AddColumn {
                column,
                type_sql,
                not_null,
                ..
            } => self.columns.push(Column {
                name: column.as_str().to_owned(),
                type_sql: type_sql.clone(),
                not_null: *not_null,
                ..Column::default()
            }),
            Action::SetDefault {
                column, default, ..
            } => self.with(column, |column| column.default.clone_from(default)),
            Action::SetNotNull { column, .. } | Action::AddNotNull { column, .. } => {
                self.with(column, |column| column.not_null = true);
            }
            Action::DropNotNull { column, .. } => {
                self.with(column, |column| column.not_null = false);
            }
            Action::DropColumn { column, .. } => self.forget_column(column.as_str()),
            Action::DropConstraint { name, .. } => self.forget_constraint(name.as_str()),
            Action::RenameColumn { from, to, .. } => {
                self.rename_column(from.as_str(), to.as_str());
            }
            Action::RenameConstraint { from, to, .. } => {
                self.rename_constraint(from.as_str(), to.as_str());
            }
            Action::RenameIndex { from, to, .. } => {
                self.rename_index(from.name.as_str(), to.as_str());
            }
            Action::AddConstraintUsingIndex {
                name,
                primary,
                index,
                ..
            } => self.adopt(name, *primary, index),
            Action::CreateTable { .. }
            | Action::OwnSequence { .. }
            | Action::AttachPartition { .. }
            | Action::DetachPartition { .. }
            | Action::AddConstraint { .. }
            | Action::MoveNumbers { .. }
            | Action::DropTable { .. }
            | Action::InstallSync(_)
            | Action::RefuseUnfilled(_)
            | Action::RemoveSync(_)
            | Action::CreateVersion(_)
            | Action::DropVersion { .. }
            | Action::BeginAsWritten(_)
            | Action::Blocking { .. }
            | Action::AsWritten { .. } => {}
        }
    }

    fn with(&mut self, column: &Ident, change: impl FnOnce(&mut Column)) {
        if let Some(column) = self.get_mut(column) {
            change(column);
        }
    }

    /// Makes a constraint of an index, which takes its name.
    fn adopt(&mut self, name: &Ident, primary: bool, index: &Ident) {
        let mut indexes = self.indexes.iter_mut();
        let Some(found) = indexes.find(|candidate| candidate.name == index.as_str()) else {
            return;
        };
        found.name = name.as_str().to_owned();
        found.constraint = Some(name.as_str().to_owned());
        let columns = found.keys.clone();
        self.constraints.push(Constraint {
            name: name.as_str().to_owned(),
            kind: if primary {
                ConstraintKind::PrimaryKey
            } else {
                ConstraintKind::Unique
            },
            definition: String::new(),
            columns,
            validated: true,
            references: None,
            relies_on: None,
            comment: None,
        });
    }
}

/// The table whose parts an action alters.
fn altered(action: &Action) -> Option<&TableName> {
    match action {
        Action::AddColumn { table, .. }
        | Action::AddIdentity { table, .. }
        | Action::AddNotNull { table, .. }
        | Action::SetDefault { table, .. }
        | Action::SetNotNull { table, .. }
        | Action::DropNotNull { table, .. }
        | Action::AddConstraintUsingIndex { table, .. }
        | Action::DropConstraint { table, .. }
        | Action::RenameColumn { table, .. }
        | Action::RenameConstraint { table, .. }
        | Action::RenameIndex { table, .. }
        | Action::DropColumn { table, .. } => Some(table),
        Action::CreateTable { .. }
        | Action::OwnSequence { .. }
        | Action::AttachPartition { .. }
        | Action::DetachPartition { .. }
        | Action::AddConstraint { .. }
        | Action::MoveNumbers { .. }
        | Action::DropTable { .. }
        | Action::InstallSync(_)
        | Action::RefuseUnfilled(_)
        | Action::RemoveSync(_)
        | Action::CreateVersion(_)
        | Action::DropVersion { .. }
        | Action::BeginAsWritten(_)
        | Action::Blocking { .. }
        | Action::AsWritten { .. } => None,
    }
}
