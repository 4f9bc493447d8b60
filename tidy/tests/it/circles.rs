//! Rooms of a crate, which are the modules beside its front page, use one another in one direction:
//! whoever is used never needs to know by whom.

use crate::files::{CRATES, files, without_tests};
use std::collections::{BTreeMap, BTreeSet};

/// The arrows between the rooms of a crate, each with a file that draws it. What the front page
/// defines itself is room `lib`, and the front page may use every room.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;

/// The rooms of the engine's ground floor.
const GROUND: [&str; 9] = [
    "config", "error", "event", "hours", "place", "retry", "state", "stop", "tid",
];

/// The front page: it may use every room.
const FRONT: &str = "lib";

/// The room that a file below `src` is in.
fn room_of(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".rs").unwrap_or(first)
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first names of the paths that code takes from the crate's front page.
fn taken(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, path) in code.match_indices("crate::") {
        if code[..at].ends_with(is_of_a_name) || code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + path.len()..];
        match rest.strip_prefix('{') {
            None => drop(names.insert(rest.chars().take_while(|c| is_of_a_name(*c)).collect())),
            Some(list) => names.extend(first_names(list)),
        }
    }
    names
}

/// Of a list such as `a, b::{c, d}}` the first name of each item.
fn first_names(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut begins) = (0, Vec::new(), true);
    let mut rest = list;
    while let Some(c) = rest.chars().next() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && is_of_a_name(c) => {
                names.push(rest.chars().take_while(|c| is_of_a_name(*c)).collect());
                begins = false;
            }
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    names
}

/// The names that a front page hands on, with the room that each is from.
fn handed_on(front: &str) -> BTreeMap<String, String> {
    let mut from = BTreeMap::new();
    let uses = front
        .split(';')
        .filter_map(|item| item.rsplit_once("use ").map(|(_, path)| path));
    for path in uses {
        let (room, rest) = path.split_once("::").unwrap_or((path, ""));
        for name in rest
            .split(|c| !is_of_a_name(c))
            .filter(|name| !name.is_empty())
        {
            from.insert(name.to_owned(), room.trim().to_owned());
        }
    }
    from
}

fn code_of(text: &str) -> String {
    let lines = without_tests(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The arrows of a crate, from its files by their paths below `src`.
fn arrows(sources: &[(String, String)]) -> Arrows {
    let rooms: BTreeSet<&str> = sources.iter().map(|(path, _)| room_of(path)).collect();
    let front = sources
        .iter()
        .find(|(path, _)| path == "lib.rs")
        .map(|(_, text)| code_of(text))
        .unwrap_or_default();
    let handed_on = handed_on(&front);
    let mut arrows = Arrows::new();
    // Programs beside a library are crates of their own.
    let is_room = |path: &str| !["lib.rs", "main.rs"].contains(&path) && !path.starts_with("bin/");
    for (path, text) in sources.iter().filter(|(path, _)| is_room(path)) {
        let own = room_of(path);
        for name in taken(&code_of(text)) {
            let room = if rooms.contains(name.as_str()) {
                &name
            } else {
                handed_on.get(&name).unwrap_or(&name)
            };
            let room = if rooms.contains(room.as_str()) {
                room
            } else {
                FRONT
            };
            if room != own {
                arrows
                    .entry(own.to_owned())
                    .or_default()
                    .entry(room.to_owned())
                    .or_insert_with(|| path.clone());
            }
        }
    }
    arrows
}

/// A circle of rooms, if there is one, each with the file that uses the next.
fn circle(arrows: &Arrows) -> Option<String> {
    let mut left: BTreeSet<&str> = arrows.keys().map(String::as_str).collect();
    // Whoever uses only rooms that are gone can't be part of a circle.
    loop {
        let uses = |room: &&str| {
            arrows[*room]
                .keys()
                .any(|used| used == FRONT || left.contains(used.as_str()))
        };
        let stays: BTreeSet<&str> = left.iter().copied().filter(uses).collect();
        if stays.len() == left.len() {
            break;
        }
        left = stays;
    }
    let mut at = *left.first()?;
    let mut way: Vec<&str> = Vec::new();
    let mut told = Vec::new();
    while !way.contains(&at) {
        way.push(at);
        let (next, file) = arrows[at]
            .iter()
            .find(|(used, _)| *used == FRONT || left.contains(used.as_str()))?;
        told.push(format!("{at} uses {next} in {file}"));
        if next == FRONT {
            break;
        }
        at = next;
    }
    Some(told.join(", "))
}

fn sources_of(name: &str) -> Vec<(String, String)> {
    let folder = format!("{name}/src/");
    let below = |path: String| path.strip_prefix(&folder).map(str::to_owned);
    let all = files(&format!("{name}/src"), &[".rs"]);
    all.into_iter()
        .filter_map(|(path, text)| Some((below(path.display().to_string())?, text)))
        .collect()
}

#[test]
fn no_rooms_use_one_another_in_a_circle() {
    for name in CRATES {
        let found = circle(&arrows(&sources_of(name)));
        assert!(found.is_none(), "{name}: {}", found.unwrap_or_default());
    }
}

#[test]
fn the_ground_floor_of_the_engine_uses_no_room() {
    let arrows = arrows(&sources_of("engine"));
    for room in GROUND {
        for (used, file) in arrows.get(room).into_iter().flatten() {
            assert!(GROUND.contains(&used.as_str()), "{file} uses {used}");
        }
    }
}

fn made(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let front = (
        "lib.rs",
        "mod a;\nmod b;\nmod c;\npub use b::{One, Two};\npub fn here() {}\n",
    );
    let line = made(&[
        front,
        ("a.rs", "use crate::b::One;"),
        ("b/mod.rs", "use crate::c;"),
        ("c.rs", "// crate::a\n"),
    ]);
    assert_eq!(circle(&arrows(&line)), None);
    for (back, last) in [
        ("use crate::a::X;", "c uses a in c.rs"),
        ("use crate::{a, std};", "c uses a in c.rs"),
        ("fn f() { crate::a::f() }", "c uses a in c.rs"),
        ("use crate::{Two};", "c uses b in c.rs"),
    ] {
        let files = made(&[
            front,
            ("a.rs", "use crate::b::One;"),
            ("b/mod.rs", "use crate::c;"),
            ("c.rs", back),
        ]);
        let way = format!("a uses b in a.rs, b uses c in b/mod.rs, {last}");
        assert_eq!(circle(&arrows(&files)), Some(way), "{back}");
    }
    let up = made(&[front, ("a.rs", "fn f() { crate::here() }")]);
    assert_eq!(circle(&arrows(&up)).as_deref(), Some("a uses lib in a.rs"));
}
