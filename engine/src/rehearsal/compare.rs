//! What two databases hold, compared, and the differences in words.

use concertina_planner::drift::{Difference, Inventory, Object, differences};

/// The part of a structure that isn't compared where a hazard speaks of it.
const ORDER: &str = "order of columns";

/// What can't come back, and what nobody expects to: numbers that were taken, and the places of
/// columns that were made again.
const NOT_BACK: [&str; 2] = ["position of sequence", ORDER];

/// In what the plan's database isn't as the author's.
pub(super) fn structures(plan: &Inventory, author: &Inventory, columns_move: bool) -> Vec<String> {
    let found = differences(plan, author);
    told(
        found
            .iter()
            .filter(|difference| !(columns_move && object_of(difference).kind == ORDER)),
    )
}

/// The same where the plan has been at work for a while: numbers have been taken, and others may
/// have added columns.
pub(super) fn structures_since(plan: &Inventory, author: &Inventory) -> Vec<String> {
    let found = differences(plan, author);
    told(
        found
            .iter()
            .filter(|difference| !NOT_BACK.contains(&object_of(difference).kind.as_str())),
    )
}

fn told<'a>(found: impl Iterator<Item = &'a Difference>) -> Vec<String> {
    found
        .map(|difference| match difference {
            Difference::Missing { wanted } => format!("{wanted}: psql leaves it, the plan doesn't"),
            Difference::Extra { there } => format!("{there}: the plan leaves it, psql doesn't"),
            Difference::Changed { there, wanted } => {
                format!(
                    "{wanted}: `{}` by psql, `{}` by the plan",
                    short(wanted),
                    short(there)
                )
            }
        })
        .collect()
}

/// What a way back leaves of what there was before.
pub(super) fn left(now: &Inventory, before: &Inventory) -> Vec<String> {
    let found = differences(now, before);
    let found = found
        .iter()
        .filter(|difference| !NOT_BACK.contains(&object_of(difference).kind.as_str()));
    found
        .map(|difference| match difference {
            Difference::Missing { wanted } => format!("{wanted} doesn't come back"),
            Difference::Extra { there } => format!("{there} stays"),
            Difference::Changed { there, wanted } => {
                format!("{wanted} was `{}` and is `{}`", short(wanted), short(there))
            }
        })
        .collect()
}

/// What a difference speaks of.
pub(super) fn object_of(difference: &Difference) -> &Object {
    match difference {
        Difference::Missing { wanted } | Difference::Changed { wanted, .. } => wanted,
        Difference::Extra { there } => there,
    }
}

fn short(object: &Object) -> String {
    object
        .definition
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
