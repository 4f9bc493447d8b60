//! A database's address for other programs: as a URL, as variables of libpq.

use super::Connect;
use super::hosts::place_of;
use concertina_revisions::Ident;
use tokio_postgres::config::Host;

impl Connect {
    /// A URL of the database with another search_path, as libpq reads it; without the password.
    pub fn url_with_search_path(&self, search_path: &[Ident]) -> String {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let mut words = Vec::new();
        let mut hosts = Vec::new();
        for config in &self.hosts {
            let (name, port) = place_of(config);
            match config.get_hosts().first() {
                Some(Host::Unix(_)) => {
                    hosts.push(format!(":{port}"));
                    words.push(format!("host={}", encode(&name)));
                }
                _ => hosts.push(format!("{name}:{port}")),
            }
        }
        let path: Vec<String> = search_path.iter().map(Ident::sql).collect();
        // What is inside of options is cut at blanks, which a backslash keeps.
        let path = path.join(",").replace('\\', "\\\\").replace(' ', "\\ ");
        words.push(format!(
            "options={}",
            encode(&format!("-csearch_path={path}"))
        ));
        let kept = ["sslmode", "sslrootcert", "sslcert", "sslkey"];
        words.extend(
            kept.iter()
                .filter_map(|key| Some(format!("{key}={}", encode(self.words.get(key)?)))),
        );
        format!(
            "postgresql://{}@{}/{}?{}",
            encode(&self.user()),
            hosts.join(","),
            encode(&self.database()),
            words.join("&")
        )
    }

    /// The same in the environment's variables of libpq, for programs that read them: passwords
    /// stay out of their arguments.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let each = |part: fn(&tokio_postgres::Config) -> String| {
            self.hosts.iter().map(part).collect::<Vec<_>>().join(",")
        };
        let mut variables = vec![
            ("PGHOST", each(|config| place_of(config).0)),
            ("PGPORT", each(|config| place_of(config).1.to_string())),
            ("PGUSER", self.user()),
            ("PGDATABASE", self.database()),
        ];
        if self.hosts.len() > 1 {
            variables.push(("PGTARGETSESSIONATTRS", "read-write".to_owned()));
        }
        variables.extend(
            self.password(self.first())
                .map(|password| ("PGPASSWORD", password)),
        );
        for (key, variable) in [
            ("hostaddr", "PGHOSTADDR"),
            ("sslmode", "PGSSLMODE"),
            ("sslrootcert", "PGSSLROOTCERT"),
            ("sslcert", "PGSSLCERT"),
            ("sslkey", "PGSSLKEY"),
        ] {
            variables.extend(
                self.words
                    .get(key)
                    .map(|value| (variable, value.to_owned())),
            );
        }
        variables
    }
}
