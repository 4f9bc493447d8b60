//! A system whose schema was made by hand: captured as the first revision, then indexed.

use crate::system::{Promise, Stage, System};
use concertina_sandbox::Operation;

/// The system.
pub fn system() -> System {
    let any = 1..1_000;
    let operation = |weight, sql: &str| Operation::new(weight, sql, std::slice::from_ref(&any));
    let application = vec![
        operation(40, "SELECT kwh FROM events_enriched WHERE id = 'e' || $1::bigint"),
        operation(
            40,
            "INSERT INTO events_enriched (id, org_id, user_id, provider, kwh, water_l, co2_kg, ts)
             VALUES (gen_random_uuid()::text, 'o' || $1::bigint % 20, 'u1', 'new', 1, 1, 1, now())",
        ),
        operation(
            20,
            "INSERT INTO daily_org_agg (date, org_id, call_count) VALUES (current_date, 'new' || $1::bigint % 20, 1)
             ON CONFLICT (date, org_id) DO UPDATE SET call_count = daily_org_agg.call_count + 1",
        ),
    ];
    System {
        name: "ecomind",
        start: "001",
        fill: |rows| {
            format!(
                "INSERT INTO organizations (org_id, name) SELECT 'o' || g, 'Org ' || g FROM generate_series(0, 19) g;
                 INSERT INTO users (user_id, org_id, email) SELECT 'u' || g, 'o' || g % 20, 'u' || g FROM generate_series(1, {rows}) g;
                 INSERT INTO events_enriched (id, org_id, user_id, provider, kwh, water_l, co2_kg, ts)
                 SELECT 'e' || g, 'o' || g % 20, 'u' || g % 100, 'p' || g % 3, g, 1, 1, now() - g * interval '1 minute' FROM generate_series(1, {rows}) g;
                 INSERT INTO daily_org_agg (date, org_id) SELECT date '2026-01-01' + g / 20, 'o' || g % 20 FROM generate_series(1, {rows} / 10) g;
                 INSERT INTO audit_logs (org_id, action) SELECT 'o' || g % 20, 'a' FROM generate_series(1, {rows}) g;"
            )
        },
        role: None,
        session: "",
        versions: false,
        stages: vec![Stage {
            to: "002",
            before: application.clone(),
            after: application,
        }],
        promises: vec![
            Promise {
                what: "twelve indexes serve the queries",
                sql: "SELECT abs(12 - count(*)) FROM pg_class WHERE relkind = 'i' AND relname LIKE 'idx\\_%'",
            },
            Promise {
                what: "eight tables are there",
                sql: "SELECT abs(8 - count(*)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
            },
        ],
        sum: "SELECT count(*) || md5(string_agg(id || kwh, '|' ORDER BY id)) FROM events_enriched WHERE provider <> 'new'",
    }
}
