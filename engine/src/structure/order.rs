//! The order in which parts can be made: by place, and behind what they need.

use super::{ObjectId, Part};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Orders parts. Where they need each other in a circle, their places decide.
pub(super) fn in_order(
    mut parts: Vec<Part>,
    needs: &BTreeMap<ObjectId, BTreeSet<ObjectId>>,
) -> Vec<Part> {
    parts.sort_by(|a, b| a.place.total_cmp(&b.place).then(a.id.1.cmp(&b.id.1)));
    // The first part of an object makes it.
    let mut makers: BTreeMap<ObjectId, usize> = BTreeMap::new();
    for (at, part) in parts
        .iter()
        .enumerate()
        .filter(|(_, part)| part.id != (0, 0))
    {
        makers.entry(part.id).or_insert(at);
    }
    let (mut open, mut behind) = (vec![0usize; parts.len()], vec![Vec::new(); parts.len()]);
    for (at, part) in parts.iter().enumerate() {
        let needed = needs
            .get(&part.id)
            .into_iter()
            .flatten()
            .filter_map(|id| makers.get(id));
        let own = makers.get(&part.id).filter(|maker| **maker != at);
        let all: BTreeSet<usize> = needed
            .chain(own)
            .copied()
            .filter(|maker| *maker != at)
            .collect();
        open[at] = all.len();
        all.into_iter().for_each(|maker| behind[maker].push(at));
    }
    let mut free: BinaryHeap<Reverse<usize>> = (0..parts.len())
        .filter(|at| open[*at] == 0)
        .map(Reverse)
        .collect();
    let mut placed = vec![false; parts.len()];
    let mut order = Vec::with_capacity(parts.len());
    let mut first_left = 0;
    while order.len() < parts.len() {
        let next = if let Some(Reverse(at)) = free.pop() {
            at
        } else {
            while placed[first_left] {
                first_left += 1;
            }
            first_left
        };
        if std::mem::replace(&mut placed[next], true) {
            continue;
        }
        order.push(next);
        for later in &behind[next] {
            open[*later] = open[*later].saturating_sub(1);
            if open[*later] == 0 && !placed[*later] {
                free.push(Reverse(*later));
            }
        }
    }
    let mut slots: Vec<Option<Part>> = parts.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| slots[at].take())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_planner::drift::Object;

    fn part(place: f64, number: u32) -> Part {
        let told = Object {
            kind: String::new(),
            table: String::new(),
            name: number.to_string(),
            definition: String::new(),
        };
        Part {
            place,
            id: (1, number),
            told,
            sql: String::new(),
        }
    }

    fn ordered(parts: Vec<Part>, needs: &[(u32, u32)]) -> Vec<u32> {
        let mut map: BTreeMap<ObjectId, BTreeSet<ObjectId>> = BTreeMap::new();
        for (own, other) in needs {
            map.entry((1, *own)).or_default().insert((1, *other));
        }
        in_order(parts, &map).iter().map(|part| part.id.1).collect()
    }

    #[test]
    fn what_is_needed_comes_first_and_else_the_place_decides() {
        let parts = || vec![part(10.0, 1), part(5.0, 2), part(7.0, 3), part(7.0, 4)];
        assert_eq!(ordered(parts(), &[]), [2, 3, 4, 1]);
        // A function that needs a view that needs a table.
        assert_eq!(ordered(parts(), &[(2, 1), (1, 3)]), [3, 4, 1, 2]);
    }

    #[test]
    fn a_circle_has_an_end() {
        assert_eq!(
            ordered(
                vec![part(1.0, 1), part(2.0, 2), part(3.0, 3)],
                &[(1, 2), (2, 1), (3, 2)]
            ),
            [1, 2, 3]
        );
    }
}
