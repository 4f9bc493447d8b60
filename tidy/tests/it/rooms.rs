//! Which crate may use what.

use crate::files::{files, root, without_tests};

/// The crates that a crate's manifest depends on, tests aside.
fn depends(name: &str) -> String {
    let manifest = std::fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    dependencies
        .split("[dev-dependencies]")
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn data_flows_one_way() {
    for (name, never) in [
        ("revisions", &["concertina", "tokio"][..]),
        (
            "planner",
            &[
                "concertina-engine",
                "concertina =",
                "tokio",
                "pg_query",
                "rand",
            ],
        ),
        ("engine", &["concertina =", "pg_query", "clap", "indicatif"]),
        (
            "concertina",
            &[
                "tokio-postgres",
                "pg_query",
                "concertina-sandbox",
                "clap",
                "indicatif",
                "annotate-snippets",
            ],
        ),
        ("cli", &["tokio-postgres", "pg_query", "concertina-sandbox"]),
        ("sandbox", &["concertina"]),
        (
            "differential",
            &[
                "concertina-revisions",
                "concertina-planner",
                "concertina-engine",
                "concertina =",
            ],
        ),
    ] {
        let depends = depends(name);
        for word in never {
            assert!(!depends.contains(word), "{name} depends on {word}");
        }
    }
}

fn only_in(folder: &str, word: &str, rooms: &[&str]) {
    for (path, text) in files(folder, &[".rs"]) {
        let inside = rooms.iter().any(|room| path.starts_with(room));
        let code = without_tests(&text)
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        assert!(
            inside || code.into_iter().all(|line| !line.contains(word)),
            "{}: {word}",
            path.display()
        );
    }
}

#[test]
fn only_what_reads_sql_sees_the_parse_tree() {
    only_in(
        "planner/src",
        "tree::",
        &["planner/src/lower", "planner/src/sql"],
    );
}

#[test]
fn only_one_file_of_the_pure_crates_opens_the_disk() {
    only_in("revisions/src", "std::fs", &["revisions/src/folder.rs"]);
    only_in("planner/src", "std::fs", &[]);
    for word in ["Instant::now", "SystemTime::now", "std::env::var", "rand::"] {
        only_in("revisions/src", word, &[]);
        only_in("planner/src", word, &[]);
    }
}

#[test]
fn only_drawing_prints() {
    for word in ["io::stdout()", "io::stderr()", "println!"] {
        only_in("engine/src", word, &[]);
        only_in("concertina/src", word, &[]);
        only_in(
            "cli/src",
            word,
            &["cli/src/draw", "cli/src/command/live.rs"],
        );
    }
}

#[test]
fn ddl_text_stands_in_one_file() {
    for word in [
        "\"ALTER TABLE {}",
        "CREATE INDEX CONCURRENTLY {",
        "format!(\"DROP TABLE",
    ] {
        only_in("engine/src", word, &[]);
        only_in("concertina/src", word, &[]);
        only_in("cli/src", word, &[]);
    }
}
