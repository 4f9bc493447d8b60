//! How one gets in, as libpq does, and how often.

use super::{LEADS, LOWER, at};
use crate::fixture::{Site, bare, said};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_found_as_psql_finds_it() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let (socket, port) = (
        site.server.socket().display().to_string(),
        site.server.port().to_string(),
    );
    let service = site.folder.path().join("services");
    std::fs::write(
        &service,
        format!("[shop]\nhost={socket}\nport={port}\nuser=postgres\ndbname=site\n"),
    )
    .unwrap();
    let service = service.display().to_string();
    let ways: [(&str, &[(&str, &str)]); 6] = [
        // What stands behind the question mark replaces the host before it.
        (
            &format!("postgres://localhost:1/site?host={socket}&port={port}&user=postgres"),
            &[],
        ),
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
        (
            "postgres://postgres@127.0.0.1/site?connect_timeout=3",
            &[("PGPORT", &port)],
        ),
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
    site.client
        .batch_execute("CREATE ROLE ann LOGIN PASSWORD 'first'")
        .await
        .unwrap();
    site.client
        .batch_execute(
            "GRANT CREATE ON DATABASE site TO ann; GRANT ALL ON SCHEMA public TO ann; ALTER TABLE leads OWNER TO ann",
        )
        .await
        .unwrap();
    let port = site.server.port();
    let passwords = site.folder.path().join(".pgpass");
    let write = |word: &str| {
        std::fs::write(
            &passwords,
            format!("other.invalid:*:*:*:wrong\n127.0.0.1:{port}:*:ann:{word}\n"),
        )
        .unwrap();
        std::fs::set_permissions(&passwords, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("first");
    let url = format!("postgres://ann@other.invalid:{port},127.0.0.1:{port}/site?sslmode=disable");
    let command = |words: &[&str]| {
        let mut command = bare(site.folder.path(), words);
        command
            .env("DATABASE_URL", &url)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command
    };
    said(&command(&["status"]).output().unwrap()).ends(0);
    let engine = command(&["upgrade", "--rows-per-second-max", "700"])
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    site.client
        .batch_execute("ALTER ROLE ann PASSWORD 'second'")
        .await
        .unwrap();
    site.client
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ann'",
        )
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    write("second");
    said(&engine.wait_with_output().unwrap()).ends(3);
}

/// What accepts connections and says nothing, as a primary that is frozen, or a network that
/// swallows what it is sent.
fn deaf() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_says_nothing_is_given_up_and_not_asked_first_again() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let (_listener, silent) = deaf();
    let port = site.server.port();
    let url = format!(
        "postgres://postgres@127.0.0.1:{silent},127.0.0.1:{port}/site?sslmode=disable&connect_timeout=1"
    );
    let began = Instant::now();
    at(&site, &url, &["status"]).ends(0).says("001_lower");
    assert!(began.elapsed() >= Duration::from_secs(1), "it was asked");
    // A run opens more than ten connections.
    at(&site, &url, &["upgrade"]).ends(3);
    let alone =
        format!("postgres://postgres@127.0.0.1:{silent}/site?sslmode=disable&connect_timeout=1");
    at(&site, &alone, &["status"])
        .ends(1)
        .says("no answer from the server");
}

/// Listens at an address of Linux's own kind, and leads to the server.
fn abstract_socket(server: &Path, port: u16) -> String {
    let name = format!("concertina-{}-{port}", std::process::id());
    let file = format!(".s.PGSQL.{port}");
    let address = SocketAddr::from_abstract_name(format!("{name}/{file}")).unwrap();
    let (listener, server) = (
        UnixListener::bind_addr(&address).unwrap(),
        server.join(file),
    );
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = UnixStream::connect(&server).unwrap();
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server, client),
            ] {
                std::thread::spawn(move || {
                    std::io::copy(&mut from, &mut to).ok();
                    to.shutdown(std::net::Shutdown::Both).ok();
                });
            }
        }
    });
    format!("@{name}")
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_elsewhere_and_without_a_file_lead_there() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let (socket, port) = (site.server.socket(), site.server.port());
    let unnamed = abstract_socket(socket, port);
    let escaped = socket.display().to_string().replace('/', "%2F");
    let linked = site.folder.path().join("a folder");
    std::os::unix::fs::symlink(socket, &linked).unwrap();
    for url in [
        format!("postgres://postgres@{escaped}:{port}/site"),
        format!(
            "host='{}' port={port} user=postgres dbname=site",
            linked.display()
        ),
        format!("host={unnamed} port={port} user=postgres dbname=site"),
        format!(
            "postgres:///site?host={}&port={port}&user=postgres",
            unnamed.replace('@', "%40")
        ),
        // The second is taken when nothing listens at the first.
        format!("host=@nobody,{unnamed} port={port} user=postgres dbname=site"),
    ] {
        at(&site, &url, &["status"]).ends(0).says("001_lower");
    }
    let url = format!("host={unnamed} port={port} user=postgres dbname=site");
    at(&site, &url, &["upgrade"]).ends(3);
    at(&site, &url, &["contract"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_looked_for_where_libpq_looks() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let (socket, port) = (site.server.socket().display(), site.server.port());
    let home = site.folder.path();
    let run = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = bare(home, words);
        said(&command.envs(variables.iter().copied()).output().unwrap())
    };
    run(&["status"], &[("PGSERVICE", "shop")])
        .ends(1)
        .says("no service shop is defined")
        .says("pg_service.conf");
    let text = format!(
        "[other]\nhost=name.invalid\n\n# ours\n[shop]\nhost={socket}\nport={port}\nuser=postgres\ndbname=nothing\n"
    );
    std::fs::write(home.join(".pg_service.conf"), &text).unwrap();
    // What the command line and the URL say goes before the service, and the service before the
    // environment.
    run(&["status"], &[("PGSERVICE", "shop"), ("PGPORT", "1")])
        .ends(1)
        .says("database \"nothing\" does not exist");
    run(
        &["--url", "service=shop dbname=site", "status"],
        &[("PGHOST", "name.invalid")],
    )
    .ends(0)
    .says("001_lower");
    run(&["--url", "postgres:///site?service=shop", "upgrade"], &[]).ends(3);
    // The system's, behind the user's.
    let system = home.join("system");
    std::fs::create_dir(&system).unwrap();
    std::fs::write(
        system.join("pg_service.conf"),
        text.replace("[shop]", "[all]").replace("nothing", "site"),
    )
    .unwrap();
    let system = system.display().to_string();
    run(
        &["contract"],
        &[("PGSERVICE", "all"), ("PGSYSCONFDIR", &system)],
    )
    .ends(0);
}
