//! What the command says.

use crate::fixture::{Site, bare, said};

const LEADS: &str = "CREATE TABLE leads (id int PRIMARY KEY, email text);
    INSERT INTO leads SELECT g, 'lead' || g FROM generate_series(1, 500) g;";

const REVISIONS: [(&str, &str); 3] = [
    ("001_score", "ALTER TABLE leads ADD COLUMN score int;"),
    (
        "002_plan",
        "ALTER TABLE leads ADD COLUMN plan text;\nUPDATE leads SET plan = 'free';\nALTER TABLE leads ALTER plan SET NOT NULL;",
    ),
    ("003_drop", "ALTER TABLE leads DROP COLUMN email;"),
];

#[test]
fn help() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(
        said(&bare(folder.path(), &["--help"]).output().unwrap())
            .ends(0)
            .out
    );
}

#[test]
fn a_wrong_word_is_exit_1() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = said(&bare(folder.path(), &["upgrad"]).output().unwrap()).ends(1);
    assert!(wrong.err.contains("'upgrade'"), "{}", wrong.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_init_to_the_end() {
    let site = Site::new(LEADS, &[]).await;
    std::fs::remove_dir(site.revisions()).unwrap();
    let said = site.run(&["init"]).ends(0);
    assert!(
        said.out.contains("settings are in concertina.toml"),
        "{}",
        said.out
    );
    site.run(&["init"]).ends(0);
    let path = site.run(&["new", "Add", "a", "score"]).ends(0).out;
    let path = site.folder.path().join(path.trim());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        format!("{text}ALTER TABLE leads ADD COLUMN score int;\n"),
    )
    .unwrap();
    let second = site.run(&["new", "Another"]).ends(0).out;
    let second = site.folder.path().join(second.trim());
    let text = std::fs::read_to_string(&second).unwrap();
    assert!(
        text.starts_with("-- revises: ") && text.contains("add_a_score"),
        "{text}"
    );
    std::fs::write(
        &second,
        format!("{text}ALTER TABLE leads ADD COLUMN other int;\n"),
    )
    .unwrap();
    site.run(&["upgrade"]).ends(0);
    assert_eq!(site.run(&["status"]).ends(0).out, "everything is applied\n");
    assert_eq!(site.run(&["upgrade"]).ends(0).out, "nothing to do\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_status_history_and_the_rest() {
    let site = Site::new(LEADS, &REVISIONS).await;
    insta::assert_snapshot!("plan", site.run(&["plan", "--sql"]).ends(0).out);
    let json: serde_json::Value =
        serde_json::from_str(&site.run(&["plan", "--json"]).ends(0).out).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["plans"].as_array().unwrap().len(), 3);
    assert_eq!(
        site.run(&["current"]).ends(0).out,
        "base: no revision has been applied\n"
    );
    assert_eq!(site.run(&["heads"]).ends(0).out, "003_drop\n");
    assert!(
        site.value::<bool>("SELECT to_regnamespace('concertina') IS NULL")
            .await,
        "looking changes nothing"
    );
    let upgrade = site.run(&["upgrade"]).ends(3);
    insta::assert_snapshot!("upgrade", upgrade.out);
    insta::assert_snapshot!("status", site.run(&["status"]).ends(0).out);
    insta::assert_snapshot!("history", site.run(&["history"]).ends(0).out);
    let lines = site.run(&["contract", "--json"]).ends(0).out;
    for line in lines.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert!(
        lines.lines().last().unwrap().contains("\"event\":\"done\""),
        "{lines}"
    );
    assert_eq!(
        site.run(&["current", "--json"]).ends(0).out,
        "{\"current\":[{\"id\":\"003_drop\",\"state\":\"applied\"}]}\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stamp_records_without_running() {
    let site = Site::new(LEADS, &REVISIONS).await;
    let before = site.schema();
    site.run(&["stamp", "002"]).ends(0);
    assert_eq!(site.run(&["current"]).ends(0).out, "002_plan (applied)\n");
    site.run(&["stamp", "base"]).ends(0);
    assert_eq!(
        site.run(&["current"]).ends(0).out,
        "base: no revision has been applied\n"
    );
    assert_eq!(site.schema(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_says_nothing() {
    let site = Site::new(LEADS, &REVISIONS[..1]).await;
    let said = site.run(&["upgrade", "--quiet"]).ends(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
}
