//! The book's commands and snippets, run as they stand; and the page of all commands, made of the
//! command's own help.
//!
//! A page is one session on a database of its own. What is said in comments of the page, which no
//! reader sees: `setup` SQL that is run before · `begin` anew, with an empty folder · `file: NAME`
//! of the block below · `revision: ID` ditto · `psql` runs it · `exit N` of the last command below
//! · `shown` and why it isn't run.

use crate::fixture::{Said, Site, bare, said};
use concertina_revisions::{Revision, RevisionId};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// One block of a page: its language, its text, and what is said of it.
struct Block {
    language: String,
    text: String,
    said: Option<String>,
}

/// Blocks and the comments that stand alone, in order.
fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut said: Option<String> = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("<!-- ") {
            let mut whole = comment.to_owned();
            while !whole.ends_with("-->") {
                whole.push('\n');
                whole.push_str(lines.next().unwrap());
            }
            let comment = whole.trim_end_matches("-->").trim().to_owned();
            if comment.starts_with("setup") || comment == "begin" {
                found.push(Block {
                    language: String::new(),
                    text: String::new(),
                    said: Some(comment),
                });
            } else {
                said = Some(comment);
            }
        } else if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.push(Block {
                language: language.to_owned(),
                text: text.join("\n"),
                said: said.take(),
            });
        }
    }
    found
}

async fn runs(name: &str) {
    let text = std::fs::read_to_string(page(name)).unwrap();
    let mut site = Site::new("", &[]).await;
    let mut ran = 0;
    for block in blocks(&text) {
        let words = block.said.as_deref().unwrap_or_default();
        let (word, rest) = words.split_once([' ', '\n']).unwrap_or((words, ""));
        match (word, block.language.as_str()) {
            ("shown:", _) => {}
            ("setup", _) => site.client.batch_execute(rest).await.unwrap(),
            ("begin", _) => {
                site = Site::new("", &[]).await;
                let setup = blocks(&text)
                    .into_iter()
                    .find_map(|block| block.said?.strip_prefix("setup").map(str::to_owned));
                site.client
                    .batch_execute(&setup.unwrap_or_default())
                    .await
                    .unwrap();
            }
            ("file:", _) => {
                let path = site.folder.path().join(rest);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &block.text).unwrap();
            }
            ("revision:", "sql") => site.revision(rest, &block.text),
            ("newest", "sql") => {
                let folder = std::fs::read_dir(site.revisions()).unwrap();
                let newest = folder
                    .map(|entry| entry.unwrap().path())
                    .max()
                    .expect("a revision to write into");
                std::fs::write(newest, &block.text).unwrap();
            }
            ("psql", "sql") => site.client.batch_execute(&block.text).await.unwrap(),
            (_, "sql") => {
                let read = Revision::from_text(&RevisionId::new(name), &block.text);
                assert!(read.is_ok(), "{name}: {}: {:?}", block.text, read.err());
            }
            ("exit", "console") => ran += console(&site, name, &block.text, rest.parse().unwrap()),
            (_, "console") => ran += console(&site, name, &block.text, 0),
            _ => {}
        }
    }
    assert!(ran > 0, "{name} has commands");
}

/// Runs the commands of a block; what is printed below each must be printed, in that order.
fn console(site: &Site, name: &str, text: &str, last: i32) -> usize {
    let commands: Vec<(&str, Vec<&str>)> = text
        .split("$ ")
        .skip(1)
        .map(|part| {
            let mut lines = part.lines();
            (
                lines.next().unwrap(),
                lines.filter(|line| !line.is_empty()).collect(),
            )
        })
        .collect();
    for (at, (command, printed)) in commands.iter().enumerate() {
        let wanted = if at + 1 == commands.len() { last } else { 0 };
        let done: Said = in_shell(site, command);
        assert_eq!(
            done.code, wanted,
            "{name}: $ {command}\n{}{}",
            done.out, done.err
        );
        let told = without_names(&without_numbers(&format!("{}{}", done.out, done.err)));
        let mut rest = told.as_str();
        for line in printed.iter().filter(|line| **line != "...") {
            let line = without_numbers(line.trim_end_matches("..."));
            let found = rest
                .find(&line)
                .unwrap_or_else(|| panic!("{name}: $ {command}: `{line}` isn't in\n{told}"));
            rest = &rest[found + line.len()..];
        }
    }
    commands.len()
}

fn in_shell(site: &Site, command: &str) -> Said {
    let own = Path::new(env!("CARGO_BIN_EXE_concertina"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", own.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(site.folder.path())
        .env("PATH", path)
        .env("DATABASE_URL", site.server.url("site"));
    said(&shell.output().unwrap())
}

/// Dates in names change.
fn without_numbers(text: &str) -> String {
    let mut told = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        told.push_str(if digits.len() > 7 { "N" } else { &digits });
        digits.clear();
        if c != '\0' {
            told.push(c);
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorial() {
    runs("docs/src/tutorial.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_to() {
    runs("docs/src/howto.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adopt() {
    runs("docs/src/adopt.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ci() {
    runs("docs/src/ci.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production() {
    runs("docs/src/production.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenancy() {
    runs("docs/src/tenancy.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readme() {
    runs("README.md").await;
}

#[test]
fn the_page_of_commands_is_what_the_command_says() {
    let help = |words: &[&str]| {
        said(&bare(Path::new("/"), words).output().unwrap())
            .ends(0)
            .out
    };
    let whole = help(&["--help"]);
    let listed = whole
        .split("Commands:\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let verbs = listed.lines().filter_map(|line| {
        line.strip_prefix("  ")?
            .split_whitespace()
            .next()
            .filter(|_| !line.starts_with("   "))
    });
    let mut wanted =
        "# Commands\n\nMade from `concertina VERB --help`. What every verb understands is told once, at the end.\n"
            .to_owned();
    for verb in verbs.filter(|verb| *verb != "help") {
        let text = help(&[verb, "--help"]);
        let _ = write!(
            wanted,
            "\n## {verb}\n\n```text\n{}\n```\n",
            without_common(&text)
        );
        if verb == "import" {
            for tool in ["alembic", "folder"] {
                let text = help(&["import", tool, "--help"]);
                let _ = write!(wanted, "\n```text\n{}\n```\n", without_common(&text));
            }
        }
    }
    let options = whole.split("Options:\n").nth(1).unwrap().trim_end();
    wanted.push_str(
        &format!("\n## Every verb\n\n```text\n{options}\n```\n")
            .replace("## Every verb", "# What every verb understands"),
    );
    let path = page("docs/src/commands.md");
    if std::env::var_os("CONCERTINA_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), wanted);
}

/// A verb's help without the options that every verb has.
fn without_common(help: &str) -> String {
    const COMMON: [&str; 9] = [
        "--url",
        "--revisions",
        "--config",
        "--rehearse",
        "--json",
        "--quiet",
        "--verbose",
        "--help",
        "--version",
    ];
    let mut kept: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in help.lines() {
        let option = line.trim_start().starts_with('-');
        let indented = line.starts_with("          ") || line.is_empty();
        if option {
            inside = COMMON.iter().any(|word| {
                line.split([' ', ','])
                    .any(|part| part.trim_end_matches("...") == *word)
            });
        } else if !indented {
            inside = false;
        }
        if !inside {
            kept.push(line.trim_end());
        }
    }
    let text = kept.join("\n");
    text.trim()
        .trim_end_matches("Options:")
        .trim_end()
        .to_owned()
}

/// Without the names that NOT NULL has from PostgreSQL 18 on.
fn without_names(text: &str) -> String {
    let mut parts = text.split(" CONSTRAINT ");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(' ') {
            Some((name, rest)) if name.ends_with("_not_null") => all.extend([" ", rest]),
            _ => all.extend([" CONSTRAINT ", part]),
        }
    }
    all
}
