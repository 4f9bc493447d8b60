//! Names that were chosen to do harm, or by people with a sense of humour; and objects in the
//! places of PostgreSQL's own.

use crate::corpus::Copied;
use crate::fixture::Site;
use concertina_revisions::Ident;

const NAMES: [&str; 14] = [
    "Select",
    "select",
    "we\"ird",
    "quo'te",
    "back\\slash",
    "two words",
    "per%cent %s {} {0}",
    "$1 $concertina$ $$",
    "ünïcödé \u{1F409}",
    "by",
    "new",
    "-- comment",
    "/* comment */; DROP TABLE victim; --",
    "a_name_of_sixty_three_bytes_which_is_as_long_as_names_may_be_12",
];

async fn lives(copied: &Copied, database: &str, name: &str) {
    let (table, column, other) = (
        Ident::new(name).sql(),
        Ident::new(name).sql(),
        Ident::new(format!("{}2", &name[..name.len().min(40)])).sql(),
    );
    let base = format!(
        "CREATE TABLE victim (id int); CREATE SCHEMA {table}; CREATE TABLE {table} (id int PRIMARY KEY, {column} text DEFAULT 'x', gone int);
         CREATE INDEX ON {table} ({column});"
    );
    let site = Site::copy(
        copied,
        database,
        &[
            ("000_base", base.as_str()),
("001_fill", &format!("ALTER TABLE {table} ADD COLUMN {other} int; UPDATE {table} SET {other} = id + 1 WHERE {other} IS NULL; ALTER TABLE {table} ALTER COLUMN {other} SET NOT NULL;")),
            ("002_type", &format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT, ALTER COLUMN {column} TYPE int USING {column}::int;")),
            ("003_more", &format!("CREATE INDEX ON {table} ({other}); ALTER TABLE {table} ADD CHECK ({column} > 0); ALTER TABLE {table} DROP COLUMN gone; COMMENT ON TABLE {table} IS 'hello';")),
            ("004_name", &format!("ALTER TABLE {table} RENAME COLUMN {column} TO renamed;")),
        ],
    )
    .await;
    site.run(&["upgrade", "000", "--contract"]).ends(0);
    let rows =
        format!("INSERT INTO {table} SELECT g, g::text FROM generate_series(1, 900) g; ANALYZE");
    site.client.batch_execute(&rows).await.unwrap();
    site.run(&["upgrade", "--contract"]).ends(0);
    let right = format!("SELECT count(*) FROM {table} WHERE renamed = id AND {other} = id + 1");
    assert_eq!(site.value::<i64>(&right).await, 900, "{name}");
    site.run(&["verify"]).ends(0);
    site.run(&["downgrade", "003", "--contract"]).ends(0);
    let script = site.run(&["upgrade", "--sql", "--contract"]).ends(0).out;
    site.server
        .psql(&site.database, &script)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(site.value::<i64>(&right).await, 900, "{name}");
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM victim").await,
        0,
        "{name}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_does_harm() {
    let copied = Copied::new(&[], "").await;
    for (at, name) in NAMES.iter().enumerate() {
        lives(&copied, &format!("site_{at}"), name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_in_the_places_of_postgresqls_own_are_not_met() {
    let site = Site::new(
        "CREATE TABLE leads (id int PRIMARY KEY, a int); INSERT INTO leads SELECT g, g FROM generate_series(1, 500) g; ANALYZE;
         CREATE TABLE caught (what text);
         CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.caught VALUES ('now'); RETURN '2000-01-01'; END $$;
         CREATE FUNCTION public.to_regclass(text) RETURNS regclass LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.caught VALUES ('to_regclass'); RETURN NULL; END $$;
         CREATE FUNCTION public.pg_get_expr(pg_node_tree, oid) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.caught VALUES ('pg_get_expr'); RETURN 'x'; END $$;
         CREATE FUNCTION public.evil(name, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.caught VALUES ('='); RETURN true; END $$;
         CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = name, FUNCTION = public.evil);
         CREATE TABLE public.pg_class (oid oid, relname name);
         ALTER ROLE postgres SET search_path = public, pg_catalog;",
        &[("001", "ALTER TABLE leads ADD COLUMN b int; UPDATE leads SET b = a * 2 WHERE b IS NULL; ALTER TABLE leads ALTER COLUMN b SET NOT NULL; CREATE INDEX leads_b ON leads (b);
                   ALTER TABLE leads ALTER COLUMN a TYPE bigint;")],
    )
    .await;
    site.run(&["upgrade", "--contract"]).ends(0);
    site.run(&["status"]).ends(0);
    site.run(&["doctor"]).ends(0);
    site.run(&["downgrade", "base", "--contract"]).ends(0);
    assert_eq!(
        site.value::<i64>("SELECT pg_catalog.count(*) FROM public.caught")
            .await,
        0
    );
    assert_eq!(
        site.value::<i64>(
            "SELECT pg_catalog.count(*) FROM public.leads WHERE a OPERATOR(pg_catalog.=) id"
        )
        .await,
        500
    );
}
