//! The triggers that see what is written while a revision is under way.

use super::super::{Alias, Sync, Twin};
use super::{OUR_SCHEMA, dollar_quote, guarded, version};
use concertina_revisions::{Ident, TableName};

pub(super) fn install(sync: &Sync) -> Vec<String> {
    if let Some(alias) = &sync.alias {
        return two_names(sync, alias);
    }
    if sync.guarded {
        return guarded::install(sync);
    }
    let Some((twin, newer)) = newer(sync) else {
        let body = sync.twin.as_ref().map_or_else(|| filling(sync), keeping);
        return with_trigger(sync, &sync.name, &body, &sync.when)
            .into_iter()
            .chain(again(sync))
            .collect();
    };
    let (by_newer, newer) = (back_name(sync), version::speaks(newer));
    let own = with_trigger(
        sync,
        &sync.name,
        &keeping(twin),
        &format!("{} AND NOT {newer}", sync.when),
    );
    let back = with_trigger(
        sync,
        &by_newer,
        &carrying_back(twin),
        &format!("{} AND {newer}", sync.when),
    );
    std::iter::once(version::SPEAKS.to_owned())
        .chain(own)
        .chain(back)
        .collect()
}

/// By which the function knows that the values are to be computed again.
const AGAIN: &str = "again";

/// Rows that logical replication applies, and those of a load with
/// `session_replication_role = replica`, are filled too: what a column says follows from the row,
/// wherever that came from.
pub(super) fn with_trigger(sync: &Sync, name: &Ident, body: &str, when: &str) -> [String; 3] {
    [
        function(sync, name, body),
        trigger(sync, name, when),
        always(sync, name),
    ]
}

pub(super) fn remove(sync: &Sync) -> Vec<String> {
    if sync.alias.is_some() {
        let triggers = [
            early_name(sync, "insert"),
            early_name(sync, "update"),
            sync.name.clone(),
        ];
        let drop = |name: &Ident| {
            format!(
                "DROP TRIGGER IF EXISTS {} ON {}",
                name.sql(),
                sync.table.sql()
            )
        };
        let functions = [back_name(sync), sync.name.clone()];
        let forget = |name: &Ident| format!("DROP FUNCTION IF EXISTS {}()", ours(name));
        return triggers
            .iter()
            .map(drop)
            .chain(functions.iter().map(forget))
            .collect();
    }
    if sync.guarded {
        return guarded::remove(sync);
    }
    let names = std::iter::once(sync.name.clone()).chain(newer(sync).map(|_| back_name(sync)));
    let own = no_more_again(sync)
        .into_iter()
        .chain(names.flat_map(|name| {
            [
                format!(
                    "DROP TRIGGER IF EXISTS {} ON {}",
                    name.sql(),
                    sync.table.sql()
                ),
                format!("DROP FUNCTION IF EXISTS {}()", ours(&name)),
            ]
        }));
    own.chain(newer(sync).map(|_| version::SPEAKS_NO_MORE.to_owned()))
        .collect()
}

/// The trigger that computes the values again; of the same function.
pub(super) fn again(sync: &Sync) -> Vec<String> {
    let Some(when) = &sync.again else {
        return vec![];
    };
    let name = again_name(sync);
    let create = format!(
        "CREATE TRIGGER {} BEFORE UPDATE ON {} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {}('{AGAIN}')",
        name.sql(),
        sync.table.sql(),
        ours(&sync.name)
    );
    vec![create, always(sync, &name)]
}

pub(super) fn no_more_again(sync: &Sync) -> Option<String> {
    sync.again.as_ref()?;
    Some(format!(
        "DROP TRIGGER IF EXISTS {} ON {}",
        again_name(sync).sql(),
        sync.table.sql()
    ))
}

fn again_name(sync: &Sync) -> Ident {
    Ident::new(format!("{}_again", sync.name.as_str()))
}

/// What a writer says by the second name is carried over to the original before any other trigger
/// sees the row, so that they see, and may change, what they always have; the second name follows
/// when they are done.
fn two_names(sync: &Sync, alias: &Alias) -> Vec<String> {
    let (original, second) = (alias.original.sql(), alias.alias.sql());
    let assign =
        |to: &str, from: &str| format!("\nBEGIN\n  new.{to} := new.{from};\n  RETURN new;\nEND\n");
    let back = back_name(sync);
    let early = |event: &str, when: &str| {
        let name = early_name(sync, &event.to_lowercase());
        let create = format!(
            "CREATE TRIGGER {} BEFORE {event} ON {} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {}()",
            name.sql(),
            sync.table.sql(),
            ours(&back)
        );
        [create, always(sync, &name)]
    };
    std::iter::once(function(sync, &back, &assign(&original, &second)))
        .chain(early("INSERT", &alias.inserted))
        .chain(early("UPDATE", &alias.updated))
        .chain(with_trigger(
            sync,
            &sync.name,
            &assign(&second, &original),
            &sync.when,
        ))
        .collect()
}

/// Triggers fire in the order of their names: this one before those of others.
fn early_name(sync: &Sync, event: &str) -> Ident {
    let name = sync.name.as_str();
    Ident::new(format!(
        "!{}_{event}",
        name.strip_prefix("zzz_").unwrap_or(name)
    ))
}

pub(super) fn always(sync: &Sync, trigger: &Ident) -> String {
    format!(
        "ALTER TABLE {} ENABLE ALWAYS TRIGGER {}",
        sync.table.sql(),
        trigger.sql()
    )
}

/// The version whose sessions mean what they leave NULL.
pub(super) fn newer(sync: &Sync) -> Option<(&Twin, &Ident)> {
    sync.twin
        .as_ref()
        .and_then(|twin| Some((twin, twin.newer.as_ref()?)))
}

pub(super) fn back_name(sync: &Sync) -> Ident {
    Ident::new(format!("{}_back", sync.name.as_str()))
}

pub(super) fn ours(name: &Ident) -> String {
    TableName {
        schema: Ident::new(OUR_SCHEMA),
        name: name.clone(),
    }
    .sql()
}

/// The trigger's function.
pub(super) fn function(sync: &Sync, name: &Ident, body: &str) -> String {
    let path = sync
        .search_path
        .as_ref()
        .map_or_else(String::new, |schemas| {
            // A path may lead to no schema at all.
            let schemas = schemas
                .iter()
                .map(Ident::sql)
                .chain(["pg_temp".to_owned()])
                .collect::<Vec<_>>();
            format!(" SET search_path = {}", schemas.join(", "))
        });
    let definer = if sync.definer {
        " SECURITY DEFINER"
    } else {
        ""
    };
    let quote = dollar_quote(body);
    format!(
        "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql{definer}{path} AS {quote}{body}{quote}",
        ours(name)
    )
}

/// Whoever wrote one of the two columns has it carried over to the other; what was carried over
/// isn't carried back.
fn keeping(twin: &Twin) -> String {
    let (old, new) = (twin.old.sql(), twin.new.sql());
    if twin.back.is_empty() {
        return format!(
            "\nBEGIN\n  new.{new} := {};\n  RETURN new;\nEND\n",
            twin.forward
        );
    }
    let text = if twin.as_text { "::text" } else { "" };
    let by_equality =
        |column: &str| format!("new.{column}{text} IS DISTINCT FROM old.{column}{text}");
    let new_changed = twin
        .new_changed
        .clone()
        .unwrap_or_else(|| by_equality(&new));
    let old_changed = twin
        .old_changed
        .clone()
        .unwrap_or_else(|| by_equality(&old));
    format!(
        "\nBEGIN\n  IF TG_OP = 'INSERT' THEN\n    IF new.{new} IS NULL THEN new.{new} := {forward}; ELSE new.{old} := {back}; END IF;\n  \
         ELSIF {new_changed} THEN\n    new.{old} := {back};\n  \
         ELSIF {old_changed} OR old.{new} IS NULL THEN\n    new.{new} := {forward};\n  \
         END IF;\n  RETURN new;\nEND\n",
        forward = twin.forward,
        back = twin.back,
    )
}

/// What a newer version wrote is so, NULL too.
fn carrying_back(twin: &Twin) -> String {
    format!(
        "\nBEGIN\n  new.{} := {};\n  RETURN new;\nEND\n",
        twin.old.sql(),
        twin.back
    )
}

/// Computes the values by one SELECT over `new`, and assigns them when there is a row.
pub(super) fn filling(sync: &Sync) -> String {
    let values: Vec<String> = sync
        .assignments
        .iter()
        .enumerate()
        .map(|(at, (_, value))| format!("{value} AS v{at}"))
        .collect();
    let assigned: Vec<String> = sync
        .assignments
        .iter()
        .enumerate()
        .map(|(at, (column, _))| {
            let whenever = if sync.again.is_some() {
                " OR TG_NARGS > 0"
            } else {
                ""
            };
            format!(
                "    IF new.{c} IS NULL{whenever} THEN new.{c} := filled.v{at}; END IF;",
                c = column.sql()
            )
        })
        .collect();
    let from = sync
        .from
        .as_ref()
        .map_or_else(String::new, |from| format!(" FROM {from}"));
    let predicate = sync
        .predicate
        .as_ref()
        .map_or_else(String::new, |sql| format!(" WHERE {sql}"));
    // Whoever writes the row isn't to blame for what can't be computed from it.
    let (begin, end) = if sync.guarded {
        let empty = if sync.again.is_some() {
            emptied(sync)
        } else {
            String::new()
        };
        ("  BEGIN\n".to_owned(), guarded::otherwise(sync, &empty))
    } else {
        Default::default()
    };
    let otherwise = if sync.again.is_some() {
        format!("  ELSE\n{}", emptied(sync))
    } else {
        String::new()
    };
    format!(
        "\n#variable_conflict use_column\nDECLARE filled record;\nBEGIN\n{begin}  SELECT {} INTO filled{from}{predicate} LIMIT 1;\n  \
         IF FOUND THEN\n{}\n{otherwise}  END IF;\n{end}  RETURN new;\nEND\n",
        values.join(", "),
        assigned.join("\n"),
    )
}

/// What was computed before isn't so any more.
fn emptied(sync: &Sync) -> String {
    let empty: Vec<String> = sync
        .assignments
        .iter()
        .map(|(column, _)| format!("new.{} := NULL;", column.sql()))
        .collect();
    format!("    IF TG_NARGS > 0 THEN {} END IF;\n", empty.join(" "))
}

/// On EVERY insert and update: one that is scoped to columns misses rows that an unrelated update
/// moves behind the scan. The WHEN clause is evaluated without calling the function and skips our
/// own batches.
pub(super) fn trigger(sync: &Sync, name: &Ident, when: &str) -> String {
    format!(
        "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {}()",
        name.sql(),
        sync.table.sql(),
        ours(name)
    )
}
