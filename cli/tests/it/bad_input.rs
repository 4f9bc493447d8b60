//! Whatever is wrong: one clear error with place and remedy, exit 1, and nothing changed.

use crate::fixture::{Site, bare, said};

const LEADS: &str =
    "CREATE TABLE leads (id int PRIMARY KEY, email text); INSERT INTO leads VALUES (1, 'a');";

/// The error on these revisions, with the schema as it was and no record begun.
async fn refused(revisions: &[(&str, &str)]) -> String {
    let site = Site::new(LEADS, revisions).await;
    let before = site.schema();
    let said = site.run(&["upgrade"]).ends(1);
    assert_eq!(site.schema(), before, "nothing is changed");
    let begun = "SELECT to_regclass('concertina.revision') IS NULL OR (SELECT count(*) = 0 FROM concertina.revision)";
    let begun = if site
        .value::<bool>("SELECT to_regclass('concertina.revision') IS NULL")
        .await
    {
        true
    } else {
        site.value::<bool>(begun).await
    };
    assert!(begun, "no revision is begun");
    said.err
        .replace(&site.folder.path().display().to_string(), "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_syntax_error_in_the_last_file_stops_before_the_first() {
    let text = refused(&[
        ("001_a", "ALTER TABLE leads ADD COLUMN a int;"),
        ("002_b", "ALTER TABLE leads\n  ADD COLUM b int NOT NUL;"),
    ])
    .await;
    insta::assert_snapshot!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_parent() {
    insta::assert_snapshot!(
        refused(&[
            ("001_a", "SELECT 1;"),
            ("002_b", "-- revises: 001_aa\nSELECT 1;")
        ])
        .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_heads() {
    let text = refused(&[
        ("001_a", "ALTER TABLE leads ADD COLUMN a int;"),
        ("002_b", "ALTER TABLE leads ADD COLUMN b int;"),
        (
            "003_c",
            "-- revises: 001_a\nALTER TABLE leads ADD COLUMN c int;",
        ),
    ])
    .await;
    insta::assert_snapshot!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle() {
    insta::assert_snapshot!(
        refused(&[
            ("001_a", "-- revises: 002_b\nSELECT 1;"),
            ("002_b", "SELECT 1;")
        ])
        .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_tables_and_columns_are_named_with_the_nearest() {
    let text = refused(&[
        ("001_a", "ALTER TABLE leads ADD COLUMN a int;"),
        (
            "002_b",
            "ALTER TABLE lead ADD COLUMN b int;\nCREATE INDEX i ON leads (emial);",
        ),
    ])
    .await;
    insta::assert_snapshot!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_change_of_a_database_is_refused() {
    insta::assert_snapshot!(refused(&[("001_a", "VACUUM FULL leads;")]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_revision_is_reported_and_not_run_again() {
    let site = Site::new(LEADS, &[("001_a", "ALTER TABLE leads ADD COLUMN a int;")]).await;
    site.run(&["upgrade"]).ends(0);
    // A comment is no edit.
    site.revision(
        "001_a",
        "-- the first\nALTER TABLE leads ADD COLUMN a  int;",
    );
    site.run(&["upgrade"]).ends(0);
    site.revision("001_a", "ALTER TABLE leads ADD COLUMN a bigint;");
    let before = site.schema();
    let said = site.run(&["upgrade"]).ends(1);
    insta::assert_snapshot!(said.err);
    assert_eq!(site.schema(), before);
    site.run(&["stamp", "head", "--force"]).ends(0);
    site.run(&["upgrade"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_that_fails_shows_rows_and_ends_with_2() {
    let sql = "ALTER TABLE leads ALTER COLUMN email SET NOT NULL;";
    let site = Site::new(LEADS, &[("001_a", sql)]).await;
    site.client
        .batch_execute("INSERT INTO leads VALUES (2, NULL), (3, NULL)")
        .await
        .unwrap();
    let before = site.schema();
    let said = site.run(&["upgrade"]).ends(2);
    insta::assert_snapshot!(said.err);
    assert_eq!(site.schema(), before);
    site.client
        .batch_execute("UPDATE leads SET email = 'b' WHERE email IS NULL")
        .await
        .unwrap();
    site.run(&["upgrade", "--contract"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rights_the_remedy_is_named() {
    let site = Site::new(LEADS, &[("001_a", "ALTER TABLE leads ADD COLUMN a int;")]).await;
    let sql = "CREATE ROLE ann LOGIN PASSWORD 's3cret'; GRANT SELECT ON leads TO ann;";
    site.client.batch_execute(sql).await.unwrap();
    let url = format!(
        "postgres://ann:s3cret@127.0.0.1:{}/site",
        site.server.port()
    );
    let no_schema = said(&site.command(&["upgrade", "--url", &url]).output().unwrap()).ends(1);
    assert!(
        no_schema.err.contains("permission denied for database")
            && no_schema.err.contains("GRANT CREATE"),
        "{}",
        no_schema.err
    );
    site.client
        .batch_execute("GRANT CREATE ON DATABASE site TO ann")
        .await
        .unwrap();
    let no_table = said(&site.command(&["upgrade", "--url", &url]).output().unwrap()).ends(1);
    assert!(
        no_table.err.contains("may not alter table leads") && no_table.err.contains("001_a.sql:1"),
        "{}",
        no_table.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_no_secret_and_no_riddle() {
    let site = Site::new(LEADS, &[("001_a", "ALTER TABLE leads ADD COLUMN a int;")]).await;
    site.client
        .batch_execute("CREATE ROLE ann LOGIN PASSWORD 's3cret'")
        .await
        .unwrap();
    let url = format!("postgres://ann:wr0ng@127.0.0.1:{}/site", site.server.port());
    let failed = said(
        &site
            .command(&["upgrade", "--url", &url, "-vv"])
            .output()
            .unwrap(),
    )
    .ends(1);
    assert!(
        failed
            .err
            .contains("password authentication failed for user \"ann\""),
        "{}",
        failed.err
    );
    assert!(
        failed.err.contains("help: check the user, the password"),
        "{}",
        failed.err
    );
    assert!(
        !failed.err.contains("wr0ng") && !failed.out.contains("wr0ng"),
        "{}",
        failed.err
    );
    // The password file, as libpq reads it.
    let file = site.folder.path().join(".pgpass");
    std::fs::write(
        &file,
        format!("127.0.0.1:{}:*:ann:s3cret\n", site.server.port()),
    )
    .unwrap();
    std::process::Command::new("chmod")
        .arg("600")
        .arg(&file)
        .status()
        .unwrap();
    let url = format!("postgres://ann@127.0.0.1:{}/site", site.server.port());
    said(&site.command(&["current", "--url", &url]).output().unwrap()).ends(0);
}

#[test]
fn an_unreachable_server_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("revisions")).unwrap();
    let url = "postgres://ann:s3cret@127.0.0.1:1/shop";
    let failed = said(
        &bare(folder.path(), &["upgrade", "--url", url])
            .output()
            .unwrap(),
    )
    .ends(1);
    assert!(
        failed
            .err
            .contains("can't connect to 127.0.0.1:1/shop as ann"),
        "{}",
        failed.err
    );
    assert!(
        failed.err.contains("Connection refused") && !failed.err.contains("s3cret"),
        "{}",
        failed.err
    );
    let nothing = said(&bare(folder.path(), &["upgrade"]).output().unwrap()).ends(1);
    assert!(
        nothing.err.contains("no database is named") && nothing.err.contains("DATABASE_URL"),
        "{}",
        nothing.err
    );
}

/// A server that says it is PostgreSQL 13: enough of the protocol to be asked.
#[test]
fn a_server_that_is_too_old_is_refused_with_the_reason() {
    let port = old_server();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("revisions")).unwrap();
    let url = format!("postgres://ann@127.0.0.1:{port}/shop?sslmode=disable");
    let failed = said(
        &bare(folder.path(), &["upgrade", "--url", &url])
            .output()
            .unwrap(),
    )
    .ends(1);
    assert!(
        failed
            .err
            .contains("the server is PostgreSQL 13.23; 14 or later is needed"),
        "{}",
        failed.err
    );
    assert!(
        failed
            .err
            .contains("can't scan a range of a table's blocks"),
        "{}",
        failed.err
    );
}

/// A message of PostgreSQL's protocol.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend((u32::try_from(body.len()).unwrap() + 4).to_be_bytes());
    bytes.extend(body);
    bytes
}

fn column(name: &str, oid: u32) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend([0; 6]);
    bytes.extend(oid.to_be_bytes());
    bytes.extend([0, 4, 255, 255, 255, 255, 0, 1]);
    bytes
}

/// What the server says to a message of that kind: the versions, when these are asked for, or who
/// is connected.
fn answer(kind: u8, text: &str, mark: &str, versions: bool) -> Vec<u8> {
    match kind {
        b'Q' if text.contains("pg_backend_pid") => {
            let columns = [vec![0, 2], column("pid", 23), column("mark", 25)].concat();
            let length = u32::try_from(mark.len()).unwrap().to_be_bytes();
            let row = [&[0, 2, 0, 0, 0, 1][..], b"7", &length, mark.as_bytes()].concat();
            [
                message(b'T', &columns),
                message(b'D', &row),
                message(b'C', b"SELECT 1\0"),
                message(b'Z', b"I"),
            ]
            .concat()
        }
        b'Q' => [message(b'C', b"SET\0"), message(b'Z', b"I")].concat(),
        b'P' => message(b'1', b""),
        b'D' => {
            let columns = if versions {
                [vec![0, 2], column("number", 23), column("version", 25)].concat()
            } else {
                [
                    vec![0, 3],
                    column("pid", 23),
                    column("since", 25),
                    column("started", 25),
                ]
                .concat()
            };
            [message(b't', &[0, 0]), message(b'T', &columns)].concat()
        }
        b'B' => message(b'2', b""),
        b'E' => {
            let row = if versions {
                [
                    &[0, 2, 0, 0, 0, 4][..],
                    &130_023_i32.to_be_bytes(),
                    &[0, 0, 0, 5],
                    b"13.23",
                ]
                .concat()
            } else {
                let text = &[0, 0, 0, 1, b'0'];
                [&[0, 3, 0, 0, 0, 4][..], &7_i32.to_be_bytes(), text, text].concat()
            };
            [message(b'D', &row), message(b'C', b"SELECT 1\0")].concat()
        }
        b'C' => message(b'3', b""),
        b'S' => message(b'Z', b"I"),
        _ => vec![],
    }
}

/// Answers simple queries with nothing and prepared ones with one row: pid, beginning of the
/// session and of the server, or the version.
fn old_server() -> u16 {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        stream.read_exact(&mut body).unwrap();
        stream
            .write_all(&[message(b'R', &[0; 4]), message(b'Z', b"I")].concat())
            .unwrap();
        // A session tells how it was marked when it was begun.
        let begun = String::from_utf8_lossy(&body).into_owned();
        let mark = begun
            .split_once("concertina.login=")
            .and_then(|(_, mark)| mark.split('\0').next());
        let mark = mark.unwrap_or_default().to_owned();
        let mut versions = false;
        loop {
            let mut kind = [0];
            if stream.read_exact(&mut kind).is_err() {
                return;
            }
            stream.read_exact(&mut length).unwrap();
            let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
            stream.read_exact(&mut body).unwrap();
            let text = String::from_utf8_lossy(&body).into_owned();
            if kind[0] == b'P' {
                versions = text.contains("server_version");
            }
            let answer = answer(kind[0], &text, &mark, versions);
            stream.write_all(&answer).unwrap();
        }
    });
    port
}
