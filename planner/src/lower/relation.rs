//! ALTER of indexes, views, sequences and types, which PostgreSQL's grammar writes like ALTER
//! TABLE.

use super::objects::only;
use super::{existing_index, schema, settings};
use crate::catalog::{Catalog, Index, Table};
use crate::change::{Change, Effect, Setting, SettingKind};
use crate::footprint::Footprint;
use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    AlterTableCmd, AlterTableStmt, AlterTableType, DropBehavior, ObjectType, RangeVar, node,
};
use concertina_revisions::{Ident, TableName};

pub(super) fn alter(
    alter: &AlterTableStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let range = alter.relation.clone().unwrap_or_default();
    let commands: Vec<&AlterTableCmd> = alter
        .cmds
        .iter()
        .filter_map(|node| match &node.node {
            Some(node::Node::AlterTableCmd(command)) => Some(command.as_ref()),
            _ => None,
        })
        .collect();
    if commands
        .iter()
        .any(|command| command.behavior() == DropBehavior::DropCascade)
    {
        return Err(problem::cascade());
    }
    if commands
        .iter()
        .any(|command| command.subtype() == AlterTableType::AtSetTableSpace)
    {
        return Err(problem::blocks(
            "SET TABLESPACE, which copies all of it,",
            "create a new one there",
        ));
    }
    match alter.objtype() {
        ObjectType::ObjectIndex => index(&commands, &range, alter.missing_ok, sql, catalog),
        ObjectType::ObjectView | ObjectType::ObjectMatview | ObjectType::ObjectForeignTable => {
            view(&commands, &range, alter.missing_ok, sql, catalog)
        }
        ObjectType::ObjectSequence => Ok(vec![Change::CatalogOnly(only(
            sql,
            format!("alter sequence {}", range.relname),
            None,
        ))]),
        ObjectType::ObjectType => Ok(vec![Change::CatalogOnly(only(
            sql,
            format!("alter type {}", range.relname),
            None,
        ))]),
        other => Err(problem::unknown(&format!("ALTER of {other:?}"))),
    }
}

fn index(
    commands: &[&AlterTableCmd],
    range: &RangeVar,
    missing_ok: bool,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let (table, index) = match existing_index(range, catalog) {
        Err(_) if missing_ok => {
            return Ok(vec![Change::Nothing(format!(
                "there is no index {}",
                range.relname
            ))]);
        }
        found => found?,
    };
    let attaches = commands
        .iter()
        .any(|command| command.subtype() == AlterTableType::AtAttachPartition);
    let (kind, reverse) = if attaches {
        (
            SettingKind::AttachIndex,
            Err("an index that was attached goes with the whole".to_owned()),
        )
    } else {
        (
            SettingKind::IndexOptions,
            options_back(commands, table, index),
        )
    };
    Ok(vec![Change::Setting(Setting {
        table: table.full_name(),
        other: None,
        kind,
        what: format!("alter index {}", index.name),
        sql: sql.to_owned(),
        reverse,
        effect: options_from_now(commands, &index.name),
        touches: Footprint::default(),
    })])
}

fn options_from_now(commands: &[&AlterTableCmd], index: &str) -> Option<Effect> {
    let [one] = commands else { return None };
    match one.subtype() {
        AlterTableType::AtSetRelOptions => Some(Effect::IndexOptions(
            index.to_owned(),
            settings::set_options(one)?,
            true,
        )),
        AlterTableType::AtResetRelOptions => Some(Effect::IndexOptions(
            index.to_owned(),
            settings::options(one),
            false,
        )),
        _ => None,
    }
}

fn options_back(
    commands: &[&AlterTableCmd],
    table: &Table,
    index: &Index,
) -> Result<String, String> {
    let name = TableName::new(table.schema.as_str(), index.name.as_str());
    match commands {
        [one]
            if matches!(
                one.subtype(),
                AlterTableType::AtSetRelOptions | AlterTableType::AtResetRelOptions
            ) =>
        {
            Ok(format!(
                "ALTER INDEX {} {}",
                name.sql(),
                settings::restored(&settings::options(one), &index.options)
            ))
        }
        _ => Err(format!(
            "the former settings of index {} aren't known",
            index.name
        )),
    }
}

fn view(
    commands: &[&AlterTableCmd],
    range: &RangeVar,
    missing_ok: bool,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let Some(name) = catalog.resolve(schema(range), &range.relname) else {
        if missing_ok {
            return Ok(vec![Change::Nothing(format!(
                "there is no {}",
                range.relname
            ))]);
        }
        return Err(problem::missing_table(&range.relname, catalog));
    };
    let reverse = match (commands, catalog.table(&name)) {
        ([one], Some(view)) => match one.subtype() {
            AlterTableType::AtSetRelOptions | AlterTableType::AtResetRelOptions => Some(format!(
                "ALTER VIEW {} {}",
                name.sql(),
                settings::restored(&settings::options(one), &view.options)
            )),
            AlterTableType::AtColumnDefault => {
                let column = Ident::new(one.name.as_str());
                let old = view.get(&column).and_then(|column| column.default.clone());
                let back = old.map_or_else(
                    || "DROP DEFAULT".to_owned(),
                    |old| format!("SET DEFAULT {old}"),
                );
                Some(format!(
                    "ALTER VIEW {} ALTER COLUMN {} {back}",
                    name.sql(),
                    column.sql()
                ))
            }
            _ => None,
        },
        _ => None,
    };
    Ok(vec![Change::Setting(Setting {
        what: format!("alter {}", name.shown()),
        sql: sql.to_owned(),
        kind: SettingKind::View,
        reverse: reverse
            .ok_or_else(|| format!("the former settings of {} aren't known", name.shown())),
        effect: None,
        touches: Footprint::default(),
        other: None,
        table: name,
    })])
}
