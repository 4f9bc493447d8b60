//! How one gets in, as libpq does, and how often.

use super::{LEADS, LOWER};
use crate::fixture::{Site, bare, said};
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_found_as_psql_finds_it() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let (socket, port) = (site.server.socket().display().to_string(), site.server.port().to_string());
    let service = site.folder.path().join("services");
    std::fs::write(&service, format!("[shop]\nhost={socket}\nport={port}\nuser=postgres\ndbname=site\n")).unwrap();
    let service = service.display().to_string();
    let ways: [(&str, &[(&str, &str)]); 6] = [
        // What stands behind the question mark replaces the host before it.
        (&format!("postgres://localhost:1/site?host={socket}&port={port}&user=postgres"), &[]),
        ("service=shop", &[("PGSERVICEFILE", &service)]),
        ("", &[("PGSERVICEFILE", &service), ("PGSERVICE", "shop")]),
        (
            "",
            &[
                ("PGHOST", "name.invalid"),
                ("PGHOSTADDR", "127.0.0.1"),
                ("PGPORT", &port),
                ("PGUSER", "postgres"),
                ("PGDATABASE", "site"),
            ],
        ),
        (
            &format!(
                "postgres://postgres@127.0.0.1:1,127.0.0.1:{port}/site?target_session_attrs=primary&keepalives=1&application_name=x"
            ),
            &[],
        ),
        ("postgres://postgres@127.0.0.1/site?connect_timeout=3", &[("PGPORT", &port)]),
    ];
    for (url, variables) in ways {
        let mut command = bare(site.folder.path(), &["status"]);
        if !url.is_empty() {
            command.env("DATABASE_URL", url);
        }
        command.envs(variables.iter().copied());
        said(&command.output().unwrap()).ends(0).says("001_lower");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_has_its_password_and_a_new_one_is_read_when_it_changes() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client.batch_execute("CREATE ROLE ann LOGIN PASSWORD 'first'").await.unwrap();
    site.client
        .batch_execute(
            "GRANT CREATE ON DATABASE site TO ann; GRANT ALL ON SCHEMA public TO ann; ALTER TABLE leads OWNER TO ann",
        )
        .await
        .unwrap();
    let port = site.server.port();
    let passwords = site.folder.path().join(".pgpass");
    let write = |word: &str| {
        std::fs::write(&passwords, format!("other.invalid:*:*:*:wrong\n127.0.0.1:{port}:*:ann:{word}\n")).unwrap();
        std::fs::set_permissions(&passwords, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("first");
    let url = format!("postgres://ann@other.invalid:{port},127.0.0.1:{port}/site?sslmode=disable");
    let command = |words: &[&str]| {
        let mut command = bare(site.folder.path(), words);
        command.env("DATABASE_URL", &url).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command
    };
    said(&command(&["status"]).output().unwrap()).ends(0);
    let engine = command(&["upgrade", "--rows-per-second-max", "700"]).spawn().unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    site.client.batch_execute("ALTER ROLE ann PASSWORD 'second'").await.unwrap();
    site.client
        .batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ann'")
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    write("second");
    said(&engine.wait_with_output().unwrap()).ends(3);
}
