//! Which database: `--url`, then DATABASE_URL, then PGHOST and its kin, then `concertina.toml`; the password from
//! there, from PGPASSWORD or from the password file.

use crate::failure::Failure;
use concertina_engine::Connect;
use std::path::PathBuf;

/// Environment variables of libpq and the word of a connection string that each stands for.
const VARIABLES: [(&str, &str); 8] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGDATABASE", "dbname"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGOPTIONS", "options"),
];

/// Where PostgreSQL's socket usually is.
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
    let named = url.map(str::to_owned).or_else(|| variable("DATABASE_URL")).or_else(|| from_variables(variable));
    let text = named.or_else(|| from_file.map(str::to_owned)).ok_or_else(|| {
        Failure::usage("no database is named", "say --url postgres://user@host/database, or set DATABASE_URL")
    })?;
    let mut connect = Connect::parse(&text)?;
    if !connect.has_password()
        && let Some(password) = variable("PGPASSWORD").or_else(|| from_password_file(&connect, variable))
    {
        connect.set_password(&password);
    }
    Ok(connect)
}

fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut words: Vec<String> = VARIABLES
        .iter()
        .filter_map(|(name, word)| variable(name).map(|value| format!("{word}={}", quoted(&value))))
        .collect();
    if !["PGHOST", "PGHOSTADDR", "PGDATABASE"].iter().any(|name| variable(name).is_some()) {
        return None;
    }
    if variable("PGHOST").is_none() && variable("PGHOSTADDR").is_none() {
        let socket = SOCKETS.into_iter().find(|folder| std::path::Path::new(folder).is_dir()).unwrap_or("localhost");
        words.push(format!("host={socket}"));
    }
    if variable("PGUSER").is_none() {
        words.extend(variable("USER").map(|user| format!("user={}", quoted(&user))));
    }
    Some(words.join(" "))
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// libpq's password file: `host:port:database:user:password`, `*` for any, `\` before a colon or backslash.
fn from_password_file(connect: &Connect, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let path = variable("PGPASSFILE")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".pgpass")))?;
    let text = std::fs::read_to_string(&path).ok()?;
    if !private(&path) {
        tracing::warn!("{} is readable by others and is not used; chmod 600 it", path.display());
        return None;
    }
    let wanted = [connect.host(), connect.port().to_string(), connect.database(), connect.user()];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [given @ .., password] = fields.as_slice() else { return None };
        let matches =
            given.len() == 4 && given.iter().zip(&wanted).all(|(given, wanted)| given == "*" || given == wanted);
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
fn private(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode().trailing_zeros() >= 6)
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_nearest_source_wins() {
        let variables = with(&[("DATABASE_URL", "postgres://b@two/b"), ("PGHOST", "three"), ("PGUSER", "c")]);
        let target = |url| find(url, Some("postgres://d@four/d"), &variables).unwrap().target();
        assert_eq!(target(Some("postgres://a@one/a")), "one:5432/a as a");
        assert_eq!(target(None), "two:5432/b as b");
        let variables = with(&[("PGHOST", "three"), ("PGUSER", "c"), ("PGPORT", "6000")]);
        assert_eq!(find(None, Some("postgres://d@four/d"), &variables).unwrap().target(), "three:6000/c as c");
        assert_eq!(find(None, Some("postgres://d@four/d"), &with(&[])).unwrap().target(), "four:5432/d as d");
        assert!(find(None, None, &with(&[])).is_err());
    }

    #[test]
    fn a_password_file_has_wildcards_and_escapes() {
        assert_eq!(fields(r"h\:1:5432:*:ann:pa:ss"), ["h:1", "5432", "*", "ann", "pa:ss"]);
        assert_eq!(fields(r"h:1:d:u:a\\b"), ["h", "1", "d", "u", r"a\b"]);
    }
}
