//! What a statement may touch besides what it says: enough to know whether it may be run as it is written where there
//! are no rows. What isn't known here reaches beyond what it names.

use super::{expression, qualified, schema, strings};
use crate::catalog::{Catalog, TableKind};
use concertina_revisions::statement::without_concurrently;
use concertina_revisions::tree::{
    AlterTableStmt, AlterTableType, DropBehavior, DropStmt, GrantStmt, Node, NodeEnum, ObjectType, RangeVar,
    RenameStmt, TransactionStmtKind, VariableSetKind, VariableSetStmt, node,
};
use concertina_revisions::{Statement, TableName};
use serde_json::Value;

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

/// Settings that say how long a statement may take or wait, or what a session is told: each step has its own.
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
const OF_MEANING: [&str; 4] = ["role", "search_path", "session_authorization", "session_replication_role"];

/// Functions of PostgreSQL that run what they are given, or change what names mean.
const RUN_ANYTHING: [&str; 5] =
    ["cursor_to_xml", "query_to_xml", "query_to_xml_and_xmlschema", "query_to_xmlschema", "set_config"];

/// The functions that a SELECT may call for what they do.
const OF_SEQUENCES: [&str; 3] = ["currval", "nextval", "setval"];

/// Why a setting is left out.
pub(crate) const OWN_LIMITS: &str = "each step has limits of its own";

/// Whether a SET is about limits and messages alone.
pub(super) fn is_of_our_steps(set: &VariableSetStmt) -> bool {
    OF_OUR_STEPS.contains(&set.name.as_str())
        && matches!(
            set.kind(),
            VariableSetKind::VarSetValue | VariableSetKind::VarSetDefault | VariableSetKind::VarReset
        )
}

/// What a statement may touch.
pub(crate) fn reach(statement: &Statement, catalog: &Catalog) -> Reach {
    let mut reach = Reacher { catalog, reach: Reach::default() };
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
            NodeEnum::ConstraintsSetStmt(_) => {}
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
            NodeEnum::VacuumStmt(vacuum) => {
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
            NodeEnum::ExplainStmt(_) | NodeEnum::VariableShowStmt(_) => self.reach.beyond = true,
            NodeEnum::AlterEnumStmt(alter) if alter.old_val.is_empty() => {
                if statement.transaction.is_none() {
                    self.reach.manner = Manner::Last;
                }
            }
            NodeEnum::CreateEnumStmt(_)
            | NodeEnum::CreateDomainStmt(_)
            | NodeEnum::CompositeTypeStmt(_)
            | NodeEnum::CreateRangeStmt(_)
            | NodeEnum::CreateSeqStmt(_)
            | NodeEnum::CreateFunctionStmt(_)
            | NodeEnum::CreateExtensionStmt(_)
            | NodeEnum::CreateRoleStmt(_)
            | NodeEnum::DefineStmt(_) => {}
            NodeEnum::CreateSchemaStmt(create) => self.reach.beyond |= !create.schema_elts.is_empty(),
            other => self.elsewhere(other),
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
            NodeEnum::DiscardStmt(_) => self.leave_out("the session is ours, and made anew"),
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
                || matches!(set.kind(), VariableSetKind::VarSetMulti | VariableSetKind::VarResetAll);
            if !set.is_local {
                self.reach.session = SessionUse::Setting;
            }
        }
    }

    /// Statements about tables and what is on them.
    fn of_schema(&mut self, statement: &Statement) {
        let tree = statement.tree.as_ref();
        match tree {
            NodeEnum::AlterTableStmt(alter) => self.alter_table(alter),
            NodeEnum::CreateStmt(create) => {
                self.made(create.relation.as_ref());
                let parents = create.inh_relations.iter().filter_map(range_of);
                parents.for_each(|parent| self.changed(Some(parent)));
            }
            NodeEnum::IndexStmt(create) => {
                self.changed(create.relation.as_ref());
                if create.concurrent {
                    self.reach.manner = Manner::Instead(without_concurrently(&statement.sql));
                }
            }
            NodeEnum::CreateTrigStmt(create) => {
                self.changed(create.relation.as_ref());
                self.reach.hooks = true;
            }
            NodeEnum::RuleStmt(rule) => {
                self.changed(rule.relation.as_ref());
                self.reach.hooks = true;
            }
            NodeEnum::CreatePolicyStmt(create) => self.changed(create.table.as_ref()),
            NodeEnum::AlterPolicyStmt(alter) => self.changed(alter.table.as_ref()),
            NodeEnum::CreateStatsStmt(create) => {
                create.relations.iter().filter_map(range_of).for_each(|range| self.changed(Some(range)));
            }
            NodeEnum::RenameStmt(rename) => self.rename(rename),
            NodeEnum::DropStmt(drop) => self.drop(drop, &statement.sql),
            NodeEnum::GrantStmt(grant) => self.grant(grant),
            NodeEnum::CommentStmt(comment) => match comment.objtype() {
                ObjectType::ObjectTable => self.changed_by_name(&names(comment.object.as_deref())),
                ObjectType::ObjectColumn => {
                    let mut parts = names(comment.object.as_deref());
                    parts.pop();
                    self.changed_by_name(&parts);
                }
                _ => {}
            },
            NodeEnum::ReindexStmt(reindex) => match &reindex.relation {
                Some(range) => {
                    self.changed_or_index(range);
                    self.reach.manner = Manner::Instead(without_concurrently(&statement.sql));
                }
                None => {
                    self.reach.beyond = true;
                    self.leave_out("there is nothing in its indexes");
                }
            },
            NodeEnum::ClusterStmt(cluster) => match &cluster.relation {
                Some(range) => self.changed(Some(range)),
                None => {
                    self.reach.beyond = true;
                    self.leave_out("there are no rows to put in order");
                }
            },
            NodeEnum::LockStmt(lock) => {
                lock.relations.iter().filter_map(range_of).for_each(|range| self.changed(Some(range)));
                if statement.transaction.is_none() {
                    self.leave_out("each step takes its own locks");
                }
            }
            NodeEnum::ViewStmt(view) => {
                let there = view.view.as_ref().and_then(|view| self.catalog.resolve(schema(view), &view.relname));
                self.reach.beyond |= there.is_some();
                self.reads(&view.query);
                self.made(view.view.as_ref());
            }
            _ => self.reach.beyond = true,
        }
    }

    fn alter_table(&mut self, alter: &AlterTableStmt) {
        match (alter.objtype(), &alter.relation) {
            (ObjectType::ObjectTable, range) => self.changed(range.as_ref()),
            (ObjectType::ObjectIndex, Some(range)) => self.changed_or_index(range),
            _ => self.reach.beyond = true,
        }
        for command in &alter.cmds {
            let Some(node::Node::AlterTableCmd(command)) = &command.node else { continue };
            self.reach.cascades |= command.behavior() == DropBehavior::DropCascade;
            self.reach.rows |= !matches!(
                command.subtype(),
                AlterTableType::AtAddColumn
                    | AlterTableType::AtAddConstraint
                    | AlterTableType::AtColumnDefault
                    | AlterTableType::AtSetNotNull
                    | AlterTableType::AtDropNotNull
                    | AlterTableType::AtValidateConstraint
                    | AlterTableType::AtDropConstraint
            );
            let other = command.def.as_deref().and_then(|def| def.node.as_ref());
            match (command.subtype(), other) {
                (
                    AlterTableType::AtAttachPartition | AlterTableType::AtDetachPartition,
                    Some(node::Node::PartitionCmd(part)),
                ) => {
                    // What it leaves on the partition is another thing than DETACH alone does.
                    if part.concurrent {
                        self.reach.manner = Manner::Never;
                    }
                    match &part.name {
                        Some(range) => self.changed_or_index(range),
                        None => self.reach.beyond = true,
                    }
                }
                (AlterTableType::AtDetachPartitionFinalize, _) => self.reach.manner = Manner::Never,
                (AlterTableType::AtAddInherit | AlterTableType::AtDropInherit, Some(node::Node::RangeVar(range))) => {
                    self.changed(Some(range));
                }
                _ => {}
            }
        }
    }

    fn rename(&mut self, rename: &RenameStmt) {
        self.reach.rows = true;
        self.reach.cascades |= rename.behavior() == DropBehavior::DropCascade;
        match rename.rename_type() {
            ObjectType::ObjectTable
            | ObjectType::ObjectTabconstraint
            | ObjectType::ObjectTrigger
            | ObjectType::ObjectPolicy
            | ObjectType::ObjectRule => self.changed(rename.relation.as_ref()),
            ObjectType::ObjectColumn if rename.relation_type() == ObjectType::ObjectTable => {
                self.changed(rename.relation.as_ref());
            }
            ObjectType::ObjectIndex => match &rename.relation {
                Some(range) => self.changed_or_index(range),
                None => self.reach.beyond = true,
            },
            _ => self.reach.beyond = true,
        }
    }

    fn drop(&mut self, drop: &DropStmt, sql: &str) {
        self.reach.cascades |= drop.behavior() == DropBehavior::DropCascade;
        if drop.concurrent {
            self.reach.manner = Manner::Instead(without_concurrently(sql));
        }
        for object in &drop.objects {
            let mut parts = names(Some(object));
            match drop.remove_type() {
                ObjectType::ObjectTable | ObjectType::ObjectMatview => self.gone(&parts, drop.missing_ok),
                ObjectType::ObjectIndex => {
                    let (schema, name) = qualified(&parts);
                    match self.catalog.index(schema, name) {
                        Some((table, _)) => self.reach.changed.push(table.full_name()),
                        None => self.reach.beyond |= !drop.missing_ok,
                    }
                }
                ObjectType::ObjectTrigger | ObjectType::ObjectPolicy | ObjectType::ObjectRule => {
                    parts.pop();
                    self.gone(&parts, drop.missing_ok);
                }
                _ => self.reach.beyond = true,
            }
        }
    }

    fn gone(&mut self, parts: &[String], missing_ok: bool) {
        self.reach.rows = true;
        let (schema, name) = qualified(parts);
        match self.catalog.resolve(schema, name) {
            Some(table) => self.reach.changed.push(table),
            None => self.reach.beyond |= !missing_ok,
        }
    }

    fn grant(&mut self, grant: &GrantStmt) {
        let ranges: Vec<&RangeVar> = grant.objects.iter().filter_map(range_of).collect();
        if ranges.len() < grant.objects.len() {
            self.reach.beyond |= !grant.is_grant;
        }
        for range in ranges {
            match self.catalog.resolve(schema(range), &range.relname) {
                Some(table) => self.reach.changed.push(table),
                // A sequence, or what isn't there.
                None => self.reach.beyond |= !grant.is_grant,
            }
        }
    }

    /// Statements about rows.
    fn of_rows(&mut self, tree: &NodeEnum) {
        self.reach.rows = true;
        match tree {
            NodeEnum::InsertStmt(insert) => {
                self.fires(insert.relation.as_ref());
                self.reads(tree);
            }
            NodeEnum::UpdateStmt(update) => {
                self.changed(update.relation.as_ref());
                self.fires(update.relation.as_ref());
                self.reads(tree);
            }
            NodeEnum::DeleteStmt(delete) => {
                self.changed(delete.relation.as_ref());
                self.fires(delete.relation.as_ref());
                self.reads(tree);
            }
            NodeEnum::MergeStmt(merge) => {
                self.changed(merge.relation.as_ref());
                self.fires(merge.relation.as_ref());
                self.reads(tree);
            }
            NodeEnum::TruncateStmt(truncate) => {
                self.reach.cascades |= truncate.behavior() == DropBehavior::DropCascade;
                for range in truncate.relations.iter().filter_map(range_of) {
                    self.changed(Some(range));
                    self.fires(Some(range));
                }
            }
            NodeEnum::CreateTableAsStmt(create) => {
                self.reads(&create.query);
                self.made(create.into.as_deref().and_then(|into| into.rel.as_ref()));
            }
            NodeEnum::SelectStmt(select) => match select.into_clause.as_deref().and_then(|into| into.rel.as_ref()) {
                Some(range) => {
                    let mut query = select.clone();
                    query.into_clause = None;
                    self.reads(&query);
                    self.made(Some(range));
                }
                None => {
                    self.reads(tree);
                    let mut functions = Vec::new();
                    called(&serde_json::to_value(tree).unwrap_or_default(), &mut functions);
                    if functions.iter().any(|function| !OF_SEQUENCES.contains(&function.as_str())) {
                        self.anything();
                    }
                }
            },
            _ => self.reach.beyond = true,
        }
    }

    /// Everything that a query names and calls.
    fn reads(&mut self, tree: &impl serde::Serialize) {
        let value = serde_json::to_value(tree).unwrap_or_default();
        let (mut functions, mut own) = (Vec::new(), Vec::new());
        called(&value, &mut functions);
        common_tables(&value, &mut own);
        let users = |function: &String| self.catalog.functions.iter().any(|known| known.name == *function);
        if functions.iter().any(|function| RUN_ANYTHING.contains(&function.as_str()) || users(function)) {
            self.anything();
        }
        for (schema, name, _) in expression::relations(&value) {
            match self.catalog.resolve(schema.as_deref(), &name) {
                Some(table) => self.reach.used.push(table),
                None => self.reach.beyond |= !own.contains(&name) && !self.is_made(&name),
            }
        }
    }

    fn is_made(&self, name: &str) -> bool {
        self.reach.made.iter().any(|made| made.name.as_str() == name)
    }

    fn fires(&mut self, range: Option<&RangeVar>) {
        self.reach.fires = true;
        let table = range.and_then(|range| self.catalog.resolve(schema(range), &range.relname));
        let triggers =
            table.and_then(|table| self.catalog.table(&table)).is_some_and(|table| !table.triggers.is_empty());
        self.reach.beyond |= triggers;
    }

    fn made(&mut self, range: Option<&RangeVar>) {
        let Some(range) = range else { return };
        if range.relpersistence == "t" {
            self.reach.session = SessionUse::Unknown;
            // It may hide a table of that name from what follows.
            self.reach.opaque = true;
        }
        self.reach.made.push(self.catalog.name_for_new(schema(range), &range.relname));
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
        let of_index = || self.catalog.index(schema(range), &range.relname).map(|(table, _)| table.full_name());
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

/// The functions that a tree calls, by their last names.
fn called(value: &Value, found: &mut Vec<String>) {
    each(value, &mut |key, field| {
        if key == "FuncCall" {
            let parts = field["funcname"].as_array().map(Vec::as_slice).unwrap_or_default();
            found.extend(parts.last().and_then(|part| part["node"]["String"]["sval"].as_str()).map(str::to_owned));
        }
    });
}

/// The names that WITH gives.
fn common_tables(value: &Value, found: &mut Vec<String>) {
    each(value, &mut |key, field| {
        if key == "ctename" {
            found.extend(field.as_str().map(str::to_owned));
        }
    });
}

fn each(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        Value::Object(fields) => {
            for (key, field) in fields {
                visit(key, field);
                each(field, visit);
            }
        }
        _ => {}
    }
}
