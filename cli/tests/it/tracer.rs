//! What each step of each case really locks, as the server tells it inside the step's own
//! transaction: never more than the step declares. And no instant step writes a table anew.

use crate::corpus::{Copied, cases, each_family, tables};
use concertina_engine::{Connect, Engine, Settings};
use concertina_planner::action::{Action, Backfill, Listed, Lock, Operation, Value, WorkList};
use concertina_planner::change::RowCopy;
use concertina_planner::{Catalog, Work, plan};
use concertina_revisions::{Ident, Revision, RevisionId, TableName};
use concertina_sandbox::Postgres;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::Client;

/// The strongest lock on each table that was there before, by server process.
type Held = BTreeMap<String, Lock>;

each_family!(no_step_locks_more_than_it_declares_nor_writes_a_table_anew);

async fn no_step_locks_more_than_it_declares_nor_writes_a_table_anew(family: &str) {
    let copied = Copied::new(&[], &tables(3000)).await;
    let (mut steps, mut wrong) = (0, Vec::new());
    for case in cases(family, copied.major) {
        let name = format!("case_{}", case.name);
        copied.copy(&name).await;
        trace(&copied.server, &name, case.sql, &mut steps, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(steps > 5, "{steps} steps were traced");
}

async fn trace(
    server: &Postgres,
    name: &str,
    sql: &str,
    steps: &mut usize,
    wrong: &mut Vec<String>,
) {
    let client = server.connect(name).await.unwrap();
    client
        .batch_execute("CREATE SCHEMA concertina")
        .await
        .unwrap();
    let connect = Connect::parse(&server.url(name)).unwrap();
    let catalog: Catalog = Engine::new(connect, Settings::default(), Arc::new(|_| {}))
        .0
        .catalog()
        .await
        .unwrap();
    let revision = Revision::from_text(&RevisionId::new("001_change"), sql).unwrap();
    let plan = match plan(&revision, &catalog) {
        Ok(plan) => plan,
        Err(problems) => return wrong.push(format!("{name}: {problems:?}")),
    };
    for (_, step) in plan.steps() {
        *steps += 1;
        let before = filenodes(&client).await;
        let held = match &step.work {
            Work::Quick { actions } => {
                let mut sql = Vec::new();
                for action in actions {
                    let read = read(&client, action).await;
                    sql.extend(action.sql(read.as_deref()));
                }
                in_transaction(&client, &sql).await
            }
            Work::Slow { online } => beside(server, name, &client, &online.sql()).await,
            Work::Backfill { backfill } => in_transaction(&client, &[whole(backfill)]).await,
        };
        let held = held.unwrap_or_else(|error| panic!("{name}, {}: {error}", step.id));
        let declared = step.locks();
        for (table, lock) in held {
            let allowed = declared
                .iter()
                .find(|(name, _)| name.shown() == table)
                .map(|(_, lock)| *lock);
            let reads_only = matches!(lock, Lock::AccessShare | Lock::RowShare);
            if catalog
                .tables
                .iter()
                .any(|known| known.full_name().shown() == table)
                && allowed.is_none_or(|allowed| lock > allowed)
                && !(allowed.is_none() && reads_only)
            {
                wrong.push(format!(
                    "{name}, {}: {lock:?} on {table}, declared {allowed:?}",
                    step.id
                ));
            }
        }
        let after = filenodes(&client).await;
        let anew: Vec<&String> = before
            .iter()
            .filter(|(table, node)| after.get(*table).is_some_and(|now| now != *node))
            .map(|(table, _)| table)
            .collect();
        if !anew.is_empty() {
            wrong.push(format!("{name}, {}: rewritten: {anew:?}", step.id));
        }
    }
}

/// The value that a column is added with, where a query gives it.
async fn read(client: &Client, action: &Action) -> Option<String> {
    let Action::AddColumn {
        default: Some(Value::Read(query)),
        ..
    } = action
    else {
        return None;
    };
    Some(
        client
            .query_one(&format!("SELECT quote_nullable(({query})::text)"), &[])
            .await
            .unwrap()
            .get(0),
    )
}

/// The whole backfill as one statement: it takes the locks that its batches take.
fn whole(backfill: &Backfill) -> String {
    let table = format!("{} AS {}", backfill.table.sql(), backfill.alias.sql());
    let more = |word: &str| {
        backfill
            .from
            .as_ref()
            .map_or_else(String::new, |from| format!(" {word} {from}"))
    };
    match &backfill.operation {
        Operation::Assign(assignments) => {
            let sets: Vec<String> = assignments
                .iter()
                .map(|(column, value)| format!("{} = {value}", column.sql()))
                .collect();
            format!(
                "UPDATE {table} SET {}{} WHERE {}",
                sets.join(", "),
                more("FROM"),
                backfill.predicate
            )
        }
        Operation::Delete => format!(
            "DELETE FROM {table}{} WHERE {}",
            more("USING"),
            backfill.predicate
        ),
        Operation::Copy {
            target,
            columns,
            values,
            ..
        } => {
            let columns: Vec<String> = columns.iter().map(Ident::sql).collect();
            let from = backfill.from.as_ref().map_or_else(String::new, |from| {
                from.replacen(&Ident::new(RowCopy::WALKED).sql(), &backfill.table.sql(), 1)
            });
            format!(
                "INSERT INTO {} ({}) SELECT {} FROM {from} WHERE {}",
                target.sql(),
                columns.join(", "),
                values.join(", "),
                backfill.predicate
            )
        }
        Operation::Listed(list) => of_list(&table, list, backfill),
    }
}

/// The statement of a list of rows.
fn of_list(table: &str, list: &WorkList, backfill: &Backfill) -> String {
    match &list.change {
        Listed::Assign { .. } => {
            let sets: Vec<String> = list
                .values
                .iter()
                .map(|one| format!("{0} = {0}", one.sql()))
                .collect();
            format!("UPDATE {table} SET {}", sets.join(", "))
        }
        Listed::Compute { sets, .. } => {
            let sets: Vec<String> = sets
                .iter()
                .map(|(one, value)| format!("{} = {value}", one.sql()))
                .collect();
            format!("UPDATE {table} SET {}", sets.join(", "))
        }
        Listed::Delete { .. } => format!("DELETE FROM {table}"),
        Listed::Insert { before, after } => {
            let columns: Vec<String> = list.values.iter().map(Ident::sql).collect();
            format!(
                "INSERT INTO {} ({}) {before}{}{after}",
                backfill.table.sql(),
                columns.join(", "),
                list.query
            )
        }
    }
}

const HELD: &str =
    "SELECT n.nspname, c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE l.locktype = 'relation' AND l.granted AND l.pid = $1 AND c.relkind IN ('r', 'p')
      AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', 'concertina')";

async fn held(client: &Client, pid: i32, held: &mut Held) -> Result<(), tokio_postgres::Error> {
    for row in client.query(HELD, &[&pid]).await? {
        let table = TableName {
            schema: Ident::new(row.get::<_, String>(0)),
            name: Ident::new(row.get::<_, String>(1)),
        };
        let lock = lock(row.get(2));
        let known = held.entry(table.shown()).or_insert(lock);
        *known = (*known).max(lock);
    }
    Ok(())
}

fn lock(mode: &str) -> Lock {
    match mode {
        "AccessShareLock" => Lock::AccessShare,
        "RowShareLock" => Lock::RowShare,
        "RowExclusiveLock" => Lock::RowExclusive,
        "ShareUpdateExclusiveLock" => Lock::ShareUpdateExclusive,
        "ShareLock" => Lock::Share,
        "ShareRowExclusiveLock" => Lock::ShareRowExclusive,
        "ExclusiveLock" => Lock::Exclusive,
        _ => Lock::AccessExclusive,
    }
}

async fn pid(client: &Client) -> i32 {
    client
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0)
}

async fn in_transaction(client: &Client, sql: &[String]) -> Result<Held, tokio_postgres::Error> {
    client.batch_execute("BEGIN").await?;
    for statement in sql {
        client.batch_execute(statement).await?;
    }
    let mut found = Held::new();
    held(client, pid(client).await, &mut found).await?;
    client.batch_execute("COMMIT").await?;
    Ok(found)
}

/// For what can't run in a transaction: sampled from outside, as often as can be.
async fn beside(
    server: &Postgres,
    database: &str,
    client: &Client,
    sql: &str,
) -> Result<Held, tokio_postgres::Error> {
    let (pid, done) = (pid(client).await, Arc::new(AtomicBool::new(false)));
    let (watcher, stop) = (server.connect(database).await.unwrap(), Arc::clone(&done));
    let watch = tokio::spawn(async move {
        let mut found = Held::new();
        while !stop.load(Ordering::Relaxed) {
            held(&watcher, pid, &mut found).await.unwrap();
        }
        found
    });
    let ran = client.batch_execute(sql).await;
    done.store(true, Ordering::Relaxed);
    let found = watch.await.unwrap();
    ran.map(|()| found)
}

async fn filenodes(client: &Client) -> BTreeMap<String, u32> {
    let sql =
        "SELECT c.relname, pg_relation_filenode(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind = 'r' AND n.nspname = 'public'";
    client
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect()
}
