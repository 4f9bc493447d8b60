//! Changes of real systems that used to mean downtime, under the traffic of both versions of their
//! applications: up, down and up again without a failed query, and with every row as it was.

use crate::fixture::Site;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::Client;

/// Runs statements in turn until it is told to stop; `$n` stands for a row of its own. How many,
/// and what failed.
async fn traffic(
    client: Client,
    own: usize,
    statements: &'static [&'static str],
    stop: Arc<AtomicBool>,
) -> (usize, Vec<String>) {
    let (mut turn, mut failed) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) && !client.is_closed() {
        let sql = statements[turn % statements.len()]
            .replace("$n", &(1 + own + turn * 14 % 20_000).to_string());
        turn += 1;
        if let Err(error) = client.simple_query(&sql).await {
            failed.push(format!("{sql}: {error:?}"));
        }
    }
    (turn, failed)
}

/// Up, down and up again while the statements run. `sum`: gives one text that must be the same
/// before and after.
async fn lives_under_traffic(site: &Site, statements: &'static [&'static str], sum: &str) {
    let before: String = site.value(sum).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut running = Vec::new();
    for own in 0..2 {
        let client = site.server.connect("site").await.unwrap();
        running.push(tokio::spawn(traffic(
            client,
            own,
            statements,
            Arc::clone(&stop),
        )));
    }
    for words in [
        &["upgrade", "--eager"] as &[&str],
        &["contract"],
        &["downgrade", "base", "--contract", "--eager"],
        &["upgrade", "--contract", "--eager"],
    ] {
        let ended = tokio::task::block_in_place(|| site.run(words));
        assert!(
            ended.code == 0 || words[0] == "upgrade" && ended.code == 3,
            "{words:?}: {}{}",
            ended.out,
            ended.err
        );
    }
    stop.store(true, Ordering::Relaxed);
    for one in running {
        let (queries, failed) = one.await.unwrap();
        assert!(queries > 100, "{queries} queries");
        assert!(
            failed.is_empty(),
            "{} of {queries} failed: {}",
            failed.len(),
            failed[0]
        );
    }
    assert_eq!(
        site.value::<String>(sum).await,
        before,
        "every row is as it was"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn status_words_become_an_enum() {
    let site = Site::new(
        "CREATE TABLE leads (id bigint PRIMARY KEY, tenant_id int NOT NULL, status varchar(20) NOT NULL DEFAULT 'new', seen int DEFAULT 0,
                             CONSTRAINT known CHECK (status IN ('new', 'open', 'won', 'lost')));
         CREATE INDEX leads_tenant_status ON leads (tenant_id, status);
         CREATE INDEX leads_won ON leads (tenant_id) WHERE status = 'won';
         INSERT INTO leads SELECT g, g % 7, (ARRAY['new', 'open', 'won', 'lost'])[1 + g % 4] FROM generate_series(1, 20000) g;
         ANALYZE;",
        &[(
            "007_status_enum",
            "CREATE TYPE lead_status AS ENUM ('new', 'open', 'won', 'lost');
             ALTER TABLE leads ALTER COLUMN status DROP DEFAULT, ALTER COLUMN status TYPE lead_status USING status::lead_status,
                               ALTER COLUMN status SET DEFAULT 'new';",
        )],
    )
    .await;
    lives_under_traffic(
        &site,
        &[
            "SELECT count(*) FROM leads WHERE tenant_id = $n % 7 AND status = 'won'",
            "UPDATE leads SET seen = seen + 1 WHERE id = $n",
            "UPDATE leads SET status = status WHERE id = $n",
            "INSERT INTO leads (id, tenant_id) VALUES ($n + 1000000, 1) ON CONFLICT (id) DO NOTHING",
            "UPDATE leads SET status = 'lost' WHERE id = $n + 1000000",
            "INSERT INTO leads (id, tenant_id, status) VALUES ($n + 2000000, 1, 'open') ON CONFLICT (id) DO UPDATE SET status = 'won'",
        ],
        "SELECT md5(string_agg(id || status::text, ',' ORDER BY id)) FROM leads WHERE id <= 20000",
    )
    .await;
    assert_eq!(
        site.value::<String>("SELECT pg_typeof(status)::text FROM leads LIMIT 1")
            .await,
        "lead_status"
    );
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE status IS NULL")
            .await,
        0
    );
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM pg_indexes WHERE tablename = 'leads'")
            .await,
        3
    );
}

const PLANS: &str = "
    CREATE TABLE users (user_id uuid PRIMARY KEY, email text NOT NULL);
    INSERT INTO users SELECT lpad(to_hex(g), 32, '0')::uuid, 'user' || g FROM generate_series(1, 500) g;
    CREATE TABLE masterplans (id bigint PRIMARY KEY, user_id varchar(100) NOT NULL, title text);
    CREATE INDEX masterplans_user ON masterplans (user_id);
    INSERT INTO masterplans SELECT g, (lpad(to_hex(1 + g % 500), 32, '0')::uuid)::text, 't' || g FROM generate_series(1, 20000) g;
    ANALYZE;";

const USER_KEY: &str = "ALTER TABLE masterplans ALTER COLUMN user_id TYPE uuid USING user_id::uuid;
    ALTER TABLE masterplans ADD CONSTRAINT masterplans_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE;";

#[tokio::test(flavor = "multi_thread")]
async fn text_becomes_a_uuid_with_a_foreign_key() {
    let site = Site::new(PLANS, &[("007_user_id_fk", USER_KEY)]).await;
    lives_under_traffic(
        &site,
        &[
            "SELECT title FROM masterplans WHERE user_id = '00000000-0000-0000-0000-00000000000a'",
            "UPDATE masterplans SET title = title WHERE id = $n",
            "UPDATE masterplans SET user_id = user_id WHERE id = $n",
            "INSERT INTO masterplans (id, user_id) VALUES ($n + 1000000, '00000000-0000-0000-0000-00000000000b') ON CONFLICT (id) DO NOTHING",
        ],
        "SELECT md5(string_agg(id || user_id::text, ',' ORDER BY id)) FROM masterplans WHERE id <= 20000",
    )
    .await;
    let key = "SELECT pg_get_constraintdef(oid) || convalidated FROM pg_constraint WHERE conname = 'masterplans_user_id_fkey'";
    assert_eq!(
        site.value::<String>(key).await,
        "FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADEtrue"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_are_no_uuid_are_named_before_anything_changes() {
    let site = Site::new(PLANS, &[("007_user_id_fk", USER_KEY)]).await;
    site.client
        .batch_execute("UPDATE masterplans SET user_id = 'demo-user' WHERE id IN (7, 8, 9)")
        .await
        .unwrap();
    let before = site.schema();
    let said = site.run(&["upgrade"]).ends(2);
    let text = format!("{}{}", said.out, said.err);
    assert!(
        text.contains("every value of masterplans.user_id can become uuid") && text.contains('3'),
        "{text}"
    );
    assert!(
        text.contains("id = 7") && !text.contains("demo-user"),
        "{text}"
    );
    assert_eq!(site.schema(), before, "nothing has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_gets_another_name() {
    let site = Site::new(
        "CREATE TABLE agent_configs (id bigint PRIMARY KEY, role_type text NOT NULL DEFAULT 'coach', prompt text,
                                     UNIQUE (role_type, id));
         INSERT INTO agent_configs SELECT g, 'role' || g % 9, 'p' FROM generate_series(1, 20000) g; ANALYZE;",
        &[("026_agent_type", "ALTER TABLE agent_configs RENAME COLUMN role_type TO agent_type;")],
    )
    .await;
    // Both versions name what both have.
    lives_under_traffic(
        &site,
        &[
            "UPDATE agent_configs SET prompt = prompt || '.' WHERE id = $n",
            "SELECT prompt FROM agent_configs WHERE id = $n",
            "INSERT INTO agent_configs (id, prompt) VALUES ($n + 1000000, 'new') ON CONFLICT (id) DO NOTHING",
        ],
        "SELECT md5(string_agg(id || coalesce(to_jsonb(a) ->> 'role_type', to_jsonb(a) ->> 'agent_type'), ',' ORDER BY id))
         FROM agent_configs a WHERE id <= 20000",
    )
    .await;
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM agent_configs WHERE agent_type IS NULL")
            .await,
        0
    );
}
