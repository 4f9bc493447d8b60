//! A connection string's words, as libpq reads them: of a URL or of `key=value` pairs.

use crate::error::Error;
use std::collections::BTreeMap;

/// What libpq knows and a connection of ours does the same without: defaults that we don't leave,
/// or what is about GSSAPI alone.
const WITHOUT_MEANING: [&str; 13] = [
    "application_name",
    "fallback_application_name",
    "client_encoding",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslcompression",
    "sslsni",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
];

/// What is understood.
const KNOWN: [&str; 20] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "options",
    "connect_timeout",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslnegotiation",
    "channel_binding",
    "target_session_attrs",
    "load_balance_hosts",
    "service",
    "gssencmode",
    "ssl",
];

/// What libpq knows and isn't understood here. It must not be passed over: it may be there for
/// security.
const UNSUPPORTED: [&str; 20] = [
    "requiressl",
    "requirepeer",
    "require_auth",
    "replication",
    "sslpassword",
    "sslcrl",
    "sslcrldir",
    "sslcertmode",
    "sslkeylogfile",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "min_protocol_version",
    "max_protocol_version",
    "servicefile",
    "scram_client_key",
    "scram_server_key",
    "oauth_issuer",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_scope",
];

/// The words, each once.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Words(BTreeMap<String, String>);

impl Words {
    /// Reads a URL or pairs.
    ///
    /// # Errors
    ///
    /// [`Error::BadConnection`], which never tells a password.
    pub(crate) fn parse(text: &str) -> Result<Words, Error> {
        let text = text.trim();
        match text
            .strip_prefix("postgresql://")
            .or_else(|| text.strip_prefix("postgres://"))
        {
            Some(rest) => Words::of_url(rest),
            None => Words::of_pairs(text),
        }
    }

    /// A word's value; none where it is empty, too.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Takes a word from somewhere else where it isn't there.
    pub(crate) fn fill(&mut self, key: &str, value: &str) {
        if self.get(key).is_none() {
            self.0.insert(key.to_owned(), value.to_owned());
        }
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), Error> {
        match key {
            // As JDBC has it.
            "ssl" if value == "true" => self.0.insert("sslmode".to_owned(), "require".to_owned()),
            "gssencmode" if value == "require" => {
                return Err(Error::BadConnection(
                    "gssencmode=require isn't supported; use TLS".to_owned(),
                ));
            }
            key if KNOWN.contains(&key) => self.0.insert(key.to_owned(), value),
            key if WITHOUT_MEANING.contains(&key) => None,
            key if UNSUPPORTED.contains(&key) => {
                return Err(Error::BadConnection(format!("`{key}` isn't supported")));
            }
            // Not shown: a password with a blank and no quotes ends in something that looks like a
            // word.
            _ => {
                let known = KNOWN.join(", ");
                return Err(Error::BadConnection(format!(
                    "a word before `=` isn't one of {known}"
                )));
            }
        };
        Ok(())
    }

    fn of_url(rest: &str) -> Result<Words, Error> {
        if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
            // What stands behind one would be taken for a part of the name before it, a password
            // too. libpq refuses it as well.
            return Err(Error::BadConnection(
                "a URL has no blanks: write %20".to_owned(),
            ));
        }
        let (address, query) = rest
            .split_once('?')
            .map_or((rest, None), |(address, query)| (address, Some(query)));
        let (authority, database) = address
            .split_once('/')
            .map_or((address, None), |(authority, database)| {
                (authority, Some(database))
            });
        let (user, hosts) = match authority.rsplit_once('@') {
            // An abstract socket begins with it, escaped.
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        let mut words = Words::default();
        if let Some(user) = user {
            let (user, password) = user
                .split_once(':')
                .map_or((user, None), |(user, word)| (user, Some(word)));
            words.set("user", decoded(user)?)?;
            password.map_or(Ok(()), |password| words.set("password", decoded(password)?))?;
        }
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for host in hosts.split(',').filter(|_| !hosts.is_empty()) {
            let (name, port) = host_port(host)?;
            names.push(decoded(name)?);
            ports.push(decoded(port)?);
        }
        words.set("host", names.join(","))?;
        if ports.iter().any(|port| !port.is_empty()) {
            words.set("port", ports.join(","))?;
        }
        database.map_or(Ok(()), |database| words.set("dbname", decoded(database)?))?;
        for pair in query
            .into_iter()
            .flat_map(|query| query.split('&'))
            .filter(|pair| !pair.is_empty())
        {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(Error::BadConnection(
                    "a word behind `?` has no value".to_owned(),
                ));
            };
            // It replaces what stands before the `?`.
            words.set(&decoded(key)?, decoded(value)?)?;
        }
        Ok(words)
    }

    fn of_pairs(text: &str) -> Result<Words, Error> {
        let mut words = Words::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let Some((key, after)) = rest.split_once('=') else {
                return Err(Error::BadConnection(
                    "a word has no value: write word=value".to_owned(),
                ));
            };
            let (value, left) = value(after.trim_start())?;
            // `host= password=..` and `host=a\ password=..`: the next pair is taken for the value,
            // and would be shown.
            if key.trim() != "password" && value.contains("password=") {
                return Err(Error::BadConnection(
                    "the value of a word before `password` doesn't end before it".to_owned(),
                ));
            }
            words.set(key.trim(), value)?;
            rest = left.trim_start();
        }
        Ok(words)
    }
}

/// One value, and what stands behind it.
fn value(text: &str) -> Result<(String, &str), Error> {
    let (quoted, mut characters) = match text.strip_prefix('\'') {
        Some(rest) => (true, rest.char_indices()),
        None => (false, text.char_indices()),
    };
    let mut value = String::new();
    while let Some((_, c)) = characters.next() {
        match c {
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            '\'' if quoted => return Ok((value, characters.as_str())),
            c if !quoted && c.is_whitespace() => return Ok((value, characters.as_str())),
            _ => value.push(c),
        }
    }
    if quoted {
        Err(Error::BadConnection("a quote isn't closed".to_owned()))
    } else {
        Ok((value, ""))
    }
}

/// A host and its port, which may be empty; an IPv6 address stands in brackets.
fn host_port(text: &str) -> Result<(&str, &str), Error> {
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return Err(Error::BadConnection(
                "a bracket of an address isn't closed".to_owned(),
            ));
        };
        return Ok((address, port.strip_prefix(':').unwrap_or(port)));
    }
    Ok(text.split_once(':').unwrap_or((text, "")))
}

fn decoded(text: &str) -> Result<String, Error> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::BadConnection("a %-escape isn't UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        Words::parse(text)
            .unwrap()
            .0
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    fn told(text: &str) -> String {
        read(text)
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_url_is_read_as_libpq_reads_it() {
        assert_eq!(
            told("postgres://localhost/db?host=/tmp/s"),
            "dbname=db host=/tmp/s"
        );
        assert_eq!(
            told("postgresql://u%40x:p%3A@[::1]:5433,b/d"),
            "dbname=d host=::1,b password=p: port=5433, user=u@x"
        );
        assert_eq!(
            told("postgres:///d?host=%40abstract&user=u&port=7"),
            "dbname=d host=@abstract port=7 user=u"
        );
        assert_eq!(
            told("postgres://h?ssl=true&keepalives=0&application_name=x"),
            "host=h sslmode=require"
        );
        assert_eq!(told("postgres://"), "");
    }

    #[test]
    fn pairs_have_quotes_and_escapes() {
        assert_eq!(
            told(r"host=h password='a b\'c' dbname = d\ d"),
            "dbname=d d host=h password=a b'c"
        );
        assert!(Words::parse("host='h").is_err() && Words::parse("host").is_err());
    }

    #[test]
    fn what_is_not_kept_is_refused_and_never_shown() {
        for text in [
            "host=h requirepeer=x",
            "postgres://h/d?sslcrl=x",
            "host= password=s3cret",
            r"host=a\ password='s3cret'",
            "password=my s3cret=x",
            "postgres://u:s3 cret@h/d",
        ] {
            let Err(error) = Words::parse(text) else {
                panic!("{text}")
            };
            assert!(!error.to_string().contains("cret"), "{error}");
        }
    }
}
