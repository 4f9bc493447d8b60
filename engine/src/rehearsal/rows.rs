//! Rows that are made up: a few for each table that holds some, with what makes a difference: NULL,
//! values twice, and values that are equal and don't look alike. No row of the real database is
//! read. What a constraint refuses is left out.

use crate::connection::session::Session;
use crate::error::{Class, Error};
use concertina_revisions::{Ident, TableName};
use std::collections::{BTreeMap, BTreeSet};

/// So many rows are tried for each table.
const ROWS: usize = 6;

/// The columns of tables, with the type below their domains, labels of enums, and constants that
/// their checks name. A check's own constants are likely to pass it; a row that doesn't is left
/// out.
const COLUMNS: &str = "
    WITH RECURSIVE base AS (
        SELECT oid AS type, oid AS below, typbasetype FROM pg_type
        UNION ALL SELECT b.type, t.oid, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.typbasetype
    )
    SELECT c.oid, a.attname, format_type(a.atttypid, a.atttypmod), t.typname, t.typtype::text, t.typcategory::text,
           a.attnotnull, d.oid IS NOT NULL, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)),
           ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder),
           ARRAY(SELECT m[1] FROM pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''((?:[^'']|'''')*)''::', 'g') AS m
                 WHERE k.contype = 'c' AND (k.conrelid = c.oid AND k.conkey = ARRAY[a.attnum] OR k.contypid = a.atttypid)),
           (SELECT count(*)::int FROM pg_attribute f WHERE f.attrelid = t.typrelid AND t.typtype = 'c' AND f.attnum > 0 AND NOT f.attisdropped)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    JOIN base b ON b.type = a.atttypid AND b.typbasetype = 0 JOIN pg_type t ON t.oid = b.below
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.oid = ANY ($1) ORDER BY c.oid, a.attnum";

/// Keys to other tables.
const KEYS: &str = "
    SELECT k.conrelid, format('%I.%I', n.nspname, p.relname), p.oid,
           ARRAY(SELECT attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place) JOIN pg_attribute ON attrelid = k.conrelid AND attnum = number ORDER BY place),
           ARRAY(SELECT attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place) JOIN pg_attribute ON attrelid = k.confrelid AND attnum = number ORDER BY place)
    FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace n ON n.oid = p.relnamespace
    WHERE k.contype = 'f' AND k.conrelid = ANY ($1)";

struct Column {
    name: Ident,
    type_sql: String,
    /// The type's name, and its kind and category as PostgreSQL has them.
    base: String,
    kind: String,
    category: String,
    refuses_null: bool,
    has_default: bool,
    in_key: bool,
    labels: Vec<String>,
    constants: Vec<String>,
    fields: i32,
}

struct Key {
    parent_sql: String,
    parent: u32,
    own: Vec<String>,
    theirs: Vec<String>,
}

/// Makes rows in tables.
pub(super) async fn make(session: &Session, tables: &BTreeSet<TableName>) -> Result<(), Error> {
    let doing = "making up rows";
    let names: Vec<String> = tables.iter().map(TableName::sql).collect();
    let sql = "SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM unnest($1::text[]) AS name
               JOIN pg_class c ON c.oid = to_regclass(name)::oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')";
    let found = session.query(doing, sql, &[&names]).await?;
    let relations: BTreeMap<u32, String> =
        found.iter().map(|row| (row.get(0), row.get(1))).collect();
    let oids: Vec<u32> = relations.keys().copied().collect();
    let mut columns: BTreeMap<u32, Vec<Column>> = BTreeMap::new();
    for row in session.query(doing, COLUMNS, &[&oids]).await? {
        columns.entry(row.get(0)).or_default().push(column(&row));
    }
    let mut keys: BTreeMap<u32, Vec<Key>> = BTreeMap::new();
    for row in session.query(doing, KEYS, &[&oids]).await? {
        let key = Key {
            parent_sql: row.get(1),
            parent: row.get(2),
            own: row.get(3),
            theirs: row.get(4),
        };
        keys.entry(row.get(0)).or_default().push(key);
    }
    for oid in parents_first(&oids, &keys) {
        let Some(own) = columns.get(&oid).filter(|own| !own.is_empty()) else {
            continue;
        };
        let keys = keys.get(&oid).map_or(&[][..], Vec::as_slice);
        for number in 0..ROWS {
            let sql = insert(&relations[&oid], own, keys, number);
            match session.batch_execute(doing, &sql).await {
                Err(error) if error.class() == Class::Connection => return Err(error),
                // It is left out.
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(())
}

fn column(row: &tokio_postgres::Row) -> Column {
    Column {
        name: Ident::new(row.get::<_, String>(1)),
        type_sql: row.get(2),
        base: row.get(3),
        kind: row.get(4),
        category: row.get(5),
        refuses_null: row.get(6),
        has_default: row.get(7),
        in_key: row.get(8),
        labels: row.get(9),
        constants: row.get(10),
        fields: row.get(11),
    }
}

/// Tables behind those that their keys lead to, as far as they aren't in a circle.
fn parents_first(tables: &[u32], keys: &BTreeMap<u32, Vec<Key>>) -> Vec<u32> {
    let mut order: Vec<u32> = Vec::new();
    while order.len() < tables.len() {
        let left = || tables.iter().filter(|table| !order.contains(table));
        let is_free = |table: &u32| {
            let mut parents = keys.get(table).into_iter().flatten().map(|key| key.parent);
            parents.all(|parent| {
                parent == *table || order.contains(&parent) || !tables.contains(&parent)
            })
        };
        let Some(next) = left()
            .find(|table| is_free(table))
            .or_else(|| left().next())
        else {
            break;
        };
        order.push(*next);
    }
    order
}

fn insert(table: &str, columns: &[Column], keys: &[Key], number: usize) -> String {
    let names: Vec<String> = columns.iter().map(|column| column.name.sql()).collect();
    let values: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| value(column, keys, number, at))
        .collect();
    format!(
        "INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE VALUES ({})",
        names.join(", "),
        values.join(", ")
    )
}

/// A column's value in the row of a number: row 2 has NULL in every second column, row 3 defaults,
/// row 4 NULL wherever it may be.
fn value(column: &Column, keys: &[Key], number: usize, at: usize) -> String {
    let is_null = number == 4 || number == 2 && at % 2 == 1;
    if is_null && !column.refuses_null && !column.in_key {
        return "NULL".to_owned();
    }
    for key in keys {
        if let Some(place) = key.own.iter().position(|own| own == column.name.as_str()) {
            let theirs = Ident::new(key.theirs[place].as_str()).sql();
            let parent = &key.parent_sql;
            return format!(
                "(SELECT p.{theirs} FROM {parent} p ORDER BY p.tableoid, p.ctid OFFSET {} LIMIT 1)",
                number % 2
            );
        }
    }
    if number == 3 && column.has_default && !column.in_key {
        return "DEFAULT".to_owned();
    }
    let values = if column.in_key {
        distinct(column, number)
    } else {
        None
    };
    let values = values.map_or_else(|| samples(column), |one| vec![one]);
    // Row 3 has what row 0 has.
    let which = if number == 3 { 0 } else { number };
    match values.get(which % values.len().max(1)) {
        Some(text) => format!(
            "{}::{}",
            Ident::new(text.as_str()).literal(),
            column.type_sql
        ),
        None if column.has_default => "DEFAULT".to_owned(),
        None => "NULL".to_owned(),
    }
}

/// A value that no other row has, where the type has many.
fn distinct(column: &Column, number: usize) -> Option<String> {
    let n = number + 1;
    Some(match column.base.as_str() {
        "int2" | "int4" | "int8" | "oid" | "numeric" | "float4" | "float8" => n.to_string(),
        "text" | "varchar" | "bpchar" | "name" | "citext" if column.constants.is_empty() => {
            char::from_u32(u32::from('a') + u32::try_from(number).unwrap_or(0))
                .unwrap_or('z')
                .to_string()
        }
        "uuid" => format!("00000000-0000-4000-8000-{n:012}"),
        "date" | "timestamp" | "timestamptz" => format!("2024-01-{n:02}"),
        _ => return None,
    })
}

/// What a column's checks name, and then what its type has: a check may want its constants (`IN
/// ('a', 'b')`) or anything else (`<> ''`).
fn samples(column: &Column) -> Vec<String> {
    let mut all: Vec<String> = column
        .constants
        .iter()
        .map(|text| text.replace("''", "'"))
        .collect();
    all.extend(of_type(column));
    all
}

/// Values of a type; the first are the plainest.
fn of_type(column: &Column) -> Vec<String> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match (
        column.kind.as_str(),
        column.category.as_str(),
        column.base.as_str(),
    ) {
        ("e", ..) => column.labels.clone(),
        ("c", ..) => vec![format!(
            "({})",
            ",".repeat(usize::try_from(column.fields - 1).unwrap_or(0))
        )],
        ("r", ..) => owned(&["empty"]),
        ("m", ..) | (_, "A", _) => owned(&["{}"]),
        (.., "bool") => owned(&["t", "f"]),
        (.., "int2" | "int4" | "int8" | "oid") => owned(&["1", "2", "3", "1", "5", "0"]),
        (.., "numeric") => owned(&["1.5", "2", "1.50", "1.5", "3", "0.0"]),
        (.., "float4" | "float8") => owned(&["1.5", "2", "0", "1.5", "3", "-0"]),
        (.., "money") => owned(&["1", "2"]),
        (.., "text" | "varchar" | "bpchar" | "name" | "citext") => {
            owned(&["a", "b", "A", "a", "c", " "])
        }
        (.., "uuid") => (1..4)
            .map(|n| format!("00000000-0000-4000-8000-{n:012}"))
            .collect(),
        (.., "date" | "timestamp" | "timestamptz") => {
            owned(&["2024-01-01", "2024-02-29", "2023-12-31"])
        }
        (.., "time" | "timetz") => owned(&["12:00", "00:00", "24:00"]),
        (.., "interval") => owned(&["1 day", "1 month", "24:00"]),
        (.., "json") => owned(&["{\"a\": 1}", "{\"a\":1}", "[]"]),
        (.., "jsonb") => owned(&["{\"a\": 1}", "{\"a\": 1.0}", "[]"]),
        (.., "bytea") => owned(&["\\x01", "\\x02", "\\x"]),
        (.., "inet") => owned(&["10.0.0.1", "10.0.0.2", "::1"]),
        (.., "cidr") => owned(&["10.0.0.0/8", "192.168.0.0/16"]),
        (.., "macaddr") => owned(&["08:00:2b:01:02:03"]),
        (.., "point") => owned(&["(0,0)", "(1,1)"]),
        (.., "xml") => owned(&["<a/>", "<b/>"]),
        (.., "tsvector") => owned(&["'a'", "'b'"]),
        (.., "bit" | "varbit") => owned(&["1", "0"]),
        (.., "hstore" | "ltree") => owned(&["a"]),
        _ => vec![],
    }
}

/// The rows of a database as text, with how often each is there: by table, columns by their names.
pub(super) type Images = BTreeMap<String, BTreeMap<String, i64>>;

/// Tables are read so many at a time.
const TABLES_PER_QUESTION: usize = 50;

/// Columns of a table that aren't looked at.
pub(super) type Unlooked = BTreeSet<(String, String)>;

/// Reads the rows of every table and materialized view, whatever their order; without some columns.
pub(super) async fn images(session: &Session, without: &Unlooked) -> Result<Images, Error> {
    let doing = "reading the rows that were left";
    let sql = "SELECT format('%I.%I', n.nspname, c.relname), ARRAY(SELECT attname::text FROM pg_attribute
                      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attname)
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated) AND c.relpersistence <> 't'
                 AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina')
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')";
    let tables = session.query(doing, sql, &[]).await?;
    let mut found = Images::new();
    for tables in tables.chunks(TABLES_PER_QUESTION) {
        let one = |(at, row): (usize, &tokio_postgres::Row)| {
            let (table, columns): (String, Vec<String>) = (row.get(0), row.get(1));
            let looked = columns
                .iter()
                .filter(|column| !without.contains(&(table.clone(), (*column).clone())));
            let looked: Vec<String> = looked
                .map(|column| Ident::new(column.as_str()).sql())
                .collect();
            format!(
                "SELECT {at}::int, image, count(*) FROM (SELECT ROW({})::text AS image FROM ONLY {table}) AS r GROUP BY image",
                looked.join(", ")
            )
        };
        let all = tables
            .iter()
            .enumerate()
            .map(one)
            .collect::<Vec<_>>()
            .join(" UNION ALL ");
        if all.is_empty() {
            continue;
        }
        for row in session.query(doing, &all, &[]).await? {
            let Some(table) = usize::try_from(row.get::<_, i32>(0))
                .ok()
                .and_then(|at| tables.get(at))
            else {
                continue;
            };
            found
                .entry(table.get(0))
                .or_default()
                .insert(row.get(1), row.get(2));
        }
    }
    Ok(found)
}

/// The columns of tables, to be looked at one by one.
pub(super) async fn columns_of(
    session: &Session,
    tables: &[String],
) -> Result<Vec<(String, String)>, Error> {
    let sql = "SELECT name, attname::text FROM unnest($1::text[]) AS name JOIN pg_attribute ON attrelid = to_regclass(name)::oid
               WHERE attnum > 0 AND NOT attisdropped";
    let rows = session.query("reading columns", sql, &[&tables]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The values of one column, with how often each is there.
pub(super) async fn values(
    session: &Session,
    table: &str,
    column: &str,
) -> Result<BTreeMap<Option<String>, i64>, Error> {
    let column = Ident::new(column).sql();
    let sql = format!("SELECT {column}::text, count(*) FROM ONLY {table} GROUP BY 1");
    let rows = session
        .query("reading the rows that were left", &sql, &[])
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
