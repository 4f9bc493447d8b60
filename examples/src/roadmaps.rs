//! Thirty files of raw SQL: twenty-five that have been applied, and five that come, one of them
//! without a number.

use crate::system::{Promise, Stage, System};
use concertina_sandbox::Operation;

/// The system.
pub fn system() -> System {
    System {
        name: "roadmaps",
        start: "025",
        fill: |rows| {
            format!(
                "INSERT INTO tenants (id, name) SELECT md5('t' || g)::uuid, 'Tenant ' || g FROM generate_series(1, 50) g;
                 INSERT INTO users (id, tenant_id, email) SELECT md5('u' || g)::uuid, md5('t' || (1 + g % 50))::uuid, 'u' || g FROM generate_series(1, 1000) g;
                 INSERT INTO invites (email, invited_by) SELECT 'i' || g, md5('u' || (1 + g % 1000))::uuid FROM generate_series(1, {rows}) g;
                 INSERT INTO agent_configs (tenant_id, role_type, instructions)
                 SELECT md5('t' || (1 + g % 50))::uuid, (ARRAY['owner', 'ops', 'sales'])[1 + g % 3], 'c' || g FROM generate_series(1, {rows}) g;
                 INSERT INTO sop_tickets (tenant_id, title) SELECT md5('t' || (1 + g % 50))::uuid, 's' || g FROM generate_series(1, {rows}) g;"
            )
        },
        role: None,
        session: "",
        versions: false,
        stages: vec![
            Stage { to: "add-tenant-to-invites", before: application("role_type", false), after: application("role_type", true) },
            Stage { to: "026", before: application("role_type", true), after: application("agent_type", true) },
            Stage { to: "029", before: application("agent_type", true), after: application("agent_type", true) },
        ],
        promises: vec![
            Promise {
                what: "every invite has the tenant of whoever invites",
                sql: "SELECT count(*) FROM invites i JOIN users u ON u.id = i.invited_by WHERE i.tenant_id IS DISTINCT FROM u.tenant_id",
            },
            Promise {
                what: "role_type is agent_type",
                sql: "SELECT abs(1 - count(*)) + count(*) FILTER (WHERE attname = 'role_type') FROM pg_attribute
                      WHERE attrelid = 'agent_configs'::regclass AND attname IN ('role_type', 'agent_type') AND NOT attisdropped",
            },
            Promise {
                what: "every configuration says what it is",
                sql: "SELECT count(*) FROM agent_configs WHERE agent_type NOT IN ('owner', 'ops', 'sales') OR agent_type IS NULL",
            },
            Promise {
                what: "the new tables and columns are there",
                sql: "SELECT abs(6 - (SELECT count(*) FROM information_schema.columns WHERE (table_name, column_name) IN
                             (('invites', 'tenant_id'), ('agent_configs', 'config_version'), ('agent_configs', 'instructions_hash'),
                              ('sop_tickets', 'inventory_id'), ('sop_tickets', 'is_sidecar'), ('tenant_vector_stores', 'store_key'))))",
            },
        ],
        sum: "SELECT (SELECT count(*) || md5(string_agg(id::text || email, '|' ORDER BY id)) FROM invites WHERE email LIKE 'i%')
                  || (SELECT count(*) || md5(string_agg(id::text || instructions, '|' ORDER BY id)) FROM agent_configs WHERE instructions LIKE 'c%')",
    }
}

/// The application, by the name that it has for the role of an agent.
fn application(role: &str, with_tenant: bool) -> Vec<Operation> {
    let any = 1..1_000;
    let operation = |weight, sql: &str| Operation::new(weight, sql, std::slice::from_ref(&any));
    let tenant = "md5('t' || (1 + $1::bigint % 50))::uuid";
    let invite = if with_tenant {
        "INSERT INTO invites (email, invited_by, tenant_id) SELECT 'new', id, tenant_id FROM users WHERE id = md5('u' || $1::bigint)::uuid"
    } else {
        "INSERT INTO invites (email, invited_by) VALUES ('new', md5('u' || $1::bigint)::uuid)"
    };
    vec![
        operation(
            40,
            &format!(
                "SELECT {role}, instructions FROM agent_configs WHERE tenant_id = {tenant} AND {role} = 'ops' LIMIT 5"
            ),
        ),
        operation(
            20,
            &format!(
                "INSERT INTO agent_configs (tenant_id, {role}, instructions) VALUES ({tenant}, 'sales', 'new')"
            ),
        ),
        operation(
            10,
            &format!(
                "UPDATE agent_configs SET {role} = 'owner' WHERE tenant_id = {tenant} AND instructions = 'new'"
            ),
        ),
        operation(20, invite),
        operation(
            10,
            &format!(
                "SELECT title FROM sop_tickets WHERE tenant_id = {tenant} AND status = 'open' LIMIT 5"
            ),
        ),
    ]
}
