//! Everything that a database holds but its rows, as `pg_dump` would print it: each part with what
//! it is, and with the statement that makes it, in an order in which they can be made. One thing
//! serves for copying a structure and for comparing two.

mod order;
pub(crate) mod schema;

use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::drift::{Inventory, Object};
use std::collections::{BTreeMap, BTreeSet};

const COMMON: &str = include_str!("common.sql");
const PARTS: [&str; 5] = [
    include_str!("types.sql"),
    include_str!("programs.sql"),
    include_str!("relations.sql"),
    include_str!("attached.sql"),
    concat!(include_str!("holders.sql"), include_str!("rights.sql")),
];
const PUBLICATIONS: &str = include_str!("publications.sql");
const PUBLICATIONS_14: &str = include_str!("publications_14.sql");
const DEPENDS: &str = include_str!("depends.sql");

/// Sequences are asked for their positions so many at a time; each is locked until the answer.
const SEQUENCES_PER_QUESTION: usize = 100;

/// What comes from here on acts on rows, or would be acted upon while rows are made.
const BEHIND_ROWS: f64 = 12.0;

/// The places of what is told of a sequence's position.
pub(crate) const POSITION: f64 = 17.0;

/// The publications' filters and lists came with this version.
const PUBLICATIONS_SINCE: i32 = 150_000;

/// An object by PostgreSQL's own numbers: its catalog's and its own.
pub(crate) type ObjectId = (u32, u32);

/// One part of a structure.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) place: f64,
    pub(crate) id: ObjectId,
    /// What it is, in words.
    pub(crate) told: Object,
    /// What makes it; empty where the statement of another part does, or nothing here can.
    pub(crate) sql: String,
}

/// A structure, in an order in which it can be made.
#[derive(Debug, Clone)]
pub(crate) struct Structure {
    pub(crate) parts: Vec<Part>,
    /// Which object needs which.
    pub(crate) needs: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
}

impl Structure {
    /// Reads it.
    pub(crate) async fn of(session: &Session) -> Result<Structure, Error> {
        let doing = "reading the structure";
        // Names in definitions with their schemas, wherever one looks from.
        session
            .batch_execute(doing, "BEGIN; SET LOCAL search_path = pg_catalog")
            .await?;
        let read = read(session).await;
        session.batch_execute(doing, "ROLLBACK").await?;
        let (parts, needs) = read?;
        Ok(Structure {
            parts: order::in_order(parts, &needs),
            needs,
        })
    }

    /// What it is, without how it is made.
    pub(crate) fn inventory(&self) -> Inventory {
        let told = self
            .parts
            .iter()
            .filter(|part| !part.told.definition.is_empty());
        Inventory(told.map(|part| part.told.clone()).collect())
    }

    /// The statements that make it: before there are rows, and after.
    pub(crate) fn statements(&self) -> (Vec<&Part>, Vec<&Part>) {
        let made: Vec<&Part> = self
            .parts
            .iter()
            .filter(|part| !part.sql.is_empty())
            .collect();
        let cut = made
            .iter()
            .position(|part| part.place >= BEHIND_ROWS)
            .unwrap_or(made.len());
        let (before, after) = made.split_at(cut);
        (before.to_vec(), after.to_vec())
    }
}

async fn read(
    session: &Session,
) -> Result<(Vec<Part>, BTreeMap<ObjectId, BTreeSet<ObjectId>>), Error> {
    let doing = "reading the structure";
    let version: i32 = session
        .query_one(
            doing,
            "SELECT current_setting('server_version_num')::int",
            &[],
        )
        .await?
        .get(0);
    let publications = if version >= PUBLICATIONS_SINCE {
        PUBLICATIONS
    } else {
        PUBLICATIONS_14
    };
    let mut parts = Vec::new();
    for sql in PARTS.into_iter().chain([publications]) {
        let rows = session.query(doing, &format!("{COMMON}{sql}"), &[]).await?;
        parts.extend(rows.iter().map(part));
    }
    parts.extend(positions(session, &parts).await?);
    let mut needs: BTreeMap<ObjectId, BTreeSet<ObjectId>> = BTreeMap::new();
    for row in session
        .query(doing, &format!("{COMMON}{DEPENDS}"), &[])
        .await?
    {
        needs
            .entry((row.get(0), row.get(1)))
            .or_default()
            .insert((row.get(2), row.get(3)));
    }
    Ok((parts, needs))
}

fn part(row: &tokio_postgres::Row) -> Part {
    let text = |at: usize| row.get::<_, Option<String>>(at).unwrap_or_default();
    let told = Object {
        kind: text(3),
        table: text(4),
        name: text(5),
        definition: text(6),
    };
    Part {
        place: row.get(0),
        id: (row.get(1), row.get(2)),
        told,
        sql: text(7),
    }
}

/// Where sequences stand, also those of identities. Those that may not be read are left out.
async fn positions(session: &Session, parts: &[Part]) -> Result<Vec<Part>, Error> {
    let doing = "reading the positions of sequences";
    let sql = format!(
        "{COMMON} SELECT 'pg_class'::regclass::oid, r.oid, r.name FROM relation r
         WHERE CASE WHEN r.relkind = 'S' THEN has_sequence_privilege(r.oid, 'SELECT') END"
    );
    let mut found = Vec::new();
    let mut owned_by: BTreeMap<ObjectId, &str> = BTreeMap::new();
    for part in parts.iter().filter(|part| !part.told.table.is_empty()) {
        owned_by.entry(part.id).or_insert(&part.told.table);
    }
    let rows = session.query(doing, &sql, &[]).await?;
    for rows in rows.chunks(SEQUENCES_PER_QUESTION) {
        let one = |(at, row): (usize, &tokio_postgres::Row)| {
            format!(
                "SELECT {at}::int, last_value, is_called FROM {}",
                row.get::<_, String>(2)
            )
        };
        let all = rows
            .iter()
            .enumerate()
            .map(one)
            .collect::<Vec<_>>()
            .join(" UNION ALL ");
        for position in session.query(doing, &all, &[]).await? {
            let Some(row) = usize::try_from(position.get::<_, i32>(0))
                .ok()
                .and_then(|at| rows.get(at))
            else {
                continue;
            };
            let (id, name): (ObjectId, String) = ((row.get(0), row.get(1)), row.get(2));
            let (last, called): (i64, bool) = (position.get(1), position.get(2));
            let literal = concertina_revisions::Ident::new(name.as_str()).literal();
            let sql = format!("SELECT pg_catalog.setval({literal}, {last}, {called})");
            let told = Object {
                kind: "position of sequence".to_owned(),
                table: owned_by
                    .get(&id)
                    .map_or_else(String::new, |table| (*table).to_owned()),
                name,
                definition: format!("{last}{}", if called { "" } else { ", not yet taken" }),
            };
            found.push(Part {
                place: POSITION,
                id,
                told,
                sql,
            });
        }
    }
    Ok(found)
}
