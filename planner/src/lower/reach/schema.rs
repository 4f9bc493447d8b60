//! What statements about tables, and what is on them, may touch.

use super::{Manner, Reacher, names, range_of};
use crate::lower::{qualified, schema};
use concertina_revisions::Statement;
use concertina_revisions::statement::without_concurrently;
use concertina_revisions::tree::{
    AlterTableStmt, AlterTableType, CommentStmt, DropBehavior, DropStmt, GrantStmt, Node, NodeEnum,
    ObjectType, RangeVar, RenameStmt, node,
};

impl Reacher<'_> {
    /// Statements about tables and what is on them.
    pub(super) fn of_schema(&mut self, statement: &Statement) {
        let tree = statement.tree.as_ref();
        match tree {
            NodeEnum::AlterTableStmt(alter) => self.alter_table(alter),
            NodeEnum::CreateStmt(create) => {
                self.made(create.relation.as_ref());
                self.each_changed(&create.inh_relations);
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
            NodeEnum::CreateStatsStmt(create) => self.each_changed(&create.relations),
            NodeEnum::RenameStmt(rename) => self.rename(rename),
            NodeEnum::DropStmt(drop) => self.drop(drop, &statement.sql),
            NodeEnum::GrantStmt(grant) => self.grant(grant),
            NodeEnum::CommentStmt(comment) => self.comment(comment),
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
                self.each_changed(&lock.relations);
                if statement.transaction.is_none() {
                    self.leave_out("each step takes its own locks");
                }
            }
            NodeEnum::ViewStmt(view) => {
                let there = view
                    .view
                    .as_ref()
                    .and_then(|view| self.catalog.resolve(schema(view), &view.relname));
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
            let Some(node::Node::AlterTableCmd(command)) = &command.node else {
                continue;
            };
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
                (
                    AlterTableType::AtAddInherit | AlterTableType::AtDropInherit,
                    Some(node::Node::RangeVar(range)),
                ) => {
                    self.changed(Some(range));
                }
                _ => {}
            }
        }
    }

    fn each_changed(&mut self, relations: &[Node]) {
        for range in relations.iter().filter_map(range_of) {
            self.changed(Some(range));
        }
    }

    fn comment(&mut self, comment: &CommentStmt) {
        let mut parts = names(comment.object.as_deref());
        match comment.objtype() {
            ObjectType::ObjectTable => self.changed_by_name(&parts),
            ObjectType::ObjectColumn => {
                parts.pop();
                self.changed_by_name(&parts);
            }
            _ => {}
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
                ObjectType::ObjectTable | ObjectType::ObjectMatview => {
                    self.gone(&parts, drop.missing_ok);
                }
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
}
