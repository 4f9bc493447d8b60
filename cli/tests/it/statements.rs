//! The page of the book that tells what each statement becomes: made of the rules' own words and of
//! the plans of the cases, so that it can't be anything but true. `CONCERTINA_BLESS=1` writes it
//! anew.

use crate::corpus::{Case, FAMILIES, tables};
use concertina_engine::{Connect, Engine, Settings};
use concertina_planner::catalog::ConstraintKind;
use concertina_planner::plan::{Phase, Step};
use concertina_planner::{Catalog, Plan, plan};
use concertina_revisions::{Revision, RevisionId};
use concertina_sandbox::Postgres;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// Each family with its title and the files of its rules.
const RULES: [(&str, &str, &[&str]); 15] = [
    (
        "add_column",
        "ADD COLUMN",
        &["column/add_column", "column/identity"],
    ),
    (
        "column",
        "Defaults, NOT NULL, identity and generated columns",
        &["column/default", "column/not_null"],
    ),
    (
        "column_type",
        "ALTER COLUMN TYPE",
        &["column/column_type", "column/shadow"],
    ),
    ("rename", "RENAME of columns and tables", &["column/rename"]),
    ("check", "CHECK and EXCLUDE", &["constraint/check"]),
    ("foreign_key", "FOREIGN KEY", &["constraint/foreign_key"]),
    (
        "unique",
        "UNIQUE and PRIMARY KEY",
        &["constraint/unique", "object/partitions"],
    ),
    (
        "drop",
        "DROP of columns, constraints and tables",
        &["object/drop"],
    ),
    ("index", "Indexes", &["object/index"]),
    (
        "partitions",
        "Partitions and inheritance",
        &["object/partition"],
    ),
    (
        "rows",
        "INSERT, UPDATE, DELETE",
        &["rows/update", "rows/delete", "rows/insert"],
    ),
    (
        "settings",
        "Settings, rights, row-level security",
        &["object/settings"],
    ),
    ("parts", "Triggers, statistics, comments, names", &[]),
    (
        "views",
        "Views and materialized views",
        &["object/maintenance"],
    ),
    ("objects", "Other objects", &["object/objects"]),
];

const HEAD: &str = "# What each statement becomes

Made from the planner's rules and the plans of its test cases; a test fails when this page isn't what they say. The tables hold
thousands of rows: on an empty table, or one made by the same revision, every statement runs as it is written.

Each row has been seen, on PostgreSQL 14 to 18: rolled back half way without a trace; run to the end with the same schema
(`pg_dump`) and rows as psql gives; where a reverse is derived, down again to where it began, and up again; every lock of every
step, read from `pg_locks` inside the step's own transaction, no stronger than the plan says, and no table rewritten by an
instant step; and a reader and a writer beside it, on tables of 60 000 rows, who never waited for a lock longer than
`lock_timeout`. The name in the last column is that of the case, in `cli/tests/it/corpus`.

Locks: AS `ACCESS SHARE`, RS `ROW SHARE`, RX `ROW EXCLUSIVE`, SUE `SHARE UPDATE EXCLUSIVE`, S `SHARE`, SRE `SHARE ROW EXCLUSIVE`,
X `EXCLUSIVE`, AEL `ACCESS EXCLUSIVE`; the strongest of each step. S and SRE make writers wait, AEL everyone: they are taken for
instant work alone, under `lock_timeout`. \u{2014} means that no reverse is derived: write one below `-- down`.
";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_what_the_rules_say() {
    let page = page(&catalog().await);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/statements.md");
    if std::env::var_os("CONCERTINA_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    for (line, (there, wanted)) in there.lines().zip(page.lines()).enumerate() {
        assert_eq!(there, wanted, "docs/src/statements.md, line {}", line + 1);
    }
    assert_eq!(there.lines().count(), page.lines().count());
}

/// The cases' database, the same whatever the server's version.
async fn catalog() -> Catalog {
    let server = Postgres::start_filled(&[("fsync", "off")], "tables", &tables(3000))
        .await
        .unwrap();
    let connect = Connect::parse(&server.url("tables")).unwrap();
    let mut catalog = Engine::new(connect, Settings::default(), Arc::new(|_| {}))
        .0
        .catalog()
        .await
        .unwrap();
    for table in catalog.tables.iter_mut().map(Arc::make_mut) {
        table
            .constraints
            .retain(|constraint| constraint.kind != ConstraintKind::NotNull);
    }
    catalog
}

fn page(catalog: &Catalog) -> String {
    let mut page = HEAD.to_owned();
    for (family, title, files) in RULES {
        let _ = write!(page, "\n## {title}\n\n");
        for file in files {
            page.push_str(&words_of(file));
        }
        page.push_str("| statement | becomes | down | case |\n|---|---|---|---|\n");
        let (_, cases) = FAMILIES.iter().find(|(name, _)| *name == family).unwrap();
        for case in *cases {
            page.push_str(&row(family, case, catalog));
        }
    }
    page
}

/// What a rule says of itself: danger, remedy, hazard.
fn words_of(file: &str) -> String {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../planner/src/rules");
    let source = std::fs::read_to_string(rules.join(format!("{file}.rs")))
        .or_else(|_| std::fs::read_to_string(rules.join(file).join("mod.rs")))
        .unwrap();
    let words: Vec<&str> = source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .skip(1)
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let text = words.join(" ");
    for (word, what) in [
        ("**Danger**", "what is dangerous"),
        ("**Instead**", "what is done instead"),
    ] {
        assert!(text.contains(word), "{file} says {what}");
    }
    let text = text.replace(" **", "\n\n**");
    format!("{text}\n\n")
}

fn row(family: &str, case: &Case, catalog: &Catalog) -> String {
    let version = u32::try_from(case.since.max(15)).unwrap() * 10_000;
    let catalog = Catalog {
        server_version: version,
        ..catalog.clone()
    };
    let revision = Revision::from_text(&RevisionId::new("case"), case.sql).unwrap();
    let plan = plan(&revision, &catalog)
        .unwrap_or_else(|problems| panic!("{family}::{}: {problems:?}", case.name));
    let since = if case.since > 14 {
        format!(" (since PostgreSQL {})", case.since)
    } else {
        String::new()
    };
    let statements: Vec<String> = revision
        .up
        .iter()
        .map(|statement| format!("`{}`", oneline(&statement.sql)))
        .collect();
    let down = if case.reversible {
        "derived"
    } else {
        "\u{2014}"
    };
    format!(
        "| {}{since} | {} | {down} | {family}::{} |\n",
        cell(&statements.join("<br>")),
        cell(&becomes(&plan)),
        case.name
    )
}

fn oneline(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn becomes(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for phase in [Phase::Expand, Phase::Backfill, Phase::Contract] {
        for step in plan.phase(phase) {
            lines.push(format!(
                "{phase}: {}{}",
                oneline(&step.work.summary().join("; ")),
                lock(step)
            ));
        }
    }
    lines.extend(
        plan.hazards
            .iter()
            .map(|hazard| format!("[{}](problems.md)", hazard.code)),
    );
    if lines.is_empty() {
        "nothing: it is so already".to_owned()
    } else {
        lines.join("<br>")
    }
}

fn lock(step: &Step) -> String {
    let short = |name: &str| match name {
        "ACCESS SHARE" => "AS",
        "ROW SHARE" => "RS",
        "ROW EXCLUSIVE" => "RX",
        "SHARE UPDATE EXCLUSIVE" => "SUE",
        "SHARE" => "S",
        "SHARE ROW EXCLUSIVE" => "SRE",
        "EXCLUSIVE" => "X",
        _ => "AEL",
    };
    let strongest = step.locks().into_iter().map(|(_, lock)| lock).max();
    strongest.map_or_else(String::new, |lock| format!(" ({})", short(lock.name())))
}
