//! PgBouncer in its three modes: what a session is for is lost where each transaction gets another.

use super::{LEADS, LOWER, WRONG, at};
use crate::fixture::Site;
use concertina_sandbox::Pooler;

/// Of the sessions of the pool: settings that aren't the server's, locks, statements that were
/// prepared.
const TRACES: &str =
    "SELECT concat_ws(' ', current_setting('row_security'), current_setting('statement_timeout'),
    current_setting('lock_timeout'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
    (SELECT count(*) FROM pg_prepared_statements))";

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_changes_sessions_is_refused_by_every_verb_and_keeps_no_trace() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let ignoring = [("ignore_startup_parameters", "options,extra_float_digits")];
    for (mode, settings) in [
        ("transaction", &[] as &[_]),
        ("transaction", &ignoring),
        ("transaction", &[("server_round_robin", "1")]),
        ("statement", &[]),
        ("statement", &ignoring),
    ] {
        let pooler = Pooler::start(&site.server, mode, settings).await.unwrap();
        // Others that have used the pool: there are sessions to choose from.
        let (one, two) = (
            pooler.connect("site").await.unwrap(),
            pooler.connect("site").await.unwrap(),
        );
        let (slept, asked) = tokio::join!(
            one.batch_execute("SELECT pg_sleep(0.1)"),
            two.batch_execute("SELECT 1")
        );
        slept.and(asked).unwrap();
        for words in [
            &["status"] as &[&str],
            &["plan"],
            &["doctor"],
            &["check"],
            &["upgrade"],
            &["contract"],
            &["history"],
            &["current"],
            &["pause", "tonight"],
            &["wait", "--timeout", "2"],
            &["catalog"],
            &["rollback"],
            &["stamp", "head"],
        ] {
            let said = at(&site, &pooler.url("site"), words);
            assert_eq!(
                said.code, 1,
                "{mode} {settings:?} {words:?}\n{}\n{}",
                said.out, said.err
            );
            said.says("pooler").says("the server's own address");
        }
        for _ in 0..4 {
            let row = one.simple_query(TRACES).await.unwrap();
            let told = row.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            assert_eq!(told.as_deref(), Some("on 0 0 0 0"), "{mode} {settings:?}");
        }
        assert!(
            !site
                .value::<bool>("SELECT to_regnamespace('concertina') IS NOT NULL")
                .await,
            "{mode}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_keeps_sessions_apart_is_as_good_as_none() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    // The pooler may end a session of the server once it is given back, and never before.
    let pooler = Pooler::start(&site.server, "session", &[("server_lifetime", "1")])
        .await
        .unwrap();
    at(&site, &pooler.url("site"), &["status"]).ends(0);
    at(&site, &pooler.url("site"), &["upgrade", "--contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_too_small_is_refused_with_what_is_needed() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let before = site.schema();
    let pooler = Pooler::start(&site.server, "session", &[("default_pool_size", "3")])
        .await
        .unwrap();
    let began = std::time::Instant::now();
    at(&site, &pooler.url("site"), &["upgrade"])
        .ends(1)
        .says("4 connections");
    assert!(began.elapsed().as_secs() < 40, "{:?}", began.elapsed());
    assert_eq!(site.schema(), before);
}
