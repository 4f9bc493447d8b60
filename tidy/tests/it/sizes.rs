//! A file is one idea: no source grows out of sight.

use crate::files::{CRATES, files, without_tests};

/// Lines of a source file, tests aside, in rustfmt's own format.
const LINES_MAX: usize = 560;

#[test]
fn no_source_is_too_long() {
    let mut sizes: Vec<(usize, String)> = CRATES
        .iter()
        .flat_map(|name| files(&format!("{name}/src"), &[".rs"]))
        .map(|(path, text)| {
            (
                without_tests(&text).lines().count(),
                path.display().to_string(),
            )
        })
        .collect();
    sizes.sort();
    let too_long: Vec<_> = sizes
        .iter()
        .filter(|(lines, _)| *lines > LINES_MAX)
        .collect();
    assert!(too_long.is_empty(), "{too_long:#?}");
    let median = sizes[sizes.len() / 2].0;
    assert!(median <= 170, "the median is {median} lines");
}

#[test]
fn every_source_begins_with_what_it_is_for() {
    for name in CRATES {
        for (path, text) in files(&format!("{name}/src"), &[".rs"]) {
            assert!(text.starts_with("//!"), "{} has no head", path.display());
        }
    }
}
