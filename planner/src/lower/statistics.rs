//! Extended statistics: made, dropped, renamed, moved and commented on.

use super::{deparse, dotted, existing, name, qualified, strings};
use crate::catalog::{Catalog, Table};
use crate::change::{Change, Effect, Setting, SettingKind};
use crate::footprint::Footprint;
use crate::problem::Problem;
use concertina_revisions::tree::{
    self, AlterObjectSchemaStmt, CommentStmt, CreateStatsStmt, DropStmt, Node, NodeEnum,
    RenameStmt, node, parse,
};
use concertina_revisions::{Ident, TableName};

/// CREATE STATISTICS.
pub(super) fn create(
    create: &CreateStatsStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let range = create
        .relations
        .iter()
        .find_map(|relation| match &relation.node {
            Some(node::Node::RangeVar(range)) => Some(range),
            _ => None,
        });
    let table = existing(range, catalog)?;
    let called = called(create, &table, catalog);
    let is_there = called.as_ref().is_some_and(|called| {
        let mut known = catalog.tables.iter().flat_map(|table| &table.statistics);
        known.any(|(schema, name, _)| TableName::new(schema.as_str(), name.as_str()) == *called)
    });
    if let Some(called) = called.as_ref().filter(|_| is_there && create.if_not_exists) {
        return Ok(vec![Change::Nothing(format!(
            "statistics {} are there already",
            called.shown()
        ))]);
    }
    let what = format!(
        "create statistics {} on {}",
        dotted(&create.defnames),
        table.shown()
    );
    let Some(called) = called else {
        let back = Err("its name is PostgreSQL's choice".to_owned());
        return Ok(vec![setting(
            table,
            what,
            sql.to_owned(),
            back,
            SettingKind::Statistics,
            None,
        )]);
    };
    let made = again(create, &called, &table).map(|definition| (called.clone(), definition));
    let effect = made.map(|made| Effect::Statistics {
        gone: None,
        made: Some(made),
    });
    let back = Ok(format!("DROP STATISTICS {}", called.sql()));
    Ok(vec![setting(
        table,
        what,
        sql.to_owned(),
        back,
        SettingKind::Statistics,
        effect,
    )])
}

/// The name that new statistics get, their own or PostgreSQL's choice.
fn called(create: &CreateStatsStmt, table: &TableName, catalog: &Catalog) -> Option<TableName> {
    let parts = strings(&create.defnames);
    if !parts.is_empty() {
        let (schema, own) = qualified(&parts);
        let schema = schema.map_or_else(
            || catalog.search_path.first().cloned(),
            |schema| Some(Ident::new(schema)),
        )?;
        return Some(TableName {
            schema,
            name: Ident::new(own),
        });
    }
    let of = |item: &Node| match &item.node {
        Some(node::Node::StatsElem(element)) if element.name.is_empty() => Some("expr".to_owned()),
        Some(node::Node::StatsElem(element)) => Some(element.name.clone()),
        _ => None,
    };
    let names: Vec<String> = create.exprs.iter().map(of).collect::<Option<_>>()?;
    let name = name::choose(
        table,
        &name::addition(names.iter().map(String::as_str)),
        "stat",
        catalog,
    );
    Some(table.beside(&name))
}

/// DROP STATISTICS of objects that are known, a change for each; nothing when one isn't.
pub(super) fn drop(drop: &DropStmt, catalog: &Catalog) -> Option<Vec<Change>> {
    let one = |object: &Node| {
        let known = find(Some(object), catalog)?;
        let sql = format!("DROP STATISTICS {}", known.name.sql());
        let effect = Effect::Statistics {
            gone: Some(known.name.clone()),
            made: None,
        };
        let what = format!(
            "drop statistics {} of {}",
            known.name.name.as_str(),
            known.table.full_name().shown()
        );
        let back = Ok(known.definition.to_owned());
        Some(setting(
            known.table.full_name(),
            what,
            sql,
            back,
            SettingKind::Statistics,
            Some(effect),
        ))
    };
    drop.objects.iter().map(one).collect()
}

/// ALTER STATISTICS .. RENAME TO; nothing when they aren't known.
pub(super) fn rename(rename: &RenameStmt, sql: &str, catalog: &Catalog) -> Option<Vec<Change>> {
    let known = find(rename.object.as_deref(), catalog)?;
    let to = known.name.beside(&Ident::new(rename.newname.as_str()));
    let back = format!(
        "ALTER STATISTICS {} RENAME TO {}",
        to.sql(),
        known.name.name.sql()
    );
    Some(vec![known.named(to, "rename", sql, back)?])
}

/// ALTER STATISTICS .. SET SCHEMA; nothing when they aren't known.
pub(super) fn set_schema(
    alter: &AlterObjectSchemaStmt,
    sql: &str,
    catalog: &Catalog,
) -> Option<Vec<Change>> {
    let known = find(alter.object.as_deref(), catalog)?;
    let to = TableName {
        schema: Ident::new(alter.newschema.as_str()),
        name: known.name.name.clone(),
    };
    let back = format!(
        "ALTER STATISTICS {} SET SCHEMA {}",
        to.sql(),
        known.name.schema.sql()
    );
    Some(vec![known.named(to, "move", sql, back)?])
}

/// COMMENT ON STATISTICS; nothing when they aren't known.
pub(super) fn comment(comment: &CommentStmt, sql: &str, catalog: &Catalog) -> Option<Vec<Change>> {
    let known = find(comment.object.as_deref(), catalog)?;
    let (create, old) = read(known.definition)?;
    let bare = again(&create, &known.name, &known.table.full_name())?;
    let new = Some(comment.comment.as_str()).filter(|text| !text.is_empty());
    let effect = Effect::Statistics {
        gone: Some(known.name.clone()),
        made: Some((known.name.clone(), with_comment(bare, &known.name, new))),
    };
    let what = format!("comment on statistics {}", known.name.shown());
    let old = old.map_or_else(|| "NULL".to_owned(), |old| Ident::new(old).literal());
    let back = Ok(format!(
        "COMMENT ON STATISTICS {} IS {old}",
        known.name.sql()
    ));
    Some(vec![setting(
        known.table.full_name(),
        what,
        sql.to_owned(),
        back,
        SettingKind::Comment,
        Some(effect),
    )])
}

/// Statistics of the catalog.
struct Known<'a> {
    table: &'a Table,
    name: TableName,
    definition: &'a str,
}

impl Known<'_> {
    /// The change that gives them another name or schema.
    fn named(&self, to: TableName, word: &str, sql: &str, back: String) -> Option<Change> {
        let (create, comment) = read(self.definition)?;
        let table = self.table.full_name();
        let bare = again(&create, &to, &table)?;
        let definition = with_comment(bare, &to, comment.as_deref());
        let what = format!("{word} statistics {} to {}", self.name.shown(), to.shown());
        let effect = Effect::Statistics {
            gone: Some(self.name.clone()),
            made: Some((to, definition)),
        };
        Some(setting(
            table,
            what,
            sql.to_owned(),
            Ok(back),
            SettingKind::Statistics,
            Some(effect),
        ))
    }
}

fn find<'a>(object: Option<&Node>, catalog: &'a Catalog) -> Option<Known<'a>> {
    let Some(node::Node::List(list)) = object.and_then(|object| object.node.as_ref()) else {
        return None;
    };
    let parts = strings(&list.items);
    let (schema, name) = qualified(&parts);
    let in_schema = |wanted: &str| {
        catalog.tables.iter().find_map(|table| {
            let all = &table.statistics;
            let (_, _, definition) = all
                .iter()
                .find(|(schema, known, _)| schema == wanted && known == name)?;
            Some(Known {
                table,
                name: TableName::new(wanted, name),
                definition,
            })
        })
    };
    match schema {
        Some(schema) => in_schema(schema),
        None => catalog
            .search_path
            .iter()
            .find_map(|schema| in_schema(schema.as_str())),
    }
}

/// What makes statistics, and the comment on them.
fn read(definition: &str) -> Option<(CreateStatsStmt, Option<String>)> {
    let statements = parse(definition, 0).ok()?.protobuf.stmts;
    let mut trees = statements.into_iter().filter_map(|one| one.stmt?.node);
    let NodeEnum::CreateStatsStmt(create) = trees.next()? else {
        return None;
    };
    let comment = trees.find_map(|tree| match tree {
        NodeEnum::CommentStmt(comment) => Some(comment.comment),
        _ => None,
    });
    Some((create, comment))
}

fn with_comment(create: String, name: &TableName, comment: Option<&str>) -> String {
    match comment {
        Some(comment) => format!(
            "{create}; COMMENT ON STATISTICS {} IS {}",
            name.sql(),
            Ident::new(comment).literal()
        ),
        None => create,
    }
}

/// What makes statistics again, with their name and their table's in full.
fn again(create: &CreateStatsStmt, name: &TableName, table: &TableName) -> Option<String> {
    let mut create = CreateStatsStmt {
        if_not_exists: false,
        ..create.clone()
    };
    let text = |name: &Ident| Node {
        node: Some(node::Node::String(tree::String {
            sval: name.as_str().to_owned(),
        })),
    };
    create.defnames = vec![text(&name.schema), text(&name.name)];
    for relation in &mut create.relations {
        if let Some(node::Node::RangeVar(range)) = &mut relation.node {
            table.schema.as_str().clone_into(&mut range.schemaname);
            table.name.as_str().clone_into(&mut range.relname);
        }
    }
    deparse::statement(&NodeEnum::CreateStatsStmt(create)).ok()
}

fn setting(
    table: TableName,
    what: String,
    sql: String,
    reverse: Result<String, String>,
    kind: SettingKind,
    effect: Option<Effect>,
) -> Change {
    Change::Setting(Setting {
        other: None,
        what,
        sql,
        kind,
        reverse,
        effect,
        touches: Footprint::default(),
        table,
    })
}
