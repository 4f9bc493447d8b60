//! The statements that lead from one inventory to another, as people would write them.

use super::{Difference, Inventory, Object, differences, is_relation};
use std::fmt::Write;

/// What a revision has to say so that a database that holds `there` comes to hold `wanted`.
pub fn statements(there: &Inventory, wanted: &Inventory) -> Vec<String> {
    let mut found = differences(there, wanted);
    let mut sql = Vec::new();
    // Views stand on the columns that they show: they go before, and come back after.
    let shown = views_of(&changing(&found), there);
    found.retain(|difference| !matches!(difference, Difference::Changed { there, .. } | Difference::Extra { there } if shown.contains(there)));
    sql.extend(shown.iter().rev().filter_map(drop));
    // What stands in the way of others goes first, the last made first.
    for object in found.iter().rev().filter_map(gone) {
        sql.extend(drop(object));
    }
    for difference in &found {
        match difference {
            Difference::Missing { wanted: object } => sql.extend(made(object, wanted)),
            Difference::Changed { there, wanted } => sql.extend(change(there, wanted)),
            Difference::Extra { .. } => {}
        }
    }
    for object in found.iter().rev().filter_map(extra) {
        sql.extend(drop(object));
    }
    let back = shown.iter().filter_map(|view| wanted.0.iter().find(|object| object.is(view)));
    sql.extend(back.flat_map(|view| made(view, wanted)));
    // Keys to tables that are made after them come last.
    let (keys, others): (Vec<String>, Vec<String>) = sql.into_iter().partition(|one| one.contains(" FOREIGN KEY ("));
    others.into_iter().chain(keys).collect()
}

/// The tables of which columns go or get another type.
fn changing(found: &[Difference]) -> Vec<&str> {
    let changed = found.iter().filter_map(|difference| match difference {
        Difference::Changed { there, .. } | Difference::Extra { there } => Some(there),
        Difference::Missing { .. } => None,
    });
    changed.filter(|object| object.kind == "column").map(|object| object.table.as_str()).collect()
}

/// The views that name one of these tables, or one of those views.
fn views_of(tables: &[&str], there: &Inventory) -> Vec<Object> {
    let mut named: Vec<String> = tables.iter().map(|table| (*table).to_owned()).collect();
    let mut views = Vec::new();
    for view in there.0.iter().filter(|object| matches!(object.kind.as_str(), "view" | "materialized view")) {
        if named.iter().any(|name| view.definition.contains(name.as_str())) {
            named.push(view.name.clone());
            views.push(view.clone());
        }
    }
    views
}

/// What is made anew in another form.
fn gone(difference: &Difference) -> Option<&Object> {
    match difference {
        Difference::Changed { there, .. } if is_remade(there) => Some(there),
        _ => None,
    }
}

fn extra(difference: &Difference) -> Option<&Object> {
    match difference {
        Difference::Extra { there } => Some(there),
        _ => None,
    }
}

fn is_remade(object: &Object) -> bool {
    matches!(
        object.kind.as_str(),
        "constraint"
            | "index"
            | "trigger"
            | "policy"
            | "materialized view"
            | "domain"
            | "sequence"
            | "statistics"
            | "composite type"
    )
}

/// Whether it is told inside of CREATE TABLE.
fn is_inside(object: &Object) -> bool {
    object.kind == "column" || (object.kind == "constraint" && !object.definition.starts_with("FOREIGN KEY"))
}

/// What makes an object, and what stands on it.
fn made(object: &Object, wanted: &Inventory) -> Vec<String> {
    let first = if object.kind == "table" { table(object, wanted) } else { create(object) };
    let own = wanted.0.iter().filter(|one| is_relation(object) && one.table == object.name && !is_inside(one));
    std::iter::once(first).chain(own.map(create)).collect()
}

fn table(table: &Object, wanted: &Inventory) -> String {
    let own = wanted.0.iter().filter(|object| object.table == table.name && is_inside(object));
    let parts: Vec<String> = own
        .map(|part| match part.kind.as_str() {
            "column" => format!("    {} {}", part.name, part.definition),
            _ => format!("    CONSTRAINT {} {}", part.name, part.definition),
        })
        .collect();
    let mut sql = format!("CREATE TABLE {}", table.name);
    let body = if parts.is_empty() { "()".to_owned() } else { format!("(\n{}\n)", parts.join(",\n")) };
    if table.definition.starts_with(" PARTITION OF") {
        let _ = write!(sql, "{}", table.definition);
    } else {
        let _ = write!(sql, " {body}{}", table.definition);
    }
    sql
}

fn create(object: &Object) -> String {
    match object.kind.as_str() {
        "column" => format!("ALTER TABLE {} ADD COLUMN {} {}", object.table, object.name, object.definition),
        "constraint" => format!("ALTER TABLE {} ADD CONSTRAINT {} {}", object.table, object.name, object.definition),
        _ => object.definition.clone(),
    }
}

fn drop(object: &Object) -> Option<String> {
    let Object { kind, table, name, .. } = object;
    Some(match kind.as_str() {
        "column" => format!("ALTER TABLE {table} DROP COLUMN {name}"),
        "constraint" => format!("ALTER TABLE {table} DROP CONSTRAINT {name}"),
        "composite type" => format!("DROP TYPE {name}"),
        "trigger" | "policy" => format!("DROP {} {name} ON {table}", kind.to_uppercase()),
        "row-level security" if name == "FORCE" => format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"),
        "row-level security" => format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
        "comment" => object.definition.rsplit_once(" IS ").map(|(on, _)| format!("{on} IS NULL"))?,
        kind => format!("DROP {} {name}", kind.to_uppercase()),
    })
}

fn change(there: &Object, wanted: &Object) -> Vec<String> {
    match wanted.kind.as_str() {
        "column" => column(there, wanted),
        "type" => values(there, wanted),
        "function" | "procedure" | "comment" => vec![wanted.definition.clone()],
        "view" => vec![wanted.definition.replacen("CREATE VIEW", "CREATE OR REPLACE VIEW", 1)],
        _ => vec![create(wanted)],
    }
}

/// A column's parts: its type, its default, whether it refuses NULL, and what PostgreSQL computes.
struct Parts<'a> {
    type_sql: &'a str,
    default: Option<&'a str>,
    not_null: bool,
    generated: Option<&'a str>,
}

fn parts(definition: &str) -> Parts<'_> {
    let (rest, not_null) = definition.strip_suffix(" NOT NULL").map_or((definition, false), |rest| (rest, true));
    let (rest, generated) = rest.split_once(" GENERATED ").map_or((rest, None), |(rest, how)| (rest, Some(how)));
    let (type_sql, default) = rest.split_once(" DEFAULT ").map_or((rest, None), |(rest, value)| (rest, Some(value)));
    Parts { type_sql, default, not_null, generated }
}

fn column(there: &Object, wanted: &Object) -> Vec<String> {
    let (old, new) = (parts(&there.definition), parts(&wanted.definition));
    let alter = |what: String| format!("ALTER TABLE {} ALTER COLUMN {} {what}", wanted.table, wanted.name);
    let mut sql = Vec::new();
    if old.generated != new.generated {
        // Nothing leads from one to the other that keeps the values.
        return vec![
            format!("ALTER TABLE {} DROP COLUMN {}", there.table, there.name),
            format!("ALTER TABLE {} ADD COLUMN {} {}", wanted.table, wanted.name, wanted.definition),
        ];
    }
    let retyped = old.type_sql != new.type_sql;
    if old.default.is_some() && (retyped || new.default.is_none()) {
        sql.push(alter("DROP DEFAULT".to_owned()));
    }
    if retyped {
        sql.push(alter(format!("TYPE {new} USING {name}::{new}", new = new.type_sql, name = wanted.name)));
    }
    if let Some(default) = new.default.filter(|_| retyped || old.default != new.default) {
        sql.push(alter(format!("SET DEFAULT {default}")));
    }
    match (old.not_null, new.not_null) {
        (false, true) => sql.push(alter("SET NOT NULL".to_owned())),
        (true, false) => sql.push(alter("DROP NOT NULL".to_owned())),
        _ => {}
    }
    sql
}

/// Values that an enum type has more, each behind the one before it; one that has fewer can't be told so.
fn values(there: &Object, wanted: &Object) -> Vec<String> {
    let labels = |definition: &str| -> Vec<String> {
        let list = definition.split_once('(').map_or("", |(_, list)| list).trim_end_matches(')');
        list.split(", ").map(str::to_owned).collect()
    };
    let (old, new) = (labels(&there.definition), labels(&wanted.definition));
    if old.iter().any(|label| !new.contains(label)) {
        return vec![format!(
            "-- {} has lost values: make a type of the new ones, and change the columns to it\n{}",
            wanted.name, wanted.definition
        )];
    }
    let mut sql = Vec::new();
    for (at, label) in new.iter().enumerate().filter(|(_, label)| !old.contains(label)) {
        let place = match at.checked_sub(1) {
            Some(before) => format!("AFTER {}", new[before]),
            None => format!("BEFORE {}", old.first().map_or("''", String::as_str)),
        };
        sql.push(format!("ALTER TYPE {} ADD VALUE {label} {place}", wanted.name));
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::super::tests::object;
    use super::*;

    #[test]
    fn a_column_changes_part_by_part() {
        let there =
            Inventory(vec![object("table", "", "a", ""), object("column", "a", "x", "text DEFAULT 'new'::text")]);
        let wanted = Inventory(vec![
            object("table", "", "a", ""),
            object("column", "a", "x", "state DEFAULT 'new'::state NOT NULL"),
        ]);
        assert_eq!(
            statements(&there, &wanted),
            [
                "ALTER TABLE a ALTER COLUMN x DROP DEFAULT",
                "ALTER TABLE a ALTER COLUMN x TYPE state USING x::state",
                "ALTER TABLE a ALTER COLUMN x SET DEFAULT 'new'::state",
                "ALTER TABLE a ALTER COLUMN x SET NOT NULL",
            ]
        );
    }

    #[test]
    fn a_new_table_is_told_whole_and_keys_come_last() {
        let wanted = Inventory(vec![
            object("table", "", "a", ""),
            object("column", "a", "b_id", "integer"),
            object("constraint", "a", "a_key", "UNIQUE (b_id)"),
            object("constraint", "a", "a_b", "FOREIGN KEY (b_id) REFERENCES b(id)"),
            object("table", "", "b", ""),
            object("column", "b", "id", "integer NOT NULL"),
        ]);
        assert_eq!(
            statements(&Inventory::default(), &wanted),
            [
                "CREATE TABLE a (\n    b_id integer,\n    CONSTRAINT a_key UNIQUE (b_id)\n)",
                "CREATE TABLE b (\n    id integer NOT NULL\n)",
                "ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b_id) REFERENCES b(id)",
            ]
        );
    }
}
