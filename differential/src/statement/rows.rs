//! INSERT, UPDATE, DELETE and MERGE: row by row, and those that read what they write.

use super::{Kind, kind, one};
use crate::draw::Draw;
use crate::sql::{list, name, optional};
use crate::world::{Column, Relation, World};

pub(super) const KINDS: &[Kind] = &[
    kind("update", 22, update),
    kind("update where", 8, update_where),
    kind("update by an equal column", 6, update_by_equal),
    kind("update from its partition", 4, update_from_partition),
    kind("update a view", 1, update_view),
    kind("insert or update", 3, insert_or_update),
    kind("insert many", 2, insert_many),
    kind("update several columns", 6, update_several),
    kind("update with itself", 4, update_with_itself),
    kind("update from", 6, update_from),
    kind("update from itself", 6, update_from_itself),
    kind("update with subquery", 4, update_with_subquery),
    kind("delete", 10, delete),
    kind("delete with limit", 8, delete_with_limit),
    kind("delete by aggregate", 6, delete_by_aggregate),
    kind("delete duplicates", 5, delete_duplicates),
    kind("delete orphans", 2, delete_orphans),
    kind("insert values", 8, insert),
    kind("insert select", 6, insert_select),
    kind("insert what is missing", 5, insert_missing),
    kind("writing with", 2, writing_with),
    kind("merge", 1, merge),
    kind("mistake", 1, mistake),
];

fn table_and_column(draw: &mut Draw, world: &World) -> Option<(Relation, Column)> {
    let table = draw.table(world)?.clone();
    let column = draw.writable(&table)?.clone();
    Some((table, column))
}

fn condition(draw: &mut Draw, of: &Relation, world: &World) -> String {
    if draw.chance(65) {
        optional(&format!(" WHERE {}", draw.condition(of, world)))
    } else {
        String::new()
    }
}

fn update(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let value = draw.expression(&column, &table, world);
    let condition = condition(draw, &table, world);
    one(format!(
        "UPDATE {} SET {} = {value}{condition}",
        table.sql(),
        name(&column.name)
    ))
}

fn update_several(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, first) = table_and_column(draw, world)?;
    let second = draw.writable(&table)?.clone();
    (first.name != second.name).then_some(())?;
    let sets = [
        format!(
            "{} = {}",
            name(&first.name),
            draw.expression(&first, &table, world)
        ),
        format!(
            "{} = {}",
            name(&second.name),
            draw.expression(&second, &table, world)
        ),
    ];
    let condition = condition(draw, &table, world);
    one(format!(
        "UPDATE {} SET {}{condition}",
        table.sql(),
        list(&sets)
    ))
}

fn update_with_itself(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let sql = name(&column.name);
    let value = match column.category {
        'N' => format!("{sql} + 1"),
        'S' if !column.kind.starts_with("json") => format!("left({sql} || '!', 8)"),
        'B' => format!("NOT {sql}"),
        _ => return None,
    };
    let condition = condition(draw, &table, world);
    one(format!(
        "UPDATE {} SET {sql} = {value}{condition}",
        table.sql()
    ))
}

/// Another table with a key of the type of one of this table's columns.
fn partner(draw: &mut Draw, table: &Relation, world: &World) -> Option<(Relation, String, String)> {
    let mut all = Vec::new();
    for other in world
        .of_kind(&['r', 'p'])
        .into_iter()
        .filter(|one| one.name != table.name)
    {
        let [key] = other.key()[..] else { continue };
        all.extend(
            table
                .columns
                .iter()
                .filter(|own| own.kind == key.kind)
                .map(|own| (other.clone(), own.name.clone(), key.name.clone())),
        );
    }
    draw.one(&all).cloned()
}

/// A partner, and one of its columns that has the type of this one.
fn giver(
    draw: &mut Draw,
    table: &Relation,
    column: &Column,
    world: &World,
) -> Option<(Relation, String, String, Column)> {
    let (other, own, key) = partner(draw, table, world)?;
    let fitting: Vec<&Column> = other
        .columns
        .iter()
        .filter(|one| one.kind == column.kind)
        .collect();
    let given = (*draw.one(&fitting)?).clone();
    Some((other, own, key, given))
}

fn update_from(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let (other, own, key, given) = giver(draw, &table, &column, world)?;
    one(format!(
        "UPDATE {} SET {} = o.{} FROM {} o WHERE o.{} = {}.{}",
        table.sql(),
        name(&column.name),
        name(&given.name),
        other.sql(),
        name(&key),
        table.sql(),
        name(&own)
    ))
}

fn update_from_itself(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let [key] = table.key()[..] else { return None };
    (matches!(column.kind.as_str(), "integer" | "bigint" | "numeric") && column.name != key.name)
        .then_some(())?;
    let key = name(&key.name);
    one(format!(
        "UPDATE {} SET {} = p.n FROM (SELECT {key}, row_number() OVER (ORDER BY {key} DESC) AS n FROM {}) p WHERE p.{key} = {}.{key}",
        table.sql(),
        name(&column.name),
        table.sql(),
        table.sql()
    ))
}

fn update_with_subquery(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let (other, own, key, given) = giver(draw, &table, &column, world)?;
    one(format!(
        "UPDATE {} SET {} = (SELECT o.{} FROM {} o WHERE o.{} = {}.{})",
        table.sql(),
        name(&column.name),
        name(&given.name),
        other.sql(),
        name(&key),
        table.sql(),
        name(&own)
    ))
}

fn delete(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let condition = condition(draw, &table, world);
    one(format!("DELETE FROM {}{condition}", table.sql()))
}

fn keyed(draw: &mut Draw, world: &World) -> Option<(Relation, String)> {
    let table = draw.table(world)?.clone();
    let [key] = table.key()[..] else { return None };
    let key = name(&key.name);
    Some((table, key))
}

fn delete_with_limit(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, key) = keyed(draw, world)?;
    let sql = table.sql();
    one(format!(
        "DELETE FROM {sql} WHERE {key} IN (SELECT {key} FROM {sql} ORDER BY {key} LIMIT {})",
        draw.number(1, 40)
    ))
}

fn delete_by_aggregate(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let numbers: Vec<&Column> = table
        .columns
        .iter()
        .filter(|one| one.category == 'N')
        .collect();
    let column = name(&draw.one(&numbers)?.name);
    let sql = table.sql();
    one(format!(
        "DELETE FROM {sql} WHERE {column} < (SELECT avg({column}) FROM {sql})"
    ))
}

fn delete_duplicates(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, key) = keyed(draw, world)?;
    let column = name(&draw.plain_column(&table)?.name);
    let sql = table.sql();
    one(format!(
        "DELETE FROM {sql} a USING {sql} b WHERE a.{column} = b.{column} AND a.{key} > b.{key}"
    ))
}

fn delete_orphans(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let (other, own, key) = partner(draw, &table, world)?;
    let sql = table.sql();
    one(format!(
        "DELETE FROM {sql} WHERE NOT EXISTS (SELECT 1 FROM {} o WHERE o.{} = {sql}.{})",
        other.sql(),
        name(&key),
        name(&own)
    ))
}

/// A row for a table, with a key that no other row has.
pub(crate) fn values(
    draw: &mut Draw,
    table: &Relation,
    world: &World,
) -> (Vec<String>, Vec<String>) {
    let key: Vec<String> = table
        .key()
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let number = 500_000 + draw.number(0, 99_999);
    let columns = table.writable();
    let chosen: Vec<&&Column> = columns
        .iter()
        .filter(|one| one.not_null || key.contains(&one.name) || draw.chance(70))
        .collect();
    let names = chosen.iter().map(|one| name(&one.name)).collect();
    let values = chosen
        .iter()
        .map(|one| match one.kind.as_str() {
            "integer" | "bigint" if key.contains(&one.name) => number.to_string(),
            "uuid" if key.contains(&one.name) => format!("'00000000-0000-0000-0001-{number:012}'"),
            kind => draw.value(kind, world),
        })
        .collect();
    (names, values)
}

fn insert(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let (names, values) = values(draw, &table, world);
    (!names.is_empty()).then_some(())?;
    let conflict = if draw.chance(25) {
        " ON CONFLICT DO NOTHING"
    } else {
        ""
    };
    one(format!(
        "INSERT INTO {} ({}) VALUES ({}){conflict}",
        table.sql(),
        names.join(", "),
        values.join(", ")
    ))
}

fn pairs<'a>(table: &'a Relation, from: &'a Relation) -> Vec<(&'a Column, &'a Column)> {
    table
        .writable()
        .into_iter()
        .filter_map(|own| {
            from.columns
                .iter()
                .find(|other| other.kind == own.kind)
                .map(|other| (own, other))
        })
        .collect()
}

fn insert_select(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let from = draw.table(world)?.clone();
    let pairs = pairs(&table, &from);
    (!pairs.is_empty() && from.name != table.name).then_some(())?;
    let into: Vec<String> = pairs.iter().map(|(own, _)| name(&own.name)).collect();
    let given: Vec<String> = pairs
        .iter()
        .map(|(own, other)| {
            let key = table.key().iter().any(|one| one.name == own.name);
            let number = matches!(own.kind.as_str(), "integer" | "bigint");
            if key && number {
                format!("{} + 700000", name(&other.name))
            } else {
                name(&other.name)
            }
        })
        .collect();
    let condition = condition(draw, &from, world);
    one(format!(
        "INSERT INTO {} ({}) SELECT {} FROM {}{condition}",
        table.sql(),
        into.join(", "),
        given.join(", "),
        from.sql()
    ))
}

fn insert_missing(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, key) = keyed(draw, world)?;
    let from = draw.table(world)?.clone();
    let [own] = table.key()[..] else { return None };
    let given = from
        .columns
        .iter()
        .find(|one| one.kind == own.kind && from.name != table.name)?;
    let sql = table.sql();
    one(format!(
        "INSERT INTO {sql} ({key}) SELECT DISTINCT s.{given} FROM {} s WHERE s.{given} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {sql} t WHERE t.{key} = s.{given})",
        from.sql(),
        given = name(&given.name)
    ))
}

fn writing_with(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let from = draw.table(world)?.clone();
    let into = draw.table(world)?.clone();
    let pairs = pairs(&into, &from);
    (from.name != into.name && !pairs.is_empty()).then_some(())?;
    let own: Vec<String> = pairs.iter().map(|(own, _)| name(&own.name)).collect();
    let given: Vec<String> = pairs.iter().map(|(_, other)| name(&other.name)).collect();
    let condition = draw.condition(&from, world);
    one(format!(
        "WITH gone AS (DELETE FROM {} WHERE {condition} RETURNING *) INSERT INTO {} ({}) SELECT {} FROM gone",
        from.sql(),
        into.sql(),
        own.join(", "),
        given.join(", ")
    ))
}

fn merge(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let (other, own, key) = partner(draw, &table, world)?;
    let value = draw.value(&column.kind, world);
    (world.version >= 15).then(|| {
        vec![format!(
            "MERGE INTO {} t USING {} o ON o.{} = t.{} WHEN MATCHED THEN UPDATE SET {} = {value}",
            table.sql(),
            other.sql(),
            name(&key),
            name(&own),
            name(&column.name)
        )]
    })
}

/// What psql refuses: a function that isn't there, a value of another type, a division by what is
/// zero somewhere.
fn mistake(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let (table, column, other) = (
        table.sql(),
        name(&column.name),
        name(&draw.column(&table)?.name),
    );
    one(match draw.number(0, 4) {
        0 => format!("UPDATE {table} SET {column} = lowr({other})"),
        1 => format!("UPDATE {table} SET {column} = {other}"),
        2 => format!("UPDATE {table} SET {column} = 100 / ({other} - {other})"),
        3 => format!("ALTER TABLE {table} ADD CHECK ({other} IS NULL AND {other} IS NOT NULL)"),
        _ => format!(
            "ALTER TABLE {table} ALTER COLUMN {column} TYPE int USING ({column}::text || 'x')::int"
        ),
    })
}

/// Few rows, which a number of the table tells.
fn update_where(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let value = draw.value(&column.kind, world);
    let condition = draw.condition(&table, world);
    one(format!(
        "UPDATE {} SET {} = {value} WHERE {condition}",
        table.sql(),
        name(&column.name)
    ))
}

/// Values that are equal to those that are there, and not always identical.
fn update_by_equal(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let kinds = [
        "citext",
        "numeric",
        "interval",
        "jsonb",
        "json",
        "double precision",
        "text",
    ];
    let columns: Vec<&Column> = table
        .writable()
        .into_iter()
        .filter(|one| kinds.contains(&one.kind.as_str()))
        .collect();
    let column = (*draw.one(&columns)?).clone();
    let others: Vec<&Column> = table
        .columns
        .iter()
        .filter(|one| one.kind == column.kind)
        .collect();
    let value = match draw.one(&others) {
        Some(other) if other.name != column.name => name(&other.name),
        _ => match column.kind.as_str() {
            "numeric" => format!("{} * 1.00", name(&column.name)),
            "jsonb" | "json" => format!(
                "replace({}::text, '1', '1.0')::{}",
                name(&column.name),
                column.kind
            ),
            "citext" => format!("upper({}::text)", name(&column.name)),
            "interval" => format!("justify_hours({})", name(&column.name)),
            _ => return None,
        },
    };
    one(format!(
        "UPDATE {} SET {} = {value}",
        table.sql(),
        name(&column.name)
    ))
}

/// The rows that are read are some of those that are written.
fn update_from_partition(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let children: Vec<&Relation> = world
        .relations
        .iter()
        .filter(|one| one.parent.is_some())
        .collect();
    let child = (*draw.one(&children)?).clone();
    let parent = world
        .relations
        .iter()
        .find(|one| Some(&one.name) == child.parent.as_ref())?;
    let numbers: Vec<&Column> = parent
        .columns
        .iter()
        .filter(|one| one.kind == "integer")
        .collect();
    let column = name(&draw.one(&numbers)?.name);
    one(format!(
        "UPDATE {} SET {column} = coalesce({}.{column}, 0) + p.{column} FROM {} p WHERE p.id = {}.id + 1",
        parent.sql(),
        parent.sql(),
        child.sql(),
        parent.sql()
    ))
}

fn update_view(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = (*draw.one(&world.of_kind(&['v']))?).clone();
    let column = draw.column(&view)?.clone();
    let value = draw.value(&column.kind, world);
    one(format!(
        "UPDATE {} SET {} = {value}",
        view.sql(),
        name(&column.name)
    ))
}

fn insert_or_update(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, key) = keyed(draw, world)?;
    let column = draw.writable(&table)?.clone();
    let (names, values) = values(draw, &table, world);
    (!names.is_empty()).then_some(())?;
    let value = draw.value(&column.kind, world);
    one(format!(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({key}) DO UPDATE SET {} = {value}",
        table.sql(),
        names.join(", "),
        values.join(", "),
        name(&column.name)
    ))
}

/// Enough rows that what comes behind is done in batches.
fn insert_many(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, key) = keyed(draw, world)?;
    let [own] = table.key()[..] else { return None };
    let demanded = table
        .writable()
        .iter()
        .any(|one| one.not_null && one.default.is_none() && one.name != own.name);
    let fits =
        matches!(own.kind.as_str(), "integer" | "bigint") && !demanded && own.identity != "a";
    let rows = crate::sql::count(draw.number(2, 3_000));
    fits.then(|| {
        vec![format!(
            "INSERT INTO {} ({key}) SELECT g FROM generate_series(600001, 600000 + {rows}) g",
            table.sql()
        )]
    })
}
