//! What is run as it is written: where there are no rows, and nowhere else.

use crate::fixture::{crm, plan_of, planned, refused};
use concertina_planner::action::Action;
use concertina_planner::{Catalog, MayChange, Plan, Table, Work, look_ahead};
use concertina_revisions::{Revision, RevisionId};

/// The statements of each transaction, where a plan is as written.
fn transactions(plan: &Plan) -> Vec<Vec<String>> {
    assert!(
        plan.is_as_written() && plan.backfill.is_empty() && plan.contract.is_empty(),
        "{plan:?}"
    );
    let of_step = |work: &Work| match work {
        Work::Quick { actions } => actions[1..]
            .iter()
            .flat_map(|action| action.sql(None))
            .collect(),
        other => panic!("{other:?}"),
    };
    plan.expand.iter().map(|step| of_step(&step.work)).collect()
}

fn unpopulated() -> Catalog {
    let tables = ["leads", "drafts"].map(|name| {
        Table::new(name)
            .column("id", "bigint")
            .column("body", "text")
    });
    Catalog {
        unpopulated: true,
        ..Catalog::of(tables)
    }
}

#[test]
fn the_authors_order_and_words_are_kept() {
    for sql in [
        "TRUNCATE drafts; ALTER TABLE drafts DROP COLUMN body; ALTER TABLE drafts ADD COLUMN body int NOT NULL",
        "DROP TABLE drafts CASCADE; CREATE TABLE drafts (id int)",
        "ALTER TABLE drafts DROP COLUMN body; CREATE TABLE copy AS SELECT id FROM drafts; UPDATE copy SET id = id + 1; DROP TABLE copy",
        "ALTER TABLE drafts ALTER body TYPE int USING body::int; CREATE INDEX ON drafts (body); UPDATE drafts SET body = 1",
        "ALTER TABLE drafts RENAME TO sketches; CREATE TABLE drafts (id int)",
    ] {
        let written: Vec<&str> = sql.split("; ").collect();
        assert_eq!(transactions(&plan_of(sql, &crm())), [written], "{sql}");
    }
}

#[test]
fn a_table_with_rows_anywhere_in_reach_is_planned_for() {
    for sql in [
        "ALTER TABLE leads ALTER email TYPE varchar(80); ALTER TABLE drafts DROP COLUMN body;",
        "ALTER TABLE drafts DROP COLUMN body; UPDATE leads SET status = 'x' WHERE id IN (SELECT id FROM drafts);",
        "INSERT INTO drafts (id) SELECT id FROM leads; ALTER TABLE drafts DROP COLUMN body",
        "TRUNCATE drafts, leads",
        "TRUNCATE drafts; CALL something()",
    ] {
        assert!(!plan_of(sql, &crm()).is_as_written(), "{sql}");
    }
    for sql in [
        "CREATE TABLE copy AS SELECT * FROM leads",
        "WITH d AS (SELECT * FROM drafts) SELECT l.id INTO copy FROM leads l, d",
    ] {
        refused(sql, &crm());
    }
}

#[test]
fn rows_live_below_above_and_at_the_other_end_of_a_key() {
    let pair = |name: &str| ("public".to_owned(), name.to_owned());
    let mut parent = Table::new("parent").column("id", "int");
    parent.children = vec![pair("child")];
    let child = Table::new("child").rows(10).column("id", "int");
    let planned =
        |sql: &str, catalog: &Catalog| assert!(!plan_of(sql, catalog).is_as_written(), "{sql}");
    planned("TRUNCATE parent", &Catalog::of([parent.clone(), child]));
    let bare = Table::new("child").column("id", "int");
    assert!(
        plan_of(
            "TRUNCATE parent",
            &Catalog::of([parent.clone(), bare.clone()])
        )
        .is_as_written()
    );
    // A child of one that has rows.
    planned("TRUNCATE child", &Catalog::of([parent.rows(10), bare]));
    // No block of its own proves nothing.
    let mut elsewhere = Table::new("elsewhere").column("id", "int");
    elsewhere.without_rows = false;
    planned("TRUNCATE elsewhere", &Catalog::of([elsewhere]));
}

#[test]
fn in_a_database_without_rows_anything_goes() {
    for sql in [
        "DO $$ BEGIN PERFORM 1; END $$; SELECT any_function(); CALL another(1)",
        "DROP TABLE leads CASCADE; CREATE TABLE leads AS SELECT * FROM drafts; MERGE INTO leads USING drafts ON true WHEN MATCHED THEN DELETE",
        "SET search_path = a, b; CREATE TABLE x (id int); RESET search_path",
        "ALTER TABLE nowhere DROP COLUMN anything",
    ] {
        assert_eq!(
            transactions(&plan_of(sql, &unpopulated()))
                .concat()
                .join("; "),
            sql
        );
    }
    refused("CREATE DATABASE other", &unpopulated());
    refused("BEGIN; DROP TABLE leads; ROLLBACK; COMMIT", &unpopulated());
}

#[test]
fn transactions_are_the_authors_where_one_does_not_do() {
    let alembic = "BEGIN; COMMIT; ALTER TYPE mood ADD VALUE 'x'; BEGIN; CREATE TABLE a (m mood DEFAULT 'x'); COMMIT;";
    let wanted = [
        vec!["ALTER TYPE mood ADD VALUE 'x'"],
        vec!["CREATE TABLE a (m mood DEFAULT 'x')"],
    ];
    assert_eq!(transactions(&plan_of(alembic, &unpopulated())), wanted);
    let alone = "ALTER TYPE mood ADD VALUE 'x'; CREATE TABLE a (m mood DEFAULT 'x'); CREATE TABLE b (id int);";
    assert_eq!(
        transactions(&plan_of(alone, &unpopulated()))
            .iter()
            .map(Vec::len)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    let whole = "BEGIN; CREATE TABLE a (id int); CREATE INDEX ON a (id); COMMIT;";
    assert_eq!(transactions(&plan_of(whole, &unpopulated())).len(), 1);
}

#[test]
fn what_makes_no_difference_is_left_out_with_a_note() {
    let text = planned(
        "SET LOCAL lock_timeout = '1s'; SET statement_timeout = 0; LOCK TABLE drafts; VACUUM drafts; SET LOCAL search_path = x;
         SET CONSTRAINTS ALL DEFERRED; DISCARD ALL; TRUNCATE drafts",
        &unpopulated(),
    );
    assert_eq!(text.matches("note: statement").count(), 7, "{text}");
    // In a transaction of the author's these are meant.
    let meant =
        "BEGIN; SET LOCAL search_path = x; SET CONSTRAINTS ALL DEFERRED; TRUNCATE drafts; COMMIT;";
    assert_eq!(transactions(&plan_of(meant, &unpopulated()))[0].len(), 3);
    // On tables with rows, too.
    let text = planned(
        "SET LOCAL lock_timeout = '1s'; LOCK TABLE leads; ANALYZE leads; SET CONSTRAINTS ALL IMMEDIATE; SHOW work_mem; ALTER TABLE leads ADD COLUMN a int",
        &crm(),
    );
    assert_eq!(text.matches("note: ").count(), 5, "{text}");
}

#[test]
fn concurrently_is_left_out_where_nobody_is_there() {
    let sql = "CREATE INDEX CONCURRENTLY i ON drafts (id); REINDEX INDEX CONCURRENTLY i; DROP INDEX CONCURRENTLY i";
    let transactions = transactions(&plan_of(sql, &crm()));
    assert_eq!(transactions.len(), 1);
    assert!(
        transactions[0]
            .iter()
            .all(|sql| !sql.contains("CONCURRENTLY")),
        "{transactions:?}"
    );
}

#[test]
fn the_tables_are_locked_and_asked_first() {
    let plan = plan_of(
        "ALTER TABLE drafts DROP COLUMN body; INSERT INTO drafts (id) VALUES (1)",
        &crm(),
    );
    let Work::Quick { actions } = &plan.expand[0].work else {
        panic!("{plan:?}")
    };
    let Action::BeginAsWritten(begin) = &actions[0] else {
        panic!("{actions:?}")
    };
    assert_eq!(
        (begin.tables.len(), begin.empty.len(), begin.everywhere),
        (1, 1, false)
    );
    let sql = actions[0].sql(None).join("\n");
    assert!(
        sql.contains("LOCK TABLE public.drafts IN ACCESS EXCLUSIVE MODE"),
        "{sql}"
    );
    assert!(
        sql.contains("IF EXISTS (SELECT FROM public.drafts) THEN"),
        "{sql}"
    );
}

#[test]
fn secrets_are_not_shown() {
    let text = planned(
        "CREATE ROLE ann PASSWORD 's3cret'; TRUNCATE drafts",
        &unpopulated(),
    );
    assert!(
        text.contains("CREATE ROLE ann PASSWORD") && !text.contains("s3cret"),
        "{text}"
    );
}

#[test]
fn the_way_back_is_known_or_said_to_be_unknown() {
    let known = plan_of(
        "ALTER TABLE drafts ADD COLUMN n int NOT NULL; ANALYZE drafts",
        &crm(),
    );
    assert!(
        known.is_as_written() && known.reverse.as_ref().is_ok_and(|sql| sql.len() == 1),
        "{:?}",
        known.reverse
    );
    let unknown = plan_of(
        "ALTER TABLE drafts ADD COLUMN n int; TRUNCATE drafts",
        &crm(),
    );
    assert!(
        unknown
            .reverse
            .as_ref()
            .is_err_and(|why| why.starts_with("statement 2")),
        "{:?}",
        unknown.reverse
    );
}

fn revision(sql: &str) -> Revision {
    Revision::from_text(&RevisionId::new("r"), sql).expect("valid SQL")
}

#[test]
fn what_may_do_anything_is_not_foreseen() {
    for (sql, foreseen) in [
        (
            "CREATE TABLE a (id int); ALTER TABLE drafts ADD COLUMN a int",
            true,
        ),
        ("DO $$ BEGIN END $$", false),
        ("SET search_path = x", false),
        ("CREATE TABLE a AS SELECT 1 AS id", false),
        ("SELECT add_everything()", false),
    ] {
        assert_eq!(
            look_ahead(&revision(sql), &crm(), false).is_foreseen,
            foreseen,
            "{sql}"
        );
    }
}

#[test]
fn a_question_is_asked_ahead_unless_something_before_may_change_its_answer() {
    let asks = revision("ALTER TABLE leads ALTER status SET NOT NULL");
    for (before, later) in [
        ("CREATE TABLE a (id int)", false),
        (
            "ALTER TABLE leads ADD COLUMN a int; CREATE INDEX ON leads (a)",
            false,
        ),
        ("UPDATE deals SET stage = 'x'", false),
        ("UPDATE leads SET status = 'x'", true),
        ("DELETE FROM leads WHERE status IS NULL", true),
        ("ALTER TABLE leads ALTER status TYPE int USING 5", true),
        (
            "ALTER TABLE leads RENAME COLUMN status TO state; ALTER TABLE leads RENAME COLUMN email TO status",
            true,
        ),
        ("DO $$ BEGIN END $$", true),
    ] {
        let mut may_change = MayChange::default();
        may_change.add(&revision(before), &crm());
        assert_eq!(may_change.concerns(&asks, 1, &crm()), later, "{before}");
    }
}
