//! The project speaks of itself, finishes what it begins, and keeps to its words.

use crate::files::{CRATES, files, root, without_tests};

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file may be read, too.
    let words = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X"].concat(),
        ["unimplement", "ed!"].concat(),
    ];
    for name in CRATES {
        for (path, text) in files(name, &[".rs", ".sql", ".toml"]) {
            for word in &words {
                assert!(!text.contains(word.as_str()), "{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn a_revision_is_never_called_a_migration() {
    for (path, text) in [
        files("concertina/src", &[".rs"]),
        files("cli/src", &[".rs"]),
    ]
    .concat()
    {
        let text = without_tests(&text);
        assert!(
            !text.contains("migration file") && !text.contains("migrations folder"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn documents_name_every_command_and_setting() {
    let reference = std::fs::read_to_string(root().join("docs/src/reference.md")).unwrap();
    let commands = std::fs::read_to_string(root().join("docs/src/commands.md")).unwrap();
    let settings = std::fs::read_to_string(root().join("concertina/src/concertina.toml")).unwrap();
    for line in settings.lines().filter_map(|line| line.strip_prefix("#: ")) {
        let name = line.split(' ').next().unwrap();
        assert!(
            reference.contains(&format!("`{name}`")),
            "{name} is in the reference"
        );
    }
    for verb in commands.lines().filter_map(|line| line.strip_prefix("## ")) {
        assert!(reference.contains(&format!("`{verb}")), "{verb}");
    }
}

#[test]
fn the_changelog_has_something_to_say() {
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains("## Unreleased\n\n### "));
}
