//! The access control items of a table and its columns as GRANT and REVOKE leave them.

use super::rights::{LETTERS, letters_of, privileges, unquoted};
use super::rolespec;
use crate::catalog::{Catalog, Column, Table};
use crate::change::Effect;
use concertina_revisions::Ident;
use concertina_revisions::tree::{DropBehavior, GrantStmt, node};

/// What a table's entry says of rights behind the statement; nothing where that can't be told.
pub(super) fn after(grant: &GrantStmt, table: &Table, catalog: &Catalog) -> Option<Effect> {
    if grant.grantor.is_some() || grant.behavior() == DropBehavior::DropCascade {
        return None;
    }
    let wanted = privileges(grant, table, catalog)?;
    let roles: Option<Vec<String>> = grant
        .grantees
        .iter()
        .map(|one| match &one.node {
            Some(node::Node::RoleSpec(role)) => rolespec(role),
            _ => None,
        })
        .collect();
    let roles = roles?;
    let mut whole = Items::read(table.rights.as_ref(), &table.owner);
    let mut columns: Vec<(&Column, Items)> = table
        .columns
        .iter()
        .map(|column| (column, Items::read(column.rights.as_ref(), &table.owner)))
        .collect();
    for role in &roles {
        for (right, of) in &wanted {
            if of.is_none() {
                whole.change(grant, role, right);
            }
            for (column, items) in &mut columns {
                // A right on the table is taken with those on its columns.
                if of.is_some_and(|of| of.name == column.name) || (of.is_none() && !grant.is_grant)
                {
                    items.change(grant, role, right);
                }
            }
        }
    }
    let changed = |items: &Items, before: Option<&Vec<String>>| {
        let now = items.written();
        (now != before.cloned().unwrap_or_default()).then_some(now)
    };
    let of_table = changed(&whole, table.rights.as_ref()).map(|items| (None, items));
    let of_columns = columns.iter().filter_map(|(column, items)| {
        Some((
            Some(column.name.clone()),
            changed(items, column.rights.as_ref())?,
        ))
    });
    Some(Effect::Rights(
        of_table.into_iter().chain(of_columns).collect(),
    ))
}

/// Access control items: the role, its rights and whether each may be handed on, and who gave them.
struct Items {
    owner: String,
    all: Vec<Item>,
}

struct Item {
    role: String,
    held: Vec<(&'static str, bool)>,
    grantor: String,
}

impl Items {
    fn read(items: Option<&Vec<String>>, owner: &str) -> Items {
        let one = |item: &String| {
            let (role, rest) = item.split_at(item.rfind('=')?);
            let (letters, grantor) = rest[1..].split_once('/')?;
            Some(Item {
                role: unquoted(role),
                held: letters_of(letters),
                grantor: unquoted(grantor),
            })
        };
        Items {
            owner: owner.to_owned(),
            all: items.into_iter().flatten().filter_map(one).collect(),
        }
    }

    fn change(&mut self, grant: &GrantStmt, role: &str, right: &'static str) {
        let at = self
            .all
            .iter()
            .position(|one| one.role == role && one.grantor == self.owner);
        if grant.is_grant {
            let at = at.unwrap_or_else(|| {
                self.all.push(Item {
                    role: role.to_owned(),
                    held: vec![],
                    grantor: self.owner.clone(),
                });
                self.all.len() - 1
            });
            let held = &mut self.all[at].held;
            match held.iter_mut().find(|(known, _)| *known == right) {
                Some((_, option)) => *option |= grant.grant_option,
                None => held.push((right, grant.grant_option)),
            }
        } else if let Some(at) = at {
            let held = &mut self.all[at].held;
            if grant.grant_option {
                held.iter_mut()
                    .filter(|(known, _)| *known == right)
                    .for_each(|(_, option)| *option = false);
            } else {
                held.retain(|(known, _)| *known != right);
            }
        }
    }

    fn written(&self) -> Vec<String> {
        let some = self.all.iter().filter(|one| !one.held.is_empty());
        some.map(
            |Item {
                 role,
                 held,
                 grantor,
             }| {
                let name = |role: &str| {
                    if role.is_empty() {
                        String::new()
                    } else {
                        Ident::new(role).sql()
                    }
                };
                let letters: String = LETTERS
                    .iter()
                    .filter_map(|(letter, right)| {
                        let (_, option) = held.iter().find(|(known, _)| known == right)?;
                        Some(if *option {
                            format!("{letter}*")
                        } else {
                            letter.to_string()
                        })
                    })
                    .collect();
                format!("{}={letters}/{}", name(role), name(grantor))
            },
        )
        .collect()
    }
}
