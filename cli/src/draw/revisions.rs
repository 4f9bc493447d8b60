//! Lists of revisions.

use super::{json, line};
use concertina_engine::{Direction, Known};
use concertina_planner::catalog::Version;
use concertina_revisions::History;
use serde_json::{Value, json};

/// Where the database stands.
pub(crate) fn current(newest: &[&Known], as_json: bool) {
    if as_json {
        let list: Vec<Value> = newest.iter().map(|known| json!({ "id": known.id, "state": known.state })).collect();
        return json(&json!({ "current": list }));
    }
    if newest.is_empty() {
        line(false, "base: no revision has been applied");
    }
    for known in newest {
        line(false, &format!("{} ({})", known.id, state(known)));
    }
}

/// The schema of a version.
pub(crate) fn latest_schema(version: &Version, as_json: bool) {
    if as_json {
        return json(&json!({ "revision": version.revision, "schema": version.schema }));
    }
    line(false, &version.schema);
}

/// How code of a version connects.
pub(crate) fn version_url(version: &Version, url: &str, as_json: bool) {
    if as_json {
        return json(&json!({ "revision": version.revision, "schema": version.schema, "url": url }));
    }
    line(false, url);
}

/// All revisions, newest first.
pub(crate) fn history(history: &History, known: &[Known], as_json: bool) {
    let heads: Vec<_> = history.heads().into_iter().map(|revision| &revision.id).collect();
    let mut list = Vec::new();
    for revision in history.revisions().iter().rev() {
        let own = known.iter().find(|known| known.id == revision.id);
        let state = own.map_or_else(|| "pending".to_owned(), state);
        let head = heads.contains(&&revision.id);
        if as_json {
            list.push(json!({ "id": revision.id, "revises": revision.revises, "state": state, "head": head }));
            continue;
        }
        let parents: Vec<&str> = revision.revises.iter().map(concertina_revisions::RevisionId::as_str).collect();
        let parents = if parents.is_empty() { "base".to_owned() } else { parents.join(", ") };
        let head = if head { " (head)" } else { "" };
        line(false, &format!("{parents} -> {}{head}, {state}", revision.id));
    }
    if as_json {
        json(&json!({ "history": list }));
    }
}

/// The revisions that none follows.
pub(crate) fn heads(history: &History, as_json: bool) {
    let heads: Vec<&str> = history.heads().into_iter().map(|revision| revision.id.as_str()).collect();
    if as_json {
        return json(&json!({ "heads": heads }));
    }
    heads.iter().for_each(|head| line(false, head));
}

/// A revision's state in words.
pub(crate) fn state(known: &Known) -> String {
    match known.direction {
        Direction::Up => known.state.to_string(),
        Direction::Down => format!("going down, {}", known.state),
    }
}
