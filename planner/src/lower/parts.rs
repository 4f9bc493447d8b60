//! Statements about parts of a table that aren't ALTER TABLE: policies, triggers, names, rights, comments, statistics.

use super::{dotted, existing, qualified, schema, strings};
use crate::catalog::Catalog;
use crate::change::{Change, Effect, Setting, SettingKind};
use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    AlterPolicyStmt, CommentStmt, CreatePolicyStmt, CreateStatsStmt, CreateTrigStmt, DropStmt, GrantStmt, ObjectType,
    RenameStmt, node,
};
use concertina_revisions::{Ident, TableName};

pub(super) fn create_policy(create: &CreatePolicyStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(create.table.as_ref(), catalog)?;
    let name = Ident::new(create.policy_name.as_str());
    if catalog.table(&table).is_some_and(|table| table.policies.iter().any(|policy| policy.name == name.as_str())) {
        return Err(problem::exists("policy", name.as_str()));
    }
    let (kind, word) = if create.permissive {
        (SettingKind::CreatePolicy, "policy")
    } else {
        (SettingKind::RestrictivePolicy, "restrictive policy")
    };
    Ok(vec![Change::Setting(Setting {
        what: format!("create {word} {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind,
        reverse: Ok(format!("DROP POLICY {} ON {}", name.sql(), table.sql())),
        effect: Some(Effect::PolicyAdded(name.as_str().to_owned(), sql.to_owned())),
        table,
    })])
}

pub(super) fn alter_policy(alter: &AlterPolicyStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(alter.table.as_ref(), catalog)?;
    let name = Ident::new(alter.policy_name.as_str());
    policy(&table, &name, catalog)?;
    Ok(vec![Change::Setting(Setting {
        what: format!("alter policy {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind: SettingKind::AlterPolicy,
        reverse: Err(format!("write the former ALTER POLICY {} below a line `-- down`", name.as_str())),
        effect: None,
        table,
    })])
}

/// The definition of a policy that is there.
fn policy(table: &TableName, name: &Ident, catalog: &Catalog) -> Result<String, Problem> {
    let policies = catalog.table(table).map(|table| table.policies.as_slice()).unwrap_or_default();
    match policies.iter().find(|policy| policy.name == name.as_str()) {
        Some(policy) => Ok(policy.definition.clone()),
        None => {
            let names = policies.iter().map(|policy| policy.name.as_str());
            Err(problem::missing_object("policy", name.as_str(), names))
        }
    }
}

/// DROP POLICY, DROP TRIGGER; nothing for a DROP of anything else.
pub(super) fn drop(drop: &DropStmt, sql: &str, catalog: &Catalog) -> Result<Option<Vec<Change>>, Problem> {
    if drop.remove_type() == ObjectType::ObjectStatisticExt {
        return Ok(drop_statistics(drop, sql, catalog));
    }
    let kind = match drop.remove_type() {
        ObjectType::ObjectPolicy => SettingKind::DropPolicy,
        ObjectType::ObjectTrigger => SettingKind::DropTrigger,
        _ => return Ok(None),
    };
    let parts = match drop.objects.first().and_then(|object| object.node.as_ref()) {
        Some(node::Node::List(list)) => strings(&list.items),
        _ => vec![],
    };
    let word = if kind == SettingKind::DropPolicy { "policy" } else { "trigger" };
    let Some((name, relation)) = parts.split_last() else { return Err(problem::unknown("DROP without a name")) };
    let (schema, relation) = qualified(relation);
    let Some(table) = catalog.resolve(schema, relation) else {
        if drop.missing_ok {
            return Ok(Some(vec![Change::Nothing(format!("there is no table {relation}"))]));
        }
        return Err(problem::missing_table(relation, catalog));
    };
    let name = Ident::new(name.as_str());
    let old = if kind == SettingKind::DropPolicy {
        policy(&table, &name, catalog)
    } else {
        let triggers = catalog.table(&table).map(|table| table.triggers.as_slice()).unwrap_or_default();
        let known = triggers.iter().find(|trigger| trigger.name == name.as_str());
        let names = triggers.iter().map(|trigger| trigger.name.as_str());
        known
            .map(|trigger| trigger.definition.clone())
            .ok_or_else(|| problem::missing_object("trigger", name.as_str(), names))
    };
    let old = match old {
        Ok(old) => old,
        Err(_) if drop.missing_ok => {
            return Ok(Some(vec![Change::Nothing(format!("there is no {word} {}", name.as_str()))]));
        }
        Err(problem) => return Err(problem),
    };
    let effect = if kind == SettingKind::DropPolicy { Effect::PolicyDropped } else { Effect::TriggerDropped };
    Ok(Some(vec![Change::Setting(Setting {
        what: format!("drop {word} {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind,
        reverse: if old.is_empty() {
            Err(format!("how to make {word} {} again isn't known", name.as_str()))
        } else {
            Ok(old)
        },
        effect: Some(effect(name.as_str().to_owned())),
        table,
    })]))
}

/// DROP STATISTICS of objects that are known; nothing when they aren't.
fn drop_statistics(drop: &DropStmt, sql: &str, catalog: &Catalog) -> Option<Vec<Change>> {
    let [object] = drop.objects.as_slice() else { return None };
    let Some(node::Node::List(list)) = &object.node else { return None };
    let parts = strings(&list.items);
    let (schema, name) = qualified(&parts);
    let in_reach = |known: &str| match schema {
        Some(schema) => known == schema,
        None => catalog.search_path.iter().any(|schema| schema.as_str() == known),
    };
    catalog.tables.iter().find_map(|table| {
        let (_, _, definition) = table.statistics.iter().find(|(known, one, _)| in_reach(known) && one == name)?;
        Some(vec![Change::Setting(Setting {
            table: table.full_name(),
            what: format!("drop statistics {name} of {}", table.full_name().shown()),
            sql: sql.to_owned(),
            kind: SettingKind::Statistics,
            reverse: Ok(definition.clone()),
            effect: None,
        })])
    })
}

pub(super) fn create_trigger(create: &CreateTrigStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let table = existing(create.relation.as_ref(), catalog)?;
    let name = Ident::new(create.trigname.as_str());
    let known = catalog.table(&table).and_then(|table| table.triggers.iter().find(|one| one.name == name.as_str()));
    if known.is_some() && !create.replace {
        return Err(problem::exists("trigger", name.as_str()));
    }
    Ok(vec![Change::Setting(Setting {
        what: format!("create trigger {} on {}", name.as_str(), table.shown()),
        sql: sql.to_owned(),
        kind: SettingKind::CreateTrigger,
        reverse: Ok(match known {
            Some(old) => old.definition.replacen("CREATE ", "CREATE OR REPLACE ", 1),
            None => format!("DROP TRIGGER {} ON {}", name.sql(), table.sql()),
        }),
        effect: None,
        table,
    })])
}

/// RENAME of what queries don't name; that of tables and columns is another matter.
pub(super) fn rename(rename: &RenameStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let new = Ident::new(rename.newname.as_str());
    let old = Ident::new(rename.subname.as_str());
    match rename.rename_type() {
        ObjectType::ObjectTabconstraint => {
            let table = existing(rename.relation.as_ref(), catalog)?;
            let known = catalog.table(&table).and_then(|table| table.constraint(&old));
            let Some(known) = known else {
                let names = catalog.table(&table).into_iter().flat_map(|table| &table.constraints);
                return Err(problem::missing_object("constraint", old.as_str(), names.map(|one| one.name.as_str())));
            };
            // An index that belongs to it is renamed with it, and needs no strong lock for that.
            let indexed = catalog.table(&table).is_some_and(|table| {
                table.indexes.iter().any(|index| index.constraint.as_deref() == Some(known.name.as_str()))
            });
            let name = |name: &Ident| TableName { schema: table.schema.clone(), name: name.clone() };
            let change = |from: &Ident, to: &Ident| {
                if indexed {
                    format!("ALTER INDEX {} RENAME TO {}", name(from).sql(), to.sql())
                } else {
                    format!("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", table.sql(), from.sql(), to.sql())
                }
            };
            Ok(vec![Change::Setting(Setting {
                what: format!("rename constraint {} of {} to {}", old.as_str(), table.shown(), new.as_str()),
                sql: change(&old, &new),
                kind: SettingKind::RenamePart,
                reverse: Ok(change(&new, &old)),
                effect: Some(Effect::ConstraintRenamed(old.as_str().to_owned(), new.as_str().to_owned())),
                table,
            })])
        }
        ObjectType::ObjectIndex => {
            let range = rename.relation.clone().unwrap_or_default();
            let Some((table, index)) = catalog.index(schema(&range), &range.relname) else {
                if rename.missing_ok {
                    return Ok(vec![Change::Nothing(format!("there is no index {}", range.relname))]);
                }
                let names = catalog.tables.iter().flat_map(|table| &table.indexes).map(|index| index.name.as_str());
                return Err(problem::missing_object("index", &range.relname, names));
            };
            let back = TableName { schema: Ident::new(index.schema.as_str()), name: new.clone() };
            Ok(vec![Change::Setting(Setting {
                table: table.full_name(),
                what: format!("rename index {} to {}", index.name, new.as_str()),
                sql: sql.to_owned(),
                kind: SettingKind::RenamePart,
                reverse: Ok(format!("ALTER INDEX {} RENAME TO {}", back.sql(), Ident::new(index.name.as_str()).sql())),
                effect: Some(Effect::IndexRenamed(index.name.clone(), new.as_str().to_owned())),
            })])
        }
        ObjectType::ObjectColumn | ObjectType::ObjectTable => {
            Err(problem::renames_what_code_names(if rename.rename_type() == ObjectType::ObjectTable {
                "table"
            } else {
                "column"
            }))
        }
        other => Err(problem::unknown(&format!("RENAME of {other:?}"))),
    }
}

/// GRANT and REVOKE on tables; nothing for other objects.
pub(super) fn grant(grant: &GrantStmt, sql: &str, catalog: &Catalog) -> Option<Vec<Change>> {
    if grant.objtype() != ObjectType::ObjectTable {
        return None;
    }
    let Some(node::Node::RangeVar(range)) = grant.objects.first().and_then(|object| object.node.as_ref()) else {
        return None;
    };
    let table = catalog.resolve(schema(range), &range.relname)?;
    let (kind, word) = if grant.is_grant { (SettingKind::Grant, "grant") } else { (SettingKind::Revoke, "revoke") };
    Some(vec![Change::Setting(Setting {
        what: format!("{word} rights on {}", table.shown()),
        sql: sql.to_owned(),
        kind,
        reverse: Err(format!("which rights on {} were there before isn't known", table.shown())),
        effect: None,
        table,
    })])
}

/// COMMENT ON a table or a part of one; nothing for other objects.
pub(super) fn comment(comment: &CommentStmt, sql: &str, catalog: &Catalog) -> Option<Vec<Change>> {
    let Some(node::Node::List(list)) = comment.object.as_ref().and_then(|object| object.node.as_ref()) else {
        return None;
    };
    let parts = strings(&list.items);
    let relation = match comment.objtype() {
        ObjectType::ObjectTable => parts.as_slice(),
        ObjectType::ObjectColumn
        | ObjectType::ObjectTabconstraint
        | ObjectType::ObjectTrigger
        | ObjectType::ObjectPolicy => parts.split_last()?.1,
        _ => return None,
    };
    let (schema, name) = qualified(relation);
    let table = catalog.resolve(schema, name)?;
    Some(vec![Change::Setting(Setting {
        what: format!("comment on {}", parts.join(".")),
        sql: sql.to_owned(),
        kind: SettingKind::Comment,
        reverse: Err("the former comment isn't kept".to_owned()),
        effect: None,
        table,
    })])
}

/// CREATE STATISTICS.
pub(super) fn statistics(create: &CreateStatsStmt, sql: &str, catalog: &Catalog) -> Result<Vec<Change>, Problem> {
    let range = create.relations.iter().find_map(|relation| match &relation.node {
        Some(node::Node::RangeVar(range)) => Some(range),
        _ => None,
    });
    let table = existing(range, catalog)?;
    let name = dotted(&create.defnames);
    Ok(vec![Change::Setting(Setting {
        what: format!("create statistics {name} on {}", table.shown()),
        sql: sql.to_owned(),
        kind: SettingKind::Statistics,
        reverse: if name.is_empty() {
            Err("its name is PostgreSQL's choice".to_owned())
        } else {
            Ok(format!("DROP STATISTICS {name}"))
        },
        effect: None,
        table,
    })])
}
