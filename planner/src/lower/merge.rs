//! MERGE, as the UPDATE or DELETE and the INSERT that come to the same, one after the other.
//!
//! MERGE looks at all rows before it writes any. Two statements see the same when what the first
//! one writes decides nothing of the second: it assigns no column that rows are matched by, and
//! removes no row that could be missed.

use super::{deparse, dml, existing, expression};
use crate::catalog::{Catalog, Table, TableKind};
use crate::change::Change;
use crate::expr::{ColumnUse, Conjunct, Expr};
use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    CmdType, MergeMatchKind, MergeStmt, MergeWhenClause, Node, NodeEnum, OverridingKind, node,
    parse,
};
use concertina_revisions::{Ident, TableName};

/// The first `server_version_num` with MERGE.
const SINCE: u32 = 150_000;

/// The statements, or why there are none that come to the same.
pub(super) fn merge(merge: &MergeStmt, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    if catalog.server_version < SINCE && catalog.server_version > 0 {
        return Err(refused("needs PostgreSQL 15"));
    }
    let parts = Parts::of(merge, catalog)?;
    parts.may_be_split(catalog)?;
    let mut changes = Vec::new();
    for sql in parts
        .matched_sql()?
        .into_iter()
        .chain(parts.missing_sql(catalog)?)
    {
        changes.extend(read(&sql, catalog)?);
    }
    if changes.is_empty() {
        Err(refused("does nothing"))
    } else {
        Ok(changes)
    }
}

fn refused(why: &str) -> Problem {
    problem::never_live(
        &format!("MERGE {why}, and can't be cut into batches"),
        "write UPDATE .. FROM or DELETE .. USING, and INSERT .. SELECT .. WHERE NOT EXISTS, in that order",
    )
}

fn read(sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let parsed = parse(sql, 0).map_err(|error| problem::unknown(&error.to_string()))?;
    match parsed
        .protobuf
        .stmts
        .into_iter()
        .next()
        .and_then(|raw| raw.stmt?.node)
    {
        Some(NodeEnum::InsertStmt(insert)) => dml::insert(&insert, sql, catalog),
        Some(NodeEnum::UpdateStmt(update)) => dml::update(&update, sql, catalog),
        Some(NodeEnum::DeleteStmt(delete)) => dml::delete(&delete, sql, catalog),
        _ => Err(problem::unknown("MERGE in this form")),
    }
}

/// What a MERGE says.
struct Parts<'a> {
    table: TableName,
    alias: Ident,
    source: TableName,
    source_alias: Ident,
    from: String,
    on: Expr,
    matched: Option<&'a MergeWhenClause>,
    missing: Option<&'a MergeWhenClause>,
}

impl<'a> Parts<'a> {
    fn of(merge: &'a MergeStmt, catalog: &Catalog) -> Result<Parts<'a>, Problem> {
        if merge.with_clause.is_some() || merge.returning_clause.is_some() {
            return Err(refused("has WITH or RETURNING"));
        }
        let (Some(relation), Some(source), Some(on)) = (
            &merge.relation,
            merge.source_relation.as_deref(),
            merge.join_condition.as_deref(),
        ) else {
            return Err(problem::unknown("MERGE in this form"));
        };
        if !relation.inh {
            return Err(refused("says ONLY"));
        }
        let table = existing(Some(relation), catalog)?;
        let alias = relation.alias.as_ref().map_or_else(
            || table.name.clone(),
            |one| Ident::new(one.aliasname.as_str()),
        );
        let sources = dml::sources(std::slice::from_ref(source), catalog).unwrap_or_default();
        let [(source_table, source_alias)] = sources.as_slice() else {
            return Err(refused("reads more than a table"));
        };
        let clauses = clauses(merge)?;
        let one_of = |kind: MergeMatchKind| {
            let mut own = clauses.iter().filter(|clause| clause.match_kind() == kind);
            match (own.next(), own.next()) {
                (_, Some(_)) => Err(refused("has several clauses of one kind")),
                (first, None) => Ok(first.copied()),
            }
        };
        if clauses
            .iter()
            .any(|clause| clause.match_kind() == MergeMatchKind::MergeWhenNotMatchedBySource)
        {
            return Err(refused("says NOT MATCHED BY SOURCE"));
        }
        Ok(Parts {
            alias,
            source: source_table.clone(),
            source_alias: source_alias.clone(),
            from: deparse::from_list(std::slice::from_ref(source))?.unwrap_or_default(),
            on: expression::read(on)?,
            matched: one_of(MergeMatchKind::MergeWhenMatched)?,
            missing: one_of(MergeMatchKind::MergeWhenNotMatchedByTarget)?,
            table,
        })
    }

    /// What the first statement writes must decide nothing of the second, and each row must be
    /// matched once.
    fn may_be_split(&self, catalog: &Catalog) -> Result<(), Problem> {
        if self.matched.is_some()
            && !catalog
                .table(&self.source)
                .is_some_and(|source| self.finds_one(source))
        {
            let (source, table) = (self.source.shown(), self.table.shown());
            return Err(refused(&format!(
                "may match a row of {table} twice, as no unique key of {source} is compared"
            )));
        }
        let (Some(matched), Some(_)) = (self.matched, self.missing) else {
            return Ok(());
        };
        if matched.command_type() == CmdType::CmdDelete {
            return Err(refused(
                "deletes rows, and inserts others where there is none",
            ));
        }
        // The source's own columns stay as they are.
        let of_target =
            |mention: &&ColumnUse| mention.qualifier.as_ref() != Some(&self.source_alias);
        let read: Vec<&Ident> = self
            .on
            .columns
            .iter()
            .filter(of_target)
            .map(|mention| &mention.name)
            .collect();
        if set_names(matched)?
            .iter()
            .any(|column| read.contains(&column))
        {
            return Err(refused("assigns a column that it matches rows by"));
        }
        let plain = |name: &TableName| {
            let kind = |table: &Table| {
                matches!(table.kind, TableKind::Plain)
                    && table.triggers.is_empty()
                    && table.rules.is_empty()
            };
            catalog
                .table(name)
                .is_some_and(|table| kind(table) && table.children.is_empty())
        };
        if self.source == self.table
            || !plain(&self.table)
            || !plain(&self.source)
            || !self.on.relations.is_empty()
        {
            return Err(refused(
                "writes a table that it may read, or one with triggers, rules, partitions or children",
            ));
        }
        Ok(())
    }

    /// Whether a unique key of the source is compared, so that a row finds one partner at most.
    fn finds_one(&self, source: &Table) -> bool {
        let compared = |key: &String| {
            self.on.conjuncts.iter().any(|part| match part {
                Conjunct::Equals(mention, with) => {
                    mention.name.as_str() == key
                        && mention.qualifier.as_ref() == Some(&self.source_alias)
                        && with
                            .iter()
                            .all(|other| other.qualifier.as_ref() == Some(&self.alias))
                }
                Conjunct::IsNull(_) | Conjunct::IsNotNull(_) | Conjunct::Other => false,
            })
        };
        let mut unique = source
            .indexes
            .iter()
            .filter(|index| index.unique && index.valid && !index.partial);
        source.children.is_empty() && unique.any(|index| index.keys.iter().all(compared))
    }

    fn matched_sql(&self) -> Result<Option<String>, Problem> {
        let Some(clause) = self.matched else {
            return Ok(None);
        };
        let condition =
            condition(clause)?.map_or_else(String::new, |condition| format!(" AND ({condition})"));
        let (table, alias, from, on) =
            (self.table.sql(), self.alias.sql(), &self.from, &self.on.sql);
        Ok(Some(if clause.command_type() == CmdType::CmdDelete {
            format!("DELETE FROM {table} AS {alias} USING {from} WHERE ({on}){condition}")
        } else {
            let mut sets = Vec::new();
            for (column, value) in set_names(clause)?
                .iter()
                .zip(values_of(&clause.target_list)?)
            {
                sets.push(format!("{} = {}", column.sql(), value_sql(value)?));
            }
            format!(
                "UPDATE {table} AS {alias} SET {} FROM {from} WHERE ({on}){condition}",
                sets.join(", ")
            )
        }))
    }

    fn missing_sql(&self, catalog: &Catalog) -> Result<Option<String>, Problem> {
        let Some(clause) = self.missing else {
            return Ok(None);
        };
        let condition =
            condition(clause)?.map_or_else(String::new, |condition| format!(" AND ({condition})"));
        let (table, alias, from, on) =
            (self.table.sql(), self.alias.sql(), &self.from, &self.on.sql);
        let columns = match set_names(clause)?.as_slice() {
            [] => {
                let all = catalog
                    .table(&self.table)
                    .map(|table| table.columns.as_slice())
                    .unwrap_or_default();
                all.iter()
                    .take(clause.values.len())
                    .map(|column| Ident::new(column.name.as_str()))
                    .collect()
            }
            named => named.to_vec(),
        };
        if columns.len() != clause.values.len() || columns.is_empty() {
            return Err(refused("inserts rows of defaults"));
        }
        let mut values = Vec::new();
        for value in &clause.values {
            if matches!(value.node, Some(node::Node::SetToDefault(_))) {
                return Err(refused("inserts DEFAULT by name"));
            }
            values.push(deparse::expression(value)?);
        }
        let columns: Vec<String> = columns.iter().map(Ident::sql).collect();
        Ok(Some(format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {from} WHERE NOT EXISTS (SELECT FROM {table} AS {alias} WHERE {on}){condition}",
            columns.join(", "),
            values.join(", "),
        )))
    }
}

/// The clauses that do something.
fn clauses(merge: &MergeStmt) -> Result<Vec<&MergeWhenClause>, Problem> {
    let mut all = Vec::new();
    for clause in &merge.merge_when_clauses {
        let Some(node::Node::MergeWhenClause(clause)) = &clause.node else {
            continue;
        };
        let overrides = matches!(
            clause.r#override(),
            OverridingKind::OverridingUserValue | OverridingKind::OverridingSystemValue
        );
        match clause.command_type() {
            CmdType::CmdNothing if clause.condition.is_none() => {}
            CmdType::CmdInsert | CmdType::CmdUpdate | CmdType::CmdDelete if !overrides => {
                all.push(clause.as_ref());
            }
            _ => {
                return Err(refused(
                    "does nothing under a condition, or overrides an identity",
                ));
            }
        }
    }
    Ok(all)
}

fn condition(clause: &MergeWhenClause) -> Result<Option<String>, Problem> {
    clause
        .condition
        .as_deref()
        .map(deparse::expression)
        .transpose()
}

/// The columns that a clause names.
fn set_names(clause: &MergeWhenClause) -> Result<Vec<Ident>, Problem> {
    let name = |node: &Node| match &node.node {
        Some(node::Node::ResTarget(target)) if target.indirection.is_empty() => {
            Ok(Ident::new(target.name.as_str()))
        }
        _ => Err(refused("assigns a part of a column")),
    };
    clause.target_list.iter().map(name).collect()
}

fn values_of(targets: &[Node]) -> Result<Vec<&Node>, Problem> {
    let plain = |value: &&Node| !matches!(value.node, Some(node::Node::MultiAssignRef(_)));
    let one = |target| {
        value_of(target)
            .filter(plain)
            .ok_or_else(|| refused("assigns several columns at once"))
    };
    targets.iter().map(one).collect()
}

fn value_of(target: &Node) -> Option<&Node> {
    match &target.node {
        Some(node::Node::ResTarget(target)) => target.val.as_deref(),
        _ => None,
    }
}

fn value_sql(value: &Node) -> Result<String, Problem> {
    match value.node {
        Some(node::Node::SetToDefault(_)) => Ok("DEFAULT".to_owned()),
        _ => deparse::expression(value),
    }
}
