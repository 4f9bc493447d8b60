//! Servers as they are in production: behind poolers, with replicas, with roles that may little,
//! with other people's settings.

mod failover;
mod logins;
mod poolers;
mod replicas;
mod rights;
mod settings;
mod subscribers;
mod tables;

use crate::fixture::{Said, Site, bare, said};

/// Rows to fill.
const LEADS: &str = "CREATE TABLE leads (id int PRIMARY KEY, email text);
    INSERT INTO leads SELECT g, 'Lead' || g FROM generate_series(1, 3000) g; ANALYZE;";

/// A revision with all kinds of work: quick, a backfill, a proof, an index.
const LOWER: &str = "ALTER TABLE leads ADD COLUMN lower text;
    UPDATE leads SET lower = lower(email) WHERE lower IS NULL;
    ALTER TABLE leads ALTER COLUMN lower SET NOT NULL;
    CREATE INDEX leads_lower ON leads (lower);";

/// Rows that aren't as they should be.
const WRONG: &str = "SELECT count(*) FROM leads WHERE lower IS DISTINCT FROM lower(email)";

/// The command at another address of the database.
fn at(site: &Site, url: &str, words: &[&str]) -> Said {
    said(
        &bare(site.folder.path(), words)
            .env("DATABASE_URL", url)
            .output()
            .unwrap(),
    )
}

/// The URL of another role, over the socket.
fn url_of(site: &Site, role: &str) -> String {
    site.server
        .url(&site.database)
        .replace("user=postgres", &format!("user={role}"))
}
