//! Every statement of the corpus with names that were chosen to do harm, by a role that has no more
//! rights than it needs: what the engine makes of it is what psql makes of it, up and down again.

use crate::corpus::{Copied, cases, each_family, tables};
use crate::fixture::{bare, said};
use crate::lifecycle::{as_psql, without_order};
use concertina_revisions::{Ident, tree};

/// What the corpus calls things, and what they are called here.
const NAMES: [(&str, &str); 26] = [
    ("leads", "Le\"ads; DROP TABLE victim; --"),
    ("email", "select"),
    ("owner_id", "Owner Id"),
    ("score", "$1"),
    ("visits", "v\u{ef}sits \u{1F409}"),
    ("place", "by"),
    ("calls", "ca'lls"),
    ("lead_id", "back\\slash"),
    ("owners", "%s {} {0} %I"),
    ("team_id", "new"),
    (
        "events",
        "a_name_of_sixty_three_bytes_which_is_as_long_as_names_may_be_12",
    ),
    ("bills", "/* bills */"),
    ("total", "old"),
    ("price", "$$"),
    ("seats", "$concertina$"),
    ("vehicles", "table"),
    ("wheels", "excluded"),
    ("cars", "CARS"),
    ("tenants", "concertina"),
    ("tenant_key", "-- key"),
    ("worth", "worth%"),
    ("nodes", "user"),
    ("regions", "order"),
    ("land", "\"\""),
    ("title", "b_row"),
    ("seen", "ctid "),
];

/// The least rights: the tables are its own, because it makes them.
const LEAST: &str = "CREATE ROLE migrator LOGIN; GRANT CREATE ON SCHEMA public TO migrator;
    GRANT CREATE ON DATABASE tables TO migrator";

/// The same statements with the other names; nothing where a text speaks of the old ones.
fn renamed(sql: &str) -> Option<String> {
    let tokens = tree::scan(sql).unwrap().tokens;
    let (mut text, mut at) = (String::new(), 0);
    for token in tokens {
        let (start, end) = (
            usize::try_from(token.start).unwrap(),
            usize::try_from(token.end).unwrap(),
        );
        let word = &sql[start..end];
        if word.starts_with(['\'', '$', '-']) && NAMES.iter().any(|(name, _)| word.contains(name)) {
            return None;
        }
        if let Some((_, other)) = NAMES.iter().find(|(name, _)| *name == word) {
            text += &sql[at..start];
            text += &Ident::new(*other).sql();
            at = end;
        }
    }
    Some(text + &sql[at..])
}

fn sorted(dump: &str) -> Vec<String> {
    let mut lines: Vec<String> = without_order(dump).lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

async fn family(wanted: &str) {
    let filled = format!(
        "{LEAST}; SET ROLE migrator; {}; CREATE TABLE victim (id int);",
        renamed(&tables(600)).unwrap()
    );
    let copied = Copied::new(&[], &filled).await;
    let server = &copied.server;
    let (mut lived, mut all, mut wrong) = (0, 0, Vec::new());
    for case in cases(wanted, copied.major) {
        all += 1;
        let Some(sql) = renamed(case.sql) else {
            continue;
        };
        copied.copy("naive").await;
        copied.copy("site").await;
        let naive = server.connect("naive").await.unwrap();
        naive
            .batch_execute("GRANT CREATE ON DATABASE naive, site TO migrator; SET ROLE migrator")
            .await
            .unwrap();
        // Some speak of a name that PostgreSQL made of the old ones, or are a superuser's.
        if as_psql(&naive, &sql).await.is_ok() {
            lived += 1;
            let told = tokio::task::block_in_place(|| lives(&copied, &sql, case.reversible));
            wrong.extend(told.map(|told| format!("{}: {told}\n{sql}", case.name)));
        }
        for name in ["naive", "site"] {
            server.drop_database(name).await.unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lived * 3 > all * 2, "{lived} of {all} cases");
}

/// Up and down again; what was wrong with it.
fn lives(copied: &Copied, sql: &str, reversible: bool) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("revisions")).unwrap();
    std::fs::write(folder.path().join("revisions/001_change.sql"), sql).unwrap();
    let server = &copied.server;
    let url = server.url("site").replace("user=postgres", "user=migrator");
    let run = |words: &[&str]| {
        said(
            &bare(folder.path(), words)
                .env("DATABASE_URL", &url)
                .output()
                .unwrap(),
        )
    };
    let schema = |database: &str| sorted(&server.dump_schema(database).unwrap());
    let mut ways = vec![(vec!["upgrade", "--contract", "--eager"], schema("naive"))];
    if reversible {
        ways.push((
            vec![
                "downgrade",
                "base",
                "--contract",
                "--allow-data-loss",
                "--eager",
            ],
            sorted(&copied.start),
        ));
    }
    for (words, wanted) in ways {
        let ended = run(&words);
        if ended.code != 0 {
            return Some(format!("{}: {}", words[0], ended.err));
        }
        let now = schema("site");
        if now != wanted {
            let differ: Vec<&String> = now
                .iter()
                .filter(|line| !wanted.contains(line))
                .chain(wanted.iter().filter(|line| !now.contains(line)))
                .collect();
            return Some(format!("{}: {differ:?}", words[0]));
        }
    }
    None
}

each_family!(family);
