//! Numbers of one sequence that several fills of a table draw: PostgreSQL gives all rows theirs by
//! the first statement, and then all by the second. Online, a row that is written gets both at
//! once.

use crate::change::Change;
use crate::fold::Seen;
use crate::footprint::{How, Thing};
use crate::problem::{Problem, code};
use concertina_revisions::TableName;

/// Refuses a fill that draws from the sequence of an earlier one of the same table and revision.
pub(crate) fn guard(seen: &[Seen], position: usize) -> Result<(), Problem> {
    let one = &seen[position];
    let Some(earlier) = seen[..position].iter().find(|other| share(other, one)) else {
        return Ok(());
    };
    let earlier = earlier.statement + 1;
    Err(Problem::new(
        code::DEPENDED_ON,
        format!("draws from the sequence that statement {earlier} numbers the same rows from"),
    )
    .label("rows would get both numbers at once")
    .help("put it into a revision of its own, behind this one"))
}

/// Whether both fill one table that holds rows, and draw from one sequence.
pub(crate) fn share(one: &Seen, other: &Seen) -> bool {
    let (Some(table), Some(second)) = (filled(one), filled(other)) else {
        return false;
    };
    table == second
        && one.statement != other.statement
        && !other.before.is_empty(table)
        && sequences(other).any(|sequence| sequences(one).any(|first| first == sequence))
}

fn filled(seen: &Seen) -> Option<&TableName> {
    if let Change::AddColumn(add) = &seen.change {
        Some(&add.table)
    } else if let Change::Update(update) = &seen.change {
        Some(&update.table)
    } else {
        None
    }
}

/// What is drawn from: positions of what is no table.
fn sequences(seen: &Seen) -> impl Iterator<Item = &TableName> {
    seen.touches
        .writes()
        .filter(|access| access.how == How::Change)
        .filter_map(|access| {
            if let Thing::Rows(name, None) = &access.thing {
                Some(name).filter(|name| seen.before.table(name).is_none())
            } else {
                None
            }
        })
}
