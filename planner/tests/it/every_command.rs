//! Every command of PostgreSQL's manual, and every form of ALTER TABLE that its grammar has: each
//! is planned, or refused with the reason and the remedy. None is passed through unseen, and none
//! is merely unknown.

use crate::fixture::crm;
use concertina_planner::catalog::{
    Column, Enum, Index, PartitionKey, PartitionOf, Policy, TableKind, Trigger,
};
use concertina_planner::{Catalog, Table, explain, law, plan};
use concertina_revisions::{Revision, RevisionId};
use insta::assert_snapshot;
use std::fmt::Write;
use std::sync::Arc;

/// The customer database with some of everything.
pub(crate) fn database() -> Catalog {
    let mut catalog = crm();
    catalog.server_version = 180_000;
    catalog.enums.push(Enum {
        schema: "public".into(),
        name: "mood".into(),
        labels: vec!["glad".into(), "sad".into()],
    });
    let mut events = Table::new("events")
        .rows(1_000_000)
        .column("id", "bigint")
        .column("at", "date");
    events.kind = TableKind::Partitioned;
    events.partition_key = Some(PartitionKey {
        strategy: "RANGE".into(),
        columns: vec!["at".into()],
    });
    events.partitions = vec![("public".into(), "events_2026".into())];
    let mut part = Table::new("events_2026")
        .rows(1_000_000)
        .column("id", "bigint")
        .column("at", "date");
    part.partition_of = Some(PartitionOf {
        schema: "public".into(),
        name: "events".into(),
        bound: "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')".into(),
    });
    let apart = Table::new("events_2027")
        .rows(1_000_000)
        .column("id", "bigint")
        .column("at", "date");
    let mut view = Table::new("people").column("id", "bigint");
    view.kind = TableKind::View;
    let mut totals = Table::new("totals")
        .column("id", "bigint")
        .unique("totals_id", &["id"]);
    totals.kind = TableKind::Materialized;
    for index in &mut totals.indexes {
        index.constraint = None;
    }
    catalog
        .tables
        .extend([events, part, apart, view, totals, seats()].map(Arc::new));
    catalog
}

/// A table with one of each thing that stands on a table.
fn seats() -> Table {
    let mut seats = Table::new("seats")
        .rows(1_000)
        .column("id", "bigint")
        .column("price", "int")
        .unique("seats_id", &["id"]);
    seats.columns[0].not_null = true;
    seats.columns.push(Column {
        name: "taxed".into(),
        type_sql: "int".into(),
        generated: true,
        expression: Some(("price * 2".into(), false)),
        ..Column::default()
    });
    seats.policies = vec![Policy {
        name: "own".into(),
        definition: "CREATE POLICY own ON seats".into(),
        alteration: "ALTER POLICY own ON public.seats TO PUBLIC USING (true)".into(),
    }];
    seats.triggers = vec![Trigger {
        name: "touch".into(),
        on_update: true,
        on_delete: false,
        of_statement: [false; 3],
        definition:
            "CREATE TRIGGER touch BEFORE UPDATE ON seats FOR EACH ROW EXECUTE FUNCTION touch()"
                .into(),
        ..Trigger::default()
    }];
    seats.indexes.push(Index {
        schema: "public".into(),
        name: "seats_price".into(),
        keys: vec!["price".into()],
        mentions: vec!["price".into()],
        unique: false,
        partial: false,
        valid: true,
        clustered: false,
        options: vec![],
        constraint: None,
        definition: "CREATE INDEX seats_price ON public.seats USING btree (price)".into(),
        ..Index::default()
    });
    seats = seats.column("code", "text").unique("seats_code", &["code"]);
    seats
        .indexes
        .iter_mut()
        .filter(|index| index.name == "seats_code")
        .for_each(|index| index.constraint = None);
    seats.constraints.retain(|one| one.name != "seats_code");
    seats
}

/// What becomes of each statement, a line each.
fn told(statements: &str) -> String {
    let catalog = database();
    let (mut text, mut unknown) = (String::new(), Vec::new());
    for sql in statements
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        match Revision::from_text(&RevisionId::new("001"), sql)
            .and_then(|revision| plan(&revision, &catalog))
        {
            Ok(plan) => {
                assert_eq!(
                    law::violations(&plan),
                    Vec::<String>::new(),
                    "{sql}\n{}",
                    explain(&plan)
                );
                let steps: Vec<String> = plan
                    .steps()
                    .map(|(phase, step)| format!("{phase}: {}", step.work.summary().join(", ")))
                    .collect();
                let hazards: Vec<&str> = plan
                    .hazards
                    .iter()
                    .map(|hazard| hazard.code.as_str())
                    .collect();
                let _ = writeln!(
                    text,
                    "{sql}\n    {} {}",
                    steps.join(" | "),
                    hazards.join(" ")
                );
            }
            Err(problems) => {
                let problem = problems[0].to_string();
                // Unknown, or about names: then it isn't the statement that was tried.
                if ["C100", "C101", "C102", "C103", "C104"]
                    .iter()
                    .any(|code| problem.contains(code))
                {
                    unknown.push(format!("{sql}: {problem}"));
                }
                let _ = writeln!(
                    text,
                    "{sql}\n    refused: {}",
                    problem.split(": ").skip(1).collect::<Vec<_>>().join(": ")
                );
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    text
}

#[test]
fn every_form_of_alter_table() {
    assert_snapshot!(told(FORMS));
}

#[test]
fn every_command_of_the_manual() {
    assert_snapshot!(told(COMMANDS));
}

pub(crate) const FORMS: &str = "ALTER TABLE seats ADD COLUMN a int
         ALTER TABLE seats DROP COLUMN price
         ALTER TABLE seats ALTER COLUMN price TYPE numeric
         ALTER TABLE seats ALTER COLUMN price SET DEFAULT 1
         ALTER TABLE seats ALTER COLUMN price DROP DEFAULT
         ALTER TABLE seats ALTER COLUMN price SET NOT NULL
         ALTER TABLE seats ALTER COLUMN id DROP NOT NULL
         ALTER TABLE seats ALTER COLUMN taxed SET EXPRESSION AS (price * 3)
         ALTER TABLE seats ALTER COLUMN taxed DROP EXPRESSION
         ALTER TABLE seats ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY
         ALTER TABLE seats ALTER COLUMN taxed SET GENERATED BY DEFAULT
         ALTER TABLE seats ALTER COLUMN price DROP IDENTITY IF EXISTS
         ALTER TABLE seats ALTER COLUMN price SET STATISTICS 100
         ALTER TABLE seats ALTER COLUMN price SET (n_distinct = 5)
         ALTER TABLE seats ALTER COLUMN price RESET (n_distinct)
         ALTER TABLE seats ALTER COLUMN price SET STORAGE PLAIN
         ALTER TABLE seats ALTER COLUMN price SET COMPRESSION pglz
         ALTER TABLE seats ADD CONSTRAINT cheap CHECK (price < 100)
         ALTER TABLE seats ADD CONSTRAINT given NOT NULL price
         ALTER TABLE seats ADD UNIQUE (price)
         ALTER TABLE seats ADD CONSTRAINT seats_pkey PRIMARY KEY USING INDEX seats_code
         ALTER TABLE seats ADD FOREIGN KEY (price) REFERENCES owners (id)
         ALTER TABLE seats ADD EXCLUDE USING gist (price WITH =)
         ALTER TABLE seats ALTER CONSTRAINT seats_id DEFERRABLE
         ALTER TABLE seats ADD PRIMARY KEY USING INDEX seats_price
         ALTER TABLE seats VALIDATE CONSTRAINT seats_id
         ALTER TABLE seats DROP CONSTRAINT seats_id
         ALTER TABLE seats RENAME CONSTRAINT seats_id TO seats_number
         ALTER TABLE seats RENAME COLUMN price TO cost
         ALTER TABLE seats RENAME TO chairs
         ALTER TABLE seats SET SCHEMA attic
         ALTER TABLE seats DISABLE TRIGGER touch
         ALTER TABLE seats ENABLE TRIGGER ALL
         ALTER TABLE seats ENABLE REPLICA TRIGGER touch
         ALTER TABLE seats ENABLE ALWAYS TRIGGER touch
         ALTER TABLE seats DISABLE TRIGGER USER
         ALTER TABLE seats DISABLE RULE r
         ALTER TABLE seats ENABLE RULE r
         ALTER TABLE seats ENABLE REPLICA RULE r
         ALTER TABLE seats ENABLE ALWAYS RULE r
         ALTER TABLE seats ENABLE ROW LEVEL SECURITY
         ALTER TABLE seats DISABLE ROW LEVEL SECURITY
         ALTER TABLE seats FORCE ROW LEVEL SECURITY
         ALTER TABLE seats NO FORCE ROW LEVEL SECURITY
         ALTER TABLE seats CLUSTER ON seats_price
         ALTER TABLE seats SET WITHOUT CLUSTER
         ALTER TABLE seats SET WITHOUT OIDS
         ALTER TABLE seats SET ACCESS METHOD heap
         ALTER TABLE seats SET TABLESPACE fast
         ALTER TABLE ALL IN TABLESPACE slow SET TABLESPACE fast
         ALTER TABLE seats SET LOGGED
         ALTER TABLE seats SET UNLOGGED
         ALTER TABLE seats SET (fillfactor = 70)
         ALTER TABLE seats RESET (fillfactor)
         ALTER TABLE seats INHERIT owners
         ALTER TABLE seats NO INHERIT owners
         ALTER TABLE seats OF chair
         ALTER TABLE seats NOT OF
         ALTER TABLE seats OWNER TO someone
         ALTER TABLE seats REPLICA IDENTITY FULL
         ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')
         ALTER TABLE events DETACH PARTITION events_2026
         ALTER TABLE events DETACH PARTITION events_2026 FINALIZE
         ALTER TABLE seats DROP COLUMN price CASCADE
         ALTER TABLE ONLY seats ADD COLUMN a int";

pub(crate) const COMMANDS: &str = "
    ABORT
    ALTER AGGREGATE total(int) OWNER TO someone
    ALTER COLLATION german REFRESH VERSION
    ALTER CONVERSION c RENAME TO d
    ALTER DATABASE site SET work_mem = '8MB'
    ALTER DATABASE site WITH CONNECTION LIMIT 5
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO someone
    ALTER DOMAIN word SET DEFAULT 'x'
    ALTER DOMAIN word SET NOT NULL
    ALTER DOMAIN word ADD CHECK (VALUE <> '')
    ALTER EVENT TRIGGER e DISABLE
    ALTER EXTENSION hstore UPDATE
    ALTER FOREIGN DATA WRAPPER w OPTIONS (ADD a '1')
    ALTER FOREIGN TABLE people OPTIONS (ADD a '1')
    ALTER FUNCTION half(int) STRICT
    ALTER FUNCTION half(int) DEPENDS ON EXTENSION hstore
    ALTER FUNCTION half(int) SET SCHEMA attic
    ALTER GROUP crew ADD USER someone
    ALTER INDEX seats_price RENAME TO seats_cost
    ALTER INDEX seats_price SET (fillfactor = 70)
    ALTER INDEX seats_price SET TABLESPACE fast
    ALTER LANGUAGE plpgsql OWNER TO someone
    ALTER LARGE OBJECT 1 OWNER TO someone
    ALTER MATERIALIZED VIEW totals SET (fillfactor = 70)
    ALTER OPERATOR @@@ (int, int) SET (RESTRICT = NONE)
    ALTER OPERATOR CLASS c USING btree RENAME TO d
    ALTER OPERATOR FAMILY f USING btree ADD FUNCTION 1 (int, int) btint4cmp(int, int)
    ALTER POLICY own ON seats USING (false)
    ALTER PROCEDURE nothing() SECURITY DEFINER
    ALTER PUBLICATION changes ADD TABLE seats
    ALTER ROLE someone CREATEDB
    ALTER ROLE someone SET work_mem = '8MB'
    ALTER ROUTINE half(int) STRICT
    ALTER RULE r ON seats RENAME TO s
    ALTER SCHEMA attic RENAME TO loft
    ALTER SEQUENCE numbers INCREMENT 5
    ALTER SERVER other OPTIONS (ADD a '1')
    ALTER STATISTICS s SET STATISTICS 100
    ALTER SUBSCRIPTION s DISABLE
    ALTER SYSTEM SET work_mem = '8MB'
    ALTER TABLESPACE fast RENAME TO faster
    ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR word
    ALTER TEXT SEARCH DICTIONARY d (stopwords = 'x')
    ALTER TEXT SEARCH PARSER p RENAME TO q
    ALTER TEXT SEARCH TEMPLATE t RENAME TO u
    ALTER TRIGGER touch ON seats RENAME TO touched
    ALTER TYPE mood ADD VALUE 'calm'
    ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'
    ALTER TYPE pair ADD ATTRIBUTE c int
    ALTER TYPE pair DROP ATTRIBUTE c CASCADE
    ALTER USER someone CREATEDB
    ALTER USER MAPPING FOR someone SERVER other OPTIONS (ADD a '1')
    ALTER VIEW people SET (security_barrier = true)
    ANALYZE seats
    BEGIN
    CALL nothing()
    CHECKPOINT
    CLOSE c
    CLUSTER seats
    COMMENT ON TABLE seats IS 'x'
    COMMIT
    COPY seats FROM '/tmp/x'
    CREATE ACCESS METHOD m TYPE TABLE HANDLER heap_tableam_handler
    CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int)
    CREATE CAST (int AS text) WITH INOUT
    CREATE COLLATION german (locale = 'de')
    CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8
    CREATE DATABASE other
    CREATE DOMAIN word AS text
    CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()
    CREATE EXTENSION hstore
    CREATE FOREIGN DATA WRAPPER w
    CREATE FOREIGN TABLE far (id int) SERVER other
    CREATE FUNCTION half(int) RETURNS int LANGUAGE sql AS 'SELECT $1 / 2'
    CREATE GROUP crew
    CREATE INDEX ON seats (price)
    CREATE LANGUAGE plperl
    CREATE MATERIALIZED VIEW busy AS SELECT id FROM leads
    CREATE OPERATOR @@@ (leftarg = int, rightarg = int, function = int4eq)
    CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <
    CREATE OPERATOR FAMILY f USING btree
    CREATE POLICY other ON seats
    CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1'
    CREATE PUBLICATION changes FOR TABLE seats
    CREATE ROLE someone
    CREATE RULE r AS ON DELETE TO seats DO INSTEAD NOTHING
    CREATE SCHEMA attic
    CREATE SEQUENCE numbers
    CREATE SERVER other FOREIGN DATA WRAPPER w
    CREATE STATISTICS s ON id, price FROM seats
    CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION changes
    CREATE TABLE chairs (id int PRIMARY KEY)
    CREATE TABLE chairs AS SELECT * FROM seats
    CREATE TEMP TABLE chairs (id int)
    CREATE TABLESPACE fast LOCATION '/fast'
    CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)
    CREATE TEXT SEARCH DICTIONARY d (template = simple)
    CREATE TEXT SEARCH PARSER p (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)
    CREATE TEXT SEARCH TEMPLATE t (lexize = dsimple_lexize)
    CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal))
    CREATE TRIGGER stamp BEFORE UPDATE ON seats FOR EACH ROW EXECUTE FUNCTION f()
    CREATE TYPE feeling AS ENUM ('glad', 'sad')
    CREATE TYPE pair AS (a int, b text)
    CREATE TYPE span AS RANGE (subtype = int)
    CREATE USER someone
    CREATE USER MAPPING FOR someone SERVER other
    CREATE VIEW cheap AS SELECT id FROM seats
    DEALLOCATE p
    DECLARE c CURSOR FOR SELECT 1
    DELETE FROM seats WHERE price = 1
    DISCARD ALL
    DO 'BEGIN END'
    DROP ACCESS METHOD m
    DROP AGGREGATE total(int)
    DROP CAST (int AS text)
    DROP COLLATION german
    DROP CONVERSION c
    DROP DATABASE other
    DROP DOMAIN word
    DROP EVENT TRIGGER e
    DROP EXTENSION hstore
    DROP FOREIGN DATA WRAPPER w
    DROP FOREIGN TABLE people
    DROP FUNCTION half(int)
    DROP GROUP crew
    DROP INDEX seats_price
    DROP LANGUAGE plperl
    DROP MATERIALIZED VIEW totals
    DROP OPERATOR @@@ (int, int)
    DROP OPERATOR CLASS c USING btree
    DROP OPERATOR FAMILY f USING btree
    DROP OWNED BY someone
    DROP POLICY own ON seats
    DROP PROCEDURE nothing()
    DROP PUBLICATION changes
    DROP ROLE someone
    DROP ROUTINE half(int)
    DROP RULE r ON seats
    DROP SCHEMA attic
    DROP SEQUENCE numbers
    DROP SERVER other
    DROP STATISTICS s
    DROP SUBSCRIPTION s
    DROP TABLE seats
    DROP TABLE seats CASCADE
    DROP TABLESPACE fast
    DROP TEXT SEARCH CONFIGURATION c
    DROP TEXT SEARCH DICTIONARY d
    DROP TEXT SEARCH PARSER p
    DROP TEXT SEARCH TEMPLATE t
    DROP TRANSFORM FOR int LANGUAGE sql
    DROP TRIGGER touch ON seats
    DROP TYPE mood
    DROP USER someone
    DROP USER MAPPING FOR someone SERVER other
    DROP VIEW people
    EXECUTE p
    EXPLAIN SELECT 1
    FETCH 1 FROM c
    GRANT SELECT ON seats TO someone
    GRANT crew TO someone
    IMPORT FOREIGN SCHEMA far FROM SERVER other INTO attic
    INSERT INTO seats (id) VALUES (1)
    LISTEN x
    LOAD 'x'
    LOCK TABLE seats
    MERGE INTO seats USING owners ON owners.id = seats.id WHEN MATCHED THEN DO NOTHING
    MOVE 1 FROM c
    NOTIFY x
    PREPARE p AS SELECT 1
    PREPARE TRANSACTION 'x'
    REASSIGN OWNED BY someone TO another
    REFRESH MATERIALIZED VIEW totals
    REINDEX TABLE seats
    REINDEX SCHEMA public
    RELEASE SAVEPOINT s
    RESET work_mem
    REVOKE SELECT ON seats FROM someone
    ROLLBACK
    SAVEPOINT s
    SECURITY LABEL ON TABLE seats IS 'x'
    SELECT 1
    SELECT * INTO chairs FROM seats
    SET work_mem = '8MB'
    SET CONSTRAINTS ALL DEFERRED
    SHOW work_mem
    START TRANSACTION
    TRUNCATE seats
    UNLISTEN x
    UPDATE seats SET price = 1
    VACUUM seats
    VALUES (1)";
