//! A trading system that becomes a multi-tenant one whose rows are hidden from other tenants by
//! row-level security.

use crate::system::{Promise, Stage, System};
use concertina_sandbox::Operation;
use std::fmt::Write;

/// The system.
pub fn system() -> System {
    System {
        name: "alphapulse",
        start: "000",
        fill: |rows| {
            let tables = ["trades", "positions", "orders", "portfolio_snapshots", "risk_metrics", "agent_signals"];
            let mut sql = "INSERT INTO users (email) SELECT 'u' || g FROM generate_series(1, 500) g;
                DO $$ BEGIN CREATE ROLE alphapulse LOGIN PASSWORD 'alphapulse'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
                .to_owned();
            for table in tables {
                let _ = write!(
                    sql,
                    "INSERT INTO {table} (user_id, symbol, value) SELECT 1 + g % 500, 'S' || g % 40, g % 1000 FROM generate_series(1, {rows}) g;"
                );
            }
            sql + "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO alphapulse;
                   GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO alphapulse;
                   ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO alphapulse;"
        },
        role: Some("alphapulse"),
        // The flag of the staged roll-out: sessions say their tenant long before the policies ask
        // for it.
        session: "app.current_tenant_id=00000000-0000-0000-0000-000000000001",
        versions: false,
        stages: vec![
            Stage { to: "002", before: before(), after: with_tenants(false) },
            Stage { to: "003", before: with_tenants(false), after: with_tenants(true) },
            Stage { to: "005", before: with_tenants(true), after: with_tenants(true) },
        ],
        promises: vec![
            Promise {
                what: "every row has its user's tenant",
                sql: "SELECT (SELECT count(*) FROM trades t JOIN users u ON u.id = t.user_id WHERE t.tenant_id <> u.tenant_id)
                           + (SELECT count(*) FROM positions t JOIN users u ON u.id = t.user_id WHERE t.tenant_id <> u.tenant_id)
                           + (SELECT count(*) FROM agent_signals t JOIN users u ON u.id = t.user_id WHERE t.tenant_id <> u.tenant_id)",
            },
            Promise {
                what: "no row is an orphan",
                sql: "SELECT (SELECT count(*) FROM trades WHERE tenant_id NOT IN (SELECT id FROM tenants))
                           + (SELECT count(*) FROM users WHERE tenant_id NOT IN (SELECT id FROM tenants))",
            },
            Promise {
                what: "the column refuses NULL in all seven tables",
                sql: "SELECT abs(7 - count(*)) FROM information_schema.columns
                      WHERE table_schema = 'public' AND column_name = 'tenant_id' AND is_nullable = 'NO'",
            },
            Promise {
                what: "policies hold in all seven tables, of the owner too",
                sql: "SELECT abs(7 - count(*)) FROM pg_class c WHERE relrowsecurity AND relforcerowsecurity
                      AND 2 = (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)",
            },
        ],
        sum: "SELECT (SELECT count(*) || md5(string_agg(id || symbol || value, '|' ORDER BY id)) FROM trades WHERE symbol <> 'new')
                  || (SELECT count(*) || md5(string_agg(id || symbol || value, '|' ORDER BY id)) FROM agent_signals)",
    }
}

fn before() -> Vec<Operation> {
    let any = 1..501;
    let operation = |weight, sql: &str| Operation::new(weight, sql, std::slice::from_ref(&any));
    vec![
        operation(
            50,
            "SELECT id, symbol, value FROM trades WHERE user_id = $1 LIMIT 10",
        ),
        operation(20, "SELECT count(*) FROM positions WHERE user_id = $1"),
        operation(
            20,
            "INSERT INTO trades (user_id, symbol, value) VALUES ($1, 'new', 1)",
        ),
        operation(
            10,
            "UPDATE risk_metrics SET value = value + 1 WHERE id = $1",
        ),
    ]
}

/// The application once it writes tenants: of new users, or of trades too.
fn with_tenants(of_trades: bool) -> Vec<Operation> {
    let mut operations = before();
    if of_trades {
        operations[2] = Operation::new(
            20,
            "INSERT INTO trades (user_id, symbol, value, tenant_id) VALUES ($1, 'new', 1, current_setting('app.current_tenant_id')::uuid)",
            std::slice::from_ref(&(1..501)),
        );
    }
    operations
}
