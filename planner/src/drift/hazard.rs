//! What is lost or may stop, said above a statement.

use super::schema::{Column, Facts, Thing};

/// Whole numbers, each of which holds the ones before.
const WIDER: [&str; 3] = ["smallint", "integer", "bigint"];

/// What dropping a part loses.
pub(super) fn of_drop(thing: &Thing) -> Option<String> {
    let (table, name) = (&thing.object.table, &thing.object.name);
    if matches!(&thing.facts, Facts::Column(column) if column.generated.is_some()) {
        return None;
    }
    Some(match thing.kind() {
        "table" => format!("the rows of {name} are lost"),
        "foreign table" => format!("{name} is gone for whoever reads it"),
        "column" => format!("the values of {table}.{name} are lost"),
        "sequence" => format!("the position of {name} is lost"),
        "identity" => format!("the position of the sequence of {table}.{name} is lost"),
        "materialized view" => {
            format!("what {name} holds is lost; made again, it is computed again")
        }
        "extension" => format!("whatever {name} holds is lost"),
        _ => return None,
    })
}

/// What making a part may meet in rows.
pub(super) fn of_making(thing: &Thing) -> Option<String> {
    let (table, name) = (&thing.object.table, &thing.object.name);
    match thing.kind() {
        "identity" => Some(format!(
            "the numbers of {table}.{name} begin at the start of the sequence, whatever rows hold"
        )),
        "owner of sequence" => Some(format!(
            "{name} isn't moved: see that it stands behind the rows of {table}"
        )),
        "UNLOGGED" => Some(format!("a crash of the server empties {table}")),
        _ => None,
    }
}

/// What a change of type does to values that are there.
pub(super) fn of_cast(old: &Column, new: &Column, through_text: bool) -> Option<String> {
    let place = |base: &str| WIDER.iter().position(|own| *own == base);
    let is_wider =
        matches!((place(&old.base), place(&new.base)), (Some(from), Some(to)) if from <= to);
    let is_longer = old.base == new.base
        && (new.modifier == -1 || old.modifier != -1 && old.modifier <= new.modifier);
    let is_text = new.base == "text" && matches!(old.base.as_str(), "character varying" | "text");
    if !through_text
        && (is_wider
            || is_longer && matches!(old.base.as_str(), "character" | "character varying")
            || is_text)
    {
        return None;
    }
    Some(
        "values are cast: one that doesn't fit stops it, and what the new type can't hold is lost"
            .to_owned(),
    )
}
