//! Pairs of schemas, each way round: what `diff` prints, run by psql, leads from one to the other,
//! by `diff` and by pg_dump; or the command says what stays different. All pairs are in one
//! database, each in a schema of its own.

use crate::fixture::Site;
use std::collections::BTreeMap;

const PAIRS: &str = include_str!("pairs.txt");

struct Pair {
    name: &'static str,
    schema: String,
    /// Which way something stays, and what.
    stays: Option<(&'static str, &'static str)>,
    sides: [String; 2],
}

fn pairs() -> Vec<Pair> {
    let wanted = std::env::var("CONCERTINA_CASE").ok();
    let cases = PAIRS.split("\n## ").skip(1).map(|text| {
        let (name, rest) = text.split_once('\n').unwrap();
        let (stays, rest) = match rest.strip_prefix("stays ") {
            Some(rest) => rest
                .split_once('\n')
                .map(|(what, rest)| (what.split_once(' '), rest))
                .unwrap(),
            None => (None, rest),
        };
        let (left, right) = rest.split_once("-- becomes\n").unwrap();
        (name, stays, left, right)
    });
    let chosen = cases
        .enumerate()
        .filter(|(_, case)| wanted.as_ref().is_none_or(|wanted| wanted == case.0));
    chosen
        .map(|(at, (name, stays, left, right))| {
            let schema = format!("s{at}");
            let side = |sql: &str| {
                let sql = sql
                    .replace("$$", "\u{1}")
                    .replace("$1", "\u{2}")
                    .replace("$2", "\u{3}");
                let sql = sql
                    .replace('@', &format!("{schema}."))
                    .replace('$', &schema);
                let sql = sql
                    .replace('\u{1}', "$$")
                    .replace('\u{2}', "$1")
                    .replace('\u{3}', "$2");
                format!(
                    "CREATE SCHEMA {schema};\n{}\n",
                    sql.replace("SELECT 1;", "")
                )
            };
            Pair {
                name,
                stays,
                sides: [side(left), side(right)],
                schema,
            }
        })
        .collect()
}

/// The statements of a dump by the pair whose schema they name first.
fn by_pair(dump: &str, pairs: &[Pair]) -> BTreeMap<&'static str, String> {
    let of: BTreeMap<&str, &'static str> = pairs
        .iter()
        .map(|pair| (pair.schema.as_str(), pair.name))
        .collect();
    let mut parts: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut last = None;
    for statement in dump
        .split_inclusive(";\n")
        .filter(|statement| !statement.trim_start().starts_with("SET "))
    {
        let mut words = statement
            .split(|c: char| !c.is_ascii_alphanumeric())
            .map(|word| word.trim_start_matches('p'));
        // What names none is the rest of a body.
        last = words.find_map(|word| of.get(word).copied()).or(last);
        if let Some(name) = last {
            parts.entry(name).or_default().push_str(statement);
        }
    }
    parts
}

async fn way(site: &Site, pairs: &[Pair], from: usize, to: usize) -> Vec<String> {
    let [there, wanted] = [from, to].map(|side| {
        pairs
            .iter()
            .map(|pair| pair.sides[side].as_str())
            .collect::<String>()
    });
    let [changed, oracle] = ["changed", "oracle"].map(|name| format!("{name}_{from}"));
    for (database, sql) in [(&changed, &there), (&oracle, &wanted)] {
        site.server.create_database(database, None).await.unwrap();
        site.server
            .psql(database, &format!("\\set ON_ERROR_STOP on\n{sql}"))
            .unwrap();
    }
    std::fs::write(site.folder.path().join("wanted.sql"), &wanted).unwrap();
    let url = site.server.url(&changed);
    let words = ["--url", &url, "diff", "--from", "wanted.sql"];
    let told = site.run(&words);
    assert!(matches!(told.code, 0 | 2), "{}{}", told.out, told.err);
    site.server
        .psql(&changed, &format!("\\set ON_ERROR_STOP on\n{}", told.out))
        .unwrap_or_else(|error| {
            panic!("{error}\n{}", told.out);
        });
    let again = site.run(&words);
    let [ours, theirs] =
        [&changed, &oracle].map(|name| by_pair(&site.server.dump_schema(name).unwrap(), pairs));
    let mut wrong = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let schema = format!("{}.", pair.schema);
        let is_same = ours.get(pair.name) == theirs.get(pair.name);
        let stays = told
            .out
            .lines()
            .filter(|line| line.starts_with("-- stays different") && line.contains(&schema));
        let stays: Vec<&str> = stays.collect();
        let ends = match pair.stays {
            Some((way, what)) if way == "both" || from == 0 => {
                !is_same && stays.iter().any(|line| line.contains(what))
            }
            _ => is_same && stays.is_empty() && !again.out.contains(&schema),
        };
        if !ends {
            let mine: Vec<&str> = told
                .out
                .lines()
                .filter(|line| line.contains(&schema))
                .collect();
            wrong.push(format!(
                "{at} {} from {from}: same: {is_same}, stays: {stays:?}\n{}\n--- ours\n{}\n--- psql\n{}",
                pair.name,
                mine.join("\n"),
                ours.get(pair.name).map_or("", String::as_str),
                theirs.get(pair.name).map_or("", String::as_str)
            ));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn what_diff_prints_leads_there_both_ways() {
    let pairs = pairs();
    let site = Site::new("CREATE ROLE pair_reader", &[]).await;
    let mut wrong = way(&site, &pairs, 0, 1).await;
    wrong.extend(way(&site, &pairs, 1, 0).await);
    assert!(
        wrong.is_empty(),
        "{} of {} ways:\n{}",
        wrong.len(),
        pairs.len() * 2,
        wrong.join("\n\n")
    );
}
