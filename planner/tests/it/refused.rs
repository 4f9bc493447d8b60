//! What is refused: each with its place, the reason and the remedy.

use crate::fixture::{crm, refused};
use insta::assert_snapshot;

#[test]
fn refusals() {
    let cases = [
        "ALTER TABLE lead ADD COLUMN x int",
        "ALTER TABLE leads ALTER COLUMN mail SET NOT NULL",
        "ALTER TABLE leads ADD COLUMN x int NOT NULL",
        "ALTER TABLE leads ADD COLUMN email text",
        "ALTER TABLE leads ADD COLUMN x int GENERATED ALWAYS AS (id * 2) STORED",
        "ALTER TABLE leads ALTER COLUMN email TYPE varchar(20) USING upper(email)",
        "CREATE INDEX i ON leads (email, status); ALTER TABLE leads ALTER COLUMN email TYPE varchar(9); ALTER TABLE leads ALTER COLUMN status TYPE varchar(9)",
        "ALTER TABLE leads RENAME COLUMN email TO mail; ALTER TABLE leads ALTER COLUMN mail TYPE varchar(9)",
        "ALTER TABLE leads SET TABLESPACE fast",
        "ALTER TABLE leads ADD EXCLUDE USING gist (email WITH =)",
        "ALTER TABLE leads DROP CONSTRAINT leads_mail_key",
        "CREATE TABLE leads (id int)",
        "CREATE INDEX leads_email_key ON leads (email)",
        "DROP INDEX leads_email_key",
        "UPDATE deals SET stage = stage || '!'",
        "UPDATE deals SET stage = 'x' RETURNING id",
        "INSERT INTO drafts (body) SELECT email FROM leads",
        "INSERT INTO drafts (id, body) SELECT id, email FROM leads",
        "INSERT INTO drafts (id, body) SELECT max(id), status FROM leads GROUP BY status ON CONFLICT (id) DO NOTHING",
        "INSERT INTO drafts (id, body) SELECT count(*), 'all' FROM leads ON CONFLICT (id) DO NOTHING",
        "INSERT INTO drafts (body) SELECT email FROM leads ON CONFLICT (id) DO NOTHING",
        "VACUUM FULL leads",
    ];
    let said: Vec<String> = cases.iter().map(|sql| format!("{sql}\n    {}", refused(sql, &crm()))).collect();
    assert_snapshot!(said.join("\n"));
}

#[test]
fn every_problem_of_a_file_is_named_at_once() {
    let said = refused("ALTER TABLE lead ADD COLUMN x int; ALTER TABLE leads ADD COLUMN y int NOT NULL;", &crm());
    assert_eq!(said.lines().count(), 2, "{said}");
}
