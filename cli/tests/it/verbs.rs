//! Verbs about the history, the server and the shell.

use crate::fixture::{Site, bare, said};
use std::sync::Arc;
use std::time::Duration;

const SCHEMA: &str = "CREATE TABLE leads (id bigint PRIMARY KEY, email text);";

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_branches_is_joined() {
    let site = Site::new(
        SCHEMA,
        &[("001_base", "ALTER TABLE leads ADD COLUMN a int;")],
    )
    .await;
    site.revision(
        "002_left",
        "-- revises: 001_base\nALTER TABLE leads ADD COLUMN b int;",
    );
    site.revision(
        "002_right",
        "-- revises: 001_base\nALTER TABLE leads ADD COLUMN c int;",
    );
    site.run(&["branches"])
        .ends(0)
        .says("001_base -> 002_left, 002_right");
    site.run(&["heads"]).ends(0).says("002_left\n002_right");
    site.run(&["upgrade"]).ends(1).says("concertina merge");
    let path = site.run(&["merge", "-m", "both sides"]).ends(0).out;
    assert!(path.trim().ends_with("_both_sides.sql"), "{path}");
    site.run(&["upgrade"]).ends(0);
    site.run(&["merge"]).ends(1).says("one head");
    site.run(&["current"]).ends(0).says("both_sides (applied)");
    site.run(&["show", "002_left"])
        .ends(0)
        .says("revises:  001_base")
        .says("ADD COLUMN b int");
    site.run(&["history", "--verbose"])
        .ends(0)
        .says("(branches into 002_left, 002_right)")
        .says("title:    both sides");
    let shown: serde_json::Value =
        serde_json::from_str(&site.run(&["show", "001", "--json"]).ends(0).out).unwrap();
    assert_eq!(
        (shown["state"].as_str(), shown["head"].as_bool()),
        (Some("applied"), Some(false))
    );
    site.run(&["downgrade", "base", "--contract", "--allow-data-loss"])
        .ends(0);
    site.run(&["current"]).ends(0).says("base");
}

#[tokio::test(flavor = "multi_thread")]
async fn revisions_are_written_and_opened() {
    let site = Site::new(SCHEMA, &[]).await;
    let editor = site.folder.path().join("editor");
    std::fs::write(
        &editor,
        "#!/bin/sh\necho 'ALTER TABLE leads ADD COLUMN d int;' >> \"$2\"\n",
    )
    .unwrap();
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let with_editor = |words: &[&str]| {
        let mut command = site.command(words);
        command
            .env("EDITOR", format!("{} --wait", editor.display()))
            .env("PATH", std::env::var("PATH").unwrap());
        said(&command.output().unwrap())
    };
    with_editor(&["new", "-m", "add d", "--edit"])
        .ends(0)
        .says("_add_d.sql");
    site.run(&["upgrade"]).ends(0);
    with_editor(&["edit"]).ends(0);
    site.run(&["upgrade"]).ends(1).says("edited since");
    // What was edited, or came from elsewhere, is taken as it is.
    site.client.batch_execute("INSERT INTO concertina.revision (number, id, parents, checksum, state, reverse) VALUES (99, 'gone', '{}', '', 'applied', '{\"Ok\":[]}')").await.unwrap();
    site.run(&["stamp", "head"]).ends(1).says("gone");
    site.run(&["stamp", "head", "--purge"]).ends(0);
    site.run(&["upgrade"]).ends(0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM concertina.revision")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_is_in_the_way() {
    let mut site = Site::new(SCHEMA, &[]).await;
    site.run(&["doctor"]).ends(0).says("nothing was found");
    site.client
        .batch_execute(
            "CREATE ROLE app LOGIN; CREATE ROLE other; CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO other;
             CREATE TABLE hidden (id int); ALTER TABLE hidden FORCE ROW LEVEL SECURITY; ALTER TABLE hidden OWNER TO app;
             INSERT INTO leads VALUES (1, 'a'), (2, 'a');",
        )
        .await
        .unwrap();
    let failed = site
        .client
        .batch_execute("CREATE UNIQUE INDEX CONCURRENTLY twice ON leads (email)")
        .await;
    assert!(failed.is_err());
    let url = site
        .server
        .url("site")
        .replace("postgres@", "app@")
        .replace("user=postgres", "user=app");
    let said_to_app = site.run(&["--url", &url, "doctor"]).ends(1);
    for words in [
        "may not create schema",
        "public.theirs",
        "hidden has FORCE",
        "index twice is invalid",
    ] {
        let words = words.replace("public.", "");
        assert!(
            said_to_app.out.contains(&words),
            "{words}: {}",
            said_to_app.out
        );
    }
    // A server that comes back is waited for, one that doesn't is not.
    site.run(&["wait"]).ends(0);
    let nowhere = "postgres://postgres@127.0.0.1:1/site";
    site.run(&["--url", nowhere, "wait", "--timeout", "0"])
        .ends(1)
        .says("can't connect");
    let mut waiting = site.command(&["wait", "--timeout", "30"]);
    Arc::get_mut(&mut site.server)
        .unwrap()
        .crash_and_restart(&[("fsync", "off")])
        .await
        .unwrap();
    let ended = tokio::task::spawn_blocking(move || waiting.output().unwrap());
    let ended = tokio::time::timeout(Duration::from_secs(30), ended)
        .await
        .unwrap()
        .unwrap();
    said(&ended).ends(0);
}

#[test]
fn shells_and_manuals_are_told_the_words() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        said(
            &bare(folder.path(), &["completions", shell])
                .output()
                .unwrap(),
        )
        .ends(0)
        .says("downgrade");
    }
    said(&bare(folder.path(), &["man", "pages"]).output().unwrap()).ends(0);
    let page = std::fs::read_to_string(folder.path().join("pages/concertina-upgrade.1")).unwrap();
    assert!(page.contains("lock\\-timeout\\-ms"), "{page}");
}
