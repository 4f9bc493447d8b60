//! Rows that are made up: a few for each table that holds some, with what makes a difference: NULL,
//! values twice, values that are equal and don't look alike, and those that the statements name. No
//! row of the real database is read. What a constraint refuses is left out.

use super::demands::{Demands, Texts};
use crate::connection::session::Session;
use crate::error::{Class, Error};
use concertina_planner::Constants;
use concertina_revisions::{Ident, TableName};
use std::collections::{BTreeMap, BTreeSet};

/// So many rows are tried for each table.
const ROWS: usize = 6;

/// So many more are tried for a table that the revisions are about, with the constants that they
/// name: a condition is only put to the test by rows that it holds for.
const NAMED_ROWS_MAX: usize = 8;

/// Rows to be made.
#[derive(Clone, Copy)]
pub(super) struct Made<'a> {
    /// The tables that get some.
    pub(super) tables: &'a BTreeSet<TableName>,
    /// Those that the revisions are about.
    pub(super) named: &'a BTreeSet<TableName>,
    /// What the revisions' statements name.
    pub(super) constants: &'a Constants,
    /// What the rows have to be like.
    pub(super) demands: &'a Demands,
}

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
    /// Whether no two rows may share it: it is in a key, or is to be.
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

/// Makes rows.
pub(super) async fn make(session: &Session, made: Made<'_>) -> Result<(), Error> {
    let doing = "making up rows";
    let names: Vec<String> = made.tables.iter().map(TableName::sql).collect();
    let sql = "SELECT c.oid, n.nspname, c.relname FROM unnest($1::text[]) AS name
               JOIN pg_class c ON c.oid = to_regclass(name)::oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')";
    let found = session.query(doing, sql, &[&names]).await?;
    let relations: BTreeMap<u32, TableName> = found
        .iter()
        .map(|row| {
            let (schema, name) = (row.get::<_, String>(1), row.get::<_, String>(2));
            let (schema, name) = (Ident::new(schema), Ident::new(name));
            (row.get(0), TableName { schema, name })
        })
        .collect();
    let oids: Vec<u32> = relations.keys().copied().collect();
    let mut columns: BTreeMap<u32, Vec<Column>> = BTreeMap::new();
    for row in session.query(doing, COLUMNS, &[&oids]).await? {
        let oid = row.get(0);
        let Some(table) = relations.get(&oid) else {
            continue;
        };
        let column = column(&row).demanded(table, made.demands);
        columns.entry(oid).or_default().push(column);
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
        let table = &relations[&oid];
        let more = if made.named.contains(table) {
            named_rows(made.constants)
        } else {
            0
        };
        for number in 0..ROWS + more {
            let sql = insert(table, own, keys, number, made);
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

impl Column {
    fn demanded(self, table: &TableName, demands: &Demands) -> Column {
        let (schema, name) = (table.schema.as_str(), table.name.as_str());
        Column {
            refuses_null: self.refuses_null || demands.is_filled(schema, name, self.name.as_str()),
            in_key: self.in_key || demands.is_distinct(schema, name),
            ..self
        }
    }
}

/// How many rows it takes for each constant to be in one.
fn named_rows(constants: &Constants) -> usize {
    let most = constants.texts.len().max(constants.numbers.len());
    most.min(NAMED_ROWS_MAX)
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

fn insert(
    table: &TableName,
    columns: &[Column],
    keys: &[Key],
    number: usize,
    made: Made<'_>,
) -> String {
    let names: Vec<String> = columns.iter().map(|column| column.name.sql()).collect();
    let values: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| value(column, keys, number, at, made))
        .collect();
    format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})",
        table.sql(),
        names.join(", "),
        values.join(", ")
    )
}

/// A column's value in the row of a number: row 2 has NULL in every second column, row 3 defaults,
/// row 4 NULL wherever it may be; rows behind the sixth have what the statements name.
fn value(column: &Column, keys: &[Key], number: usize, at: usize, made: Made<'_>) -> String {
    let is_null = number == 4 || number == 2 && at % 2 == 1;
    if is_null && !column.refuses_null && !column.in_key {
        return "NULL".to_owned();
    }
    for key in keys {
        if let Some(place) = key.own.iter().position(|own| own == column.name.as_str()) {
            let theirs = Ident::new(key.theirs[place].as_str()).sql();
            let parent = &key.parent_sql;
            let which = if column.in_key { number } else { number % 2 };
            return format!(
                "(SELECT p.{theirs} FROM {parent} p ORDER BY p.tableoid, p.ctid OFFSET {which} LIMIT 1)"
            );
        }
    }
    if number == 3 && column.has_default && !column.in_key {
        return "DEFAULT".to_owned();
    }
    let texts = made.demands.texts;
    let written = match named(column, number, at, made) {
        Some(text) => Some(text.clone()),
        None if column.in_key => distinct(column, number, texts),
        None => None,
    };
    let values = written.map_or_else(|| samples(column, texts), |one| vec![one]);
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

/// What the statements name, where the row has that: behind the sixth, or everywhere if only that
/// will do. Columns don't all begin with the same, so that each comes beside each.
fn named<'a>(column: &Column, number: usize, at: usize, made: Made<'a>) -> Option<&'a String> {
    let all = match column.category.as_str() {
        "S" => &made.constants.texts,
        "N" => &made.constants.numbers,
        _ => return None,
    };
    let is_text = column.category == "S";
    let has_named = match made.demands.texts {
        Texts::Letters => number >= ROWS,
        Texts::Named => is_text || number >= ROWS,
        Texts::Numbers | Texts::Days | Texts::Uuids => !is_text && number >= ROWS,
    };
    if !has_named || all.is_empty() {
        return None;
    }
    all.get((number + at) % all.len())
}

/// A value that no other row has, where the type has many.
fn distinct(column: &Column, number: usize, texts: Texts) -> Option<String> {
    let n = number + 1;
    Some(match column.base.as_str() {
        "int2" | "int4" | "int8" | "oid" | "numeric" | "float4" | "float8" => n.to_string(),
        "text" | "varchar" | "bpchar" | "name" | "citext" if column.constants.is_empty() => {
            match texts {
                Texts::Letters | Texts::Named => {
                    char::from_u32(u32::from('a') + u32::try_from(number).unwrap_or(0))
                        .unwrap_or('z')
                        .to_string()
                }
                Texts::Numbers => n.to_string(),
                Texts::Days => format!("2024-01-{n:02}"),
                Texts::Uuids => format!("00000000-0000-4000-8000-{n:012}"),
            }
        }
        "uuid" => format!("00000000-0000-4000-8000-{n:012}"),
        "date" | "timestamp" | "timestamptz" => format!("2024-01-{n:02}"),
        _ => return None,
    })
}

/// What a column's checks name, and then what its type has: a check may want its constants (`IN
/// ('a', 'b')`) or anything else (`<> ''`).
fn samples(column: &Column, texts: Texts) -> Vec<String> {
    let mut all: Vec<String> = column
        .constants
        .iter()
        .map(|text| text.replace("''", "'"))
        .collect();
    all.extend(of_type(column, texts));
    all
}

const DAYS: [&str; 3] = ["2024-01-01", "2024-02-29", "2023-12-31"];

fn uuids() -> Vec<String> {
    (1..4)
        .map(|n| format!("00000000-0000-4000-8000-{n:012}"))
        .collect()
}

/// Values of a type; the first are the plainest.
fn of_type(column: &Column, texts: Texts) -> Vec<String> {
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
        (.., "text" | "varchar" | "bpchar" | "name" | "citext") => match texts {
            Texts::Letters | Texts::Named => owned(&["a", "b", "A", "a", "c", " "]),
            Texts::Numbers => owned(&["1", "2", "10", "1", "3", "0"]),
            Texts::Days => owned(&DAYS),
            Texts::Uuids => uuids(),
        },
        (.., "uuid") => uuids(),
        (.., "date" | "timestamp" | "timestamptz") => owned(&DAYS),
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
