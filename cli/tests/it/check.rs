//! `check`, `catalog` and `explain`: what is said at review and in CI.

use crate::fixture::{Site, bare, said};
use serde_json::Value;

const LEADS: &str = "CREATE TABLE leads (id int PRIMARY KEY, email text);
    INSERT INTO leads SELECT g, 'lead' || g FROM generate_series(1, 40000) g;
    ANALYZE;";

/// Five dangers, and a hazard.
const DANGERS: &str = "ALTER TABLE leads SET UNLOGGED;
ALTER TABLE leads ADD COLUMN plan text NOT NULL;
UPDATE leads SET email = email || '.org' RETURNING id;
ALTER TABLE leads ENABLE ROW LEVEL SECURITY;
ALTER TABLE leads ADD EXCLUDE USING btree (id WITH =);
ALTER TABLE leads DROP COLUMN email;
";

#[tokio::test(flavor = "multi_thread")]
async fn five_dangers_are_five_diagnostics_with_carets() {
    let site = Site::new(LEADS, &[("001_dangers", DANGERS)]).await;
    let checked = site.run(&["check"]).ends(2);
    insta::assert_snapshot!(
        checked
            .out
            .replace(&site.folder.path().display().to_string(), "")
    );
    assert_eq!(checked.out.matches("error[").count(), 5, "{}", checked.out);
    assert!(
        site.value::<bool>("SELECT to_regnamespace('concertina') IS NULL")
            .await,
        "looking changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ci_shows_has_the_place_of_each() {
    let site = Site::new(LEADS, &[("001_dangers", DANGERS)]).await;
    let github = site.run(&["check", "--format", "github"]).ends(2).out;
    let lines: Vec<&str> = github.lines().collect();
    assert_eq!(lines.len(), 5, "{github}");
    assert!(
        lines[0].starts_with("::error file=") && lines[0].contains("001_dangers.sql,line=1,col="),
        "{github}"
    );
    assert!(
        lines[2].contains(",line=3,") && lines[2].contains("title=C108::"),
        "{github}"
    );
    let sarif: Value =
        serde_json::from_str(&site.run(&["check", "--format", "sarif"]).ends(2).out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    assert_eq!(
        results[4]["locations"][0]["physicalLocation"]["region"]["startLine"],
        5
    );
    let json: Value = serde_json::from_str(&site.run(&["check", "--json"]).ends(2).out).unwrap();
    assert_eq!(json["findings"][1]["code"], "C106");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hazard_is_a_warning_and_no_error() {
    let revisions = [
        ("001_one", "ALTER TABLE leads ADD COLUMN one int;"),
        ("002_drop", "ALTER TABLE leads DROP COLUMN email;"),
    ];
    let site = Site::new(LEADS, &revisions).await;
    let checked = site.run(&["check"]).ends(0).out;
    assert!(
        checked.contains("warning[H04]") && checked.contains("0 errors, 2 warnings"),
        "{checked}"
    );
    let of_one = site.run(&["check", "revisions/001_one.sql"]).ends(0).out;
    assert!(
        of_one.contains("warning[H15]") && of_one.contains("0 errors, 1 warning"),
        "{of_one}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_in_a_file_is_as_good_as_a_database() {
    let site = Site::new(
        LEADS,
        &[("001_one", "ALTER TABLE leads ADD COLUMN one int;")],
    )
    .await;
    site.run(&["upgrade"]).ends(0);
    let catalog = site.folder.path().join("catalog.json");
    std::fs::write(&catalog, site.run(&["catalog"]).ends(0).out).unwrap();
    site.revision("002_two", "ALTER TABLE leads ADD COLUMN two int NOT NULL;");
    let online = site.run(&["check"]).ends(2).out;
    let offline = said(
        &bare(site.folder.path(), &["check", "--catalog", "catalog.json"])
            .output()
            .unwrap(),
    )
    .ends(2)
    .out;
    assert_eq!(online, offline);
    std::fs::write(&catalog, "{}").unwrap();
    let wrong = said(
        &bare(site.folder.path(), &["check", "--catalog", "catalog.json"])
            .output()
            .unwrap(),
    )
    .ends(1);
    assert!(
        wrong.err.contains("is no catalog") && wrong.err.contains("concertina catalog > FILE"),
        "{}",
        wrong.err
    );
}

#[test]
fn every_code_can_be_explained() {
    let folder = tempfile::tempdir().unwrap();
    let explain = |words: &[&str]| said(&bare(folder.path(), words).output().unwrap());
    assert!(
        explain(&["explain", "c105"])
            .ends(0)
            .out
            .starts_with("C105: it would block")
    );
    assert!(explain(&["explain"]).ends(0).out.lines().count() > 30);
    assert!(
        explain(&["explain", "C999"])
            .ends(1)
            .err
            .contains("no problem is called C999")
    );
}
