//! RENAME COLUMN and TYPE with everything that may hang on a column, while code of both versions
//! writes: in the end schema and rows are what psql gives, bit by bit.

use crate::fixture::Site;
use crate::lifecycle::{as_psql, without_order};
use concertina_planner::catalog::account;
use tokio_postgres::Client;

/// Tables, a revision, and what both versions write while it is under way.
#[derive(Debug, Clone, Copy, Default)]
struct Case {
    tables: &'static str,
    change: &'static str,
    /// By the names and types that are there before.
    old: &'static str,
    /// By those that are there after.
    new: &'static str,
    /// Whether the column may move to the end of its table.
    moves: bool,
    /// Whether there is a time in which both names or types work; without it old code writes until
    /// contract, and new code after.
    at_contract: bool,
    /// Whether the way down is tried.
    one_way: bool,
}

/// Every row as its types write it, its columns in the order of their names.
async fn images(client: &Client) -> Vec<(String, String)> {
    let relations = "SELECT c.oid::regclass::text, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina') GROUP BY c.oid ORDER BY 1";
    let mut found = Vec::new();
    for row in client.query(relations, &[]).await.unwrap() {
        let (name, columns): (String, String) = (row.get(0), row.get(1));
        let sql = format!(
            "SELECT coalesce(md5(string_agg(image, '|' ORDER BY image)), '')
             FROM (SELECT ROW({columns})::text AS image FROM ONLY {name}) AS images"
        );
        found.push((name, client.query_one(&sql, &[]).await.unwrap().get(0)));
    }
    found
}

/// Where each sequence stands.
async fn positions(client: &Client) -> Vec<(String, Option<i64>)> {
    let sql = "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname <> 'concertina' ORDER BY 1";
    client
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect()
}

async fn same_as_psql(case: &Case) {
    let site = Site::new(case.tables, &[("001_change", case.change)]).await;
    site.server.create_database("naive", None).await.unwrap();
    let naive = site.server.connect("naive").await.unwrap();
    naive.batch_execute(case.tables).await.unwrap();
    let told = |dump: String| {
        if case.moves {
            without_order(&dump)
        } else {
            dump
        }
    };
    let start = told(site.schema());
    let rows = images(&site.client).await;

    site.run(&["upgrade"]).ends(3);
    site.run(&["rollback"]).ends(0);
    assert_eq!(told(site.schema()), start, "rollback leaves no trace");
    assert_eq!(images(&site.client).await, rows, "nor does it touch a row");

    site.run(&["upgrade"]).ends(3);
    naive.batch_execute(case.old).await.unwrap();
    as_psql(&naive, case.change).await.unwrap();
    site.client.batch_execute(case.old).await.unwrap();
    naive.batch_execute(case.new).await.unwrap();
    if !case.at_contract {
        site.client.batch_execute(case.new).await.unwrap();
    }
    site.run(&["contract"]).ends(0);
    if case.at_contract {
        site.client.batch_execute(case.new).await.unwrap();
    }
    assert_eq!(
        told(site.schema()),
        told(site.server.dump_schema("naive").unwrap()),
        "the schema is what psql gives"
    );
    assert_eq!(
        images(&site.client).await,
        images(&naive).await,
        "and so are the rows"
    );
    assert_eq!(
        positions(&site.client).await,
        positions(&naive).await,
        "and the sequences"
    );
    let ours = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'concertina'::regnamespace";
    assert_eq!(site.value::<i64>(ours).await, 0);
    if !case.one_way {
        site.run(&["downgrade", "base", "--contract"]).ends(0);
        assert_eq!(told(site.schema()), start, "down again is where it began");
    }
}

/// Refused by every verb, with PostgreSQL's words, before anything changes.
async fn refused(tables: &str, change: &str, words: &str) {
    let site = Site::new(tables, &[("001_change", change)]).await;
    let start = site.schema();
    for verb in ["check", "plan", "upgrade"] {
        let said = site.run(&[verb]);
        assert_ne!(said.code, 0, "{verb}: {}{}", said.out, said.err);
        said.says(words);
    }
    assert_eq!(site.schema(), start);
}

const ROLES: &str = "DO $$ BEGIN CREATE ROLE reader; CREATE ROLE writer; EXCEPTION WHEN duplicate_object THEN END $$;";

fn with_roles(tables: &str) -> &'static str {
    Box::leak(format!("{ROLES}{tables}").into_boxed_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_everything_on_partitions() {
    same_as_psql(&Case {
        tables: with_roles(
            "CREATE TABLE t (id int NOT NULL, a text COLLATE \"C\" DEFAULT 'none' CHECK (a <> ''), b int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
             CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000);
             CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (1000) TO (9000) PARTITION BY RANGE (id);
             CREATE TABLE t21 PARTITION OF t2 FOR VALUES FROM (1000) TO (9000);
             INSERT INTO t SELECT g, 'a' || g, g FROM generate_series(1, 3000) g;
             ALTER TABLE t ALTER a SET STATISTICS 321, ALTER a SET (n_distinct = 7), ALTER a SET STORAGE EXTERNAL, ALTER a SET COMPRESSION pglz;
             CREATE STATISTICS st ON a, b FROM t; COMMENT ON STATISTICS st IS 'both';
             GRANT SELECT (a), UPDATE (a) ON t TO writer WITH GRANT OPTION; GRANT SELECT (a) ON t1 TO reader;
             COMMENT ON COLUMN t.a IS 'the a'; COMMENT ON COLUMN t1.a IS 'its own';
             CREATE INDEX t_a ON t (a); CREATE INDEX t1_own ON t1 (lower(a), b) WITH (fillfactor = 60); COMMENT ON INDEX t1_own IS 'own';
             CREATE UNIQUE INDEX t_u ON t (a text_pattern_ops, id); ALTER INDEX t1_own ALTER COLUMN 1 SET STATISTICS 44;
             ALTER TABLE t1 ALTER a SET DEFAULT 'one', ADD CONSTRAINT t1_ck CHECK (a <> 'x'), ALTER a SET NOT NULL;
             ALTER TABLE t1 ADD CONSTRAINT t1_a UNIQUE (a); COMMENT ON CONSTRAINT t1_ck ON t1 IS 'no x';
             CREATE TABLE log (what text); CREATE VIEW v AS SELECT a, b FROM t WHERE a > 'a';
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (tg_op || new.id); RETURN new; END $$;
             CREATE TRIGGER of_a AFTER UPDATE OF a ON t FOR EACH ROW WHEN (old.a IS DISTINCT FROM new.a) EXECUTE FUNCTION note();
             CREATE TRIGGER every AFTER UPDATE ON t1 FOR EACH ROW EXECUTE FUNCTION note();
             CREATE RULE r AS ON DELETE TO t1 WHERE old.a = 'kept' DO INSTEAD NOTHING;
             CREATE POLICY p ON t USING (a <> 'hidden') WITH CHECK (a <> 'no'); CREATE POLICY p1 ON t1 USING (a > '');",
        ),
        change: "ALTER TABLE t RENAME COLUMN a TO z;",
        old: "UPDATE t SET a = 'old' || id WHERE id % 7 = 0; INSERT INTO t (id, a) VALUES (4001, 'by old'), (4002, NULL); INSERT INTO t (id) VALUES (4003);
              INSERT INTO t1 (id) VALUES (0); DELETE FROM t WHERE id = 9; INSERT INTO t (id, a) VALUES (5, 'up') ON CONFLICT (id) DO UPDATE SET a = excluded.a;",
        new: "UPDATE t SET z = 'new' || id WHERE id % 11 = 0; INSERT INTO t (id, z) VALUES (5001, 'by new'), (5002, NULL), (5004, 'none'); INSERT INTO t (id) VALUES (5003);
              INSERT INTO t (id, z) VALUES (2001, 'a2001') ON CONFLICT (z text_pattern_ops, id) DO UPDATE SET z = 'met'; UPDATE t SET z = NULL WHERE id = 2500;
              UPDATE t SET b = 5 WHERE z = 'met';",
        ..Case::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_publications() {
    let tables = "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t DEFAULT; INSERT INTO t SELECT g, 'a' || g FROM generate_series(1, 500) g;";
    let site = Site::new(tables, &[]).await;
    if crate::corpus::major(&site.client).await < 15 {
        return;
    }
    let publications = "CREATE PUBLICATION pub FOR TABLE t (id, a) WITH (publish_via_partition_root); CREATE PUBLICATION pub_1 FOR TABLE t1 (id, a) WHERE (id > 5);";
    same_as_psql(&Case {
        tables: Box::leak(format!("{tables}{publications}").into_boxed_str()),
        change: "ALTER TABLE t RENAME COLUMN a TO z;",
        old: "UPDATE t SET a = 'old' WHERE id = 5;",
        new: "UPDATE t SET z = 'new' WHERE id = 6;",
        ..Case::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_whose_values_are_equal_and_not_the_same() {
    same_as_psql(&Case {
        tables: "CREATE EXTENSION citext; CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE t (id int PRIMARY KEY, a citext, b numeric, c float8, d jsonb, e text COLLATE ci, f interval, g json, h json[], i point, j xml, k bpchar, l char(5)[]);
            INSERT INTO t SELECT g, 'bob', 1.5, 0, '1.5', 'bob', '24:00:00', '{}', ARRAY['{}'::json], '(1,1)', '<a/>', 'x', '{x}' FROM generate_series(1, 2000) g;",
        change: "ALTER TABLE t RENAME a TO a2; ALTER TABLE t RENAME b TO b2; ALTER TABLE t RENAME c TO c2; ALTER TABLE t RENAME d TO d2; ALTER TABLE t RENAME e TO e2;
            ALTER TABLE t RENAME f TO f2; ALTER TABLE t RENAME g TO g2; ALTER TABLE t RENAME h TO h2; ALTER TABLE t RENAME i TO i2; ALTER TABLE t RENAME j TO j2; ALTER TABLE t RENAME k TO k2; ALTER TABLE t RENAME l TO l2;",
        old: "UPDATE t SET a = 'Bob', b = 1.50, c = '-0', d = '1.50', e = 'BOB', f = '1 day', g = '{ }', h = ARRAY['{ }'::json], i = '(2,2)', j = '<a></a>', k = 'x ' WHERE id % 2 = 0;",
        new: "UPDATE t SET a2 = 'BOB', b2 = 1.500, c2 = '-0', d2 = '1.500', e2 = 'BoB', f2 = '1 day', g2 = '{  }', h2 = ARRAY['{  }'::json], i2 = '(3,3)', j2 = '<b></b>', k2 = 'x  ' WHERE id % 3 = 0;
              INSERT INTO t (id, a2, h2) VALUES (5000, 'New', NULL);",
        ..Case::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_triggers_of_the_table_change_too() {
    same_as_psql(&Case {
        tables: "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL DEFAULT 'x', version int NOT NULL DEFAULT 0, double text GENERATED ALWAYS AS (a || a) STORED);
            INSERT INTO t SELECT g, 'a' || g FROM generate_series(1, 2000) g;
            CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.version := old.version + 1; RETURN new; END $$;
            CREATE FUNCTION hush() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE one text := to_jsonb(new) ->> tg_argv[0]; BEGIN
                IF one LIKE 'BAD%' THEN RETURN NULL; END IF; RETURN new; END $$;
            CREATE TRIGGER bump BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION bump();
            CREATE TRIGGER a_hush BEFORE INSERT OR UPDATE ON t FOR EACH ROW WHEN (new.a LIKE 'BAD%') EXECUTE FUNCTION hush('a');",
        change: "ALTER TABLE t RENAME COLUMN a TO z;",
        old: "UPDATE t SET a = 'new ' || id WHERE id % 5 = 0; UPDATE t SET id = id WHERE id < 10; UPDATE t SET a = 'BAD' WHERE id = 11;",
        new: "UPDATE t SET z = 'other ' || id WHERE id % 6 = 0; INSERT INTO t (id) VALUES (9000);",
        ..Case::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_an_identity_and_key() {
    same_as_psql(&Case {
        tables: with_roles(
            "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (MAXVALUE 90000 START 5) PRIMARY KEY, a int);
            COMMENT ON SEQUENCE t_id_seq IS 'numbers'; GRANT USAGE ON SEQUENCE t_id_seq TO reader; INSERT INTO t (a) SELECT g FROM generate_series(1, 500) g;
            CREATE TABLE child (t_id int REFERENCES t (id) ON UPDATE CASCADE); INSERT INTO child VALUES (7); CLUSTER t USING t_pkey; ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey;",
        ),
        change: "ALTER TABLE t RENAME COLUMN id TO number;",
        old: "INSERT INTO t (a) VALUES (1); DELETE FROM t WHERE id = 9; UPDATE t SET a = 5 WHERE id = 10;",
        new: "INSERT INTO t (a) VALUES (2); UPDATE t SET a = 6 WHERE number = 11; DELETE FROM t WHERE number = 12;",
        ..Case::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_have_no_second_column() {
    for (tables, change) in [
        (
            "CREATE DOMAIN d AS text CHECK (value <> ''); CREATE TABLE t (id int PRIMARY KEY, a d); INSERT INTO t SELECT g, 'x' FROM generate_series(1, 50) g;",
            "ALTER TABLE t RENAME a TO z;",
        ),
        (
            "CREATE TABLE t (id int, a int); CREATE TABLE k (c int) INHERITS (t); INSERT INTO k SELECT g, g, g FROM generate_series(1, 50) g; INSERT INTO t VALUES (1, 1);",
            "ALTER TABLE t RENAME a TO z;",
        ),
        (
            "CREATE TABLE t (id int, a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT; INSERT INTO t SELECT g, g FROM generate_series(1, 50) g;",
            "ALTER TABLE t RENAME a TO z;",
        ),
        (
            "CREATE TABLE t (id int, a int, b int); INSERT INTO t SELECT g, g, g FROM generate_series(1, 50) g;
             CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
             CREATE TRIGGER always BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION keep(); ALTER TABLE t ENABLE ALWAYS TRIGGER always;",
            "ALTER TABLE t RENAME a TO z;",
        ),
        (
            "CREATE TABLE t (id int, a int, b int); INSERT INTO t SELECT g, g, g FROM generate_series(1, 50) g;
             CREATE TABLE log (a int); CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO log VALUES (new.a); ALTER TABLE t ENABLE ALWAYS RULE r;",
            "ALTER TABLE t RENAME a TO z;",
        ),
    ] {
        let old = "UPDATE t SET a = a WHERE id = 5;";
        let new = "UPDATE t SET z = z WHERE id = 6;";
        same_as_psql(&Case { tables, change, old, new, at_contract: true, ..Case::default() }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_postgresql_does_not_give() {
    refused(
        "CREATE TABLE t (id int, a int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t DEFAULT; INSERT INTO t VALUES (1);",
        "ALTER TABLE t1 RENAME a TO z;",
        "cannot rename inherited column",
    )
    .await;
    refused(
        "CREATE TYPE y AS (a int); CREATE TABLE t OF y; INSERT INTO t VALUES (1);",
        "ALTER TABLE t RENAME a TO z;",
        "cannot rename column of typed table",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_of_a_new_name_in_the_same_revision() {
    let tables = with_roles(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
         CREATE TABLE t (id int PRIMARY KEY, a text, b int); INSERT INTO t SELECT g, 'a' || g, g FROM generate_series(1, 500) g; CREATE INDEX i ON t (a);
         CREATE TABLE other (x text UNIQUE); INSERT INTO other SELECT 'a' || g FROM generate_series(1, 500) g;",
    );
    for more in [
        "CREATE VIEW v AS SELECT z FROM t;",
        "CREATE MATERIALIZED VIEW v AS SELECT z FROM t;",
        "CREATE POLICY p ON t USING (z <> '');",
        "CREATE TABLE k (LIKE t INCLUDING ALL);",
        "CREATE VIEW v AS SELECT * FROM t;",
        "ALTER INDEX i RENAME TO z_i;",
        "CREATE INDEX j ON t (z, b);",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (z <> 'x'); COMMENT ON COLUMN t.z IS 'the z';",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (z);",
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (z) REFERENCES other (x);",
        "ALTER TABLE t ALTER z SET NOT NULL;",
        "ALTER TABLE t ALTER z SET STATISTICS 99; GRANT SELECT (z) ON t TO reader;",
        "CREATE STATISTICS st ON z, b FROM t;",
        "CREATE TRIGGER g BEFORE UPDATE OF z ON t FOR EACH ROW EXECUTE FUNCTION keep();",
        "CREATE PUBLICATION p FOR TABLE t;",
    ] {
        let change = Box::leak(format!("ALTER TABLE t RENAME a TO z; {more}").into_boxed_str());
        same_as_psql(&Case {
            tables,
            change,
            one_way: true,
            ..Case::default()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_with_everything_on_it() {
    same_as_psql(&Case {
        tables: with_roles(
            "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 90000 START 5 INCREMENT 3 CYCLE), b int, a int NOT NULL DEFAULT 5);
             INSERT INTO t (a, b) SELECT g, g FROM generate_series(1, 3000) g;
             ALTER DEFAULT PRIVILEGES GRANT SELECT ON SEQUENCES TO writer;
             COMMENT ON SEQUENCE t_id_seq IS 'numbers'; GRANT USAGE ON SEQUENCE t_id_seq TO reader WITH GRANT OPTION;
             ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id); COMMENT ON CONSTRAINT t_pkey ON t IS 'the key'; COMMENT ON INDEX t_pkey IS 'its index';
             ALTER TABLE t ALTER a SET STATISTICS 77, ALTER a SET (n_distinct = 5);
             CREATE STATISTICS st ON a, b FROM t; COMMENT ON STATISTICS st IS 'both'; CREATE STATISTICS st2 ON (a + 1), b FROM t;
             CREATE INDEX ix ON t (a, (b + a)) WITH (fillfactor = 50) WHERE a > 0; COMMENT ON INDEX ix IS 'the index'; CREATE INDEX desc_a ON t (a DESC NULLS LAST);
             ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0), ADD CONSTRAINT u UNIQUE (a, b) DEFERRABLE INITIALLY DEFERRED; COMMENT ON CONSTRAINT ck ON t IS 'above'; COMMENT ON CONSTRAINT u ON t IS 'one';
             CLUSTER t USING desc_a; CREATE UNIQUE INDEX ident ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX ident;
             GRANT SELECT (a), UPDATE (a) ON t TO reader WITH GRANT OPTION; GRANT SELECT (a) ON t TO PUBLIC; COMMENT ON COLUMN t.a IS 'the a';
             CREATE TABLE child (t_a int REFERENCES t (a) ON DELETE CASCADE); COMMENT ON CONSTRAINT child_t_a_fkey ON child IS 'to a'; INSERT INTO child VALUES (7);",
        ),
        change: "ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE t ALTER id TYPE bigint;",
        old: "INSERT INTO t (a, b) VALUES (9001, 5); UPDATE t SET a = a + 10000 WHERE a % 10 = 1; DELETE FROM t WHERE a = 7;",
        moves: true,
        ..Case::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_on_partitions() {
    same_as_psql(&Case {
        tables: with_roles(
            "CREATE TABLE t (id int NOT NULL, a int CHECK (a > 0)) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000);
             CREATE TABLE t2 PARTITION OF t DEFAULT; INSERT INTO t SELECT g, g FROM generate_series(1, 2000) g; COMMENT ON COLUMN t1.a IS 'its own';
             GRANT SELECT (a) ON t1 TO reader; GRANT UPDATE (a) ON t TO writer WITH GRANT OPTION; ALTER TABLE t1 ALTER a SET STATISTICS 55;
             ALTER TABLE t1 ALTER a SET DEFAULT 5;",
        ),
        change: "ALTER TABLE t ALTER a TYPE bigint;",
        old: "UPDATE t SET a = a + 1 WHERE id % 3 = 0; INSERT INTO t VALUES (5000, 5);",
        moves: true,
        ..Case::default()
    })
    .await;
    let tables = "CREATE TABLE t (id int NOT NULL, a int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t DEFAULT; INSERT INTO t VALUES (1, 1);";
    for (own, words) in [
        (
            "CREATE INDEX own ON t1 (a);",
            "have indexes or foreign keys on",
        ),
        (
            "ALTER TABLE t1 ADD CONSTRAINT own CHECK (a > 0);",
            "constraint own of t1",
        ),
        ("ALTER TABLE t1 ALTER a SET NOT NULL;", "NOT NULL of t1"),
        ("CREATE STATISTICS own ON id, a FROM t1;", "own of t1"),
    ] {
        refused(
            &format!("{tables}{own}"),
            "ALTER TABLE t ALTER a TYPE bigint;",
            words,
        )
        .await;
    }
    refused(
        tables,
        "ALTER TABLE t1 ALTER a TYPE bigint;",
        "cannot alter inherited column \"a\"",
    )
    .await;
    refused(
        tables,
        "ALTER TABLE t ALTER id TYPE bigint;",
        "because it is part of the partition key of relation \"t\"",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn types_whose_values_are_equal_and_not_the_same() {
    same_as_psql(&Case {
        tables: "CREATE EXTENSION citext; CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE t (id int PRIMARY KEY, a text, b text, c numeric, d text, e json);
            INSERT INTO t SELECT g, 'bob' || g, 'bob', 1.5, '1.5', '{}' FROM generate_series(1, 2000) g;
            CREATE INDEX t_a ON t (a); CREATE INDEX t_b ON t (b); CREATE INDEX t_c ON t (c);",
        change: "ALTER TABLE t ALTER a TYPE citext; ALTER TABLE t ALTER b TYPE text COLLATE ci; ALTER TABLE t ALTER c TYPE text; ALTER TABLE t ALTER d TYPE numeric USING d::numeric;
            ALTER TABLE t ALTER e TYPE text;",
        old: "UPDATE t SET a = 'Bob' || id, b = 'BOB', c = 1.50, d = '1.50', e = '{ }' WHERE id % 2 = 0; INSERT INTO t VALUES (5000, 'New', 'New', 1.000, '2.00', '[ ]');",
        moves: true,
        one_way: true,
        ..Case::default()
    })
    .await;
}

/// Nothing is moved or copied: the table's file stays, and nothing waits for contract.
async fn stays(tables: &str, change: &str) {
    let site = Site::new(tables, &[("001_change", change)]).await;
    site.server.create_database("naive", None).await.unwrap();
    let naive = site.server.connect("naive").await.unwrap();
    naive.batch_execute(tables).await.unwrap();
    as_psql(&naive, change).await.unwrap();
    let file = "SELECT pg_relation_filenode('t')::bigint";
    let before = site.value::<i64>(file).await;
    let said = site.run(&["upgrade"]);
    assert_eq!(said.code, 0, "{change}\n{}{}", said.out, said.err);
    assert_eq!(site.value::<i64>(file).await, before, "{change}");
    assert_eq!(
        site.schema(),
        site.server.dump_schema("naive").unwrap(),
        "{change}"
    );
    assert_eq!(images(&site.client).await, images(&naive).await, "{change}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_right_as_it_is_stored() {
    let tables = "CREATE EXTENSION citext; CREATE SCHEMA other; CREATE DOMAIN email AS text; CREATE DOMAIN \"Email\" AS varchar(50); CREATE DOMAIN other.email AS text COLLATE \"C\";
        CREATE TABLE t (id int PRIMARY KEY, n numeric(10), v varchar(50) CHECK (v <> ''), x text, c text COLLATE \"C\", e email, s text, b bit varying(5), tm timestamp(2));
        INSERT INTO t SELECT g, g, 'v', 'x', 'c', 'e', 's', '101', '2026-01-01' FROM generate_series(1, 500) g;
        ALTER TABLE t ALTER s SET STORAGE EXTERNAL, ALTER s SET COMPRESSION pglz; COMMENT ON CONSTRAINT t_v_check ON t IS 'never empty'; CREATE INDEX t_v ON t (v);";
    for change in [
        "ALTER TABLE t ALTER n TYPE numeric(12);",
        "ALTER TABLE t ALTER n TYPE decimal(10, 0);",
        "ALTER TABLE t ALTER v TYPE varchar(100) USING v::varchar(100);",
        "ALTER TABLE t ALTER v TYPE varchar USING v::text::varchar;",
        "ALTER TABLE t ALTER v TYPE text;",
        "ALTER TABLE t ALTER v TYPE varchar(50);",
        "ALTER TABLE t ALTER x TYPE text;",
        "ALTER TABLE t ALTER x TYPE text COLLATE \"C\";",
        "ALTER TABLE t ALTER x TYPE citext;",
        "ALTER TABLE t ALTER x TYPE email;",
        "ALTER TABLE t ALTER x TYPE other.email;",
        "ALTER TABLE t ALTER c TYPE text;",
        "ALTER TABLE t ALTER c TYPE other.email;",
        "ALTER TABLE t ALTER e TYPE text;",
        "ALTER TABLE t ALTER e TYPE other.email;",
        "ALTER TABLE t ALTER s TYPE text;",
        "ALTER TABLE t ALTER b TYPE bit varying(7);",
        "ALTER TABLE t ALTER tm TYPE timestamp(4);",
    ] {
        stays(tables, change).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scale_below_zero_is_another_type() {
    let site = Site::new("", &[]).await;
    if crate::corpus::major(&site.client).await < 15 {
        return;
    }
    let tables = "CREATE TABLE t (id int PRIMARY KEY, a numeric(5,-2));
        INSERT INTO t (id, a) SELECT g, '100' FROM generate_series(1, 300) g; CREATE INDEX t_a ON t (a);";
    let change = "ALTER TABLE t ALTER a TYPE numeric(5);";
    same_as_psql(&Case {
        tables,
        change,
        moves: true,
        one_way: true,
        ..Case::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn types_that_only_look_alike() {
    for (column, change) in [
        ("a \"Short\"", "ALTER TABLE t ALTER a TYPE short;"),
        (
            "a numeric(10,2)",
            "ALTER TABLE t ALTER a TYPE numeric(10,3);",
        ),
        ("a char(5)", "ALTER TABLE t ALTER a TYPE char(6);"),
        (
            "a bit varying(5)",
            "ALTER TABLE t ALTER a TYPE bit(5) USING a::bit(5);",
        ),
    ] {
        let tables = format!(
            "CREATE DOMAIN short AS varchar(9); CREATE DOMAIN \"Short\" AS text; CREATE TABLE t (id int PRIMARY KEY, {column});
             INSERT INTO t (id, a) SELECT g, '100' FROM generate_series(1, 300) g; CREATE INDEX t_a ON t (a);"
        )
        .replace("bit varying(5)", "bit varying(5) DEFAULT '10101'");
        let tables = if change.contains("TYPE bit") {
            tables
                .replace("(id, a) SELECT g, '100'", "(id) SELECT g")
                .replace(" DEFAULT '10101'", " DEFAULT B'10101'")
        } else {
            tables
        };
        let tables = Box::leak(tables.into_boxed_str());
        same_as_psql(&Case {
            tables,
            change,
            moves: true,
            one_way: true,
            ..Case::default()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_that_postgresql_does_not_change() {
    let tables = "CREATE TABLE t (id int PRIMARY KEY, a int, w int DEFAULT 1, x text DEFAULT '5', g int GENERATED ALWAYS AS IDENTITY); INSERT INTO t SELECT g, g FROM generate_series(1, 300) g;
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;";
    let with = |more: &str| format!("{tables}{more}");
    for (more, words) in [
        (
            "CREATE VIEW v AS SELECT a FROM t;",
            "cannot alter type of a column used by a view or rule",
        ),
        (
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM t;",
            "cannot alter type of a column used by a view or rule",
        ),
        (
            "CREATE RULE r AS ON DELETE TO t WHERE old.a = 5 DO INSTEAD NOTHING;",
            "cannot alter type of a column used by a view or rule",
        ),
        (
            "CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION note();",
            "cannot alter type of a column used in a trigger definition",
        ),
        (
            "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (new.a > 5) EXECUTE FUNCTION note();",
            "cannot alter type of a column used in a trigger definition",
        ),
        (
            "CREATE POLICY p ON t USING (a > 5);",
            "cannot alter type of a column used in a policy definition",
        ),
        (
            "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM t; END;",
            "cannot alter type of a column used by a function or procedure",
        ),
        (
            "ALTER TABLE t ADD twice int GENERATED ALWAYS AS (a * 2) STORED;",
            "cannot alter type of a column used by a generated column",
        ),
        (
            "CREATE TABLE holder (one t); INSERT INTO holder SELECT t FROM t;",
            "cannot alter table \"t\" because column \"holder.one\" uses its row type",
        ),
        (
            "CREATE TABLE holder (many t[]);",
            "cannot alter table \"t\" because column \"holder.many\" uses its row type",
        ),
        (
            "CREATE TYPE pair AS (n int, one t); CREATE TABLE holder (p pair);",
            "uses its row type",
        ),
    ] {
        refused(&with(more), "ALTER TABLE t ALTER a TYPE bigint;", words).await;
    }
    refused(
        &with(""),
        "ALTER TABLE t ALTER g TYPE numeric;",
        "identity column type must be smallint, integer, or bigint",
    )
    .await;
    refused(
        &with(""),
        "ALTER TABLE t ALTER x TYPE int USING x::int;",
        "default for column \"x\" cannot be cast automatically to type int",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_that_see_every_update_see_nothing_of_another_type() {
    same_as_psql(&Case {
        tables: "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, seen int NOT NULL DEFAULT 0); INSERT INTO t SELECT g, g FROM generate_series(1, 2000) g;
            CREATE TABLE log (n int); CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.seen := old.seen + 1; RETURN new; END $$;
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
            CREATE TRIGGER bump BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION bump(); CREATE TRIGGER note AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION note();
            CREATE RULE also AS ON UPDATE TO t DO ALSO INSERT INTO log VALUES (new.id);",
        change: "ALTER TABLE t ALTER a TYPE int USING a::int;",
        old: "UPDATE t SET a = '7' WHERE id = 5;",
        moves: true,
        ..Case::default()
    })
    .await;
    let tables = "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL); INSERT INTO t SELECT g, g FROM generate_series(1, 200) g;
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
        CREATE TRIGGER keep BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION keep(); ALTER TABLE t ENABLE ALWAYS TRIGGER keep;";
    refused(
        tables,
        "ALTER TABLE t ALTER a TYPE int USING a::int;",
        "trigger keep would see every row written",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_everything_that_the_catalogs_say_of_a_column_it_is_known_what_becomes_of_it() {
    let site = Site::new("", &[]).await;
    let catalogs: std::collections::BTreeSet<&str> = account::ACCOUNT
        .iter()
        .map(|(catalog, ..)| *catalog)
        .collect();
    let mut unknown = Vec::new();
    for catalog in catalogs {
        let sql = format!(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = 'pg_catalog.{catalog}'::regclass AND attnum > 0 AND NOT attisdropped"
        );
        let columns = site.client.query(&sql, &[]).await.unwrap();
        assert!(!columns.is_empty());
        let names = columns.iter().map(|row| row.get::<_, String>(0));
        unknown.extend(
            names
                .filter(|name| account::fate(catalog, name).is_none())
                .map(|name| format!("{catalog}.{name}")),
        );
    }
    assert!(
        unknown.is_empty(),
        "what becomes of {} when a column changes its type?",
        unknown.join(", ")
    );
}
