//! Functions that come, and what they look at.

use crate::catalog::{Catalog, Function};
use crate::footprint::{Footprint, How, Thing};
use crate::sql::{LooksAt, looks_at, replaces};
use concertina_revisions::Ident;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Catalog {
    /// Functions are made or altered, by a statement that declares what they look at.
    pub(super) fn functions_made(&mut self, touches: &Footprint, sql: &str) {
        for access in touches.writes().filter(|access| access.how != How::Drop) {
            let Thing::Function(name) = &access.thing else {
                continue;
            };
            let name = name.as_str().to_owned();
            match looks_at(sql) {
                LooksAt::Nothing => {}
                LooksAt::Tables => drop(Arc::make_mut(&mut self.reading_functions).insert(name)),
                LooksAt::Anything => {
                    Arc::make_mut(&mut self.reading_functions).insert(name.clone());
                    Arc::make_mut(&mut self.volatile_functions).insert(name);
                }
                LooksAt::Rows => drop(Arc::make_mut(&mut self.aggregates).insert(name)),
            }
        }
        self.callers_made(touches);
        let made = touches.writes().filter(|access| access.how == How::Make);
        let names: Vec<&Ident> = made
            .filter_map(|access| {
                if let Thing::Function(name) = &access.thing {
                    Some(name)
                } else {
                    None
                }
            })
            .collect();
        for name in names {
            let mut known = Arc::make_mut(&mut self.functions)
                .iter_mut()
                .filter(|known| known.name == name.as_str());
            if let Some(one) = known.next() {
                // Of several that bear the name nobody knows here which is replaced.
                if known.next().is_none() && replaces(sql, &one.arguments) {
                    sql.clone_into(&mut one.definition);
                }
                continue;
            }
            let schema = self
                .search_path
                .first()
                .map_or("public", Ident::as_str)
                .to_owned();
            Arc::make_mut(&mut self.functions).push(Function {
                schema,
                name: name.as_str().to_owned(),
                arguments: String::new(),
                definition: sql.to_owned(),
            });
        }
    }

    /// Operators, casts and domains that are made or altered call what their statements name.
    fn callers_made(&mut self, touches: &Footprint) {
        let functions: BTreeSet<String> = touches
            .accesses
            .iter()
            .filter_map(|access| {
                // CREATE OPERATOR names its function where a type could stand.
                if let Thing::Function(name) | Thing::Type(name) = &access.thing {
                    Some(name.as_str().to_owned())
                } else {
                    None
                }
            })
            .collect();
        for access in touches.writes() {
            let caller = if let Thing::Type(name) = &access.thing {
                name.as_str()
            } else if let Thing::Named(kind, name) = &access.thing
                && kind == "operator"
            {
                name
            } else {
                continue;
            };
            let known = self.callers.entry(caller.to_owned()).or_default();
            known.extend(functions.iter().cloned());
        }
    }
}
