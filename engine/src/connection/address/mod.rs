//! Where the database is and how to get in: connection strings, TLS by `sslmode`.

mod hosts;
mod logins;
mod told;
mod words;

use crate::connection::session::Session;
use crate::connection::tls::{self, Trust};
use crate::error::{Error, describe};
use hosts::{attributes, hosts, place_of, trust};
use logins::Logins;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;
use tokio_postgres::config::{ChannelBinding, Host, SslMode, SslNegotiation};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use words::Words;

/// How long one host may take until it has let us in, where nothing else is said.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);

/// Where PostgreSQL's socket usually is.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// What finds a password: of a host, a port, a database and a user.
pub type Passwords = Arc<dyn Fn(&Place<'_>) -> Option<String> + Send + Sync>;

/// Where a password is for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The host's name, address, or the socket's folder.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: &'a str,
    /// The user.
    pub user: &'a str,
}

/// A database's address, and who to be there. `Debug` and errors never show the password.
#[derive(Clone)]
pub struct Connect {
    /// One for each host, in the order in which they are tried.
    hosts: Vec<tokio_postgres::Config>,
    /// The one that let us in last, which is tried first: after a failover the others may swallow
    /// what they are sent.
    latest: Arc<AtomicUsize>,
    words: Words,
    tls: Option<MakeRustlsConnect>,
    passwords: Option<Passwords>,
    logins: Arc<Logins>,
    /// What is known of the way there.
    way: Arc<AtomicU8>,
}

/// A connection before anything was asked of it.
pub(crate) struct Opened {
    pub(crate) client: Client,
    /// A setting that it was begun with, which a pooler doesn't hand on; none where the server's
    /// side took none.
    pub(crate) mark: Option<String>,
}

/// What is known of the way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Way {
    /// Nothing yet.
    Unknown,
    /// Somebody in between takes no options.
    WithoutOptions,
    /// Somebody is in between, and leaves us our sessions.
    Kept,
}

/// The setting that marks a connection.
pub(crate) const MARK: &str = "concertina.login";

impl Connect {
    /// Reads a URL (`postgres://user@host/database?sslmode=verify-full`) or a `key=value` string, as libpq does.
    /// `sslmode` is one of disable, prefer (the default), require, verify-ca, verify-full; `sslrootcert` names a
    /// file of certificates, otherwise the system's are used.
    ///
    /// # Errors
    ///
    /// [`Error::BadConnection`] when it can't be read.
    pub fn parse(text: &str) -> Result<Connect, Error> {
        Connect::with_defaults(text, &[])
    }

    /// The same, with words from elsewhere for what it doesn't say, such as the environment: the first that has a word.
    ///
    /// # Errors
    ///
    /// [`Error::BadConnection`] when it can't be read.
    pub fn with_defaults(text: &str, defaults: &[(&str, String)]) -> Result<Connect, Error> {
        let mut words = Words::parse(text)?;
        for (key, value) in defaults {
            words.fill(key, value);
        }
        if words.get("host").is_none() && words.get("hostaddr").is_none() {
            let socket = SOCKETS
                .into_iter()
                .find(|folder| Path::new(folder).is_dir())
                .unwrap_or("localhost");
            words.fill("host", socket);
        }
        if words.get("user").is_none() {
            let user = std::env::var("USER").ok().filter(|user| !user.is_empty());
            words.fill("user", user.as_deref().unwrap_or("postgres"));
        }
        Connect::of(words)
    }

    /// Which words of a connection string name a service, a file of passwords, and others: as it says them itself.
    ///
    /// # Errors
    ///
    /// [`Error::BadConnection`] when it can't be read.
    pub fn word_of(text: &str, word: &str) -> Result<Option<String>, Error> {
        Ok(Words::parse(text)?.get(word).map(str::to_owned))
    }

    fn of(words: Words) -> Result<Connect, Error> {
        let (mode, verify) = trust(&words)?;
        let mut hosts = hosts(&words)?;
        let attributes = attributes(&words, hosts.len() > 1)?;
        let seconds = |text: &str| {
            text.parse::<u64>()
                .ok()
                .filter(|seconds| *seconds > 0)
                .map(Duration::from_secs)
        };
        let timeout = words
            .get("connect_timeout")
            .and_then(seconds)
            .unwrap_or(CONNECTS_WITHIN);
        for config in &mut hosts {
            config
                .ssl_mode(mode)
                .target_session_attrs(attributes)
                .connect_timeout(timeout);
            config
                .keepalives_idle(Duration::from_secs(30))
                .tcp_user_timeout(Duration::from_secs(30));
            words.get("user").map(|user| config.user(user));
            words.get("dbname").map(|name| config.dbname(name));
            words
                .get("password")
                .map(|password| config.password(password));
            words.get("options").map(|options| config.options(options));
            match words.get("channel_binding") {
                Some("require") => config.channel_binding(ChannelBinding::Require),
                Some("disable") => config.channel_binding(ChannelBinding::Disable),
                _ => config,
            };
            if words.get("sslnegotiation") == Some("direct") {
                config.ssl_negotiation(SslNegotiation::Direct);
            }
        }
        let only_sockets = hosts
            .iter()
            .all(|config| matches!(config.get_hosts().first(), Some(Host::Unix(_))));
        let trust = Trust {
            verify,
            root: words.get("sslrootcert").filter(|root| *root != "system"),
            own: words.get("sslcert").zip(words.get("sslkey")),
        };
        let without = mode == SslMode::Disable || only_sockets;
        let tls = if without {
            None
        } else {
            Some(MakeRustlsConnect::new(tls::config(&trust)?))
        };
        let (logins, way) = (Arc::default(), Arc::new(AtomicU8::new(Way::Unknown as u8)));
        Ok(Connect {
            hosts,
            latest: Arc::default(),
            words,
            tls,
            passwords: None,
            logins,
            way,
        })
    }

    fn first(&self) -> &tokio_postgres::Config {
        &self.hosts[0]
    }

    /// The first host's name.
    fn host(&self) -> String {
        place_of(self.first()).0
    }

    fn port(&self) -> u16 {
        place_of(self.first()).1
    }

    /// The user's name.
    pub(crate) fn user(&self) -> String {
        self.first().get_user().unwrap_or("postgres").to_owned()
    }

    /// The database's name; the user's name when none is given, as libpq has it.
    fn database(&self) -> String {
        self.first()
            .get_dbname()
            .map_or_else(|| self.user(), str::to_owned)
    }

    /// Asks for the password whenever it logs in, where the words don't give it: a file of
    /// passwords may change.
    pub fn set_passwords(&mut self, passwords: Passwords) {
        if self.words.get("password").is_none() {
            self.passwords = Some(passwords);
        }
    }

    /// Whether another password may be there the next time: the file of passwords is read again
    /// each time.
    pub(crate) fn may_let_in(&self, error: &Error) -> bool {
        let of_password = |code: &String| code.starts_with("28");
        matches!(error, Error::Connect { code: Some(code), .. } if of_password(code))
            && self.passwords.is_some()
    }

    /// Host, port and database, for messages.
    pub fn target(&self) -> String {
        format!(
            "{}:{}/{} as {}",
            self.host(),
            self.port(),
            self.database(),
            self.user()
        )
    }

    /// The host that let us in last, with its port.
    pub(crate) fn reached(&self) -> String {
        let (host, port) = place_of(&self.hosts[self.latest.load(Ordering::Relaxed)]);
        format!("{host}:{port}")
    }

    fn password(&self, config: &tokio_postgres::Config) -> Option<String> {
        if let Some(given) = self.words.get("password") {
            return Some(given.to_owned());
        }
        let (host, port) = place_of(config);
        let place = Place {
            host: &host,
            port,
            database: &self.database(),
            user: &self.user(),
        };
        self.passwords.as_ref()?(&place)
    }

    /// Another database of the same server.
    pub(crate) fn to_database(&self, name: &str) -> Connect {
        let mut other = self.clone();
        for config in &mut other.hosts {
            config.dbname(name);
        }
        other
    }

    /// Waits until it is time to log in.
    pub(crate) async fn turn(&self) {
        self.logins.turn().await;
    }

    /// It doesn't let us in, or not for long.
    pub(crate) fn refused(&self) {
        self.logins.refused();
    }

    /// It let us in.
    pub(crate) fn let_in(&self) {
        self.logins.let_in();
    }

    pub(crate) fn way(&self) -> Way {
        let way = self.way.load(Ordering::Relaxed);
        [Way::WithoutOptions, Way::Kept]
            .into_iter()
            .find(|known| *known as u8 == way)
            .unwrap_or(Way::Unknown)
    }

    pub(crate) fn learned(&self, way: Way) {
        self.way.store(way as u8, Ordering::Relaxed);
    }

    /// Logs in at the first host that takes us.
    pub(crate) async fn open(&self, application: &str) -> Result<Opened, Error> {
        let latest = self.latest.load(Ordering::Relaxed);
        let others = (0..self.hosts.len()).filter(|at| *at != latest);
        // Of several failures the one of the last host is told, in whatever order they were tried.
        let mut failed: Option<(usize, String, Option<String>)> = None;
        for at in std::iter::once(latest).chain(others) {
            let config = &self.hosts[at];
            let (why, code) =
                match tokio::time::timeout(within(config), self.open_host(config, application))
                    .await
                {
                    Ok(Ok(opened)) => {
                        self.latest.store(at, Ordering::Relaxed);
                        return Ok(opened);
                    }
                    Ok(Err(error)) => (
                        describe(&error),
                        error.code().map(|code| code.code().to_owned()),
                    ),
                    Err(_) => ("no answer from the server".to_owned(), None),
                };
            if failed.as_ref().is_none_or(|(before, ..)| *before < at) {
                failed = Some((at, why, code));
            }
        }
        let Some((_, why, code)) = failed else {
            return Err(Error::BadConnection("no host is named".to_owned()));
        };
        Err(Error::Connect {
            target: self.target(),
            why,
            code,
        })
    }

    /// How long it may take until one of the hosts has let us in.
    pub(crate) fn opens_within(&self) -> Duration {
        self.hosts.iter().map(within).sum()
    }

    async fn open_host(
        &self,
        config: &tokio_postgres::Config,
        application: &str,
    ) -> Result<Opened, tokio_postgres::Error> {
        let mut config = config.clone();
        config.application_name(application);
        if let Some(password) = self.password(&config) {
            config.password(password);
        }
        if self.way() == Way::Unknown {
            let mark = format!("{:016x}", rand::random::<u64>());
            let mut marked = config.clone();
            let options = config
                .get_options()
                .map_or_else(String::new, |options| format!("{options} "));
            marked.options(format!("{options}-c {MARK}={mark}"));
            match self.open_by(&marked).await {
                Ok(client) => {
                    return Ok(Opened {
                        client,
                        mark: Some(mark),
                    });
                }
                // A pooler that knows no options, or not these.
                Err(error) if error.code().is_some_and(is_of_protocol) => {
                    self.learned(Way::WithoutOptions);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Opened {
            client: self.open_by(&config).await?,
            mark: None,
        })
    }

    async fn open_by(
        &self,
        config: &tokio_postgres::Config,
    ) -> Result<Client, tokio_postgres::Error> {
        let client = match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                tokio::spawn(connection);
                client
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                tokio::spawn(connection);
                client
            }
        };
        Ok(client)
    }

    /// What is asked of the server while there is no session to be lost.
    ///
    /// # Errors
    ///
    /// When there is no answer in time.
    pub(crate) async fn in_time<T>(
        &self,
        within: Duration,
        ask: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::time::timeout(within, ask).await.unwrap_or_else(|_| {
            Err(Error::Connect {
                target: self.target(),
                why: "no answer from the server".to_owned(),
                code: None,
            })
        })
    }

    /// Asks the server to end what a session is doing.
    pub(crate) async fn cancel(&self, session: &Session) {
        let token = session.cancel_token();
        let sent = match &self.tls {
            None => token.cancel_query(NoTls).await,
            Some(tls) => token.cancel_query(tls.clone()).await,
        };
        if let Err(error) = sent {
            tracing::debug!("can't cancel: {error}");
        }
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connect({})", self.target())
    }
}

/// How long a host may take, from the first packet until it has let us in: libpq's
/// `connect_timeout` is of all of that.
fn within(config: &tokio_postgres::Config) -> Duration {
    config
        .get_connect_timeout()
        .copied()
        .unwrap_or(CONNECTS_WITHIN)
}

fn is_of_protocol(code: &SqlState) -> bool {
    [
        SqlState::PROTOCOL_VIOLATION,
        SqlState::FEATURE_NOT_SUPPORTED,
    ]
    .contains(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_revisions::Ident;

    #[test]
    fn messages_never_show_the_password() {
        let connect =
            Connect::parse("postgres://ann:s3cret@db.example/app?sslmode=disable").unwrap();
        assert!(!format!("{connect:?}").contains("s3cret"));
        assert_eq!(connect.target(), "db.example:5432/app as ann");
        let error = Connect::parse("postgres://ann:s3cret@db.example:port/app").unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn another_search_path_is_read_back_by_the_driver() {
        let connect =
            Connect::parse("postgres://ann:s3cret@one:5433,two:5434/app?sslmode=require").unwrap();
        let path = [Ident::new("public_01 a\\b"), Ident::new("public")];
        let url = connect.url_with_search_path(&path);
        assert!(
            !url.contains("s3cret") && url.ends_with("&sslmode=require"),
            "{url}"
        );
        let again = Connect::parse(&url).unwrap();
        assert_eq!(
            again.first().get_options(),
            Some("-csearch_path=\"public_01\\ a\\\\b\",public")
        );
        assert_eq!((again.hosts.len(), place_of(&again.hosts[1]).1), (2, 5434));
    }

    #[test]
    fn every_sslmode_is_understood() {
        for mode in [
            "disable",
            "allow",
            "prefer",
            "require",
            "verify-ca",
            "verify-full",
        ] {
            assert!(
                Connect::parse(&format!("host=localhost user=a sslmode={mode}")).is_ok(),
                "{mode}"
            );
        }
        assert!(Connect::parse("host=localhost sslmode=maybe").is_err());
    }

    #[test]
    fn a_host_behind_the_question_mark_replaces_the_one_before_it() {
        let connect = Connect::parse("postgres://localhost/db?host=/tmp/socket&user=u").unwrap();
        assert_eq!(connect.target(), "/tmp/socket:5432/db as u");
        let connect = Connect::parse("host=name hostaddr=127.0.0.1 user=u port=7").unwrap();
        assert_eq!(
            (connect.target().as_str(), connect.hosts.len()),
            ("name:7/u as u", 1)
        );
    }
}
