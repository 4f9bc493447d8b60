//! Statements that change an object other than a table, or that are their author's business.

use super::objects::{beginning, only};
use super::{dotted, existing, existing_index, named_tables, qualified, rolespec, strings};
use crate::catalog::{Catalog, Rule};
use crate::change::{CatalogOnly, Change, Effect, Reindex, Setting, SettingKind};
use crate::footprint::Footprint;
use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    AlterEnumStmt, AlterOwnerStmt, CmdType, NodeEnum, ReindexObjectType, ReindexStmt, RuleStmt,
};
use concertina_revisions::{Ident, TableName};

/// The change that a statement makes; nothing when no rule knows it.
pub(super) fn altered(
    tree: &NodeEnum,
    sql: &str,
    catalog: &Catalog,
) -> Result<Option<Change>, Problem> {
    let only = |what: String, reverse: Option<String>| only(sql, what, reverse);
    Ok(Some(match tree {
        NodeEnum::AlterEnumStmt(alter) => enum_value(alter, sql, catalog)?,
        NodeEnum::AlterDomainStmt(alter) => super::domain::alter(alter, sql, catalog)?,
        NodeEnum::RefreshMatViewStmt(refresh) => {
            Change::Refresh(existing(refresh.relation.as_ref(), catalog)?)
        }
        NodeEnum::ReindexStmt(reindex) => self::reindex(reindex, catalog)?,
        NodeEnum::RuleStmt(rule) => self::rule(rule, sql, catalog)?,
        NodeEnum::AlterOwnerStmt(alter) => owner(alter, sql),
        NodeEnum::AlterObjectSchemaStmt(_) => Change::CatalogOnly(CatalogOnly {
            removes: true,
            ..only("move an object to another schema".to_owned(), None)
        }),
        NodeEnum::GrantStmt(grant) => {
            let word = if grant.is_grant { "grant" } else { "revoke" };
            Change::CatalogOnly(CatalogOnly {
                removes: !grant.is_grant,
                ..only(format!("{word} rights"), None)
            })
        }
        NodeEnum::AlterSeqStmt(alter) => {
            let range = alter.sequence.clone().unwrap_or_default();
            // Whoever takes a number waits until its transaction ends.
            Change::CatalogOnly(CatalogOnly {
                alone: true,
                ..only(format!("alter sequence {}", range.relname), None)
            })
        }
        NodeEnum::AlterPublicationStmt(_) => Change::CatalogOnly(CatalogOnly {
            concerns: named_tables(tree, catalog),
            ..only("alter a publication".to_owned(), None)
        }),
        NodeEnum::DropRoleStmt(_) | NodeEnum::DropUserMappingStmt(_) => {
            Change::CatalogOnly(CatalogOnly {
                removes: true,
                ..only(beginning(sql), None)
            })
        }
        tree if is_plain(tree) => Change::CatalogOnly(only(beginning(sql), None)),
        tree => return Ok(opaque(tree, sql)),
    }))
}

/// Statements that write the system catalogs and nothing else, as they stand.
fn is_plain(tree: &NodeEnum) -> bool {
    matches!(
        tree,
        NodeEnum::AlterRoleStmt(_)
            | NodeEnum::AlterRoleSetStmt(_)
            | NodeEnum::GrantRoleStmt(_)
            | NodeEnum::AlterDefaultPrivilegesStmt(_)
            | NodeEnum::AlterFunctionStmt(_)
            | NodeEnum::AlterCollationStmt(_)
            | NodeEnum::AlterExtensionContentsStmt(_)
            | NodeEnum::AlterDatabaseSetStmt(_)
            | NodeEnum::AlterEventTrigStmt(_)
            | NodeEnum::AlterFdwStmt(_)
            | NodeEnum::AlterForeignServerStmt(_)
            | NodeEnum::AlterUserMappingStmt(_)
            | NodeEnum::AlterObjectDependsStmt(_)
            | NodeEnum::AlterOpFamilyStmt(_)
            | NodeEnum::AlterOperatorStmt(_)
            | NodeEnum::AlterStatsStmt(_)
            | NodeEnum::AlterTypeStmt(_)
            | NodeEnum::AlterTsconfigurationStmt(_)
            | NodeEnum::AlterTsdictionaryStmt(_)
            | NodeEnum::CreateAmStmt(_)
            | NodeEnum::CreateCastStmt(_)
            | NodeEnum::CreateConversionStmt(_)
            | NodeEnum::CreateFdwStmt(_)
            | NodeEnum::CreateForeignServerStmt(_)
            | NodeEnum::CreateForeignTableStmt(_)
            | NodeEnum::CreateOpClassStmt(_)
            | NodeEnum::CreateOpFamilyStmt(_)
            | NodeEnum::CreatePlangStmt(_)
            | NodeEnum::CreateTransformStmt(_)
            | NodeEnum::CreateUserMappingStmt(_)
            | NodeEnum::CommentStmt(_)
            | NodeEnum::SecLabelStmt(_)
    )
}

/// Statements that nobody can see into beforehand.
fn opaque(tree: &NodeEnum, sql: &str) -> Option<Change> {
    let (what, reverse, note) = match tree {
        NodeEnum::ImportForeignSchemaStmt(_) => (
            "import a foreign schema".to_owned(),
            None,
            "its tables are known only once it has run",
        ),
        NodeEnum::AlterExtensionStmt(alter) => (
            format!("alter extension {}", alter.extname),
            None,
            "an extension's script runs as its makers wrote it: what it locks is theirs",
        ),
        NodeEnum::DoStmt(_) => (
            "run a DO block".to_owned(),
            None,
            "nobody can see into a DO block beforehand: what it locks, and for how long, is its author's",
        ),
        NodeEnum::CallStmt(_) => (
            "call a procedure".to_owned(),
            None,
            "nobody can see into a procedure beforehand: what it locks, and for how long, is its author's",
        ),
        NodeEnum::SelectStmt(_) => (
            "run a SELECT".to_owned(),
            Some(String::new()),
            "a SELECT runs as written: what its functions do is its author's",
        ),
        _ => return None,
    };
    Some(Change::CatalogOnly(CatalogOnly {
        note: Some(note.to_owned()),
        ..only(sql, what, reverse)
    }))
}

/// ALTER TYPE .. ADD VALUE, RENAME VALUE.
fn enum_value(alter: &AlterEnumStmt, sql: &str, catalog: &Catalog) -> Result<Change, Problem> {
    let parts = strings(&alter.type_name);
    let (_, bare) = qualified(&parts);
    if !catalog.enums.iter().any(|known| known.name == bare) && !catalog.new_types.contains(bare) {
        return Err(problem::missing_object(
            "enum",
            bare,
            catalog.enums.iter().map(|known| known.name.as_str()),
        ));
    }
    let name = dotted(&alter.type_name);
    let (what, reverse) = if alter.old_val.is_empty() {
        // PostgreSQL can't take a value out of a type.
        (format!("add value {} to type {name}", alter.new_val), None)
    } else {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let back = format!(
            "ALTER TYPE {name} RENAME VALUE {} TO {}",
            quoted(&alter.new_val),
            quoted(&alter.old_val)
        );
        (
            format!(
                "rename value {} of type {name} to {}",
                alter.old_val, alter.new_val
            ),
            Some(back),
        )
    };
    // A new value can't be used in the transaction that adds it.
    let (removes, alone) = (!alter.old_val.is_empty(), alter.old_val.is_empty());
    Ok(Change::CatalogOnly(CatalogOnly {
        removes,
        alone,
        ..only(sql, what, reverse)
    }))
}

/// REINDEX of one index or of a table's.
fn reindex(reindex: &ReindexStmt, catalog: &Catalog) -> Result<Change, Problem> {
    let range = reindex.relation.clone().unwrap_or_default();
    match reindex.kind() {
        ReindexObjectType::ReindexObjectTable => Ok(Change::Reindex(Reindex {
            table: existing(Some(&range), catalog)?,
            index: None,
        })),
        ReindexObjectType::ReindexObjectIndex => {
            let (table, index) = existing_index(&range, catalog)?;
            let index = Some(TableName::new(index.schema.as_str(), index.name.as_str()));
            Ok(Change::Reindex(Reindex {
                table: table.full_name(),
                index,
            }))
        }
        _ => Err(problem::not_a_change(
            "REINDEX of a schema or database is maintenance",
            "run reindexdb --concurrently by hand, or REINDEX TABLE for each table",
        )),
    }
}

/// CREATE RULE.
fn rule(rule: &RuleStmt, sql: &str, catalog: &Catalog) -> Result<Change, Problem> {
    let table = existing(rule.relation.as_ref(), catalog)?;
    let name = Ident::new(rule.rulename.as_str());
    Ok(Change::Setting(Setting {
        what: format!("create rule {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind: SettingKind::CreateRule,
        reverse: if rule.replace {
            Err(format!("the former rule {} isn't known", name.as_str()))
        } else {
            Ok(format!("DROP RULE {} ON {}", name.sql(), table.sql()))
        },
        effect: Some(Effect::RuleAdded(Rule {
            name: rule.rulename.clone(),
            event: [CmdType::CmdInsert, CmdType::CmdUpdate, CmdType::CmdDelete]
                .map(|event| rule.event() == event),
            in_replica: false,
        })),
        touches: Footprint::default(),
        other: None,
        table,
    }))
}

/// OWNER TO of an object other than a table.
fn owner(alter: &AlterOwnerStmt, sql: &str) -> Change {
    let to = alter
        .newowner
        .as_ref()
        .and_then(rolespec)
        .unwrap_or_default();
    Change::CatalogOnly(only(sql, format!("change an owner to {to}"), None))
}
