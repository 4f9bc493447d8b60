//! From what is to what is wanted, of one part, without dropping it where PostgreSQL can.

use super::rights::{default_privileges, rights};
use super::schema::{Column, Facts, Setting, Thing};
use super::{Statement, hazard, plain};

/// How a part becomes another.
pub(super) enum Change {
    /// By statements.
    By(Vec<Statement>),
    /// It is dropped and made again.
    Again,
    /// Another type takes its name, and columns are cast to it.
    Replaced,
    /// Nothing leads there that keeps the rows.
    Never,
}

/// The change of a part.
pub(super) fn change(there: &Thing, wanted: &Thing) -> Change {
    let name = &wanted.object.name;
    let table = &wanted.object.table;
    match (&there.facts, &wanted.facts) {
        (Facts::Column(old), Facts::Column(new)) => column(wanted, old, new),
        (Facts::Sequence { .. }, Facts::Sequence { .. }) => sequence(there, wanted),
        (Facts::Identity { .. }, Facts::Identity { .. }) => {
            Change::By(plain(identity(there, wanted)))
        }
        (Facts::Enum { labels: old }, Facts::Enum { labels: new }) => labels(name, old, new),
        (Facts::Domain { .. }, Facts::Domain { .. }) => domain(there, wanted),
        (Facts::Composite { attributes: old }, Facts::Composite { attributes: new }) => {
            attributes(name, old, new)
        }
        (Facts::Settings { .. }, Facts::Settings { .. }) => settings(there, wanted),
        (Facts::View { .. }, Facts::View { .. }) => view(there, wanted),
        (Facts::Routine { .. }, Facts::Routine { .. }) => routine(there, wanted),
        (
            Facts::Constraint {
                base,
                validated: false,
                ..
            },
            Facts::Constraint {
                base: new,
                validated: true,
                local: true,
                ..
            },
        ) if base == new => Change::By(plain(vec![format!(
            "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
        )])),
        (Facts::Partition { parent }, Facts::Partition { .. }) => Change::By(plain(vec![
            format!("ALTER TABLE {parent} DETACH PARTITION {table}"),
            wanted.sql.clone(),
        ])),
        (Facts::Policy { .. }, Facts::Policy { .. }) => policy(there, wanted),
        (Facts::Extension { .. }, Facts::Extension { .. }) => extension(there, wanted),
        (Facts::Rights { .. }, Facts::Rights { .. }) => {
            Change::By(rights(Some(there), Some(wanted)))
        }
        (Facts::DefaultPrivileges { .. }, Facts::DefaultPrivileges { .. }) => {
            Change::By(default_privileges(Some(there), Some(wanted)))
        }
        _ => match wanted.kind() {
            "default" | "owner of sequence" | "comment" | "security label" | "replica identity"
            | "UNLOGGED" => Change::By(plain(vec![wanted.sql.clone()])),
            // What makes it is left out where it is whoever makes it.
            "owner" => Change::By(plain(vec![wanted.object.definition.clone()])),
            "order of columns" | "range type" | "base type" => Change::Never,
            _ => Change::Again,
        },
    }
}

fn sequence(there: &Thing, wanted: &Thing) -> Change {
    let (
        Facts::Sequence { unlogged: was, .. },
        Facts::Sequence {
            r#type,
            options,
            unlogged,
        },
    ) = (&there.facts, &wanted.facts)
    else {
        return Change::Again;
    };
    let name = &wanted.object.name;
    let options = options.join(" ");
    let mut sql = vec![format!("ALTER SEQUENCE {name} AS {type} {options}")];
    if was != unlogged {
        let word = if *unlogged { "UNLOGGED" } else { "LOGGED" };
        sql.push(format!("ALTER SEQUENCE {name} SET {word}"));
    }
    Change::By(plain(sql))
}

/// Settings of something that stays what it is.
fn settings(there: &Thing, wanted: &Thing) -> Change {
    let (
        Facts::Settings {
            base: old,
            settings: was,
        },
        Facts::Settings {
            base: new,
            settings,
        },
    ) = (&there.facts, &wanted.facts)
    else {
        return Change::Again;
    };
    match (old == new, wanted.kind()) {
        (true, _) => Change::By(plain(set(was, settings))),
        (false, "table") => Change::Never,
        (false, _) => Change::Again,
    }
}

/// A function is replaced where those that call it and name its arguments can go on.
fn routine(there: &Thing, wanted: &Thing) -> Change {
    let (
        Facts::Routine {
            result,
            names,
            modes,
            defaults,
        },
        Facts::Routine {
            result: new,
            names: called,
            modes: ways,
            defaults: more,
        },
    ) = (&there.facts, &wanted.facts)
    else {
        return Change::Again;
    };
    let names_stay = names == called || names.is_empty();
    if result == new && modes == ways && defaults <= more && names_stay {
        Change::By(plain(vec![replacing(&wanted.sql)]))
    } else {
        Change::Again
    }
}

fn extension(there: &Thing, wanted: &Thing) -> Change {
    let (
        Facts::Extension {
            schema: old,
            version: older,
        },
        Facts::Extension { schema, version },
    ) = (&there.facts, &wanted.facts)
    else {
        return Change::Again;
    };
    let name = &wanted.object.name;
    let mut sql = Vec::new();
    if old != schema {
        sql.push(format!("ALTER EXTENSION {name} SET SCHEMA {schema}"));
    }
    if older != version {
        sql.push(format!("ALTER EXTENSION {name} UPDATE TO {version}"));
    }
    Change::By(plain(sql))
}

/// A statement that makes something, so that it may be there already.
fn replacing(sql: &str) -> String {
    let without = sql
        .strip_prefix("CREATE OR REPLACE ")
        .or_else(|| sql.strip_prefix("CREATE "))
        .unwrap_or(sql);
    format!("CREATE OR REPLACE {without}")
}

/// Settings that go, then those that come. They stand in the order in which they were set.
fn set(old: &[Setting], new: &[Setting]) -> Vec<String> {
    let kept: Vec<&Setting> = old.iter().filter(|one| new.contains(one)).collect();
    if kept.iter().zip(new).any(|(old, new)| *old != new) {
        return old
            .iter()
            .map(|one| one.reset.clone())
            .chain(new.iter().map(|one| one.set.clone()))
            .collect();
    }
    let gone = old
        .iter()
        .filter(|one| !new.iter().any(|other| other.key == one.key))
        .map(|one| one.reset.clone());
    gone.chain(
        new.iter()
            .filter(|one| !old.contains(one))
            .map(|one| one.set.clone()),
    )
    .collect()
}

/// The statements that undo every setting of a part.
pub(super) fn unset(thing: &Thing) -> Option<Vec<String>> {
    match &thing.facts {
        Facts::Settings { base, settings } if base.is_empty() => Some(set(settings, &[])),
        _ => None,
    }
}

fn column(wanted: &Thing, old: &Column, new: &Column) -> Change {
    let (table, name) = (&wanted.object.table, &wanted.object.name);
    let alter = |what: &str| format!("ALTER TABLE {table} ALTER COLUMN {name} {what}");
    if old.generated != new.generated {
        if old.generated.is_some() && new.generated.is_none() && old.r#type == new.r#type {
            return Change::By(plain(vec![alter("DROP EXPRESSION")]));
        }
        return if new.inherited {
            Change::By(vec![])
        } else {
            Change::Again
        };
    }
    let mut sql = Vec::new();
    if old.r#type != new.r#type && !new.inherited {
        sql.extend(retype(wanted, old, new, false));
    }
    match (old.not_null, new.not_null) {
        (false, true) if !(new.inherited && new.inherits_not_null) => {
            sql.push(Statement::plain(not_null(wanted, new)));
        }
        (true, false) => sql.push(Statement::plain(alter("DROP NOT NULL"))),
        (true, true) => {
            if let (Some(was), Some(name)) = (&old.not_null_name, &new.not_null_name)
                && was != name
            {
                sql.push(Statement::plain(format!(
                    "ALTER TABLE {table} RENAME CONSTRAINT {was} TO {name}"
                )));
            }
        }
        _ => {}
    }
    Change::By(sql)
}

/// NOT NULL, under its name where it has one of its own.
fn not_null(wanted: &Thing, new: &Column) -> String {
    let (table, name) = (&wanted.object.table, &wanted.object.name);
    match &new.not_null_name {
        Some(own) => format!("ALTER TABLE {table} ADD CONSTRAINT {own} NOT NULL {name}"),
        None => format!("ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL"),
    }
}

/// A column of another type, and its default with it; through text where nothing else leads there.
pub(super) fn retype(
    wanted: &Thing,
    old: &Column,
    new: &Column,
    through_text: bool,
) -> Vec<Statement> {
    let (table, name) = (&wanted.object.table, &wanted.object.name);
    let alter = |what: String| format!("ALTER TABLE {table} ALTER COLUMN {name} {what}");
    let mut sql = Vec::new();
    if old.default.is_some() {
        sql.push(Statement::plain(alter("DROP DEFAULT".to_owned())));
    }
    let r#type = &new.r#type;
    let array = if new.is_array { "text[]" } else { "text" };
    let text = if through_text {
        format!("::{array}")
    } else {
        String::new()
    };
    let cast = &new.cast;
    let using = if new.generated.is_some() {
        String::new()
    } else {
        format!(" USING {name}{text}::{cast}")
    };
    let written = alter(format!("TYPE {type}{using}"));
    sql.push(match hazard::of_cast(old, new, through_text) {
        Some(hazard) => Statement {
            hazard: Some(hazard),
            sql: written,
        },
        None => Statement::plain(written),
    });
    if let Some(default) = &new.default {
        sql.push(Statement::plain(alter(format!("SET DEFAULT {default}"))));
    }
    sql
}

fn identity(there: &Thing, wanted: &Thing) -> Vec<String> {
    let (
        Facts::Identity {
            mode: was,
            sequence: from,
            schema: from_schema,
            options: old,
            ..
        },
        Facts::Identity {
            mode,
            sequence,
            schema,
            own_name,
            options,
            ..
        },
    ) = (&there.facts, &wanted.facts)
    else {
        return vec![];
    };
    let mut sql = Vec::new();
    if from_schema != schema {
        sql.push(format!("ALTER SEQUENCE {from} SET SCHEMA {schema}"));
    } else if from != sequence {
        sql.push(format!("ALTER SEQUENCE {from} RENAME TO {own_name}"));
    }
    let mut what: Vec<String> = Vec::new();
    if was != mode {
        what.push(format!("SET GENERATED {mode}"));
    }
    what.extend(
        options
            .iter()
            .filter(|option| !old.contains(option))
            .map(|option| format!("SET {option}")),
    );
    if !what.is_empty() {
        let (table, name) = (&wanted.object.table, &wanted.object.name);
        sql.push(format!(
            "ALTER TABLE {table} ALTER COLUMN {name} {}",
            what.join(" ")
        ));
    }
    sql
}

/// Labels that an enum has more, each at its place; where one goes, another type takes the name.
fn labels(name: &str, old: &[String], new: &[String]) -> Change {
    let kept: Vec<&String> = new.iter().filter(|label| old.contains(label)).collect();
    if kept.len() != old.len() || kept.iter().zip(old).any(|(kept, old)| *kept != old) {
        return Change::Replaced;
    }
    let mut sql = Vec::new();
    for (at, label) in new
        .iter()
        .enumerate()
        .filter(|(_, label)| !old.contains(label))
    {
        let place = match (at.checked_sub(1), old.first()) {
            (Some(before), _) => format!(" AFTER {}", new[before]),
            (None, Some(first)) => format!(" BEFORE {first}"),
            (None, None) => String::new(),
        };
        sql.push(format!("ALTER TYPE {name} ADD VALUE {label}{place}"));
    }
    Change::By(plain(sql))
}

fn domain(there: &Thing, wanted: &Thing) -> Change {
    let (
        Facts::Domain {
            base: from,
            default: was,
            not_null: refused,
            constraints: old,
        },
        Facts::Domain {
            base,
            default,
            not_null,
            constraints: new,
        },
    ) = (&there.facts, &wanted.facts)
    else {
        return Change::Again;
    };
    if from != base {
        return Change::Replaced;
    }
    let alter = |what: String| format!("ALTER DOMAIN {} {what}", wanted.object.name);
    let mut sql = Vec::new();
    let gone = old.iter().filter(|one| !new.contains(one));
    sql.extend(gone.map(|(name, _)| alter(format!("DROP CONSTRAINT {name}"))));
    if was != default {
        sql.push(alter(
            default.as_ref().map_or("DROP DEFAULT".to_owned(), |value| {
                format!("SET DEFAULT {value}")
            }),
        ));
    }
    if refused != not_null {
        sql.push(alter(format!(
            "{} NOT NULL",
            if *not_null { "SET" } else { "DROP" }
        )));
    }
    let come = new.iter().filter(|one| !old.contains(one));
    sql.extend(come.map(|(name, definition)| alter(format!("ADD CONSTRAINT {name} {definition}"))));
    Change::By(plain(sql))
}

fn attributes(name: &str, old: &[(String, String)], new: &[(String, String)]) -> Change {
    let mut sql = Vec::new();
    for (attribute, _) in old
        .iter()
        .filter(|(own, _)| !new.iter().any(|(other, _)| other == own))
    {
        sql.push(Statement {
            hazard: Some(format!("the values of {attribute} in {name} are lost")),
            sql: format!("ALTER TYPE {name} DROP ATTRIBUTE {attribute}"),
        });
    }
    for (attribute, r#type) in new {
        match old.iter().find(|(own, _)| own == attribute) {
            None => sql.push(Statement::plain(format!(
                "ALTER TYPE {name} ADD ATTRIBUTE {attribute} {type}"
            ))),
            Some((_, was)) if was != r#type => {
                sql.push(Statement::plain(format!(
                    "ALTER TYPE {name} ALTER ATTRIBUTE {attribute} TYPE {type}"
                )));
            }
            Some(_) => {}
        }
    }
    Change::By(sql)
}

/// A view is replaced where it keeps its columns; then only its settings are changed where its
/// query stays.
fn view(there: &Thing, wanted: &Thing) -> Change {
    let (
        Facts::View {
            query: old,
            populated: was,
            settings,
            columns,
        },
        Facts::View {
            query,
            populated,
            settings: more,
            columns: wide,
        },
    ) = (&there.facts, &wanted.facts)
    else {
        return Change::Again;
    };
    let is_materialized = wanted.kind() == "materialized view";
    if old == query {
        let mut sql = set(settings, more);
        if is_materialized && was != populated {
            let how = if *populated { "" } else { " WITH NO DATA" };
            sql.push(format!(
                "REFRESH MATERIALIZED VIEW {}{how}",
                wanted.object.name
            ));
        }
        return Change::By(plain(sql));
    }
    if !is_materialized && wide.starts_with(columns) {
        return Change::By(plain(vec![replacing(&wanted.sql)]));
    }
    Change::Again
}

fn policy(there: &Thing, wanted: &Thing) -> Change {
    let (
        Facts::Policy {
            form: was,
            using: old,
            check: before,
            ..
        },
        Facts::Policy {
            form,
            roles,
            using,
            check,
        },
    ) = (&there.facts, &wanted.facts)
    else {
        return Change::Again;
    };
    if was != form || old.is_some() && using.is_none() || before.is_some() && check.is_none() {
        return Change::Again;
    }
    let clause = |word: &str, expression: &Option<String>| {
        expression.as_ref().map_or(String::new(), |expression| {
            format!(" {word} ({expression})")
        })
    };
    Change::By(plain(vec![format!(
        "ALTER POLICY {} ON {} TO {roles}{}{}",
        wanted.object.name,
        wanted.object.table,
        clause("USING", using),
        clause("WITH CHECK", check)
    )]))
}
