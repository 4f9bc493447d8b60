//! Tables of different build, each with a change that every row needs.

use clap::ValueEnum;

/// A table and the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Rows of some 60 bytes with a primary key, one value for all.
    Narrow,
    /// Rows of some 170 bytes, a primary key and two more indexes, one value for all.
    Crm,
    /// Rows of a kilobyte.
    Wide,
    /// No index at all.
    Noindex,
    /// A primary key and six more indexes.
    Manyindex,
    /// As crm, but each row's value is found in another table of ten thousand rows.
    Join,
    /// As crm, but the column holds numbers and has an index, and gets another type.
    Retype,
}

impl Shape {
    /// Makes and fills table `t`, whose column `v` is to be filled.
    pub fn schema(self, rows: u64) -> String {
        let filler = match self {
            Shape::Narrow | Shape::Noindex => "''",
            Shape::Crm | Shape::Manyindex | Shape::Join | Shape::Retype => {
                "repeat(md5(g::text), 3)"
            }
            Shape::Wide => "repeat(md5(g::text), 28)",
        };
        let key = if self == Shape::Noindex {
            ""
        } else {
            "ALTER TABLE t ADD PRIMARY KEY (id);"
        };
        let indexes = match self {
            Shape::Narrow | Shape::Noindex | Shape::Wide => String::new(),
            Shape::Crm | Shape::Join => index(1..=2),
            Shape::Retype => format!("{} CREATE INDEX t_v ON t (v);", index(1..=2)),
            Shape::Manyindex => index(1..=6),
        };
        let value = if self == Shape::Retype { "g" } else { "NULL" };
        format!(
            "CREATE TABLE o (id bigint PRIMARY KEY, v bigint NOT NULL);
             INSERT INTO o SELECT g, g * 7 FROM generate_series(1, 10000) g;
             CREATE TABLE t (id bigint NOT NULL, o_id bigint NOT NULL, k1 int, k2 int, k3 int, k4 int, k5 int, k6 int,
                             n int NOT NULL DEFAULT 0, filler text NOT NULL, v bigint);
             INSERT INTO t (id, o_id, k1, k2, k3, k4, k5, k6, v, filler)
             SELECT g, 1 + g * 7919 % 10000, g % 1000, (g * 31) % 50000, g % 7, (g * 17) % 100000, g % 300, g, {value}, {filler}
             FROM generate_series(1::bigint, {rows}) g;
             {key} {indexes}
             ALTER TABLE t SET (autovacuum_enabled = off);"
        )
    }

    /// The value of a row, as SQL over `t` and, for a join, `o`.
    fn value(self) -> &'static str {
        if self == Shape::Join { "o.v" } else { "42" }
    }

    /// The change as one statement.
    pub fn update(self) -> String {
        match self {
            Shape::Retype => "ALTER TABLE t ALTER COLUMN v TYPE numeric".to_owned(),
            Shape::Join => {
                "UPDATE t SET v = o.v FROM o WHERE o.id = t.o_id AND t.v IS NULL".to_owned()
            }
            _ => format!("UPDATE t SET v = {} WHERE v IS NULL", self.value()),
        }
    }

    /// The change for the rows of a key range, `$1` to `$2`.
    pub fn update_range(self) -> String {
        format!("{} AND t.id > $1 AND t.id <= $2", self.update())
    }

    /// The body of a row trigger that makes the change.
    pub fn trigger_body(self) -> &'static str {
        match self {
            Shape::Join => "SELECT o.v INTO new.v FROM o WHERE o.id = new.o_id;",
            _ => "new.v := 42;",
        }
    }
}

fn index(numbers: std::ops::RangeInclusive<u32>) -> String {
    numbers
        .map(|number| format!("CREATE INDEX t_k{number} ON t (k{number});"))
        .collect()
}
