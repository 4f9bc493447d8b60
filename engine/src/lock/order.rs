//! In which order a transaction asks for the locks of several tables. Its statements have an order
//! of their own, and sessions that come to the same tables the other way round would meet it again
//! and again, however often it is tried.

use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::action::Lock;
use concertina_planner::action::sql::lock_only;
use concertina_revisions::TableName;
use rand::seq::SliceRandom;

/// Statements that lock the tables in an order drawn by chance, to be sent before all others; none
/// for a single table. Left out is what isn't there yet, what can't be locked so (views, sequences,
/// ..), and what our role may only reference.
pub(crate) async fn by_chance(
    session: &Session,
    locks: &[(TableName, Lock)],
) -> Result<Vec<String>, Error> {
    if locks.len() < 2 {
        return Ok(vec![]);
    }
    let names: Vec<String> = locks.iter().map(|(table, _)| table.sql()).collect();
    // Source: PostgreSQL's documentation, "LOCK", on the rights that it asks for.
    let sql = "SELECT n.name FROM unnest($1::text[]) AS n (name) JOIN pg_class c ON c.oid = to_regclass(n.name)
        WHERE c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')";
    let rows = session
        .query("looking which tables can be locked", sql, &[&names])
        .await?;
    let lockable: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut statements: Vec<String> = locks
        .iter()
        .filter(|(table, _)| lockable.contains(&table.sql()))
        .map(|(table, lock)| lock_only(table, *lock))
        .collect();
    statements.shuffle(&mut rand::rng());
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::connection::address::Connect;
    use crate::connection::session::Role;
    use concertina_revisions::Ident;
    use concertina_sandbox::Postgres;
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn what_can_be_locked_comes_in_every_order() {
        let server = Postgres::start(&[("fsync", "off")])
            .await
            .expect("a server");
        let client = server.connect("postgres").await.expect("a session");
        let schema = "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE VIEW v AS SELECT * FROM a; CREATE SEQUENCE s";
        client.batch_execute(schema).await.expect("tables");
        let connect = Connect::parse(&server.url("postgres")).expect("an address");
        let session = Session::open(&connect, Role::Lease, &Settings::default())
            .await
            .expect("a session of ours");
        let named = |name: &str| TableName {
            schema: Ident::new("public"),
            name: Ident::new(name),
        };
        let locks =
            ["v", "a", "s", "b", "not_there"].map(|name| (named(name), Lock::AccessExclusive));
        let mut orders = BTreeSet::new();
        for _ in 0..64 {
            orders.insert(by_chance(&session, &locks).await.expect("an answer"));
        }
        let lock = |name| format!("LOCK TABLE ONLY public.{name} IN ACCESS EXCLUSIVE MODE");
        assert_eq!(
            orders,
            BTreeSet::from([vec![lock("a"), lock("b")], vec![lock("b"), lock("a")]])
        );
        assert!(
            by_chance(&session, &locks[1..2])
                .await
                .expect("an answer")
                .is_empty()
        );
    }
}
