use concertina::{Until, contract, downgrade, history, upgrade};
use concertina_engine::{Connect, Engine, Rehearse, Settings};
use concertina_examples::crm;
use concertina_planner::Policy;
use concertina_revisions::Target;
use concertina_sandbox::{Postgres, Traffic};
use std::sync::Arc;

const LEADS: i64 = 30_000;

fn engine(server: &Postgres) -> Engine {
    let settings = Settings {
        window_blocks: 128,
        rehearse: Rehearse::Never,
        ..Settings::default()
    };
    Engine::new(
        Connect::parse(&server.url("crm")).unwrap(),
        settings,
        Arc::new(|_| {}),
    )
    .0
}

/// From the baseline to the last revision and back, with an application that is deployed anew when
/// its time comes.
#[tokio::test(flavor = "multi_thread")]
async fn no_query_of_the_application_fails_on_the_way_to_tenants() {
    let server = Postgres::start(&[("fsync", "off")]).await.unwrap();
    server.create_database("crm", None).await.unwrap();
    let (engine, history) = (engine(&server), history(&crm::revisions()).unwrap());
    let up = async |target: &str| {
        upgrade(&engine, &history, &Target::parse(target), Until::Backfilled)
            .await
            .unwrap()
    };
    up("20260213_0001").await;
    let client = server.connect("crm").await.unwrap();
    crm::fill(&client, LEADS).await.unwrap();
    let baseline = server.dump_schema("crm").unwrap();
    let traffic = Traffic::start(&server.url("crm"), 4, 200, crm::before(LEADS))
        .await
        .unwrap();

    let done = up("20260213_0002").await;
    assert_eq!(done.waiting.len(), 1);
    // The old application goes on for a while.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    traffic.switch(crm::with_teams(LEADS));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    contract(&engine, Some(&history)).await.unwrap();
    let done = up("20260214_0005").await;
    assert_eq!(
        done.waiting.len(),
        2,
        "tenant_id and its constraints wait, the new tables don't"
    );
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    traffic.switch(crm::with_tenants(LEADS));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    contract(&engine, Some(&history)).await.unwrap();
    let done = up("20260215_0007").await;
    assert!(done.waiting.is_empty(), "{:?}", done.waiting);
    let report = traffic.stop().await;
    assert_eq!((report.failed, report.errors), (0, vec![]));
    assert!(report.queries > 200, "{} queries", report.queries);

    let wrong = "SELECT (SELECT count(*) FROM leads l JOIN owners o ON o.id = l.owner_id WHERE l.team_id <> o.team_id)
                      + (SELECT count(*) FROM leads, tenants t WHERE tenant_id <> t.id)
                      + (SELECT count(*) FROM pg_index WHERE NOT indisvalid)
                      + (SELECT count(*) FROM pg_constraint WHERE NOT convalidated)";
    assert_eq!(
        client.query_one(wrong, &[]).await.unwrap().get::<_, i64>(0),
        0
    );

    let (policy, target) = (
        Policy {
            allow_data_loss: true,
        },
        Target::parse("20260213_0001"),
    );
    downgrade(&engine, &history, &target, Until::Contracted, &policy)
        .await
        .unwrap();
    assert_eq!(
        server.dump_schema("crm").unwrap(),
        baseline,
        "down again is the baseline"
    );
}
