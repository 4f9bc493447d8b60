//! What stands beside the tables of an application: rights on everything, comments on everything,
//! publications, sessions' settings, and maintenance.

use super::{Kind, ROLES, kind, one, part};
use crate::draw::Draw;
use crate::sql::{name, optional, qualified};
use crate::world::{Column, Relation, World};

pub(super) const KINDS: &[Kind] = &[
    part("grant on sequence", 1, grant_on_sequence),
    part("comment on sequence", 1, comment_on_sequence),
    kind("grant on schema", 1, grant_on_schema),
    kind("grant on function", 1, grant_on_function),
    kind("grant on type", 1, grant_on_type),
    kind("revoke on column", 1, revoke_on_column),
    kind("comment on function", 1, comment_on_function),
    kind("comment on schema", 1, comment_on_schema),
    kind("comment on policy", 1, comment_on_policy),
    kind("comment on statistics", 1, comment_on_statistics),
    part(
        "create publication of columns",
        1,
        create_publication_of_columns,
    ),
    part(
        "create publication with filter",
        1,
        create_publication_with_filter,
    ),
    kind(
        "create publication of all tables",
        1,
        create_publication_of_all,
    ),
    kind("alter publication", 2, alter_publication),
    kind(
        "default privileges in schema",
        1,
        default_privileges_in_schema,
    ),
    kind("in a transaction", 3, in_a_transaction),
    kind("set", 3, set),
    kind("analyze", 1, analyze),
    kind("lock table", 1, lock_table),
    kind("select", 1, select),
    kind("cluster", 1, cluster),
    kind("vacuum", 1, vacuum),
    kind("set constraints", 1, set_constraints),
    kind("drop owned", 1, drop_owned),
    kind("alter schema owner", 1, alter_schema_owner),
    kind("create range type", 1, create_range),
    kind("create collation", 1, create_collation),
    kind("create cast", 1, create_cast),
];

fn role(draw: &mut Draw) -> String {
    name(draw.word(&ROLES))
}

fn sequence(draw: &mut Draw, world: &World) -> Option<String> {
    draw.one(&world.sequences)
        .map(|one| qualified(&one.schema, &one.name))
}

fn grant_on_sequence(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let right = draw.word(&["USAGE", "SELECT", "ALL"]);
    one(format!(
        "GRANT {right} ON SEQUENCE {} TO {}",
        sequence(draw, world)?,
        role(draw)
    ))
}

fn comment_on_sequence(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!(
        "COMMENT ON SEQUENCE {} IS 'numbers'",
        sequence(draw, world)?
    ))
}

fn grant_on_schema(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let schema = name(draw.one(&world.schemas)?);
    let word = draw.word(&[
        "GRANT USAGE ON SCHEMA {} TO",
        "GRANT ALL ON SCHEMA {} TO",
        "REVOKE ALL ON SCHEMA {} FROM",
    ]);
    one(format!("{} {}", word.replace("{}", &schema), role(draw)))
}

fn function(draw: &mut Draw, world: &World) -> Option<String> {
    let all: Vec<_> = world
        .functions
        .iter()
        .filter(|one| one.kind == 'f')
        .collect();
    draw.one(&all)
        .map(|one| format!("{}({})", qualified(&one.schema, &one.name), one.arguments))
}

fn grant_on_function(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let function = function(draw, world)?;
    one(if draw.chance(50) {
        format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    } else {
        format!("GRANT EXECUTE ON FUNCTION {function} TO {}", role(draw))
    })
}

fn grant_on_type(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = draw.one(&world.types)?;
    one(format!(
        "GRANT USAGE ON TYPE {} TO {}",
        qualified(&known.schema, &known.name),
        role(draw)
    ))
}

fn revoke_on_column(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.relation(world)?.clone();
    let column = draw.column(&table)?;
    one(format!(
        "REVOKE ALL ({}) ON {} FROM {}",
        name(&column.name),
        table.sql(),
        role(draw)
    ))
}

fn comment_on_function(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!(
        "COMMENT ON FUNCTION {} IS 'computes'",
        function(draw, world)?
    ))
}

fn comment_on_schema(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!(
        "COMMENT ON SCHEMA {} IS 'a part'",
        name(draw.one(&world.schemas)?)
    ))
}

fn comment_on_policy(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let all: Vec<(&Relation, &String)> = world
        .relations
        .iter()
        .flat_map(|table| table.policies.iter().map(move |one| (table, one)))
        .collect();
    let (table, policy) = draw.of_tables(&all)?;
    one(format!(
        "COMMENT ON POLICY {} ON {} IS 'who may'",
        name(policy),
        table.sql()
    ))
}

fn comment_on_statistics(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = draw.one(&world.statistics)?;
    one(format!(
        "COMMENT ON STATISTICS {} IS 'they go together'",
        qualified(&known.schema, &known.name)
    ))
}

fn publication(draw: &mut Draw, world: &World) -> String {
    name(&format!("{}_pub", draw.fresh(world)))
}

fn create_publication_of_columns(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let column = draw.column(&table)?.clone();
    let mut columns: Vec<&Column> = table.key();
    if !columns.iter().any(|one| one.name == column.name) {
        columns.push(&column);
    }
    let columns: Vec<String> = columns.iter().map(|one| name(&one.name)).collect();
    let publication = publication(draw, world);
    (world.version >= 15).then(|| {
        vec![format!(
            "CREATE PUBLICATION {publication} FOR TABLE {} ({})",
            table.sql(),
            columns.join(", ")
        )]
    })
}

fn create_publication_with_filter(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let condition = draw.condition(&table, world);
    let publication = publication(draw, world);
    (world.version >= 15).then(|| {
        vec![format!(
            "CREATE PUBLICATION {publication} FOR TABLE {} WHERE ({condition})",
            table.sql()
        )]
    })
}

fn create_publication_of_all(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!(
        "CREATE PUBLICATION {} FOR ALL TABLES",
        publication(draw, world)
    ))
}

fn alter_publication(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = name(draw.one(&world.publications)?);
    let table = draw.table(world)?;
    let what = match draw.number(0, 3) {
        0 => format!("ADD TABLE {}", table.sql()),
        1 => format!("DROP TABLE {}", table.sql()),
        2 => format!("SET TABLE {}", table.sql()),
        _ => "SET (publish = 'insert')".to_owned(),
    };
    one(format!("ALTER PUBLICATION {known} {what}"))
}

fn default_privileges_in_schema(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let schema = name(draw.one(&world.schemas)?);
    let what = draw.word(&[
        "SELECT ON TABLES",
        "USAGE ON SEQUENCES",
        "EXECUTE ON FUNCTIONS",
    ]);
    one(format!(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {what} TO {}",
        role(draw)
    ))
}

fn in_a_transaction(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let kind = super::called(draw.word(&[
        "update",
        "add column",
        "create index",
        "grant",
        "rename column",
    ]))?;
    let mut made = kind.texts(draw, world)?;
    made.insert(0, "BEGIN".to_owned());
    made.push("COMMIT".to_owned());
    Some(made)
}

#[allow(clippy::unnecessary_wraps)] // As every maker.
fn set(draw: &mut Draw, _: &World) -> Option<Vec<String>> {
    let what = draw.word(&[
        "lock_timeout = '5s'",
        "statement_timeout = 0",
        "search_path = public",
        "client_min_messages = warning",
    ]);
    one(format!("SET {what}"))
}

fn analyze(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!("ANALYZE {}", draw.table(world)?.sql()))
}

fn lock_table(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.sql();
    Some(vec![
        "BEGIN".to_owned(),
        format!("LOCK TABLE {table} IN SHARE MODE"),
        "COMMIT".to_owned(),
    ])
}

fn select(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!(
        "SELECT count(*) FROM {}",
        draw.relation(world)?.sql()
    ))
}

fn cluster(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, index) = super::indexes::existing(draw, world)?;
    one(format!(
        "CLUSTER {} USING {}",
        table.sql(),
        name(&index.name)
    ))
}

fn vacuum(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let words = draw.word(&["VACUUM", "VACUUM (ANALYZE)", "VACUUM (FULL)"]);
    one(format!("{words} {}", draw.table(world)?.sql()))
}

#[allow(clippy::unnecessary_wraps)] // As every maker.
fn set_constraints(draw: &mut Draw, _: &World) -> Option<Vec<String>> {
    one(format!(
        "SET CONSTRAINTS ALL {}",
        draw.word(&["IMMEDIATE", "DEFERRED"])
    ))
}

#[allow(clippy::unnecessary_wraps)] // As every maker.
fn drop_owned(draw: &mut Draw, _: &World) -> Option<Vec<String>> {
    one(format!("DROP OWNED BY {}", role(draw)))
}

fn alter_schema_owner(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let schema = name(draw.one(&world.schemas)?);
    one(format!("ALTER SCHEMA {schema} OWNER TO {}", role(draw)))
}

#[allow(clippy::unnecessary_wraps)] // As every maker.
fn create_range(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!(
        "CREATE TYPE {} AS RANGE (SUBTYPE = float8)",
        name(&format!("{}_t", draw.fresh(world)))
    ))
}

#[allow(clippy::unnecessary_wraps)] // As every maker.
fn create_collation(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let collation = name(&format!("{}_l", draw.fresh(world)));
    one(format!(
        "CREATE COLLATION {collation} (provider = icu, locale = 'und'{})",
        optional(", deterministic = false")
    ))
}

fn create_cast(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let enums: Vec<_> = world.types.iter().filter(|one| one.kind == 'e').collect();
    let known = draw.one(&enums)?;
    one(format!(
        "CREATE CAST ({} AS int4range) WITH INOUT",
        qualified(&known.schema, &known.name)
    ))
}
