//! What a statement may touch besides what it says: enough to know whether it may be run as it is
//! written where there are no rows. What isn't known here reaches beyond what it names.

mod rows;
mod schema;

use super::{qualified, schema, strings};
use crate::catalog::{Catalog, TableKind};
use concertina_revisions::tree::{
    Node, NodeEnum, RangeVar, TransactionStmtKind, VacuumStmt, VariableSetKind, VariableSetStmt,
    node,
};
use concertina_revisions::{Statement, TableName};

/// What a statement may touch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach {
    /// Existing tables that are altered, or whose rows are.
    pub(crate) changed: Vec<TableName>,
    /// Existing tables that are read, or that rows are added to.
    pub(crate) used: Vec<TableName>,
    /// Relations that are made.
    pub(crate) made: Vec<TableName>,
    /// Whether what hangs on the changed tables goes with them.
    pub(crate) cascades: bool,
    /// Whether triggers and rules of its tables may run.
    pub(crate) fires: bool,
    /// Whether rows of its tables may change, or what the names of their columns mean.
    pub(crate) rows: bool,
    /// Whether triggers or rules are made.
    pub(crate) hooks: bool,
    /// Whether it may do anything: it runs code, or changes what names mean.
    pub(crate) opaque: bool,
    /// Whether it may touch what it doesn't name, or names what isn't known.
    pub(crate) beyond: bool,
    /// What becomes of its session.
    pub(crate) session: SessionUse,
    /// How it is run.
    pub(crate) manner: Manner,
}

/// What a statement leaves in its session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SessionUse {
    /// Nothing.
    #[default]
    None,
    /// A setting, which holds for what follows.
    Setting,
    /// Whatever: temporary tables, prepared statements, what code does.
    Unknown,
}

/// How a statement is run where it is run as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// In the transaction of its neighbours.
    #[default]
    Inside,
    /// The same in other words: nobody is there who would have to wait.
    Instead(String),
    /// What follows it can't use what it did in the same transaction.
    Last,
    /// Not at all, and why that makes no difference.
    LeftOut(&'static str),
    /// Never by us.
    Never,
}

/// Settings that say how long a statement may take or wait, or what a session is told: each step
/// has its own.
const OF_OUR_STEPS: [&str; 12] = [
    "application_name",
    "client_min_messages",
    "deadlock_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "log_lock_waits",
    "log_min_duration_statement",
    "log_statement",
    "statement_timeout",
    "synchronous_commit",
    "transaction_timeout",
];

/// Settings that change what names and statements mean.
const OF_MEANING: [&str; 4] = [
    "role",
    "search_path",
    "session_authorization",
    "session_replication_role",
];

/// Why a setting is left out.
pub(crate) const OWN_LIMITS: &str = "each step has limits of its own";

/// Whether a SET is about limits and messages alone.
pub(in crate::lower) fn is_of_our_steps(set: &VariableSetStmt) -> bool {
    OF_OUR_STEPS.contains(&set.name.as_str())
        && matches!(
            set.kind(),
            VariableSetKind::VarSetValue
                | VariableSetKind::VarSetDefault
                | VariableSetKind::VarReset
        )
}

/// What a statement may touch.
pub(crate) fn reach(statement: &Statement, catalog: &Catalog) -> Reach {
    let mut reach = Reacher {
        catalog,
        reach: Reach::default(),
    };
    reach.statement(statement);
    let mut reach = reach.reach;
    reach.beyond |= reach.opaque;
    for list in [&mut reach.changed, &mut reach.used, &mut reach.made] {
        list.sort();
        list.dedup();
    }
    reach
}

struct Reacher<'a> {
    catalog: &'a Catalog,
    reach: Reach,
}

impl Reacher<'_> {
    fn statement(&mut self, statement: &Statement) {
        let tree = statement.tree.as_ref();
        match tree {
            NodeEnum::AlterTableStmt(_)
            | NodeEnum::CreateStmt(_)
            | NodeEnum::IndexStmt(_)
            | NodeEnum::CreateTrigStmt(_)
            | NodeEnum::RuleStmt(_)
            | NodeEnum::CreatePolicyStmt(_)
            | NodeEnum::AlterPolicyStmt(_)
            | NodeEnum::CreateStatsStmt(_)
            | NodeEnum::RenameStmt(_)
            | NodeEnum::DropStmt(_)
            | NodeEnum::GrantStmt(_)
            | NodeEnum::CommentStmt(_)
            | NodeEnum::ReindexStmt(_)
            | NodeEnum::ClusterStmt(_)
            | NodeEnum::LockStmt(_)
            | NodeEnum::ViewStmt(_) => self.of_schema(statement),
            NodeEnum::InsertStmt(_)
            | NodeEnum::UpdateStmt(_)
            | NodeEnum::DeleteStmt(_)
            | NodeEnum::MergeStmt(_)
            | NodeEnum::TruncateStmt(_)
            | NodeEnum::SelectStmt(_)
            | NodeEnum::CreateTableAsStmt(_) => self.of_rows(tree),
            NodeEnum::VariableSetStmt(set) => self.setting(set, statement.transaction.is_some()),
            NodeEnum::ConstraintsSetStmt(_) if statement.transaction.is_none() => {
                self.leave_out("outside of a transaction it holds for nothing");
            }
            NodeEnum::TransactionStmt(transaction) => match transaction.kind() {
                TransactionStmtKind::TransStmtSavepoint
                | TransactionStmtKind::TransStmtRelease
                | TransactionStmtKind::TransStmtRollbackTo
                    if statement.transaction.is_some() =>
                {
                    self.reach.beyond = true;
                }
                _ => self.reach.manner = Manner::Never,
            },
            NodeEnum::VacuumStmt(vacuum) => self.vacuum(vacuum),
            NodeEnum::ExplainStmt(_) | NodeEnum::VariableShowStmt(_) => self.reach.beyond = true,
            NodeEnum::AlterEnumStmt(alter) if alter.old_val.is_empty() => {
                if statement.transaction.is_none() {
                    self.reach.manner = Manner::Last;
                }
            }
            NodeEnum::ConstraintsSetStmt(_)
            | NodeEnum::CreateEnumStmt(_)
            | NodeEnum::CreateDomainStmt(_)
            | NodeEnum::CompositeTypeStmt(_)
            | NodeEnum::CreateRangeStmt(_)
            | NodeEnum::CreateSeqStmt(_)
            | NodeEnum::CreateFunctionStmt(_)
            | NodeEnum::CreateExtensionStmt(_)
            | NodeEnum::CreateRoleStmt(_)
            | NodeEnum::DefineStmt(_) => {}
            NodeEnum::CreateSchemaStmt(create) => {
                self.reach.beyond |= !create.schema_elts.is_empty();
            }
            other => self.elsewhere(other),
        }
    }

    /// VACUUM and ANALYZE.
    fn vacuum(&mut self, vacuum: &VacuumStmt) {
        self.reach.beyond = vacuum.rels.is_empty();
        for relation in &vacuum.rels {
            if let Some(node::Node::VacuumRelation(relation)) = &relation.node {
                self.changed(relation.relation.as_ref());
            }
        }
        if vacuum.is_vacuumcmd {
            self.leave_out("there are no rows to clean up behind");
        }
    }

    /// What is about the server, the session, or runs code.
    fn elsewhere(&mut self, tree: &NodeEnum) {
        match tree {
            NodeEnum::CreatedbStmt(_)
            | NodeEnum::AlterDatabaseStmt(_)
            | NodeEnum::AlterDatabaseRefreshCollStmt(_)
            | NodeEnum::DropdbStmt(_)
            | NodeEnum::CreateTableSpaceStmt(_)
            | NodeEnum::DropTableSpaceStmt(_)
            | NodeEnum::AlterTableSpaceOptionsStmt(_)
            | NodeEnum::AlterSystemStmt(_)
            | NodeEnum::CheckPointStmt(_)
            | NodeEnum::CreateSubscriptionStmt(_)
            | NodeEnum::AlterSubscriptionStmt(_)
            | NodeEnum::DropSubscriptionStmt(_) => self.reach.manner = Manner::Never,
            NodeEnum::DiscardStmt(_) => self.leave_out("the session is ours, and is opened again"),
            NodeEnum::DoStmt(_)
            | NodeEnum::CallStmt(_)
            | NodeEnum::ExecuteStmt(_)
            | NodeEnum::PrepareStmt(_)
            | NodeEnum::DeallocateStmt(_)
            | NodeEnum::DeclareCursorStmt(_)
            | NodeEnum::FetchStmt(_)
            | NodeEnum::ClosePortalStmt(_)
            | NodeEnum::ListenStmt(_)
            | NodeEnum::UnlistenStmt(_)
            | NodeEnum::LoadStmt(_) => self.anything(),
            _ => self.reach.beyond = true,
        }
    }

    fn anything(&mut self) {
        self.reach.opaque = true;
        self.reach.session = SessionUse::Unknown;
    }

    fn leave_out(&mut self, why: &'static str) {
        self.reach.manner = Manner::LeftOut(why);
    }

    /// SET and RESET.
    fn setting(&mut self, set: &VariableSetStmt, in_transaction: bool) {
        if is_of_our_steps(set) {
            self.leave_out(OWN_LIMITS);
        } else if set.is_local && !in_transaction {
            self.leave_out("outside of a transaction SET LOCAL holds for nothing");
        } else {
            self.reach.opaque = OF_MEANING.contains(&set.name.as_str())
                || matches!(
                    set.kind(),
                    VariableSetKind::VarSetMulti | VariableSetKind::VarResetAll
                );
            if !set.is_local {
                self.reach.session = SessionUse::Setting;
            }
        }
    }

    fn made(&mut self, range: Option<&RangeVar>) {
        let Some(range) = range else { return };
        if range.relpersistence == "t" {
            self.reach.session = SessionUse::Unknown;
            // It may hide a table of that name from what follows.
            self.reach.opaque = true;
        }
        self.reach
            .made
            .push(self.catalog.name_for_new(schema(range), &range.relname));
    }

    fn changed(&mut self, range: Option<&RangeVar>) {
        match range.and_then(|range| self.catalog.resolve(schema(range), &range.relname)) {
            Some(table) => self.reach.changed.push(table),
            None => self.reach.beyond = true,
        }
    }

    fn changed_by_name(&mut self, parts: &[String]) {
        let (schema, name) = qualified(parts);
        match self.catalog.resolve(schema, name) {
            Some(table) => self.reach.changed.push(table),
            None => self.reach.beyond = true,
        }
    }

    /// A table, or the one that an index of that name is of.
    fn changed_or_index(&mut self, range: &RangeVar) {
        let table = self.catalog.resolve(schema(range), &range.relname);
        let of_index = || {
            self.catalog
                .index(schema(range), &range.relname)
                .map(|(table, _)| table.full_name())
        };
        match table.or_else(of_index) {
            Some(table) => self.reach.changed.push(table),
            None => self.reach.beyond = true,
        }
    }
}

/// Whether a relation can hold rows that are proven not to be there.
pub(crate) fn may_be_proven(kind: TableKind) -> bool {
    match kind {
        TableKind::Plain | TableKind::Partitioned | TableKind::Materialized => true,
        TableKind::Foreign | TableKind::View => false,
    }
}

fn range_of(node: &Node) -> Option<&RangeVar> {
    match &node.node {
        Some(node::Node::RangeVar(range)) => Some(range),
        _ => None,
    }
}

fn names(object: Option<&Node>) -> Vec<String> {
    match object.and_then(|object| object.node.as_ref()) {
        Some(node::Node::List(list)) => strings(&list.items),
        Some(node::Node::String(text)) => vec![text.sval.clone()],
        _ => vec![],
    }
}
