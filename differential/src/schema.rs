//! The database that a case begins with: tables with rows, and all that hangs on them.

use crate::Broken;
use crate::draw::Draw;
use crate::sql::{Sql, count, list, name, optional};
use crate::statement::{self, Kind};
use crate::sweep::{self, Purpose};
use crate::world::{Relation, World};
use tokio_postgres::Client;

/// How much a schema holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A table and a partner, and little else: for pairs of statements that are to meet.
    Small,
    /// Several tables, with much that hangs on them.
    Full,
}

/// Makes a schema in an empty database, statement by statement; what the server refuses is left out. The statements, and
/// what they made.
///
/// # Errors
///
/// When the server can't be talked to.
pub async fn make(
    draw: &mut Draw,
    size: Size,
    client: &Client,
    seed: u64,
) -> Result<(Vec<Sql>, World), Broken> {
    let mut made = Vec::new();
    let mut world = World::read(client).await?;
    let basis = basis(draw, size, &world);
    run(&basis, client, &mut made).await?;
    world = World::read(client).await?;
    let tables: Vec<Sql> = tables(draw, size, &world);
    run(&tables, client, &mut made).await?;
    world = World::read(client).await?;
    let rows: Vec<Sql> = world
        .of_kind(&['r', 'p'])
        .into_iter()
        .filter_map(|table| rows(draw, table, &world))
        .collect();
    run(&rows, client, &mut made).await?;
    let kinds: Vec<&Kind> = statement::all().filter(|kind| kind.hangs).collect();
    let parts = match size {
        Size::Small => 0,
        Size::Full => draw.number(3, 14),
    };
    if let Purpose::Change(number) = sweep::purpose(seed) {
        hang_on_one(draw, number, client, &mut made, &mut world).await?;
    }
    for round in 0..if size == Size::Small { 0 } else { 2 } {
        let hanging: Vec<Sql> = (0..parts / 2 + round)
            .filter_map(|_| hang(draw, &kinds, &world))
            .flatten()
            .collect();
        run(&hanging, client, &mut made).await?;
        world = World::read(client).await?;
    }
    Ok((made, world))
}

/// Hangs what has its turn on the column that the scene's cases will change.
async fn hang_on_one(
    draw: &mut Draw,
    number: u64,
    client: &Client,
    made: &mut Vec<Sql>,
    world: &mut World,
) -> Result<(), Broken> {
    const TRIES: u32 = 5;
    let aims = sweep::aims(number, draw, world);
    draw.aim(aims.map(|(hang_on, _)| hang_on));
    for kind in sweep::hanging(number, draw) {
        for _ in 0..TRIES {
            let before = made.len();
            run(&kind.make(draw, world).unwrap_or_default(), client, made).await?;
            *world = World::read(client).await?;
            if made.len() > before {
                break;
            }
        }
    }
    draw.aim(aims.map(|(_, change)| change));
    Ok(())
}

fn hang(draw: &mut Draw, kinds: &[&Kind], world: &World) -> Option<Vec<Sql>> {
    let kind = draw.weighted(kinds, |kind| kind.weight)?;
    kind.make(draw, world)
}

/// Runs statements; those that the server takes are kept.
///
/// # Errors
///
/// When the server can't be talked to.
pub async fn run(statements: &[Sql], client: &Client, made: &mut Vec<Sql>) -> Result<(), Broken> {
    for statement in statements {
        match client.batch_execute(&statement.text()).await {
            Ok(()) => made.push(statement.clone()),
            Err(error) if error.is_closed() => return Err(error.into()),
            Err(_) => {}
        }
    }
    Ok(())
}

/// What columns and triggers need: types, functions, another schema.
fn basis(draw: &mut Draw, size: Size, world: &World) -> Vec<Sql> {
    let mut all = vec![
        format!(
            "CREATE TYPE {} AS ENUM ({})",
            name("mood"),
            list(&["'new'", "'glad'", "'sad'"])
        ),
        format!(
            "CREATE DOMAIN {} AS text CHECK (length(VALUE) < 100)",
            name("word_d")
        ),
        format!(
            "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            name("touch")
        ),
    ];
    // They stamp, count and refuse by what the row says, so that psql's run and ours can be
    // compared.
    all.push(format!(
        "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := coalesce(OLD.n, 0) + 1; RETURN NEW; END $$",
        name("bump")
    ));
    all.push(format!(
        "CREATE TABLE {} (what text, of text)",
        name("journal")
    ));
    all.push(format!(
        "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO {} VALUES (TG_OP, TG_LEVEL); RETURN NULL; END $$",
        name("note"),
        name("journal")
    ));
    all.push(format!(
        "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'only appended'; END $$",
        name("deny")
    ));
    if size == Size::Full || draw.chance(25) {
        if draw.chance(12) {
            all.push(format!(
                "CREATE COLLATION {} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                name("nocase")
            ));
        }
        if draw.chance(8) && world.available.iter().any(|one| one == "btree_gist") {
            all.push("CREATE EXTENSION btree_gist".to_owned());
        }
    }
    if draw.chance(40) && world.available.iter().any(|one| one == "citext") {
        all.push("CREATE EXTENSION citext".to_owned());
    }
    if size == Size::Full {
        all.push(format!(
            "CREATE SCHEMA {}",
            name(draw.word(&["attic", "Odd Schema"]))
        ));
        if draw.chance(40) {
            all.push(format!(
                "CREATE TYPE {} AS ({})",
                name("pair_t"),
                list(&["a int", "b text"])
            ));
        }
    }
    all.iter().map(|text| Sql::marked(text)).collect()
}

fn tables(draw: &mut Draw, size: Size, world: &World) -> Vec<Sql> {
    let mut all = vec![
        Sql::marked(&format!(
            "CREATE TABLE {} ({})",
            name("owners"),
            list(&["id int PRIMARY KEY", "title text", "rank int"])
        )),
        Sql::marked(&main_table(draw, world)),
    ];
    if size == Size::Full || draw.chance(45) {
        all.extend(partitioned(draw));
    }
    // A view is what people most often drop and make again.
    if draw.chance(35) {
        let columns = list(&[name("id"), name("n"), name("title")]);
        all.push(Sql::marked(&format!(
            "CREATE VIEW {} AS SELECT {columns} FROM {}",
            name("shown"),
            name("main")
        )));
    }
    if size == Size::Full {
        for number in 0..draw.number(0, 2) {
            all.push(Sql::marked(&statement::table(
                draw,
                &format!("extra_{number}"),
                world,
            )));
        }
        if draw.chance(15) {
            all.push(Sql::marked(&format!(
                "CREATE TABLE {} ({}) INHERITS ({})",
                name("kid"),
                list(&["toys int"]),
                name("main")
            )));
        }
    }
    all
}

/// The table that most statements are about.
fn main_table(draw: &mut Draw, world: &World) -> String {
    let key = draw.word(&[
        "id bigint",
        "id int",
        "id int",
        "id int GENERATED BY DEFAULT AS IDENTITY",
        "id bigserial",
        "id serial",
    ]);
    let mut columns = vec![
        format!("{} PRIMARY KEY", key.replacen("id", &name("id"), 1)),
        format!("{} int{}", name("n"), default(draw, "0")),
        format!(
            "{} text{}{}",
            name("title"),
            collation(draw),
            default(draw, "'none'")
        ),
        format!("{} int", name("owner_id")),
    ];
    let mut more = more_columns(draw);
    if world.extensions.iter().any(|one| one == "citext") {
        more.push(format!("{} citext", name("email")));
        more.push(format!("{} citext{}", name("nick"), default(draw, "'Bob'")));
        columns.push(more[more.len() - 2].clone());
    }
    if world.collations.iter().any(|one| one == "nocase") {
        columns.push(format!(
            "{} text COLLATE {}",
            name("handle"),
            name("nocase")
        ));
    }
    if world.types.iter().any(|one| one.name == "pair_t") {
        more.push(format!("{} {}", name("both"), name("pair_t")));
    }
    for _ in 0..draw.number(1, 6) {
        if let Some(column) = draw.one(&more).filter(|column| !columns.contains(column)) {
            columns.push(column.clone());
        }
    }
    format!("CREATE TABLE {} ({})", name("main"), list(&columns))
}

/// Columns of which the table has some.
fn more_columns(draw: &mut Draw) -> Vec<String> {
    vec![
        format!("{} varchar(40)", name("mail")),
        format!(
            "{} {}{}",
            name("feel"),
            name("mood"),
            default(draw, "'new'")
        ),
        format!("{} numeric(10,2)", name("price")),
        format!("{} timestamptz", name("seen")),
        format!("{} boolean{}", name("done"), default(draw, "false")),
        format!("{} json", name("raw")),
        format!("{} jsonb", name("facts")),
        format!("{} text[]", name("tags")),
        format!("{} {}", name("said"), name("word_d")),
        format!("{} float8", name("Odd Score")),
        format!("{} int NOT NULL DEFAULT 1", name("must")),
        format!("{} uuid", name("token")),
        format!("{} interval", name("took")),
        format!("{} text", name("order")),
        format!(
            "{} int GENERATED ALWAYS AS ({} * 2) STORED",
            name("twice"),
            name("n")
        ),
        format!("{} json[]", name("raws")),
        format!("{} numeric", name("amount")),
        format!("{} numeric", name("paid")),
        format!("{} {}[]", name("feels"), name("mood")),
        format!("{} bytea", name("blob")),
        format!("{} {}", name("boss"), name("owners")),
        format!("{} xml", name("page")),
        format!("{} varchar(10) COLLATE \"C\"", name("code")),
    ]
}

fn default(draw: &mut Draw, value: &str) -> String {
    if draw.chance(30) {
        optional(&format!(" DEFAULT {value}"))
    } else {
        String::new()
    }
}

fn collation(draw: &mut Draw) -> String {
    if draw.chance(20) {
        optional(" COLLATE \"C\"")
    } else {
        String::new()
    }
}

fn partitioned(draw: &mut Draw) -> Vec<Sql> {
    let columns = [
        format!("{} bigint NOT NULL", name("id")),
        format!("{} int", name("n")),
        format!("{} text{}", name("title"), collation(draw)),
        format!("{} int{}", name("qty"), default(draw, "5")),
    ];
    let mut all = vec![format!(
        "CREATE TABLE {} ({}) PARTITION BY RANGE (id)",
        name("parted"),
        list(&columns)
    )];
    for (part, bound) in [
        ("parted_1", "FROM (0) TO (100)"),
        ("parted_2", "FROM (100) TO (100000)"),
    ] {
        all.push(format!(
            "CREATE TABLE {} PARTITION OF {} FOR VALUES {bound}",
            name(part),
            name("parted")
        ));
    }
    if draw.chance(40) {
        all.push(format!(
            "ALTER TABLE {} ADD PRIMARY KEY (id)",
            name("parted")
        ));
    }
    all.iter().map(|text| Sql::marked(text)).collect()
}

/// Rows with NULLs, duplicates, orphans and values that are equal but not identical; none for some
/// tables, thousands for few.
fn rows(draw: &mut Draw, table: &Relation, world: &World) -> Option<Sql> {
    let number = *draw
        .weighted(
            &[(0, 2), (5, 2), (120, 7), (3_000, 4), (16_000, 1)],
            |(_, weight)| *weight,
        )
        .map(|(number, _)| number)?;
    if number == 0 || table.partition_of.is_some() {
        return None;
    }
    let key: Vec<&str> = table
        .key()
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let columns: Vec<_> = table
        .writable()
        .into_iter()
        .filter(|one| !one.numbered)
        .collect();
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let unique = key.contains(&column.name.as_str()) || column.name == "id";
            match column.kind.as_str() {
                "integer" | "bigint" if unique => "g".to_owned(),
                "uuid" if unique => {
                    "('00000000-0000-0000-0000-' || lpad(g::text, 12, '0'))::uuid".to_owned()
                }
                "integer" if column.name == "owner_id" => "1 + g % 9".to_owned(),
                "integer" | "bigint" if draw.chance(40) => "g".to_owned(),
                "text" if draw.chance(40) => "'v' || g".to_owned(),
                "text" if draw.chance(5) => "repeat('wide ', 800) || g".to_owned(),
                // Nothing compresses it: a few thousand rows of it are a large table.
                "text" if draw.chance(8) => {
                    "(SELECT string_agg(md5(g::text || i), '') FROM generate_series(1, 18) i)"
                        .to_owned()
                }
                kind => among(draw, kind, column.not_null, world),
            }
        })
        .collect();
    let names: Vec<String> = columns.iter().map(|column| name(&column.name)).collect();
    Some(Sql::marked(&format!(
        "INSERT INTO {} ({}) SELECT {} FROM generate_series(1, {}) g",
        table.sql(),
        list(&names),
        list(&values),
        count(number)
    )))
}

/// One of a few values in turn.
fn among(draw: &mut Draw, kind: &str, not_null: bool, world: &World) -> String {
    let values: Vec<String> = (0..3).map(|_| draw.value(kind, world)).collect();
    let last = if not_null {
        values[0].clone()
    } else {
        "NULL".to_owned()
    };
    format!(
        "(CASE g % 4 WHEN 0 THEN {} WHEN 1 THEN {} WHEN 2 THEN {} ELSE {last} END)::{kind}",
        values[0],
        values[1],
        values[2],
        kind = kind.split(" COLLATE").next().unwrap_or(kind)
    )
}
