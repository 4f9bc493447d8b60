//! Functions: those that users made, and those that are known without a database, for catalogs that
//! are made by hand.

use serde::{Deserialize, Serialize};

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

/// Functions of every PostgreSQL that give another value each time, for catalogs written without a
/// server.
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
