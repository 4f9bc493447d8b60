//! Columns that subscribers must have before a plan is run: a subscription stops at the first row
//! with a column that its table lacks.

use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::action::Action;
use concertina_planner::{Plan, Work};
use concertina_revisions::{Ident, TableName};

/// A column that a table gets, of the author's or for the time of a change.
struct Added<'a> {
    table: &'a TableName,
    column: &'a Ident,
    type_sql: &'a str,
}

/// The publications that send all columns of a table or of its partitions, where a slot of
/// PostgreSQL's own plugin is there to send them. Lists of columns have come with PostgreSQL 15.
const SENT_BY: &str = "
    WITH sent AS (SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.oid = to_regclass($1) OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass($1)))),
         listed AS (SELECT r.prpubid, r.prrelid FROM pg_publication_rel r WHERE to_jsonb(r) ->> 'prattrs' IS NOT NULL)
    SELECT string_agg(DISTINCT p.pubname, ', ')
    FROM pg_publication_tables t JOIN pg_publication p ON p.pubname = t.pubname
    JOIN sent ON (sent.nspname, sent.relname) = (t.schemaname, t.tablename)
    WHERE NOT EXISTS (SELECT FROM listed WHERE listed.prpubid = p.oid AND listed.prrelid = sent.oid)
      AND EXISTS (SELECT FROM pg_replication_slots s WHERE s.plugin = 'pgoutput' AND s.database = current_database())";

/// What to do on subscribers first, for each column.
pub(crate) async fn need(session: &Session, plan: &Plan) -> Result<Vec<String>, Error> {
    let mut told = Vec::new();
    for Added {
        table,
        column,
        type_sql,
    } in added(plan)
    {
        let row = session
            .query_one("looking for subscribers", SENT_BY, &[&table.sql()])
            .await?;
        if let Some(publications) = row.get::<_, Option<String>>(0) {
            told.push(format!(
                "publication {publications} sends {table} with column {column}, which it gets: a subscriber whose table lacks it stops at \
                 the next row, so do this there first: ALTER TABLE {sql} ADD COLUMN IF NOT EXISTS {added} {type_sql}",
                table = table.shown(),
                column = column.as_str(),
                sql = table.sql(),
                added = column.sql(),
            ));
        }
    }
    Ok(told)
}

fn added(plan: &Plan) -> Vec<Added<'_>> {
    let quick = plan.steps().filter_map(|(_, step)| match &step.work {
        Work::Quick { actions } => Some(actions),
        Work::Slow { .. } | Work::Backfill { .. } => None,
    });
    let columns = quick.flatten().filter_map(|action| match action {
        Action::AddColumn {
            table,
            column,
            type_sql,
            ..
        } => Some(Added {
            table,
            column,
            type_sql,
        }),
        _ => None,
    });
    columns.collect()
}
