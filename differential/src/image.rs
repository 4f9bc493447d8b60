//! All that is compared of a database: what `pg_dump` prints, every row, every position of a sequence.

use crate::Broken;
use crate::stage::{Database, Stage};
use concertina_sandbox::binaries;
use std::collections::{BTreeMap, BTreeSet};
use tokio::process::Command;
use tokio_postgres::Client;

/// A database's schema as statements, in an order that doesn't depend on how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    statements: BTreeMap<String, usize>,
    ordered: BTreeMap<String, usize>,
}

/// A checksum and the number of rows of each table, and of each column that a sequence numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows(BTreeMap<String, (String, i64)>);

/// Where each sequence stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Positions(BTreeMap<String, String>);

impl Dump {
    /// Takes it, without our own schema and without these: versions of the application's schema.
    ///
    /// # Errors
    ///
    /// When `pg_dump` fails.
    pub async fn take(stage: &Stage, database: &Database, without: &[String]) -> Result<Dump, Broken> {
        let mut command = Command::new(binaries::program("pg_dump")?);
        command.args(["--schema-only", "--exclude-schema=concertina", "--dbname", &stage.url(database)]);
        for schema in without {
            command.arg(format!("--exclude-schema=\"{schema}\""));
        }
        let output = command.output().await?;
        if !output.status.success() {
            return Err(Broken::Program {
                program: "pg_dump",
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        let mut dump = Dump::read(&String::from_utf8_lossy(&output.stdout));
        let client = stage.connect(database).await?;
        for row in client.query(UNPRINTED, &[&without]).await? {
            let fact: String = row.get(0);
            *dump.ordered.entry(fact.clone()).or_default() += 1;
            *dump.statements.entry(fact).or_default() += 1;
        }
        Ok(dump)
    }

    fn read(text: &str) -> Dump {
        let (mut statements, mut ordered) = (BTreeMap::new(), BTreeMap::new());
        let mut block: Vec<&str> = Vec::new();
        for line in text.lines().chain([""]) {
            let noise = line.starts_with("--")
                || line.starts_with("SET ")
                || line.starts_with('\\')
                || line.starts_with("SELECT pg_catalog.set_config");
            if !line.is_empty() && !noise {
                block.push(line);
            } else if !block.is_empty() && line.is_empty() {
                *ordered.entry(block.join("\n")).or_default() += 1;
                *statements.entry(without_order(&block)).or_default() += 1;
                block.clear();
            }
        }
        Dump { statements, ordered }
    }

    /// Whether both say the same, but for the order of columns.
    #[must_use]
    pub fn is_alike(&self, other: &Dump) -> bool {
        self.statements == other.statements
    }

    /// Whether columns have the same order too.
    #[must_use]
    pub fn has_order_of(&self, other: &Dump) -> bool {
        self.ordered == other.ordered
    }

    /// What this one lacks (`-`) and has too much (`+`) against what is wanted.
    #[must_use]
    pub fn against(&self, wanted: &Dump) -> Vec<String> {
        let lines = |dump: &Dump| -> BTreeSet<String> {
            let heads = dump.statements.iter().flat_map(|(block, times)| {
                let head = block.lines().next().unwrap_or_default().to_owned();
                let lines = block.lines().enumerate().map(move |(at, line)| {
                    if at == 0 { line.to_owned() } else { format!("{head} .. {}", line.trim()) }
                });
                lines.map(move |line| if *times > 1 { format!("{line} ({times} times)") } else { line })
            });
            heads.collect()
        };
        let (mine, theirs) = (lines(self), lines(wanted));
        let lacks = theirs.difference(&mine).map(|line| format!("- {line}"));
        lacks.chain(mine.difference(&theirs).map(|line| format!("+ {line}"))).collect()
    }
}

/// The columns of a table in the order of their names.
fn without_order(block: &[&str]) -> String {
    let mut lines: Vec<String> = block.iter().map(|line| (*line).to_owned()).collect();
    let begins = |line: &String| line.starts_with("CREATE TABLE ") || line.starts_with("CREATE UNLOGGED TABLE ");
    if lines.first().is_some_and(begins)
        && let Some(end) = lines.iter().position(|line| line.starts_with(')'))
    {
        for line in &mut lines[1..end] {
            *line = line.trim_end_matches(',').to_owned();
        }
        lines[1..end].sort_unstable();
    }
    lines.join("\n")
}

/// What `pg_dump` leaves out, or says in settings between its statements: invalid indexes, tablespaces, access methods,
/// settings of the database, whether a materialized view is filled, members of extensions, columns of an index's statistics.
const UNPRINTED: &str = "
WITH relations AS (
    SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina', 'pg_toast')
      AND n.nspname NOT LIKE 'pg\\_%' AND NOT n.nspname = ANY ($1::text[])
)
SELECT 'INVALID INDEX ' || c.oid::regclass || ' ON ' || x.indrelid::regclass FROM relations c JOIN pg_index x ON x.indexrelid = c.oid
WHERE c.relkind = 'i' AND NOT (x.indisvalid AND x.indisready AND x.indislive)
UNION ALL SELECT 'TABLESPACE OF ' || c.oid::regclass || ' IS ' || s.spcname FROM relations c JOIN pg_tablespace s ON s.oid = c.reltablespace
UNION ALL SELECT 'ACCESS METHOD OF ' || c.oid::regclass || ' IS ' || m.amname FROM relations c JOIN pg_am m ON m.oid = c.relam
WHERE c.relkind IN ('r', 'm') AND m.amname <> 'heap'
UNION ALL SELECT 'NOT POPULATED ' || c.oid::regclass FROM relations c WHERE c.relkind = 'm' AND NOT c.relispopulated
UNION ALL SELECT 'ALTER DATABASE SET ' || array_to_string(s.setconfig, ' ') FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
WHERE d.datname = current_database()
UNION ALL SELECT 'CLUSTER MARK OF ' || c.oid::regclass || ' ON ' || x.indrelid::regclass FROM relations c JOIN pg_index x ON x.indexrelid = c.oid WHERE x.indisclustered
UNION ALL SELECT 'EXTENSION ' || extname || ' ' || extversion FROM pg_extension";

/// For each table and filled materialized view: its name, and the SQL of a row with its columns in the order of their names.
/// What comes from a clock or from chance is named only: the makers' own values are from before 2024, their uuids begin with zeros.
const ROW_OF_EACH: &str = "
SELECT c.oid::regclass::text, CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END,
       coalesce(string_agg(CASE
           WHEN a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
               THEN format('CASE WHEN %1$I > ''2024-01-01'' AND isfinite(%1$I) THEN ''now'' ELSE %1$I::text END', a.attname)
           WHEN a.atttypid = 'uuid'::regtype
               THEN format('CASE WHEN %1$I::text LIKE ''00000000-%%'' OR %1$I IS NULL THEN %1$I::text ELSE ''random'' END', a.attname)
           WHEN a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) AND a.attcollation = 'default'::regcollation
               THEN format('CASE WHEN %1$I ~ ''^20(2[4-9]|[3-9][0-9])-[0-9][0-9]-'' THEN ''now'' WHEN %1$I ~ ''^[0-9a-f]{8}-[0-9a-f]{4}-4'' THEN ''random'' ELSE %1$I END', a.attname)
           ELSE format('%I', a.attname) END, ', ' ORDER BY a.attname COLLATE \"C\") FILTER (WHERE NOT a.attname = ANY ($1::text[])), ''),
       coalesce(array_agg(quote_ident(a.attname)) FILTER (WHERE a.attname = ANY ($1::text[])), '{}')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina', 'pg_toast') AND n.nspname NOT LIKE 'pg\\_%'
GROUP BY c.oid, c.relkind";

impl Rows {
    /// Takes it. Columns of the names in `numbered` were given numbers in an order that is nobody's promise: their values are
    /// compared by themselves.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn take(client: &Client, numbered: &[String]) -> Result<Rows, Broken> {
        client.batch_execute("SET extra_float_digits = 3; SET TimeZone = 'UTC'").await?;
        let mut parts = Vec::new();
        for row in client.query(ROW_OF_EACH, &[&numbered]).await? {
            let (table, only, columns, numbers): (String, String, String, Vec<String>) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let label = table.replace('\'', "''");
            parts.push(format!(
                "SELECT '{label}' AS name, coalesce(md5(string_agg(line, '|' ORDER BY line COLLATE \"C\")), '') AS sum, count(*) AS rows
                 FROM (SELECT ROW({columns})::text AS line FROM {only}{table}) AS lines"
            ));
            for column in numbers {
                let what = column.replace('\'', "''");
                parts.push(format!(
                    "SELECT '{label}.{what}', coalesce(md5(string_agg({column}::text, '|' ORDER BY {column})), ''), count(*) FROM {only}{table}"
                ));
            }
        }
        if parts.is_empty() {
            return Ok(Rows::default());
        }
        let found = client.query(&parts.join(" UNION ALL "), &[]).await?;
        Ok(Rows(found.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect()))
    }

    /// Which tables differ, and in how many rows.
    #[must_use]
    pub fn against(&self, wanted: &Rows) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(wanted.0.keys()).collect();
        let differing = names.into_iter().filter(|name| self.0.get(*name) != wanted.0.get(*name));
        let number =
            |rows: &Rows, name: &String| rows.0.get(name).map_or_else(|| "no".to_owned(), |(_, rows)| rows.to_string());
        differing.map(|name| format!("{name}: {} rows, wanted {}", number(self, name), number(wanted, name))).collect()
    }

    /// Whether any table holds a row.
    #[must_use]
    pub fn any(&self) -> bool {
        self.0.values().any(|(_, rows)| *rows > 0)
    }
}

impl Positions {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn take(client: &Client) -> Result<Positions, Broken> {
        let sql = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relkind = 'S' AND n.nspname NOT IN ('concertina')";
        let names: Vec<String> = client.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect();
        if names.is_empty() {
            return Ok(Positions::default());
        }
        let each = |name: &String| {
            format!(
                "SELECT '{}' AS name, last_value || CASE WHEN is_called THEN ' taken' ELSE '' END FROM {name}",
                name.replace('\'', "''")
            )
        };
        let sql: Vec<String> = names.iter().map(each).collect();
        let found = client.query(&sql.join(" UNION ALL "), &[]).await?;
        Ok(Positions(found.iter().map(|row| (row.get(0), row.get(1))).collect()))
    }

    /// Puts sequences back that stand elsewhere: what a transaction took of them isn't given back with it, by nobody.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn restore(&self, client: &Client) -> Result<(), Broken> {
        let now = Positions::take(client).await?;
        for (name, place) in self.0.iter().filter(|(name, place)| now.0.get(*name) != Some(place)) {
            let (value, taken) = place.split_once(' ').map_or((place.as_str(), false), |(value, _)| (value, true));
            let name = name.replace('\'', "''");
            client.batch_execute(&format!("SELECT setval('{name}', {value}, {taken})")).await?;
        }
        Ok(())
    }

    /// Which sequences stand elsewhere.
    #[must_use]
    pub fn against(&self, wanted: &Positions) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(wanted.0.keys()).collect();
        let at = |all: &Positions, name: &String| all.0.get(name).cloned().unwrap_or_else(|| "nowhere".to_owned());
        let differing = names.into_iter().filter(|name| self.0.get(*name) != wanted.0.get(*name));
        differing.map(|name| format!("{name} at {}, wanted {}", at(self, name), at(wanted, name))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_columns_is_told_apart() {
        let dump = |columns: &str| Dump::read(&format!("-- x\n\nCREATE TABLE t (\n    {columns}\n);\n\nSET a = 1;\n"));
        let (one, other) = (dump("a int,\n    b text"), dump("b text,\n    a int"));
        assert!(one.is_alike(&other) && !one.has_order_of(&other));
        let less = dump("a int");
        assert_eq!(less.against(&one), ["- CREATE TABLE t ( .. b text"]);
    }
}
