//! What couldn't be copied, and what follows from it.

use concertina_planner::drift::Object;
use std::fmt;

/// Kinds of parts that aren't things of their own.
const WITHOUT_NAME: [&str; 8] = [
    "comment",
    "default privileges",
    "event trigger",
    "owner",
    "position of sequence",
    "publication",
    "publication of schema",
    "rights",
];

/// What isn't as in the real database.
pub(super) struct Uncopied {
    pub(super) what: String,
    why: Option<String>,
    /// Whether statements can name it.
    pub(super) has_name: bool,
}

impl Uncopied {
    pub(super) fn of(told: &Object, why: Option<String>) -> Uncopied {
        let has_name = told.table.is_empty() && !WITHOUT_NAME.contains(&told.kind.as_str())
            || told.kind == "column";
        Uncopied {
            what: told.to_string(),
            why,
            has_name,
        }
    }
}

impl fmt::Display for Uncopied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.why
            .as_ref()
            .map_or(Ok(()), |why| write!(f, " ({why})"))
    }
}

/// All of them, for a sentence.
pub(super) fn listed(differs: &[Uncopied]) -> String {
    differs
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
