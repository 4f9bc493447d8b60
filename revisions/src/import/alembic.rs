//! What `alembic upgrade --sql` and `alembic downgrade --sql` write.

use super::{Imported, without};
use crate::diagnostic::{Diagnostic, code};
use crate::statement::Statement;
use pg_query::NodeEnum;
use std::collections::BTreeMap;

/// The table in which Alembic keeps where it is.
const TABLE: &str = "alembic_version";

/// The revisions of a script that goes up, with the ways back of one that goes down. `stems` are the names of Alembic's own
/// files, which begin with their ids as a rule.
///
/// # Errors
///
/// When the script holds no revision, or SQL that can't be read.
pub fn alembic(
    up: &str,
    down: &str,
    stems: &BTreeMap<String, String>,
) -> Result<Vec<Imported>, Vec<Diagnostic>> {
    let mut downs: BTreeMap<String, String> = BTreeMap::new();
    for (from, _, sql) in sections(down, "downgrade") {
        let [id] = from.as_slice() else { continue };
        downs.insert(id.clone(), without(id, &sql, is_bookkeeping)?);
    }
    let id = |version: &str| {
        stems
            .get(version)
            .cloned()
            .unwrap_or_else(|| version.to_owned())
    };
    let mut imported = Vec::new();
    for (from, to, sql) in sections(up, "upgrade") {
        let [version] = to.as_slice() else { continue };
        imported.push(Imported {
            id: id(version),
            version: version.clone(),
            revises: from.iter().map(|version| id(version)).collect(),
            up: without(version, &sql, is_bookkeeping)?,
            down: downs.remove(version),
        });
    }
    if imported.is_empty() {
        let nothing = Diagnostic::error(
            code::EMPTY,
            "no line `-- Running upgrade .. -> ..` is in the script",
        );
        return Err(vec![nothing.help(
            "give Alembic's directory, or a file that `alembic upgrade head --sql` wrote",
        )]);
    }
    Ok(imported)
}

/// `-- Running upgrade a, b -> c`: where from, where to, and the SQL up to the next such line.
fn sections(script: &str, word: &str) -> Vec<(Vec<String>, Vec<String>, String)> {
    let mut found: Vec<(Vec<String>, Vec<String>, String)> = Vec::new();
    let names = |text: &str| -> Vec<String> {
        text.split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    for line in script.lines() {
        let step = line
            .strip_prefix("-- Running ")
            .and_then(|rest| rest.strip_prefix(word));
        if let Some((from, to)) = step.and_then(|rest| rest.split_once("->")) {
            found.push((names(from), names(to), String::new()));
        } else if let Some((.., sql)) = found.last_mut() {
            sql.push_str(line);
            sql.push('\n');
        }
    }
    found
}

/// Alembic's own records, and the transaction around each revision.
fn is_bookkeeping(statement: &Statement) -> bool {
    match statement.tree.as_ref() {
        NodeEnum::TransactionStmt(_) => true,
        NodeEnum::CreateStmt(create) => create
            .relation
            .as_ref()
            .is_some_and(|table| table.relname == TABLE),
        NodeEnum::InsertStmt(insert) => insert
            .relation
            .as_ref()
            .is_some_and(|table| table.relname == TABLE),
        NodeEnum::UpdateStmt(update) => update
            .relation
            .as_ref()
            .is_some_and(|table| table.relname == TABLE),
        NodeEnum::DeleteStmt(delete) => delete
            .relation
            .as_ref()
            .is_some_and(|table| table.relname == TABLE),
        NodeEnum::DropStmt(_) => statement.sql.contains(TABLE),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: &str = "BEGIN;\n\nCREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);\n\n-- Running upgrade  -> 1a\n\n\
        CREATE TABLE leads (id INT); -- Running\n\nINSERT INTO alembic_version (version_num) VALUES ('1a') RETURNING alembic_version.version_num;\n\n\
        -- Running upgrade 1a -> 2b\n\nUPDATE alembic_version SET version_num='2b' WHERE alembic_version.version_num = '1a';\n\n\
        -- Running upgrade 1a -> 2c\n\nINSERT INTO leads VALUES (1);\n\n-- Running upgrade 2b, 2c -> 3d\n\nCOMMIT;\n";

    #[test]
    fn ids_and_parents_are_kept_and_bookkeeping_is_not() {
        let down = "BEGIN;\n-- Running downgrade 1a -> \n\nDROP TABLE leads;\n\nDELETE FROM alembic_version;\n\nCOMMIT;\n";
        let stems = BTreeMap::from([("1a".to_owned(), "1a_leads".to_owned())]);
        let found = alembic(UP, down, &stems).unwrap();
        let ids: Vec<_> = found
            .iter()
            .map(|one| (one.id.as_str(), one.revises.join(" ")))
            .collect();
        assert_eq!(
            ids,
            [
                ("1a_leads", String::new()),
                ("2b", "1a_leads".into()),
                ("2c", "1a_leads".into()),
                ("3d", "2b 2c".into())
            ]
        );
        assert_eq!(
            found[0].text(),
            "-- revises: \nCREATE TABLE leads (id INT); -- Running\n\n-- down\nDROP TABLE leads;\n"
        );
        assert_eq!(found[1].text(), "-- revises: 1a_leads\n-- empty\n");
        assert!(!found[3].text().contains("empty"));
        assert!(alembic("SELECT 1;", "", &stems).is_err());
    }
}
