//! The rows for which a value can't be computed, by their keys, when a batch has ended in such an
//! error.

use super::Shared;
use super::batch_sql::computing;
use crate::error::Error;
use crate::lock::lease::Lease;
use concertina_planner::action::Operation;
use concertina_planner::action::sql::dollar_quote;
use concertina_revisions::{Ident, TableName};

const DOING: &str = "looking for the rows whose values can't be computed";

/// So many are named.
const NAMED_MAX: usize = 5;

/// Adds to an error about a value the keys of the rows it is about, where they can be told apart
/// without looking at every row: a trigger has filled all others.
pub(super) async fn named(lease: &Lease, shared: &Shared, error: Error) -> Error {
    let about_a_value = error.is_of_data() || error.is_of_constraint();
    let Error::Sql { doing, cause } = error else {
        return error;
    };
    if !about_a_value || !shared.backfill.synced {
        return Error::Sql { doing, cause };
    }
    let mut keys = Vec::new();
    for target in &shared.leaves {
        // What can't be said is left out: the error itself tells enough.
        keys.extend(
            of_table(lease, shared, &target.leaf.name)
                .await
                .unwrap_or_default(),
        );
    }
    keys.truncate(NAMED_MAX);
    let doing = if keys.is_empty() {
        doing
    } else {
        format!("{doing}, the row with {}", keys.join("; "))
    };
    Error::Sql { doing, cause }
}

async fn of_table(lease: &Lease, shared: &Shared, table: &TableName) -> Result<Vec<String>, Error> {
    let backfill = &shared.backfill;
    let Operation::Assign(assignments) = &backfill.operation else {
        return Ok(vec![]);
    };
    let alias = backfill.alias.sql();
    let sql =
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)";
    let columns = lease.hands.query(DOING, sql, &[&table.sql()]).await?;
    let columns: Vec<Ident> = columns
        .iter()
        .map(|row| Ident::new(row.get::<_, String>(0)))
        .collect();
    let part = |column: &Ident| {
        format!(
            "concat({}, {alias}.{})",
            Ident::new(format!("{} = ", column.as_str())).literal(),
            column.sql()
        )
    };
    let key = if columns.is_empty() {
        format!("{alias}.ctid::text")
    } else {
        format!(
            "concat_ws(', ', {})",
            columns.iter().map(part).collect::<Vec<_>>().join(", ")
        )
    };
    let empty: Vec<String> = assignments
        .iter()
        .map(|(column, _)| format!("{alias}.{} IS NULL", column.sql()))
        .collect();
    let body = format!(
        "BEGIN PERFORM {}; RETURN false; EXCEPTION WHEN OTHERS THEN RETURN true; END",
        computing(backfill, table, &format!("{alias}.ctid = concertina_row"))
    );
    let quote = dollar_quote(&body);
    let make = format!(
        "CREATE OR REPLACE FUNCTION pg_temp.concertina_culprit(concertina_row tid) RETURNS boolean LANGUAGE plpgsql AS {quote}{body}{quote}"
    );
    lease.hands.batch_execute(DOING, &make).await?;
    let sql = format!(
        "SELECT {key} FROM ONLY {} AS {alias} WHERE ({}) AND pg_temp.concertina_culprit({alias}.ctid) LIMIT {NAMED_MAX}",
        table.sql(),
        empty.join(" OR ")
    );
    let rows = lease.hands.query(DOING, &sql, &[]).await?;
    lease
        .hands
        .batch_execute(DOING, "DROP FUNCTION pg_temp.concertina_culprit(tid)")
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
