//! Revisions whose contract hasn't run yet, and what may be planned behind them.
//!
//! A revision is written as if the ones before it were done to the end. While one still waits for its contract,
//! the catalog is neither the old nor the new one; so a later revision must be right against both, and must not
//! touch what the waiting contract will change.

use crate::action::{Action, Online};
use crate::catalog::{Catalog, Constraint, ConstraintKind};
use crate::change::Change;
use crate::expr::Expr;
use crate::plan::{Phase, Plan, Work};
use crate::problem::{Problem, code};
use concertina_revisions::{Ident, RevisionId, TableName};
use std::sync::Arc;

/// One thing that a change or an action decides.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Facet {
    Table(TableName),
    Column(TableName, Ident),
    Null(TableName, Ident),
    Default(TableName, Ident),
    Constraint(TableName, Ident),
    Index(TableName),
}

impl Facet {
    fn table(&self) -> Option<&TableName> {
        match self {
            Facet::Table(table)
            | Facet::Column(table, _)
            | Facet::Null(table, _)
            | Facet::Default(table, _)
            | Facet::Constraint(table, _) => Some(table),
            Facet::Index(_) => None,
        }
    }
}

/// The catalog as it will be once these plans' contracts have run.
pub(crate) fn contracted(catalog: &Catalog, waiting: &[Plan]) -> Catalog {
    let mut next = catalog.clone();
    for step in waiting.iter().flat_map(|plan| plan.phase(Phase::Contract)) {
        match &step.work {
            Work::Quick { actions } => actions.iter().for_each(|action| next.apply(action)),
            Work::Slow { online: Online::DropIndex { index, .. } } => {
                for table in next.tables.iter_mut().filter(|table| table.has_index(index)).map(Arc::make_mut) {
                    table.indexes.retain(|candidate| candidate.name != index.name.as_str());
                }
            }
            Work::Slow { .. } | Work::Backfill { .. } => {}
        }
    }
    next
}

/// The catalog with the columns marked that a waiting plan's sync triggers fill.
pub(crate) fn synced(catalog: &Catalog, waiting: &[Plan]) -> Catalog {
    let mut next = catalog.clone();
    for sync in waiting.iter().flat_map(|plan| plan.phase(Phase::Expand)).flat_map(|step| match &step.work {
        Work::Quick { actions } => actions.as_slice(),
        _ => &[],
    }) {
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

/// The waiting revision that will change what this change is about.
pub(crate) fn touched<'a>(change: &Change, waiting: &'a [Plan]) -> Option<&'a RevisionId> {
    let mine = of_change(change);
    // A table that gets another name takes all that waits to be done on it from its place.
    let renamed = match change {
        Change::RenameTable(from, _) => Some(from),
        _ => None,
    };
    let touches = |plan: &&Plan| {
        let mut facets = plan.phase(Phase::Contract).iter().flat_map(|step| of_work(&step.work));
        facets.any(|facet| mine.contains(&facet) || renamed.is_some_and(|table| facet.table() == Some(table)))
    };
    waiting.iter().find(touches).map(|plan| &plan.revision)
}

/// The refusal to plan ahead of a waiting contract.
pub(crate) fn must_wait(behind: &str) -> Problem {
    Problem::new(code::WAITS, format!("this statement has to wait for the contract of {behind}"))
        .label("touches what that contract changes")
        .help("run `concertina contract` once no old version of the application is left, then upgrade again")
}

/// What a change decides, and the columns that it is about: one that a waiting contract takes away, or puts another in the
/// place of, would take with it what is made on it.
fn of_change(change: &Change) -> Vec<Facet> {
    let mut facets = decided(change);
    let Some(table) = change.table() else { return facets };
    let columns: Vec<Ident> = match change {
        Change::SetDefault(_, column, _) | Change::SetNotNull(_, column) | Change::DropNotNull(_, column) => {
            vec![column.clone()]
        }
        Change::AddConstraint(_, constraint) => constraint.columns(),
        Change::CreateIndex(index) => index.mentions.clone(),
        Change::Update(update) => update.column_names(),
        Change::Delete(delete) => delete.predicate.iter().flat_map(Expr::column_names).collect(),
        _ => vec![],
    };
    facets.extend(columns.into_iter().map(|column| Facet::Column(table.clone(), column)));
    facets
}

fn decided(change: &Change) -> Vec<Facet> {
    match change {
        Change::CreateTable(new) => vec![Facet::Table(new.table.clone())],
        Change::AddColumn(add) => vec![Facet::Column(add.table.clone(), add.column.name.clone())],
        Change::SetDefault(table, column, _) => vec![Facet::Default(table.clone(), column.clone())],
        Change::SetNotNull(table, column) | Change::DropNotNull(table, column) => {
            vec![Facet::Null(table.clone(), column.clone())]
        }
        Change::AddConstraint(table, constraint) => vec![
            Facet::Constraint(table.clone(), constraint.name.clone()),
            Facet::Index(in_schema(table, &constraint.name)),
        ],
        Change::DropConstraint(table, name) | Change::Validate(table, name) => {
            vec![Facet::Constraint(table.clone(), name.clone())]
        }
        Change::AlterType(new) => vec![Facet::Column(new.table.clone(), new.column.clone())],
        Change::DropColumn(table, column) => vec![Facet::Column(table.clone(), column.clone())],
        Change::CreateIndex(index) => vec![Facet::Index(in_schema(&index.table, &index.name))],
        Change::DropIndex(name) => vec![Facet::Index(name.clone())],
        Change::DropTable(table) => vec![Facet::Table(table.clone())],
        Change::RenameColumn(table, from, to) => {
            vec![Facet::Column(table.clone(), from.clone()), Facet::Column(table.clone(), to.clone())]
        }
        Change::RenameTable(from, to) => vec![Facet::Table(from.clone()), Facet::Table(to.clone())],
        Change::AddIdentity(new) => vec![Facet::Default(new.table.clone(), new.column.clone())],
        Change::Attach(attach) => vec![Facet::Table(attach.partition.clone())],
        Change::Detach(detach) => vec![Facet::Table(detach.partition.clone())],
        Change::CreateMaterializedView(new) => vec![Facet::Table(new.view.clone())],
        Change::Reindex(_)
        | Change::Refresh(_)
        | Change::Allowed(..)
        | Change::CreateEnum(_)
        | Change::Insert(_)
        | Change::Update(_)
        | Change::Delete(_)
        | Change::CatalogOnly(_)
        | Change::Setting(_)
        | Change::Nothing(_) => vec![],
    }
}

fn of_work(work: &Work) -> Vec<Facet> {
    match work {
        Work::Quick { actions } => actions.iter().flat_map(of_action).collect(),
        Work::Slow { online: Online::DropIndex { index, .. } } => vec![Facet::Index(index.clone())],
        Work::Slow { online: Online::Detach { partition, .. } } => vec![Facet::Table(partition.clone())],
        Work::Slow { .. } | Work::Backfill { .. } => vec![],
    }
}

fn of_action(action: &Action) -> Vec<Facet> {
    match action {
        Action::SetDefault { table, column, .. } | Action::AddIdentity { table, column, .. } => {
            vec![Facet::Default(table.clone(), column.clone())]
        }
        Action::AttachPartition { partition, .. } | Action::DetachPartition { partition, .. } => {
            vec![Facet::Table(partition.clone())]
        }
        Action::SetNotNull { table, column }
        | Action::DropNotNull { table, column }
        | Action::AddNotNull { table, column, .. } => {
            vec![Facet::Null(table.clone(), column.clone())]
        }
        Action::AddConstraintUsingIndex { table, name, .. } | Action::DropConstraint { table, name, .. } => {
            vec![Facet::Constraint(table.clone(), name.clone()), Facet::Index(in_schema(table, name))]
        }
        Action::DropColumn { table, column } => vec![Facet::Column(table.clone(), column.clone())],
        Action::RenameColumn { table, from, to } => {
            vec![Facet::Column(table.clone(), from.clone()), Facet::Column(table.clone(), to.clone())]
        }
        Action::RenameConstraint { table, from, to } => {
            vec![Facet::Constraint(table.clone(), from.clone()), Facet::Constraint(table.clone(), to.clone())]
        }
        Action::RenameIndex { from, to, .. } => {
            vec![Facet::Index(from.clone()), Facet::Index(in_schema(from, to))]
        }
        Action::DropTable { table } => vec![Facet::Table(table.clone())],
        Action::CreateTable { .. }
        | Action::AddColumn { .. }
        | Action::OwnSequence { .. }
        | Action::AddConstraint { .. }
        | Action::MoveNumbers { .. }
        | Action::InstallSync(_)
        | Action::RemoveSync(_)
        | Action::CreateVersion(_)
        | Action::DropVersion { .. }
        | Action::Blocking { .. }
        | Action::AsWritten { .. } => vec![],
    }
}

fn in_schema(table: &TableName, name: &Ident) -> TableName {
    TableName { schema: table.schema.clone(), name: name.clone() }
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
        let Some(on) = of_action(action).first().map(|facet| match facet {
            Facet::Column(table, _)
            | Facet::Null(table, _)
            | Facet::Default(table, _)
            | Facet::Constraint(table, _)
            | Facet::Table(table)
            | Facet::Index(table) => table.clone(),
        }) else {
            return;
        };
        let Some(table) = self.table_mut(&on) else { return };
        match action {
            Action::SetDefault { column, default, .. } => {
                table.get_mut(column).into_iter().for_each(|column| column.default = default.clone());
            }
            Action::SetNotNull { column, .. } | Action::AddNotNull { column, .. } => {
                table.get_mut(column).into_iter().for_each(|column| column.not_null = true);
            }
            Action::DropNotNull { column, .. } => {
                table.get_mut(column).into_iter().for_each(|column| column.not_null = false);
            }
            Action::DropColumn { column, .. } => table.forget_column(column.as_str()),
            Action::DropConstraint { name, .. } => table.forget_constraint(name.as_str()),
            Action::RenameColumn { from, to, .. } => table.rename_column(from.as_str(), to.as_str()),
            Action::RenameConstraint { from, to, .. } => table.rename_constraint(from.as_str(), to.as_str()),
            Action::RenameIndex { from, to, .. } => table.rename_index(from.name.as_str(), to.as_str()),
            Action::AddConstraintUsingIndex { name, primary, index, .. } => {
                let kind = if *primary { ConstraintKind::PrimaryKey } else { ConstraintKind::Unique };
                let Some(found) = table.indexes.iter_mut().find(|candidate| candidate.name == index.as_str()) else {
                    return;
                };
                found.name = name.as_str().to_owned();
                found.constraint = Some(name.as_str().to_owned());
                let columns = found.keys.clone();
                table.constraints.push(Constraint {
                    name: name.as_str().to_owned(),
                    kind,
                    definition: String::new(),
                    columns,
                    validated: true,
                    references: None,
                    relies_on: None,
                });
            }
            _ => {}
        }
    }
}
