//! The triggers that see what is written while a revision is under way.

use super::super::{Sync, Twin};
use super::{OUR_SCHEMA, dollar_quote, version};
use concertina_revisions::{Ident, TableName};

pub(super) fn install(sync: &Sync) -> Vec<String> {
    let Some((twin, newer)) = newer(sync) else {
        let body = sync.twin.as_ref().map_or_else(|| filling(sync), keeping);
        return with_trigger(sync, &sync.name, &body, &sync.when).into();
    };
    let (by_newer, newer) = (back_name(sync), version::speaks(newer));
    let own = with_trigger(sync, &sync.name, &keeping(twin), &format!("{} AND NOT {newer}", sync.when));
    let back = with_trigger(sync, &by_newer, &carrying_back(twin), &format!("{} AND {newer}", sync.when));
    std::iter::once(version::SPEAKS.to_owned()).chain(own).chain(back).collect()
}

/// Rows that logical replication applies, and those of a load with `session_replication_role = replica`, are filled too:
/// what a column says follows from the row, wherever that came from.
fn with_trigger(sync: &Sync, name: &Ident, body: &str, when: &str) -> [String; 3] {
    let always = format!("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", sync.table.sql(), name.sql());
    [function(sync, name, body), trigger(sync, name, when), always]
}

pub(super) fn remove(sync: &Sync) -> Vec<String> {
    let names = std::iter::once(sync.name.clone()).chain(newer(sync).map(|_| back_name(sync)));
    names
        .flat_map(|name| {
            [
                format!("DROP TRIGGER IF EXISTS {} ON {}", name.sql(), sync.table.sql()),
                format!("DROP FUNCTION IF EXISTS {}()", ours(&name)),
            ]
        })
        .collect()
}

/// The version whose sessions mean what they leave NULL.
fn newer(sync: &Sync) -> Option<(&Twin, &Ident)> {
    sync.twin.as_ref().and_then(|twin| Some((twin, twin.newer.as_ref()?)))
}

fn back_name(sync: &Sync) -> Ident {
    Ident::new(format!("{}_back", sync.name.as_str()))
}

fn ours(name: &Ident) -> String {
    TableName { schema: Ident::new(OUR_SCHEMA), name: name.clone() }.sql()
}

/// The trigger's function.
fn function(sync: &Sync, name: &Ident, body: &str) -> String {
    let path = sync.search_path.as_ref().map_or_else(String::new, |schemas| {
        let schemas: Vec<String> = schemas.iter().map(Ident::sql).collect();
        format!(" SET search_path = {}, pg_temp", schemas.join(", "))
    });
    let definer = if sync.definer { " SECURITY DEFINER" } else { "" };
    let quote = dollar_quote(body);
    format!(
        "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql{definer}{path} AS {quote}{body}{quote}",
        ours(name)
    )
}

/// Whoever wrote one of the two columns has it carried over to the other; what was carried over isn't carried back.
fn keeping(twin: &Twin) -> String {
    let (old, new) = (twin.old.sql(), twin.new.sql());
    let text = if twin.as_text { "::text" } else { "" };
    format!(
        "\nBEGIN\n  IF TG_OP = 'INSERT' THEN\n    IF new.{new} IS NULL THEN new.{new} := {forward}; ELSE new.{old} := {back}; END IF;\n  \
         ELSIF new.{new}{text} IS DISTINCT FROM old.{new}{text} THEN\n    new.{old} := {back};\n  \
         ELSIF new.{old}{text} IS DISTINCT FROM old.{old}{text} OR old.{new} IS NULL THEN\n    new.{new} := {forward};\n  \
         END IF;\n  RETURN new;\nEND\n",
        forward = twin.forward,
        back = twin.back,
    )
}

/// What a newer version wrote is so, NULL too.
fn carrying_back(twin: &Twin) -> String {
    format!("\nBEGIN\n  new.{} := {};\n  RETURN new;\nEND\n", twin.old.sql(), twin.back)
}

/// Computes the values by one SELECT over `new`, and assigns them when there is a row.
fn filling(sync: &Sync) -> String {
    let values: Vec<String> =
        sync.assignments.iter().enumerate().map(|(at, (_, value))| format!("{value} AS v{at}")).collect();
    let assigned: Vec<String> = sync
        .assignments
        .iter()
        .enumerate()
        .map(|(at, (column, _))| {
            format!("    IF new.{c} IS NULL THEN new.{c} := filled.v{at}; END IF;", c = column.sql())
        })
        .collect();
    let from = sync.from.as_ref().map_or_else(String::new, |from| format!(" FROM {from}"));
    let predicate = sync.predicate.as_ref().map_or_else(String::new, |sql| format!(" WHERE {sql}"));
    format!(
        "\n#variable_conflict use_column\nDECLARE filled record;\nBEGIN\n  SELECT {} INTO filled{from}{predicate} LIMIT 1;\n  \
         IF FOUND THEN\n{}\n  END IF;\n  RETURN new;\nEND\n",
        values.join(", "),
        assigned.join("\n"),
    )
}

/// On EVERY insert and update: one that is scoped to columns misses rows that an unrelated update moves behind
/// the scan. The WHEN clause is evaluated without calling the function and skips our own batches.
fn trigger(sync: &Sync, name: &Ident, when: &str) -> String {
    format!(
        "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {}()",
        name.sql(),
        sync.table.sql(),
        ours(name)
    )
}
