//! Statements about parts of a table that aren't ALTER TABLE: policies, triggers, rules.

use super::{existing, qualified, strings};
use crate::catalog::{Catalog, Policy, Trigger};
use crate::change::{Change, Effect, Setting, SettingKind};
use crate::footprint::Footprint;
use crate::problem::{self, Problem};
use crate::sql::conditions_set;
use concertina_revisions::tree::{
    AlterPolicyStmt, CreatePolicyStmt, CreateTrigStmt, DropStmt, ObjectType, node,
};
use concertina_revisions::{Ident, TableName};

pub(super) fn create_policy(
    create: &CreatePolicyStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let table = existing(create.table.as_ref(), catalog)?;
    let name = Ident::new(create.policy_name.as_str());
    if catalog.table(&table).is_some_and(|table| {
        table
            .policies
            .iter()
            .any(|policy| policy.name == name.as_str())
    }) {
        return Err(problem::exists("policy", name.as_str()));
    }
    let (kind, word) = if create.permissive {
        (SettingKind::CreatePolicy, "policy")
    } else {
        (SettingKind::RestrictivePolicy, "restrictive policy")
    };
    Ok(vec![Change::Setting(Setting {
        other: None,
        what: format!("create {word} {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind,
        reverse: Ok(format!("DROP POLICY {} ON {}", name.sql(), table.sql())),
        effect: Some(Effect::PolicyAdded(
            name.as_str().to_owned(),
            sql.to_owned(),
        )),
        touches: Footprint::default(),
        table,
    })])
}

pub(super) fn alter_policy(
    alter: &AlterPolicyStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let table = existing(alter.table.as_ref(), catalog)?;
    let name = Ident::new(alter.policy_name.as_str());
    let known = policy(&table, &name, catalog)?;
    // ALTER POLICY can put a condition in another's place, but can't take one away.
    let kept = conditions_set(&known.alteration).is_some_and(|(using, check)| {
        (alter.qual.is_none() || using) && (alter.with_check.is_none() || check)
    });
    Ok(vec![Change::Setting(Setting {
        other: None,
        what: format!("alter policy {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind: SettingKind::AlterPolicy,
        reverse: if kept {
            Ok(known.alteration.clone())
        } else {
            Err(format!(
                "ALTER POLICY can't take a condition of {} away again",
                name.as_str()
            ))
        },
        effect: Some(Effect::PolicyAltered(name.as_str().to_owned())),
        touches: Footprint::default(),
        table,
    })])
}

/// A policy that is there.
fn policy<'a>(
    table: &TableName,
    name: &Ident,
    catalog: &'a Catalog,
) -> Result<&'a Policy, Problem> {
    let policies = catalog
        .table(table)
        .map(|table| table.policies.as_slice())
        .unwrap_or_default();
    match policies.iter().find(|policy| policy.name == name.as_str()) {
        Some(policy) => Ok(policy),
        None => {
            let names = policies.iter().map(|policy| policy.name.as_str());
            Err(problem::missing_object("policy", name.as_str(), names))
        }
    }
}

/// DROP POLICY, DROP TRIGGER, DROP RULE; nothing for a DROP of anything else.
pub(super) fn drop(
    drop: &DropStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Option<Vec<Change>>, Problem> {
    if drop.remove_type() == ObjectType::ObjectStatisticExt {
        return Ok(super::statistics::drop(drop, catalog));
    }
    let kind = match drop.remove_type() {
        ObjectType::ObjectPolicy => SettingKind::DropPolicy,
        ObjectType::ObjectTrigger => SettingKind::DropTrigger,
        ObjectType::ObjectRule => SettingKind::DropRule,
        _ => return Ok(None),
    };
    let parts = match drop.objects.first().and_then(|object| object.node.as_ref()) {
        Some(node::Node::List(list)) => strings(&list.items),
        _ => vec![],
    };
    let word = match kind {
        SettingKind::DropPolicy => "policy",
        SettingKind::DropRule => "rule",
        _ => "trigger",
    };
    let Some((name, relation)) = parts.split_last() else {
        return Err(problem::unknown("DROP without a name"));
    };
    let (schema, relation) = qualified(relation);
    let Some(table) = catalog.resolve(schema, relation) else {
        if drop.missing_ok {
            return Ok(Some(vec![Change::Nothing(format!(
                "there is no table {relation}"
            ))]));
        }
        return Err(problem::missing_table(relation, catalog));
    };
    let name = Ident::new(name.as_str());
    let old = if kind == SettingKind::DropPolicy {
        policy(&table, &name, catalog).map(|policy| policy.definition.clone())
    } else if kind == SettingKind::DropRule {
        Ok(String::new())
    } else {
        let triggers = catalog
            .table(&table)
            .map(|table| table.triggers.as_slice())
            .unwrap_or_default();
        let known = triggers
            .iter()
            .find(|trigger| trigger.name == name.as_str());
        let names = triggers.iter().map(|trigger| trigger.name.as_str());
        known
            .map(|trigger| trigger.definition.clone())
            .ok_or_else(|| problem::missing_object("trigger", name.as_str(), names))
    };
    let old = match old {
        Ok(old) => old,
        Err(_) if drop.missing_ok => {
            return Ok(Some(vec![Change::Nothing(format!(
                "there is no {word} {}",
                name.as_str()
            ))]));
        }
        Err(problem) => return Err(problem),
    };
    let gone = name.as_str().to_owned();
    let effect = match kind {
        SettingKind::DropPolicy => Some(Effect::PolicyDropped(gone)),
        SettingKind::DropTrigger => Some(Effect::TriggerDropped(gone)),
        SettingKind::DropRule => Some(Effect::RuleDropped(gone)),
        _ => None,
    };
    Ok(Some(vec![Change::Setting(Setting {
        other: None,
        what: format!("drop {word} {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind,
        reverse: if old.is_empty() {
            Err(format!(
                "how to make {word} {} again isn't known",
                name.as_str()
            ))
        } else {
            Ok(old)
        },
        effect,
        touches: Footprint::default(),
        table,
    })]))
}

/// What a trigger fires on. Source: `pg_trigger.h` of PostgreSQL.
const ON_INSERT: i32 = 1 << 2;
const ON_DELETE: i32 = 1 << 3;
const ON_UPDATE: i32 = 1 << 4;

pub(super) fn create_trigger(
    create: &CreateTrigStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let table = existing(create.relation.as_ref(), catalog)?;
    let name = Ident::new(create.trigname.as_str());
    let known = catalog
        .table(&table)
        .and_then(|table| table.triggers.iter().find(|one| one.name == name.as_str()));
    if known.is_some() && !create.replace {
        return Err(problem::exists("trigger", name.as_str()));
    }
    Ok(vec![Change::Setting(Setting {
        other: None,
        what: format!("create trigger {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind: SettingKind::CreateTrigger,
        reverse: Ok(match known {
            Some(old) => old.definition.replacen("CREATE ", "CREATE OR REPLACE ", 1),
            None => format!("DROP TRIGGER {} ON {}", name.sql(), table.sql()),
        }),
        effect: Some(Effect::TriggerAdded(Trigger {
            name: name.as_str().to_owned(),
            on_update: create.row && create.events & ON_UPDATE != 0,
            on_delete: create.row && create.events & ON_DELETE != 0,
            definition: sql.to_owned(),
            columns: strings(&create.columns),
            of_statement: [ON_INSERT, ON_UPDATE, ON_DELETE]
                .map(|event| !create.row && create.events & event != 0),
            in_replica: false,
            of_parent: false,
        })),
        touches: Footprint::default(),
        table,
    })])
}
