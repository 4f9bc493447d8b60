//! What a setting changes in a table's entry.

use super::{Policy, Table};
use crate::change::Effect;
use concertina_revisions::TableName;

impl Table {
    /// As it is after a setting was changed.
    pub(super) fn take_effect(&mut self, effect: &Effect) {
        match effect {
            Effect::RowSecurity(on) => self.row_security = *on,
            Effect::Options(names, set) => {
                self.options.retain(|known| !names.iter().any(|name| known.starts_with(&format!("{name}="))));
                if *set {
                    self.options.extend(names.iter().map(|name| format!("{name}=")));
                }
            }
            Effect::PolicyAdded(name, definition) => {
                self.policies.push(Policy {
                    name: name.clone(),
                    definition: definition.clone(),
                    alteration: String::new(),
                });
            }
            Effect::PolicyRenamed(old, new) => {
                self.policies.iter_mut().filter(|one| one.name == *old).for_each(|one| {
                    // Their statements name the old one.
                    *one = Policy { name: new.clone(), definition: String::new(), alteration: String::new() };
                });
            }
            Effect::TriggerRenamed(old, new) => {
                self.triggers.iter_mut().filter(|one| one.name == *old).for_each(|one| {
                    one.name.clone_from(new);
                    one.definition.clear();
                });
            }
            Effect::Identity(name, identity) => {
                self.columns.iter_mut().filter(|one| one.name == *name).for_each(|one| {
                    one.identity = *identity;
                    one.generated = identity.is_some();
                });
            }
            Effect::Expression(name, expression) => {
                self.columns.iter_mut().filter(|one| one.name == *name).for_each(|one| {
                    let stored = one.expression.as_ref().is_some_and(|(_, stored)| *stored);
                    one.expression = expression.clone().map(|expression| (expression, stored));
                    one.generated = one.expression.is_some();
                });
            }
            // What the parent is told is told by its own entry.
            Effect::Inherits(_) | Effect::InheritsNoMore(_) => {}
            Effect::Owner(owner) => self.owner.clone_from(owner),
            Effect::Comment(None, comment) => self.comment.clone_from(comment),
            Effect::Comment(Some(name), comment) => {
                self.columns.iter_mut().filter(|one| one.name == *name).for_each(|one| one.comment.clone_from(comment));
            }
            Effect::RowSecurityForced(forced) => self.row_security_forced = *forced,
            Effect::PolicyDropped(gone) => self.policies.retain(|policy| policy.name != *gone),
            Effect::TriggerAdded(new) => {
                self.triggers.retain(|trigger| trigger.name != new.name);
                self.triggers.push(new.clone());
            }
            Effect::TriggerDropped(gone) => self.triggers.retain(|trigger| trigger.name != *gone),
            Effect::ConstraintRenamed(old, new) => self.rename_constraint(old, new),
            Effect::IndexRenamed(old, new) => self.rename_index(old, new),
        }
    }

    pub(crate) fn rename(&mut self, to: &TableName) {
        to.schema.as_str().clone_into(&mut self.schema);
        to.name.as_str().clone_into(&mut self.name);
    }

    pub(crate) fn rename_constraint(&mut self, old: &str, new: &str) {
        self.constraints.iter_mut().filter(|one| one.name == old).for_each(|one| new.clone_into(&mut one.name));
        for index in self.indexes.iter_mut().filter(|index| index.constraint.as_deref() == Some(old)) {
            (index.name, index.constraint) = (new.to_owned(), Some(new.to_owned()));
        }
    }

    pub(crate) fn rename_index(&mut self, old: &str, new: &str) {
        self.indexes.iter_mut().filter(|index| index.name == old).for_each(|index| new.clone_into(&mut index.name));
    }

    pub(crate) fn rename_column(&mut self, old: &str, new: &str) {
        let renamed = |name: &mut String| {
            if name == old {
                new.clone_into(name);
            }
        };
        self.columns.iter_mut().for_each(|column| renamed(&mut column.name));
        self.constraints.iter_mut().flat_map(|one| &mut one.columns).for_each(renamed);
        self.indexes.iter_mut().flat_map(|one| one.keys.iter_mut().chain(&mut one.mentions)).for_each(renamed);
    }
}
