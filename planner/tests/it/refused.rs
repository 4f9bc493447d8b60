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
        "CREATE INDEX i ON leads (email, status); ALTER TABLE leads ALTER COLUMN email TYPE varchar(9); ALTER TABLE leads ALTER COLUMN status TYPE varchar(9)",
        "ALTER TABLE leads RENAME COLUMN email TO mail; ALTER TABLE leads ALTER COLUMN mail TYPE varchar(9)",
        "ALTER TABLE leads SET TABLESPACE fast",
        "ALTER TABLE leads ADD EXCLUDE USING gist (email WITH =)",
        "ALTER TABLE leads DROP CONSTRAINT leads_mail_key",
        "CREATE TABLE leads (id int)",
        "CREATE INDEX leads_email_key ON leads (email)",
        "DROP INDEX leads_email_key",
        "UPDATE deals SET stage = 'x' RETURNING id",
        "UPDATE deals SET (lead_id, stage) = (SELECT id, email FROM leads WHERE leads.id = deals.lead_id)",
        "WITH gone AS (DELETE FROM deals RETURNING lead_id) UPDATE leads SET status = 'x' WHERE id IN (SELECT lead_id FROM gone)",
        "INSERT INTO drafts (id, body) SELECT id, email FROM leads ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        "INSERT INTO drafts (id, body) SELECT count(*) FROM leads",
        "VACUUM FULL leads",
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|sql| format!("{sql}\n    {}", refused(sql, &crm())))
        .collect();
    assert_snapshot!(said.join("\n"));
}

#[test]
fn every_problem_of_a_file_is_named_at_once() {
    let said = refused(
        "ALTER TABLE lead ADD COLUMN x int; ALTER TABLE leads ADD COLUMN y int NOT NULL;",
        &crm(),
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}
