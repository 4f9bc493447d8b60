//! A plan is compared with the statements that it stands for before the first change: what is
//! refused then, what isn't, and what is left of it.

use crate::corpus::tables;
use crate::fixture::{Said, Site, said};
use concertina_engine::{Act, Connect, Direction, Engine, Objection, Settings};
use concertina_planner::{Plan, plan};
use concertina_revisions::{Revision, RevisionId};
use std::sync::Arc;

const LEADS: &str =
    "CREATE TABLE leads (id int PRIMARY KEY, email text, amount numeric(10,2) DEFAULT 1.5, at timestamptz);
    INSERT INTO leads SELECT g, 'lead' || g FROM generate_series(1, 4000) g;
    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.at = clock_timestamp(); RETURN NEW; END$$;
    CREATE TRIGGER stamp BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION stamp();
    ANALYZE;";

const OURS: &str = "SELECT count(*) FROM pg_database WHERE datname LIKE 'concertina\\_%'";

fn run(site: &Site, words: &[&str], when: &str) -> Said {
    said(
        &site
            .command(words)
            .env("CONCERTINA_REHEARSE", when)
            .output()
            .unwrap(),
    )
}

/// Objection by check and by upgrade, with nothing changed, and nothing left.
async fn is_refused(schema: &str, revision: &str, code: &str, words: &str) {
    let site = Site::new(schema, &[("001_change", revision)]).await;
    let before = site.schema();
    run(&site, &["check"], "auto")
        .ends(2)
        .says(&format!("error[{code}]"))
        .says(words);
    assert_eq!(site.schema(), before);
    run(&site, &["upgrade"], "auto")
        .ends(1)
        .says(&format!("error[{code}]"))
        .says(words);
    site.client
        .batch_execute("DROP SCHEMA concertina CASCADE")
        .await
        .unwrap();
    assert_eq!(site.schema(), before);
    assert_eq!(site.value::<i64>(OURS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgresql_refuses_is_refused_with_its_words_where_it_stands() {
    is_refused(
        LEADS,
        "UPDATE leads SET email = lowr(email);",
        "C122",
        "^^^^",
    )
    .await;
    let second = "ALTER TABLE leads ADD COLUMN b int;\nUPDATE leads SET b = email <> 1;\n";
    is_refused(LEADS, second, "C122", "operator does not exist").await;
}

/// An engine and a plan in which something is wrong.
async fn rehearsed(site: &Site, sql: &str, plant: impl FnOnce(&mut Plan)) -> Option<Objection> {
    let connect = Connect::parse(&site.server.url("site")).unwrap();
    let (engine, _stopper) = Engine::new(connect, Settings::default(), Arc::new(|_| {}));
    let revision = Revision::from_text(&RevisionId::new("001_change"), sql).unwrap();
    let catalog = engine.catalog_for(&[&revision]).await.unwrap();
    let mut plan = plan(&revision, &catalog).unwrap();
    plant(&mut plan);
    let acts = [Act {
        revision: &revision,
        plan: &plan,
        direction: Direction::Up,
    }];
    let ground = engine.ground(&acts, &catalog).await.unwrap();
    Box::pin(engine.rehearse(&acts, &ground))
        .await
        .unwrap()
        .unwrap()
        .refused
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_fault_is_found_and_a_plan_without_one_passes() {
    let site = Site::new(LEADS, &[]).await;
    let before = site.schema();
    let sql = "UPDATE leads SET email = upper(email); ALTER TABLE leads ALTER COLUMN email SET NOT NULL; \
               CREATE INDEX by_email ON leads (email);";
    assert!(rehearsed(&site, sql, |_| {}).await.is_none());
    let forgets = |plan: &mut Plan| {
        plan.backfill
            .retain(|step| !step.work.summary().concat().contains("index"));
    };
    match rehearsed(&site, sql, forgets).await {
        Some(Objection::Plan { differences, .. }) => {
            assert_eq!(
                differences,
                ["index public.by_email on public.leads: psql leaves it, the plan doesn't"]
            );
        }
        other => panic!("{other:?}"),
    }
    // A row's value, where the structure is right.
    let skips = |plan: &mut Plan| {
        [&mut plan.expand, &mut plan.backfill]
            .into_iter()
            .for_each(Vec::clear);
    };
    match rehearsed(&site, "UPDATE leads SET email = upper(email);", skips).await {
        Some(Objection::Plan { differences, .. }) => {
            assert!(
                differences[0].starts_with("rows of public.leads"),
                "{differences:?}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(site.schema(), before);
    assert_eq!(site.value::<i64>(OURS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_the_tables_of_the_corpus_can_be_copied() {
    let change = "ALTER TABLE leads ADD COLUMN more int; UPDATE leads SET more = 1;";
    let site = Site::new(&tables(300), &[("001_change", change)]).await;
    let checked = run(&site, &["check"], "always").ends(0);
    assert!(!checked.out.contains("H16"), "{}", checked.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_left_is_dropped_and_what_others_use_is_not() {
    let site = Site::new(
        LEADS,
        &[("001_change", "UPDATE leads SET email = upper(email);")],
    )
    .await;
    let alive: String = site
        .value(
            "SELECT format('concertina_rehearsal_%s_%s_1', pid, (extract(epoch FROM backend_start) * 1000000)::bigint)
                FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        )
        .await;
    for name in [
        "concertina_rehearsal_999999999_1_1",
        "concertina_rehearsal_999999999_1_2",
        "concertina_rehearsal_mine",
        &alive,
    ] {
        site.client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
    }
    site.client
        .batch_execute(
            "COMMENT ON DATABASE concertina_rehearsal_999999999_1_2 IS 'somebody else''s'",
        )
        .await
        .unwrap();
    run(&site, &["check"], "always").ends(0);
    let left: Vec<String> = site
        .client
        .query(
            "SELECT datname::text FROM pg_database WHERE datname LIKE 'concertina%' ORDER BY 1",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(
        left.contains(&alive) && !left.contains(&"concertina_rehearsal_999999999_1_1".to_owned()),
        "{left:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_it_is_said_or_refused_and_what_was_shown_once_is_remembered() {
    // The values that are missing are found by the preflight, once the rehearsal is over: nothing
    // has begun.
    let change =
        "UPDATE leads SET email = upper(email);\nALTER TABLE notes ALTER COLUMN at SET NOT NULL;\n";
    let schema = format!("{LEADS} CREATE TABLE notes AS SELECT id, at FROM leads LIMIT 5");
    let site = Site::new(&schema, &[("001_change", change)]).await;
    site.client
        .batch_execute("CREATE ROLE owner LOGIN; ALTER TABLE leads OWNER TO owner; ALTER TABLE notes OWNER TO owner; GRANT CREATE ON DATABASE site TO owner; ALTER FUNCTION stamp() OWNER TO owner")
        .await
        .unwrap();
    let url = site
        .server
        .url("site")
        .replacen("user=postgres", "user=owner", 1);
    let run = |when: &str| {
        said(
            &site
                .command(&["upgrade", "--url", &url])
                .env("CONCERTINA_REHEARSE", when)
                .output()
                .unwrap(),
        )
    };
    run("auto")
        .ends(2)
        .says("ALTER ROLE .. CREATEDB gives the right");
    run("always").ends(1).says("may make no databases");
    run("never").ends(2);
    site.client
        .batch_execute("ALTER ROLE owner CREATEDB")
        .await
        .unwrap();
    run("always").ends(2);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM concertina.rehearsal")
            .await,
        1
    );
    site.client
        .batch_execute("ALTER ROLE owner NOCREATEDB")
        .await
        .unwrap();
    // It needs no database any more, and no right.
    run("always").ends(2);
    site.client
        .batch_execute("ALTER TABLE leads ADD COLUMN other int")
        .await
        .unwrap();
    run("always").ends(1).says("may make no databases");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_for_what_is_run_as_it_is_written() {
    let site = Site::new(
        "",
        &[(
            "001_first",
            "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);",
        )],
    )
    .await;
    site.client
        .batch_execute(
            "CREATE ROLE poor LOGIN; GRANT CREATE ON DATABASE site TO poor; GRANT CREATE ON SCHEMA public TO poor",
        )
        .await
        .unwrap();
    let url = site
        .server
        .url("site")
        .replacen("user=postgres", "user=poor", 1);
    // It would say that it can't.
    said(
        &site
            .command(&["upgrade", "--url", &url])
            .env("CONCERTINA_REHEARSE", "always")
            .output()
            .unwrap(),
    )
    .ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn later_revisions_are_rehearsed_where_the_ones_before_leave() {
    let revisions = [
        (
            "001_one",
            "ALTER TABLE leads ADD COLUMN plan text; UPDATE leads SET plan = 'free';",
        ),
        (
            "002_two",
            "ALTER TABLE leads ALTER COLUMN plan SET NOT NULL; CREATE INDEX by_plan ON leads (plan);",
        ),
        ("003_typo", "UPDATE leads SET plan = lowr(plan);"),
    ];
    let site = Site::new(LEADS, &revisions).await;
    run(&site, &["check"], "always")
        .ends(2)
        .says("error[C122]")
        .says("003_typo.sql:1");
    run(&site, &["upgrade"], "always")
        .ends(1)
        .says("error[C122]");
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM concertina.revision")
            .await,
        0,
        "the first hasn't begun either"
    );
    site.revision("003_typo", "UPDATE leads SET plan = lower(plan);");
    run(&site, &["check"], "always").ends(0);
    run(&site, &["upgrade", "--contract"], "always").ends(0);
    assert_eq!(site.value::<i64>(OURS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_the_whole_server_is_not_changed_by_a_rehearsal() {
    let wide = "ALTER TABLE leads ALTER COLUMN id TYPE bigint;";
    let shared = "SELECT md5(concat((SELECT string_agg(a::text, ',' ORDER BY a.oid) FROM pg_authid a),
                      (SELECT string_agg(d.datacl::text, ',' ORDER BY d.oid) FROM pg_database d WHERE datname = 'site'),
                      (SELECT string_agg(s::text, ',') FROM pg_db_role_setting s), (SELECT string_agg(m::text, ',') FROM pg_auth_members m),
                      (SELECT string_agg(c::text, ',' ORDER BY c.objoid) FROM pg_shdescription c WHERE c.classoid = 'pg_authid'::regclass)))";
    for statement in [
        "CREATE ROLE fresh",
        "DROP ROLE stale",
        "ALTER ROLE stale LOGIN",
        "ALTER ROLE stale SET work_mem = '5MB'",
        "GRANT stale TO other",
        "GRANT CREATE ON DATABASE site TO stale",
        "ALTER DATABASE site SET work_mem = '5MB'",
        "COMMENT ON ROLE stale IS 'x'",
        "DO $$BEGIN BEGIN CREATE ROLE fresh; EXCEPTION WHEN division_by_zero THEN NULL; END; END$$",
    ] {
        for revision in [
            format!("{wide} {statement};"),
            format!("{wide}\n-- down\n{wide} {statement};"),
        ] {
            let site = Site::new(LEADS, &[("001_change", &revision)]).await;
            site.client
                .batch_execute("CREATE ROLE stale; CREATE ROLE other")
                .await
                .unwrap();
            let before = site.value::<String>(shared).await;
            let checked = run(&site, &["check"], "auto").ends(0);
            if !revision.contains("down") {
                let why = if statement.starts_with("DO") {
                    "nobody can see into"
                } else {
                    "what all databases of the server share"
                };
                checked.says("warning[H16]").says(why);
            }
            assert_eq!(site.value::<String>(shared).await, before, "{revision}");
            assert_eq!(site.value::<i64>(OURS).await, 0);
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_told_to_end_leaves_no_database() {
    let site = Site::new(
        LEADS,
        &[(
            "001_change",
            "ALTER TABLE leads ALTER COLUMN id TYPE bigint;",
        )],
    )
    .await;
    for (verb, signal) in [
        ("check", "-INT"),
        ("check", "-TERM"),
        ("plan", "-TERM"),
        ("upgrade", "-TERM"),
    ] {
        let mut child = site
            .command(&[verb])
            .env("CONCERTINA_REHEARSE", "auto")
            .spawn()
            .unwrap();
        while site.value::<i64>(OURS).await == 0 {
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended before it could be stopped"
            );
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let sent = std::process::Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        assert_eq!(child.wait().unwrap().code(), Some(1), "{verb} {signal}");
        assert_eq!(site.value::<i64>(OURS).await, 0, "{verb} {signal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_by_a_setting_and_a_publication_of_all_tables_are_in_nobodys_way() {
    let change = "ALTER TABLE leads ALTER COLUMN id TYPE bigint;";
    let site = Site::new(LEADS, &[("001_change", change)]).await;
    site.client
        .batch_execute(
            "DROP TRIGGER stamp ON leads; CREATE ROLE owner CREATEDB; CREATE ROLE deployer LOGIN; GRANT owner TO deployer; ALTER ROLE deployer SET role = owner;
             ALTER TABLE leads OWNER TO owner; ALTER FUNCTION stamp() OWNER TO owner; GRANT CREATE ON DATABASE site TO owner;
             GRANT CREATE ON SCHEMA public TO owner; CREATE PUBLICATION everything FOR ALL TABLES",
        )
        .await
        .unwrap();
    let url = site
        .server
        .url("site")
        .replacen("user=postgres", "user=deployer", 1);
    said(
        &site
            .command(&["check", "--url", &url])
            .env("CONCERTINA_REHEARSE", "auto")
            .output()
            .unwrap(),
    )
    .ends(0);
    said(
        &site
            .command(&["upgrade", "--url", &url])
            .env("CONCERTINA_REHEARSE", "auto")
            .output()
            .unwrap(),
    )
    .ends(3);
    assert_eq!(site.value::<i64>(OURS).await, 0);
}
