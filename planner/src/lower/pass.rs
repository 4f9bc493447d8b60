//! In which order PostgreSQL does the actions of one ALTER TABLE: not as they are written, but by
//! passes over the table.
//!
//! Source: `ATPrepCmd` in PostgreSQL's tablecmds.c, 14 to 18.
//! `DROP DEFAULT, SET DEFAULT 1, DROP DEFAULT` ends with the default.

use concertina_revisions::tree::{AlterTableCmd, AlterTableType, ConstrType, Node, node};

/// The passes, the first one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pass {
    Drop,
    AlterType,
    AddColumn,
    SetExpression,
    AddConstraint,
    ColumnAttributes,
    AddIndex,
    AddOtherConstraint,
    Misc,
}

/// The actions in the order in which they are done.
pub(super) fn ordered(commands: &[Node]) -> Vec<&AlterTableCmd> {
    let mut all: Vec<&AlterTableCmd> = commands
        .iter()
        .filter_map(|node| match &node.node {
            Some(node::Node::AlterTableCmd(command)) => Some(command.as_ref()),
            _ => None,
        })
        .collect();
    all.sort_by_key(|command| pass(command));
    all
}

fn pass(command: &AlterTableCmd) -> Pass {
    use AlterTableType as Kind;
    match command.subtype() {
        Kind::AtColumnDefault if command.def.is_some() => Pass::AddOtherConstraint,
        Kind::AtColumnDefault
        | Kind::AtDropIdentity
        | Kind::AtDropNotNull
        | Kind::AtDropExpression
        | Kind::AtDropColumn
        | Kind::AtDropConstraint
        | Kind::AtDropOids => Pass::Drop,
        Kind::AtAlterColumnType => Pass::AlterType,
        Kind::AtAddColumn | Kind::AtAddColumnToView => Pass::AddColumn,
        Kind::AtSetExpression => Pass::SetExpression,
        Kind::AtAddConstraint => of_constraint(command),
        Kind::AtSetIdentity | Kind::AtSetNotNull => Pass::ColumnAttributes,
        Kind::AtAddIndexConstraint | Kind::AtAddIndex => Pass::AddIndex,
        Kind::AtAddIdentity => Pass::AddOtherConstraint,
        _ => Pass::Misc,
    }
}

fn of_constraint(command: &AlterTableCmd) -> Pass {
    let Some(node::Node::Constraint(constraint)) =
        command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return Pass::AddConstraint;
    };
    match constraint.contype() {
        ConstrType::ConstrPrimary | ConstrType::ConstrUnique | ConstrType::ConstrExclusion => {
            Pass::AddIndex
        }
        ConstrType::ConstrForeign => Pass::AddOtherConstraint,
        _ => Pass::AddConstraint,
    }
}
