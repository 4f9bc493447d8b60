//! Faults that are planted: the command under test is wrapped, and one thing is broken behind its
//! back. Each must be seen.

use concertina_differential::case::Case;
use concertina_differential::shrink;
use concertina_differential::stage::Stage;
use concertina_differential::verdict::{Manner, Verdict};
use concertina_sandbox::binaries;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SETUP: &str = "CREATE TYPE mood AS ENUM ('new', 'glad', 'sad');
CREATE SEQUENCE free;
CREATE TABLE t (id serial PRIMARY KEY, a int, f float8, m mood, s text);
INSERT INTO t (a, f, m, s) SELECT g, '-0', 'new', 'v' || g FROM generate_series(1, 200) g;
CREATE TABLE u (id int PRIMARY KEY, b text NOT NULL, c int);
INSERT INTO u SELECT g, 'x', g FROM generate_series(1, 20) g;";

const RENAME: &str = "ALTER TABLE t RENAME COLUMN a TO z;\nALTER TABLE u ADD CHECK (id > 0);";

fn case(way: &str, revision: &str) -> Case {
    let text = format!(
        "-- difference: x <- y\n-- right: as psql\n-- status: open\n-- way: {way}\n-- setup\n{SETUP}\n-- revision\n{revision}\n"
    );
    Case::parse(&text).unwrap().0
}

/// The program, after whose verb something is done to its database: by SQL, or by the shell.
fn wrapped(program: &Path, verb: &str, fault: &Fault) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let psql = binaries::program("psql").unwrap();
    let harm = match fault {
        Fault::Sql(sql) => {
            format!(
                "{} -qX \"$DATABASE_URL\" >/dev/null <<'SQL'\n\\set ON_ERROR_STOP on\n{sql}\nSQL\n",
                psql.display()
            )
        }
        Fault::Shell(words) => format!("{words}\n"),
    };
    let path = folder.path().join("wrapped");
    let text = format!(
        "#!/bin/sh\n{} \"$@\"\ncode=$?\nif [ \"$1\" = {verb} ]; then\n{harm}fi\nexit $code\n",
        program.display()
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    (folder, path)
}

enum Fault {
    Sql(&'static str),
    Shell(&'static str),
}

/// The verdict on a case with a fault behind a verb.
async fn with_fault(way: &str, revision: &str, verb: &str, fault: Fault) -> Verdict {
    let (_folder, program) = wrapped(&crate::program(), verb, &fault);
    let stage = Stage::new(&program).await.unwrap();
    shrink::verdict(&stage, &case(way, revision)).await.unwrap()
}

fn manner(verdict: &Verdict) -> Option<Manner> {
    match verdict {
        Verdict::Differs(difference) => Some(difference.manner),
        Verdict::Same | Verdict::BothRefuse | Verdict::Refused { .. } => None,
    }
}

#[tokio::test]
async fn without_a_fault_the_ends_are_the_same() {
    for way in ["plain", "back", "beside", "scripts"] {
        let verdict = with_fault(way, RENAME, "never", Fault::Shell(":")).await;
        assert_eq!(verdict, Verdict::Same, "{way}");
    }
}

#[tokio::test]
async fn what_is_left_of_ours_is_seen() {
    let left = Fault::Sql("CREATE TABLE concertina.left_over (a int);");
    assert_eq!(
        manner(&with_fault("plain", RENAME, "contract", left).await),
        Some(Manner::Leftovers)
    );
    let left = Fault::Sql(
        "CREATE FUNCTION concertina.left_over() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    );
    assert_eq!(
        manner(&with_fault("back", RENAME, "rollback", left).await),
        Some(Manner::Leftovers)
    );
}

#[tokio::test]
async fn rows_that_the_way_back_loses_are_seen() {
    let lost = Fault::Sql("UPDATE t SET s = 'lost' WHERE id = 7;");
    assert_eq!(
        manner(&with_fault("plain", RENAME, "downgrade", lost).await),
        Some(Manner::NotDown)
    );
    let zero = Fault::Sql("UPDATE t SET f = 0 WHERE id = 7;");
    assert_eq!(
        manner(&with_fault("back", RENAME, "rollback", zero).await),
        Some(Manner::NotRolledBack)
    );
}

#[tokio::test]
async fn labels_in_another_order_and_numbers_that_were_taken_are_seen_on_the_way_back() {
    let order = Fault::Sql(
        "UPDATE pg_enum SET enumsortorder = enumsortorder + 10 WHERE enumtypid = 'mood'::regtype;
         UPDATE pg_enum SET enumsortorder = CASE enumlabel WHEN 'new' THEN 2 WHEN 'glad' THEN 1 ELSE 3 END WHERE enumtypid = 'mood'::regtype;",
    );
    assert_eq!(
        manner(&with_fault("back", RENAME, "rollback", order).await),
        Some(Manner::NotRolledBack)
    );
    let taken = Fault::Sql("SELECT nextval('free');");
    assert_eq!(
        manner(&with_fault("back", RENAME, "rollback", taken).await),
        Some(Manner::NotRolledBack)
    );
}

#[tokio::test]
async fn a_verb_that_does_not_answer_is_no_good_news() {
    let no = || Fault::Shell("exit 7");
    assert_eq!(
        manner(&with_fault("plain", RENAME, "status", no()).await),
        Some(Manner::DeadEnd)
    );
    assert_eq!(
        manner(&with_fault("plain", RENAME, "check", no()).await),
        Some(Manner::CheckSaidNo)
    );
    let killed = Fault::Shell("kill -SEGV $$");
    let refused = "ALTER TABLE t ADD COLUMN x nowhere;";
    assert_eq!(
        manner(&with_fault("plain", refused, "upgrade", killed).await),
        Some(Manner::Panic)
    );
}

#[tokio::test]
async fn rows_that_no_application_wrote_are_psqls_beside_them_too() {
    let lost = Fault::Sql("UPDATE t SET s = 'lost' WHERE id = 150;");
    assert_eq!(
        manner(&with_fault("beside", RENAME, "contract", lost).await),
        Some(Manner::Rows)
    );
}

#[tokio::test]
async fn a_hazard_excuses_what_it_speaks_of_and_nothing_else() {
    let moved = || {
        Fault::Sql(
            "ALTER TABLE u DROP b, ADD b text NOT NULL DEFAULT 'x';
             ALTER TABLE u ALTER b DROP DEFAULT;",
        )
    };
    assert_eq!(
        manner(&with_fault("plain", RENAME, "contract", moved()).await),
        Some(Manner::Moved)
    );
    let retype = "ALTER TABLE t ALTER COLUMN a TYPE bigint;";
    assert_eq!(
        manner(&with_fault("plain", retype, "contract", moved()).await),
        Some(Manner::Moved)
    );
    // That a column moves says nothing of constraints.
    let refuses = Fault::Sql("ALTER TABLE u ADD CHECK (id < 0) NOT VALID;");
    let verdict = with_fault(
        "beside",
        "ALTER TABLE t RENAME COLUMN a TO z;",
        "upgrade",
        refuses,
    )
    .await;
    assert_eq!(manner(&verdict), Some(Manner::Application));
}

#[tokio::test]
async fn an_application_that_reads_what_it_did_not_write_is_seen() {
    let stale = Fault::Sql("UPDATE u SET b = 'other';");
    let verdict = with_fault(
        "beside",
        "ALTER TABLE t RENAME COLUMN a TO z;",
        "upgrade",
        stale,
    )
    .await;
    assert_eq!(manner(&verdict), Some(Manner::Application));
}

#[tokio::test]
async fn a_script_that_fails_by_itself_is_not_called_a_check() {
    let fails = Fault::Shell("case \"$*\" in *--sql*) echo 'SELECT nowhere;';; esac");
    let verdict = with_fault("scripts", "CREATE TABLE x (a int);", "upgrade", fails).await;
    assert_eq!(manner(&verdict), Some(Manner::HalfWay));
    let broken = wrapped_script("\\set ON_ERROR_STOP on\nSELECT nowhere;").await;
    assert_eq!(manner(&broken), Some(Manner::BareError));
}

/// The verdict on a case whose script is this one.
async fn wrapped_script(script: &str) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrapped");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *--sql*) cat <<'SCRIPT'\n{script}\nSCRIPT\n;; *) exec {} \"$@\";; esac\n",
        crate::program().display()
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let stage = Stage::new(&path).await.unwrap();
    shrink::verdict(&stage, &case("scripts", RENAME))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_setup_that_the_server_refuses_is_no_verdict() {
    let stage = Stage::new(&crate::program()).await.unwrap();
    let mut case = case("plain", RENAME);
    case.setup.push(concertina_differential::sql::Sql::marked(
        "CREATE TABLE v (a nowhere)",
    ));
    let error = shrink::verdict(&stage, &case)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("CREATE TABLE v"), "{error}");
}
