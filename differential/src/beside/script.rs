//! What two versions of an application say: reads and writes of one row at a time, made from the
//! worlds before and after.

use super::{Place, Version};
use crate::Broken;
use crate::case::Case;
use crate::draw::Draw;
use crate::sql::Sql;
use crate::tags;
use crate::world::{Column, Relation, World};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Client;

/// How many rows of a table an application writes.
const KEYS: usize = 6;

/// The keys of rows that applications insert begin here: above those of any schema, and small
/// enough for every type of a key.
const INSERTED: i64 = 30_000;

/// A query of one row.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) sql: String,
    /// What the values of its answer acknowledge, where they are known to last.
    pub(super) writes: Vec<Option<Place>>,
    /// Where the values of its answer were read.
    pub(super) reads: Vec<Option<Place>>,
}

/// What both versions may say, made from the worlds before and after.
pub struct Script {
    pub(super) queries: Vec<Query>,
}

/// What a revision writes: where nothing can be known, nothing that an application writes is sure
/// to last.
struct Written {
    nothing_lasts: bool,
    names: BTreeSet<String>,
}

impl Written {
    fn by(case: &Case) -> Written {
        let mut written = Written {
            nothing_lasts: false,
            names: BTreeSet::new(),
        };
        for statement in case.revisions.iter().flatten() {
            let tags = tags::tags(&statement.text());
            let has = |all: &[&str]| tags.iter().any(|tag| all.contains(&tag.as_str()));
            written.nothing_lasts |= has(&[
                "Delete",
                "Truncate",
                "Merge",
                "Do",
                "Call",
                "Insert",
                "DropOwned",
            ]);
            // Rows of a partition or an heir that goes are the table's no more.
            let takes_away = [
                "AlterTable AtDetachPartition",
                "AlterTable AtDropInherit",
                "Drop ObjectTable",
            ];
            if has(&["Update"]) || has(&takes_away) {
                // A statement that was read from a file has no marked names: then nothing is known.
                let names = Sql::names(statement);
                written.nothing_lasts |=
                    names.is_empty() && !statement.text().starts_with("UPDATE ");
                written.names.extend(names);
                written.names.extend(
                    statement
                        .text()
                        .split_whitespace()
                        .nth(1)
                        .map(|name| name.trim_matches('"').to_owned()),
                );
            }
        }
        written
    }
}

/// Two values of a type; where it has them, equal but not identical ones.
fn equal(draw: &mut Draw, kind: &str, world: &World) -> (String, String) {
    let pair = match kind.split('(').next().unwrap_or(kind) {
        "citext" | "text" => ("'Bob'", "'bob'"),
        "numeric" => ("1.5", "1.50"),
        "interval" => ("'1 day'", "'24:00:00'"),
        "jsonb" => ("'{\"a\": 1}'", "'{\"a\": 1.0}'"),
        "double precision" | "real" => ("0", "'-0'"),
        _ => return (draw.value(kind, world), draw.value(kind, world)),
    };
    (pair.0.to_owned(), pair.1.to_owned())
}

/// The column of a key, if it is one whole number.
pub(super) fn key(table: &Relation) -> Option<&Column> {
    match table.key()[..] {
        [key] if matches!(key.kind.as_str(), "integer" | "bigint") => Some(key),
        _ => None,
    }
}

/// Some keys of the rows that a version writes: the new one's are odd.
async fn keys(
    table: &str,
    key: &str,
    version: Version,
    client: &Client,
) -> Result<Vec<i64>, Broken> {
    let parity = i32::from(version == Version::New);
    let sql = format!(
        "SELECT {key}::bigint FROM {table} WHERE {key} % 2 = {parity} ORDER BY {key} LIMIT {KEYS}"
    );
    let rows = client.query(&sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

impl Script {
    /// What a version says of the tables that are there before and after.
    ///
    /// # Errors
    ///
    /// When the server can't be asked for keys.
    pub async fn new(
        version: Version,
        before: &World,
        after: &World,
        case: &Case,
        client: &Client,
    ) -> Result<Script, Broken> {
        let text: usize = case
            .revisions
            .iter()
            .flatten()
            .map(|one| one.text().len())
            .sum();
        let mut draw = Draw::new(text as u64);
        let written = Written::by(case);
        let mut queries = Vec::new();
        for old in before
            .of_kind(&['r', 'p'])
            .into_iter()
            .filter(|one| one.partition_of.is_none())
        {
            let Some(new) = after.relations.iter().find(|one| one.oid == old.oid) else {
                continue;
            };
            let (said, world) = if version == Version::Old {
                (old, before)
            } else {
                (new, after)
            };
            let (Some(own), Some(_)) = (key(said), key(new)) else {
                continue;
            };
            let (table, key) = (
                Sql::marked(&said.sql()).text(),
                crate::sql::quoted(&own.name),
            );
            let keys = keys(&table, &key, version, client).await?;
            // Rows of a table may lie in its partitions and heirs.
            let is_below = |one: &&Relation| {
                one.parent.as_ref() == Some(&old.name)
                    || one.partition_of.as_ref() == Some(&old.name)
            };
            let below = before
                .relations
                .iter()
                .filter(is_below)
                .map(|one| &one.name);
            let mut names = [&old.name, &new.name].into_iter().chain(below);
            let sure = !written.nothing_lasts && !names.any(|name| written.names.contains(name));
            let heirs = before
                .relations
                .iter()
                .filter(|one| one.parent.as_ref() == Some(&old.name))
                .collect();
            let new_types = after.types.iter().map(|one| one.name.as_str());
            let new_types = new_types
                .filter(|name| !before.types.iter().any(|one| one.name == *name))
                .collect();
            let spoken = Spoken {
                old,
                new,
                said,
                table,
                key,
                sure,
                heirs,
                new_types,
            };
            queries.extend(spoken.queries(&keys, &mut draw, world));
        }
        let mut script = Script { queries };
        script.try_out(client).await?;
        Ok(script)
    }

    /// Leaves out what the application can't say even when nobody changes anything: values that a
    /// constraint refuses.
    async fn try_out(&mut self, client: &Client) -> Result<(), Broken> {
        let mut kept = Vec::new();
        for query in std::mem::take(&mut self.queries) {
            client.batch_execute("BEGIN").await?;
            // What is deferred would be refused at the end alone.
            let worked = client.simple_query(&query.sql).await.is_ok()
                && client
                    .batch_execute("SET CONSTRAINTS ALL IMMEDIATE")
                    .await
                    .is_ok();
            client.batch_execute("ROLLBACK").await?;
            kept.extend(worked.then_some(query));
        }
        self.queries = kept;
        Ok(())
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }
}

/// A table as an application speaks of it.
struct Spoken<'a> {
    old: &'a Relation,
    new: &'a Relation,
    said: &'a Relation,
    table: String,
    key: String,
    /// Whether what is written there lasts.
    sure: bool,
    /// What inherits it: it writes their rows, too.
    heirs: Vec<&'a Relation>,
    /// Types that the revision makes or renames: their names may come only with its end.
    new_types: Vec<&'a str>,
}

impl Spoken<'_> {
    fn queries(&self, keys: &[i64], draw: &mut Draw, world: &World) -> Vec<Query> {
        let (table, key) = (&self.table, &self.key);
        let all: Vec<String> = self
            .said
            .columns
            .iter()
            .map(|one| format!("{}::text", crate::sql::quoted(&one.name)))
            .collect();
        let mut queries = Vec::new();
        let refused = |of: &Relation| {
            of.triggers.iter().any(|one| one.function == "deny") || !of.rules.is_empty()
        };
        let writes = !refused(self.old) && !refused(self.new);
        for number in keys {
            let sql = format!(
                "SELECT {} FROM {table} WHERE {key} = {number}",
                all.join(", ")
            );
            queries.push(Query {
                sql,
                writes: vec![],
                reads: self.places(*number, &self.said.columns),
            });
            let own =
                |one: &&Column| Some(one.number) != self::key(self.said).map(|key| key.number);
            let columns = self
                .said
                .writable()
                .into_iter()
                .filter(own)
                .filter(|one| !self.is_of_new_type(one));
            for column in columns.filter(|one| writes && !self.is_told_apart(one.number)) {
                let sql_name = crate::sql::quoted(&column.name);
                let (first, second) = equal(draw, self.kind(column), world);
                for value in [first, second] {
                    let value = Sql::marked(&value).text();
                    queries.push(Query {
                        sql: format!(
                            "UPDATE {table} SET {sql_name} = {value} WHERE {key} = {number} RETURNING {sql_name}::text"
                        ),
                        writes: vec![self.place(*number, column)],
                        reads: vec![],
                    });
                }
            }
        }
        let is_writable = self
            .said
            .writable()
            .iter()
            .any(|one| Some(one.number) == self::key(self.said).map(|key| key.number));
        let inserts = writes && is_writable && keys.len() == KEYS;
        // Rows that the other version doesn't insert: keys have a parity.
        let first = INSERTED + keys.first().map_or(0, |number| number % 2);
        queries.extend(
            (0..KEYS as i64)
                .filter(|_| inserts)
                .map(|at| self.insert(first + 2 * at, draw, world)),
        );
        queries
    }

    /// A row with a value in every column that it may have one in; once, however often it is said.
    fn insert(&self, number: i64, draw: &mut Draw, world: &World) -> Query {
        let own = key(self.said).map(|key| key.number);
        let is_free = |one: &Column| {
            !one.numbered && !self.is_told_apart(one.number) && !self.is_of_new_type(one)
        };
        let columns: Vec<Column> = self
            .said
            .writable()
            .into_iter()
            .filter(|one| Some(one.number) == own || is_free(one))
            .cloned()
            .collect();
        let values: Vec<String> = columns
            .iter()
            .map(|one| {
                let value = if Some(one.number) == own {
                    number.to_string()
                } else {
                    equal(draw, self.kind(one), world).0
                };
                let value = Sql::marked(&value).text();
                // A word that is no type's yet: it is read as the column's, whichever that is by
                // then.
                if self.kind(one) == one.kind {
                    format!("({value})::{}", one.kind)
                } else {
                    value
                }
            })
            .collect();
        let names: Vec<String> = columns
            .iter()
            .map(|one| crate::sql::quoted(&one.name))
            .collect();
        let returned: Vec<String> = names.iter().map(|name| format!("{name}::text")).collect();
        let (table, key) = (&self.table, &self.key);
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT {} WHERE NOT EXISTS (SELECT FROM {table} WHERE {key} = {number}) RETURNING {}",
            names.join(", "),
            values.join(", "),
            returned.join(", ")
        );
        Query {
            sql,
            writes: self.places(number, &columns),
            reads: vec![],
        }
    }

    /// Where a value of a row is, if what is written there lasts.
    fn place(&self, number: i64, column: &Column) -> Option<Place> {
        self.lasts(column.number)
            .then_some((self.old.oid, number, column.number))
    }

    fn places(&self, number: i64, columns: &[Column]) -> Vec<Option<Place>> {
        columns
            .iter()
            .map(|column| self.place(number, column))
            .collect()
    }

    /// Whether rows were told apart by a column before: what one row is given another may have.
    fn is_told_apart(&self, number: i16) -> bool {
        let Some(column) = self.old.columns.iter().find(|one| one.number == number) else {
            return false;
        };
        let all = || std::iter::once(self.old).chain(self.heirs.iter().copied());
        let mut by_index = all().flat_map(|one| &one.indexes).filter(|one| one.unique);
        let mut by_exclusion = all()
            .flat_map(|one| &one.constraints)
            .filter(|one| one.kind == 'x');
        by_index.any(|one| one.expression || one.columns.contains(&column.name))
            || by_exclusion.any(|one| one.columns.contains(&column.name))
    }

    /// The type whose values are written to a column: the one that it has before, since it has that
    /// one until contract.
    fn kind<'b>(&'b self, column: &'b Column) -> &'b str {
        let old = self
            .old
            .columns
            .iter()
            .find(|one| one.number == column.number);
        old.map_or(&column.kind, |old| &old.kind)
    }

    /// Whether the column's type is one that the revision makes or renames.
    fn is_of_new_type(&self, column: &Column) -> bool {
        let named = Sql::marked(&column.kind).text();
        let named = named
            .trim_end_matches("[]")
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .trim_matches('"');
        self.new_types.contains(&named)
    }

    /// Whether a column has the same type before and after, and nobody but applications writes it.
    fn lasts(&self, number: i16) -> bool {
        let find = |of: &Relation| of.columns.iter().find(|one| one.number == number).cloned();
        let (Some(old), Some(new)) = (find(self.old), find(self.new)) else {
            return false;
        };
        let stamped = |of: &Relation| !of.triggers.is_empty() && matches!(old.name.as_str(), "n");
        let number = |of: &Relation| key(of).map(|one| one.number);
        self.sure
            && number(self.old) == number(self.new)
            && old.kind == new.kind
            && old.collation == new.collation
            && old.generated.is_empty()
            && new.generated.is_empty()
            && !stamped(self.old)
            && !stamped(self.new)
    }
}

/// For each table that applications write, the condition of the rows that none of them does; for
/// what inherits them too. Tables have the names of then.
#[must_use]
pub fn touched(before: &World, after: &World) -> BTreeMap<String, String> {
    let mut conditions = BTreeMap::new();
    let spoken = |one: &&Relation| {
        before
            .relations
            .iter()
            .any(|old| old.oid == one.oid && key(old).is_some())
    };
    for table in after.of_kind(&['r', 'p']).into_iter().filter(spoken) {
        let Some(key) = key(table) else { continue };
        let (key, sql) = (
            crate::sql::quoted(&key.name),
            Sql::marked(&table.sql()).text(),
        );
        let first = |parity: usize| {
            format!(
                "(SELECT max(k) FROM (SELECT {key} AS k FROM {sql} WHERE {key} % 2 = {parity} ORDER BY {key} LIMIT {KEYS}) x)"
            )
        };
        let condition = format!(
            "{key} > greatest({}, {}) AND NOT {key} BETWEEN {INSERTED} AND {INSERTED} + 2 * {KEYS}",
            first(0),
            first(1)
        );
        let parts = after
            .relations
            .iter()
            .filter(|one| one.parent.as_ref() == Some(&table.name));
        for one in std::iter::once(table).chain(parts) {
            conditions.insert(format!("{}.{}", one.schema, one.name), condition.clone());
        }
    }
    conditions
}
