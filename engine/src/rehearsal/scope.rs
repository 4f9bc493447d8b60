//! What of a large structure has to be copied: what a revision names, what hangs on that, and what
//! all of that needs.

use crate::structure::{ObjectId, POSITION, Part, Structure};
use std::collections::{BTreeMap, BTreeSet};

/// So many tables and views are copied whatever the revision names.
const ALL_UP_TO: usize = 60;

/// Of tables that are only needed by others, what comes before this place is copied, or is made
/// with it; and rights and positions.
const LIGHT: f64 = 9.6;

/// Owners and rights.
const RIGHTS: std::ops::Range<f64> = 15.0..16.0;

/// The parts that are copied.
pub(super) struct Scope {
    pub(super) parts: Vec<Part>,
    /// Whether it is everything.
    pub(super) is_whole: bool,
}

fn is_relation(part: &Part) -> bool {
    matches!(
        part.told.kind.as_str(),
        "table" | "view" | "materialized view" | "foreign table"
    ) && part.told.table.is_empty()
}

/// Everything.
pub(super) fn whole(structure: &Structure) -> Scope {
    Scope {
        parts: structure.parts.clone(),
        is_whole: true,
    }
}

/// What is copied for a revision that names these relations.
pub(super) fn around(structure: &Structure, seeds: &BTreeSet<u32>) -> Scope {
    let relations: BTreeMap<&str, ObjectId> = structure
        .parts
        .iter()
        .filter(|part| is_relation(part))
        .map(|part| (part.told.name.as_str(), part.id))
        .collect();
    if relations.len() <= ALL_UP_TO {
        return whole(structure);
    }
    let on = |part: &Part| relations.get(part.told.table.as_str()).copied();
    let ties = Ties::of(structure, &on);
    let all: BTreeSet<ObjectId> = relations.values().copied().collect();
    let seeded = all.iter().copied().filter(|id| seeds.contains(&id.1));
    let full = reached(seeded.collect(), |id| {
        ties.needed_by(id).chain(ties.owner_of(id)).collect()
    });
    // What that needs.
    let hanging = structure
        .parts
        .iter()
        .filter(|part| on(part).is_some_and(|table| full.contains(&table)));
    let hanging = hanging.map(|part| part.id);
    let light = reached(full.iter().copied().chain(hanging).collect(), |id| {
        ties.needs(id).chain(ties.owner_of(id)).collect()
    });
    // What needs a relation that is left out is left out as well.
    let left_out = all.iter().copied().filter(|id| !light.contains(id));
    let out = reached(left_out.collect(), |id| {
        ties.needed_by(id)
            .filter(|id| !light.contains(id))
            .collect()
    });
    let is_in = |part: &&Part| {
        let table = if is_relation(part) {
            Some(part.id)
        } else {
            on(part)
        };
        !out.contains(&part.id)
            && match table {
                None => part.told.table.is_empty(),
                Some(table) if full.contains(&table) => true,
                Some(table) => light.contains(&table) && is_light(part),
            }
    };
    Scope {
        parts: structure.parts.iter().filter(is_in).cloned().collect(),
        is_whole: false,
    }
}

/// Whether a part is made of a relation that is there only since others need it.
fn is_light(part: &Part) -> bool {
    part.place < LIGHT
        || part.sql.is_empty()
        || RIGHTS.contains(&part.place)
        || (POSITION..POSITION + 1.0).contains(&part.place)
}

/// What needs what.
struct Ties<'a> {
    structure: &'a Structure,
    /// The relation that a part is on.
    owner: BTreeMap<ObjectId, ObjectId>,
    needed_by: BTreeMap<ObjectId, Vec<ObjectId>>,
}

impl<'a> Ties<'a> {
    fn of(structure: &'a Structure, on: &impl Fn(&Part) -> Option<ObjectId>) -> Ties<'a> {
        let owner = structure
            .parts
            .iter()
            .filter_map(|part| Some((part.id, on(part)?)))
            .filter(|(own, table)| own != table)
            .collect();
        let mut needed_by: BTreeMap<ObjectId, Vec<ObjectId>> = BTreeMap::new();
        for (own, needs) in &structure.needs {
            for other in needs {
                needed_by.entry(*other).or_default().push(*own);
            }
        }
        Ties {
            structure,
            owner,
            needed_by,
        }
    }

    fn owner_of(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> {
        self.owner.get(&id).copied().into_iter()
    }

    fn needs(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> {
        let needs = self.structure.needs.get(&id);
        needs.into_iter().flatten().copied()
    }

    fn needed_by(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> {
        let by = self.needed_by.get(&id);
        by.into_iter().flatten().copied()
    }
}

/// These, and whatever leads on from them, however far.
fn reached(
    mut open: Vec<ObjectId>,
    next: impl Fn(ObjectId) -> Vec<ObjectId>,
) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(next(id));
        }
    }
    found
}
