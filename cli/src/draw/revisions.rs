//! Lists of revisions.

use super::{json, line};
use concertina_engine::{Direction, Known};
use concertina_planner::catalog::Version;
use concertina_revisions::{History, Revision};
use serde_json::{Value, json};

/// Where the database stands.
pub(crate) fn current(newest: &[&Known], as_json: bool) {
    if as_json {
        let list: Vec<Value> = newest
            .iter()
            .map(|known| json!({ "id": known.id, "state": known.state }))
            .collect();
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
        return json(
            &json!({ "revision": version.revision, "schema": version.schema, "url": url }),
        );
    }
    line(false, url);
}

/// All revisions, newest first.
pub(crate) fn history(history: &History, known: &[Known], verbose: bool, as_json: bool) {
    let heads: Vec<_> = history
        .heads()
        .into_iter()
        .map(|revision| &revision.id)
        .collect();
    if as_json {
        let list: Vec<Value> = history
            .revisions()
            .iter()
            .rev()
            .map(|revision| of_one(history, revision, known))
            .collect();
        return json(&json!({ "history": list }));
    }
    for revision in history.revisions().iter().rev() {
        if verbose {
            told(history, revision, known);
            line(false, "");
            continue;
        }
        let head = if heads.contains(&&revision.id) {
            " (head)"
        } else {
            ""
        };
        line(
            false,
            &format!(
                "{} -> {}{head}, {}",
                parents(revision),
                revision.id,
                state_of(revision, known)
            ),
        );
    }
}

/// One revision, and what it says.
pub(crate) fn show(history: &History, revision: &Revision, known: &[Known], as_json: bool) {
    if as_json {
        let mut shown = of_one(history, revision, known);
        shown["sql"] = Value::from(revision.source.text.as_str());
        return json(&shown);
    }
    told(history, revision, known);
    line(false, "");
    line(false, revision.source.text.trim_end());
}

fn of_one(history: &History, revision: &Revision, known: &[Known]) -> Value {
    let head = history.children(&revision.id).next().is_none();
    let error = own(revision, known).and_then(|known| known.error.as_deref());
    json!({
        "id": revision.id, "title": revision.title, "revises": revision.revises,
        "state": state_of(revision, known), "head": head, "path": revision.source.path,
        "checksum": revision.checksum, "error": error,
    })
}

fn told(history: &History, revision: &Revision, known: &[Known]) {
    let children: Vec<&str> = history
        .children(&revision.id)
        .map(|child| child.id.as_str())
        .collect();
    let head = if children.is_empty() { " (head)" } else { "" };
    let branch = if children.len() > 1 {
        format!(" (branches into {})", children.join(", "))
    } else {
        String::new()
    };
    line(false, &format!("revision: {}{head}{branch}", revision.id));
    line(false, &format!("revises:  {}", parents(revision)));
    line(false, &format!("title:    {}", revision.title));
    line(false, &format!("state:    {}", state_of(revision, known)));
    line(
        false,
        &format!("path:     {}", revision.source.path.display()),
    );
    if let Some(error) = own(revision, known).and_then(|known| known.error.as_ref()) {
        line(false, &format!("stopped:  {error}"));
    }
}

fn own<'a>(revision: &Revision, known: &'a [Known]) -> Option<&'a Known> {
    known.iter().find(|known| known.id == revision.id)
}

fn state_of(revision: &Revision, known: &[Known]) -> String {
    own(revision, known).map_or_else(|| "pending".to_owned(), state)
}

fn parents(revision: &Revision) -> String {
    let parents: Vec<&str> = revision
        .revises
        .iter()
        .map(concertina_revisions::RevisionId::as_str)
        .collect();
    if parents.is_empty() {
        "base".to_owned()
    } else {
        parents.join(", ")
    }
}

/// The revisions that several others follow, each with these.
pub(crate) fn branches(history: &History, as_json: bool) {
    let of = |revision: &Revision| -> Vec<String> {
        history
            .children(&revision.id)
            .map(|child| child.id.to_string())
            .collect()
    };
    if as_json {
        let list: Vec<Value> = history
            .branches()
            .into_iter()
            .map(|revision| json!({ "id": revision.id, "followed_by": of(revision) }))
            .collect();
        return json(&json!({ "branches": list }));
    }
    for revision in history.branches() {
        line(
            false,
            &format!("{} -> {}", revision.id, of(revision).join(", ")),
        );
    }
}

/// The revisions that none follows.
pub(crate) fn heads(history: &History, as_json: bool) {
    let heads: Vec<&str> = history
        .heads()
        .into_iter()
        .map(|revision| revision.id.as_str())
        .collect();
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
