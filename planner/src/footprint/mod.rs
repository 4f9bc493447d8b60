//! What a change reads and what it writes, of things named as PostgreSQL names them. Two changes
//! may be moved past each other only when their footprints don't conflict; the order of a plan
//! (`order.rs`) needs no more than that.

mod thing;

pub use thing::{Aspect, Thing};

use concertina_revisions::{Ident, TableName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is done with a thing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is relied on as it is.
    Read,
    /// It is there before and after, but not the same.
    Change,
    /// It isn't there before.
    Make,
    /// It isn't there after.
    Drop,
}

/// One thing, and what is done with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Access {
    /// What is done.
    pub how: How,
    /// The thing.
    pub thing: Thing,
}

/// So many accesses are looked through rather than put into a set.
const FEW: usize = 16;

/// Everything that a change, or a part of its work, reads and writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Footprint {
    /// Each thing, with what is done with it.
    pub accesses: Vec<Access>,
}

impl Footprint {
    /// Reads and writes whatever there is: what nobody can see into beforehand.
    pub(crate) fn anything() -> Footprint {
        Footprint::default().change(Thing::Anything)
    }

    /// Whether nothing is touched.
    pub fn is_empty(&self) -> bool {
        self.accesses.is_empty()
    }

    /// Whether it is what nobody can see into.
    pub(crate) fn is_opaque(&self) -> bool {
        self.writes().any(|access| access.thing == Thing::Anything)
    }

    pub(crate) fn with(mut self, how: How, thing: Thing) -> Footprint {
        self.add(how, thing);
        self
    }

    pub(crate) fn add(&mut self, how: How, thing: Thing) {
        let access = Access { how, thing };
        if !self.accesses.contains(&access) {
            self.accesses.push(access);
        }
    }

    /// Adds many, each once. A list is looked through for each; a set, which costs a copy of
    /// everything, pays where there are many.
    pub(crate) fn add_all(&mut self, more: Vec<Access>) {
        if self.accesses.len().min(more.len()) <= FEW {
            more.into_iter()
                .for_each(|access| self.add(access.how, access.thing));
            return;
        }
        let mut known: BTreeSet<Access> = self.accesses.iter().cloned().collect();
        let fresh = more
            .into_iter()
            .filter(|access| known.insert(access.clone()));
        self.accesses.extend(fresh);
    }

    pub(crate) fn read(self, thing: Thing) -> Footprint {
        self.with(How::Read, thing)
    }

    pub(crate) fn change(self, thing: Thing) -> Footprint {
        self.with(How::Change, thing)
    }

    pub(crate) fn make(self, thing: Thing) -> Footprint {
        self.with(How::Make, thing)
    }

    pub(crate) fn drop(self, thing: Thing) -> Footprint {
        self.with(How::Drop, thing)
    }

    /// A thing gets another name.
    pub(crate) fn rename(self, from: Thing, to: Thing) -> Footprint {
        self.drop(from).make(to)
    }

    /// What the other touches, too.
    pub(crate) fn and(mut self, other: &Footprint) -> Footprint {
        self.merge(other);
        self
    }

    pub(crate) fn merge(&mut self, other: &Footprint) {
        self.add_all(other.accesses.clone());
    }

    /// A relation that a statement is about: it has to be there.
    pub(crate) fn on(self, table: &TableName) -> Footprint {
        self.read(Thing::Relation(table.clone()))
            .read(Thing::Schema(table.schema.clone()))
    }

    /// Columns that have to be there, by these names and types.
    pub(crate) fn columns<'a>(
        self,
        table: &TableName,
        columns: impl IntoIterator<Item = &'a Ident>,
    ) -> Footprint {
        columns
            .into_iter()
            .fold(self, |all, column| all.read(Thing::column(table, column)))
    }

    pub(crate) fn reads(&self) -> impl Iterator<Item = &Access> {
        self.accesses
            .iter()
            .filter(|access| access.how == How::Read)
    }

    pub(crate) fn writes(&self) -> impl Iterator<Item = &Access> {
        self.accesses
            .iter()
            .filter(|access| access.how != How::Read)
    }

    /// The accesses that a test holds of.
    pub(crate) fn only(&self, wanted: impl Fn(&Access) -> bool) -> Footprint {
        Footprint {
            accesses: self
                .accesses
                .iter()
                .filter(|access| wanted(access))
                .cloned()
                .collect(),
        }
    }

    /// Whether it matters which of the two comes first.
    pub fn conflicts(&self, other: &Footprint) -> bool {
        self.accesses
            .iter()
            .any(|mine| other.accesses.iter().any(|theirs| conflict(mine, theirs)))
    }

    /// The things that both are about, where it matters which comes first.
    pub(crate) fn contested<'a>(&'a self, other: &'a Footprint) -> impl Iterator<Item = &'a Thing> {
        self.accesses
            .iter()
            .filter(|mine| other.accesses.iter().any(|theirs| conflict(mine, theirs)))
            .map(|mine| &mine.thing)
    }

    /// Bits by which most footprints without a conflict are told apart at once.
    pub(crate) fn mask(&self) -> u64 {
        self.accesses
            .iter()
            .fold(0, |mask, access| mask | access.thing.mask())
    }
}

fn conflict(mine: &Access, theirs: &Access) -> bool {
    let (read, read_too) = (mine.how == How::Read, theirs.how == How::Read);
    if read && read_too {
        return false;
    }
    // What is added to a set, or taken from it, commutes with what another adds; only who counts on
    // the set sees the difference.
    if !read && !read_too && mine.thing.is_set() && theirs.thing.is_set() {
        return false;
    }
    mine.thing.overlaps(&theirs.thing)
}

/// An object that is born in a schema.
pub(crate) fn made(thing: Thing, schema: &Ident) -> Footprint {
    Footprint::default()
        .make(thing)
        .read(Thing::Schema(schema.clone()))
        .read(Thing::DefaultRights)
}

/// A relation that has a row type of its name.
pub(crate) fn relation_made(name: &TableName) -> Footprint {
    made(Thing::Relation(name.clone()), &name.schema).make(Thing::Type(name.name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> TableName {
        TableName::new("public", name)
    }

    fn column(name: &str) -> Thing {
        Thing::column(&table("t"), &Ident::new(name))
    }

    #[test]
    fn two_readers_never_conflict_and_a_writer_does() {
        let read = Footprint::default().read(column("a"));
        let write = Footprint::default().change(column("a"));
        assert!(!read.conflicts(&read.clone()));
        assert!(
            read.conflicts(&write) && write.conflicts(&read) && write.conflicts(&write.clone())
        );
        assert!(!write.conflicts(&Footprint::default().change(column("b"))));
    }

    #[test]
    fn whoever_reads_a_whole_row_reads_every_column() {
        let star = Footprint::default().read(Thing::Column(table("t"), None));
        assert!(star.conflicts(&Footprint::default().drop(column("a"))));
        let like = Footprint::default().read(Thing::Whole(table("t")));
        assert!(
            like.conflicts(
                &Footprint::default().make(Thing::Constraint(table("t"), Ident::new("k")))
            )
        );
        assert!(
            !like.conflicts(
                &Footprint::default().make(Thing::Constraint(table("u"), Ident::new("k")))
            )
        );
    }

    #[test]
    fn what_is_demanded_is_a_set() {
        let demand = Footprint::default().make(Thing::Demands(table("t"), Some(Ident::new("a"))));
        let rows = Footprint::default().read(Thing::Demands(table("t"), None));
        assert!(!demand.conflicts(&demand.clone()) && demand.conflicts(&rows));
    }

    #[test]
    fn anything_is_everything_but_our_own_helpers() {
        let block = Footprint::anything();
        assert!(block.conflicts(&Footprint::default().read(column("a"))));
        assert!(block.conflicts(&block.clone()));
        assert!(!block.conflicts(&Footprint::default().drop(Thing::Helper(Ident::new("zzz")))));
    }
}
