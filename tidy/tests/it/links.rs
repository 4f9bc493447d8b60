//! Every relative link in the documents leads somewhere.

use crate::files::{files, root};

#[test]
fn no_link_is_dead() {
    let mut dead = Vec::new();
    for (path, text) in files("", &[".md"]) {
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if link.contains("://") || link.starts_with('#') || link.contains('\n') {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = root().join(&path).parent().unwrap().join(file);
            if !target.exists() {
                dead.push(format!("{}: {link}", path.display()));
            } else if !anchor.is_empty() {
                let text = std::fs::read_to_string(&target).unwrap();
                let slug = |heading: &str| -> String {
                    let kept = heading.trim_start_matches('#').trim().to_lowercase();
                    kept.chars()
                        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
                        .collect::<String>()
                        .replace(' ', "-")
                };
                if !text
                    .lines()
                    .any(|line| line.starts_with('#') && slug(line) == anchor)
                {
                    dead.push(format!("{}: {link}", path.display()));
                }
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = std::fs::read_to_string(root().join("docs/src/SUMMARY.md")).unwrap();
    for (path, _) in files("docs/src", &[".md"]) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("({name})")),
            "{name}"
        );
    }
}
