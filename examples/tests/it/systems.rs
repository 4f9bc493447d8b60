//! Five systems through all their revisions under the traffic of every version of their
//! applications: up, down and up again, no query failed, every promise kept, every row as it was.

use concertina_examples::system::System;
use concertina_examples::{alphapulse, crm, devmatrix, ecomind, roadmaps};
use concertina_sandbox::Postgres;
use std::sync::Arc;

/// Rows of each table.
const ROWS: i64 = 50_000;

async fn lives(system: System) {
    let server = Postgres::start(&[("fsync", "off"), ("max_wal_size", "2GB")])
        .await
        .unwrap();
    let client = system.found(&server, ROWS).await.unwrap();
    let lived = system
        .live(&server, &client, 100, Arc::new(|_| {}))
        .await
        .unwrap();
    assert_eq!((lived.traffic.failed, lived.traffic.errors), (0, vec![]));
    assert!(
        lived.traffic.queries > 100,
        "{} queries",
        lived.traffic.queries
    );
    assert_eq!(lived.broken, []);
    assert!(lived.same_rows, "rows are lost or changed");
    assert!(lived.same_schema, "the way back doesn't end where it began");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sales_database_gets_tenants_and_enums() {
    lives(crm::system()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_were_text_become_uuids() {
    lives(devmatrix::system()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_hidden_from_other_tenants() {
    lives(alphapulse::system()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_made_by_hand_is_captured_and_indexed() {
    lives(ecomind::system()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_sql_goes_on_after_its_twenty_fifth_file() {
    lives(roadmaps::system()).await;
}
