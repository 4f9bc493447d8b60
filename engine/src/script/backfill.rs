//! A backfill as a loop that commits each stretch of blocks.

use super::{block, literal};
use crate::backfill::list::ours_alone;
use crate::backfill::{ListSql, SILENT, filling, over};
use concertina_planner::action::sql::FILLING;
use concertina_planner::action::{Backfill, WorkList};
use concertina_revisions::TableName;

/// Blocks of one transaction: a megabyte.
const BLOCKS: u32 = 128;

/// Blocks of a list of one transaction: some thousand rows.
const LIST_BLOCKS: u32 = 16;

/// Lists the rows in one transaction, and takes them from the list, each stretch with its
/// checkpoint. `key`: which step it is, as three literals.
pub(super) fn list_as_script(
    backfill: &Backfill,
    list: &WorkList,
    [id, direction, step]: [&str; 3],
) -> String {
    // No table is called so; the list's own takes its place.
    let place = TableName::new("concertina list", "concertina list");
    let sql = ListSql::new(backfill, list, &place);
    let of_job = format!("revision = {id} AND direction = {direction} AND step = {step}");
    let name = place.sql();
    let run = |sql: &str| {
        format!(
            "EXECUTE replace({}, {}, list)",
            literal(sql),
            literal(&name)
        )
    };
    let unique = sql
        .unique
        .as_deref()
        .map_or_else(String::new, |unique| format!("    {};\n", run(unique)));
    let alone = literal(ours_alone(&place));
    block(&format!(
        "\nDECLARE job_id bigint; list text; first bigint; upto bigint; blocks_all bigint; changed bigint;\nBEGIN\n  \
         SELECT id INTO job_id FROM concertina.job WHERE {of_job};\n  \
         IF job_id IS NULL THEN\n    \
         PERFORM set_config('synchronize_seqscans', 'off', true);\n    \
         INSERT INTO concertina.job (id, revision, direction, step, relation, filenode, blocks)\n      \
         SELECT coalesce(max(id), 0) + 1, {id}, {direction}, {step}, 0, 0, 0 FROM concertina.job RETURNING id INTO job_id;\n    \
         list := 'concertina.list_' || job_id;\n    EXECUTE 'DROP TABLE IF EXISTS ' || list;\n    {make};\n    \
         EXECUTE replace(replace({alone}, {quoted}, quote_literal(list)), {name_literal}, list);\n{unique}    {fill};\n    \
         UPDATE concertina.job SET relation = list::regclass, filenode = pg_relation_filenode(list::regclass),\n      \
         blocks = pg_relation_size(list::regclass) / current_setting('block_size')::bigint WHERE id = job_id RETURNING blocks INTO blocks_all;\n    \
         INSERT INTO concertina.range (job, start_block, end_block, next_block, passes, done) VALUES (job_id, 0, blocks_all, 0, 1, blocks_all = 0);\n    \
         COMMIT;\n  END IF;\n  list := 'concertina.list_' || job_id;\n  \
         SELECT next_block, end_block INTO first, blocks_all FROM concertina.range WHERE job = job_id;\n  \
         WHILE first < blocks_all LOOP\n    upto := least(first + {LIST_BLOCKS}, blocks_all);\n    \
         {change} USING format('(%s,0)', first)::tid, format('(%s,0)', upto)::tid;\n    \
         GET DIAGNOSTICS changed = ROW_COUNT;\n    \
         UPDATE concertina.range SET next_block = upto, done = upto >= blocks_all, rows = rows + changed WHERE job = job_id;\n    \
         COMMIT;\n    first := upto;\n  END LOOP;\n  EXECUTE 'DROP TABLE IF EXISTS ' || list;\nEND\n",
        make = run(&sql.make),
        fill = run(&sql.fill),
        change = run(&sql.change),
        quoted = literal(place.regclass_literal()),
        name_literal = literal(&name),
    ))
}

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
    let walk = match filling(backfill) {
        Some(filling) => format!("{filling};\n{walk}RESET {FILLING};\n"),
        None => walk,
    };
    if backfill.silent {
        format!("{SILENT};\n{walk}RESET session_replication_role;\n")
    } else {
        walk
    }
}
