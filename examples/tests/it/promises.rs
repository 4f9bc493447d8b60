//! What the five documents promise besides, and what they forbid.

use concertina::{Failure, Until};
use concertina_examples::system::System;
use concertina_examples::{alphapulse, crm, devmatrix, ecomind, roadmaps};
use concertina_planner::Policy;
use concertina_revisions::{RevisionId, Target};
use concertina_sandbox::Postgres;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

async fn begun(system: &System, rows: i64) -> (Postgres, Client) {
    let server = Postgres::start(&[("fsync", "off")]).await.unwrap();
    let client = system.found(&server, rows).await.unwrap();
    (server, client)
}

async fn up(
    system: &System,
    server: &Postgres,
    to: &str,
    until: Until,
) -> Result<concertina::Done, Failure> {
    let engine = system.engine(server, Arc::new(|_| {})).unwrap();
    let history = concertina::history(&system.revisions()).unwrap();
    concertina::upgrade(&engine, &history, &Target::parse(to), until).await
}

async fn down(system: &System, server: &Postgres, to: &str) -> Result<concertina::Done, Failure> {
    let engine = system.engine(server, Arc::new(|_| {})).unwrap();
    let history = concertina::history(&system.revisions()).unwrap();
    let policy = Policy {
        allow_data_loss: true,
    };
    concertina::downgrade(
        &engine,
        &history,
        &Target::parse(to),
        Until::Contracted,
        &policy,
    )
    .await
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_no_uuids_are_counted_and_named_before_anything_changes() {
    let system = devmatrix::system();
    let (server, client) = begun(&system, 2_000).await;
    client
        .batch_execute("INSERT INTO masterplans (user_id, name) VALUES ('bob', 'bad 1'), ('not-a-uuid', 'bad 2')")
        .await
        .unwrap();
    let before = server.dump_schema("devmatrix").unwrap();
    let Err(Failure::Preflight { revision, failed }) =
        up(&system, &server, "head", Until::Contracted).await
    else {
        panic!("it has to be refused")
    };
    assert_eq!(
        revision,
        RevisionId::new("20251022_1350_masterplans_user_id")
    );
    let values = failed
        .iter()
        .find(|one| one.count == 2)
        .expect("the two values");
    // By their key: what is in them is not for everybody's eyes.
    let named = values.examples.join(" ");
    assert_eq!(named.matches("masterplan_id = ").count(), 2, "{named}");
    assert!(!named.contains("bob"), "{named}");
    assert_eq!(server.dump_schema("devmatrix").unwrap(), before);
    // Mended as the document says, it goes on.
    client
        .batch_execute("DELETE FROM masterplans WHERE user_id !~ '^[0-9a-f]{8}-'")
        .await
        .unwrap();
    up(&system, &server, "head", Until::Contracted)
        .await
        .unwrap();
    assert_eq!(
        number(&client, "SELECT count(*) FROM masterplans").await,
        2_000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_status_stops_the_enums_before_anything_changes() {
    let system = crm::system();
    let (server, client) = begun(&system, 1_000).await;
    up(&system, &server, "20260215_0007", Until::Contracted)
        .await
        .unwrap();
    client
        .batch_execute("UPDATE leads SET status = 'maybe' WHERE id IN (3, 4)")
        .await
        .unwrap();
    let before = server.dump_schema("crm").unwrap();
    let Err(Failure::Preflight { failed, .. }) =
        up(&system, &server, "20260216_0008", Until::Contracted).await
    else {
        panic!("it has to be refused")
    };
    assert!(
        failed
            .iter()
            .any(|one| one.count == 2 && one.check.what.contains("leads.status")),
        "{failed:?}"
    );
    assert_eq!(server.dump_schema("crm").unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_where_the_server_has_them_and_a_refusal_where_not() {
    let system = crm::system();
    let (server, client) = begun(&system, 500).await;
    let there = number(
        &client,
        "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'",
    )
    .await
        == 1;
    let ended = up(&system, &server, "head", Until::Contracted).await;
    assert_eq!(
        number(
            &client,
            "SELECT count(*) FROM pg_type WHERE typname = 'lead_status'"
        )
        .await,
        1,
        "all before it ran"
    );
    if !there {
        let Err(Failure::Preflight { revision, failed }) = ended else {
            panic!("it has to be refused")
        };
        assert_eq!(revision, RevisionId::new("20260216_0009_vectors"));
        assert!(failed[0].check.what.contains("vector"), "{failed:?}");
        return;
    }
    ended.unwrap();
    let nearest = "INSERT INTO lead_embeddings SELECT id, tenant_id, ARRAY[id, 1, 0]::real[]::vector FROM leads;
        SELECT lead_id FROM lead_embeddings ORDER BY embedding <=> '[1,1,0]' LIMIT 1";
    client.batch_execute(nearest).await.unwrap();
    down(&system, &server, "20260216_0008").await.unwrap();
    assert_eq!(
        number(
            &client,
            "SELECT count(*) FROM pg_extension WHERE extname = 'vector'"
        )
        .await,
        1,
        "the extension stays"
    );
}

/// The three ways back of the document on row-level security: the flag alone, the last revision,
/// all of them.
#[tokio::test(flavor = "multi_thread")]
async fn row_level_security_is_taken_back_in_three_ways() {
    let system = alphapulse::system();
    let (server, client) = begun(&system, 2_000).await;
    up(&system, &server, "004", Until::Contracted)
        .await
        .unwrap();
    let hidden = "SELECT count(*) FROM pg_class WHERE relrowsecurity";
    assert_eq!(
        number(&client, hidden).await,
        0,
        "policies alone hide nothing"
    );
    // At once, before contract: nothing was turned on yet.
    let waits = up(&system, &server, "005", Until::Backfilled)
        .await
        .unwrap();
    assert!(
        waits
            .waiting
            .iter()
            .any(|(_, hazards)| hazards.iter().any(|hazard| hazard.code == "H07")),
        "{waits:?}"
    );
    assert_eq!(number(&client, hidden).await, 0);
    let engine = system.engine(&server, Arc::new(|_| {})).unwrap();
    let history = concertina::history(&system.revisions()).unwrap();
    concertina::rollback(&engine, &history, None).await.unwrap();
    // After contract: only the last revision; the columns stay.
    up(&system, &server, "005", Until::Contracted)
        .await
        .unwrap();
    assert_eq!(number(&client, hidden).await, 7);
    let began = Instant::now();
    down(&system, &server, "004").await.unwrap();
    assert!(began.elapsed() < Duration::from_mins(2));
    assert_eq!(number(&client, hidden).await, 0);
    assert_eq!(
        number(
            &client,
            "SELECT count(*) FROM trades WHERE tenant_id IS NOT NULL"
        )
        .await,
        2_000
    );
    // And all of it.
    down(&system, &server, "000").await.unwrap();
    assert_eq!(number(&client, "SELECT count(*) FROM trades").await, 2_000);
    assert_eq!(
        number(
            &client,
            "SELECT count(*) FROM information_schema.columns WHERE column_name = 'tenant_id'"
        )
        .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_isolated_and_queries_as_fast_as_before() {
    let system = alphapulse::system();
    let (server, client) = begun(&system, 20_000).await;
    up(&system, &server, "004", Until::Contracted)
        .await
        .unwrap();
    client
        .batch_execute(
            "INSERT INTO tenants (id, name, slug, subscription_tier) VALUES ('00000000-0000-0000-0000-000000000002', 'Two', 'two', 'pro');
             UPDATE users SET tenant_id = '00000000-0000-0000-0000-000000000002' WHERE id % 2 = 0;
             UPDATE trades SET tenant_id = u.tenant_id FROM users u WHERE u.id = user_id; UPDATE positions SET tenant_id = u.tenant_id FROM users u WHERE u.id = user_id;
             ANALYZE trades",
        )
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    // What decides a query's latency, whatever the machine: the same index, and no more pages.
    let odd = "SELECT id, symbol, value FROM trades WHERE user_id = 7 LIMIT 10";
    let plain = plan(&client, odd).await;
    up(&system, &server, "005", Until::Contracted)
        .await
        .unwrap();
    let tried = system
        .engine(&server, Arc::new(|_| {}))
        .unwrap()
        .isolation("alphapulse")
        .await
        .unwrap();
    assert_eq!(tried.len(), 7);
    for one in &tried {
        assert!(one.leaks.is_empty() && one.untried.is_none(), "{one:?}");
    }
    assert!(
        tried.iter().filter(|one| one.tenants == 2).count() >= 3,
        "{tried:?}"
    );
    client
        .batch_execute("SET ROLE alphapulse; SET app.current_tenant_id = '00000000-0000-0000-0000-000000000001'")
        .await
        .unwrap();
    let hidden = plan(&client, odd).await;
    assert!(
        plain.0.contains("idx_trades_user_id") && hidden.0.contains("idx_trades_user_id"),
        "{plain:?} {hidden:?}"
    );
    assert!(
        hidden.1 as f64 <= plain.1 as f64 * 1.25,
        "{} pages against {}",
        hidden.1,
        plain.1
    );
    assert_eq!(
        number(&client, "SELECT count(*) FROM trades WHERE user_id % 2 = 0").await,
        0
    );
}

/// A query's plan, and the pages that it looks at.
async fn plan(client: &Client, sql: &str) -> (String, i64) {
    let row = client
        .query_one(
            &format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"),
            &[],
        )
        .await
        .unwrap();
    let json: serde_json::Value = row.get(0);
    let pages = |kind: &str| json[0]["Plan"][kind].as_i64().unwrap();
    (
        json.to_string(),
        pages("Shared Hit Blocks") + pages("Shared Read Blocks"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_made_by_hand_is_verified_and_goes_up_down_and_up_in_seconds() {
    let system = ecomind::system();
    let (server, _client) = begun(&system, 1_000).await;
    let engine = system.engine(&server, Arc::new(|_| {})).unwrap();
    let history = concertina::history(&system.revisions()).unwrap();
    let began = Instant::now();
    for _ in 0..2 {
        up(&system, &server, "head", Until::Contracted)
            .await
            .unwrap();
        assert_eq!(
            concertina::drift::verify(&engine, &history).await.unwrap(),
            vec![]
        );
        down(&system, &server, "001").await.unwrap();
    }
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    // Made by hand and captured: what the first revision says is what there is.
    assert_eq!(
        concertina::drift::verify(&engine, &history).await.unwrap(),
        vec![]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_sql_can_be_run_again() {
    let system = roadmaps::system();
    let (server, client) = begun(&system, 1_000).await;
    up(&system, &server, "head", Until::Contracted)
        .await
        .unwrap();
    let done = up(&system, &server, "head", Until::Contracted)
        .await
        .unwrap();
    assert!(done.finished.is_empty() && done.waiting.is_empty());
    // Forgotten and run again: IF NOT EXISTS is looked up, not sent blindly.
    let engine = system.engine(&server, Arc::new(|_| {})).unwrap();
    let history = concertina::history(&system.revisions()).unwrap();
    let before = server.dump_schema("roadmaps").unwrap();
    concertina::stamp(
        &engine,
        &history,
        &Target::parse("026"),
        concertina::Despite::Nothing,
    )
    .await
    .unwrap();
    up(&system, &server, "head", Until::Contracted)
        .await
        .unwrap();
    assert_eq!(server.dump_schema("roadmaps").unwrap(), before);
    assert_eq!(
        number(&client, "SELECT count(*) FROM agent_configs").await,
        1_000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_system_can_be_taken_back_at_every_phase() {
    for system in [crm::system(), devmatrix::system(), roadmaps::system()] {
        let (server, client) = begun(&system, 1_000).await;
        let engine = system.engine(&server, Arc::new(|_| {})).unwrap();
        let history = concertina::history(&system.revisions()).unwrap();
        for stage in &system.stages {
            let mut before = server.dump_schema(system.name).unwrap();
            // What needs no contract is finished the first time, and there to stay.
            for turn in 0..2 {
                let done = up(&system, &server, stage.to, Until::Backfilled)
                    .await
                    .unwrap();
                while concertina::in_flight(&engine.known().await.unwrap())
                    .next()
                    .is_some()
                {
                    concertina::rollback(&engine, &history, None).await.unwrap();
                }
                let after = server.dump_schema(system.name).unwrap();
                if done.finished.is_empty() {
                    assert!(
                        after == before,
                        "{} to {}: not as it was",
                        system.name,
                        stage.to
                    );
                } else {
                    assert_eq!(turn, 0, "{:?} was finished before", done.finished);
                }
                before = after;
            }
            up(&system, &server, stage.to, Until::Contracted)
                .await
                .unwrap();
        }
        drop(client);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_system_needs_a_superuser() {
    let server = Postgres::start(&[("fsync", "off")]).await.unwrap();
    let root = server.connect("postgres").await.unwrap();
    root.batch_execute("CREATE ROLE migrator LOGIN PASSWORD 'migrator'")
        .await
        .unwrap();
    // Where roles are made and every row must be seen whatever a policy says, that is allowed as
    // well.
    root.batch_execute("ALTER ROLE migrator CREATEROLE BYPASSRLS")
        .await
        .unwrap();
    let all = [
        crm::system(),
        devmatrix::system(),
        alphapulse::system(),
        ecomind::system(),
        roadmaps::system(),
    ];
    for system in all {
        server.create_database(system.name, None).await.unwrap();
        // What the book says it needs: the tables, and CREATE on the database.
        root.batch_execute(&format!("ALTER DATABASE {} OWNER TO migrator", system.name))
            .await
            .unwrap();
        let client = server.connect(system.name).await.unwrap();
        client
            .batch_execute("GRANT ALL ON SCHEMA public TO migrator")
            .await
            .unwrap();
        let url = format!(
            "postgres://migrator:migrator@127.0.0.1:{}/{}?sslmode=disable",
            server.port(),
            system.name
        );
        let engine = system.engine_at(&url, Arc::new(|_| {})).unwrap();
        let history = concertina::history(&system.revisions()).unwrap();
        let up = async |to: &str| {
            concertina::upgrade(&engine, &history, &Target::parse(to), Until::Contracted)
                .await
                .unwrap()
        };
        up(system.start).await;
        client.batch_execute(&(system.fill)(500)).await.unwrap();
        client.batch_execute("ANALYZE").await.unwrap();
        let last = system.stages.last().unwrap().to;
        up(last).await;
        let (target, policy) = (
            Target::parse(system.start),
            Policy {
                allow_data_loss: true,
            },
        );
        concertina::downgrade(&engine, &history, &target, Until::Contracted, &policy)
            .await
            .unwrap();
        up(last).await;
        let wrong = engine.doctor().await.unwrap();
        assert!(
            wrong
                .iter()
                .all(|one| one.severity == concertina_engine::Severity::Fine),
            "{wrong:?}"
        );
        let seen = "SELECT count(*) FROM information_schema.table_privileges WHERE table_schema = 'concertina' AND grantee = 'PUBLIC'";
        assert_eq!(
            number(&client, seen).await,
            0,
            "nobody else may look into our records"
        );
    }
}
