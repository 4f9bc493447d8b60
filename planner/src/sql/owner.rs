//! Whether a statement says whose an object is.

use concertina_revisions::Statement;
use concertina_revisions::tree::{AlterTableType, NodeEnum, node};

/// Whether a statement gives an object to a role, or has the following ones make theirs as another.
pub fn gives_owner(statement: &Statement) -> bool {
    match statement.tree.as_ref() {
        NodeEnum::AlterOwnerStmt(_) | NodeEnum::ReassignOwnedStmt(_) => true,
        NodeEnum::AlterTableStmt(alter) => alter.cmds.iter().any(|command| match &command.node {
            Some(node::Node::AlterTableCmd(command)) => {
                command.subtype() == AlterTableType::AtChangeOwner
            }
            _ => false,
        }),
        NodeEnum::CreateSchemaStmt(create) => create.authrole.is_some(),
        NodeEnum::VariableSetStmt(set) => {
            matches!(set.name.as_str(), "role" | "session_authorization")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_revisions::{Revision, RevisionId};

    fn gives(sql: &str) -> bool {
        Revision::from_text(&RevisionId::new("r"), sql)
            .expect("valid SQL")
            .up
            .iter()
            .any(gives_owner)
    }

    #[test]
    fn what_says_whose_an_object_is() {
        for sql in [
            "ALTER TABLE t OWNER TO a;",
            "ALTER TABLE t ADD COLUMN b int, OWNER TO a;",
            "ALTER VIEW v OWNER TO a;",
            "ALTER FUNCTION f() OWNER TO a;",
            "ALTER SCHEMA s OWNER TO a;",
            "CREATE SCHEMA s AUTHORIZATION a;",
            "REASSIGN OWNED BY b TO a;",
            "SET ROLE a;",
            "SET SESSION AUTHORIZATION a;",
        ] {
            assert!(gives(sql), "{sql}");
        }
        for sql in [
            "ALTER TABLE t ADD COLUMN owner int;",
            "CREATE SCHEMA s;",
            "SET search_path = owner;",
        ] {
            assert!(!gives(sql), "{sql}");
        }
    }
}
