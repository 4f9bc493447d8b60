//! A backfill as a loop that commits each stretch of blocks.

use super::{block, literal};
use crate::backfill::{SILENT, over};
use concertina_planner::action::Backfill;
use concertina_revisions::TableName;

/// Blocks of one transaction: a megabyte.
const BLOCKS: u32 = 128;

/// Walks every table that holds rows, again and again until nothing is left.
pub(super) fn as_script(backfill: &Backfill) -> String {
    // No table is called so; the table at hand takes its place.
    let leaf = TableName::new("concertina leaf", "concertina leaf");
    let change = literal(over(backfill, &leaf));
    let walk = block(&format!(
        "\nDECLARE leaf regclass; first bigint; blocks bigint; changed bigint; rows bigint;\nBEGIN\n  LOOP\n    rows := 0;\n    \
         FOR leaf IN WITH RECURSIVE family AS (SELECT {table}::regclass::oid AS member UNION ALL\n          \
         SELECT i.inhrelid FROM family JOIN pg_inherits i ON i.inhparent = family.member)\n        \
         SELECT c.oid FROM family JOIN pg_class c ON c.oid = family.member WHERE c.relkind = 'r' LOOP\n      \
         first := 0;\n      blocks := pg_relation_size(leaf) / current_setting('block_size')::bigint;\n      \
         WHILE first < blocks LOOP\n        EXECUTE replace({change}, {place}, leaf::text)\n          \
         USING format('(%s,0)', first)::tid, format('(%s,0)', first + {BLOCKS})::tid;\n        \
         GET DIAGNOSTICS changed = ROW_COUNT;\n        rows := rows + changed;\n        COMMIT;\n        \
         first := first + {BLOCKS};\n      END LOOP;\n    END LOOP;\n    EXIT WHEN rows = 0;\n  END LOOP;\nEND\n",
        table = backfill.table.regclass_literal(),
        place = literal(leaf.sql()),
    ));
    if backfill.silent { format!("{SILENT};\n{walk}RESET session_replication_role;\n") } else { walk }
}
