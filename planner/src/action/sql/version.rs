//! Versions of the application's schema: a schema of views each.

use super::super::{NewVersion, Shown, View};
use super::{OUR_SCHEMA, do_block};
use concertina_revisions::Ident;

/// What a version's schema is known by: its comment, which `pg_dump` keeps.
fn comment(version: &NewVersion) -> String {
    format!(
        "concertina version {}: {}",
        version.number, version.revision
    )
}

/// Whether the session speaks to a version, or to one that was made after it: by its search_path,
/// or by the setting `concertina.version`. Every name in it is qualified, as it runs under the
/// search_path of whoever writes.
pub(super) const SPEAKS: &str = "CREATE OR REPLACE FUNCTION concertina.speaks(version text) RETURNS boolean \
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $concertina$
BEGIN
  RETURN EXISTS (
    SELECT FROM pg_catalog.unnest(pg_catalog.current_schemas(false)
                                  OPERATOR(pg_catalog.||) pg_catalog.current_setting('concertina.version', true)::pg_catalog.name) AS path (name)
    JOIN pg_catalog.pg_namespace own ON own.nspname OPERATOR(pg_catalog.=) path.name
    JOIN pg_catalog.pg_namespace asked ON asked.nspname OPERATOR(pg_catalog.=) version
    WHERE pg_catalog.substring(pg_catalog.obj_description(own.oid, 'pg_namespace'), '^concertina version ([0-9]+): ')::pg_catalog.int4
          OPERATOR(pg_catalog.>=)
          pg_catalog.substring(pg_catalog.obj_description(asked.oid, 'pg_namespace'), '^concertina version ([0-9]+): ')::pg_catalog.int4);
END
$concertina$";

/// Takes the question away once no trigger asks it.
pub(super) const SPEAKS_NO_MORE: &str = "DO $concertina$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                 AND refobjid = pg_catalog.to_regprocedure('concertina.speaks(text)')) THEN
    DROP FUNCTION IF EXISTS concertina.speaks(text);
  END IF;
END $concertina$";

/// The question, as SQL.
pub(super) fn speaks(version: &Ident) -> String {
    format!("{OUR_SCHEMA}.speaks({})", version.literal())
}

pub(super) fn create(version: &NewVersion) -> Vec<String> {
    let schema = version.schema.sql();
    let mut statements = vec![
        format!("CREATE SCHEMA {schema}"),
        format!(
            "COMMENT ON SCHEMA {schema} IS {}",
            Ident::new(comment(version)).literal()
        ),
        rights_of_schema(version),
    ];
    for view in &version.views {
        statements.extend(create_view(version, view));
    }
    statements
}

fn create_view(version: &NewVersion, view: &View) -> Vec<String> {
    let name = format!("{}.{}", version.schema.sql(), view.name.sql());
    let columns: Vec<String> = view
        .columns
        .iter()
        .map(|column| format!("{} AS {}", column.stored.sql(), column.shown.sql()))
        .collect();
    // Whoever asks is asked for rights on the table, too, and held by its policies.
    let invoker = if view.invoker {
        " WITH (security_invoker = true)"
    } else {
        ""
    };
    let made = format!(
        "CREATE VIEW {name}{invoker} AS SELECT {} FROM {}",
        columns.join(", "),
        view.table.sql()
    );
    let defaults = view.columns.iter().filter_map(|column| {
        let default = column.default.as_ref()?;
        Some(format!(
            "ALTER VIEW {name} ALTER COLUMN {} SET DEFAULT {default}",
            column.shown.sql()
        ))
    });
    std::iter::once(made)
        .chain(defaults)
        .chain([rights(&name, view)])
        .collect()
}

/// Whoever may use the schema of the tables may use the version's.
fn rights_of_schema(version: &NewVersion) -> String {
    for_each_grant(
        &format!(
            "SELECT 'USAGE' AS given, '' AS columns, grantee FROM pg_namespace n, \
             aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) WHERE n.nspname = {} AND privilege_type = 'USAGE'",
            version.of.literal()
        ),
        &format!("SCHEMA {}", version.schema.sql()),
    )
}

/// The rights on the table and its columns as they are at this moment, on the view.
fn rights(name: &str, view: &View) -> String {
    let table = view.table.regclass_literal();
    let list = |of: fn(&Shown) -> &Ident| {
        let each: Vec<String> = view
            .columns
            .iter()
            .map(|column| of(column).literal())
            .collect();
        format!("ARRAY[{}]::text[]", each.join(", "))
    };
    let (stored, shown) = (list(|column| &column.stored), list(|column| &column.shown));
    for_each_grant(
        &format!(
            "SELECT privilege_type AS given, '' AS columns, grantee FROM pg_class c, \
             aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) WHERE c.oid = {table}::regclass \
             AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') \
             UNION ALL SELECT privilege_type, format(' (%I)', shown), grantee FROM unnest({stored}, {shown}) AS m (stored, shown) \
             JOIN pg_attribute a ON a.attrelid = {table}::regclass AND a.attname = m.stored, aclexplode(a.attacl) \
             WHERE privilege_type IN ('SELECT', 'INSERT', 'UPDATE')"
        ),
        name,
    )
}

fn for_each_grant(rights: &str, on: &str) -> String {
    let body = format!(
        "\nDECLARE each record;\nBEGIN\n  FOR each IN {rights} LOOP\n    \
         EXECUTE format('GRANT %s%s ON %s TO %s', each.given, each.columns, {}, \
         CASE WHEN each.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(each.grantee)) END);\n  END LOOP;\nEND\n",
        Ident::new(on).literal()
    );
    do_block(&body)
}

/// Views of ours alone; what someone else made in the schema, or of its views, is in the way and
/// named by PostgreSQL.
pub(super) fn drop(schema: &Ident) -> String {
    let (literal, drop) = (
        schema.literal(),
        Ident::new(format!("DROP SCHEMA {}", schema.sql())).literal(),
    );
    let body = format!(
        "\nDECLARE each regclass;\nBEGIN\n  FOR each IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {literal} AND c.relkind = 'v' ORDER BY c.relname LOOP\n    EXECUTE 'DROP VIEW ' || each;\n  END LOOP;\n  \
         IF EXISTS (SELECT FROM pg_namespace WHERE nspname = {literal}) THEN\n    EXECUTE {drop};\n  END IF;\nEND\n"
    );
    do_block(&body)
}
