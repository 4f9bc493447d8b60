//! Where the database is and how to get in: connection strings, TLS by `sslmode`.

use crate::error::{Error, describe};
use crate::session::Session;
use crate::tls::{self, Verify};
use concertina_revisions::Ident;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A database's address, and who to be there. `Debug` and errors never show the password.
#[derive(Clone)]
pub struct Connect {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
    words: TlsWords,
}

impl Connect {
    /// Reads a URL (`postgres://user@host/database?sslmode=verify-full`) or a `key=value` string, as libpq does.
    /// `sslmode` is one of disable, prefer (the default), require, verify-ca, verify-full; `sslrootcert` names a
    /// file of certificates, otherwise the system's are used.
    ///
    /// # Errors
    ///
    /// [`Error::BadConnection`] when it can't be read.
    pub fn parse(text: &str) -> Result<Connect, Error> {
        let text = text.trim();
        if text.starts_with("postgres")
            && text.contains("://")
            && text.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            // What stands behind one would be taken for a part of the name before it, a password too. libpq refuses it as well.
            return Err(Error::BadConnection("a URL has no blanks: write %20".to_owned()));
        }
        let (text, extras) = take_tls_words(text);
        let mut config =
            tokio_postgres::Config::from_str(&text).map_err(|error| Error::BadConnection(describe(&error)))?;
        if config.get_hosts().is_empty() {
            return Err(Error::BadConnection("no host is named".to_owned()));
        }
        // `host= password=..`: the next pair is taken for the value, and would be shown.
        let shown = format!("{:?} {:?} {:?} {extras:?}", config.get_hosts(), config.get_dbname(), config.get_user());
        if shown.split_whitespace().collect::<String>().contains("password=") {
            return Err(Error::BadConnection("a word before `password` has no value".to_owned()));
        }
        let (mode, verify) = match extras.sslmode.as_deref() {
            None | Some("prefer" | "allow") => (SslMode::Prefer, Verify::Nothing),
            Some("disable") => (SslMode::Disable, Verify::Nothing),
            Some("require") if extras.root.is_some() => (SslMode::Require, Verify::Authority),
            Some("require") => (SslMode::Require, Verify::Nothing),
            Some("verify-ca") => (SslMode::Require, Verify::Authority),
            Some("verify-full") => (SslMode::Require, Verify::Full),
            Some(other) => return Err(Error::BadConnection(format!("sslmode `{other}` isn't known"))),
        };
        config.ssl_mode(mode);
        if config.get_hosts().len() > 1 {
            config.target_session_attrs(tokio_postgres::config::TargetSessionAttrs::ReadWrite);
        }
        config.connect_timeout(Duration::from_secs(10));
        config.keepalives_idle(Duration::from_secs(30));
        config.tcp_user_timeout(Duration::from_secs(30));
        let only_sockets = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let tls = if mode == SslMode::Disable || only_sockets {
            None
        } else {
            Some(MakeRustlsConnect::new(tls::config(verify, extras.root.as_deref())?))
        };
        Ok(Connect { config, tls, words: extras })
    }

    /// The first host's name, for a password file.
    pub fn host(&self) -> String {
        match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            Some(Host::Unix(_)) | None => "localhost".to_owned(),
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.config.get_ports().first().copied().unwrap_or(5432)
    }

    /// The user's name.
    pub fn user(&self) -> String {
        self.config.get_user().unwrap_or("postgres").to_owned()
    }

    /// The database's name; the user's name when none is given, as libpq has it.
    pub fn database(&self) -> String {
        self.config.get_dbname().map_or_else(|| self.user(), str::to_owned)
    }

    /// Whether a password is given.
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// Sets the password.
    pub fn set_password(&mut self, password: &str) {
        self.config.password(password);
    }

    /// Host, port and database, for messages.
    pub fn target(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(Host::Unix(path)) => path.display().to_string(),
            _ => self.host(),
        };
        format!("{host}:{}/{} as {}", self.port(), self.database(), self.user())
    }

    /// A URL of the database with another search_path, as libpq reads it; without the password.
    pub fn url_with_search_path(&self, search_path: &[Ident]) -> String {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        let mut words = Vec::new();
        let mut hosts = Vec::new();
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            match host {
                Host::Tcp(name) => hosts.push(format!("{name}:{}", port(at))),
                Host::Unix(folder) => {
                    hosts.push(format!(":{}", port(at)));
                    words.push(format!("host={}", encode(&folder.to_string_lossy())));
                }
            }
        }
        let path: Vec<String> = search_path.iter().map(Ident::sql).collect();
        // What is inside of options is cut at blanks, which a backslash keeps.
        let path = path.join(",").replace('\\', "\\\\").replace(' ', "\\ ");
        words.push(format!("options={}", encode(&format!("-csearch_path={path}"))));
        words.extend(self.words.sslmode.iter().map(|mode| format!("sslmode={}", encode(mode))));
        words.extend(self.words.root.iter().map(|root| format!("sslrootcert={}", encode(root))));
        format!(
            "postgresql://{}@{}/{}?{}",
            encode(&self.user()),
            hosts.join(","),
            encode(&self.database()),
            words.join("&")
        )
    }

    /// The same in the environment's variables of libpq, for programs that read them: passwords stay out of their arguments.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("PGPORT", self.port().to_string()),
            ("PGUSER", self.user()),
            ("PGDATABASE", self.database()),
            (
                "PGHOST",
                match self.config.get_hosts().first() {
                    Some(Host::Unix(folder)) => folder.to_string_lossy().into_owned(),
                    _ => self.host(),
                },
            ),
        ];
        let password = self.config.get_password().map(|password| String::from_utf8_lossy(password).into_owned());
        variables.extend(password.map(|password| ("PGPASSWORD", password)));
        variables.extend(self.words.sslmode.clone().map(|mode| ("PGSSLMODE", mode)));
        variables.extend(self.words.root.clone().map(|root| ("PGSSLROOTCERT", root)));
        variables
    }

    /// Another database of the same server.
    pub(crate) fn to_database(&self, name: &str) -> Connect {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    pub(crate) async fn open(&self, application: &str) -> Result<Client, Error> {
        let mut config = self.config.clone();
        config.application_name(application);
        let failed = |error: tokio_postgres::Error| Error::Connect { target: self.target(), why: describe(&error) };
        let client = match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
                tokio::spawn(connection);
                client
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await.map_err(failed)?;
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
            Err(Error::Connect { target: self.target(), why: "no answer from the server".to_owned() })
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

/// The words that the driver doesn't know.
#[derive(Debug, Clone, Default, PartialEq)]
struct TlsWords {
    sslmode: Option<String>,
    root: Option<String>,
}

impl TlsWords {
    fn take(&mut self, key: &str, value: &str) -> bool {
        match key {
            "sslmode" => self.sslmode = Some(value.to_owned()),
            "sslrootcert" => self.root = Some(value.to_owned()),
            _ => return false,
        }
        true
    }
}

/// Takes `sslmode` and `sslrootcert` out of a URL's query or a `key=value` string.
fn take_tls_words(text: &str) -> (String, TlsWords) {
    let mut words = TlsWords::default();
    if let Some((address, query)) = text.split_once('?').filter(|(address, _)| address.contains("://")) {
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                !words.take(key, &percent_decoded(value))
            })
            .collect();
        let rest = if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) };
        return (rest, words);
    }
    if text.contains("://") {
        return (text.to_owned(), words);
    }
    let kept: Vec<String> =
        pairs(text).into_iter().filter(|(key, value, _)| !words.take(key, value)).map(|(.., raw)| raw).collect();
    (kept.join(" "), words)
}

/// The pairs of a `key=value` string: key, value without its quotes, and the pair as written.
fn pairs(text: &str) -> Vec<(String, String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let after_blank = after.trim_start();
        let (value, end) = match after_blank.strip_prefix('\'') {
            None => {
                let end = after_blank.find(char::is_whitespace).unwrap_or(after_blank.len());
                (after_blank[..end].to_owned(), end)
            }
            Some(quoted) => {
                let mut value = String::new();
                let mut end = after_blank.len();
                let mut characters = quoted.char_indices();
                while let Some((at, c)) = characters.next() {
                    match c {
                        '\\' => value.extend(characters.next().map(|(_, c)| c)),
                        '\'' => {
                            end = at + 2;
                            break;
                        }
                        _ => value.push(c),
                    }
                }
                (value, end)
            }
        };
        pairs.push((key.trim().to_owned(), value, format!("{}={}", key.trim(), &after_blank[..end])));
        rest = after_blank[end..].trim_start();
    }
    pairs
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_words_are_taken_out_of_both_forms() {
        let (url, words) = take_tls_words("postgres://u@h/d?sslmode=verify-full&sslrootcert=%2Fca.pem&options=-cx");
        assert_eq!(url, "postgres://u@h/d?options=-cx");
        assert_eq!((words.sslmode.as_deref(), words.root.as_deref()), (Some("verify-full"), Some("/ca.pem")));
        let (pairs, words) = take_tls_words("host=h sslmode=require password='a b\\'c' dbname=d");
        assert_eq!(pairs, "host=h password='a b\\'c' dbname=d");
        assert_eq!(words.sslmode.as_deref(), Some("require"));
    }

    #[test]
    fn messages_never_show_the_password() {
        let connect = Connect::parse("postgres://ann:s3cret@db.example/app?sslmode=disable").unwrap();
        assert!(!format!("{connect:?}").contains("s3cret"));
        assert_eq!(connect.target(), "db.example:5432/app as ann");
        let error = Connect::parse("postgres://ann:s3cret@db.example:port/app").unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn another_search_path_is_read_back_by_the_driver() {
        let connect = Connect::parse("postgres://ann:s3cret@one:5433,two:5434/app?sslmode=require").unwrap();
        let path = [Ident::new("public_01 a\\b"), Ident::new("public")];
        let url = connect.url_with_search_path(&path);
        assert!(!url.contains("s3cret") && url.ends_with("&sslmode=require"), "{url}");
        let again = Connect::parse(&url).unwrap();
        assert_eq!(again.config.get_options(), Some("-csearch_path=\"public_01\\ a\\\\b\",public"));
        assert_eq!((again.config.get_hosts().len(), again.config.get_ports()), (2, &[5433, 5434][..]));
    }

    #[test]
    fn every_sslmode_is_understood() {
        for mode in ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] {
            assert!(Connect::parse(&format!("host=localhost user=a sslmode={mode}")).is_ok(), "{mode}");
        }
        assert!(Connect::parse("host=localhost sslmode=maybe").is_err());
    }
}
