//! Chance, and what it draws from: names, types, values, expressions and conditions.

use crate::sql::name;
use crate::world::{Column, Relation, World};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// Names as people choose them; some have to be quoted.
const NAMES: [&str; 30] = [
    "leads",
    "orders",
    "users",
    "items",
    "events",
    "notes",
    "teams",
    "files",
    "email",
    "mail",
    "qty",
    "price",
    "status",
    "state",
    "kind",
    "title",
    "label",
    "owner_id",
    "team_id",
    "parent_id",
    "seen_at",
    "done",
    "score",
    "tag",
    "Mixed Case",
    "order",
    "user",
    "größe",
    "a\"b",
    "from",
];

/// Chance with a seed.
pub struct Draw {
    random: StdRng,
    fresh: u32,
}

impl Draw {
    /// Begins with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Draw {
        Draw { random: StdRng::seed_from_u64(seed), fresh: 0 }
    }

    /// True so often of a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    /// A number from `least` to `most`.
    pub fn number(&mut self, least: usize, most: usize) -> usize {
        self.random.random_range(least..=most)
    }

    /// One of them.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.choose(&mut self.random)
    }

    /// One word of several.
    pub fn word(&mut self, of: &[&'static str]) -> &'static str {
        of.choose(&mut self.random).copied().unwrap_or_default()
    }

    /// One that is liked, mostly, and any other sometimes.
    pub fn weighted<'a, T>(&mut self, of: &'a [T], weight: impl Fn(&T) -> u32) -> Option<&'a T> {
        let all: u32 = of.iter().map(&weight).sum();
        let mut at = if all == 0 { return None } else { self.random.random_range(0..all) };
        of.iter().find(|one| {
            let own = weight(one);
            let here = at < own;
            at = at.saturating_sub(own);
            here
        })
    }

    /// A name that no relation, type or column of the world has.
    pub fn fresh(&mut self, world: &World) -> String {
        let taken = |candidate: &str| {
            world.is_taken(candidate)
                || world.schemas.iter().any(|one| one == candidate)
                || world.functions.iter().any(|one| one.name == candidate)
                || world.relations.iter().any(|one| one.columns.iter().any(|column| column.name == candidate))
        };
        for _ in 0..4 {
            let candidate = self.word(&NAMES);
            if !taken(candidate) {
                return candidate.to_owned();
            }
        }
        loop {
            self.fresh += 1;
            let candidate = format!("n{}", self.fresh);
            if !taken(&candidate) {
                return candidate;
            }
        }
    }

    /// A table with or without rows, partitioned or not; views are for others.
    pub fn table<'a>(&mut self, world: &'a World) -> Option<&'a Relation> {
        let tables = world.of_kind(&['r', 'p']);
        self.weighted(&tables, |one| if one.partition_of.is_some() { 1 } else { 4 }).copied()
    }

    /// A column of a relation.
    pub fn column<'a>(&mut self, of: &'a Relation) -> Option<&'a Column> {
        self.one(&of.columns)
    }

    /// A column that isn't in the primary key, mostly.
    pub fn plain_column<'a>(&mut self, of: &'a Relation) -> Option<&'a Column> {
        let key: Vec<&str> = of.key().iter().map(|column| column.name.as_str()).collect();
        let in_key_of_partitions =
            |column: &Column| of.partition_key.as_ref().is_some_and(|key| key.contains(&column.name));
        let weight =
            |column: &Column| if key.contains(&column.name.as_str()) || in_key_of_partitions(column) { 1 } else { 8 };
        self.weighted(&of.columns, weight)
    }

    /// A column that statements may write, mostly none of the key.
    pub fn writable<'a>(&mut self, of: &'a Relation) -> Option<&'a Column> {
        let key: Vec<&str> = of.key().iter().map(|column| column.name.as_str()).collect();
        let columns = of.writable();
        self.weighted(&columns, |column| if key.contains(&column.name.as_str()) { 1 } else { 8 }).copied()
    }

    /// A type for a new column, as SQL.
    pub fn kind(&mut self, world: &World) -> String {
        let own = &world.types;
        if self.chance(15)
            && let Some(kind) = self.one(own)
        {
            return crate::sql::qualified(&kind.schema, &kind.name);
        }
        if self.chance(5) && world.extensions.iter().any(|one| one == "citext") {
            return "citext".to_owned();
        }
        self.word(&[
            "int",
            "int",
            "int",
            "bigint",
            "smallint",
            "text",
            "text",
            "text",
            "varchar(20)",
            "varchar(60)",
            "boolean",
            "numeric(10,2)",
            "numeric",
            "timestamptz",
            "timestamp",
            "date",
            "uuid",
            "jsonb",
            "json",
            "float8",
            "int[]",
            "text[]",
            "bytea",
            "interval",
            "point",
            "text COLLATE \"C\"",
            "char(8)",
            "inet",
            "json[]",
            "numeric(6)",
            "real",
        ])
        .to_owned()
    }

    /// A constant of a type, as SQL.
    pub fn value(&mut self, kind: &str, world: &World) -> String {
        let n = self.number(0, 20);
        let base = kind.split('(').next().unwrap_or(kind).trim();
        match base {
            "integer" | "bigint" | "smallint" | "int" => n.to_string(),
            "numeric" => self.word(&["0", "1.5", "1.50", "7", "12.00", "-3"]).to_owned(),
            "real" | "double precision" | "float8" => self.word(&["0", "'-0'", "1.5", "0.1", "7"]).to_owned(),
            "boolean" => self.word(&["true", "false"]).to_owned(),
            "date" => format!("'2020-01-{:02}'", 1 + n),
            "time without time zone" => "'12:00'".to_owned(),
            "timestamp without time zone" | "timestamp with time zone" | "timestamptz" | "timestamp" => {
                format!("'2020-03-{:02} 10:00'", 1 + n)
            }
            "uuid" => format!("'00000000-0000-0000-0000-{n:012}'"),
            "json" => self.word(&["'{\"a\": 1}'", "'{\"a\":1}'", "'[]'", "'null'"]).to_owned(),
            "jsonb" => self.word(&["'{\"a\": 1}'", "'{\"a\": 1.0}'", "'[]'", "'null'"]).to_owned(),
            "interval" => self.word(&["'1 day'", "'24:00:00'", "'1 mon'", "'30 days'"]).to_owned(),
            "point" => format!("'({n},1)'"),
            "inet" => format!("'10.0.0.{n}'"),
            "bytea" => format!("'\\x{n:02x}'"),
            "citext" => self.word(&["'Bob'", "'bob'", "'BOB'", "''"]).to_owned(),
            _ if base.ends_with("[]") => self.word(&["'{}'", "'{1,2}'", "'{2,1}'", "'{NULL}'"]).to_owned(),
            "text" | "character varying" | "character" | "varchar" | "\"char\"" | "name" => {
                self.word(&["'a'", "'b'", "'x'", "''", "'new'", "'0'", "'12'", "'O''Brien'"]).to_owned()
            }
            _ => self.value_of_own(base, world),
        }
    }

    fn value_of_own(&mut self, kind: &str, world: &World) -> String {
        let plain = kind.rsplit('.').next().unwrap_or(kind).trim_matches('"').replace("\"\"", "\"");
        let Some(known) = world.types.iter().find(|one| one.name == plain) else { return "NULL".to_owned() };
        match known.kind {
            'e' => {
                self.one(&known.labels).map_or("NULL".to_owned(), |label| format!("'{}'", label.replace('\'', "''")))
            }
            'd' => {
                let base = known.base.clone().unwrap_or_default();
                self.value(&base, world)
            }
            'c' => {
                let values: Vec<String> = known.attributes.iter().map(|(_, kind)| self.value(kind, world)).collect();
                format!("ROW({})::{}", values.join(", "), crate::sql::qualified(&known.schema, &known.name))
            }
            _ => "NULL".to_owned(),
        }
    }

    /// An expression of a column's type over the columns of its relation; `as_of` is what the relation is called.
    pub fn expression(&mut self, column: &Column, of: &Relation, world: &World) -> String {
        let same: Vec<&Column> = of.columns.iter().filter(|one| one.kind == column.kind).collect();
        let other = self.one(&same).map_or_else(|| name(&column.name), |one| name(&one.name));
        let value = self.value(&column.kind, world);
        let choice = self.number(0, 6);
        match (choice, column.category) {
            (2, _) => other,
            (3, 'N') => format!("{other} + 1"),
            (4, 'N') => format!("{other} * 2"),
            (5, 'N') => format!("coalesce({other}, 0) + 7"),
            (3 | 4, 'S') if !column.kind.starts_with("json") => {
                self.word(&["lower", "upper", "trim"]).to_owned() + &format!("({other})")
            }
            (5, 'S') => format!("left({other} || 'z', 8)"),
            (3, 'B') => format!("NOT {other}"),
            (6, _) => format!("CASE WHEN {other} IS NULL THEN {value} ELSE {other} END"),
            _ => value,
        }
    }

    /// A condition over a relation's columns.
    pub fn condition(&mut self, of: &Relation, world: &World) -> String {
        let Some(column) = self.column(of).cloned() else { return "true".to_owned() };
        let sql = name(&column.name);
        let value = self.value(&column.kind, world);
        let compares = !matches!(column.kind.as_str(), "json" | "point" | "json[]" | "xml");
        match self.number(0, 5) {
            0 => format!("{sql} IS NULL"),
            2 | 3 if compares => format!("{sql} = {value}"),
            4 if column.category == 'N' => format!("{sql} > {}", self.number(0, 500)),
            4 if compares => format!("{sql} <> {value}"),
            5 if column.category == 'N'
                && column.kind != "numeric"
                && !column.kind.contains("double")
                && column.kind != "real" =>
            {
                format!("{sql} % 3 = {}", self.number(0, 2))
            }
            _ => format!("{sql} IS NOT NULL"),
        }
    }
}
