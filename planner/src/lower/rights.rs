//! GRANT, REVOKE and COMMENT: with what takes them back, as far as the catalog tells.

use super::{deparse, qualified, rolespec, schema, strings};
use crate::catalog::{Catalog, Column, Table};
use crate::change::{Change, Effect, Setting, SettingKind};
use crate::footprint::Footprint;
use crate::problem::Problem;
use concertina_revisions::tree::{CommentStmt, DropBehavior, GrantStmt, GrantTargetType, NodeEnum, ObjectType, node};
use concertina_revisions::{Ident, TableName};

/// The letters by which PostgreSQL keeps the rights on a table. Source: the manual's table of privilege abbreviations.
const LETTERS: [(char, &str); 8] = [
    ('r', "SELECT"),
    ('a', "INSERT"),
    ('w', "UPDATE"),
    ('d', "DELETE"),
    ('D', "TRUNCATE"),
    ('x', "REFERENCES"),
    ('t', "TRIGGER"),
    ('m', "MAINTAIN"),
];

/// The first `server_version_num` with MAINTAIN.
const MAINTAIN_SINCE: u32 = 170_000;

/// GRANT and REVOKE on tables, a change for each; nothing for other objects.
pub(super) fn grant(grant: &GrantStmt, catalog: &Catalog) -> Result<Option<Vec<Change>>, Problem> {
    if grant.objtype() != ObjectType::ObjectTable || grant.targtype() != GrantTargetType::AclTargetObject {
        return Ok(None);
    }
    let (kind, word) = if grant.is_grant { (SettingKind::Grant, "grant") } else { (SettingKind::Revoke, "revoke") };
    let mut changes = Vec::new();
    for object in &grant.objects {
        let Some(node::Node::RangeVar(range)) = &object.node else { return Ok(None) };
        let Some(table) = catalog.resolve(schema(range), &range.relname) else { return Ok(None) };
        let alone = GrantStmt { objects: vec![object.clone()], ..grant.clone() };
        changes.push(Change::Setting(Setting {
            what: format!("{word} rights on {}", table.shown()),
            sql: deparse::statement(&NodeEnum::GrantStmt(alone))?,
            kind,
            reverse: catalog
                .table(&table)
                .and_then(|known| back(grant, known, catalog))
                .ok_or_else(|| format!("which rights on {} were there before isn't known", table.shown())),
            effect: None,
            touches: Footprint::default(),
            other: None,
            table,
        }));
    }
    Ok(Some(changes))
}

/// What gives and takes exactly the rights that the statement takes and gives.
fn back(grant: &GrantStmt, table: &Table, catalog: &Catalog) -> Option<String> {
    if grant.grant_option || grant.grantor.is_some() || grant.behavior() == DropBehavior::DropCascade {
        return None;
    }
    let wanted = privileges(grant, catalog)?;
    let mut statements = Vec::new();
    for grantee in &grant.grantees {
        let Some(node::Node::RoleSpec(role)) = &grantee.node else { return None };
        let role = rolespec(role)?;
        if role == table.owner {
            return None;
        }
        let held = held(&role, table.rights.as_ref())?;
        // Of these, GRANT gives what isn't held, and REVOKE takes what is.
        let changed: Vec<&str> = wanted.iter().copied().filter(|one| held.contains(one) != grant.is_grant).collect();
        if changed.is_empty() {
            continue;
        }
        let (list, name) = (changed.join(", "), table.full_name().sql());
        let role = if role.is_empty() { "PUBLIC".to_owned() } else { Ident::new(role).sql() };
        statements.push(if grant.is_grant {
            format!("REVOKE {list} ON {name} FROM {role}")
        } else {
            format!("GRANT {list} ON {name} TO {role}")
        });
    }
    Some(statements.join("; "))
}

/// The rights that a statement names; nothing when it names columns.
fn privileges(grant: &GrantStmt, catalog: &Catalog) -> Option<Vec<&'static str>> {
    if grant.privileges.is_empty() {
        // ALL: what older servers don't have is no right that they could give.
        let has = |name: &&str| *name != "MAINTAIN" || catalog.server_version >= MAINTAIN_SINCE;
        return Some(LETTERS.iter().map(|(_, name)| *name).filter(has).collect());
    }
    grant
        .privileges
        .iter()
        .map(|node| match &node.node {
            Some(node::Node::AccessPriv(right)) if right.cols.is_empty() => {
                LETTERS.iter().map(|(_, name)| *name).find(|name| name.eq_ignore_ascii_case(&right.priv_name))
            }
            _ => None,
        })
        .collect()
}

/// What grants the rights on a table, of others than its owner, on the view that takes its name.
pub(crate) fn grants(view: &TableName, table: &Table) -> Vec<String> {
    granted(table.rights.as_ref(), &table.owner, |list, role| {
        format!("GRANT {} ON {} TO {role}", list.join(", "), view.sql())
    })
}

/// What grants the rights on a column on the one that takes its place.
pub(crate) fn column_grants(table: &Table, column: &Column, to: &Ident) -> Vec<String> {
    let name = table.full_name().sql();
    granted(column.rights.as_ref(), "", |list, role| {
        let each: Vec<String> = list.iter().map(|right| format!("{right} ({})", to.sql())).collect();
        format!("GRANT {} ON {name} TO {role}", each.join(", "))
    })
}

fn granted(
    items: Option<&Vec<String>>,
    owner: &str,
    statement: impl Fn(&[&'static str], &str) -> String,
) -> Vec<String> {
    let mut statements = Vec::new();
    for item in items.into_iter().flatten() {
        let Some((name, letters)) = item.rfind('=').map(|at| (unquoted(&item[..at]), &item[at + 1..])) else {
            continue;
        };
        if !owner.is_empty() && name == owner {
            continue;
        }
        let role = if name.is_empty() { "PUBLIC".to_owned() } else { Ident::new(name).sql() };
        let (with_option, without): (Vec<_>, Vec<_>) = letters_of(letters).into_iter().partition(|(_, option)| *option);
        for (rights, suffix) in [(without, ""), (with_option, " WITH GRANT OPTION")] {
            let list: Vec<&'static str> = rights.into_iter().map(|(right, _)| right).collect();
            if !list.is_empty() {
                statements.push(format!("{}{suffix}", statement(&list, &role)));
            }
        }
    }
    statements
}

/// The rights of an access control item, `ar*w/owner`, and whether each may be handed on.
fn letters_of(item: &str) -> Vec<(&'static str, bool)> {
    let letters = item.split('/').next().unwrap_or_default();
    let held = LETTERS.iter().filter_map(|(letter, name)| {
        let at = letters.find(*letter)?;
        Some((*name, letters[at + 1..].starts_with('*')))
    });
    held.collect()
}

fn unquoted(role: &str) -> String {
    role.trim_matches('"').replace("\"\"", "\"")
}

/// The rights that a role holds by name; nothing when it may hand some of them on.
fn held(role: &str, items: Option<&Vec<String>>) -> Option<Vec<&'static str>> {
    let item = items.into_iter().flatten().find_map(|item| {
        let (name, rest) = item.split_at(item.rfind('=')?);
        (unquoted(name) == role).then(|| rest[1..].split('/').next().unwrap_or_default().to_owned())
    });
    let letters = item.unwrap_or_default();
    if letters.contains('*') {
        return None;
    }
    Some(LETTERS.iter().filter(|(letter, _)| letters.contains(*letter)).map(|(_, name)| *name).collect())
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
    let new = Some(comment.comment.clone()).filter(|text| !text.is_empty());
    let (reverse, effect) = former(comment.objtype(), &parts, &table, new, catalog)
        .map_or((Err("the former comment isn't known".to_owned()), None), |(sql, effect)| (Ok(sql), Some(effect)));
    Some(vec![Change::Setting(Setting {
        other: None,
        what: format!("comment on {}", parts.join(".")),
        sql: sql.to_owned(),
        kind: SettingKind::Comment,
        reverse,
        effect,
        touches: Footprint::default(),
        table,
    })])
}

/// The COMMENT that was there before, and what the catalog knows from now on.
fn former(
    kind: ObjectType,
    parts: &[String],
    table: &TableName,
    new: Option<String>,
    catalog: &Catalog,
) -> Option<(String, Effect)> {
    let known = catalog.table(table)?;
    let text =
        |old: &Option<String>| old.as_ref().map_or_else(|| "NULL".to_owned(), |old| Ident::new(old.as_str()).literal());
    match kind {
        ObjectType::ObjectTable => {
            Some((format!("COMMENT ON TABLE {} IS {}", table.sql(), text(&known.comment)), Effect::Comment(None, new)))
        }
        ObjectType::ObjectColumn => {
            let column = Ident::new(parts.last()?.as_str());
            let old = known.get(&column)?;
            Some((
                format!("COMMENT ON COLUMN {}.{} IS {}", table.sql(), column.sql(), text(&old.comment)),
                Effect::Comment(Some(old.name.clone()), new),
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_from_access_control_items() {
        let items = vec!["app=arw/owner".to_owned(), "=r/owner".to_owned(), "\"odd \"\"one\"=d*/owner".to_owned()];
        assert_eq!(held("app", Some(&items)).unwrap(), ["SELECT", "INSERT", "UPDATE"]);
        assert_eq!(held("", Some(&items)).unwrap(), ["SELECT"]);
        assert_eq!(held("odd \"one", Some(&items)), None, "it may hand its right on");
        assert!(held("nobody", Some(&items)).unwrap().is_empty());
        let given = granted(Some(&items), "owner", |list, role| format!("GRANT {} TO {role}", list.join(", ")));
        assert_eq!(
            given,
            [
                "GRANT SELECT, INSERT, UPDATE TO app",
                "GRANT SELECT TO PUBLIC",
                "GRANT DELETE TO \"odd \"\"one\" WITH GRANT OPTION"
            ]
        );
    }
}
