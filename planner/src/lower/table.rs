//! CREATE TABLE.

use super::{column, constraint, deparse, existing, partition, schema};
use crate::catalog::{Catalog, Column, PartitionKey, PartitionOf, TableKind};
use crate::change::{Change, NewColumn, NewConstraint, NewTable, Special};
use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    ConstrType, Constraint, CreateStmt, Node, NodeEnum, PartitionBoundSpec, PartitionSpec,
    PartitionStrategy, RangeVar, TableLikeClause, node,
};
use concertina_revisions::{Ident, TableName};

/// What LIKE takes over when a table is to become a partition: all that a partition shares with its
/// parent, without what it gets when it is attached. Source: `TableLikeOption` of PostgreSQL's
/// parsenodes.h.
const LIKE_A_PARTITION: u32 = COMPRESSION | CONSTRAINTS | DEFAULTS | GENERATED | STORAGE;
const COMPRESSION: u32 = 1 << 1;
const CONSTRAINTS: u32 = 1 << 2;
const DEFAULTS: u32 = 1 << 3;
const GENERATED: u32 = 1 << 4;
const INDEXES: u32 = 1 << 6;
const STORAGE: u32 = 1 << 8;

pub(super) fn create(
    create: &CreateStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let range = create
        .relation
        .as_ref()
        .ok_or_else(|| problem::unknown("CREATE TABLE without a name"))?;
    if range.relpersistence == "t" {
        return Err(problem::not_a_change(
            "a temporary table is gone with its session",
            "leave it out",
        ));
    }
    let table = catalog.name_for_new(schema(range), &range.relname);
    if let Some(there) = catalog.table(&table) {
        if create.if_not_exists && !matches!(there.kind, TableKind::View | TableKind::Materialized)
        {
            return Ok(vec![Change::Nothing(format!(
                "table {} is there already",
                table.shown()
            ))]);
        }
        return Err(problem::exists("table", &table.shown()));
    }
    let new = NewTable {
        table: table.clone(),
        columns: vec![],
        constraints: vec![],
        partition_key: create.partspec.as_ref().map(partition_key),
        parents: vec![],
        partition_of: None,
        filled_from: None,
        sql: sql.to_owned(),
    };
    match &create.partbound {
        Some(bound) => partition_of(create, new, bound, catalog),
        None => one_lock_each(create, with_columns(create, new, catalog)?, catalog),
    }
}

/// Foreign keys to several tables in use are added one after the other, so that no transaction
/// waits for one while it holds another. The new table holds no row, and nobody sees it yet.
fn one_lock_each(
    create: &CreateStmt,
    mut new: NewTable,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let in_use = |constraint: &NewConstraint| {
        constraint
            .references()
            .filter(|table| catalog.table(table).is_some_and(|table| !table.is_new))
            .cloned()
    };
    let mut tables: Vec<TableName> = new.constraints.iter().filter_map(in_use).collect();
    tables.sort();
    tables.dedup();
    if tables.len() < 2 || new.partition_key.is_some() {
        return Ok(vec![Change::CreateTable(new)]);
    }
    let (keys, others) = new
        .constraints
        .into_iter()
        .partition(|constraint| in_use(constraint).is_some());
    new.constraints = others;
    let points_there = |written: &Constraint| {
        let there = written
            .pktable
            .as_ref()
            .and_then(|range| catalog.resolve(schema(range), &range.relname));
        written.contype() == ConstrType::ConstrForeign
            && there.is_some_and(|table| tables.contains(&table))
    };
    let mut plain = create.clone();
    plain.table_elts.retain(|element| match &element.node {
        Some(node::Node::Constraint(written)) => !points_there(written),
        _ => true,
    });
    for element in &mut plain.table_elts {
        if let Some(node::Node::ColumnDef(column)) = &mut element.node {
            let kept = column::with_attributes(&column.constraints)
                .into_iter()
                .filter(|one| !points_there(one));
            column.constraints = kept
                .map(|one| Node {
                    node: Some(node::Node::Constraint(Box::new(one))),
                })
                .collect();
        }
    }
    new.sql = deparse::statement(&NodeEnum::CreateStmt(plain))?;
    let table = new.table.clone();
    let named = numbered(keys, &new.constraints);
    let add = named
        .into_iter()
        .map(|key| Change::AddConstraint(table.clone(), key));
    Ok(std::iter::once(Change::CreateTable(new))
        .chain(add)
        .collect())
}

/// Names that PostgreSQL would have chosen twice get a number, as it would give them.
fn numbered(keys: Vec<NewConstraint>, others: &[NewConstraint]) -> Vec<NewConstraint> {
    let mut taken: Vec<Ident> = others.iter().map(|other| other.name.clone()).collect();
    keys.into_iter()
        .map(|key| {
            let chosen = key.name.as_str().to_owned();
            let mut name = key.name.clone();
            let mut number = 0;
            while taken.contains(&name) {
                number += 1;
                name = Ident::new(format!("{chosen}{number}"));
            }
            taken.push(name.clone());
            NewConstraint { name, ..key }
        })
        .collect()
}

fn with_columns(
    create: &CreateStmt,
    mut new: NewTable,
    catalog: &Catalog,
) -> Result<NewTable, Problem> {
    for node in &create.inh_relations {
        let Some(node::Node::RangeVar(range)) = &node.node else {
            continue;
        };
        let parent = existing(Some(range), catalog)?;
        like(&mut new, &parent, DEFAULTS, catalog);
        new.parents.push(parent);
    }
    elements(&create.table_elts, &mut new, catalog)?;
    Ok(new)
}

fn elements(elements: &[Node], new: &mut NewTable, catalog: &Catalog) -> Result<(), Problem> {
    let table = new.table.clone();
    for element in elements {
        match &element.node {
            Some(node::Node::ColumnDef(definition)) => {
                let mut column = column::read(definition, &table, catalog)?;
                new.constraints.append(&mut column.constraints);
                new.columns.retain(|known| known.name != column.name);
                new.columns.push(column);
            }
            Some(node::Node::Constraint(written)) => {
                new.constraints
                    .push(constraint::read(written, &table, None, catalog)?);
            }
            Some(node::Node::TableLikeClause(clause)) => {
                let other = existing(clause.relation.as_ref(), catalog)?;
                like(new, &other, clause.options, catalog);
            }
            _ => return Err(problem::unknown("this part of CREATE TABLE")),
        }
    }
    Ok(())
}

/// Takes over another table's columns.
fn like(new: &mut NewTable, other: &TableName, options: u32, catalog: &Catalog) {
    let Some(other) = catalog.table(other) else {
        return;
    };
    let taken = |column: &Column| NewColumn {
        name: Ident::new(column.name.as_str()),
        type_sql: column.type_sql.clone(),
        default: None,
        not_null: column.not_null,
        constraints: vec![],
        special: Special::None,
    };
    new.columns.extend(other.columns.iter().map(taken));
    if options & INDEXES != 0 {
        // Their names are PostgreSQL's choice; what later statements need to know is that there is
        // a key.
        new.constraints.extend(
            other
                .key()
                .map(|columns| constraint::unnamed_key(&new.table, columns, catalog)),
        );
    }
}

/// CREATE TABLE .. PARTITION OF: a table like its parent, and its attachment, which needs no strong
/// lock on the parent.
fn partition_of(
    create: &CreateStmt,
    mut new: NewTable,
    bound: &PartitionBoundSpec,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let Some(node::Node::RangeVar(range)) = create
        .inh_relations
        .first()
        .and_then(|node| node.node.as_ref())
    else {
        return Err(problem::unknown("PARTITION OF without a parent"));
    };
    let parent = existing(Some(range), catalog)?;
    like(&mut new, &parent, DEFAULTS, catalog);
    if catalog.table(&parent).is_some_and(|parent| parent.is_new) {
        new.partition_of = Some(PartitionOf {
            schema: parent.schema.as_str().to_owned(),
            name: parent.name.as_str().to_owned(),
            bound: partition::bound_text(bound)?,
        });
        return Ok(vec![Change::CreateTable(new)]);
    }
    if !create.table_elts.is_empty() {
        return Err(problem::unknown(
            "CREATE TABLE .. PARTITION OF with columns or constraints of its own",
        ));
    }
    let mut plain = create.clone();
    plain.partbound = None;
    plain.inh_relations.clear();
    let relation = RangeVar {
        schemaname: parent.schema.as_str().to_owned(),
        relname: parent.name.as_str().to_owned(),
        inh: true,
        relpersistence: "p".to_owned(),
        ..RangeVar::default()
    };
    let clause = TableLikeClause {
        relation: Some(relation),
        options: LIKE_A_PARTITION,
        relation_oid: 0,
    };
    plain.table_elts = vec![Node {
        node: Some(node::Node::TableLikeClause(clause)),
    }];
    new.sql = deparse::statement(&NodeEnum::CreateStmt(plain))?;
    let attach = partition::whole(&parent, new.table.clone(), bound, catalog)?;
    Ok(vec![Change::CreateTable(new), Change::Attach(attach)])
}

fn partition_key(spec: &PartitionSpec) -> PartitionKey {
    let strategy = match spec.strategy() {
        PartitionStrategy::Range => "RANGE",
        PartitionStrategy::List => "LIST",
        PartitionStrategy::Hash | PartitionStrategy::Undefined => "HASH",
    };
    let column = |node: &Node| match &node.node {
        Some(node::Node::PartitionElem(element)) => element.name.clone(),
        _ => String::new(),
    };
    PartitionKey {
        strategy: strategy.to_owned(),
        columns: spec.part_params.iter().map(column).collect(),
    }
}
