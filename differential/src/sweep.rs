//! The directed half: every thing that can hang on a table or a column times every change of it,
//! and every ordered pair of kinds of statement on one table. Each scene hangs something on a
//! column first; its cases then change that column.

use crate::draw::{Aim, Draw};
use crate::statement::{self, Kind};
use crate::world::{Relation, World};

/// Revisions of one scene.
pub const CASES_OF_A_SCENE: u64 = 4;

/// What a scene's cases are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Anything, by chance.
    Chance,
    /// Something hangs on a column, and the column is changed. The number is the turn.
    Change(u64),
    /// Two kinds of statement meet on one table.
    Pair(u64),
}

/// What may happen to a column or its table, all of which must leave what hangs on it as psql
/// leaves it.
const CHANGES: [&str; 16] = [
    "rename column",
    "alter type",
    "drop column",
    "rename table",
    "alter type using",
    "set not null",
    "add check",
    "update",
    "add unique",
    "set default",
    "replace column",
    "alter type collation",
    "rename chain",
    "set schema",
    "several actions",
    "drop table",
];

/// Of a hundred scenes about a column, how many take one whose type has values that are equal and
/// yet not the same.
const UNEVEN_PERCENT: u32 = 35;

/// What a case's seed is for: of four scenes two are chance, one hangs something on a column, one
/// pairs statements.
#[must_use]
pub fn purpose(seed: u64) -> Purpose {
    let scene = seed / CASES_OF_A_SCENE;
    match scene % 4 {
        1 => Purpose::Change(scene / 4),
        3 => Purpose::Pair(scene / 4),
        _ => Purpose::Chance,
    }
}

/// A number that jumps about, and still takes each value below `of` once in `of` turns.
fn turn(number: u64, of: u64) -> u64 {
    const STRIDE: u64 = 7_919;
    (number % of).wrapping_mul(STRIDE) % of
}

/// Where a scene's statements aim: at the main table mostly, at a partitioned table and its
/// partition for the rest.
#[must_use]
pub fn aims(number: u64, draw: &mut Draw, world: &World) -> Option<(Aim, Aim)> {
    let called = |name: &str| world.relations.iter().find(|one| one.name == name);
    let at = |table: &Relation, column: &str| {
        let column = table.columns.iter().find(|one| one.name == column)?;
        Some(Aim {
            table: table.oid,
            column: column.number,
        })
    };
    if number % 3 == 2
        && let (Some(parent), Some(partition)) = (called("parted"), called("parted_1"))
    {
        let column = draw.word(&["title", "qty", "n"]);
        let hang_on = if draw.chance(60) { partition } else { parent };
        return Some((at(hang_on, column)?, at(parent, column)?));
    }
    let main = called("main")?;
    let columns: Vec<_> = main.columns.iter().filter(|one| one.name != "id").collect();
    let uneven: Vec<_> = columns
        .iter()
        .copied()
        .filter(|one| has_equals(&one.kind))
        .collect();
    let among = if draw.chance(UNEVEN_PERCENT) && !uneven.is_empty() {
        uneven
    } else {
        columns
    };
    let column = draw.one(&among)?.name.as_str();
    let aim = at(main, column)?;
    Some((aim, aim))
}

/// Whether a type has values that are equal and yet not the same.
fn has_equals(kind: &str) -> bool {
    let kind = kind.split('(').next().unwrap_or(kind);
    matches!(
        kind,
        "citext" | "numeric" | "interval" | "json" | "jsonb" | "real" | "double precision"
    )
}

/// Whether a case is about a second column for a first, which is where an application's writes
/// could be lost: then it is worth running it beside one, every second time.
#[must_use]
pub fn is_worth_company(seed: u64) -> bool {
    match purpose(seed) {
        Purpose::Change(number) => seed.is_multiple_of(CASES_OF_A_SCENE) && number % 4 < 2,
        Purpose::Chance | Purpose::Pair(_) => false,
    }
}

/// What a scene of changes hangs on its column: one kind in turn, and one by chance.
#[must_use]
pub fn hanging(number: u64, draw: &mut Draw) -> Vec<&'static Kind> {
    let kinds: Vec<&'static Kind> = statement::all().filter(|kind| kind.hangs).collect();
    let mut chosen = vec![kinds[turn(number, kinds.len() as u64) as usize]];
    if draw.chance(40) {
        chosen.extend(draw.weighted(&kinds, |kind| kind.weight));
    }
    chosen
}

/// The kinds of a case's statements.
#[must_use]
pub fn kinds(purpose: Purpose, seed: u64, draw: &mut Draw) -> Vec<&'static Kind> {
    let all: Vec<&'static Kind> = statement::all().collect();
    match purpose {
        Purpose::Chance => vec![],
        Purpose::Change(number) => {
            // The first case of a scene is one of the two changes that build a second column, the
            // rest go round.
            let at = match seed % CASES_OF_A_SCENE {
                0 => number % 2,
                case => 2 + (number * (CASES_OF_A_SCENE - 1) + case) % (CHANGES.len() as u64 - 2),
            };
            statement::called(CHANGES[at as usize])
                .into_iter()
                .collect()
        }
        Purpose::Pair(number) => {
            let number = number * CASES_OF_A_SCENE + seed % CASES_OF_A_SCENE;
            let first = all[turn(number / 2, all.len() as u64) as usize];
            // Every second pair is of what people write, the other goes through all there are.
            let second = if number.is_multiple_of(2) {
                draw.weighted(&all, |kind| kind.weight).copied()
            } else {
                let round = number / (2 * all.len() as u64);
                Some(all[turn(number / 2 + round * 31, all.len() as u64) as usize])
            };
            let mut kinds = vec![first];
            kinds.extend(second);
            if draw.chance(50) {
                kinds.reverse();
            }
            kinds
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_change_is_a_kind_and_everything_that_hangs_has_its_turn() {
        for name in CHANGES {
            assert!(statement::called(name).is_some(), "{name}");
        }
        let hangs = statement::all().filter(|kind| kind.hangs).count() as u64;
        let turns: BTreeSet<u64> = (0..hangs).map(|number| turn(number, hangs)).collect();
        assert_eq!(turns.len() as u64, hangs);
    }
}
