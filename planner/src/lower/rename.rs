//! RENAME: of what queries don't name it is instant and harmless; what running code names is
//! another matter.

use super::{deparse, existing, existing_index, objects, schema, strings};
use crate::catalog::Catalog;
use crate::change::{CatalogOnly, Change, Effect, Setting, SettingKind};
use crate::footprint::Footprint;
use crate::problem::{self, Problem};
use concertina_revisions::tree::{Node, NodeEnum, ObjectType, RenameStmt, node};
use concertina_revisions::{Ident, TableName};

pub(super) fn rename(
    rename: &RenameStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    match rename.rename_type() {
        ObjectType::ObjectTabconstraint => constraint(rename, catalog),
        ObjectType::ObjectIndex => index(rename, sql, catalog),
        ObjectType::ObjectTrigger | ObjectType::ObjectPolicy | ObjectType::ObjectRule => {
            part(rename, sql, catalog)
        }
        ObjectType::ObjectColumn => column(rename, catalog),
        ObjectType::ObjectTable => table(rename, catalog),
        ObjectType::ObjectDatabase | ObjectType::ObjectTablespace => Err(problem::not_a_change(
            "a database and a tablespace are of the server",
            "rename it by hand",
        )),
        _ => {
            let old = name(rename);
            let what = format!(
                "rename {} {old} to {}",
                super::drop::word(rename.rename_type()),
                rename.newname
            );
            Ok(vec![Change::CatalogOnly(CatalogOnly {
                removes: true,
                ..objects::only(sql, what, swapped(rename))
            })])
        }
    }
}

/// What is renamed, as people say it.
fn name(rename: &RenameStmt) -> String {
    let of = |node: &Node| match &node.node {
        Some(node::Node::List(list)) => strings(&list.items).join("."),
        Some(node::Node::ObjectWithArgs(object)) => strings(&object.objname).join("."),
        Some(node::Node::TypeName(name)) => strings(&name.names).join("."),
        Some(node::Node::String(text)) => text.sval.clone(),
        _ => String::new(),
    };
    let relation = rename.relation.as_ref().map(|range| range.relname.clone());
    let object = rename
        .object
        .as_deref()
        .map(of)
        .or(relation)
        .filter(|name| !name.is_empty());
    if rename.subname.is_empty() {
        object.unwrap_or_default()
    } else {
        rename.subname.clone()
    }
}

/// The statement that gives it its old name back.
fn swapped(rename: &RenameStmt) -> Option<String> {
    let mut back = rename.clone();
    if !rename.subname.is_empty() {
        std::mem::swap(&mut back.subname, &mut back.newname);
        return deparse::statement(&NodeEnum::RenameStmt(Box::new(back))).ok();
    }
    if let Some(range) = &mut back.relation {
        back.newname = std::mem::replace(&mut range.relname, rename.newname.clone());
        return deparse::statement(&NodeEnum::RenameStmt(Box::new(back))).ok();
    }
    let last = match &mut back.object.as_mut()?.node {
        Some(node::Node::List(list)) => last_name(&mut list.items)?,
        Some(node::Node::ObjectWithArgs(object)) => last_name(&mut object.objname)?,
        Some(node::Node::TypeName(name)) => last_name(&mut name.names)?,
        Some(node::Node::String(text)) => &mut text.sval,
        _ => return None,
    };
    let old = std::mem::replace(last, rename.newname.clone());
    back.newname = old;
    deparse::statement(&NodeEnum::RenameStmt(Box::new(back))).ok()
}

fn last_name(parts: &mut [Node]) -> Option<&mut String> {
    match &mut parts.last_mut()?.node {
        Some(node::Node::String(text)) => Some(&mut text.sval),
        _ => None,
    }
}

/// RENAME of a trigger, a policy or a rule.
fn part(rename: &RenameStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(rename.relation.as_ref(), catalog)?;
    let (old, new) = (rename.subname.clone(), rename.newname.clone());
    let (word, effect) = match rename.rename_type() {
        ObjectType::ObjectTrigger => (
            "trigger",
            Some(Effect::TriggerRenamed(old.clone(), new.clone())),
        ),
        ObjectType::ObjectPolicy => (
            "policy",
            Some(Effect::PolicyRenamed(old.clone(), new.clone())),
        ),
        _ => ("rule", None),
    };
    Ok(vec![Change::Setting(Setting {
        other: None,
        what: format!("rename {word} {old} of {} to {new}", table.shown()),
        sql: sql.to_owned(),
        kind: SettingKind::RenamePart,
        reverse: swapped(rename)
            .ok_or_else(|| format!("the former name of {word} {new} isn't known")),
        effect,
        touches: Footprint::default(),
        table,
    })])
}

fn column(rename: &RenameStmt, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(rename.relation.as_ref(), catalog)?;
    let (old, new) = (
        Ident::new(rename.subname.as_str()),
        Ident::new(rename.newname.as_str()),
    );
    let known = catalog.table(&table);
    if known.is_some_and(|table| table.get(&old).is_none()) {
        return Err(problem::missing_column(&table, &old, catalog));
    }
    if known.is_some_and(|table| table.get(&new).is_some()) {
        return Err(problem::exists(
            "column",
            &format!("{}.{}", table.shown(), new.as_str()),
        ));
    }
    Ok(vec![Change::RenameColumn(table, old, new)])
}

fn table(rename: &RenameStmt, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let Some(range) = &rename.relation else {
        return Err(problem::unknown("RENAME of nothing"));
    };
    let Some(table) = catalog.resolve(schema(range), &range.relname) else {
        if rename.missing_ok {
            return Ok(vec![Change::Nothing(format!(
                "there is no table {}",
                range.relname
            ))]);
        }
        return Err(problem::missing_table(&range.relname, catalog));
    };
    let new = table.beside(&Ident::new(rename.newname.as_str()));
    if catalog.relation_name_taken(new.schema.as_str(), new.name.as_str()) {
        return Err(problem::exists("relation", &new.shown()));
    }
    Ok(vec![Change::RenameTable(table, new)])
}

fn constraint(rename: &RenameStmt, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let (old, new) = (
        Ident::new(rename.subname.as_str()),
        Ident::new(rename.newname.as_str()),
    );
    let table = existing(rename.relation.as_ref(), catalog)?;
    let known = catalog
        .table(&table)
        .and_then(|table| table.constraint(&old));
    let Some(known) = known else {
        let names = catalog
            .table(&table)
            .into_iter()
            .flat_map(|table| &table.constraints);
        return Err(problem::missing_object(
            "constraint",
            old.as_str(),
            names.map(|one| one.name.as_str()),
        ));
    };
    // An index that belongs to it is renamed with it, and needs no strong lock for that.
    let indexed = catalog.table(&table).is_some_and(|table| {
        table
            .indexes
            .iter()
            .any(|index| index.constraint.as_deref() == Some(known.name.as_str()))
    });
    let name = |name: &Ident| table.beside(name);
    let change = |from: &Ident, to: &Ident| {
        if indexed {
            format!("ALTER INDEX {} RENAME TO {}", name(from).sql(), to.sql())
        } else {
            format!(
                "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                table.sql(),
                from.sql(),
                to.sql()
            )
        }
    };
    Ok(vec![Change::Setting(Setting {
        other: None,
        what: format!(
            "rename constraint {} of {} to {}",
            old.as_str(),
            table.shown(),
            new.as_str()
        ),
        sql: change(&old, &new),
        kind: SettingKind::RenamePart,
        reverse: Ok(change(&new, &old)),
        effect: Some(Effect::ConstraintRenamed(
            old.as_str().to_owned(),
            new.as_str().to_owned(),
        )),
        touches: Footprint::default(),
        table,
    })])
}

fn index(rename: &RenameStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let new = Ident::new(rename.newname.as_str());
    let range = rename.relation.clone().unwrap_or_default();
    let (table, index) = match existing_index(&range, catalog) {
        Err(_) if rename.missing_ok => {
            return Ok(vec![Change::Nothing(format!(
                "there is no index {}",
                range.relname
            ))]);
        }
        found => found?,
    };
    let back = TableName {
        schema: Ident::new(index.schema.as_str()),
        name: new.clone(),
    };
    Ok(vec![Change::Setting(Setting {
        other: None,
        table: table.full_name(),
        what: format!("rename index {} to {}", index.name, new.as_str()),
        sql: sql.to_owned(),
        kind: SettingKind::RenamePart,
        reverse: Ok(format!(
            "ALTER INDEX {} RENAME TO {}",
            back.sql(),
            Ident::new(index.name.as_str()).sql()
        )),
        effect: Some(Effect::IndexRenamed(
            index.name.clone(),
            new.as_str().to_owned(),
        )),
        touches: Footprint::default(),
    })])
}
