//! Partitions that come and go.

use concertina_revisions::TableName;

/// A table becomes a partition.
#[derive(Debug, Clone, PartialEq)]
pub struct Attach {
    /// The partitioned table.
    pub parent: TableName,
    /// The partition to be.
    pub partition: TableName,
    /// `FOR VALUES ..` or `DEFAULT`.
    pub bound: String,
    /// The condition that its rows obey, over the parent's columns, where it can be written as one.
    pub condition: Option<String>,
    /// The condition that the default partition's rows obey from then on.
    pub elsewhere: Option<String>,
}

/// A partition becomes a table of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Detach {
    /// The partitioned table.
    pub parent: TableName,
    /// The partition.
    pub partition: TableName,
    /// Whether the author says CONCURRENTLY, which leaves the bound behind as a CHECK.
    pub keeps_check: bool,
    /// The name that PostgreSQL gives to that CHECK.
    pub check: concertina_revisions::Ident,
}
