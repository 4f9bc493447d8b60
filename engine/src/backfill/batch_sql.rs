//! The text of a backfill's statements. Pure.

use concertina_planner::action::{Backfill, Operation};
use concertina_planner::change::RowCopy;
use concertina_revisions::{Ident, TableName};

/// The statements of one table's backfill. The parameters `$1` and `$2` are the first block and the
/// one after the last, as positions in the table (`tid`).
#[derive(Debug, Clone)]
pub(crate) struct BatchSql {
    /// Every row that is still to do.
    pub(crate) all: String,
    /// One slice of them: `$3` slices, of which this is `$4`.
    pub(crate) slice: String,
    /// Every row still to do that nobody has locked.
    pub(crate) unlocked: String,
    /// How many rows are still to do.
    pub(crate) pending: String,
    /// Whether any row is still to do.
    pub(crate) any: String,
}

impl BatchSql {
    pub(crate) fn new(backfill: &Backfill, leaf: &TableName) -> BatchSql {
        let at = format!("{}.ctid", backfill.alias.sql());
        let range = format!("{at} >= $1 AND {at} < $2");
        // The last byte of a position is the row's number on its page: every page is cut into even
        // slices. A hash of the position would be cheaper, but uneven slices overflow: a tenth of
        // the rows more would have to move.
        let slice = format!("{range} AND get_byte(tidsend({at}), 5) % $3 = $4");
        BatchSql {
            all: change(backfill, leaf, &range),
            slice: change(backfill, leaf, &slice),
            unlocked: change(backfill, leaf, &unlocked(backfill, leaf, &range)),
            pending: left(backfill, leaf, &range, "count(*)"),
            any: format!("SELECT EXISTS ({})", left(backfill, leaf, &range, "1")),
        }
    }
}

/// Every row that is still to do between `$1` and `$2`.
pub(crate) fn over(backfill: &Backfill, leaf: &TableName) -> String {
    BatchSql::new(backfill, leaf).all
}

/// The statements of a backfill that walks by key. `after` and `upto` are keys, as SQL.
pub(crate) fn keyed(backfill: &Backfill, leaf: &TableName, range: &str) -> String {
    change(backfill, leaf, range)
}

/// A comparison of the whole key with values: `(a, b) > ($1::text::int, ..)`.
pub(crate) fn key_compares(
    alias: &Ident,
    key: &[(Ident, String)],
    operator: &str,
    first_parameter: usize,
) -> String {
    let columns: Vec<String> = key
        .iter()
        .map(|(column, _)| format!("{}.{}", alias.sql(), column.sql()))
        .collect();
    let values: Vec<String> = key
        .iter()
        .enumerate()
        .map(|(at, (_, type_sql))| format!("${}::text::{type_sql}", first_parameter + at))
        .collect();
    format!(
        "({}) {operator} ({})",
        columns.join(", "),
        values.join(", ")
    )
}

/// Finds the key of the row `limit` rows further on, each column as text.
pub(crate) fn next_key(
    leaf: &TableName,
    alias: &Ident,
    key: &[(Ident, String)],
    after: Option<&str>,
    limit: u32,
) -> String {
    let columns: Vec<String> = key
        .iter()
        .map(|(column, _)| format!("{}.{}", alias.sql(), column.sql()))
        .collect();
    let names: Vec<String> = (0..key.len()).map(|at| format!("k{at}")).collect();
    let named: Vec<String> = columns
        .iter()
        .zip(&names)
        .map(|(column, name)| format!("{column} AS {name}"))
        .collect();
    let down: Vec<String> = names.iter().map(|name| format!("{name} DESC")).collect();
    let texts: Vec<String> = names.iter().map(|name| format!("{name}::text")).collect();
    let after = after.map_or_else(String::new, |after| format!(" WHERE {after}"));
    format!(
        "SELECT {} FROM (SELECT {} FROM ONLY {} AS {}{after} ORDER BY {} LIMIT {limit}) AS reach ORDER BY {} LIMIT 1",
        texts.join(", "),
        named.join(", "),
        leaf.sql(),
        alias.sql(),
        columns.join(", "),
        down.join(", ")
    )
}

fn change(backfill: &Backfill, leaf: &TableName, range: &str) -> String {
    let table = aliased(backfill, leaf);
    let condition = condition(backfill, range);
    match &backfill.operation {
        Operation::Assign(assignments) => {
            let sets: Vec<String> = assignments
                .iter()
                .map(|(column, value)| format!("{} = {value}", column.sql()))
                .collect();
            let from = backfill
                .from
                .as_ref()
                .map_or_else(String::new, |from| format!(" FROM {from}"));
            format!(
                "UPDATE ONLY {table} SET {}{from}{condition}",
                sets.join(", ")
            )
        }
        Operation::Delete => {
            let using = backfill
                .from
                .as_ref()
                .map_or_else(String::new, |from| format!(" USING {from}"));
            format!("DELETE FROM ONLY {table}{using}{condition}")
        }
        Operation::Copy {
            target,
            columns,
            values,
            key,
        } => format!(
            "INSERT INTO {} ({}) SELECT {} FROM {}{condition} ON CONFLICT ({}) DO NOTHING",
            target.sql(),
            list(columns),
            values.join(", "),
            walked(backfill, leaf),
            list(key)
        ),
        // It has statements of its own.
        Operation::Listed(_) => String::new(),
    }
}

/// The values of rows that are still to do, without writing them: what follows SELECT.
pub(crate) fn computing(backfill: &Backfill, leaf: &TableName, range: &str) -> String {
    let Operation::Assign(assignments) = &backfill.operation else {
        return "true".to_owned();
    };
    let values: Vec<String> = assignments
        .iter()
        .map(|(_, value)| format!("({value})"))
        .collect();
    let from = backfill
        .from
        .as_ref()
        .map_or_else(String::new, |from| format!(", {from}"));
    format!(
        "{} FROM ONLY {}{from}{}",
        values.join(", "),
        aliased(backfill, leaf),
        condition(backfill, range)
    )
}

/// What is to be said of the rows that are still to do.
fn left(backfill: &Backfill, leaf: &TableName, range: &str, what: &str) -> String {
    if let Operation::Copy {
        target,
        columns,
        values,
        key,
    } = &backfill.operation
    {
        let same: Vec<String> = key
            .iter()
            .map(|key| format!("there.{0} = here.{0}", key.sql()))
            .collect();
        return format!(
            "SELECT {what} FROM (SELECT {} FROM {}{}) AS here ({}) WHERE NOT EXISTS (SELECT FROM {} AS there WHERE {})",
            values.join(", "),
            walked(backfill, leaf),
            condition(backfill, range),
            list(columns),
            target.sql(),
            same.join(" AND ")
        );
    }
    let from = backfill
        .from
        .as_ref()
        .map_or_else(String::new, |from| format!(", {from}"));
    format!(
        "SELECT {what} FROM ONLY {}{from}{}",
        aliased(backfill, leaf),
        condition(backfill, range)
    )
}

/// The rows of a range that nobody has locked.
fn unlocked(backfill: &Backfill, leaf: &TableName, range: &str) -> String {
    let lock = match backfill.operation {
        Operation::Assign(_) => "NO KEY UPDATE",
        Operation::Delete => "UPDATE",
        // Rows that are only read are never waited for.
        Operation::Copy { .. } | Operation::Listed(_) => return range.to_owned(),
    };
    let at = format!("{}.ctid", backfill.alias.sql());
    format!(
        "{at} = ANY (ARRAY(SELECT {at} FROM ONLY {}{}{} FOR {lock} OF {} SKIP LOCKED))",
        aliased(backfill, leaf),
        backfill
            .from
            .as_ref()
            .map_or_else(String::new, |from| format!(", {from}")),
        condition(backfill, range),
        backfill.alias.sql()
    )
}

fn list(columns: &[Ident]) -> String {
    columns
        .iter()
        .map(Ident::sql)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The FROM list of a copy, with the table that holds the rows in its place.
fn walked(backfill: &Backfill, leaf: &TableName) -> String {
    let from = backfill.from.as_deref().unwrap_or_default();
    from.replacen(
        &Ident::new(RowCopy::WALKED).sql(),
        &format!("ONLY {}", leaf.sql()),
        1,
    )
}

fn aliased(backfill: &Backfill, leaf: &TableName) -> String {
    format!("{} AS {}", leaf.sql(), backfill.alias.sql())
}

fn condition(backfill: &Backfill, range: &str) -> String {
    format!(" WHERE {range} AND ({})", backfill.predicate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join() -> Backfill {
        Backfill {
            table: TableName::new("public", "leads"),
            alias: Ident::new("l"),
            operation: Operation::Assign(vec![(Ident::new("team_id"), "o.team_id".to_owned())]),
            from: Some("owners o".to_owned()),
            predicate: "(o.id = l.owner_id) AND l.team_id IS NULL".to_owned(),
            hot: true,
            lookups: true,
            synced: true,
            workers: None,
            key: None,
            silent: false,
        }
    }

    #[test]
    fn a_join_is_cut_by_the_blocks_of_its_target() {
        let sql = BatchSql::new(&join(), &TableName::new("public", "leads"));
        assert_eq!(
            sql.slice,
            "UPDATE ONLY public.leads AS l SET team_id = o.team_id FROM owners o WHERE l.ctid >= $1 AND l.ctid < $2 \
             AND get_byte(tidsend(l.ctid), 5) % $3 = $4 AND ((o.id = l.owner_id) AND l.team_id IS NULL)"
        );
        assert!(sql.unlocked.contains("FOR NO KEY UPDATE OF l SKIP LOCKED"));
        assert!(
            sql.pending
                .starts_with("SELECT count(*) FROM ONLY public.leads AS l, owners o WHERE")
        );
    }

    #[test]
    fn a_delete_has_using() {
        let backfill = Backfill {
            operation: Operation::Delete,
            ..join()
        };
        let sql = BatchSql::new(&backfill, &TableName::new("public", "leads"));
        assert!(
            sql.all
                .starts_with("DELETE FROM ONLY public.leads AS l USING owners o WHERE"),
            "{}",
            sql.all
        );
    }

    #[test]
    fn keys_are_compared_as_a_whole() {
        let key = [
            (Ident::new("a"), "integer".to_owned()),
            (Ident::new("b"), "uuid".to_owned()),
        ];
        let after = key_compares(&Ident::new("t"), &key, ">", 1);
        assert_eq!(after, "(t.a, t.b) > ($1::text::integer, $2::text::uuid)");
        assert_eq!(
            next_key(
                &TableName::new("s", "t"),
                &Ident::new("t"),
                &key,
                Some(&after),
                100
            ),
            "SELECT k0::text, k1::text FROM (SELECT t.a AS k0, t.b AS k1 FROM ONLY s.t AS t \
             WHERE (t.a, t.b) > ($1::text::integer, $2::text::uuid) ORDER BY t.a, t.b LIMIT 100) AS reach \
             ORDER BY k0 DESC, k1 DESC LIMIT 1"
        );
    }
}
