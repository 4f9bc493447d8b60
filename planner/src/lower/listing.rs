//! The SELECT of exactly the rows that an INSERT, UPDATE or DELETE would change: from its own tree,
//! so that whatever it means it means there too.

use super::deparse;
use crate::catalog::{Catalog, Table};
use crate::change::Listing;
use crate::problem::Problem;
use concertina_revisions::Ident;
use concertina_revisions::tree::{
    ColumnRef, InsertStmt, LimitOption, Node, NodeEnum, OnConflictAction, OverridingKind, RangeVar,
    ResTarget, SelectStmt, SetOperation, String as Text, WithClause, node,
};

/// The rows of an UPDATE or DELETE.
pub(super) fn of_rows(
    target: Option<&RangeVar>,
    from: &[Node],
    condition: Option<&Node>,
    with: Option<&WithClause>,
) -> Result<Listing, Problem> {
    let held = column(&[Listing::HELD]);
    let target = target.map(|range| Node {
        node: Some(node::Node::RangeVar(range.clone())),
    });
    let select = SelectStmt {
        target_list: vec![named(held)],
        from_clause: target.into_iter().chain(from.iter().cloned()).collect(),
        where_clause: condition.map(|condition| Box::new(condition.clone())),
        with_clause: with.cloned(),
        limit_option: LimitOption::Default as i32,
        op: SetOperation::SetopNone as i32,
        ..SelectStmt::default()
    };
    let query = deparse::statement(&NodeEnum::SelectStmt(Box::new(select)))?;
    Ok(Listing {
        query,
        columns: vec![],
        before: String::new(),
        after: String::new(),
    })
}

/// The rows of an INSERT .. SELECT, or why they can't be written down first; nothing for rows given
/// by value.
pub(super) fn of_insert(
    insert: &InsertStmt,
    target: &Table,
    catalog: &Catalog,
) -> Result<Option<Result<Listing, &'static str>>, Problem> {
    let Some(node::Node::SelectStmt(select)) = insert
        .select_stmt
        .as_deref()
        .and_then(|node| node.node.as_ref())
    else {
        return Ok(None);
    };
    if let Some(why) = unlisted(insert, select) {
        return Ok(Some(Err(why)));
    }
    let mut select = select.clone();
    let named: Vec<Ident> = insert
        .cols
        .iter()
        .filter_map(|column| match &column.node {
            Some(node::Node::ResTarget(column)) if column.indirection.is_empty() => {
                Some(Ident::new(column.name.as_str()))
            }
            _ => None,
        })
        .collect();
    if named.len() < insert.cols.len() {
        return Ok(Some(Err("writes a part of a column")));
    }
    let Some(width) = spelled_out(&mut select, catalog) else {
        return Ok(Some(Err(
            "selects * of what isn't a table: name the columns",
        )));
    };
    let columns = if named.is_empty() {
        target
            .columns
            .iter()
            .map(|column| Ident::new(column.name.as_str()))
            .take(width)
            .collect()
    } else {
        named
    };
    if columns.len() != width {
        return Ok(Some(Err("has another number of values than of columns")));
    }
    if insert.with_clause.is_some() {
        if select.with_clause.is_some() {
            return Ok(Some(Err("has WITH twice")));
        }
        select.with_clause.clone_from(&insert.with_clause);
    }
    let before = match insert.r#override() {
        OverridingKind::OverridingUserValue => "OVERRIDING USER VALUE ",
        OverridingKind::OverridingSystemValue => "OVERRIDING SYSTEM VALUE ",
        OverridingKind::Undefined | OverridingKind::OverridingNotSet => "",
    };
    let query = deparse::statement(&NodeEnum::SelectStmt(select))?;
    Ok(Some(Ok(Listing {
        query,
        columns,
        before: before.to_owned(),
        after: conflict(insert)?,
    })))
}

/// What can't be told apart from its rows.
fn unlisted(insert: &InsertStmt, select: &SelectStmt) -> Option<&'static str> {
    let conflict = insert.on_conflict_clause.as_deref();
    let parts = [
        (insert.returning_clause.is_some(), "has RETURNING"),
        (
            conflict
                .is_some_and(|conflict| conflict.action() == OnConflictAction::OnconflictUpdate),
            "has ON CONFLICT .. DO UPDATE, which may meet a row twice",
        ),
        (
            [&insert.with_clause, &select.with_clause]
                .into_iter()
                .flatten()
                .any(super::dml::writes),
            "has WITH, and writes there",
        ),
        (
            !select.locking_clause.is_empty(),
            "locks the rows that it reads",
        ),
    ];
    parts
        .into_iter()
        .find_map(|(holds, why)| holds.then_some(why))
}

/// Puts the columns in the place of each `*`, by the names that they have for the author; and how
/// many there are.
pub(super) fn spelled_out(select: &mut SelectStmt, catalog: &Catalog) -> Option<usize> {
    if let Some(rows) = select.values_lists.first() {
        return match &rows.node {
            Some(node::Node::List(values)) => Some(values.items.len()),
            _ => None,
        };
    }
    if let (Some(left), Some(right)) = (&mut select.larg, &mut select.rarg) {
        let width = spelled_out(left, catalog)?;
        return (spelled_out(right, catalog)? == width).then_some(width);
    }
    let mut list = Vec::new();
    for item in std::mem::take(&mut select.target_list) {
        match star(&item) {
            None => list.push(item),
            Some(of) => {
                let sources = super::dml::sources(&select.from_clause, catalog)?;
                for (table, alias) in sources {
                    if of.last().is_some_and(|of| of != alias.as_str()) {
                        continue;
                    }
                    let columns = &catalog.table(&table)?.columns;
                    list.extend(
                        columns
                            .iter()
                            .map(|one| named(column(&[alias.as_str(), one.name.as_str()]))),
                    );
                }
            }
        }
    }
    let width = list.len();
    select.target_list = list;
    Some(width)
}

/// What stands before the `*` of an item: nothing, or the parts of a name. None where it isn't one.
fn star(item: &Node) -> Option<Vec<String>> {
    let Some(node::Node::ResTarget(target)) = &item.node else {
        return None;
    };
    let Some(node::Node::ColumnRef(reference)) = &target.val.as_deref()?.node else {
        return None;
    };
    let (last, before) = reference.fields.split_last()?;
    if !matches!(last.node, Some(node::Node::AStar(_))) {
        return None;
    }
    Some(super::strings(before))
}

/// `ON CONFLICT ..`, with a space before it.
fn conflict(insert: &InsertStmt) -> Result<String, Problem> {
    let Some(clause) = &insert.on_conflict_clause else {
        return Ok(String::new());
    };
    let frame = "INSERT INTO x SELECT 1";
    let one = Node {
        node: Some(node::Node::AConst(concertina_revisions::tree::AConst {
            val: Some(concertina_revisions::tree::a_const::Val::Ival(
                concertina_revisions::tree::Integer { ival: 1 },
            )),
            ..Default::default()
        })),
    };
    let select = SelectStmt {
        target_list: vec![named(one)],
        limit_option: LimitOption::Default as i32,
        op: SetOperation::SetopNone as i32,
        ..SelectStmt::default()
    };
    let insert = InsertStmt {
        relation: Some(RangeVar {
            relname: "x".to_owned(),
            inh: true,
            relpersistence: "p".to_owned(),
            ..RangeVar::default()
        }),
        select_stmt: Some(Box::new(Node {
            node: Some(node::Node::SelectStmt(Box::new(select))),
        })),
        on_conflict_clause: Some(clause.clone()),
        r#override: OverridingKind::OverridingNotSet as i32,
        ..InsertStmt::default()
    };
    let sql = deparse::statement(&NodeEnum::InsertStmt(Box::new(insert)))?;
    Ok(sql.strip_prefix(frame).unwrap_or_default().to_owned())
}

fn named(value: Node) -> Node {
    Node {
        node: Some(node::Node::ResTarget(Box::new(ResTarget {
            val: Some(Box::new(value)),
            ..ResTarget::default()
        }))),
    }
}

fn column(parts: &[&str]) -> Node {
    let text = |part: &&str| Node {
        node: Some(node::Node::String(Text {
            sval: (*part).to_owned(),
        })),
    };
    Node {
        node: Some(node::Node::ColumnRef(ColumnRef {
            fields: parts.iter().map(text).collect(),
            ..ColumnRef::default()
        })),
    }
}
