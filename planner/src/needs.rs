//! What a plan needs of the connected role besides the tables themselves, so that it can be asked
//! for before the first change.

use crate::action::{Action, Online};
use crate::plan::{Plan, Work};
use concertina_revisions::{Ident, TableName};
use std::collections::BTreeSet;

/// The rights that steps of a plan need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Schemas in which something is made or renamed: CREATE.
    pub schemas: BTreeSet<Ident>,
    /// Tables that a foreign key leads to: REFERENCES.
    pub references: BTreeSet<TableName>,
    /// Whether rows are changed in batches, by sessions of their own.
    pub backfills: bool,
}

impl Needs {
    /// Whether all that the other needs is among these.
    pub fn cover(&self, other: &Needs) -> bool {
        let backfills = self.backfills || !other.backfills;
        backfills
            && self.schemas.is_superset(&other.schemas)
            && self.references.is_superset(&other.references)
    }

    /// Both together.
    pub fn add(&mut self, other: Needs) {
        self.schemas.extend(other.schemas);
        self.references.extend(other.references);
        self.backfills |= other.backfills;
    }
}

impl Plan {
    /// What its steps need.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for (_, step) in self.steps() {
            match &step.work {
                Work::Quick { actions } => actions
                    .iter()
                    .for_each(|action| of_action(action, &mut needs)),
                Work::Slow { online } => of_online(online, &mut needs),
                Work::Backfill { .. } => needs.backfills = true,
            }
        }
        needs
    }
}

fn of_action(action: &Action, needs: &mut Needs) {
    match action {
        Action::CreateTable { table, references, .. } => {
            needs.schemas.insert(table.schema.clone());
            needs.references.extend(references.iter().cloned());
        }
        Action::OwnSequence { sequence, .. } => drop(needs.schemas.insert(sequence.schema.clone())),
        Action::AddIdentity { table, .. } | Action::RenameIndex { table, .. } => {
            needs.schemas.insert(table.schema.clone());
        }
        Action::AddColumn { references: Some((_, table)), .. }
        | Action::AddConstraint { references: Some(table), .. } => drop(needs.references.insert(table.clone())),
        Action::AddColumn { references: None, .. }
        | Action::AddConstraint { references: None, .. }
        | Action::AddNotNull { .. }
        | Action::AttachPartition { .. }
        | Action::DetachPartition { .. }
        | Action::SetDefault { .. }
        | Action::SetNotNull { .. }
        | Action::DropNotNull { .. }
        | Action::AddConstraintUsingIndex { .. }
        | Action::DropConstraint { .. }
        | Action::MoveNumbers { .. }
        | Action::RenameColumn { .. }
        | Action::RenameConstraint { .. }
        | Action::DropColumn { .. }
        | Action::DropTable { .. }
        | Action::InstallSync(_)
        | Action::RefuseUnfilled(_)
        | Action::RemoveSync(_)
        | Action::CreateVersion(_)
        | Action::DropVersion { .. }
        | Action::BeginAsWritten(_)
        // PostgreSQL itself is asked of these before the first change.
        | Action::Blocking { .. }
        | Action::AsWritten { .. } => {}
    }
}

fn of_online(online: &Online, needs: &mut Needs) {
    match online {
        Online::CreateIndex { table, .. } => drop(needs.schemas.insert(table.schema.clone())),
        Online::DropIndex { .. }
        | Online::Validate { .. }
        | Online::Analyze { .. }
        | Online::Reindex { .. }
        | Online::Refresh { .. }
        | Online::Fill { .. }
        | Online::Detach { .. } => {}
    }
}
