//! All that is compared of a database: what `pg_dump` prints, every row, every position of a
//! sequence.

use crate::Broken;
use crate::stage::{Database, Stage};
use concertina_sandbox::binaries;
use pg_query::NodeEnum;
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
    /// `client` is a connection to the same database.
    ///
    /// # Errors
    ///
    /// When `pg_dump` fails.
    pub async fn take(
        stage: &Stage,
        database: &Database,
        client: &Client,
        without: &[String],
    ) -> Result<Dump, Broken> {
        let mut command = Command::new(binaries::program("pg_dump")?);
        command.args([
            "--schema-only",
            "--exclude-schema=concertina",
            "--dbname",
            &stage.url(database),
        ]);
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
            // Only where a statement could begin: a function's body may have such lines too.
            let noise = block.is_empty()
                && (line.starts_with("--")
                    || line.starts_with("SET ")
                    || line.starts_with('\\')
                    || line.starts_with("SELECT pg_catalog.set_config"));
            if !line.is_empty() && !noise {
                block.push(line);
            } else if !block.is_empty() && line.is_empty() {
                *ordered.entry(block.join("\n")).or_default() += 1;
                *statements.entry(without_order(&block)).or_default() += 1;
                block.clear();
            }
        }
        Dump {
            statements,
            ordered,
        }
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
                    if at == 0 {
                        line.to_owned()
                    } else {
                        format!("{head} .. {}", line.trim())
                    }
                });
                lines.map(move |line| {
                    if *times > 1 {
                        format!("{line} ({times} times)")
                    } else {
                        line
                    }
                })
            });
            heads.collect()
        };
        let (mine, theirs) = (lines(self), lines(wanted));
        let lacks = theirs.difference(&mine).map(|line| format!("- {line}"));
        let mut all: Vec<String> = lacks
            .chain(mine.difference(&theirs).map(|line| format!("+ {line}")))
            .collect();
        if all.is_empty() {
            // The same lines, in another order or not as often: the labels of an enum, the body of
            // a function.
            let others = self
                .statements
                .iter()
                .filter(|(block, times)| wanted.statements.get(*block) != Some(*times));
            let head = |block: &str| block.lines().next().unwrap_or_default().to_owned();
            all.extend(others.map(|(block, _)| format!("+ {} .. ORDER of lines", head(block))));
        }
        all
    }

    /// Tables whose columns stand in another order, as far as their names are the same.
    #[must_use]
    pub fn moved_against(&self, wanted: &Dump) -> Vec<String> {
        let moved = wanted
            .ordered
            .keys()
            .filter(|block| !self.ordered.contains_key(*block));
        let table = |block: &String| {
            let head = block.lines().next()?;
            let rest = head
                .split_once("TABLE ")
                .filter(|(begin, _)| begin.starts_with("CREATE "))?
                .1;
            Some(rest.trim_end_matches('(').trim().to_owned())
        };
        moved.filter_map(table).collect()
    }
}

/// The columns of a table in the order of their names.
fn without_order(block: &[&str]) -> String {
    let mut lines: Vec<String> = block.iter().map(|line| (*line).to_owned()).collect();
    let begins = |line: &String| {
        line.starts_with("CREATE TABLE ") || line.starts_with("CREATE UNLOGGED TABLE ")
    };
    if lines.first().is_some_and(begins)
        && let Some(end) = lines.iter().position(|line| line.starts_with(')'))
    {
        for line in &mut lines[1..end] {
            *line = line.trim_end_matches(',').to_owned();
        }
        lines[1..end].sort_unstable();
    }
    let text = lines.join("\n");
    statistics_without_order(&text).unwrap_or(text)
}

/// Extended statistics list their columns in the order of the table's; nothing of anything else.
fn statistics_without_order(text: &str) -> Option<String> {
    if !text.starts_with("CREATE STATISTICS ") {
        return None;
    }
    let mut tree = pg_query::parse(text, 0)
        .ok()?
        .protobuf
        .stmts
        .into_iter()
        .next()?
        .stmt?
        .node?;
    let NodeEnum::CreateStatsStmt(statistics) = &mut tree else {
        return None;
    };
    statistics.exprs.sort_by_key(|one| match &one.node {
        Some(NodeEnum::StatsElem(element)) => element.name.clone(),
        _ => String::new(),
    });
    tree.deparse(Default::default()).ok()
}

/// What `pg_dump` leaves out, or says in settings between its statements: invalid indexes,
/// tablespaces, access methods, rights on the database and its settings, whether a materialized
/// view is filled, how many members an extension has, and large objects.
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
UNION ALL SELECT 'INVALID PARTITIONED INDEX ' || c.oid::regclass || ' ON ' || x.indrelid::regclass FROM relations c JOIN pg_index x ON x.indexrelid = c.oid
WHERE c.relkind = 'I' AND NOT x.indisvalid
UNION ALL SELECT 'ALTER DATABASE SET ' || array_to_string(s.setconfig, ' ') || CASE WHEN s.setrole <> 0 THEN ' of ' || s.setrole::regrole ELSE '' END FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
WHERE d.datname = current_database()
UNION ALL SELECT 'CLUSTER MARK OF ' || c.oid::regclass || ' ON ' || x.indrelid::regclass FROM relations c JOIN pg_index x ON x.indexrelid = c.oid WHERE x.indisclustered
UNION ALL SELECT 'GRANT ON DATABASE ' || array_to_string(d.datacl, ' ') FROM pg_database d WHERE d.datname = current_database() AND d.datacl IS NOT NULL
UNION ALL SELECT 'LARGE OBJECT OWNER ' || m.lomowner::regrole || coalesce(' with ' || array_to_string(m.lomacl, ' '), '') || ', '
    || coalesce((SELECT md5(string_agg(l.data, '' ORDER BY l.pageno)) FROM pg_largeobject l WHERE l.loid = m.oid), 'nothing in it')
FROM pg_largeobject_metadata m
UNION ALL SELECT 'EXTENSION ' || e.extname || ' ' || e.extversion || ' with ' || (SELECT count(*) FROM pg_depend d
    WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e') || ' members' FROM pg_extension e";

/// For each table and filled materialized view: its name, and the SQL of a row with its columns in
/// the order of their names. What comes from a clock or from chance is named only: the makers' own
/// values are from before 2024, their uuids begin with zeros.
const ROW_OF_EACH: &str = "
SELECT c.oid::regclass::text, CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END,
       coalesce(string_agg(CASE
           WHEN a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
               THEN format('CASE WHEN %1$I > ''2024-01-01'' AND isfinite(%1$I) THEN ''now'' ELSE %1$I::text END', a.attname)
           WHEN a.atttypid = 'uuid'::regtype
               THEN format('CASE WHEN %1$I::text LIKE ''00000000-%%'' OR %1$I IS NULL THEN %1$I::text ELSE ''random'' END', a.attname)
           WHEN a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) AND a.attcollation = 'default'::regcollation
               THEN format('CASE WHEN %1$I LIKE ''20__-__-%%'' AND %1$I ~ ''^20(2[4-9]|[3-9][0-9])-[0-9][0-9]-'' THEN ''now''
                   WHEN %1$I LIKE ''________-____-4%%'' AND %1$I ~ ''^[0-9a-f]{8}-[0-9a-f]{4}-4'' THEN ''random'' ELSE %1$I END', a.attname)
           ELSE format('%I', a.attname) END, ', ' ORDER BY a.attname COLLATE \"C\") FILTER (WHERE NOT ARRAY[a.attname, n.nspname || '.' || c.relname || '.' || a.attname]::text[] && $1::text[]), ''),
       coalesce(array_agg(quote_ident(a.attname)) FILTER (WHERE ARRAY[a.attname, n.nspname || '.' || c.relname || '.' || a.attname]::text[] && $1::text[]), '{}'), n.nspname || '.' || c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina', 'pg_toast') AND n.nspname NOT LIKE 'pg\\_%'
GROUP BY c.oid, c.relkind, c.relname, n.nspname";

/// The values of each table's rows, whatever tables and columns are called and in whichever order
/// columns stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values(Vec<(String, i64)>);

/// The SQL of the values of a table's row, as far as a renamed column leaves them as they are.
const VALUES_OF_EACH: &str = "
SELECT c.oid::regclass::text, CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END,
       coalesce(string_agg(format('%I::text', a.attname), ', '), 'NULL::text')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina', 'pg_toast') AND n.nspname NOT LIKE 'pg\\_%'
GROUP BY c.oid, c.relkind";

impl Values {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn take(client: &Client) -> Result<Values, Broken> {
        client
            .batch_execute("SET extra_float_digits = 3; SET TimeZone = 'UTC'")
            .await?;
        let mut parts = Vec::new();
        for row in client.query(VALUES_OF_EACH, &[]).await? {
            let (table, only, columns): (String, String, String) =
                (row.get(0), row.get(1), row.get(2));
            parts.push(format!(
                "SELECT coalesce(md5(string_agg(line, '|' ORDER BY line COLLATE \"C\")), ''), count(*)
                 FROM (SELECT (SELECT array_agg(v ORDER BY v COLLATE \"C\")::text FROM unnest(ARRAY[{columns}]) v) AS line FROM {only}{table}) AS lines"
            ));
        }
        if parts.is_empty() {
            return Ok(Values::default());
        }
        let found = client.query(&parts.join(" UNION ALL "), &[]).await?;
        let mut all: Vec<(String, i64)> =
            found.iter().map(|row| (row.get(0), row.get(1))).collect();
        all.sort();
        Ok(Values(all))
    }
}

impl Rows {
    /// Takes it. The columns in `numbered`, as `column` of any table or `schema.table.column`, were given numbers in an order that
    /// is nobody's promise: their values are compared by themselves.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn take(client: &Client, numbered: &[String]) -> Result<Rows, Broken> {
        Rows::without(client, numbered, &BTreeMap::new()).await
    }

    /// The same without some rows: for a table as `schema.table`, the condition of those that count.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn without(
        client: &Client,
        numbered: &[String],
        conditions: &BTreeMap<String, String>,
    ) -> Result<Rows, Broken> {
        client
            .batch_execute("SET extra_float_digits = 3; SET TimeZone = 'UTC'")
            .await?;
        let mut parts = Vec::new();
        for row in client.query(ROW_OF_EACH, &[&numbered]).await? {
            let (table, only, columns, numbers): (String, String, String, Vec<String>) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let condition = conditions
                .get(&row.get::<_, String>(4))
                .map_or("true", String::as_str);
            let label = table.replace('\'', "''");
            parts.push(format!(
                "SELECT '{label}' AS name, coalesce(md5(string_agg(line, '|' ORDER BY line COLLATE \"C\")), '') AS sum, count(*) AS rows
                 FROM (SELECT ROW({columns})::text AS line FROM {only}{table} WHERE {condition}) AS lines"
            ));
            for column in numbers {
                let what = column.replace('\'', "''");
                parts.push(format!(
                    "SELECT '{label}.{what}', coalesce(md5(string_agg({column}::text, '|' ORDER BY {column})), ''), count(*) FROM {only}{table} WHERE {condition}"
                ));
            }
        }
        if parts.is_empty() {
            return Ok(Rows::default());
        }
        let found = client.query(&parts.join(" UNION ALL "), &[]).await?;
        Ok(Rows(
            found
                .iter()
                .map(|row| (row.get(0), (row.get(1), row.get(2))))
                .collect(),
        ))
    }

    /// Which tables differ, and in how many rows.
    #[must_use]
    pub fn against(&self, wanted: &Rows) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(wanted.0.keys()).collect();
        let differing = names
            .into_iter()
            .filter(|name| self.0.get(*name) != wanted.0.get(*name));
        let number = |rows: &Rows, name: &String| {
            rows.0
                .get(name)
                .map_or_else(|| "no".to_owned(), |(_, rows)| rows.to_string())
        };
        differing
            .map(|name| {
                format!(
                    "{name}: {} rows, wanted {}",
                    number(self, name),
                    number(wanted, name)
                )
            })
            .collect()
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
        let names: Vec<String> = client
            .query(sql, &[])
            .await?
            .iter()
            .map(|row| row.get(0))
            .collect();
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
        Ok(Positions(
            found.iter().map(|row| (row.get(0), row.get(1))).collect(),
        ))
    }

    /// Puts sequences back that stand elsewhere: what a transaction took of them isn't given back with it, by nobody.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn restore(&self, client: &Client) -> Result<(), Broken> {
        let now = Positions::take(client).await?;
        for (name, place) in self
            .0
            .iter()
            .filter(|(name, place)| now.0.get(*name) != Some(place))
        {
            let (value, taken) = place
                .split_once(' ')
                .map_or((place.as_str(), false), |(value, _)| (value, true));
            let name = name.replace('\'', "''");
            client
                .batch_execute(&format!("SELECT setval('{name}', {value}, {taken})"))
                .await?;
        }
        Ok(())
    }

    /// Which sequences stand elsewhere.
    #[must_use]
    pub fn against(&self, wanted: &Positions) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(wanted.0.keys()).collect();
        let at = |all: &Positions, name: &String| {
            all.0
                .get(name)
                .cloned()
                .unwrap_or_else(|| "nowhere".to_owned())
        };
        let differing = names
            .into_iter()
            .filter(|name| self.0.get(*name) != wanted.0.get(*name));
        differing
            .map(|name| format!("{name} at {}, wanted {}", at(self, name), at(wanted, name)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_lines_in_another_order_differ() {
        let dump =
            |labels: &str| Dump::read(&format!("CREATE TYPE mood AS ENUM (\n{labels}\n);\n"));
        let (one, other) = (
            dump("    'a',\n    'b',\n    'c'"),
            dump("    'b',\n    'a',\n    'c'"),
        );
        assert!(!one.is_alike(&other));
        assert_eq!(
            one.against(&other),
            ["+ CREATE TYPE mood AS ENUM ( .. ORDER of lines"]
        );
        assert!(one.against(&one).is_empty());
    }

    #[test]
    fn a_body_of_a_function_is_compared_with_its_comments_and_settings() {
        let body = |line: &str| {
            Dump::read(&format!(
                "SET a = 1;\n\nCREATE FUNCTION f() AS $$\n{line}\n$$;\n"
            ))
        };
        for (one, other) in [
            ("-- old", "-- new"),
            ("SET x = 1;", "SET x = 2;"),
            ("\\a", "\\b"),
        ] {
            assert_eq!(body(one).against(&body(other)).len(), 2, "{one}");
        }
        assert!(
            body("-- old")
                .against(&Dump::read("CREATE FUNCTION f() AS $$\n-- old\n$$;\n"))
                .is_empty()
        );
    }

    #[test]
    fn the_order_of_columns_is_told_apart() {
        let dump = |columns: &str| {
            Dump::read(&format!(
                "-- x\n\nCREATE TABLE t (\n    {columns}\n);\n\nSET a = 1;\n"
            ))
        };
        let (one, other) = (dump("a int,\n    b text"), dump("b text,\n    a int"));
        assert!(one.is_alike(&other) && !one.has_order_of(&other));
        assert_eq!(one.moved_against(&other), ["t"]);
        assert!(one.moved_against(&one).is_empty());
        let less = dump("a int");
        assert_eq!(less.against(&one), ["- CREATE TABLE t ( .. b text"]);
    }
}
