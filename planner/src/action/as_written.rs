//! What holds for statements that are run as they are written.

use concertina_revisions::TableName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a transaction of such statements begins with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AsWritten {
    /// Existing tables that the statements change: all are locked before the first.
    pub tables: Vec<TableName>,
    /// Those of them in which there must be no row, with what hangs on them: asked once they are
    /// locked.
    pub empty: Vec<TableName>,
    /// Whether nobody's rows are in the database: those of earlier revisions that were run as
    /// written don't count.
    pub unpopulated: bool,
    /// Whether the statements may touch what they don't name, so that all tables are asked.
    pub everywhere: bool,
    /// Whether constraints are looked at after each statement, as where each is a transaction of
    /// its own.
    pub immediate: bool,
    /// Whether the session has to be made anew after the transaction.
    pub session: bool,
    /// What earlier transactions of the revision set for the session.
    pub settings: Vec<String>,
}

/// What PostgreSQL is made to say when there are rows by now, as SQLSTATE.
pub const ROWS_ARRIVED: &str = "CN001";
