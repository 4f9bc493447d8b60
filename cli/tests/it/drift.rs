//! What there is against what should be: `verify`, `diff`, `new --autogenerate`, `baseline`.

use crate::corpus::tables;
use crate::fixture::{Said, Site, said};

const FIRST: &str = "CREATE TYPE state AS ENUM ('new', 'won');
    CREATE TABLE owners (id serial PRIMARY KEY, name text NOT NULL);
    CREATE TABLE leads (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner_id int NOT NULL REFERENCES owners ON DELETE CASCADE,
                        email varchar(40) UNIQUE, state state DEFAULT 'new', score int CHECK (score >= 0));
    CREATE INDEX leads_owner ON leads (owner_id) WHERE score > 3;
    CREATE VIEW good AS SELECT id, email FROM leads WHERE score > 7;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
    CREATE TRIGGER touch BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION touch();
    COMMENT ON COLUMN leads.score IS 'from 0';";

/// The same with almost everything changed once.
const WANTED: &str = "CREATE TYPE state AS ENUM ('new', 'open', 'won');
    CREATE TABLE teams (id int PRIMARY KEY, owner_id int);
    CREATE TABLE owners (id serial PRIMARY KEY, name varchar(80));
    CREATE TABLE leads (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner_id int NOT NULL REFERENCES owners,
                        email varchar(60) UNIQUE, state state DEFAULT 'won', score bigint, team_id int REFERENCES teams);
    CREATE INDEX leads_owner ON leads (owner_id);
    CREATE VIEW good AS SELECT id, email FROM leads WHERE id > 7;
    CREATE POLICY mine ON leads USING (owner_id > 0); ALTER TABLE leads ENABLE ROW LEVEL SECURITY;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.score := 1; RETURN new; END $$;
    COMMENT ON COLUMN leads.score IS 'from 0 on';";

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_told_object_by_object() {
    let site = Site::new("", &[("001_first", FIRST)]).await;
    site.run(&["upgrade"]).ends(0);
    site.run(&["verify"])
        .ends(0)
        .says("the database matches its revisions");
    site.client
        .batch_execute(
            "DROP INDEX leads_owner; ALTER TABLE leads ADD COLUMN secret text; CREATE TABLE stray (id int);
             ALTER TABLE owners ALTER COLUMN name TYPE varchar(9); ALTER TABLE leads DROP CONSTRAINT leads_score_check",
        )
        .await
        .unwrap();
    let told = site.run(&["verify"]).ends(2);
    for words in [
        "missing: index public.leads_owner on public.leads",
        "missing: constraint leads_score_check on public.leads",
        "not in the history: column public.leads.secret",
        "not in the history: table public.stray",
        "changed: column public.owners.name: is character varying(9) ",
    ] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    assert_eq!(told.out.lines().count(), 5, "{}", told.out);
    let json: serde_json::Value =
        serde_json::from_str(&site.run(&["verify", "--json"]).ends(2).out).unwrap();
    assert_eq!(json["differences"].as_array().map(Vec::len), Some(5));
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'concertina_scratch%'";
    assert_eq!(site.value::<i64>(left).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wanted_becomes_a_revision() {
    let site = Site::new("", &[("001_first", FIRST)]).await;
    site.run(&["upgrade"]).ends(0);
    site.client
        .batch_execute(
            "INSERT INTO owners (name) VALUES ('a'); INSERT INTO leads (owner_id, email, score) SELECT 1, g::text, g FROM generate_series(1, 2000) g; ANALYZE",
        )
        .await
        .unwrap();
    std::fs::write(site.folder.path().join("wanted.sql"), WANTED).unwrap();
    site.run(&["diff", "--from", "wanted.sql"])
        .ends(0)
        .says("ALTER TYPE public.state ADD VALUE 'open' AFTER 'new';");
    let words = [
        "new",
        "--autogenerate",
        "--from",
        "wanted.sql",
        "-m",
        "as wanted",
    ];
    let path = site.run(&words).ends(0).out;
    // A generated revision is a proposal: what the planner won't do at once is cut apart by people.
    let text = std::fs::read_to_string(site.folder.path().join(path.trim())).unwrap();
    assert!(
        text.contains("SET DEFAULT 'won'::public.state")
            && text.contains("CREATE TABLE public.teams"),
        "{text}"
    );
    site.run(&["diff", "--from", "wanted.sql"])
        .ends(1)
        .says("is pending");
    site.server.create_database("wanted", None).await.unwrap();
    site.server
        .connect("wanted")
        .await
        .unwrap()
        .batch_execute(WANTED)
        .await
        .unwrap();
    // As psql would run it.
    let sql: String = text
        .lines()
        .filter(|line| !line.starts_with("--"))
        .collect::<Vec<_>>()
        .join("\n");
    site.server
        .psql("site", &format!("\\set ON_ERROR_STOP on\n{sql}"))
        .unwrap();
    let sorted = |dump: String| {
        let mut lines: Vec<String> = dump
            .lines()
            .map(|line| line.trim_end_matches(',').to_owned())
            .collect();
        lines.sort();
        lines.join("\n")
    };
    assert_eq!(
        sorted(site.schema()),
        sorted(site.server.dump_schema("wanted").unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_makes_the_database_again() {
    let site = Site::new(&tables(100), &[]).await;
    // Where there is no pg_dump.
    let without = |words: &[&str]| {
        said(
            &site
                .command(words)
                .env("PATH", "/nowhere")
                .output()
                .unwrap(),
        )
    };
    without(&["baseline"]).ends(0).says("0000_baseline");
    site.run(&["current"])
        .ends(0)
        .says("0000_baseline (applied)");
    site.run(&["verify"]).ends(0);
    site.run(&["baseline", "again"])
        .ends(1)
        .says("the directory has revisions already");
    // Its text makes the same on an empty database.
    site.server.create_database("other", None).await.unwrap();
    let other = ["--url", &site.server.url("other"), "upgrade", "--contract"];
    site.run(&other).ends(0);
    assert_eq!(lines(&site, "other"), lines(&site, "site"));
    // So does what pg_dump writes.
    let dumped = site.folder.path().join("dumped");
    site.run(&["--revisions", "dumped", "baseline"])
        .ends(1)
        .says("0000_baseline is applied");
    site.server.create_database("fresh", None).await.unwrap();
    site.server
        .connect("fresh")
        .await
        .unwrap()
        .batch_execute(&tables(100))
        .await
        .unwrap();
    let mut command = site.command(&[
        "--url",
        &site.server.url("fresh"),
        "--revisions",
        "dumped",
        "baseline",
    ]);
    command.env("PATH", std::env::var("PATH").unwrap());
    let told: Said = said(&command.output().unwrap()).ends(0);
    let text = std::fs::read_to_string(dumped.join("0000_baseline.sql"))
        .unwrap_or_else(|error| panic!("{error}: {}", told.out));
    assert!(text.contains("as pg_dump tells it"), "{text}");
    site.server.create_database("third", None).await.unwrap();
    site.run(&[
        "--url",
        &site.server.url("third"),
        "--revisions",
        "dumped",
        "upgrade",
        "--contract",
    ])
    .ends(0);
    assert_eq!(lines(&site, "third"), lines(&site, "site"));
}

/// What is there, whatever the order; rights aren't in a baseline.
fn lines(site: &Site, database: &str) -> Vec<String> {
    let dump = site.server.dump_schema(database).unwrap();
    let mut lines: Vec<String> = dump
        .lines()
        .map(|line| line.trim_end_matches(',').to_owned())
        .collect();
    lines.retain(|line| !line.starts_with("GRANT"));
    lines.sort();
    lines
}
