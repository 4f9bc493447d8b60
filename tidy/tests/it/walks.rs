//! The pages for developers name only what is there: each path, and in a walk of CONTRIBUTING.md
//! each `fn`, `enum`, `struct` and `impl` in the file that is named before it.

use crate::files::{CRATES, root};
use std::path::Path;

/// Keywords that begin the name of something in a file.
const ITEMS: [&str; 4] = ["fn ", "enum ", "struct ", "impl "];

/// What stands in backticks on a page, code blocks aside.
fn quoted(page: &str) -> Vec<String> {
    let mut fenced = false;
    let lines = page.lines().filter(|line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced && !line.trim_start().starts_with("```")
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Whether a quoted text is a path from the repository's root.
fn is_path(text: &str) -> bool {
    let of_a_crate = text
        .split_once('/')
        .is_some_and(|(first, _)| CRATES.contains(&first) || first == "docs");
    of_a_crate && !text.contains([' ', '*', '<'])
}

/// Whether Rust below a path declares an item; its files' texts are searched, tests included.
fn declares(path: &Path, item: &str) -> bool {
    if path.is_dir() {
        let mut entries = std::fs::read_dir(path).unwrap();
        return entries.any(|entry| declares(&entry.unwrap().path(), item));
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    text.match_indices(item)
        .any(|(at, _)| ends(&text[at + item.len()..]))
}

/// What a page names that isn't there.
fn missing(page: &str, root: &Path) -> Vec<String> {
    let (mut missing, mut last) = (Vec::new(), None);
    for text in quoted(page) {
        if is_path(&text) {
            let path = root.join(&text);
            if !path.exists() {
                missing.push(text);
            }
            last = Some(path);
        } else if ITEMS.iter().any(|keyword| text.starts_with(keyword)) {
            match &last {
                Some(path) if declares(path, &text) => {}
                Some(path) => missing.push(format!("{text} in {}", path.display())),
                None => missing.push(format!("{text} in no file")),
            }
        }
    }
    missing
}

#[test]
fn the_walks_lead_through_what_is_there() {
    for page in ["CONTRIBUTING.md", "ARCHITECTURE.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let missing = missing(&text, &root());
        assert!(missing.is_empty(), "{page}: {missing:#?}");
    }
}

#[test]
fn every_addition_has_its_walk() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    for walk in [
        "statement",
        "throttle signal",
        "command",
        "import format",
        "setting",
    ] {
        let (_, walk_on) = text
            .split_once(&format!("## A new {walk}\n\n1. `"))
            .unwrap_or_else(|| panic!("{walk}"));
        let items = walk_on
            .split("\n## ")
            .next()
            .unwrap_or_default()
            .matches("\n2. ")
            .count();
        assert_eq!(items, 1, "{walk} has steps");
    }
}

#[test]
fn what_is_gone_is_named() {
    let page = "1. `tidy/src/lib.rs`: `fn nobody`.\n2. `tidy/src/gone.rs`\n```\n`tidy/not/looked/at`\n```\n3. \
                `tidy/tests/it/walks.rs`: `fn missing`, `fn nobody_at_all`";
    let missing = missing(page, &root());
    let names: Vec<&str> = missing
        .iter()
        .map(|text| text.split(" in ").next().unwrap_or_default())
        .collect();
    assert_eq!(names, ["fn nobody", "tidy/src/gone.rs"]);
}
