//! Objects of the database that aren't parts of a table.

use super::{both_ways, corpus, one_way};

corpus! {
    tables: both_ways(
        "CREATE TYPE role AS ENUM ('admin', 'agent');
         CREATE TABLE users (id bigserial PRIMARY KEY, owner_id bigint REFERENCES owners (id), role role NOT NULL DEFAULT 'agent');
         CREATE INDEX users_owner ON users (owner_id);
         INSERT INTO users (owner_id) VALUES (1), (2);");
    table_with_many_keys: both_ways(
        "CREATE TABLE links (id int PRIMARY KEY, lead_id bigint NOT NULL REFERENCES leads (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
                             owner_id bigint REFERENCES owners, up int REFERENCES links (id), FOREIGN KEY (owner_id) REFERENCES owners (id));
         CREATE INDEX ON links (lead_id);");
    table_like: both_ways("CREATE TABLE drafts (LIKE leads INCLUDING ALL); CREATE INDEX ON drafts (title);");
    unlogged_table: both_ways("CREATE UNLOGGED TABLE cache (key text PRIMARY KEY, value jsonb) WITH (fillfactor = 70);");
    table_that_is_there: both_ways("CREATE TABLE IF NOT EXISTS leads (id int);");
    schema_of_ones_own: both_ways(
        "CREATE SCHEMA billing; CREATE TABLE billing.invoices (id bigint PRIMARY KEY, owner_id bigint REFERENCES owners (id));");
    drop_schema: one_way("DROP SCHEMA attic;");
    rename_schema: both_ways("ALTER SCHEMA attic RENAME TO loft;");
    enum_value: one_way("CREATE TYPE role AS ENUM ('admin', 'agent'); ALTER TYPE role ADD VALUE 'guest' BEFORE 'agent';");
    add_enum_value: one_way("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm' AFTER 'glad';");
    enum_value_in_use: one_way("ALTER TYPE mood ADD VALUE 'calm'; ALTER TABLE leads ADD COLUMN mood mood NOT NULL DEFAULT 'calm';");
    rename_enum_value: both_ways("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';");
    drop_type: one_way("DROP TYPE mood;");
    rename_type: both_ways("ALTER TYPE mood RENAME TO feeling;");
    composite_type: both_ways("CREATE TYPE duo AS (a int, b text);");
    composite_attribute: one_way("ALTER TYPE pair ADD ATTRIBUTE c int;");
    domain: both_ways("CREATE DOMAIN points AS int CHECK (VALUE >= 0);");
    domain_default: one_way("ALTER DOMAIN word SET DEFAULT 'x';");
    domain_constraint: one_way("ALTER DOMAIN word ADD CONSTRAINT short CHECK (length(VALUE) < 50) NOT VALID;");
    drop_domain: one_way("DROP DOMAIN grade;");
    sequence: both_ways("CREATE SEQUENCE numbers START 100;");
    alter_sequence: one_way("ALTER SEQUENCE tickets INCREMENT 5;");
    sequence_owner: one_way("ALTER SEQUENCE tickets OWNED BY leads.id;");
    drop_sequence: one_way("DROP SEQUENCE tickets;");
    function: both_ways("CREATE FUNCTION twice(n int, word text DEFAULT 'x') RETURNS int LANGUAGE sql AS $$ SELECT n * 2 $$;");
    replace_function: both_ways(
        "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.team_id := 1; RETURN new; END $$;");
    alter_function: one_way("ALTER FUNCTION half(int) STRICT;");
    rename_function: both_ways("ALTER FUNCTION half(int) RENAME TO halved;");
    drop_function: one_way("DROP FUNCTION half(int);");
    procedure: both_ways("CREATE PROCEDURE nothing() LANGUAGE sql AS $$ SELECT 1 $$;");
    aggregate: both_ways("CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');");
    text_search: both_ways("CREATE TEXT SEARCH CONFIGURATION simple_names (COPY = simple);");
    publication: both_ways("CREATE PUBLICATION changes FOR TABLE leads;");
    do_block: one_way("DO $$ BEGIN PERFORM 1; END $$;");
    whole_transaction: both_ways("BEGIN; CREATE TABLE a (id int); CREATE TABLE b (id int); COMMIT;");
}
