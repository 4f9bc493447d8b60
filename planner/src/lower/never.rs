//! Statements that are never run live, each with what to do instead.

use super::reach::is_of_our_steps;
use crate::catalog::Catalog;
use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    NodeEnum, ObjectType, VacuumStmt, VariableSetKind, VariableSetStmt, a_const, node,
};

pub(super) fn refusal(tree: &NodeEnum) -> Option<Problem> {
    blocking(tree)
        .or_else(|| of_the_server(tree))
        .or_else(|| of_the_session(tree))
}

/// What is harmless, and changes nothing where each step has its own transaction, limits and locks:
/// left out, with a note.
pub(super) fn left_out(tree: &NodeEnum, catalog: &Catalog) -> Option<&'static str> {
    match tree {
        NodeEnum::VariableSetStmt(set) if is_the_path(set, catalog) => {
            Some("SET search_path is left out: names are looked up there already")
        }
        NodeEnum::VariableSetStmt(set) if is_of_our_steps(set) => {
            Some("SET is left out: each step has limits of its own")
        }
        NodeEnum::ConstraintsSetStmt(set) if !set.deferred => {
            Some("SET CONSTRAINTS is left out: each step looks at its constraints at once")
        }
        NodeEnum::LockStmt(_) => {
            Some("LOCK TABLE is left out: each step takes its own locks, for a moment")
        }
        NodeEnum::VacuumStmt(vacuum) if !vacuum.is_vacuumcmd => {
            Some("ANALYZE is left out: a large backfill is analyzed by itself")
        }
        NodeEnum::VacuumStmt(vacuum) if !is_full(vacuum) => {
            Some("VACUUM is left out: a large backfill is vacuumed and analyzed by itself")
        }
        NodeEnum::VariableShowStmt(_) => Some("SHOW is left out: it only shows something"),
        _ => None,
    }
}

/// Whether a SET names the schemas that are searched anyway, in that order.
fn is_the_path(set: &VariableSetStmt, catalog: &Catalog) -> bool {
    let named = set.args.iter().map(|arg| match arg.node.as_ref()? {
        node::Node::AConst(value) => match value.val.as_ref()? {
            a_const::Val::Sval(name) => Some(name.sval.as_str()),
            _ => None,
        },
        _ => None,
    });
    let path = catalog.search_path.iter().map(|name| Some(name.as_str()));
    set.name == "search_path" && set.kind() == VariableSetKind::VarSetValue && named.eq(path)
}

/// VACUUM FULL, or whatever is said of it.
fn is_full(vacuum: &VacuumStmt) -> bool {
    vacuum
        .options
        .iter()
        .any(|option| matches!(&option.node, Some(node::Node::DefElem(option)) if option.defname == "full"))
}

/// What makes others wait for long.
fn blocking(tree: &NodeEnum) -> Option<Problem> {
    let (why, instead) = match tree {
        NodeEnum::ClusterStmt(_) => (
            "CLUSTER rewrites the table under an ACCESS EXCLUSIVE lock",
            "use pg_repack, or a maintenance window",
        ),
        NodeEnum::AlterTableMoveAllStmt(_) => (
            "ALTER .. ALL IN TABLESPACE copies every table under an ACCESS EXCLUSIVE lock",
            "use pg_repack --tablespace, table by table",
        ),
        NodeEnum::ReassignOwnedStmt(_) => (
            "REASSIGN OWNED takes ACCESS EXCLUSIVE locks on everything that a role owns, all in one transaction",
            "ALTER .. OWNER TO, table by table",
        ),
        NodeEnum::MergeStmt(_) => (
            "MERGE can't be cut into batches",
            "write INSERT .. SELECT .. ON CONFLICT (key) DO NOTHING, and UPDATE .. FROM, which are done in batches",
        ),
        NodeEnum::CopyStmt(_) => (
            "COPY reads or writes all its rows in one transaction",
            "load the rows by hand into a table of their own, and INSERT .. SELECT from it in a revision",
        ),
        NodeEnum::AlterObjectSchemaStmt(alter)
            if matches!(
                alter.object_type(),
                ObjectType::ObjectTable
                    | ObjectType::ObjectView
                    | ObjectType::ObjectMatview
                    | ObjectType::ObjectForeignTable
            ) =>
        {
            return Some(problem::renames_what_code_names("table"));
        }
        _ => return None,
    };
    Some(problem::never_live(why, instead))
}

/// What belongs to the server and not to this database, or can't be taken back by anyone.
fn of_the_server(tree: &NodeEnum) -> Option<Problem> {
    let (why, instead) = match tree {
        NodeEnum::CreatedbStmt(_)
        | NodeEnum::AlterDatabaseStmt(_)
        | NodeEnum::AlterDatabaseRefreshCollStmt(_)
        | NodeEnum::DropdbStmt(_) => (
            "databases are made and dropped outside of any",
            "run it by hand",
        ),
        NodeEnum::CreateTableSpaceStmt(_)
        | NodeEnum::DropTableSpaceStmt(_)
        | NodeEnum::AlterTableSpaceOptionsStmt(_) => {
            ("a tablespace belongs to the server", "run it by hand")
        }
        NodeEnum::AlterSystemStmt(_) => (
            "ALTER SYSTEM changes the server and not this database",
            "run it by hand",
        ),
        NodeEnum::CreateSubscriptionStmt(_)
        | NodeEnum::AlterSubscriptionStmt(_)
        | NodeEnum::DropSubscriptionStmt(_) => (
            "a subscription talks to another server, and no transaction can take that back",
            "run it by hand",
        ),
        NodeEnum::DropOwnedStmt(_) => (
            "DROP OWNED drops things without naming them",
            "DROP and REVOKE them by name",
        ),
        NodeEnum::VacuumStmt(_) => (
            "VACUUM FULL changes nothing of the schema, and rewrites the table under an ACCESS EXCLUSIVE lock",
            "run it by hand, or pg_repack; a large backfill is vacuumed and analyzed by itself",
        ),
        NodeEnum::CheckPointStmt(_) => ("CHECKPOINT is of the server", "leave it out"),
        _ => return None,
    };
    Some(problem::not_a_change(why, instead))
}

/// What is gone with the session or the transaction.
fn of_the_session(tree: &NodeEnum) -> Option<Problem> {
    let (why, instead) = match tree {
        NodeEnum::TransactionStmt(_) => (
            "transactions are begun and ended step by step",
            "leave it out: only BEGIN and COMMIT are ignored",
        ),
        NodeEnum::ConstraintsSetStmt(_) => (
            "SET CONSTRAINTS .. DEFERRED holds for a transaction, and each step has its own",
            "leave it out, and write rows in the order in which their keys are needed",
        ),
        NodeEnum::VariableSetStmt(_) => (
            "SET holds for a session, and each step may have another",
            "qualify the names, or ALTER ROLE .. SET",
        ),
        NodeEnum::ExplainStmt(_) => ("it only shows something", "leave it out"),
        NodeEnum::PrepareStmt(_)
        | NodeEnum::ExecuteStmt(_)
        | NodeEnum::DeallocateStmt(_)
        | NodeEnum::DeclareCursorStmt(_)
        | NodeEnum::FetchStmt(_)
        | NodeEnum::ClosePortalStmt(_)
        | NodeEnum::DiscardStmt(_)
        | NodeEnum::LoadStmt(_)
        | NodeEnum::ListenStmt(_)
        | NodeEnum::UnlistenStmt(_)
        | NodeEnum::NotifyStmt(_) => (
            "it is about the session that says it, and gone with it",
            "leave it out",
        ),
        _ => return None,
    };
    Some(problem::not_a_change(why, instead))
}
