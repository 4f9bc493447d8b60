//! A sales database that becomes a multi-tenant one.

use crate::system::{Promise, Stage, System};
use concertina_sandbox::{Error, Operation};
use std::path::PathBuf;
use tokio_postgres::Client;

/// Owners of leads.
const OWNERS: i64 = 10_000;

/// The folder of revisions.
pub fn revisions() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("crm/revisions")
}

/// Fills the tables of the baseline: so many leads of some 170 bytes, half as many deals, a quarter each of
/// contracts and invoices.
///
/// # Errors
///
/// When PostgreSQL refuses.
pub async fn fill(client: &Client, leads: i64) -> Result<(), Error> {
    client.batch_execute(&filling(leads)).await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}

fn filling(leads: i64) -> String {
    format!(
        "INSERT INTO owners SELECT g, 'owner ' || g, g % 40 FROM generate_series(1, {OWNERS}) g;
         INSERT INTO leads (email, full_name, phone, source, status, owner_id, score, notes)
         SELECT 'lead' || g || '@example.com', 'Lead number ' || g, '+49 30 ' || g, 'import',
                (ARRAY['new', 'contacted', 'qualified', 'lost'])[1 + g % 4], 1 + (g * 7919) % {OWNERS}, g % 100,
                md5(g::text) || md5((g + 1)::text)
         FROM generate_series(1::bigint, {leads}) g;
         INSERT INTO deals (lead_id, title, stage, amount)
         SELECT g, 'Deal ' || g, 'open', g % 10000 FROM generate_series(1, {leads} / 2) g;
         INSERT INTO contracts (deal_id, body) SELECT g, 'Contract ' || g FROM generate_series(1, {leads} / 4) g;
         INSERT INTO invoices (contract_id, amount) SELECT g, g % 10000 FROM generate_series(1, {leads} / 4) g;"
    )
}

/// The whole sequence, as far as a server without pgvector can go.
pub fn system() -> System {
    let leads = 30_000;
    System {
        name: "crm",
        start: "20260213_0001",
        fill: filling,
        role: None,
        session: "",
        versions: false,
        stages: vec![
            Stage { to: "20260213_0002", before: typed(before(leads)), after: typed(with_teams(leads)) },
            Stage { to: "20260214_0005", before: typed(with_teams(leads)), after: typed(with_tenants(leads)) },
            Stage { to: "20260215_0007", before: typed(with_tenants(leads)), after: typed(with_tenants(leads)) },
            Stage { to: "20260216_0008", before: typed(with_tenants(leads)), after: typed(with_tenants(leads)) },
        ],
        promises: vec![
            Promise {
                what: "no row is without a tenant",
                sql: "SELECT (SELECT count(*) FROM leads WHERE tenant_id IS NULL) + (SELECT count(*) FROM deals WHERE tenant_id IS NULL)
                           + (SELECT count(*) FROM contracts WHERE tenant_id IS NULL) + (SELECT count(*) FROM invoices WHERE tenant_id IS NULL)",
            },
            Promise {
                what: "what was unique is unique within a tenant",
                sql: "SELECT abs(3 - count(*)) FROM pg_constraint WHERE contype = 'u' AND conname IN
                      ('leads_tenant_id_email_key', 'contracts_tenant_id_deal_id_key', 'invoices_tenant_id_contract_id_key')",
            },
            Promise {
                what: "every lead has the team of its owner",
                sql: "SELECT count(*) FROM leads l JOIN owners o ON o.id = l.owner_id WHERE l.team_id <> o.team_id",
            },
            Promise {
                what: "five columns are enums",
                sql: "SELECT abs(5 - count(*)) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                      WHERE t.typtype = 'e' AND a.attrelid::regclass::text IN ('leads', 'deals', 'contracts', 'invoices', 'agent_runs') AND NOT attisdropped",
            },
        ],
        sum: "SELECT (SELECT count(*) || md5(string_agg(id || email || owner_id || status::text, '|' ORDER BY id)) FROM leads WHERE source = 'import' AND status <> 'contacted')
                  || (SELECT count(*)::text FROM contracts) || (SELECT count(*)::text FROM invoices)",
    }
}

/// The same for code that suits text and enums.
fn typed(mut operations: Vec<Operation>) -> Vec<Operation> {
    let any = 1..30_001;
    operations[0] = Operation::new(
        50,
        "SELECT id, email, full_name, status::text, score FROM leads WHERE id = $1",
        std::slice::from_ref(&any),
    );
    operations[1] = Operation::new(
        10,
        "SELECT id, title, stage::text FROM deals WHERE lead_id = $1",
        std::slice::from_ref(&any),
    );
    operations[3] = Operation::new(
        5,
        "UPDATE leads SET status = 'contacted' WHERE id = $1 AND status = 'contacted'",
        std::slice::from_ref(&any),
    );
    operations
}

/// What the application did before it knew teams and tenants.
pub fn before(leads: i64) -> Vec<Operation> {
    let any = 1..leads + 1;
    let new = 0..i64::MAX;
    vec![
        Operation::new(50, "SELECT id, email, full_name, status, score FROM leads WHERE id = $1", std::slice::from_ref(&any)),
        Operation::new(10, "SELECT id, title, stage FROM deals WHERE lead_id = $1", std::slice::from_ref(&any)),
        Operation::new(20, "UPDATE leads SET score = score + 1 WHERE id = $1", std::slice::from_ref(&any)),
        Operation::new(5, "UPDATE leads SET status = 'contacted' WHERE id = $1", std::slice::from_ref(&any)),
        Operation::new(
            10,
            "INSERT INTO leads (email, full_name, source, owner_id)
             VALUES ('new' || $1::bigint || '@example.com', 'New lead', 'web', 1 + $1 % 10000) ON CONFLICT (email) DO NOTHING",
            std::slice::from_ref(&new),
        ),
        Operation::new(5, "INSERT INTO deals (lead_id, title, amount) VALUES ($1, 'New deal', 10)", std::slice::from_ref(&any)),
    ]
}

/// The same application once it writes teams itself.
pub fn with_teams(leads: i64) -> Vec<Operation> {
    let new = 0..i64::MAX;
    let mut operations = before(leads);
    operations[4] = Operation::new(
        10,
        "INSERT INTO leads (email, full_name, source, owner_id, team_id)
         SELECT 'new' || $1::bigint || '@example.com', 'New lead', 'web', o.id, o.team_id
         FROM owners o WHERE o.id = 1 + $1 % 10000 ON CONFLICT (email) DO NOTHING",
        std::slice::from_ref(&new),
    );
    operations
}

/// The same application once it writes teams and tenants.
pub fn with_tenants(leads: i64) -> Vec<Operation> {
    let any = 1..leads + 1;
    let new = 0..i64::MAX;
    let mut operations = with_teams(leads);
    operations[4] = Operation::new(
        10,
        "INSERT INTO leads (email, full_name, source, owner_id, team_id, tenant_id)
         SELECT 'new' || $1::bigint || '@example.com', 'New lead', 'web', o.id, o.team_id, t.id
         FROM owners o, tenants t WHERE o.id = 1 + $1 % 10000 AND t.tenant_key = 'default'
         ON CONFLICT (tenant_id, email) DO NOTHING",
        std::slice::from_ref(&new),
    );
    operations[5] = Operation::new(
        5,
        "INSERT INTO deals (lead_id, title, amount, tenant_id)
         SELECT $1, 'New deal', 10, id FROM tenants WHERE tenant_key = 'default'",
        std::slice::from_ref(&any),
    );
    operations
}
