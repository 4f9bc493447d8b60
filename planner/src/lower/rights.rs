//! GRANT, REVOKE and COMMENT: with what takes them back, as far as the catalog tells.

use super::{deparse, qualified, rolespec, schema, strings};
use crate::catalog::{Catalog, Column, Table};
use crate::change::{Change, Effect, Setting, SettingKind};
use crate::footprint::Footprint;
use crate::problem::Problem;
use concertina_revisions::tree::{
    CommentStmt, DropBehavior, GrantStmt, GrantTargetType, NodeEnum, ObjectType, node,
};
use concertina_revisions::{Ident, TableName};

/// The letters by which PostgreSQL keeps the rights on a table. Source: the manual's table of
/// privilege abbreviations.
pub(super) const LETTERS: [(char, &str); 8] = [
    ('r', "SELECT"),
    ('a', "INSERT"),
    ('w', "UPDATE"),
    ('d', "DELETE"),
    ('D', "TRUNCATE"),
    ('x', "REFERENCES"),
    ('t', "TRIGGER"),
    ('m', "MAINTAIN"),
];

/// Those that can be given on columns. Source: the manual's page on GRANT.
const OF_COLUMNS: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "REFERENCES"];

/// The first `server_version_num` with MAINTAIN.
const MAINTAIN_SINCE: u32 = 170_000;

/// GRANT and REVOKE on tables, a change for each; nothing for other objects.
pub(super) fn grant(grant: &GrantStmt, catalog: &Catalog) -> Result<Option<Vec<Change>>, Problem> {
    if grant.objtype() != ObjectType::ObjectTable
        || grant.targtype() != GrantTargetType::AclTargetObject
    {
        return Ok(None);
    }
    let (kind, word) = if grant.is_grant {
        (SettingKind::Grant, "grant")
    } else {
        (SettingKind::Revoke, "revoke")
    };
    let mut changes = Vec::new();
    for object in &grant.objects {
        let Some(node::Node::RangeVar(range)) = &object.node else {
            return Ok(None);
        };
        let Some(table) = catalog.resolve(schema(range), &range.relname) else {
            return Ok(None);
        };
        let alone = GrantStmt {
            objects: vec![object.clone()],
            ..grant.clone()
        };
        changes.push(Change::Setting(Setting {
            what: format!("{word} rights on {}", table.shown()),
            sql: deparse::statement(&NodeEnum::GrantStmt(alone))?,
            kind,
            reverse: catalog
                .table(&table)
                .and_then(|known| back(grant, known, catalog))
                .ok_or_else(|| {
                    format!(
                        "which rights on {} were there before isn't known",
                        table.shown()
                    )
                }),
            effect: catalog
                .table(&table)
                .and_then(|known| super::acl::after(grant, known, catalog)),
            touches: Footprint::default(),
            other: None,
            table,
        }));
    }
    Ok(Some(changes))
}

/// What gives and takes exactly the rights that the statement takes and gives.
fn back(grant: &GrantStmt, table: &Table, catalog: &Catalog) -> Option<String> {
    if grant.grantor.is_some() || grant.behavior() == DropBehavior::DropCascade {
        return None;
    }
    let wanted = privileges(grant, table, catalog)?;
    let mut statements = Vec::new();
    for grantee in &grant.grantees {
        let Some(node::Node::RoleSpec(role)) = &grantee.node else {
            return None;
        };
        let role = rolespec(role)?;
        if role == table.owner {
            return None;
        }
        let mut back = Back::default();
        for (right, column) in &wanted {
            back.add(grant, right, *column, &role, table)?;
        }
        statements.extend(back.statements(&table.full_name().sql(), &role));
    }
    Some(statements.join("; "))
}

/// What takes a grant or a revocation back for one role: each right with the column that it is of.
#[derive(Default)]
struct Back {
    revoked: Vec<String>,
    option_revoked: Vec<String>,
    granted: Vec<String>,
    granted_with_option: Vec<String>,
}

impl Back {
    /// Nothing where another than the owner has given the role a right: who gives it again would be
    /// another.
    fn add(
        &mut self,
        grant: &GrantStmt,
        right: &'static str,
        column: Option<&Column>,
        role: &str,
        table: &Table,
    ) -> Option<()> {
        let items = column.map_or(table.rights.as_ref(), |column| column.rights.as_ref());
        let before = held(right, role, items, &table.owner)?;
        let named = of_column(right, column);
        let takes = match (grant.is_grant, before) {
            (true, Held::No) => {
                self.revoked.push(named);
                true
            }
            (true, Held::Yes) if grant.grant_option => {
                self.option_revoked.push(named);
                true
            }
            (false, Held::WithOption) => {
                self.granted_with_option.push(named);
                false
            }
            (false, Held::Yes) if !grant.grant_option => {
                self.granted.push(named);
                false
            }
            (true, Held::Yes | Held::WithOption) | (false, Held::Yes | Held::No) => false,
        };
        // A right on the table is taken with those on its columns.
        for one in table
            .columns
            .iter()
            .filter(|_| column.is_none() && (takes || !grant.is_grant))
        {
            match held(right, role, one.rights.as_ref(), &table.owner)? {
                Held::No => {}
                Held::Yes => self.granted.push(of_column(right, Some(one))),
                Held::WithOption => self.granted_with_option.push(of_column(right, Some(one))),
            }
        }
        Some(())
    }

    fn statements(&self, table: &str, role: &str) -> Vec<String> {
        let role = if role.is_empty() {
            "PUBLIC".to_owned()
        } else {
            Ident::new(role).sql()
        };
        let each = [
            (&self.revoked, "REVOKE ", " FROM ", ""),
            (
                &self.option_revoked,
                "REVOKE GRANT OPTION FOR ",
                " FROM ",
                "",
            ),
            (&self.granted, "GRANT ", " TO ", ""),
            (
                &self.granted_with_option,
                "GRANT ",
                " TO ",
                " WITH GRANT OPTION",
            ),
        ];
        let some = each.into_iter().filter(|(rights, ..)| !rights.is_empty());
        some.map(|(rights, begin, to, end)| {
            format!("{begin}{} ON {table}{to}{role}{end}", rights.join(", "))
        })
        .collect()
    }
}

fn of_column(right: &str, column: Option<&Column>) -> String {
    let of = |column: &Column| format!("{right} ({})", Ident::new(column.name.as_str()).sql());
    column.map_or_else(|| right.to_owned(), of)
}

/// The rights that a statement names, each with the column that it names it of; nothing when it
/// names one that isn't there.
pub(super) fn privileges<'a>(
    grant: &GrantStmt,
    table: &'a Table,
    catalog: &Catalog,
) -> Option<Vec<(&'static str, Option<&'a Column>)>> {
    // ALL: what older servers don't have is no right that they could give.
    let has = |name: &&str| *name != "MAINTAIN" || catalog.server_version >= MAINTAIN_SINCE;
    let all = || LETTERS.iter().map(|(_, name)| *name).filter(has);
    if grant.privileges.is_empty() {
        return Some(all().map(|right| (right, None)).collect());
    }
    let mut named = Vec::new();
    for node in &grant.privileges {
        let Some(node::Node::AccessPriv(right)) = &node.node else {
            return None;
        };
        let columns = strings(&right.cols);
        let columns: Vec<Option<&Column>> = match columns.as_slice() {
            [] => vec![None],
            some => some
                .iter()
                .map(|name| table.get(&Ident::new(name.as_str())).map(Some))
                .collect::<Option<_>>()?,
        };
        let rights: Vec<&'static str> = if right.priv_name.is_empty() {
            all().filter(|right| OF_COLUMNS.contains(right)).collect()
        } else {
            vec![all().find(|name| name.eq_ignore_ascii_case(&right.priv_name))?]
        };
        named.extend(
            rights
                .into_iter()
                .flat_map(|right| columns.iter().map(move |column| (right, *column))),
        );
    }
    Some(named)
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
        let each: Vec<String> = list
            .iter()
            .map(|right| format!("{right} ({})", to.sql()))
            .collect();
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
        let Some((name, letters)) = item
            .rfind('=')
            .map(|at| (unquoted(&item[..at]), &item[at + 1..]))
        else {
            continue;
        };
        if !owner.is_empty() && name == owner {
            continue;
        }
        let role = if name.is_empty() {
            "PUBLIC".to_owned()
        } else {
            Ident::new(name).sql()
        };
        let (with_option, without): (Vec<_>, Vec<_>) = letters_of(letters)
            .into_iter()
            .partition(|(_, option)| *option);
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
pub(super) fn letters_of(item: &str) -> Vec<(&'static str, bool)> {
    let letters = item.split('/').next().unwrap_or_default();
    let held = LETTERS.iter().filter_map(|(letter, name)| {
        let at = letters.find(*letter)?;
        Some((*name, letters[at + 1..].starts_with('*')))
    });
    held.collect()
}

pub(super) fn unquoted(role: &str) -> String {
    role.trim_matches('"').replace("\"\"", "\"")
}

/// Whether a role holds a right, and may hand it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    No,
    Yes,
    WithOption,
}

/// Whether a role holds a right; nothing when another than the owner gave it some.
fn held(right: &str, role: &str, items: Option<&Vec<String>>, owner: &str) -> Option<Held> {
    for item in items.into_iter().flatten() {
        let (name, rest) = item.split_at(item.rfind('=')?);
        if unquoted(name) != role {
            continue;
        }
        let (letters, grantor) = rest[1..].split_once('/')?;
        if unquoted(grantor) != owner {
            return None;
        }
        let found = letters_of(letters)
            .into_iter()
            .find(|(name, _)| *name == right);
        return Some(match found {
            None => Held::No,
            Some((_, false)) => Held::Yes,
            Some((_, true)) => Held::WithOption,
        });
    }
    Some(Held::No)
}

/// COMMENT ON a table or a part of one; nothing for other objects.
pub(super) fn comment(comment: &CommentStmt, sql: &str, catalog: &Catalog) -> Option<Vec<Change>> {
    let Some(node::Node::List(list)) = comment
        .object
        .as_ref()
        .and_then(|object| object.node.as_ref())
    else {
        return None;
    };
    let parts = strings(&list.items);
    let relation = match comment.objtype() {
        ObjectType::ObjectTable | ObjectType::ObjectIndex => parts.as_slice(),
        ObjectType::ObjectColumn
        | ObjectType::ObjectTabconstraint
        | ObjectType::ObjectTrigger
        | ObjectType::ObjectPolicy => parts.split_last()?.1,
        _ => return None,
    };
    let (schema, name) = qualified(relation);
    let table = match comment.objtype() {
        ObjectType::ObjectIndex => catalog.index(schema, name)?.0.full_name(),
        _ => catalog.resolve(schema, name)?,
    };
    let new = Some(comment.comment.clone()).filter(|text| !text.is_empty());
    let (reverse, effect) = former(comment.objtype(), &parts, &table, new, catalog).map_or(
        (Err("the former comment isn't known".to_owned()), None),
        |(sql, effect)| (Ok(sql), Some(effect)),
    );
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
    let text = |old: &Option<String>| {
        old.as_ref().map_or_else(
            || "NULL".to_owned(),
            |old| Ident::new(old.as_str()).literal(),
        )
    };
    match kind {
        ObjectType::ObjectTable => Some((
            format!(
                "COMMENT ON TABLE {} IS {}",
                table.sql(),
                text(&known.comment)
            ),
            Effect::Comment(None, new),
        )),
        ObjectType::ObjectColumn => {
            let column = Ident::new(parts.last()?.as_str());
            let old = known.get(&column)?;
            Some((
                format!(
                    "COMMENT ON COLUMN {}.{} IS {}",
                    table.sql(),
                    column.sql(),
                    text(&old.comment)
                ),
                Effect::Comment(Some(old.name.clone()), new),
            ))
        }
        ObjectType::ObjectTabconstraint => {
            let name = Ident::new(parts.last()?.as_str());
            let old = known.constraint(&name)?;
            Some((
                format!(
                    "COMMENT ON CONSTRAINT {} ON {} IS {}",
                    name.sql(),
                    table.sql(),
                    text(&old.comment)
                ),
                Effect::ConstraintComment(old.name.clone(), new),
            ))
        }
        ObjectType::ObjectIndex => {
            let name = parts.last()?;
            let old = known.indexes.iter().find(|one| one.name == *name)?;
            let full = TableName::new(old.schema.as_str(), old.name.as_str());
            Some((
                format!("COMMENT ON INDEX {} IS {}", full.sql(), text(&old.comment)),
                Effect::IndexComment(old.name.clone(), new),
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
        let items = vec![
            "app=arw/owner".to_owned(),
            "=r/owner".to_owned(),
            "\"odd \"\"one\"=d*/owner".to_owned(),
        ];
        let asked = |right: &str, role: &str| held(right, role, Some(&items), "owner");
        assert_eq!(
            [asked("SELECT", "app"), asked("DELETE", "app")],
            [Some(Held::Yes), Some(Held::No)]
        );
        assert_eq!(
            [asked("SELECT", ""), asked("SELECT", "nobody")],
            [Some(Held::Yes), Some(Held::No)]
        );
        assert_eq!(asked("DELETE", "odd \"one"), Some(Held::WithOption));
        assert_eq!(
            held("SELECT", "app", Some(&items), "another"),
            None,
            "another gave it"
        );
        let given = granted(Some(&items), "owner", |list, role| {
            format!("GRANT {} TO {role}", list.join(", "))
        });
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
