//! Which database: `--url`, then DATABASE_URL, then PGHOST and its kin, then `concertina.toml`; the
//! password from there, from PGPASSWORD or from the password file.

use crate::failure::Failure;
use concertina_engine::{Connect, Place};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Environment variables of libpq and the word of a connection string that each stands for.
const VARIABLES: [(&str, &str); 16] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGDATABASE", "dbname"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGOPTIONS", "options"),
    ("PGPASSFILE", "passfile"),
];

/// What names a database by itself.
const NAMING: [&str; 4] = ["PGSERVICE", "PGHOST", "PGHOSTADDR", "PGDATABASE"];

/// Where PostgreSQL's socket usually is: in a file of passwords it is `localhost`.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Finds the database. `variable` reads an environment variable.
///
/// # Errors
///
/// When nothing names one, or what names it can't be read.
pub fn find(
    url: Option<&str>,
    from_file: Option<&str>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Connect, Failure> {
    let of_environment = NAMING
        .iter()
        .any(|name| variable(name).is_some())
        .then(String::new);
    let named = url
        .map(str::to_owned)
        .or_else(|| variable("DATABASE_URL"))
        .or(of_environment);
    let text = named
        .or_else(|| from_file.map(str::to_owned))
        .ok_or_else(|| {
            Failure::usage(
                "no database is named",
                "say --url postgres://user@host/database, or set DATABASE_URL",
            )
        })?;
    let mut defaults = Vec::new();
    if let Some(service) = Connect::word_of(&text, "service")?.or_else(|| variable("PGSERVICE")) {
        defaults.extend(of_service(&service, variable)?);
    }
    let from_variables = VARIABLES
        .iter()
        .filter_map(|(name, word)| Some(((*word).to_owned(), variable(name)?)));
    defaults.extend(from_variables);
    defaults.extend(variable("USER").map(|user| ("user".to_owned(), user)));
    if let Some(folder) = variable("HOME").map(|home| PathBuf::from(home).join(".postgresql")) {
        let own = ["postgresql.crt", "postgresql.key"].map(|name| folder.join(name));
        if own.iter().all(|file| file.is_file()) {
            let [certificate, key] = own.map(|file| file.to_string_lossy().into_owned());
            defaults.extend([
                ("sslcert".to_owned(), certificate),
                ("sslkey".to_owned(), key),
            ]);
        }
        // With it `require` verifies the authority, too.
        let root = folder.join("root.crt");
        if root.is_file() {
            defaults.push((
                "sslrootcert".to_owned(),
                root.to_string_lossy().into_owned(),
            ));
        }
    }
    let borrowed: Vec<(&str, String)> = defaults
        .iter()
        .map(|(word, value)| (word.as_str(), value.clone()))
        .collect();
    let mut connect = Connect::with_defaults(&text, &borrowed)?;
    let passfile = Connect::word_of(&text, "passfile")?
        .or_else(|| {
            defaults
                .iter()
                .find(|(word, _)| word == "passfile")
                .map(|(_, value)| value.clone())
        })
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".pgpass")));
    let given = variable("PGPASSWORD");
    if given.is_some() || passfile.is_some() {
        connect.set_passwords(Arc::new(move |place| {
            given
                .clone()
                .or_else(|| from_password_file(passfile.as_deref()?, place))
        }));
    }
    Ok(connect)
}

/// The words of a service: a section of a file.
fn of_service(
    service: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, Failure> {
    let of_user = variable("PGSERVICEFILE")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".pg_service.conf")));
    let of_system = PathBuf::from(
        variable("PGSYSCONFDIR").unwrap_or_else(|| "/etc/postgresql-common".to_owned()),
    );
    for file in of_user
        .into_iter()
        .chain([of_system.join("pg_service.conf")])
    {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        if let Some(words) = section(&text, service) {
            return Ok(words);
        }
    }
    Err(Failure::usage(
        format!("no service {service} is defined"),
        "write a section of that name into ~/.pg_service.conf, or name the file in PGSERVICEFILE",
    ))
}

fn section(text: &str, service: &str) -> Option<Vec<(String, String)>> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.find(|line| {
        line.strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
            == Some(service)
    })?;
    let words = lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='));
    Some(
        words
            .map(|(word, value)| (word.trim().to_owned(), value.trim().to_owned()))
            .collect(),
    )
}

/// libpq's password file: `host:port:database:user:password`, `*` for any, `\` before a colon or
/// backslash.
fn from_password_file(path: &Path, place: &Place<'_>) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    if !private(path) {
        tracing::warn!(
            "{} is readable by others and is not used; chmod 600 it",
            path.display()
        );
        return None;
    }
    let host = if SOCKETS.contains(&place.host) {
        "localhost"
    } else {
        place.host
    };
    let wanted = [
        host.to_owned(),
        place.port.to_string(),
        place.database.to_owned(),
        place.user.to_owned(),
    ];
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let fields = fields(line);
            let [given @ .., password] = fields.as_slice() else {
                return None;
            };
            let matches = given.len() == 4
                && given
                    .iter()
                    .zip(&wanted)
                    .all(|(given, wanted)| given == "*" || given == wanted);
            matches.then(|| password.clone())
        })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        let at = fields.len() - 1;
        match c {
            '\\' => fields[at].extend(characters.next()),
            ':' if fields.len() < 5 => fields.push(String::new()),
            _ => fields[at].push(c),
        }
    }
    fields
}

#[cfg(unix)]
fn private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.permissions().mode().trailing_zeros() >= 6)
}

#[cfg(not(unix))]
fn private(_: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            pairs
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_nearest_source_wins() {
        let variables = with(&[
            ("DATABASE_URL", "postgres://b@two/b"),
            ("PGHOST", "three"),
            ("PGUSER", "c"),
        ]);
        let target = |url| {
            find(url, Some("postgres://d@four/d"), &variables)
                .unwrap()
                .target()
        };
        assert_eq!(target(Some("postgres://a@one/a")), "one:5432/a as a");
        assert_eq!(target(None), "two:5432/b as b");
        let variables = with(&[("PGHOST", "three"), ("PGUSER", "c"), ("PGPORT", "6000")]);
        assert_eq!(
            find(None, Some("postgres://d@four/d"), &variables)
                .unwrap()
                .target(),
            "three:6000/c as c"
        );
        assert_eq!(
            find(None, Some("postgres://d@four/d"), &with(&[]))
                .unwrap()
                .target(),
            "four:5432/d as d"
        );
        assert!(find(None, None, &with(&[])).is_err());
    }

    #[test]
    fn authorities_are_looked_for_where_libpq_looks() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".postgresql");
        std::fs::create_dir(&folder).unwrap();
        let at = home.path().display().to_string();
        let found = |words: &str| {
            let variable = |name: &str| (name == "HOME").then(|| at.clone());
            find(Some(&format!("postgres://h/d?{words}")), None, &variable)
        };
        assert!(found("sslmode=require").is_ok());
        std::fs::write(folder.join("root.crt"), "no authority").unwrap();
        for mode in ["require", "verify-ca", "verify-full"] {
            assert!(found(&format!("sslmode={mode}")).is_err(), "{mode}");
        }
        assert!(found("sslmode=prefer").is_ok() && found("sslmode=disable").is_ok());
        // The system's authorities sign for anybody: only the name tells whether it is the server
        // that is meant.
        assert!(found("sslrootcert=system").is_ok());
        for mode in ["disable", "prefer", "require", "verify-ca"] {
            let weak = found(&format!("sslrootcert=system&sslmode={mode}"));
            assert!(weak.is_err(), "{mode}");
        }
    }

    #[test]
    fn a_service_gives_what_the_url_does_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            file.path(),
            "# ours\n[other]\nhost=one\n[shop]\nhost=two\nport=6000\nuser=ann\n\n[last]\nhost=x\n",
        )
        .unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let variables = move |name: &str| match name {
            "PGSERVICE" => Some("shop".to_owned()),
            "PGSERVICEFILE" => Some(path.clone()),
            "PGUSER" => Some("of-environment".to_owned()),
            "PGDATABASE" => Some("d".to_owned()),
            _ => None,
        };
        assert_eq!(
            find(None, None, &variables).unwrap().target(),
            "two:6000/d as ann"
        );
        assert_eq!(
            find(Some("postgres://bob@three/e"), None, &variables)
                .unwrap()
                .target(),
            "three:6000/e as bob"
        );
        let unknown = find(Some("service=unknown"), None, &variables).unwrap_err();
        assert!(
            unknown.to_string().contains("no service unknown"),
            "{unknown}"
        );
    }

    #[test]
    fn a_password_file_has_wildcards_and_escapes() {
        assert_eq!(
            fields(r"h\:1:5432:*:ann:pa:ss"),
            ["h:1", "5432", "*", "ann", "pa:ss"]
        );
        assert_eq!(fields(r"h:1:d:u:a\\b"), ["h", "1", "d", "u", r"a\b"]);
    }
}
