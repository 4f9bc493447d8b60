//! What subscribers must have before a plan is run: a subscription stops at the first row with a
//! column that its table lacks, and at the first row of a table that it doesn't have.

use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::sent::Sent;
use concertina_revisions::TableName;
use tokio_postgres::types::ToSql;

/// Whether somebody reads what publications of this database send, by PostgreSQL's own plugin.
const READ: &str = "SELECT EXISTS (SELECT FROM pg_replication_slots s WHERE s.plugin = 'pgoutput' AND s.database = current_database())";

/// The publications that send all columns of a table or of its partitions. Lists of columns have
/// come with PostgreSQL 15.
const SENT_BY: &str = "
    WITH sent AS (SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.oid = to_regclass($1) OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass($1)))),
         listed AS (SELECT r.prpubid, r.prrelid FROM pg_publication_rel r WHERE to_jsonb(r) ->> 'prattrs' IS NOT NULL)
    SELECT string_agg(DISTINCT p.pubname, ', ')
    FROM pg_publication_tables t JOIN pg_publication p ON p.pubname = t.pubname
    JOIN sent ON (sent.nspname, sent.relname) = (t.schemaname, t.tablename)
    WHERE NOT EXISTS (SELECT FROM listed WHERE listed.prpubid = p.oid AND listed.prrelid = sent.oid)";

/// The publications that send a table as soon as it is there: those of everything, and those that
/// send the partitions of a table under their own names.
const WILL_BE_SENT_BY: &str = "
    WITH above AS (SELECT to_regclass($1)::oid AS relid UNION SELECT relid FROM pg_partition_ancestors(to_regclass($1)))
    SELECT string_agg(DISTINCT p.pubname, ', ') FROM pg_publication p
    WHERE p.puballtables
       OR NOT p.pubviaroot AND EXISTS (SELECT FROM pg_publication_rel r JOIN above ON above.relid = r.prrelid WHERE r.prpubid = p.oid)";

/// Whether whole schemas can be published: from PostgreSQL 15 on.
const SCHEMAS_CAN: &str = "SELECT to_regclass('pg_catalog.pg_publication_namespace') IS NOT NULL";

/// The publications of a table's schema, or of that of a table that it is a partition of.
const SENT_WITH_SCHEMA: &str = "
    WITH above AS (SELECT to_regclass($2)::oid AS relid UNION SELECT relid FROM pg_partition_ancestors(to_regclass($2)))
    SELECT string_agg(DISTINCT p.pubname, ', ') FROM pg_publication p
    JOIN pg_publication_namespace s ON s.pnpubid = p.oid JOIN pg_namespace n ON n.oid = s.pnnspid
    WHERE n.nspname = $1 OR n.oid IN (SELECT c.relnamespace FROM pg_class c JOIN above ON above.relid = c.oid)";

/// Publications of everything, also of our own tables.
const OF_EVERYTHING: &str =
    "SELECT string_agg(pubname, ', ' ORDER BY pubname) FROM pg_publication WHERE puballtables";

const LOOKING: &str = "looking for subscribers";

/// What to do on subscribers first, for each thing that they lack; nothing where nobody reads.
pub(crate) async fn need(session: &Session, sent: &[Sent]) -> Result<Vec<String>, Error> {
    let mut told = Vec::new();
    if sent.is_empty() || !are_there(session).await? {
        return Ok(told);
    }
    for sent in sent {
        let need = match sent {
            Sent::Column {
                table,
                column,
                type_sql,
            } => asked(session, SENT_BY, &[&table.sql()]).await?.map(|publications| {
                format!(
                    "publication {publications} sends {table} with column {column}, which it gets: a subscriber whose table lacks it \
                     stops at the next row, so do this there first: ALTER TABLE {sql} ADD COLUMN IF NOT EXISTS {added} {type_sql}",
                    table = table.shown(),
                    column = column.as_str(),
                    sql = table.sql(),
                    added = column.sql(),
                )
            }),
            Sent::Table { table, parent } => {
                sending(session, table, parent.as_ref()).await?.map(|publications| {
                    format!(
                        "publication {publications} sends {table} as soon as it is there: a subscriber without it stops at its first \
                         row, so create it there first",
                        table = table.shown(),
                    )
                })
            }
            Sent::Name { from, to } => asked(session, SENT_BY, &[&from.sql()]).await?.map(|publications| {
                format!(
                    "publication {publications} sends {from}, and from now on as {to}: a subscriber stops at the next row until its table \
                     has that name too, so rename it there right after this",
                    from = from.shown(),
                    to = to.shown(),
                )
            }),
        };
        told.extend(need.filter(|need| !told.contains(need)));
    }
    Ok(told)
}

/// What subscribers need before our own tables are made.
pub(crate) async fn need_ours(session: &Session) -> Result<Option<String>, Error> {
    let Some(publications) = asked(session, OF_EVERYTHING, &[]).await? else {
        return Ok(None);
    };
    Ok(are_there(session).await?.then(|| {
        format!(
            "publication {publications} is FOR ALL TABLES, and so it sends our own tables in schema concertina: a subscriber without them \
             stops at their first row, so make them there first, with pg_dump --schema-only --schema=concertina of any other database that has them"
        )
    }))
}

async fn are_there(session: &Session) -> Result<bool, Error> {
    Ok(session.query_one(LOOKING, READ, &[]).await?.get(0))
}

async fn sending(
    session: &Session,
    table: &TableName,
    parent: Option<&TableName>,
) -> Result<Option<String>, Error> {
    let above = parent.unwrap_or(table).sql();
    if let Some(found) = asked(session, WILL_BE_SENT_BY, &[&above]).await? {
        return Ok(Some(found));
    }
    if !session
        .query_one(LOOKING, SCHEMAS_CAN, &[])
        .await?
        .get::<_, bool>(0)
    {
        return Ok(None);
    }
    let schema = table.schema.as_str();
    asked(session, SENT_WITH_SCHEMA, &[&schema, &above]).await
}

/// Names of publications, if there are any.
async fn asked(
    session: &Session,
    sql: &str,
    about: &[&(dyn ToSql + Sync)],
) -> Result<Option<String>, Error> {
    Ok(session.query_one(LOOKING, sql, about).await?.get(0))
}
