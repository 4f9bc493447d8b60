//! The text of a work list's statements. Pure.

use concertina_planner::action::{Backfill, Listed, WorkList};
use concertina_revisions::{Ident, TableName};

/// The statements of one list.
#[derive(Debug, Clone)]
pub(crate) struct ListSql {
    /// Makes the table, without rows.
    pub(crate) make: String,
    /// Keeps rows that are found again from being listed again, where that may be.
    pub(crate) unique: Option<String>,
    /// Lists the rows.
    pub(crate) fill: String,
    /// Changes the rows between the positions `$1` and `$2` of the list, and marks it: `$3` is the
    /// next block, `$4` whether that is all, `$5` the job.
    pub(crate) batch: String,
    /// The same without the mark.
    pub(crate) change: String,
}

/// The batch's rows of the list.
const BATCH: &str = "concertina_batch";

impl ListSql {
    pub(crate) fn new(backfill: &Backfill, list: &WorkList, name: &TableName) -> ListSql {
        let held = [
            ("k", &list.key),
            ("o", &list.relied_on),
            ("n", &list.values),
        ];
        let columns = held.iter().flat_map(|(kind, columns)| {
            columns.iter().enumerate().map(move |(at, column)| {
                format!(
                    "{}.{} AS {}",
                    backfill.alias.sql(),
                    column.sql(),
                    named(kind, at)
                )
            })
        });
        let (target, name) = (backfill.table.sql(), name.sql());
        let key: Vec<String> = (0..list.key.len()).map(|at| named("k", at)).collect();
        ListSql {
            make: format!(
                "CREATE TABLE {name} AS SELECT {} FROM {target} AS {} WITH NO DATA",
                columns.collect::<Vec<_>>().join(", "),
                backfill.alias.sql()
            ),
            unique: list
                .first_only
                .then(|| format!("CREATE UNIQUE INDEX ON {name} ({})", key.join(", "))),
            fill: format!(
                "INSERT INTO {name} {}{}",
                list.query,
                if list.first_only { FIRST_ONLY } else { "" }
            ),
            batch: batch(backfill, list, &name),
            change: format!("WITH {} {}", rows(&name), change(backfill, list)),
        }
    }
}

/// What is found first counts, as in an UPDATE.
const FIRST_ONLY: &str = " ON CONFLICT DO NOTHING";

fn named(kind: &str, at: usize) -> String {
    format!("concertina_{kind}{at}")
}

fn rows(name: &str) -> String {
    format!(
        "{BATCH} AS MATERIALIZED (SELECT listed.ctid AS concertina_at, listed.* FROM ONLY {name} AS listed \
         WHERE listed.ctid >= $1 AND listed.ctid < $2)"
    )
}

fn batch(backfill: &Backfill, list: &WorkList, name: &str) -> String {
    let inserts = matches!(list.change, Listed::Insert { .. });
    let done = if inserts {
        "1".to_owned()
    } else {
        format!("{BATCH}.concertina_at")
    };
    let (gone, left) = if inserts {
        ("0".to_owned(), "NULL".to_owned())
    } else {
        (missing(backfill, list), left(list))
    };
    format!(
        "WITH {rows}, concertina_done (at) AS ({change} RETURNING {done}), \
         concertina_told AS (SELECT (SELECT count(*) FROM {BATCH}) AS listed, (SELECT count(*) FROM concertina_done) AS applied), \
         concertina_counted AS (SELECT listed, applied, CASE WHEN listed = applied THEN 0 ELSE {gone} END::bigint AS gone, \
         CASE WHEN listed > applied THEN {left} END::text AS examples FROM concertina_told), \
         concertina_marked AS (UPDATE concertina.range AS r SET next_block = $3, done = $4, rows = r.rows + c.applied, \
         skipped = r.skipped + c.listed - c.applied - c.gone, gone = r.gone + c.gone \
         FROM concertina_counted AS c WHERE r.job = $5) \
         SELECT applied, listed - applied - gone, gone, examples, \
         (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1e6)::bigint FROM concertina_counted",
        rows = rows(name),
        change = change(backfill, list),
    )
}

fn change(backfill: &Backfill, list: &WorkList) -> String {
    let alias = backfill.alias.sql();
    let only = if list.only { "ONLY " } else { "" };
    let table = format!("{only}{} AS {alias}", backfill.table.sql());
    let mut conditions = vec![same_key(list, &alias)];
    match &list.change {
        Listed::Assign { keep } => {
            let sets: Vec<String> = list
                .values
                .iter()
                .enumerate()
                .map(|(at, column)| {
                    let (column, value) = (column.sql(), format!("{BATCH}.{}", named("n", at)));
                    if *keep {
                        format!("{column} = COALESCE({alias}.{column}, {value})")
                    } else {
                        format!("{column} = {value}")
                    }
                })
                .collect();
            conditions.extend(unchanged(list, &alias));
            format!(
                "UPDATE {table} SET {} FROM {BATCH} WHERE {}",
                sets.join(", "),
                conditions.join(" AND ")
            )
        }
        Listed::Compute { sets, predicate } => {
            let sets: Vec<String> = sets
                .iter()
                .map(|(column, value)| format!("{} = {value}", column.sql()))
                .collect();
            conditions.extend(predicate.iter().map(|predicate| format!("({predicate})")));
            format!(
                "UPDATE {table} SET {} FROM {BATCH} WHERE {}",
                sets.join(", "),
                conditions.join(" AND ")
            )
        }
        Listed::Delete { predicate } => {
            conditions.extend(unchanged(list, &alias));
            conditions.extend(predicate.iter().map(|predicate| format!("({predicate})")));
            format!(
                "DELETE FROM {table} USING {BATCH} WHERE {}",
                conditions.join(" AND ")
            )
        }
        Listed::Insert { before, after } => {
            let columns: Vec<String> = list.values.iter().map(Ident::sql).collect();
            let values: Vec<String> = (0..list.values.len()).map(|at| named("n", at)).collect();
            format!(
                "INSERT INTO {} ({}) {before}SELECT {} FROM {BATCH}{}{after}",
                backfill.table.sql(),
                columns.join(", "),
                values.join(", "),
                // Else PostgreSQL takes ON for a join's.
                if after.is_empty() { "" } else { " WHERE true" }
            )
        }
    }
}

fn same_key(list: &WorkList, alias: &str) -> String {
    let same = |(at, column): (usize, &Ident)| {
        format!("{alias}.{} = {BATCH}.{}", column.sql(), named("k", at))
    };
    list.key
        .iter()
        .enumerate()
        .map(same)
        .collect::<Vec<_>>()
        .join(" AND ")
}

/// Whether what the new values follow from is as it was, bit by bit.
fn unchanged(list: &WorkList, alias: &str) -> Option<String> {
    if list.relied_on.is_empty() {
        return None;
    }
    let own: Vec<String> = list
        .relied_on
        .iter()
        .map(|column| format!("{alias}.{}", column.sql()))
        .collect();
    let listed: Vec<String> = (0..list.relied_on.len())
        .map(|at| format!("{BATCH}.{}", named("o", at)))
        .collect();
    Some(format!(
        "record_image_eq(ROW({}), ROW({}))",
        own.join(", "),
        listed.join(", ")
    ))
}

/// Counts the listed rows that aren't there any more.
fn missing(backfill: &Backfill, list: &WorkList) -> String {
    let alias = backfill.alias.sql();
    let only = if list.only { "ONLY " } else { "" };
    format!(
        "(SELECT count(*) FROM {BATCH} WHERE NOT EXISTS (SELECT FROM {only}{} AS {alias} WHERE {}))",
        backfill.table.sql(),
        same_key(list, &alias)
    )
}

/// Names some listed rows that weren't changed.
fn left(list: &WorkList) -> String {
    let part = |(at, column): (usize, &Ident)| {
        let name = Ident::new(format!("{} = ", column.as_str()));
        format!("concat({}, {})", name.literal(), named("k", at))
    };
    let key: Vec<String> = list.key.iter().enumerate().map(part).collect();
    format!(
        "(SELECT string_agg(named, '; ') FROM (SELECT concat_ws(', ', {}) AS named FROM {BATCH} \
         WHERE concertina_at NOT IN (SELECT at FROM concertina_done) LIMIT 5) AS left_rows)",
        key.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_planner::action::Operation;

    fn of(change: Listed, relied_on: &[&str], values: &[&str]) -> ListSql {
        let list = WorkList {
            query: "SELECT t.id FROM t".to_owned(),
            key: vec![Ident::new("id")],
            relied_on: relied_on.iter().map(|name| Ident::new(*name)).collect(),
            values: values.iter().map(|name| Ident::new(*name)).collect(),
            first_only: false,
            only: false,
            change,
        };
        let backfill = Backfill {
            table: TableName::new("public", "t"),
            alias: Ident::new("x"),
            operation: Operation::Listed(Box::new(list.clone())),
            from: None,
            predicate: "true".to_owned(),
            hot: false,
            lookups: true,
            synced: false,
            workers: None,
            key: None,
            silent: false,
        };
        ListSql::new(&backfill, &list, &TableName::new("concertina", "list_1"))
    }

    #[test]
    fn listed_values_are_assigned_where_what_they_follow_from_is_as_it_was() {
        let sql = of(Listed::Assign { keep: false }, &["a"], &["b"]);
        assert!(
            sql.change.ends_with(
                "UPDATE public.t AS x SET b = concertina_batch.concertina_n0 FROM concertina_batch \
                 WHERE x.id = concertina_batch.concertina_k0 \
                 AND record_image_eq(ROW(x.a), ROW(concertina_batch.concertina_o0))"
            ),
            "{}",
            sql.change
        );
        assert_eq!(
            sql.make,
            "CREATE TABLE concertina.list_1 AS SELECT x.id AS concertina_k0, x.a AS concertina_o0, x.b AS concertina_n0 \
             FROM public.t AS x WITH NO DATA"
        );
    }

    #[test]
    fn conditions_are_asked_again_where_values_are_computed_again() {
        let change = Listed::Compute {
            sets: vec![(Ident::new("n"), "x.n + 1".to_owned())],
            predicate: Some("x.n > 5 OR x.n < 0".to_owned()),
        };
        let sql = of(change, &[], &[]).change;
        assert!(
            sql.ends_with("WHERE x.id = concertina_batch.concertina_k0 AND (x.n > 5 OR x.n < 0)"),
            "{sql}"
        );
    }
}
