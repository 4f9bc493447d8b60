//! From every state in which a revision can be left one verb leads on or back, and `status` names
//! it: the table in the book, walked with something in the way each time.

use crate::fixture::Site;

const SCHEMA: &str = "CREATE TABLE leads (id bigint PRIMARY KEY, score int, note text);
    INSERT INTO leads SELECT g, g % 9, 'n' || g FROM generate_series(1, 500) g;
    CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;";

const WIDER: &str = "ALTER TABLE leads ALTER COLUMN score TYPE bigint;";
const RENAMED: &str = "ALTER TABLE leads RENAME COLUMN score TO points;";
const FILLED: &str = "ALTER TABLE leads ADD COLUMN size int; UPDATE leads SET size = length(note);";

const IN_THE_WAY: &str =
    "CREATE TRIGGER deny BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION deny()";

/// How many triggers, functions and columns of ours there are.
const OURS: &str = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zzz\\_concertina%')
    + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'concertina'::regnamespace AND prorettype = 'trigger'::regtype)
    + (SELECT count(*) FROM pg_attribute WHERE attname LIKE 'concertina\\_%' AND NOT attisdropped)";

impl Site {
    async fn does(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    /// What `status` says, which has to name this state and this way out.
    fn stands(&self, state: &str, next: &str) {
        let said = self.run(&["status"]).ends(0);
        assert!(
            said.out.contains(state) && said.out.contains(next),
            "{}",
            said.out
        );
        if !state.contains("waiting") {
            assert!(said.out.contains("  stopped: "), "{}", said.out);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_the_backfill_goes_on_or_back() {
    for back in [false, true] {
        let site = Site::new(SCHEMA, &[("001_size", FILLED)]).await;
        let start = site.schema();
        site.run(&["upgrade"]).ends(3);
        site.run(&["rollback"]).ends(0);
        site.does(IN_THE_WAY).await;
        site.run(&["upgrade"]).ends(1);
        site.stands(
            "001_size: running",
            "next: concertina upgrade, or concertina rollback",
        );
        if back {
            site.run(&["rollback"]).ends(0);
            site.does("DROP TRIGGER deny ON leads").await;
            assert_eq!(site.schema(), start);
        } else {
            site.does("DROP TRIGGER deny ON leads").await;
        }
        site.run(&["upgrade", "--contract"]).ends(0);
        assert_eq!(
            site.value::<i64>(
                "SELECT count(*) FROM leads WHERE size IS DISTINCT FROM length(note)"
            )
            .await,
            0
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_that_somebody_is_in_the_way_of_goes_on_afterwards() {
    let site = Site::new(SCHEMA, &[("001_wider", WIDER)]).await;
    site.run(&["upgrade"]).ends(3);
    site.stands(
        "001_wider: waiting",
        "next: concertina contract once no old version",
    );
    site.does("CREATE VIEW shown AS SELECT score FROM leads")
        .await;
    let said = site.run(&["contract"]).ends(1);
    assert!(said.err.contains("shown"), "{}", said.err);
    site.stands(
        "001_wider: contracting",
        "next: concertina contract, once what stops it is fixed",
    );
    site.run(&["rollback"]).ends(1).says("concertina contract");
    site.does("DROP VIEW shown").await;
    site.run(&["contract"]).ends(0);
    assert_eq!(site.value::<i64>(OURS).await, 0);
    // The way down has the same states.
    site.run(&["downgrade", "base"]).ends(3);
    site.stands("waiting", "next: concertina contract");
    site.does("CREATE VIEW shown AS SELECT score FROM leads")
        .await;
    site.run(&["contract"]).ends(1);
    site.stands(
        "contracting",
        "next: concertina contract, once what stops it is fixed",
    );
    site.does("DROP VIEW shown").await;
    site.run(&["contract"]).ends(0);
    site.run(&["current"]).ends(0).says("base");
    assert_eq!(site.value::<i64>(OURS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_somebody_is_in_the_way_of_goes_on_afterwards() {
    let site = Site::new(SCHEMA, &[("001_points", RENAMED)]).await;
    let start = site.schema();
    site.run(&["upgrade"]).ends(3);
    site.does("CREATE VIEW shown AS SELECT points FROM leads")
        .await;
    site.run(&["rollback"]).ends(1);
    site.stands(
        "001_points: undoing",
        "next: concertina rollback, once what stops it is fixed",
    );
    site.run(&["upgrade"]).ends(1).says("concertina rollback");
    site.does("DROP VIEW shown").await;
    site.run(&["rollback"]).ends(0);
    assert_eq!(site.schema(), start);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_neither_go_on_nor_back_is_forgotten_and_nothing_of_ours_stays() {
    let site = Site::new(SCHEMA, &[("001_wider", WIDER)]).await;
    let start = site.schema();
    site.run(&["upgrade"]).ends(3);
    site.does("CREATE VIEW shown AS SELECT score FROM leads")
        .await;
    site.run(&["contract"]).ends(1);
    site.run(&["stamp", "base"]).ends(1).says("stamp --purge");
    site.run(&["stamp", "base", "--purge"]).ends(0);
    assert_eq!(site.value::<i64>(OURS).await, 0);
    site.does("DROP VIEW shown").await;
    assert_eq!(
        site.schema(),
        start,
        "what its statements made stays: here nothing yet"
    );
    site.run(&["upgrade", "--contract"]).ends(0);

    // What others have come to need stays, and is told.
    let site = Site::new(SCHEMA, &[("001_points", RENAMED)]).await;
    site.run(&["upgrade"]).ends(3);
    site.does("CREATE VIEW shown AS SELECT points FROM leads")
        .await;
    site.run(&["rollback"]).ends(1);
    let said = site.run(&["stamp", "base", "--purge"]).ends(0);
    assert!(
        said.out.contains("left to you") || said.err.contains("left to you"),
        "{}{}",
        said.out,
        said.err
    );
    assert_eq!(site.value::<i64>(OURS).await, 0);
    site.does("UPDATE leads SET points = 5, score = 6 WHERE id = 1")
        .await;
    assert_eq!(
        site.value::<i32>("SELECT score FROM leads WHERE id = 1")
            .await,
        6,
        "nothing keeps the two equal any more"
    );
}
