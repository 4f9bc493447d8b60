//! Each kind of statement through its whole life: taken back half way without a trace, run to the end with the
//! same schema as psql gives, and down again to where it began.

use crate::fixture::Site;

pub(crate) const TABLES: &str = "
    CREATE TABLE tenants (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_key text NOT NULL UNIQUE);
    INSERT INTO tenants (tenant_key) VALUES ('default');
    CREATE TABLE owners (id bigint PRIMARY KEY, team_id bigint NOT NULL);
    INSERT INTO owners SELECT g, g * 10 FROM generate_series(1, 50) g;
    CREATE TABLE leads (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, owner_id bigint NOT NULL, score int,
                        status text DEFAULT 'new' CHECK (status <> ''),
                        title varchar(50) CHECK (title <> ''), worth numeric(10,2));
    CREATE INDEX leads_owner ON leads (owner_id);
    INSERT INTO leads SELECT g, 'lead' || g, 1 + g % 50, g % 9, 'new', 'dr', g FROM generate_series(1, 3000) g;
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text) PARTITION BY RANGE (at);
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
    CREATE TABLE events_2026_rest PARTITION OF events_2026 DEFAULT;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
    CREATE TRIGGER touch BEFORE INSERT ON owners FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE POLICY teams ON owners USING (team_id > 0);
    GRANT SELECT ON owners TO pg_monitor;
    CREATE VIEW people AS SELECT id FROM owners;
    CREATE DOMAIN grade AS int CHECK (VALUE > 0);
    CREATE SEQUENCE tickets;
    CREATE STATISTICS together ON owner_id, score FROM leads;
    CREATE TYPE mood AS ENUM ('glad', 'sad');
    INSERT INTO events SELECT g, date '2025-06-01' + g % 500, 'k' || g % 7 FROM generate_series(1, 3000) g;
    ANALYZE;";

/// Runs a revision in every way; `reversible`: a reverse can be derived.
async fn lives(sql: &str, reversible: bool) {
    let site = Site::new(TABLES, &[("001_change", sql)]).await;
    // What psql would make of it, on a copy.
    site.server.create_database("naive", None).await.unwrap();
    let naive = site.server.connect("naive").await.unwrap();
    naive.batch_execute(TABLES).await.unwrap();
    let start = site.schema();
    naive.batch_execute(sql).await.unwrap();
    let wanted = site.server.dump_schema("naive").unwrap();

    let half_way = site.run(&["upgrade"]);
    if half_way.code == 3 {
        site.run(&["rollback"]).ends(0);
        assert_eq!(site.schema(), start, "rollback leaves no trace");
        site.run(&["upgrade"]).ends(3);
        site.run(&["contract"]).ends(0);
    } else {
        half_way.ends(0);
    }
    assert_eq!(site.schema(), wanted, "the schema is what psql gives");
    assert_eq!(rows(&site.client).await, rows(&naive).await, "and so are the rows");
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM pg_proc WHERE pronamespace = 'concertina'::regnamespace").await,
        0
    );
    if !reversible {
        site.run(&["downgrade", "base", "--contract"]).ends(1);
        assert_eq!(site.schema(), wanted, "a refusal changes nothing");
        return;
    }
    site.run(&["downgrade", "base", "--contract", "--allow-data-loss"]).ends(0);
    assert_eq!(site.schema(), start, "down again is where it began");
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(site.schema(), wanted, "and up again is the same");
    assert_eq!(rows(&site.client).await, rows(&naive).await);
}

/// All rows of table leads, without random values.
async fn rows(client: &tokio_postgres::Client) -> String {
    let sql = "SELECT md5(string_agg((to_jsonb(l) - 'tenant_id' - 'token')::text, '|' ORDER BY id)) FROM leads l";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

macro_rules! lives {
    ($($name:ident: $reversible:expr, $sql:expr;)*) => {
        /// Name and statements of each case.
        pub(crate) const CASES: &[(&str, &str)] = &[$((stringify!($name), $sql)),*];

        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            lives($sql, $reversible).await;
        })*
    };
}

lives! {
    add_column: true, "ALTER TABLE leads ADD COLUMN note text;";
    add_column_with_default: true, "ALTER TABLE leads ADD COLUMN plan text NOT NULL DEFAULT 'free';";
    add_column_with_volatile_default: true, "ALTER TABLE leads ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();";
    add_column_with_check: true, "ALTER TABLE leads ADD COLUMN age int CHECK (age > 0);";
    add_column_with_reference: true, "ALTER TABLE leads ADD COLUMN tenant_id uuid REFERENCES tenants (id);";
    one_value_for_all: true,
        "ALTER TABLE leads ADD COLUMN tenant_id uuid;
         UPDATE leads SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default') WHERE tenant_id IS NULL;
         ALTER TABLE leads ALTER COLUMN tenant_id SET NOT NULL;";
    a_value_for_each: true,
        "ALTER TABLE leads ADD COLUMN team_id bigint;
         UPDATE leads SET team_id = o.team_id FROM owners o WHERE o.id = leads.owner_id;
         CREATE INDEX leads_team ON leads (team_id);
         ALTER TABLE leads ALTER COLUMN team_id SET NOT NULL;";
    update_of_old_rows: false, "UPDATE leads SET status = 'old' WHERE score > 3;";
    set_not_null: true, "ALTER TABLE leads ALTER COLUMN score SET NOT NULL;";
    drop_not_null: true, "ALTER TABLE leads ALTER COLUMN owner_id DROP NOT NULL;";
    set_default: true, "ALTER TABLE leads ALTER COLUMN score SET DEFAULT 5;";
    drop_default: true, "ALTER TABLE leads ALTER COLUMN status DROP DEFAULT;";
    add_check: true, "ALTER TABLE leads ADD CONSTRAINT small CHECK (score < 100);";
    add_foreign_key: true, "ALTER TABLE leads ADD FOREIGN KEY (owner_id) REFERENCES owners (id);";
    add_unique: true, "ALTER TABLE leads ADD CONSTRAINT leads_owner_email UNIQUE (owner_id, email);";
    replace_unique: true,
        "ALTER TABLE leads DROP CONSTRAINT leads_email_key;
         ALTER TABLE leads ADD CONSTRAINT leads_scoped UNIQUE (owner_id, email);";
    create_index: true, "CREATE INDEX leads_score ON leads (score DESC NULLS LAST) WHERE score > 2;";
    create_unique_index: true, "CREATE UNIQUE INDEX leads_lower ON leads (lower(email));";
    drop_index: true, "DROP INDEX leads_owner;";
    drop_column: false, "ALTER TABLE leads DROP COLUMN score;";
    drop_constraint: true, "ALTER TABLE leads DROP CONSTRAINT leads_status_check;";
    wider_type: false, "ALTER TABLE leads ALTER COLUMN worth TYPE numeric(14,2);";
    wider_type_with_check: false, "ALTER TABLE leads ALTER COLUMN title TYPE text;";
    index_of_partitions: true, "CREATE INDEX events_kind ON events (kind, id);";
    unnamed_index_of_partitions: true, "CREATE UNIQUE INDEX ON events (at, kind, id);";
    longer_varchar: false, "ALTER TABLE leads ALTER COLUMN title TYPE varchar(200);";
    unbounded_varchar: false, "ALTER TABLE leads ALTER COLUMN title TYPE varchar;";
    same_type: true, "ALTER TABLE leads ALTER COLUMN email TYPE text;";
    drop_policy: true, "DROP POLICY teams ON owners;";
    alter_policy: false, "ALTER POLICY teams ON owners USING (team_id > 10);";
    force_row_security: true, "ALTER TABLE owners FORCE ROW LEVEL SECURITY;";
    drop_trigger: true, "DROP TRIGGER touch ON owners;";
    disable_trigger: true, "ALTER TABLE owners DISABLE TRIGGER touch;";
    replace_function: false,
        "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.team_id := 1; RETURN new; END $$;";
    drop_view: false, "DROP VIEW people;";
    replace_view: false, "CREATE OR REPLACE VIEW people AS SELECT id, team_id FROM owners;";
    drop_domain: false, "DROP DOMAIN grade;";
    drop_sequence: false, "DROP SEQUENCE tickets;";
    drop_statistics: true, "DROP STATISTICS together;";
    drop_type: false, "DROP TYPE mood;";
    rename_enum_value: true, "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';";
    add_enum_value: false, "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm' AFTER 'glad';";
    schema_of_ones_own: true, "CREATE SCHEMA billing; CREATE TABLE billing.invoices (id bigint PRIMARY KEY, owner_id bigint REFERENCES owners (id));";
    quoted_names: true, r#"CREATE TABLE "Odd ""Name" ("select" int PRIMARY KEY, "a b" text); CREATE INDEX ON "Odd ""Name" ("a b");"#;
    nothing_when_it_is_there: true, "CREATE INDEX IF NOT EXISTS leads_owner ON leads (owner_id); ALTER TABLE leads ADD COLUMN IF NOT EXISTS score int;";
    nothing_when_it_is_gone: true, "DROP TABLE IF EXISTS nobody; DROP INDEX IF EXISTS nothing; DROP TRIGGER IF EXISTS none ON owners;";
    many_actions: true,
        "ALTER TABLE leads ADD COLUMN a int, ADD COLUMN b text DEFAULT 'x', ALTER COLUMN score SET DEFAULT 3, SET (fillfactor = 70);";
    gin_index: true, "CREATE INDEX leads_words ON leads USING gin (to_tsvector('simple', email));";
    brin_hash_and_include: true,
        "CREATE INDEX leads_brin ON leads USING brin (id); CREATE INDEX leads_hash ON leads USING hash (email); CREATE INDEX leads_incl ON leads (score) INCLUDE (email);";
    nulls_and_collation: true, "CREATE INDEX leads_sorted ON leads (email COLLATE \"C\" DESC NULLS LAST, score);";
    primary_key_on_new: true, "CREATE TABLE plans (code text NOT NULL); ALTER TABLE plans ADD PRIMARY KEY (code); ALTER TABLE plans ADD COLUMN price numeric CHECK (price > 0);";
    revoke: false, "REVOKE SELECT ON owners FROM pg_monitor;";
    set_storage_parameters: true, "ALTER TABLE leads SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);";
    several_settings: true,
        "ALTER TABLE leads ALTER COLUMN email SET STATISTICS 500, ALTER COLUMN email SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;";
    column_options: false, "ALTER TABLE leads ALTER COLUMN owner_id SET (n_distinct = 50);";
    cluster_on: false, "ALTER TABLE leads CLUSTER ON leads_owner;";
    rename_check: true, "ALTER TABLE leads RENAME CONSTRAINT leads_status_check TO leads_status_given;";
    rename_unique: true, "ALTER TABLE leads RENAME CONSTRAINT leads_email_key TO leads_email_unique;";
    rename_index: true, "ALTER INDEX leads_owner RENAME TO leads_by_owner;";
    row_level_security: true,
        "CREATE POLICY own ON leads USING (owner_id = current_setting('app.owner')::bigint);
         ALTER TABLE leads ENABLE ROW LEVEL SECURITY;";
    restrictive_policy: true,
        "CREATE POLICY own ON leads AS RESTRICTIVE FOR SELECT TO pg_monitor USING (score > 0);";
    trigger_of_ones_own: false,
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
         CREATE TRIGGER stamp BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION stamp();";
    grant: false, "GRANT SELECT, INSERT ON leads TO pg_monitor;";
    comments: false, "COMMENT ON TABLE leads IS 'people'; COMMENT ON COLUMN leads.email IS 'lower case';";
    statistics: true, "CREATE STATISTICS leads_together (dependencies) ON owner_id, score FROM leads;";
    view: true, "CREATE VIEW won AS SELECT id, email FROM leads WHERE status = 'won';";
    domain: true, "CREATE DOMAIN score AS int CHECK (VALUE >= 0);";
    enum_value: false, "CREATE TYPE role AS ENUM ('admin', 'agent'); ALTER TYPE role ADD VALUE 'guest' BEFORE 'agent';";
    composite_type: true, "CREATE TYPE pair AS (a int, b text);";
    sequence: false, "CREATE SEQUENCE numbers START 100; ALTER SEQUENCE numbers INCREMENT 5;";
    do_block: false, "DO $$ BEGIN PERFORM 1; END $$;";
    create_tables: true,
        "CREATE TYPE role AS ENUM ('admin', 'agent');
         CREATE TABLE users (id bigserial PRIMARY KEY, owner_id bigint REFERENCES owners (id), role role NOT NULL DEFAULT 'agent');
         CREATE INDEX users_owner ON users (owner_id);
         INSERT INTO users (owner_id) VALUES (1), (2);";
}
