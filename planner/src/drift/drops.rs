//! What drops a part.

use super::schema::{Facts, Thing};
use super::{Statement, alter, hazard, plain, rights};

/// What drops a part; nothing where it goes with others, or can't.
pub(super) fn drop(thing: &Thing) -> Vec<Statement> {
    let (table, name) = (&thing.object.table, &thing.object.name);
    let sql = match thing.kind() {
        "column" | "constraint" => format!(
            "ALTER TABLE {table} DROP {} {name}",
            thing.kind().to_uppercase()
        ),
        "default" => format!("ALTER TABLE ONLY {table} ALTER COLUMN {name} DROP DEFAULT"),
        "identity" => format!("ALTER TABLE {table} ALTER COLUMN {name} DROP IDENTITY"),
        "owner of sequence" => format!("ALTER SEQUENCE {name} OWNED BY NONE"),
        "UNLOGGED" => format!("ALTER TABLE {table} SET LOGGED"),
        "replica identity" => format!("ALTER TABLE {table} REPLICA IDENTITY DEFAULT"),
        "partition" => match &thing.facts {
            Facts::Partition { parent } => format!("ALTER TABLE {parent} DETACH PARTITION {table}"),
            _ => return vec![],
        },
        "trigger" | "policy" | "rule" => {
            format!("DROP {} {name} ON {table}", thing.kind().to_uppercase())
        }
        "row-level security" if name == "FORCE" => {
            format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        }
        "row-level security" => format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
        "publication of table" => format!("ALTER PUBLICATION {name} DROP TABLE ONLY {table}"),
        "publication of schema" => {
            thing
                .sql
                .replacen(" ADD TABLES IN SCHEMA ", " DROP TABLES IN SCHEMA ", 1)
        }
        "comment" | "security label" | "domain constraint" => match &thing.facts {
            Facts::Label { text } => match thing.sql.strip_suffix(text.as_str()) {
                Some(head) => format!("{head}NULL"),
                None => return vec![],
            },
            Facts::DroppedBy { drop } => drop.clone(),
            _ => return vec![],
        },
        // One without arguments is written with a star only there.
        "aggregate" if name.ends_with("()") => format!("DROP ROUTINE {name}"),
        "composite type" | "range type" | "base type" => format!("DROP TYPE {name}"),
        "foreign server" => format!("DROP SERVER {name}"),
        "rights" => return rights::rights(Some(thing), None),
        "default privileges" => return rights::default_privileges(Some(thing), None),
        "operator class" | "index of partition" | "order of columns" | "NOT NULL" | "owner" => {
            return vec![];
        }
        kind => match alter::unset(thing) {
            Some(sql)
                if matches!(
                    kind,
                    "column setting" | "index setting" | "trigger of partition"
                ) =>
            {
                return plain(sql);
            }
            _ => format!("DROP {} {name}", kind.to_uppercase()),
        },
    };
    vec![Statement {
        hazard: hazard::of_drop(thing),
        sql,
    }]
}
