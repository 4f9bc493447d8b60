//! Kinds of statement that people write one behind the other about one table, in the order in which
//! they are written. Each statement is made from what those before it left, so that a column that
//! was renamed is spoken of by its new name.

/// Kinds in order, with how often they come against other chains; `|` stands between kinds of which
/// one is taken.
pub struct Chain {
    /// How often it comes.
    pub weight: u32,
    /// Its kinds.
    pub kinds: &'static [&'static str],
}

const fn chain(weight: u32, kinds: &'static [&'static str]) -> Chain {
    Chain { weight, kinds }
}

/// What changes a column.
const CHANGE: &str =
    "rename column|alter type|drop column|set not null|add check|drop index|alter type using";

/// What reads a row of a table as a whole.
const READS_ALL: &str = "create table like|create view of all columns|create table as|create function of rows|create materialized view of all columns";

/// What is said of a table before it is renamed.
const BEFORE_RENAME: &str = "update|revoke|grant|create rule|set not null|create policy|create index|add check|add unique|add foreign key|rename column|create trigger|drop column|default then update|comment on table|insert values|create view";

/// Each of them.
pub const CHAINS: &[Chain] = &[
    chain(6, &[CHANGE, READS_ALL]),
    chain(
        6,
        &[
            "rename column|alter type",
            "create view|create materialized view|create policy|create trigger|create rule",
        ],
    ),
    chain(
        3,
        &[
            "create view|create policy|create trigger|create rule|create materialized view",
            "rename column|alter type",
        ],
    ),
    chain(
        5,
        &[
            "rename column",
            "update|update with itself|update several columns",
        ],
    ),
    chain(
        5,
        &[
            "rename column",
            "add unique|add check|add foreign key|set not null|create index",
        ],
    ),
    chain(
        4,
        &[
            "rename column",
            "rename constraint|rename index|rename column",
        ],
    ),
    chain(7, &[BEFORE_RENAME, "rename table"]),
    chain(4, &["rename table", BEFORE_RENAME]),
    chain(2, &["drop column", "rename table"]),
    chain(
        4,
        &[
            "grant on column|set statistics|create statistics|set storage|set compression|comment on column",
            "rename column|alter type",
        ],
    ),
    chain(3, &["update where", "alter type using"]),
    chain(
        3,
        &["update|update where", "add check|add unique|set not null"],
    ),
    chain(2, &["drop identity", "set default"]),
    chain(2, &["drop constraint", "drop column"]),
    chain(2, &["drop column", "add primary key"]),
    chain(3, &["do block", "add block's column|create block's index"]),
    chain(3, &["drop constraint", "update|insert values"]),
    chain(2, &["create unique index", "add unique using index"]),
    chain(2, &["create unique index|add unique", "add foreign key"]),
    chain(2, &["create index", "drop index", "rename index"]),
    chain(
        2,
        &["create index concurrently", "drop index", "rename index"],
    ),
    chain(
        3,
        &["create index on partition", "create same index on parent"],
    ),
    chain(
        2,
        &[
            "create index on only",
            "create index on partition",
            "attach index",
        ],
    ),
    chain(
        3,
        &["add column", "update|update several columns", "update"],
    ),
    chain(
        3,
        &[
            "add column",
            "update",
            "set not null|set default|add check|create index",
        ],
    ),
    chain(3, &["insert select", "delete|drop table"]),
    chain(2, &["create table like", "insert select", "drop table"]),
    chain(
        2,
        &["create schema if not exists", "create table", "set schema"],
    ),
    chain(2, &["drop index", "create index if not exists"]),
    chain(
        4,
        &["create view|create view of all columns", "replace view"],
    ),
    chain(2, &["drop trigger", "drop function", "create function"]),
    chain(
        2,
        &[
            "add unique using index",
            "drop constraint|rename constraint",
        ],
    ),
    chain(2, &["disable trigger", "update|delete", "enable trigger"]),
    chain(
        2,
        &["create table", "insert values", "add column", "update"],
    ),
    chain(2, &["add numbered then update", "insert values"]),
    chain(
        2,
        &[
            "alter sequence|comment on sequence|grant on sequence",
            "alter type",
        ],
    ),
    chain(2, &["create enum", "add column", "add enum value"]),
    chain(2, &["drop policy", "create policy", "row level security"]),
    chain(2, &["revoke", "grant", "grant on column"]),
    chain(2, &["drop default", "alter type using", "set default"]),
    chain(2, &["drop view", "alter type", "create view"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_a_chain_is_one() {
        for chain in CHAINS {
            for name in chain.kinds.iter().flat_map(|names| names.split('|')) {
                assert!(crate::statement::called(name).is_some(), "{name}");
            }
        }
    }
}
