//! PostgreSQL's own names of what a revision does, for the coverage: `AlterTableStmt AtAddColumn`,
//! `DropStmt ObjectView`.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableType, ConstrType, ObjectType};
use std::collections::BTreeSet;

/// The names of what a text's statements do; those of the parser's that it can't read are left out.
#[must_use]
pub fn tags(sql: &str) -> BTreeSet<String> {
    let Ok(parsed) = pg_query::parse(sql, 0) else {
        return BTreeSet::new();
    };
    let nodes = parsed
        .protobuf
        .stmts
        .iter()
        .filter_map(|one| one.stmt.as_ref()?.node.as_ref());
    nodes.flat_map(of).collect()
}

/// Whether a table may refuse what it took before, once a text's statements have run.
#[must_use]
pub fn refuses(sql: &str) -> bool {
    const REFUSING: [&str; 8] = [
        "AlterTable AtAddConstraint",
        "AlterTable AtSetNotNull",
        "AlterTable AtValidateConstraint",
        "AlterTable AtAddColumn",
        "AlterTable AtColumnDefault",
        "AlterTable AtAlterColumnType",
        "AlterTable AtDropIdentity",
        "Index",
    ];
    tags(sql)
        .iter()
        .any(|tag| REFUSING.iter().any(|begin| tag.starts_with(begin)))
}

/// Whether statements only give other names: that puts no column at another place in the end.
#[must_use]
pub fn only_renames(sql: &str) -> bool {
    let tags = tags(sql);
    !tags.is_empty() && tags.iter().all(|tag| tag.starts_with("Rename"))
}

/// Whether statements write rows by themselves, or may: code does what it likes.
#[must_use]
pub fn writes_rows(sql: &str) -> bool {
    const WRITING: [&str; 12] = [
        "Insert",
        "Update",
        "Delete",
        "Merge",
        "Truncate",
        "Do",
        "Call",
        "Select",
        "DropOwned",
        "CreateTableAs",
        "RefreshMatView",
        "Copy",
    ];
    tags(sql)
        .iter()
        .any(|tag| WRITING.contains(&tag.split(' ').next().unwrap_or_default()))
}

fn object(number: i32) -> String {
    ObjectType::try_from(number).map_or_else(|_| String::new(), |kind| format!("{kind:?}"))
}

fn of(node: &NodeEnum) -> Vec<String> {
    let named = |what: String| vec![format!("{} {what}", kind(node))];
    match node {
        NodeEnum::AlterTableStmt(alter) => {
            let commands = alter
                .cmds
                .iter()
                .filter_map(|one| match one.node.as_ref()? {
                    NodeEnum::AlterTableCmd(command) => Some(command),
                    _ => None,
                });
            let name = |command: &pg_query::protobuf::AlterTableCmd| {
                let what = AlterTableType::try_from(command.subtype)
                    .map_or_else(|_| String::new(), |one| format!("{one:?}"));
                let definition = command.def.as_ref().and_then(|one| one.node.as_ref());
                let constraint = match definition {
                    Some(NodeEnum::Constraint(one)) => ConstrType::try_from(one.contype).ok(),
                    _ => None,
                };
                let constraint = constraint
                    .map(|one| format!(" {one:?}"))
                    .unwrap_or_default();
                format!("AlterTable {what}{constraint}")
            };
            commands.map(|command| name(command)).collect()
        }
        NodeEnum::RenameStmt(one) => named(object(one.rename_type)),
        NodeEnum::DropStmt(one) => named(object(one.remove_type)),
        NodeEnum::CommentStmt(one) => named(object(one.objtype)),
        NodeEnum::GrantStmt(one) => {
            vec![format!(
                "{} {}",
                if one.is_grant { "Grant" } else { "Revoke" },
                object(one.objtype)
            )]
        }
        NodeEnum::AlterOwnerStmt(one) => named(object(one.object_type)),
        NodeEnum::AlterObjectSchemaStmt(one) => named(object(one.object_type)),
        NodeEnum::DefineStmt(one) => named(object(one.kind)),
        NodeEnum::CreateTableAsStmt(one) => named(object(one.objtype)),
        _ => vec![kind(node)],
    }
}

/// The name of a node: what its debug text begins with.
fn kind(node: &NodeEnum) -> String {
    let text = format!("{node:?}");
    text.split('(')
        .next()
        .unwrap_or_default()
        .trim_end_matches("Stmt")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_refuses_nothing_and_a_constraint_may() {
        assert!(
            refuses("ALTER TABLE t ADD CHECK (a > 0)") && refuses("CREATE UNIQUE INDEX i ON t (a)")
        );
        assert!(!refuses("ALTER TABLE t RENAME COLUMN a TO b") && !refuses("DROP VIEW v"));
    }

    #[test]
    fn statements_have_postgresqls_names() {
        let all =
            tags("ALTER TABLE t ADD CHECK (a > 0), DROP COLUMN b; DROP VIEW v; UPDATE t SET a = 1");
        let wanted = [
            "AlterTable AtAddConstraint ConstrCheck",
            "AlterTable AtDropColumn",
            "Drop ObjectView",
            "Update",
        ];
        assert_eq!(all, wanted.map(str::to_owned).into());
    }
}
