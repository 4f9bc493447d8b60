//! What a setting changes in a table's entry.

use crate::catalog::{Column, ConstraintKind, Policy, Standing, Table, TableKind};
use crate::change::Effect;
use crate::sql::rewrite;
use concertina_revisions::{Ident, TableName};

impl Table {
    /// As it is after a setting was changed.
    #[expect(clippy::too_many_lines, reason = "a few lines for each kind of effect")]
    pub(super) fn take_effect(&mut self, effect: &Effect) {
        match effect {
            Effect::RowSecurity(on) => self.row_security = *on,
            Effect::Options(options, set) => take_options(&mut self.options, options, *set),
            Effect::IndexOptions(name, options, set) => {
                self.indexes
                    .iter_mut()
                    .filter(|one| one.name == *name)
                    .for_each(|one| {
                        take_options(&mut one.options, options, *set);
                        one.definition = rewrite::with_options(&one.definition, &one.options);
                    });
            }
            Effect::ColumnOptions(name, options, set) => {
                self.of_column(name, |column| {
                    take_options(&mut column.options, options, *set);
                });
            }
            Effect::ColumnStatistics(name, target) => {
                self.of_column(name, |column| column.statistics = Some(*target));
            }
            Effect::Storage(name, storage) => {
                self.of_column(name, |column| {
                    (column.storage, column.storage_set) = (Some(storage.clone()), true);
                });
            }
            Effect::Compression(name, method) => {
                self.of_column(name, |column| {
                    column.compression = (method != "default").then(|| method.clone());
                });
            }
            Effect::Clustered(name) => {
                self.indexes
                    .iter_mut()
                    .for_each(|one| one.clustered = name.as_ref() == Some(&one.name));
            }
            Effect::ReplicaIdentity(identity) => self.replica_identity = Some(identity.clone()),
            Effect::Rights(given) => given.iter().for_each(|(column, items)| match column {
                None => self.rights = Some(items.clone()),
                Some(name) => self.of_column(name, |column| column.rights = Some(items.clone())),
            }),
            Effect::Statistics { gone, made } => {
                let is =
                    |of: &str, name: &str, wanted: &TableName| TableName::new(of, name) == *wanted;
                self.statistics
                    .retain(|(of, name, _)| !gone.as_ref().is_some_and(|gone| is(of, name, gone)));
                self.statistics
                    .extend(made.iter().map(|(name, definition)| {
                        (
                            name.schema.as_str().to_owned(),
                            name.name.as_str().to_owned(),
                            definition.clone(),
                        )
                    }));
            }
            Effect::PolicyAdded(name, definition) => {
                self.policies.push(Policy {
                    name: name.clone(),
                    definition: definition.clone(),
                    alteration: String::new(),
                });
            }
            Effect::PolicyRenamed(old, new) => {
                self.policies
                    .iter_mut()
                    .filter(|one| one.name == *old)
                    .for_each(|one| {
                        // Their statements name the old one.
                        *one = Policy {
                            name: new.clone(),
                            definition: String::new(),
                            alteration: String::new(),
                        };
                    });
                let (old, new) = (old.clone(), new.clone());
                self.stands_by(&Standing::Policy(old), &Standing::Policy(new));
            }
            Effect::TriggerRenamed(old, new) => {
                self.triggers
                    .iter_mut()
                    .filter(|one| one.name == *old)
                    .for_each(|one| {
                        one.name.clone_from(new);
                        one.definition.clear();
                    });
                let (old, new) = (old.clone(), new.clone());
                self.stands_by(&Standing::Trigger(old), &Standing::Trigger(new));
            }
            Effect::Identity(name, identity) => {
                self.columns
                    .iter_mut()
                    .filter(|one| one.name == *name)
                    .for_each(|one| {
                        one.identity = *identity;
                        one.generated = identity.is_some();
                    });
            }
            Effect::Expression(name, expression) => {
                self.columns
                    .iter_mut()
                    .filter(|one| one.name == *name)
                    .for_each(|one| {
                        let stored = one.expression.as_ref().is_some_and(|(_, stored)| *stored);
                        one.expression = expression.clone().map(|expression| (expression, stored));
                        one.generated = one.expression.is_some();
                    });
            }
            Effect::Owner(owner) => self.owner.clone_from(owner),
            Effect::Comment(None, comment) => self.comment.clone_from(comment),
            Effect::Comment(Some(name), comment) => {
                self.of_column(name, |column| column.comment.clone_from(comment));
            }
            Effect::ConstraintComment(name, comment) => {
                let constraints = self.constraints.iter_mut().filter(|one| one.name == *name);
                constraints.for_each(|one| one.comment.clone_from(comment));
            }
            Effect::IndexComment(name, comment) => {
                self.indexes
                    .iter_mut()
                    .filter(|one| one.name == *name)
                    .for_each(|one| one.comment.clone_from(comment));
            }
            Effect::RowSecurityForced(forced) => self.row_security_forced = *forced,
            Effect::PolicyDropped(gone) => {
                self.policies.retain(|policy| policy.name != *gone);
                self.stands_no_more(&Standing::Policy(gone.clone()));
            }
            // What the parent is told is told by its own entry; what a policy was made of besides
            // stays as it was.
            Effect::Inherits(_) | Effect::InheritsNoMore(_) | Effect::PolicyAltered(_) => {}
            Effect::RuleDropped(gone) => {
                self.rules.retain(|rule| rule.name != *gone);
                self.stands_no_more(&Standing::Rule(gone.clone()));
            }
            Effect::RuleAdded(new) => {
                self.stands_no_more(&Standing::Rule(new.name.clone()));
                self.rules.retain(|rule| rule.name != new.name);
                self.rules.push(new.clone());
            }
            Effect::TriggerAdded(new) => {
                self.stands_no_more(&Standing::Trigger(new.name.clone()));
                self.triggers.retain(|trigger| trigger.name != new.name);
                self.triggers.push(new.clone());
            }
            Effect::TriggerDropped(gone) => {
                self.triggers.retain(|trigger| trigger.name != *gone);
                self.stands_no_more(&Standing::Trigger(gone.clone()));
            }
            Effect::ConstraintRenamed(old, new) => self.rename_constraint(old, new),
            Effect::IndexRenamed(old, new) => self.rename_index(old, new),
        }
    }

    /// Another name for something that stands on columns.
    fn stands_by(&mut self, old: &Standing, new: &Standing) {
        let named = self.dependants.iter_mut().map(|one| &mut one.by);
        let named = named.chain(self.type_obstacles.iter_mut().map(|one| &mut one.by));
        named
            .filter(|one| one.as_ref() == Some(old))
            .for_each(|one| *one = Some(new.clone()));
    }

    /// Whether nothing tells a subscriber which row is meant.
    pub(super) fn identifies_nothing(&self) -> bool {
        match self.replica_identity.as_deref() {
            Some("NOTHING") => true,
            None | Some("DEFAULT") => {
                self.kind == TableKind::Plain
                    && !self
                        .constraints
                        .iter()
                        .any(|one| one.kind == ConstraintKind::PrimaryKey)
            }
            Some("FULL") => false,
            // By an index, which has to be there.
            Some(identity) => !self
                .indexes
                .iter()
                .any(|index| identity == index.as_identity()),
        }
    }

    fn of_column(&mut self, name: &str, change: impl Fn(&mut Column)) {
        self.columns
            .iter_mut()
            .filter(|one| one.name == *name)
            .for_each(change);
    }

    pub(crate) fn rename(&mut self, to: &TableName) {
        to.schema.as_str().clone_into(&mut self.schema);
        to.name.as_str().clone_into(&mut self.name);
    }

    pub(crate) fn rename_constraint(&mut self, old: &str, new: &str) {
        self.constraints
            .iter_mut()
            .filter(|one| one.name == old)
            .for_each(|one| new.clone_into(&mut one.name));
        for index in self
            .indexes
            .iter_mut()
            .filter(|index| index.constraint.as_deref() == Some(old))
        {
            (index.name, index.constraint) = (new.to_owned(), Some(new.to_owned()));
        }
    }

    pub(crate) fn rename_index(&mut self, old: &str, new: &str) {
        let by_index = |name: &str| format!("USING INDEX {}", Ident::new(name).sql());
        if self.replica_identity.as_deref() == Some(by_index(old).as_str()) {
            self.replica_identity = Some(by_index(new));
        }
        self.indexes
            .iter_mut()
            .filter(|index| index.name == old)
            .for_each(|index| new.clone_into(&mut index.name));
    }

    pub(crate) fn rename_column(&mut self, old: &str, new: &str) {
        let renamed = |name: &mut String| {
            if name == old {
                new.clone_into(name);
            }
        };
        self.columns
            .iter_mut()
            .for_each(|column| renamed(&mut column.name));
        self.constraints
            .iter_mut()
            .flat_map(|one| &mut one.columns)
            .for_each(renamed);
        self.indexes
            .iter_mut()
            .flat_map(|one| one.keys.iter_mut().chain(&mut one.mentions))
            .for_each(renamed);
        self.triggers
            .iter_mut()
            .flat_map(|one| &mut one.columns)
            .for_each(renamed);
        self.partition_key
            .iter_mut()
            .flat_map(|one| &mut one.columns)
            .for_each(renamed);
        self.dependants
            .iter_mut()
            .filter_map(|one| one.column.as_mut())
            .for_each(renamed);
        self.type_obstacles
            .iter_mut()
            .filter_map(|one| one.column.as_mut())
            .for_each(renamed);
        self.stands_by(
            &Standing::Column(old.to_owned()),
            &Standing::Column(new.to_owned()),
        );
        for (_, _, definition) in &mut self.statistics {
            if let Some(again) = rewrite::words(definition, &Ident::new(old), &Ident::new(new)) {
                *definition = again;
            }
        }
    }
}

/// Options of which some are set or reset.
fn take_options(known: &mut Vec<String>, options: &[String], set: bool) {
    let name_of = |option: &str| option.split('=').next().unwrap_or_default().to_owned();
    known.retain(|known| {
        !options
            .iter()
            .any(|option| name_of(option) == name_of(known))
    });
    if set {
        known.extend(options.iter().cloned());
    }
}
