//! Every `sslmode` against a server with a certificate of an authority of our own.

use concertina_engine::{Connect, Engine, Error, Settings};
use concertina_sandbox::Postgres;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
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
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let (certificate, key) = (certificate.pem(), key.serialize_pem());
    let files = [("server.crt", certificate.as_str()), ("server.key", key.as_str())];
    let server = match Postgres::start_with(&[("ssl", "on"), ("fsync", "off")], &files).await {
        Err(concertina_sandbox::Error::Start(log)) if log.contains("SSL is not supported by this build") => return,
        started => started.unwrap(),
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.crt");
    std::fs::write(&root, authority.pem()).unwrap();
    let url = |host: &str, words: &str| format!("postgres://postgres@{host}:{}/postgres?{words}", server.port());
    let with_root = |mode: &str| format!("sslmode={mode}&sslrootcert={}", root.display());

    for mode in ["disable", "prefer", "require"] {
        ask(&url("127.0.0.1", &format!("sslmode={mode}"))).await.unwrap();
    }
    ask(&url("127.0.0.1", &with_root("verify-ca"))).await.unwrap();
    ask(&url("localhost", &with_root("verify-full"))).await.unwrap();

    let other_name = ask(&url("127.0.0.1", &with_root("verify-full"))).await.unwrap_err().to_string();
    assert!(other_name.contains("not valid for name"), "{other_name}");
    let other = CertifiedIssuer::self_signed(CertificateParams::new(vec![]).unwrap(), KeyPair::generate().unwrap());
    std::fs::write(&root, other.unwrap().pem()).unwrap();
    for mode in ["verify-ca", "verify-full"] {
        let unknown = ask(&url("localhost", &with_root(mode))).await.unwrap_err();
        assert!(matches!(unknown, Error::Connect { .. }), "{unknown}");
    }
    let missing = ask(&url("localhost", "sslmode=verify-full&sslrootcert=/nowhere.crt")).await.unwrap_err();
    assert!(matches!(missing, Error::BadConnection(_)), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let server = Postgres::start(&[("fsync", "off")]).await.unwrap();
    let url = |mode: &str| format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode={mode}", server.port());
    ask(&url("prefer")).await.unwrap();
    assert!(matches!(ask(&url("require")).await, Err(Error::Connect { .. })));
}
