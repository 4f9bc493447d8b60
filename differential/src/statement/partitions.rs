//! Partitions: made, attached, detached.

use super::{Kind, kind, one};
use crate::draw::Draw;
use crate::sql::name;
use crate::world::{Relation, World};

pub(super) const KINDS: &[Kind] = &[
    kind("create partition", 3, create),
    kind("attach partition", 3, attach),
    kind("detach partition", 3, detach),
    kind("drop partition", 2, drop),
];

/// A bound that none of the usual partitions has: they are by numbers, by hundreds of thousands.
fn bound(draw: &mut Draw, parent: &Relation) -> Option<String> {
    let key = parent.partition_key.as_ref()?;
    let from = 10_000_000 + draw.number(0, 50) * 100;
    key.starts_with("RANGE")
        .then(|| format!("FOR VALUES FROM ({from}) TO ({})", from + 100))
}

fn parent(draw: &mut Draw, world: &World) -> Option<Relation> {
    draw.one(&world.of_kind(&['p'])).map(|one| (*one).clone())
}

fn create(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let parent = parent(draw, world)?;
    let partition = format!("{}_part", draw.fresh(world));
    let bound = bound(draw, &parent)?;
    one(format!(
        "CREATE TABLE {} PARTITION OF {} {bound}",
        name(&partition),
        parent.sql()
    ))
}

fn attach(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let parent = parent(draw, world)?;
    let partition = format!("{}_part", draw.fresh(world));
    let bound = bound(draw, &parent)?;
    Some(vec![
        format!(
            "CREATE TABLE {} (LIKE {} INCLUDING ALL)",
            name(&partition),
            parent.sql()
        ),
        format!(
            "ALTER TABLE {} ATTACH PARTITION {} {bound}",
            parent.sql(),
            name(&partition)
        ),
    ])
}

fn partition<'a>(draw: &mut Draw, world: &'a World) -> Option<&'a Relation> {
    let all: Vec<&Relation> = world
        .relations
        .iter()
        .filter(|one| one.partition_of.is_some())
        .collect();
    draw.one(&all).copied()
}

fn detach(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let gone = partition(draw, world)?;
    let parent = world
        .relations
        .iter()
        .find(|one| Some(&one.name) == gone.parent.as_ref())?;
    let how = draw.word(&["", "", " CONCURRENTLY"]);
    one(format!(
        "ALTER TABLE {} DETACH PARTITION {}{how}",
        parent.sql(),
        gone.sql()
    ))
}

fn drop(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let gone = partition(draw, world)?;
    one(format!("DROP TABLE {}", gone.sql()))
}
