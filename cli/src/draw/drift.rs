//! What is different from what should be.

use super::{json, line};
use concertina_planner::drift::Difference;
use serde_json::json;

/// A line for each difference, and the statements that would make an end of them.
pub(crate) fn print(differences: &[Difference], statements: Option<&[String]>, as_json: bool) {
    if as_json {
        let mut told = json!({ "differences": differences });
        if let Some(statements) = statements {
            told["statements"] = statements.into();
        }
        return json(&told);
    }
    match statements {
        None if differences.is_empty() => line(false, "the database is what its history makes"),
        None => differences.iter().for_each(|difference| line(false, &difference.to_string())),
        Some([]) => line(false, "-- nothing differs"),
        Some(statements) => statements.iter().for_each(|sql| line(false, &format!("{sql};"))),
    }
}
