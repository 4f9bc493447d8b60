//! Folders of other tools: understood by `import`, refused by the verbs that would run them, and
//! nothing left out without its name.

use crate::fixture::{Said, Site, bare, said};
use std::path::Path;

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn run(folder: &Path, words: &[&str]) -> Said {
    said(&bare(folder, words).output().unwrap())
}

#[test]
fn migrations_that_are_folders_are_imported_and_the_rest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            (
                "prisma/20240101_init/migration.sql",
                "CREATE TABLE t (a int);",
            ),
            (
                "prisma/20240202_more/migration.sql",
                "CREATE TABLE u (a int);",
            ),
            ("prisma/migration_lock.toml", "provider = \"postgresql\""),
            (
                "diesel/2024-01-01-000000_t/up.sql",
                "CREATE TABLE t (a int);",
            ),
            ("diesel/2024-01-01-000000_t/down.sql", "DROP TABLE t;"),
            ("diesel/2024-01-01-000000_t/metadata.yaml", "name: t"),
            ("goose/1_a.sql", "-- +goose Up\nCREATE TABLE t (a int);\n"),
            ("goose/2_b.go", "package migrations"),
            ("goose/3_c.down.sql", "DROP TABLE c;"),
            ("code/1_a.go", "package migrations"),
        ],
    );
    let import = |from: &str, to: &str| {
        run(
            folder.path(),
            &["--revisions", to, "import", "folder", from],
        )
    };
    let told = import("prisma", "a")
        .ends(0)
        .says("left out: migration_lock.toml");
    assert_eq!(
        told.out.lines().collect::<Vec<_>>(),
        ["a/20240101_init.sql", "a/20240202_more.sql"]
    );
    import("diesel", "b")
        .ends(0)
        .says("left out: 2024-01-01-000000_t/metadata.yaml");
    let text = std::fs::read_to_string(folder.path().join("b/2024-01-01-000000_t.sql")).unwrap();
    assert_eq!(
        text,
        "-- revises: \nCREATE TABLE t (a int);\n\n-- down\nDROP TABLE t;\n"
    );
    let told = import("goose", "c")
        .ends(0)
        .says("left out: 2_b.go")
        .says("left out: 3_c.down.sql");
    assert_eq!(told.out.lines().collect::<Vec<_>>(), ["c/1_a.sql"]);
    import("code", "d")
        .ends(1)
        .says("left out: 1_a.go")
        .says("holds no .sql");
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_of_other_tools_are_not_run() {
    let site = Site::new("", &[]).await;
    write(
        site.folder.path(),
        &[
            ("pairs/1_t.up.sql", "CREATE TABLE t (a int);"),
            ("pairs/1_t.down.sql", "DROP TABLE t;"),
            (
                "dbmate/1_t.sql",
                "-- migrate:up\nCREATE TABLE t (a int);\n-- migrate:down\nDROP TABLE t;\n",
            ),
            (
                "goose/1_t.sql",
                "-- +goose Up\nCREATE TABLE t (a int);\n-- +goose Down\nDROP TABLE t;\n",
            ),
            ("flyway/V10__u.sql", "CREATE TABLE u (a int);"),
            ("flyway/V9__t.sql", "CREATE TABLE t (a int);"),
            ("prisma/1_init/migration.sql", "CREATE TABLE t (a int);"),
            ("django/0001_initial.py", "from django.db import migrations"),
            ("typeorm/1-Init.ts", "export class Init {}"),
        ],
    );
    for (folder, what, help) in [
        (
            "pairs",
            "golang-migrate or sqlx",
            "concertina import folder pairs",
        ),
        ("dbmate", "dbmate", "concertina import folder dbmate"),
        ("goose", "goose", "concertina import folder goose"),
        ("flyway", "Flyway", "concertina import folder flyway"),
        (
            "prisma",
            "as Prisma and diesel keep theirs",
            "concertina import folder prisma",
        ),
        (
            "django",
            "1 files .py, as Alembic and Django keep theirs",
            "sqlmigrate",
        ),
        ("typeorm", "as TypeORM", "concertina baseline"),
    ] {
        site.run(&["--revisions", folder, "upgrade"])
            .ends(1)
            .says(what)
            .says(help);
        assert!(
            !site
                .value::<bool>("SELECT to_regclass('t') IS NOT NULL")
                .await,
            "{folder}"
        );
        // The remedy works where it is an import.
        if help.contains("import") {
            site.run(&[
                "--revisions",
                &format!("{folder}_here"),
                "import",
                "folder",
                folder,
            ])
            .ends(0);
            site.run(&["--revisions", &format!("{folder}_here"), "heads"])
                .ends(0);
        }
    }
}
