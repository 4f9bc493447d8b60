//! What becomes of a catalog's objects other than tables' parts: views, types, functions, sequences
//! and schemas.

use super::pair;
use crate::catalog::{Catalog, PartitionOf, Standing, Table, TableKind, UserType};
use crate::change::CatalogOnly;
use crate::footprint::{Footprint, How, Thing};
use concertina_revisions::Ident;
use concertina_revisions::TableName;
use std::sync::Arc;

impl Catalog {
    pub(super) fn make_object(&mut self, only: &CatalogOnly) {
        self.extensions.extend(only.extension.clone());
        self.forget(&only.touches);
        if let Some(name) = &only.view {
            self.stand_on(&only.touches, &format!("view {}", name.sql()), None);
        }
        if let Some(name) = &only.bound {
            let by = Standing::Function(name.as_str().to_owned());
            self.stand_on(
                &only.touches,
                &format!("function {}", name.sql()),
                Some(&by),
            );
        }
        self.functions_made(&only.touches, &only.sql);
        self.publish(&only.touches);
        self.other_objects(only);
        let made = only
            .touches
            .writes()
            .filter(|access| access.how == How::Make);
        let type_of = |thing: &Thing| {
            if let Thing::Type(name) = thing {
                Some(name.as_str().to_owned())
            } else {
                None
            }
        };
        self.new_types
            .extend(made.filter_map(|access| type_of(&access.thing)));
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

    /// Rows of what a publication publishes can't be updated where nothing identifies them.
    fn publish(&mut self, touches: &Footprint) {
        let is_one =
            |thing: &Thing| matches!(thing, Thing::Named(kind, _) if kind == "publication");
        if !touches
            .writes()
            .any(|access| access.how != How::Drop && is_one(&access.thing))
        {
            return;
        }
        for access in touches.writes() {
            if let Thing::Trigger(table, None) = &access.thing {
                self.alter(table, |table| {
                    table.update_published = true;
                    table.update_refused |= table.identifies_nothing();
                });
            }
        }
    }

    /// Schemas, sequences and composite types that are made or go.
    fn other_objects(&mut self, only: &CatalogOnly) {
        for access in only.touches.writes() {
            let made = access.how == How::Make;
            if let Thing::Schema(name) = &access.thing {
                let name = name.as_str().to_owned();
                if made {
                    self.schemas.insert(name)
                } else {
                    access.how == How::Drop && self.schemas.remove(&name)
                };
            } else if let Thing::Relation(name) = &access.thing
                && only.view.is_none()
            {
                let relations = Arc::make_mut(&mut self.other_relations);
                if made {
                    relations.insert(pair(name))
                } else {
                    access.how == How::Drop && relations.remove(&pair(name))
                };
            }
        }
    }

    /// What a statement drops or renames, of what isn't told by a change of its own.
    pub(crate) fn forget(&mut self, touches: &Footprint) {
        let of = |how: How| {
            let all = touches.writes().filter(move |access| access.how == how);
            all.map(|access| &access.thing).collect::<Vec<_>>()
        };
        let (dropped, made) = (of(How::Drop), of(How::Make));
        for thing in &dropped {
            if let Thing::Relation(name) = thing {
                let to = made.iter().find_map(|thing| {
                    if let Thing::Relation(to) = thing {
                        Some(to)
                    } else {
                        None
                    }
                });
                match to {
                    Some(to) => self.rename_relation(name, to),
                    None => self.forget_relation(name),
                }
            } else if let Thing::Type(name) = thing {
                let to = made.iter().find_map(|thing| {
                    if let Thing::Type(to) = thing {
                        Some(to)
                    } else {
                        None
                    }
                });
                self.forget_type(name, to);
            } else if made.is_empty() {
                self.forget_part(thing);
            }
        }
    }

    /// Another name for a relation, and wherever others speak of it: parents of their parts, parts
    /// of their parent, foreign keys.
    pub(super) fn rename_relation(&mut self, from: &TableName, to: &TableName) {
        let (old, new) = (pair(from), pair(to));
        self.alter(from, |table| table.rename(to));
        for table in &mut self.tables {
            let of_old = |one: &PartitionOf| one.schema == old.0 && one.name == old.1;
            let speaks = table.partitions.contains(&old)
                || table.children.contains(&old)
                || table.partition_of.as_ref().is_some_and(of_old)
                || table
                    .constraints
                    .iter()
                    .any(|one| one.references.as_ref() == Some(&old));
            if !speaks {
                continue;
            }
            let table = Arc::make_mut(table);
            let named = table.partitions.iter_mut().chain(&mut table.children);
            let pointed = table
                .constraints
                .iter_mut()
                .filter_map(|one| one.references.as_mut());
            named
                .chain(pointed)
                .filter(|one| **one == old)
                .for_each(|one| one.clone_from(&new));
            if let Some(of) = table
                .partition_of
                .as_mut()
                .filter(|of| of.schema == old.0 && of.name == old.1)
            {
                of.schema.clone_from(&new.0);
                of.name.clone_from(&new.1);
            }
        }
    }

    fn forget_part(&mut self, thing: &Thing) {
        if let Thing::Trigger(table, Some(name)) = thing {
            self.alter(table, |table| {
                table.triggers.retain(|one| one.name != name.as_str());
            });
        } else if let Thing::Policy(table, Some(name)) = thing {
            self.alter(table, |table| {
                table.policies.retain(|one| one.name != name.as_str());
            });
        } else if let Thing::Function(name) = thing {
            let functions = Arc::make_mut(&mut self.functions);
            if functions
                .iter()
                .filter(|known| known.name == name.as_str())
                .count()
                == 1
            {
                functions.retain(|known| known.name != name.as_str());
                let gone = Standing::Function(name.as_str().to_owned());
                let named = |table: &&mut Arc<Table>| table.is_stood_on_by(&gone);
                for table in self.tables.iter_mut().filter(named) {
                    Arc::make_mut(table).stands_no_more(&gone);
                }
            }
        }
    }

    pub(super) fn forget_relation(&mut self, name: &TableName) {
        let path = self.search_path.clone();
        self.tables.retain(|table| !table.is(name));
        let view = pair(name);
        for table in &mut self.tables {
            if table
                .type_obstacles
                .iter()
                .any(|one| one.view.as_ref() == Some(&view))
            {
                Arc::make_mut(table)
                    .type_obstacles
                    .retain(|one| one.view.as_ref() != Some(&view));
            }
            if table.dependants.iter().any(|one| one.is_view(name, &path)) {
                Arc::make_mut(table)
                    .dependants
                    .retain(|one| !one.is_view(name, &path));
            }
        }
    }

    fn forget_type(&mut self, name: &Ident, to: Option<&Ident>) {
        let Some(to) = to else {
            self.enums.retain(|known| known.name != name.as_str());
            // Of several of a name it isn't told which.
            let is_it = |known: &UserType| known.name == name.as_str();
            if self.types.iter().filter(|known| is_it(known)).count() == 1 {
                Arc::make_mut(&mut self.types).retain(|known| !is_it(known));
            }
            return;
        };
        self.enums
            .iter_mut()
            .filter(|known| known.name == name.as_str())
            .for_each(|known| {
                to.as_str().clone_into(&mut known.name);
            });
        let array = format!("{}[]", name.sql());
        let is_of = |type_sql: &str| type_sql == name.sql() || type_sql == array;
        for table in &mut self.tables {
            if table.columns.iter().any(|column| is_of(&column.type_sql)) {
                let columns = Arc::make_mut(table).columns.iter_mut();
                columns
                    .filter(|column| is_of(&column.type_sql))
                    .for_each(|column| {
                        column.type_sql = column.type_sql.replacen(&name.sql(), &to.sql(), 1);
                    });
            }
        }
    }
}
