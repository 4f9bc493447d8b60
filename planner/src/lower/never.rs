//! Statements that are never run live, each with what to do instead.

use crate::problem::{self, Problem};
use concertina_revisions::tree::NodeEnum;

pub(super) fn refusal(tree: &NodeEnum) -> Option<Problem> {
    let (why, instead) = match tree {
        NodeEnum::TruncateStmt(_) => (
            "TRUNCATE takes every row away from running code, under the table's strongest lock",
            "DELETE FROM it, which is done in batches",
        ),
        NodeEnum::ReindexStmt(_) => (
            "REINDEX makes writers wait until it is done",
            "DROP INDEX and CREATE INDEX under another name, which are done concurrently, or run REINDEX .. CONCURRENTLY by hand",
        ),
        NodeEnum::RefreshMatViewStmt(_) => (
            "REFRESH MATERIALIZED VIEW makes readers wait until it is done",
            "run REFRESH MATERIALIZED VIEW CONCURRENTLY by hand; it is no change of the schema",
        ),
        NodeEnum::ClusterStmt(_) => {
            ("CLUSTER writes the table anew under its strongest lock", "use pg_repack, or a maintenance window")
        }
        NodeEnum::VacuumStmt(_) => (
            "VACUUM is no change of the schema, and VACUUM FULL writes the table anew under its strongest lock",
            "run it by hand, or pg_repack",
        ),
        NodeEnum::LockStmt(_) => (
            "LOCK TABLE makes others wait, and is gone with its transaction",
            "leave it out: each step takes its own locks, for a moment",
        ),
        NodeEnum::TransactionStmt(_) => (
            "transactions are begun and ended step by step",
            "leave it out, or say BEGIN and COMMIT around the whole file, where they are ignored",
        ),
        NodeEnum::VariableSetStmt(_) => {
            ("SET holds for a session, and each step may have another", "qualify the names, or ALTER ROLE .. SET")
        }
        NodeEnum::CreateTableAsStmt(_) => (
            "CREATE TABLE AS and CREATE MATERIALIZED VIEW read all their rows in one transaction",
            "CREATE TABLE, and INSERT .. SELECT .. ON CONFLICT (key) DO NOTHING, which is done in batches",
        ),
        NodeEnum::AlterObjectSchemaStmt(_) => return Some(problem::renames_what_code_names("object")),
        _ => return None,
    };
    Some(problem::never_live(why, instead))
}
