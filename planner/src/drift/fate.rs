//! What becomes of each part that is there: it stays, is altered, or goes, by itself or with what
//! it belongs to. What hangs on something that goes, or gets another type, goes before it, and
//! comes back after where it is wanted.

use super::Statement;
use super::alter::{self, Change};
use super::schema::{Facts, Node, Schema, Thing};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What becomes of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is as it should be.
    Stays,
    /// It is changed where it is.
    Altered(Vec<Statement>),
    /// Another type takes its name; these are the columns that are cast to it.
    Replaced(Vec<usize>),
    /// It is dropped.
    Dropped,
    /// It goes with another part.
    Goes(usize),
}

impl Fate {
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Fate::Dropped | Fate::Goes(_))
    }
}

/// Both structures, with what became of the first.
pub(super) struct Pair<'a> {
    pub(super) there: &'a Schema,
    pub(super) wanted: &'a Schema,
    pub(super) fates: Vec<Fate>,
    /// The counterpart of each part that is there.
    pub(super) counterparts: Vec<Option<usize>>,
    /// Columns that get another type.
    retyped: BTreeSet<usize>,
    by_key: HashMap<Key<'a>, usize>,
    by_node: HashMap<(u32, u32), Vec<usize>>,
    by_table: HashMap<&'a str, Vec<usize>>,
    /// The parts of partitions by the part of the parent.
    children: HashMap<Key<'a>, Vec<usize>>,
    /// What says which column owns a sequence.
    owners: HashMap<&'a str, usize>,
    needed_by: BTreeMap<Node, BTreeSet<Node>>,
}

type Key<'a> = (&'a str, &'a str, &'a str);

fn by_key(schema: &Schema) -> HashMap<Key<'_>, usize> {
    // The first of a name counts.
    schema
        .things
        .iter()
        .enumerate()
        .rev()
        .map(|(at, thing)| (thing.key(), at))
        .collect()
}

impl<'a> Pair<'a> {
    pub(super) fn of(there: &'a Schema, wanted: &'a Schema) -> Pair<'a> {
        let keys = by_key(wanted);
        let counterparts: Vec<Option<usize>> = there
            .things
            .iter()
            .map(|thing| keys.get(&thing.key()).copied())
            .collect();
        let mut by_node: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
        let mut by_table: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut children: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
        let mut owners = HashMap::new();
        for (at, thing) in there.things.iter().enumerate() {
            by_node
                .entry((thing.node.0, thing.node.1))
                .or_default()
                .push(at);
            by_table.entry(&thing.object.table).or_default().push(at);
            if let Some((_, relation, name)) = thing.parent() {
                children
                    .entry((thing.kind(), relation, name))
                    .or_default()
                    .push(at);
            }
            if thing.kind() == "owner of sequence" {
                owners.insert(thing.object.name.as_str(), at);
            }
        }
        let mut needed_by: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
        for (own, needs) in &there.needs {
            needs.iter().for_each(|other| {
                needed_by.entry(*other).or_default().insert(*own);
            });
        }
        let fates = vec![Fate::Stays; there.things.len()];
        let by_key = by_key(there);
        let retyped = BTreeSet::new();
        let mut pair = Pair {
            there,
            wanted,
            fates,
            counterparts,
            retyped,
            by_key,
            by_node,
            by_table,
            children,
            owners,
            needed_by,
        };
        pair.decide();
        pair
    }

    /// The part of what is wanted that a part should become.
    pub(super) fn becomes(&self, at: usize) -> Option<&'a Thing> {
        self.counterparts[at].map(|other| &self.wanted.things[other])
    }

    fn thing(&self, at: usize) -> &'a Thing {
        &self.there.things[at]
    }

    fn decide(&mut self) {
        let mut open: Vec<usize> = Vec::new();
        for at in 0..self.fates.len() {
            let thing = self.thing(at);
            if !thing.is_told() {
                continue;
            }
            self.fates[at] = match self.becomes(at) {
                None => Fate::Dropped,
                Some(wanted) if wanted.object.definition == thing.object.definition => continue,
                Some(wanted) => match alter::change(thing, wanted) {
                    Change::By(sql) => Fate::Altered(sql),
                    Change::Again => Fate::Dropped,
                    Change::Replaced => Fate::Replaced(vec![]),
                    Change::Never => continue,
                },
            };
            self.retyped.extend(self.is_retyped(at).then_some(at));
            open.push(at);
        }
        while let Some(at) = open.pop() {
            match self.fates[at] {
                Fate::Dropped | Fate::Goes(_) => self.spread(at, &mut open),
                Fate::Replaced(_) => self.replace(at, &mut open),
                Fate::Altered(_) if self.retyped.contains(&at) => self.around_type(at, &mut open),
                Fate::Altered(_) | Fate::Stays => {}
            }
        }
        self.keys_between_tables_that_go();
    }

    fn is_retyped(&self, at: usize) -> bool {
        match (
            &self.thing(at).facts,
            self.becomes(at).map(|wanted| &wanted.facts),
        ) {
            (Facts::Column(old), Some(Facts::Column(new))) => old.r#type != new.r#type,
            _ => false,
        }
    }

    /// What goes with a part that goes, and what hangs on it.
    fn spread(&mut self, at: usize, open: &mut Vec<usize>) {
        let thing = self.thing(at);
        let head = match self.fates[at] {
            Fate::Goes(head) => head,
            _ => at,
        };
        for other in self.near(thing) {
            if other != at
                && self.goes_with(other, thing)
                && !matches!(self.fates[other], Fate::Goes(_))
            {
                self.fates[other] = Fate::Goes(head);
                open.push(other);
            }
        }
        if let Some((_, relation, name)) = thing.parent()
            && let Some(parent) = self.find(thing.kind(), relation, name)
            && !self.fates[parent].is_gone()
        {
            self.fates[parent] = Fate::Dropped;
            open.push(parent);
        }
        if thing.is_main() {
            self.drop_dependents(at, open, |_| true);
        }
    }

    /// A part that is there.
    pub(super) fn find(&self, kind: &str, relation: &str, name: &str) -> Option<usize> {
        self.by_key.get(&(kind, relation, name)).copied()
    }

    /// What may go with a part: what is on the same relation or of the same object, sequences that
    /// are owned there, and the parts of partitions.
    fn near(&self, gone: &Thing) -> Vec<usize> {
        let relation = if gone.object.table.is_empty() {
            &gone.object.name
        } else {
            &gone.object.table
        };
        let mut found = self
            .by_table
            .get(relation.as_str())
            .cloned()
            .unwrap_or_default();
        let owned = found
            .iter()
            .filter(|at| self.thing(**at).kind() == "owner of sequence");
        let owned: Vec<usize> = owned
            .filter_map(|at| self.find("sequence", "", &self.thing(*at).object.name))
            .collect();
        found.extend(owned);
        found.extend(
            self.by_node
                .get(&(gone.node.0, gone.node.1))
                .into_iter()
                .flatten(),
        );
        found.extend(self.children.get(&gone.key()).into_iter().flatten());
        found
    }

    /// Whether a part goes with another, without a word of its own.
    fn goes_with(&self, other: usize, gone: &Thing) -> bool {
        let thing = self.thing(other);
        if let Some((true, relation, name)) = thing.parent()
            && gone.key() == (thing.kind(), relation.as_str(), name.as_str())
        {
            return true;
        }
        let is_kept = |at: usize| self.becomes(at).is_some();
        if thing.kind() == "sequence" {
            let owner = self
                .owners
                .get(thing.object.name.as_str())
                .map(|owner| self.thing(*owner));
            return owner.is_some_and(|owner| !is_kept(other) && is_part_of(owner, gone));
        }
        if thing.kind() == "owner of sequence" {
            return is_part_of(thing, gone)
                && self
                    .find("sequence", "", &thing.object.name)
                    .is_some_and(|sequence| !is_kept(sequence));
        }
        is_part_of(thing, gone)
    }

    /// What hangs on a part and can be made again goes before it.
    fn drop_dependents(
        &mut self,
        at: usize,
        open: &mut Vec<usize>,
        which: impl Fn(&Thing) -> bool,
    ) {
        for other in self.dependents(at) {
            let thing = self.thing(other);
            let may = !thing.holds_data()
                || matches!(&thing.facts, Facts::Column(column) if column.generated.is_some() && !column.inherited);
            if may && thing.is_main() && which(thing) && !self.fates[other].is_gone() {
                self.fates[other] = Fate::Dropped;
                open.push(other);
            }
        }
    }

    /// The parts that need this one.
    fn dependents(&self, at: usize) -> Vec<usize> {
        let node = self.thing(at).node;
        let mut found = BTreeSet::new();
        let from = if node.2 == 0 {
            (node.0, node.1, i32::MIN)
        } else {
            node
        };
        let to = if node.2 == 0 {
            (node.0, node.1, i32::MAX)
        } else {
            node
        };
        for own in self.needed_by.range(from..=to).flat_map(|(_, own)| own) {
            for other in self
                .by_node
                .get(&(own.0, own.1))
                .into_iter()
                .flatten()
                .copied()
            {
                let thing = self.thing(other);
                if other != at
                    && thing.is_main()
                    && (thing.node == *own
                        || own.2 != 0 && thing.node.2 == 0 && thing.kind() != "table")
                {
                    found.insert(other);
                }
            }
        }
        found.into_iter().collect()
    }

    /// What PostgreSQL doesn't carry along when a column gets another type.
    fn around_type(&mut self, at: usize, open: &mut Vec<usize>) {
        let retyped = self.retyped.clone();
        let both: BTreeSet<usize> = self
            .dependents(at)
            .into_iter()
            .filter(|other| self.thing(*other).kind() == "constraint")
            .filter(|other| {
                retyped
                    .iter()
                    .any(|column| *column != at && self.dependents(*column).contains(other))
            })
            .collect();
        let keys: Vec<String> = both
            .iter()
            .map(|other| self.thing(*other).object.to_string())
            .collect();
        self.drop_dependents(at, open, |thing| match &thing.facts {
            Facts::Constraint { form, .. } => {
                form == "f" && keys.contains(&thing.object.to_string())
            }
            _ => !matches!(
                thing.kind(),
                "index" | "statistics" | "default" | "identity"
            ),
        });
    }

    /// A type whose name another takes: columns are cast, and what else uses it is made again.
    fn replace(&mut self, at: usize, open: &mut Vec<usize>) {
        let stays = |other: &usize| {
            matches!(self.thing(*other).facts, Facts::Column(_)) && self.becomes(*other).is_some()
        };
        let columns: Vec<usize> = self.dependents(at).into_iter().filter(stays).collect();
        let columns: Vec<usize> = columns
            .into_iter()
            .filter(|column| !self.is_retyped(*column))
            .collect();
        for column in &columns {
            self.retyped.insert(*column);
            self.around_type(*column, open);
        }
        self.drop_dependents(at, open, |thing| thing.kind() != "default");
        self.fates[at] = Fate::Replaced(columns);
    }

    /// Keys from one table that goes to another stand in the way of both.
    fn keys_between_tables_that_go(&mut self) {
        for at in 0..self.fates.len() {
            let thing = self.thing(at);
            let is_key =
                matches!(&thing.facts, Facts::Constraint { form, parent: None, .. } if form == "f");
            let Fate::Goes(head) = self.fates[at] else {
                continue;
            };
            let needed = self.there.needs.get(&thing.node).into_iter().flatten();
            let mut others =
                needed.flat_map(|node| self.by_node.get(&(node.0, node.1)).into_iter().flatten());
            if is_key
                && others.any(|other| {
                    self.thing(*other).kind() == "table"
                        && *other != head
                        && self.fates[*other].is_gone()
                })
            {
                self.fates[at] = Fate::Dropped;
            }
        }
    }
}

/// Whether it belongs to a relation, a column, or another object that goes.
fn is_part_of(thing: &Thing, gone: &Thing) -> bool {
    if gone.is_relation() && thing.object.table == gone.object.name {
        return true;
    }
    if gone.kind() == "column" {
        return thing.object.table == gone.object.table
            && thing.kind() != "column"
            && thing.column() == Some(gone.node.2)
            && !matches!(thing.kind(), "constraint" | "index");
    }
    gone.is_main()
        && !thing.is_main()
        && thing.node.2 == 0
        && (thing.node.0, thing.node.1) == (gone.node.0, gone.node.1)
}
