//! Functions: those that users made, and those that are known without a database, for catalogs that are made by hand.

use super::Catalog;
use crate::footprint::{Footprint, How, Thing};
use crate::lower::{LooksAt, looks_at};
use concertina_revisions::Ident;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A function or procedure that a user made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The types of what it is given, as SQL.
    pub arguments: String,
    /// `pg_get_functiondef`.
    pub definition: String,
}

impl Catalog {
    /// Functions are made or altered, by a statement that declares what they look at.
    pub(super) fn functions_made(&mut self, touches: &Footprint, sql: &str) {
        for access in touches.writes().filter(|access| access.how != How::Drop) {
            let Thing::Function(name) = &access.thing else { continue };
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
        let made = touches.writes().filter(|access| access.how == How::Make);
        let names: Vec<&Ident> = made
            .filter_map(|access| if let Thing::Function(name) = &access.thing { Some(name) } else { None })
            .collect();
        for name in names {
            let mut known = Arc::make_mut(&mut self.functions).iter_mut().filter(|known| known.name == name.as_str());
            if let Some(one) = known.next() {
                // Of several that bear the name nobody knows here which is replaced.
                if known.next().is_none() && crate::lower::replaces(sql, &one.arguments) {
                    sql.clone_into(&mut one.definition);
                }
                continue;
            }
            let schema = self.search_path.first().map_or("public", Ident::as_str).to_owned();
            Arc::make_mut(&mut self.functions).push(Function {
                schema,
                name: name.as_str().to_owned(),
                arguments: String::new(),
                definition: sql.to_owned(),
            });
        }
    }
}

/// Functions of every PostgreSQL that give another value each time, for catalogs written without a server.
pub const VOLATILE_BUILTINS: [&str; 12] = [
    "clock_timestamp",
    "currval",
    "gen_random_uuid",
    "lastval",
    "nextval",
    "random",
    "setval",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Functions of PostgreSQL that compute over many rows at once, as far as they are in use.
pub const AGGREGATE_BUILTINS: [&str; 20] = [
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "dense_rank",
    "every",
    "first_value",
    "json_agg",
    "jsonb_agg",
    "lag",
    "last_value",
    "lead",
    "max",
    "min",
    "rank",
    "row_number",
    "stddev",
    "string_agg",
    "sum",
];
