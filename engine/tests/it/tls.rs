//! Every `sslmode` against a server with a certificate of an authority of our own.

use concertina_engine::{Connect, Engine, Error, Settings};
use concertina_sandbox::Postgres;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::path::Path;
use std::sync::Arc;

async fn ask(url: &str) -> Result<(), Error> {
    let (engine, _) = Engine::new(Connect::parse(url)?, Settings::default(), Arc::new(|_| {}));
    engine.known().await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_checked_as_far_as_is_asked() {
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    // For this name, and not for the address by which the server is also reached.
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let (certificate, key) = (certificate.pem(), key.serialize_pem());
    let files = [
        ("server.crt", certificate.as_str()),
        ("server.key", key.as_str()),
    ];
    let server = match Postgres::start_with(&[("ssl", "on"), ("fsync", "off")], &files).await {
        Err(concertina_sandbox::Error::Start(log))
            if log.contains("SSL is not supported by this build") =>
        {
            return;
        }
        started => started.unwrap(),
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.crt");
    std::fs::write(&root, authority.pem()).unwrap();
    let url = |host: &str, words: &str| {
        format!(
            "postgres://postgres@{host}:{}/postgres?{words}",
            server.port()
        )
    };
    let with_root = |mode: &str| format!("sslmode={mode}&sslrootcert={}", root.display());

    for mode in ["disable", "prefer", "require"] {
        ask(&url("127.0.0.1", &format!("sslmode={mode}")))
            .await
            .unwrap();
    }
    ask(&url("127.0.0.1", &with_root("verify-ca")))
        .await
        .unwrap();
    ask(&url("localhost", &with_root("verify-full")))
        .await
        .unwrap();

    let other_name = ask(&url("127.0.0.1", &with_root("verify-full")))
        .await
        .unwrap_err()
        .to_string();
    assert!(other_name.contains("not valid for name"), "{other_name}");
    let other = CertifiedIssuer::self_signed(
        CertificateParams::new(vec![]).unwrap(),
        KeyPair::generate().unwrap(),
    );
    std::fs::write(&root, other.unwrap().pem()).unwrap();
    for mode in ["verify-ca", "verify-full"] {
        let unknown = ask(&url("localhost", &with_root(mode))).await.unwrap_err();
        assert!(matches!(unknown, Error::Connect { .. }), "{unknown}");
    }
    let missing = ask(&url(
        "localhost",
        "sslmode=verify-full&sslrootcert=/nowhere.crt",
    ))
    .await
    .unwrap_err();
    assert!(matches!(missing, Error::BadConnection(_)), "{missing}");
}

/// A certificate for a name, with its key, in files.
fn certified(folder: &Path, name: &str, authority: &CertifiedIssuer<'_, KeyPair>) -> String {
    let key = KeyPair::generate().unwrap();
    let mut own = CertificateParams::new(vec![]).unwrap();
    own.distinguished_name.push(DnType::CommonName, name);
    let certificate = own.signed_by(&key, authority).unwrap();
    let (at, key_at) = (
        folder.join(format!("{name}.crt")),
        folder.join(format!("{name}.key")),
    );
    std::fs::write(&at, certificate.pem()).unwrap();
    std::fs::write(&key_at, key.serialize_pem()).unwrap();
    format!("sslcert={}&sslkey={}", at.display(), key_at.display())
}

/// A server that lets its clients in by certificates of the authority; none where it has no TLS.
async fn asking_for_certificates(authority: &CertifiedIssuer<'_, KeyPair>) -> Option<Postgres> {
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, authority)
        .unwrap();
    let access = "local all all trust\nhostssl all ann 127.0.0.1/32 cert\nhostssl all bob 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n";
    let (certificate, key, root) = (server.pem(), key.serialize_pem(), authority.pem());
    let files = [
        ("server.crt", certificate.as_str()),
        ("server.key", key.as_str()),
        ("root.crt", root.as_str()),
        ("pg_hba.conf", access),
    ];
    let settings = [("ssl", "on"), ("ssl_ca_file", "root.crt"), ("fsync", "off")];
    match Postgres::start_with(&settings, &files).await {
        Err(concertina_sandbox::Error::Start(log))
            if log.contains("SSL is not supported by this build") =>
        {
            None
        }
        started => Some(started.unwrap()),
    }
}

/// A server that lets in who shows a certificate of our authority: with the role's name, or with
/// any name and a password.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_shows_its_own_certificate() {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(params.clone(), KeyPair::generate().unwrap()).unwrap();
    let stranger = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let Some(server) = asking_for_certificates(&authority).await else {
        return;
    };
    let root = authority.pem();
    let client = server.connect("postgres").await.unwrap();
    client
        .batch_execute("CREATE ROLE ann LOGIN; CREATE ROLE bob LOGIN PASSWORD 'secret'")
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root_at = folder.path().join("root.crt");
    std::fs::write(&root_at, &root).unwrap();
    let [ann, other] = ["ann", "other"].map(|name| certified(folder.path(), name, &authority));
    let forged = certified(folder.path(), "mallory", &stranger);
    let root_at = root_at.display();
    let url = |user: &str, own: &str| {
        format!(
            "postgres://{user}@localhost:{}/postgres?sslmode=verify-full&sslrootcert={root_at}&{own}",
            server.port()
        )
    };
    ask(&url("ann", &ann)).await.unwrap();
    ask(&url("bob:secret", &other)).await.unwrap();
    for (user, own) in [
        ("ann", other.as_str()),
        ("ann", "connect_timeout=5"),
        ("bob:wrong", &other),
        ("bob:secret", "connect_timeout=5"),
    ] {
        let refused = ask(&url(user, own)).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Connect { code: Some(code), .. } if code.starts_with("28")),
            "{user} {own}: {refused}"
        );
        assert!(refused.help().contains("sslcert"), "{}", refused.help());
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
    let unknown = ask(&url("ann", &forged)).await.unwrap_err();
    assert!(matches!(unknown, Error::Connect { .. }), "{unknown}");
    // A key that can't be read is told by its file, before anybody is asked.
    let broken = folder.path().join("broken.key");
    std::fs::write(
        &broken,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    let certificate = folder.path().join("ann.crt");
    let own = format!(
        "sslcert={}&sslkey={}",
        certificate.display(),
        broken.display()
    );
    let unusable = ask(&url("ann", &own)).await.unwrap_err();
    assert!(
        matches!(unusable, Error::BadConnection(_)) && unusable.to_string().contains("broken.key"),
        "{unusable}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let server = Postgres::start(&[("fsync", "off")]).await.unwrap();
    let url = |mode: &str| {
        format!(
            "postgres://postgres@127.0.0.1:{}/postgres?sslmode={mode}",
            server.port()
        )
    };
    ask(&url("prefer")).await.unwrap();
    assert!(matches!(
        ask(&url("require")).await,
        Err(Error::Connect { .. })
    ));
}
