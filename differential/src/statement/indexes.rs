//! Indexes: built, dropped, renamed, altered.

use super::{Kind, kind, one, part};
use crate::draw::Draw;
use crate::sql::{name, optional, qualified};
use crate::world::{Index, Relation, World};

pub(super) const KINDS: &[Kind] = &[
    part("create index", 14, create),
    part("create unique index", 6, create_unique),
    part("create expression index", 5, create_expression),
    kind("create index concurrently", 4, create_concurrently),
    kind("create index if not exists", 3, create_if_not_exists),
    kind("create index on only", 1, create_only),
    part("create index on partition", 1, create_on_partition),
    kind("create same index on parent", 1, create_as_on_partition),
    kind("attach index", 1, attach),
    kind("create block's index", 1, create_of_block),
    part("index left over invalid", 1, left_invalid),
    kind("drop index", 8, drop),
    kind("drop index if exists", 2, drop_if_exists),
    kind("rename index", 5, rename),
    part("comment on index", 2, comment),
    part("cluster on", 1, cluster),
    part("set index option", 1, set_option),
    part("set index statistics", 1, set_statistics),
    kind("reindex", 1, reindex),
];

/// A list of one or two columns with what an index may say of them.
fn keys(draw: &mut Draw, table: &Relation) -> Option<String> {
    let mut items = Vec::new();
    for _ in 0..draw.number(1, 2) {
        let column = draw.column(table)?;
        let order = draw.word(&["", "", "", " DESC", " NULLS FIRST", " COLLATE \"C\""]);
        let order = if order.starts_with(" COLLATE")
            && (column.category != 'S' || column.kind.starts_with("json"))
        {
            ""
        } else {
            order
        };
        items.push(format!("{}{}", name(&column.name), optional(order)));
    }
    items.dedup();
    Some(crate::sql::list(&items))
}

fn statement(
    draw: &mut Draw,
    world: &World,
    unique: &str,
    words: &str,
) -> Option<(Relation, String)> {
    let table = draw.table(world)?.clone();
    let keys = keys(draw, &table)?;
    let index = if draw.chance(70) {
        format!("{} ", name(&format!("{}_i", draw.fresh(world))))
    } else {
        String::new()
    };
    let include = if draw.chance(10) {
        draw.column(&table)
            .map(|column| optional(&format!(" INCLUDE ({})", name(&column.name))))
            .unwrap_or_default()
    } else {
        String::new()
    };
    let condition = if draw.chance(15) {
        optional(&format!(" WHERE {}", draw.condition(&table, world)))
    } else {
        String::new()
    };
    let text = format!(
        "CREATE {unique}INDEX {words}{index}ON {} ({keys}){include}{condition}",
        table.sql()
    );
    Some((table, text))
}

fn create(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(statement(draw, world, "", "")?.1)
}

fn create_unique(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(statement(draw, world, "UNIQUE ", "")?.1)
}

fn create_concurrently(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(statement(draw, world, "", "CONCURRENTLY ")?.1)
}

fn create_if_not_exists(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let keys = keys(draw, &table)?;
    let known: Vec<&Index> = table.indexes.iter().collect();
    let index = match draw.one(&known) {
        Some(known) if draw.chance(60) => known.name.clone(),
        _ => format!("{}_i", draw.fresh(world)),
    };
    one(format!(
        "CREATE INDEX IF NOT EXISTS {} ON {} ({keys})",
        name(&index),
        table.sql()
    ))
}

fn create_only(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let partitioned = world.of_kind(&['p']);
    let table = (*draw.one(&partitioned)?).clone();
    let keys = keys(draw, &table)?;
    let index = format!("{}_i", draw.fresh(world));
    one(format!(
        "CREATE INDEX {} ON ONLY {} ({keys})",
        name(&index),
        table.sql()
    ))
}

fn create_expression(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let column = draw.column(&table)?.clone();
    let sql = name(&column.name);
    let expression = match column.category {
        'S' if !column.kind.starts_with("json") => format!("lower({sql}::text)"),
        'N' => format!("({sql} + 1)"),
        _ => format!("({sql} IS NULL)"),
    };
    let index = format!("{}_i", draw.fresh(world));
    one(format!(
        "CREATE INDEX {} ON {} ({expression})",
        name(&index),
        table.sql()
    ))
}

/// An index that no constraint owns.
pub(super) fn existing(draw: &mut Draw, world: &World) -> Option<(Relation, Index)> {
    let pairs: Vec<(&Relation, &Index)> = world
        .relations
        .iter()
        .flat_map(|table| table.indexes.iter().map(move |one| (table, one)))
        .filter(|(_, one)| !one.constraint && !one.child)
        .collect();
    draw.of_tables(&pairs)
        .map(|(table, one)| ((*table).clone(), (*one).clone()))
}

fn drop(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (_, index) = existing(draw, world)?;
    let concurrently = if draw.chance(20) { "CONCURRENTLY " } else { "" };
    one(format!(
        "DROP INDEX {concurrently}{}",
        qualified(&index.schema, &index.name)
    ))
}

fn drop_if_exists(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (_, index) = existing(draw, world)?;
    let gone = if draw.chance(60) {
        index.name
    } else {
        "nowhere_i".to_owned()
    };
    one(format!(
        "DROP INDEX IF EXISTS {}",
        qualified(&index.schema, &gone)
    ))
}

/// An index, a constraint's own as well.
fn any(draw: &mut Draw, world: &World) -> Option<Index> {
    let all: Vec<&Index> = world
        .relations
        .iter()
        .flat_map(|table| &table.indexes)
        .collect();
    draw.one(&all).map(|one| (*one).clone())
}

fn rename(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let index = any(draw, world)?;
    let to = format!("{}_i", draw.fresh(world));
    one(format!(
        "ALTER INDEX {} RENAME TO {}",
        qualified(&index.schema, &index.name),
        name(&to)
    ))
}

fn comment(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let index = any(draw, world)?;
    one(format!(
        "COMMENT ON INDEX {} IS 'an index'",
        qualified(&index.schema, &index.name)
    ))
}

fn cluster(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, index) = existing(draw, world)?;
    (table.kind == 'r').then(|| {
        vec![format!(
            "ALTER TABLE {} CLUSTER ON {}",
            table.sql(),
            name(&index.name)
        )]
    })
}

fn set_option(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let index = any(draw, world)?;
    one(format!(
        "ALTER INDEX {} SET (fillfactor = {})",
        qualified(&index.schema, &index.name),
        draw.number(50, 99)
    ))
}

fn set_statistics(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let all: Vec<&Index> = world
        .relations
        .iter()
        .flat_map(|table| &table.indexes)
        .filter(|one| one.expression)
        .collect();
    let index = draw.one(&all)?;
    one(format!(
        "ALTER INDEX {} ALTER COLUMN 1 SET STATISTICS 77",
        qualified(&index.schema, &index.name)
    ))
}

fn reindex(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let index = any(draw, world)?;
    one(format!(
        "REINDEX INDEX {}",
        qualified(&index.schema, &index.name)
    ))
}

fn partition<'a>(draw: &mut Draw, world: &'a World) -> Option<&'a Relation> {
    let all: Vec<&Relation> = world
        .relations
        .iter()
        .filter(|one| one.partition_of.is_some())
        .collect();
    draw.one(&all).copied()
}

fn create_on_partition(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let partition = partition(draw, world)?.clone();
    let parent = world
        .relations
        .iter()
        .find(|one| Some(&one.name) == partition.parent.as_ref())?;
    let column = draw.column(parent)?.name.clone();
    let index = if draw.chance(60) {
        format!("{} ", name(&format!("{}_i", draw.fresh(world))))
    } else {
        String::new()
    };
    one(format!(
        "CREATE INDEX {index}ON {} ({})",
        partition.sql(),
        name(&column)
    ))
}

/// An index on a partitioned table, of which a partition has the like already.
fn create_as_on_partition(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let pairs: Vec<(&Relation, &Index)> = world
        .relations
        .iter()
        .filter(|table| table.partition_of.is_some())
        .flat_map(|table| table.indexes.iter().map(move |one| (table, one)))
        .filter(|(_, one)| !one.child && !one.constraint && !one.columns.is_empty())
        .collect();
    let (partition, index) = draw.one(&pairs)?;
    let parent = world
        .relations
        .iter()
        .find(|one| Some(&one.name) == partition.parent.as_ref())?;
    let columns: Vec<String> = index.columns.iter().map(|column| name(column)).collect();
    one(format!(
        "CREATE INDEX ON {} ({})",
        parent.sql(),
        columns.join(", ")
    ))
}

/// A partition's index becomes a part of the one on its table.
fn attach(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let open: Vec<(&Relation, &Index)> = world
        .of_kind(&['p'])
        .into_iter()
        .flat_map(|table| table.indexes.iter().map(move |one| (table, one)))
        .filter(|(_, one)| !one.valid)
        .collect();
    let (parent, index) = draw.of_tables(&open)?;
    let partitions: Vec<&Relation> = world
        .relations
        .iter()
        .filter(|one| one.parent.as_ref() == Some(&parent.name))
        .collect();
    let own: Vec<&Index> = partitions
        .iter()
        .flat_map(|one| &one.indexes)
        .filter(|one| !one.child && one.columns == index.columns)
        .collect();
    let own = draw.one(&own)?;
    one(format!(
        "ALTER INDEX {} ATTACH PARTITION {}",
        qualified(&index.schema, &index.name),
        qualified(&own.schema, &own.name)
    ))
}

/// An index that a block of code may have made already.
fn create_of_block(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let column = draw.column(&table)?;
    one(format!(
        "CREATE INDEX IF NOT EXISTS {} ON {} ({})",
        name("from_block_i"),
        table.sql(),
        name(&column.name)
    ))
}

/// What CREATE INDEX CONCURRENTLY leaves when it fails: made by hand, as a database may hold it
/// before a revision.
fn left_invalid(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let column = draw.column(&table)?.name.clone();
    let index = format!("{}_i", draw.fresh(world));
    (table.kind == 'r').then(|| {
        vec![
            format!(
                "CREATE INDEX {} ON {} ({})",
                name(&index),
                table.sql(),
                name(&column)
            ),
            format!(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{}'::regclass",
                name(&index)
            ),
        ]
    })
}
