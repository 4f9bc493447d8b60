//! Chance, and what it draws from: names, types, values, expressions and conditions.

use crate::sql::name;
use crate::world::{Column, Relation, World};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// Names as people choose them; some have to be quoted.
const NAMES: [&str; 32] = [
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
    "Ünïcode",
    "a.b",
];

/// Chance with a seed.
pub struct Draw {
    random: StdRng,
    fresh: u32,
    aim: Option<Aim>,
}

/// A table and a column that statements are to be about, whatever they are called by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// [`Relation::oid`].
    pub table: u32,
    /// [`Column::number`].
    pub column: i16,
}

/// Of a hundred draws of a table or column, how many take the one that is aimed at.
const AIM_PERCENT: u32 = 88;

impl Draw {
    /// Begins with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Draw {
        Draw {
            random: StdRng::seed_from_u64(seed),
            fresh: 0,
            aim: None,
        }
    }

    /// From now on, most statements are about one table and one of its columns; or about any again.
    pub fn aim(&mut self, aim: Option<Aim>) {
        self.aim = aim;
    }

    /// What statements are about now.
    pub fn aimed(&self) -> Option<Aim> {
        self.aim
    }

    /// The table that is aimed at, mostly.
    fn aimed_table<'a>(&mut self, world: &'a World, kinds: &[char]) -> Option<&'a Relation> {
        let aim = self.aim?;
        let found = world
            .relations
            .iter()
            .find(|one| one.oid == aim.table && kinds.contains(&one.kind))?;
        self.chance(AIM_PERCENT).then_some(found)
    }

    /// The column that is aimed at, mostly. A partition's columns have numbers of their own, but
    /// mostly the same.
    fn aimed_column<'a>(
        &mut self,
        of: &'a Relation,
        fits: impl Fn(&Column) -> bool,
    ) -> Option<&'a Column> {
        let aim = self.aim?;
        let found = of
            .columns
            .iter()
            .find(|one| one.number == aim.column && fits(one))?;
        (of.is_table() && self.chance(AIM_PERCENT)).then_some(found)
    }

    /// One of several things that hang on tables: one of the table that is aimed at, mostly.
    pub fn of_tables<'a, T>(
        &mut self,
        all: &'a [(&'a Relation, T)],
    ) -> Option<&'a (&'a Relation, T)> {
        let own: Vec<&(&Relation, T)> = all
            .iter()
            .filter(|(table, _)| self.aim.is_some_and(|aim| aim.table == table.oid))
            .collect();
        if !own.is_empty() && self.chance(AIM_PERCENT) {
            return own.choose(&mut self.random).copied();
        }
        self.one(all)
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
        let mut at = if all == 0 {
            return None;
        } else {
            self.random.random_range(0..all)
        };
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
                || world
                    .relations
                    .iter()
                    .any(|one| one.columns.iter().any(|column| column.name == candidate))
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
        if let Some(aimed) = self.aimed_table(world, &['r', 'p']) {
            return Some(aimed);
        }
        let tables = world.of_kind(&['r', 'p']);
        // The one with all kinds of columns is what most is about.
        let weight = |one: &Relation| match one.name.as_str() {
            "main" => 10,
            "parted" => 6,
            "journal" => 1,
            _ if one.partition_of.is_some() => 1,
            _ => 4,
        };
        self.weighted(&tables, |one| weight(one)).copied()
    }

    /// A column of a relation.
    pub fn column<'a>(&mut self, of: &'a Relation) -> Option<&'a Column> {
        if let Some(aimed) = self.aimed_column(of, |_| true) {
            return Some(aimed);
        }
        self.one(&of.columns)
    }

    /// A relation of any kind.
    pub fn relation<'a>(&mut self, world: &'a World) -> Option<&'a Relation> {
        if let Some(aimed) = self.aimed_table(world, &['r', 'p', 'v', 'm']) {
            return Some(aimed);
        }
        self.one(&world.relations)
    }

    /// A column that isn't in the primary key, mostly.
    pub fn plain_column<'a>(&mut self, of: &'a Relation) -> Option<&'a Column> {
        if let Some(aimed) = self.aimed_column(of, |_| true) {
            return Some(aimed);
        }
        let key: Vec<&str> = of.key().iter().map(|column| column.name.as_str()).collect();
        let in_key_of_partitions = |column: &Column| {
            of.partition_key
                .as_ref()
                .is_some_and(|key| key.contains(&column.name))
        };
        let weight = |column: &Column| {
            if key.contains(&column.name.as_str()) || in_key_of_partitions(column) {
                1
            } else {
                8
            }
        };
        self.weighted(&of.columns, weight)
    }

    /// A column that statements may write, mostly none of the key.
    pub fn writable<'a>(&mut self, of: &'a Relation) -> Option<&'a Column> {
        if let Some(aimed) =
            self.aimed_column(of, |one| one.generated.is_empty() && one.identity != "a")
        {
            return Some(aimed);
        }
        let key: Vec<&str> = of.key().iter().map(|column| column.name.as_str()).collect();
        let columns = of.writable();
        self.weighted(&columns, |column| {
            if key.contains(&column.name.as_str()) {
                1
            } else {
                8
            }
        })
        .copied()
    }

    /// A type for a new column, as SQL.
    pub fn kind(&mut self, world: &World) -> String {
        let own = &world.types;
        if self.chance(15)
            && let Some(kind) = self.one(own)
        {
            return crate::sql::qualified(&kind.schema, &kind.name);
        }
        if self.chance(8) && world.extensions.iter().any(|one| one == "citext") {
            return "citext".to_owned();
        }
        if self.chance(2)
            && let Some(table) = self.one(&world.of_kind(&['r'])).copied()
        {
            // A whole row of another table as a value.
            return table.sql();
        }
        if self.chance(4)
            && let Some(kind) = self.one(own)
        {
            return format!("{}[]", crate::sql::qualified(&kind.schema, &kind.name));
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
            "numeric(5,-2)",
            "real",
            "xml",
            "int4range",
            "macaddr",
            "time",
            "\"char\"",
            "money",
            "bit varying(8)",
        ])
        .to_owned()
    }

    /// A constant of a type, as SQL.
    pub fn value(&mut self, kind: &str, world: &World) -> String {
        let n = self.number(0, 20);
        let base = kind.split('(').next().unwrap_or(kind).trim();
        match base {
            "integer" | "bigint" | "smallint" | "int" => n.to_string(),
            "numeric" => self
                .word(&["0", "1.5", "1.50", "7", "12.00", "-3"])
                .to_owned(),
            "real" | "double precision" | "float8" => {
                self.word(&["0", "'-0'", "1.5", "0.1", "7"]).to_owned()
            }
            "boolean" => self.word(&["true", "false"]).to_owned(),
            "date" => format!("'2020-01-{:02}'", 1 + n),
            "time without time zone" | "time" => "'12:00'".to_owned(),
            "timestamp without time zone"
            | "timestamp with time zone"
            | "timestamptz"
            | "timestamp" => {
                format!("'2020-03-{:02} 10:00'", 1 + n)
            }
            "uuid" => format!("'00000000-0000-0000-0000-{n:012}'"),
            "json" => self
                .word(&["'{\"a\": 1}'", "'{\"a\":1}'", "'[]'", "'null'"])
                .to_owned(),
            "jsonb" => self
                .word(&["'{\"a\": 1}'", "'{\"a\": 1.0}'", "'[]'", "'null'"])
                .to_owned(),
            "interval" => self
                .word(&["'1 day'", "'24:00:00'", "'1 mon'", "'30 days'"])
                .to_owned(),
            "xml" => self.word(&["'<a/>'", "'<a></a>'"]).to_owned(),
            "int4range" => self.word(&["'[1,5)'", "'empty'", "'(,9)'"]).to_owned(),
            "macaddr" => "'08:00:2b:01:02:03'".to_owned(),
            "money" => self.word(&["'1.00'", "'7.50'"]).to_owned(),
            "bit varying" => self.word(&["B'101'", "B'0'"]).to_owned(),
            "point" => format!("'({n},1)'"),
            "inet" => format!("'10.0.0.{n}'"),
            "bytea" => format!("'\\x{n:02x}'"),
            "citext" => self.word(&["'Bob'", "'bob'", "'BOB'", "''"]).to_owned(),
            _ if base.ends_with("[]") => self.array(base.trim_end_matches("[]"), world),
            "text" | "character varying" | "character" | "varchar" | "\"char\"" | "name" => self
                .word(&[
                    "'a'",
                    "'b'",
                    "'x'",
                    "''",
                    "'new'",
                    "'0'",
                    "'12'",
                    "'O''Brien'",
                ])
                .to_owned(),
            _ => self.value_of_own(base, world),
        }
    }

    /// An array of a type, as SQL.
    fn array(&mut self, of: &str, world: &World) -> String {
        match of {
            "integer" | "int" | "bigint" | "text" => self
                .word(&["'{}'", "'{1,2}'", "'{2,1}'", "'{NULL}'"])
                .to_owned(),
            _ => {
                let value = self.value(of, world);
                if value == "NULL" {
                    "'{}'".to_owned()
                } else {
                    format!("ARRAY[{value}]::{of}[]")
                }
            }
        }
    }

    fn value_of_own(&mut self, kind: &str, world: &World) -> String {
        let plain = kind.trim_matches(|c| matches!(c, '\u{1}' | '\u{2}'));
        let plain = plain
            .rsplit('.')
            .next()
            .unwrap_or(plain)
            .trim_matches('"')
            .replace("\"\"", "\"");
        let plain = plain
            .trim_matches(|c| matches!(c, '\u{1}' | '\u{2}'))
            .to_owned();
        let Some(known) = world.types.iter().find(|one| one.name == plain) else {
            return "NULL".to_owned();
        };
        match known.kind {
            'e' => self.one(&known.labels).map_or("NULL".to_owned(), |label| {
                format!("'{}'", label.replace('\'', "''"))
            }),
            'd' => {
                let base = known.base.clone().unwrap_or_default();
                self.value(&base, world)
            }
            'c' => {
                let values: Vec<String> = known
                    .attributes
                    .iter()
                    .map(|(_, kind)| self.value(kind, world))
                    .collect();
                format!(
                    "ROW({})::{}",
                    values.join(", "),
                    crate::sql::qualified(&known.schema, &known.name)
                )
            }
            _ => "NULL".to_owned(),
        }
    }

    /// An expression of a column's type over the columns of its relation; `as_of` is what the
    /// relation is called.
    pub fn expression(&mut self, column: &Column, of: &Relation, world: &World) -> String {
        let same: Vec<&Column> = of
            .columns
            .iter()
            .filter(|one| one.kind == column.kind)
            .collect();
        let other = self
            .one(&same)
            .map_or_else(|| name(&column.name), |one| name(&one.name));
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
        let Some(column) = self.column(of).cloned() else {
            return "true".to_owned();
        };
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
