//! The trigger that takes over to another table what is written to a table whose rows are copied
//! there.

use super::super::{Follow, Sync};
use super::sync::{always, function, ours};
use super::{counter, dollar_quote};
use concertina_revisions::Ident;

pub(super) fn install(sync: &Sync, follow: &Follow) -> Vec<String> {
    let create = |name: &Ident, event: &str, when: &str| {
        format!(
            "CREATE TRIGGER {} AFTER {event} ON {} FOR EACH ROW{when} EXECUTE FUNCTION {}()",
            name.sql(),
            sync.table.sql(),
            ours(&sync.name)
        )
    };
    let updating = updating(sync);
    vec![
        // The keys of rows that couldn't be taken over.
        format!(
            "CREATE TABLE IF NOT EXISTS {} (key text PRIMARY KEY)",
            ours(&counter(sync))
        ),
        function(sync, &sync.name, &body(sync, follow, true)),
        create(&sync.name, "INSERT OR DELETE", ""),
        always(sync, &sync.name),
        create(&updating, "UPDATE", &format!(" WHEN ({})", sync.when)),
        always(sync, &updating),
    ]
}

pub(super) fn remove(sync: &Sync) -> Vec<String> {
    let drop = |name: &Ident| {
        let (table, name) = (sync.table.sql(), name.sql());
        let body = format!(
            "\nBEGIN\n  IF to_regclass({}) IS NOT NULL THEN\n    DROP TRIGGER IF EXISTS {name} ON {table};\n  END IF;\nEND\n",
            Ident::new(table.as_str()).literal()
        );
        let quote = dollar_quote(&body);
        format!("DO {quote}{body}{quote}")
    };
    vec![
        drop(&sync.name),
        drop(&updating(sync)),
        format!("DROP FUNCTION IF EXISTS {}()", ours(&sync.name)),
        format!("DROP TABLE IF EXISTS {}", ours(&counter(sync))),
    ]
}

fn updating(sync: &Sync) -> Ident {
    Ident::new(format!("{}_update", sync.name.as_str()))
}

/// The key of a row, as people read it.
fn key_text(follow: &Follow, row: &str) -> String {
    let part = |(_, column): &(Ident, Ident)| {
        format!(
            "pg_catalog.concat({}, {row}.{})",
            Ident::new(format!("{} = ", column.as_str())).literal(),
            column.sql()
        )
    };
    let parts: Vec<String> = follow.key.iter().map(part).collect();
    format!("pg_catalog.concat_ws(', ', {})", parts.join(", "))
}

/// `guarded`: a row that can't be taken over is remembered by its key, so that whoever writes it
/// doesn't fail.
///
/// The former row's copy goes where it has none any more, and the new one's is made or brought up
/// to date.
pub(super) fn body(sync: &Sync, follow: &Follow, guarded: bool) -> String {
    let list = |all: Vec<String>| all.join(", ");
    let target = follow.target.sql();
    let left = ours(&counter(sync));
    let of_old: Vec<String> = follow
        .key
        .iter()
        .map(|(to, from)| format!("{} = old.{}", to.sql(), from.sql()))
        .collect();
    let moved: Vec<String> = follow
        .key
        .iter()
        .map(|(_, from)| format!("old.{0} IS DISTINCT FROM new.{0}", from.sql()))
        .collect();
    let took = follow
        .took_old
        .as_ref()
        .map_or_else(|| "true".to_owned(), |took| format!("({took}) IS TRUE"));
    let takes = follow
        .takes_new
        .as_ref()
        .map_or_else(|| "true".to_owned(), |takes| format!("({takes}) IS TRUE"));
    let is_key = |column: &Ident| follow.key.iter().any(|(key, _)| key == column);
    let sets: Vec<String> = follow
        .columns
        .iter()
        .filter(|column| !is_key(column))
        .map(|column| format!("{0} = excluded.{0}", column.sql()))
        .collect();
    let left_behind = format!(
        "  EXCEPTION WHEN OTHERS THEN\n    IF TG_OP = 'DELETE' THEN\n      INSERT INTO {left} VALUES ({}) ON CONFLICT DO NOTHING;\n    \
         ELSE\n      INSERT INTO {left} VALUES ({}) ON CONFLICT DO NOTHING;\n    END IF;\n",
        key_text(follow, "old"),
        key_text(follow, "new")
    );
    let left_behind = if guarded { left_behind } else { String::new() };
    let otherwise = if sets.is_empty() {
        "NOTHING".to_owned()
    } else {
        format!("UPDATE SET {}", sets.join(", "))
    };
    format!(
        "\n#variable_conflict use_column\nBEGIN\n  IF TG_OP <> 'INSERT' THEN DELETE FROM {left} WHERE key = {old_key}; END IF;\n  \
         IF TG_OP <> 'DELETE' THEN DELETE FROM {left} WHERE key = {new_key}; END IF;\n  BEGIN\n    \
         IF TG_OP = 'DELETE' THEN\n      IF {took} THEN DELETE FROM {target} WHERE {same}; END IF;\n    \
         ELSIF TG_OP = 'UPDATE' THEN\n      IF {took} AND ({moved} OR NOT {takes}) THEN DELETE FROM {target} WHERE {same}; END IF;\n    \
         END IF;\n    IF TG_OP <> 'DELETE' THEN\n      IF {takes} THEN\n        \
         INSERT INTO {target} ({columns}) VALUES ({values}) ON CONFLICT ({key}) DO {otherwise};\n      END IF;\n    END IF;\n{left_behind}  END;\n  RETURN NULL;\nEND\n",
        old_key = key_text(follow, "old"),
        new_key = key_text(follow, "new"),
        same = of_old.join(" AND "),
        moved = moved.join(" OR "),
        columns = list(follow.columns.iter().map(Ident::sql).collect()),
        values = list(follow.values.clone()),
        key = list(follow.key.iter().map(|(column, _)| column.sql()).collect()),
    )
}
