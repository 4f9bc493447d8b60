//! The graph of all revisions: heads, bases, and the path between two points.

use crate::diagnostic::{Diagnostic, code};
use crate::nearest::nearest;
use crate::revision::{Draft, Revision, RevisionId};
use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// All revisions of a folder, checked: every parent exists, ids are unique, nothing is its own
/// ancestor.
#[derive(Debug)]
pub struct History {
    /// In an order in which every parent stands before its children; name order where that leaves a
    /// choice.
    revisions: Vec<Revision>,
}

/// Where to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The one head.
    Head,
    /// Every head.
    Heads,
    /// Before everything.
    Base,
    /// So many revisions on (up), or back (down).
    Steps(usize),
    /// A revision's id or a unique prefix of it.
    Id(String),
}

impl Target {
    /// Reads `head`, `heads`, `base`, `+2`, `-1` or an id.
    pub fn parse(text: &str) -> Target {
        match text {
            "head" => Target::Head,
            "heads" => Target::Heads,
            "base" => Target::Base,
            _ => match text.strip_prefix(['+', '-']).map(str::parse) {
                Some(Ok(steps)) => Target::Steps(steps),
                _ => Target::Id(text.to_owned()),
            },
        }
    }
}

impl History {
    /// Reads all sources. Without a `-- revises:` line a revision follows the one before it in name order.
    ///
    /// # Errors
    ///
    /// Every problem of every file at once: syntax, directives, unknown parents, duplicates, cycles.
    pub fn parse(mut sources: Vec<Source>) -> Result<History, Vec<Diagnostic>> {
        sources.sort_by_key(Source::stem);
        let mut problems = Vec::new();
        let mut drafts: Vec<Draft> = Vec::new();
        for source in sources {
            match Draft::read(source) {
                Ok(draft) => drafts.push(draft),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let ids: Vec<RevisionId> = drafts.iter().map(Draft::id).collect();
        problems.extend(duplicates(&drafts));
        problems.extend(unknown_parents(&drafts, &ids));
        if !problems.is_empty() {
            return Err(problems);
        }
        let revisions = drafts
            .into_iter()
            .enumerate()
            .map(|(position, draft)| {
                draft.finish(position.checked_sub(1).map(|before| &ids[before]))
            })
            .collect();
        Ok(History {
            revisions: in_order(revisions).map_err(|problem| vec![*problem])?,
        })
    }

    /// All revisions, parents before children.
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// The revision of exactly this id.
    pub fn get(&self, id: &RevisionId) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.id == *id)
    }

    /// Revisions that no other follows.
    pub fn heads(&self) -> Vec<&Revision> {
        let parents: BTreeSet<&RevisionId> = self
            .revisions
            .iter()
            .flat_map(|revision| &revision.revises)
            .collect();
        self.revisions
            .iter()
            .filter(|revision| !parents.contains(&revision.id))
            .collect()
    }

    /// Revisions that follow no other.
    pub fn bases(&self) -> Vec<&Revision> {
        self.revisions
            .iter()
            .filter(|revision| revision.revises.is_empty())
            .collect()
    }

    /// Revisions that several others follow.
    pub fn branches(&self) -> Vec<&Revision> {
        self.revisions
            .iter()
            .filter(|revision| self.children(&revision.id).count() > 1)
            .collect()
    }

    /// The revisions right after `id`.
    pub fn children<'a>(&'a self, id: &'a RevisionId) -> impl Iterator<Item = &'a Revision> {
        self.revisions
            .iter()
            .filter(move |revision| revision.revises.contains(id))
    }

    /// The one revision that an id or a unique prefix names.
    ///
    /// # Errors
    ///
    /// When none or several match; the nearest ids are named.
    pub fn find(&self, text: &str) -> Result<&Revision, Box<Diagnostic>> {
        if let Some(exact) = self.get(&RevisionId::new(text)) {
            return Ok(exact);
        }
        let matching: Vec<&Revision> = self
            .revisions
            .iter()
            .filter(|r| r.id.as_str().starts_with(text))
            .collect();
        let named = |revisions: &[&Revision]| {
            revisions
                .iter()
                .map(|r| r.id.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        match matching.as_slice() {
            [one] => Ok(one),
            [] => {
                let nearest = nearest(
                    text,
                    self.revisions.iter().map(|revision| revision.id.as_str()),
                );
                let error =
                    Diagnostic::error(code::TARGET, format!("no revision is called `{text}`"));
                Err(Box::new(match nearest {
                    Some(nearest) => error.help(format!("the nearest is {nearest}")),
                    None => error
                        .help("the directory holds no revision yet: `concertina new` writes one"),
                }))
            }
            several => Err(Box::new(
                Diagnostic::error(code::TARGET, format!("`{text}` names several revisions"))
                    .help(format!("write more of the id: {}", named(several))),
            )),
        }
    }

    /// The revisions to apply, in order, to get from `applied` to `target`.
    ///
    /// # Errors
    ///
    /// When the target names nothing, or `head` is asked for while there are several.
    pub fn path_up(
        &self,
        applied: &[RevisionId],
        target: &Target,
    ) -> Result<Vec<&Revision>, Box<Diagnostic>> {
        let wanted: BTreeSet<&RevisionId> = match target {
            Target::Head | Target::Steps(_) => match self.heads().as_slice() {
                [] => BTreeSet::new(),
                [head] => self.ancestors([&head.id]),
                several => return Err(Box::new(several_heads(several))),
            },
            Target::Heads => self.ancestors(self.heads().into_iter().map(|revision| &revision.id)),
            Target::Base => BTreeSet::new(),
            Target::Id(text) => self.ancestors([&self.find(text)?.id]),
        };
        let pending = self
            .revisions
            .iter()
            .filter(|r| wanted.contains(&r.id) && !applied.contains(&r.id));
        Ok(match target {
            Target::Steps(steps) => pending.take(*steps).collect(),
            _ => pending.collect(),
        })
    }

    /// The applied revisions to undo, newest first, to get from `applied` down to `target`.
    ///
    /// # Errors
    ///
    /// When the target names nothing or isn't a point to go down to.
    pub fn path_down(
        &self,
        applied: &[RevisionId],
        target: &Target,
    ) -> Result<Vec<&Revision>, Box<Diagnostic>> {
        let newest_first = self
            .revisions
            .iter()
            .rev()
            .filter(|revision| applied.contains(&revision.id));
        Ok(match target {
            Target::Steps(steps) => newest_first.take(*steps).collect(),
            Target::Base => newest_first.collect(),
            Target::Id(text) => {
                let kept = self.ancestors([&self.find(text)?.id]);
                newest_first
                    .filter(|revision| !kept.contains(&revision.id))
                    .collect()
            }
            Target::Head | Target::Heads => {
                return Err(Box::new(
                    Diagnostic::error(code::TARGET, "`head` is no point to go down to")
                        .help("say -1, base, or the id to stop at"),
                ));
            }
        })
    }

    fn ancestors<'a>(
        &'a self,
        ids: impl IntoIterator<Item = &'a RevisionId>,
    ) -> BTreeSet<&'a RevisionId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&RevisionId> = ids.into_iter().collect();
        while let Some(id) = open.pop() {
            if found.insert(id)
                && let Some(revision) = self.get(id)
            {
                open.extend(&revision.revises);
            }
        }
        found
    }
}

fn several_heads(heads: &[&Revision]) -> Diagnostic {
    let newest = heads[heads.len() - 1];
    let ids = heads
        .iter()
        .map(|revision| revision.id.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    Diagnostic::error(
        code::SEVERAL_HEADS,
        format!("the history has {} heads: {ids}", heads.len()),
    )
    .at(&newest.source, newest.beginning(), "one of the heads")
    .help("`concertina merge` writes a revision that joins them; or say `heads` or an id")
}

fn duplicates(drafts: &[Draft]) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<RevisionId, &Draft> = BTreeMap::new();
    let mut problems = Vec::new();
    for draft in drafts {
        if let Some(first) = seen.insert(draft.id(), draft) {
            problems.push(
                Diagnostic::error(
                    code::DUPLICATE,
                    format!("two files have the id {}", draft.id()),
                )
                .at(&draft.source, draft.beginning(), "the second")
                .help(format!(
                    "rename one; the first is {}",
                    first.source.path.display()
                )),
            );
        }
    }
    problems
}

fn unknown_parents(drafts: &[Draft], ids: &[RevisionId]) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for draft in drafts {
        for parent in draft
            .revises
            .iter()
            .flatten()
            .filter(|parent| !ids.contains(parent))
        {
            let others = ids
                .iter()
                .filter(|id| **id != draft.id())
                .map(RevisionId::as_str);
            let nearest = nearest(parent.as_str(), others);
            let nearest = nearest.map_or_else(String::new, |id| format!("; the nearest is {id}"));
            problems.push(
                Diagnostic::error(code::UNKNOWN_PARENT, format!("no file has the id {parent}"))
                    .at(&draft.source, draft.revises_span, "the parent named here")
                    .help(format!(
                        "name the stem of a file in the same directory{nearest}"
                    )),
            );
        }
    }
    problems
}

/// Parents first (Kahn's algorithm); among the ready ones the first by name.
fn in_order(mut waiting: Vec<Revision>) -> Result<Vec<Revision>, Box<Diagnostic>> {
    let mut done: Vec<Revision> = Vec::with_capacity(waiting.len());
    let mut placed: BTreeSet<RevisionId> = BTreeSet::new();
    while !waiting.is_empty() {
        let Some(ready) = waiting
            .iter()
            .position(|r| r.revises.iter().all(|parent| placed.contains(parent)))
        else {
            let ids = waiting
                .iter()
                .map(|r| r.id.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let first = &waiting[0];
            return Err(Box::new(
                Diagnostic::error(
                    code::CYCLE,
                    format!("these revisions follow each other in a circle: {ids}"),
                )
                .at(&first.source, first.beginning(), "one of the circle")
                .help("fix the `-- revises:` line of one of them"),
            ));
        };
        let revision = waiting.remove(ready);
        placed.insert(revision.id.clone());
        done.push(revision);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(files: &[(&str, &str)]) -> Result<History, Vec<Diagnostic>> {
        let text = |revises: &str| match revises {
            "" => "SELECT 1;".to_owned(),
            _ => format!("-- revises: {revises}\nSELECT 1;"),
        };
        History::parse(
            files
                .iter()
                .map(|(id, revises)| Source::new(format!("{id}.sql"), text(revises)))
                .collect(),
        )
    }

    fn ids(revisions: &[&Revision]) -> Vec<String> {
        revisions
            .iter()
            .map(|revision| revision.id.to_string())
            .collect()
    }

    #[test]
    fn a_folder_of_numbered_files_is_a_chain() {
        let history = history(&[("003_c", ""), ("001_a", ""), ("002_b", "")]).unwrap();
        let applied = [RevisionId::new("001_a")];
        assert_eq!(
            ids(&history.path_up(&applied, &Target::Head).unwrap()),
            ["002_b", "003_c"]
        );
        assert_eq!(
            ids(&history.path_up(&applied, &Target::Steps(1)).unwrap()),
            ["002_b"]
        );
        assert_eq!(
            ids(&history.path_up(&[], &Target::parse("002")).unwrap()),
            ["001_a", "002_b"]
        );
    }

    #[test]
    fn branches_merge_and_heads_are_counted() {
        let files = [("a", ""), ("b", "a"), ("c", "a"), ("d", "b, c")];
        let merged = history(&files).unwrap();
        assert_eq!(
            ids(&merged.path_up(&[], &Target::Head).unwrap()),
            ["a", "b", "c", "d"]
        );
        assert_eq!(ids(&merged.branches()), ["a"]);
        let split = history(&files[..3]).unwrap();
        let error = split.path_up(&[], &Target::Head).unwrap_err();
        assert_eq!(error.code, code::SEVERAL_HEADS);
        assert_eq!(ids(&split.path_up(&[], &Target::Heads).unwrap()).len(), 3);
    }

    #[test]
    fn going_down_is_newest_first() {
        let history = history(&[("a", ""), ("b", ""), ("c", "")]).unwrap();
        let applied = [RevisionId::new("a"), RevisionId::new("b")];
        assert_eq!(
            ids(&history.path_down(&applied, &Target::Steps(1)).unwrap()),
            ["b"]
        );
        assert_eq!(
            ids(&history.path_down(&applied, &Target::Base).unwrap()),
            ["b", "a"]
        );
        assert_eq!(
            ids(&history
                .path_down(&applied, &Target::Id("a".into()))
                .unwrap()),
            ["b"]
        );
    }

    #[test]
    fn unknown_parents_cycles_and_duplicates_are_refused() {
        let unknown = history(&[("001_leads", ""), ("002_b", "001_lead")]).unwrap_err();
        assert!(unknown[0].help.contains("001_leads"), "{}", unknown[0]);
        assert_eq!(
            history(&[("a", "b"), ("b", "a")]).unwrap_err()[0].code,
            code::CYCLE
        );
        assert_eq!(
            history(&[("x/a", ""), ("y/a", "")]).unwrap_err()[0].code,
            code::DUPLICATE
        );
    }

    #[test]
    fn a_prefix_must_be_unique() {
        let history = history(&[("20260101_a", ""), ("20260102_b", "")]).unwrap();
        assert!(history.find("20260101").is_ok());
        assert!(
            history
                .find("2026")
                .unwrap_err()
                .help
                .contains("20260102_b")
        );
        assert!(history.find("2027").is_err());
    }
}
