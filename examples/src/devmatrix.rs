//! Master plans of users whose ids were text: eight revisions, the last two of which used to be
//! called breaking. Each version of the application has its schema: the old one sees text, the new
//! one UUIDs.

use crate::system::{Promise, Stage, System};
use concertina_sandbox::Operation;

/// The system.
pub fn system() -> System {
    let text = "text";
    let uuid = "uuid";
    System {
        name: "devmatrix",
        start: "20251022_1349",
        fill: |rows| {
            format!(
                "INSERT INTO users (user_id, email, password_hash)
                 SELECT md5('user ' || g)::uuid, 'u' || g || '@example.com', '' FROM generate_series(1, 1000) g;
                 INSERT INTO masterplans (user_id, name)
                 SELECT md5('user ' || (1 + g % 1000))::uuid::text, 'Plan ' || g FROM generate_series(1, {rows}) g;
                 INSERT INTO discovery_documents (user_id)
                 SELECT md5('user ' || (1 + g % 1000))::uuid::text FROM generate_series(1, {rows}) g;
                 INSERT INTO conversations (user_id, title) SELECT user_id, 'Hello' FROM users;
                 INSERT INTO messages (conversation_id, role, content) SELECT conversation_id, 'user', 'Hi' FROM conversations;"
            )
        },
        role: None,
        session: "",
        versions: true,
        stages: vec![
            Stage { to: "20251022_1350", before: application(text, text), after: application(uuid, text) },
            Stage { to: "20251022_1351", before: application(uuid, text), after: application(uuid, uuid) },
        ],
        promises: vec![
            Promise {
                what: "no plan and no document is without its user",
                sql: "SELECT (SELECT count(*) FROM masterplans m WHERE NOT EXISTS (SELECT FROM users u WHERE u.user_id = m.user_id))
                           + (SELECT count(*) FROM discovery_documents d WHERE NOT EXISTS (SELECT FROM users u WHERE u.user_id = d.user_id))",
            },
            Promise {
                what: "six foreign keys delete along with their user or conversation",
                sql: "SELECT abs(6 - count(*)) FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c' AND connamespace = 'public'::regnamespace",
            },
            Promise {
                what: "both columns are UUIDs, with their indexes",
                sql: "SELECT abs(2 - count(*)) FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid AND i.indkey[0] = a.attnum
                      WHERE a.attrelid IN ('masterplans'::regclass, 'discovery_documents'::regclass)
                        AND a.attname = 'user_id' AND a.atttypid = 'uuid'::regtype",
            },
        ],
        sum: "SELECT (SELECT md5(string_agg(name || user_id::text, '|' ORDER BY name)) FROM masterplans WHERE name <> 'new')
                  || (SELECT md5(string_agg(user_id::text, '|' ORDER BY user_id::text)) FROM discovery_documents WHERE content = '{}')",
    }
}

/// The application, by the types that it takes the two columns to be of.
fn application(plans: &str, documents: &str) -> Vec<Operation> {
    let user = "md5('user ' || (1 + $1::bigint % 1000))::uuid";
    let operation =
        |weight, sql: String| Operation::new(weight, &sql, std::slice::from_ref(&(0..1_000_000)));
    vec![
        operation(
            40,
            format!(
                "SELECT name, user_id FROM masterplans WHERE user_id = {user}::{plans} LIMIT 5"
            ),
        ),
        operation(
            20,
            format!(
                "UPDATE masterplans SET status = 'seen' WHERE user_id = {user}::{plans} AND name = 'Plan 1'"
            ),
        ),
        operation(
            20,
            format!("INSERT INTO masterplans (user_id, name) VALUES ({user}::{plans}, 'new')"),
        ),
        operation(
            10,
            format!(
                "INSERT INTO discovery_documents (user_id, content) VALUES ({user}::{documents}, '{{\"new\": true}}')"
            ),
        ),
        operation(
            10,
            format!(
                "SELECT user_id, content FROM discovery_documents WHERE user_id = {user}::{documents} LIMIT 5"
            ),
        ),
    ]
}
