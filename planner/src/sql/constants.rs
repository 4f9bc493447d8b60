//! The constants that statements name. Rows that hold them are those that a condition such as
//! `state = 'new'` is about.

use concertina_revisions::Revision;
use serde_json::Value;
use std::collections::BTreeSet;

/// Constants of statements, in the order in which they are written, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constants {
    /// Those in quotes, whatever they are taken for.
    pub texts: Vec<String>,
    /// Numbers, as they are written, without a sign.
    pub numbers: Vec<String>,
}

/// The constants that the statements of revisions name, those of the bodies of functions aside.
pub fn constants(revisions: &[&Revision]) -> Constants {
    let mut found = Constants::default();
    for statement in revisions.iter().flat_map(|revision| &revision.up) {
        walk(
            &serde_json::to_value(statement.tree.as_ref()).unwrap_or_default(),
            &mut found,
        );
    }
    found.texts = each_once(found.texts);
    found.numbers = each_once(found.numbers);
    found
}

fn walk(value: &Value, found: &mut Constants) {
    match value {
        Value::Object(fields) => {
            if let Some(constant) = fields.get("AConst") {
                read(&constant["val"], found);
            }
            fields.values().for_each(|field| walk(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn read(constant: &Value, found: &mut Constants) {
    if let Some(text) = constant["Sval"]["sval"].as_str() {
        found.texts.push(text.to_owned());
    }
    if let Some(number) = constant["Ival"]["ival"].as_i64() {
        found.numbers.push(number.to_string());
    }
    if let Some(number) = constant["Fval"]["fval"].as_str() {
        found.numbers.push(number.to_owned());
    }
}

fn each_once(all: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    all.into_iter()
        .filter(|one| seen.insert(one.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_revisions::RevisionId;

    #[test]
    fn constants_of_conditions_values_and_checks() {
        let revision = Revision::from_text(
            &RevisionId::new("r"),
            "UPDATE t SET a = 'x', b = 0 WHERE c = 'old' AND n > 41 AND d <> 1.50;
             ALTER TABLE t ADD CHECK (c IN ('x', 'old', 'it''s'));",
        )
        .expect("valid SQL");
        let found = constants(&[&revision]);
        assert_eq!(found.texts, ["x", "old", "it's"]);
        assert_eq!(found.numbers, ["0", "41", "1.50"]);
    }
}
