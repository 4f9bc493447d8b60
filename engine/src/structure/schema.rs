//! A structure with what changes are written from.

use super::{COMMON, Structure};
use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::drift::{Facts, Node, Schema, Thing};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const FACTS: [&str; 2] = [
    include_str!("facts.sql"),
    concat!(include_str!("holders.sql"), include_str!("right_facts.sql")),
];
const EDGES: &str = include_str!("edges.sql");

/// A part by its kind, its relation where that is known, and its name.
type Key = (String, Option<String>, String);

/// Reads it.
pub(crate) async fn read(session: &Session) -> Result<Schema, Error> {
    let structure = Structure::of(session).await?;
    let doing = "reading what changes are written from";
    session
        .batch_execute(doing, "BEGIN; SET LOCAL search_path = pg_catalog")
        .await?;
    let read = about(session).await;
    session.batch_execute(doing, "ROLLBACK").await?;
    let (mut facts, needs) = read?;
    let parts = structure.parts.into_iter().map(|part| {
        let told = &part.told;
        let known = facts
            .remove(&(
                told.kind.clone(),
                Some(told.table.clone()),
                told.name.clone(),
            ))
            .or_else(|| facts.remove(&(told.kind.clone(), None, told.name.clone())));
        let (node, facts) = known.unwrap_or(((part.id.0, part.id.1, 0), Facts::Nothing));
        Thing {
            node,
            object: part.told,
            sql: part.sql,
            facts,
        }
    });
    Ok(Schema {
        things: parts.collect(),
        needs,
    })
}

type About = (HashMap<Key, (Node, Facts)>, BTreeMap<Node, BTreeSet<Node>>);

async fn about(session: &Session) -> Result<About, Error> {
    let doing = "reading what changes are written from";
    let mut facts = HashMap::new();
    for sql in FACTS {
        for row in session.query(doing, &format!("{COMMON}{sql}"), &[]).await? {
            let json: serde_json::Value = row.get(6);
            let known = serde_json::from_value(json).map_err(|error| {
                Error::State(format!(
                    "a part of the structure has a form that isn't known: {error}"
                ))
            })?;
            let key = (row.get(0), row.get(1), row.get(2));
            facts
                .entry(key)
                .or_insert(((row.get(3), row.get(4), row.get(5)), known));
        }
    }
    let mut needs: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
    for row in session
        .query(doing, &format!("{COMMON}{EDGES}"), &[])
        .await?
    {
        let own = (row.get(0), row.get(1), row.get(2));
        needs
            .entry(own)
            .or_default()
            .insert((row.get(3), row.get(4), row.get(5)));
    }
    Ok((facts, needs))
}
