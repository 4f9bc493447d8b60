//! Preflight questions: each counts offenders and can name up to five of them.

use crate::catalog::Table;
use crate::plan::Question;
use crate::rules::rows::foreseen::Relation;
use concertina_revisions::{Ident, TableName};

/// Rows of `table AS alias` for which `condition` holds.
pub(super) fn rows_where(table: &Table, alias: &Ident, condition: &str) -> Question {
    rows(&table.full_name().sql(), table, alias, condition)
}

/// The same without the rows of the tables below.
pub(super) fn own_rows_where(table: &Table, alias: &Ident, condition: &str) -> Question {
    rows(
        &format!("ONLY {}", table.full_name().sql()),
        table,
        alias,
        condition,
    )
}

/// Rows that earlier statements will leave, for which `condition` holds.
pub(super) fn foreseen_where(
    rows: &Relation,
    table: &Table,
    alias: &Ident,
    condition: &str,
) -> Question {
    let from = format!("FROM {} AS {} WHERE {condition}", rows.sql, alias.sql());
    Question::NoRows {
        count: format!("SELECT count(*) {from}"),
        examples: format!("SELECT {} {from} LIMIT 5", rows.key_text(table, alias)),
        foreseen: true,
    }
}

/// A question that looks at what earlier statements will leave, too.
pub(super) fn as_foreseen(question: Question) -> Question {
    match question {
        Question::NoRows {
            count, examples, ..
        } => Question::NoRows {
            count,
            examples,
            foreseen: true,
        },
        other @ (Question::NoErrors { .. } | Question::ExtensionAvailable(_)) => other,
    }
}

fn rows(relation: &str, table: &Table, alias: &Ident, condition: &str) -> Question {
    let alias_sql = alias.sql();
    Question::NoRows {
        count: format!("SELECT count(*) FROM {relation} AS {alias_sql} WHERE {condition}"),
        examples: format!(
            "SELECT {} FROM {relation} AS {alias_sql} WHERE {condition} LIMIT 5",
            key_text(table, alias)
        ),
        foreseen: false,
    }
}

/// The rows of a table that are more than so many.
pub(super) fn rows_beyond(table: &Table, most: u64) -> Question {
    let name = table.full_name().sql();
    let alias = &Ident::new(table.name.as_str());
    Question::NoRows {
        count: format!("SELECT greatest(count(*) - {most}, 0) FROM {name}"),
        examples: format!(
            "SELECT {} FROM {name} AS {} OFFSET {most} LIMIT 5",
            key_text(table, alias),
            alias.sql()
        ),
        foreseen: false,
    }
}

/// An index that was left invalid.
pub(super) fn invalid_index(name: &TableName) -> Question {
    let literal = |text: String| Ident::new(text).literal();
    let from = format!(
        "FROM pg_catalog.pg_index WHERE indexrelid = {}::pg_catalog.regclass AND NOT indisvalid",
        literal(name.sql())
    );
    Question::NoRows {
        count: format!("SELECT count(*) {from}"),
        examples: format!("SELECT {}::text {from}", literal(name.shown())),
        foreseen: false,
    }
}

/// Groups of rows that share their values in `columns`.
pub(super) fn duplicates(table: &Table, columns: &[Ident]) -> Question {
    groups(&table.full_name().sql(), columns, false)
}

/// Groups of rows that earlier statements will leave, and that share their values.
pub(super) fn foreseen_duplicates(rows: &Relation, columns: &[Ident]) -> Question {
    groups(&format!("{} AS rows_left", rows.sql), columns, true)
}

fn groups(name: &str, columns: &[Ident], foreseen: bool) -> Question {
    let list = columns
        .iter()
        .map(Ident::sql)
        .collect::<Vec<_>>()
        .join(", ");
    let present = columns
        .iter()
        .map(|column| format!("{} IS NOT NULL", column.sql()))
        .collect::<Vec<_>>()
        .join(" AND ");
    let groups = format!("FROM {name} WHERE {present} GROUP BY {list} HAVING count(*) > 1");
    Question::NoRows {
        count: format!("SELECT count(*) FROM (SELECT 1 {groups}) AS duplicates"),
        examples: format!("SELECT {} {groups} LIMIT 5", named(columns, None)),
        foreseen,
    }
}

/// Groups of rows for which a condition holds, and that share what expressions give.
pub(super) fn shared(
    from: &str,
    values: &[String],
    condition: Option<&str>,
    foreseen: bool,
) -> Question {
    let is_constant = |value: &&String| {
        crate::sql::from_text(value).is_some_and(|value| value.columns.is_empty())
    };
    // A number alone in GROUP BY is a place in the list.
    let list: Vec<&str> = values
        .iter()
        .filter(|value| !is_constant(value))
        .map(String::as_str)
        .collect();
    let mut conditions: Vec<String> = values
        .iter()
        .map(|value| format!("{value} IS NOT NULL"))
        .collect();
    conditions.extend(condition.map(|condition| format!("({condition})")));
    let by = if list.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {}", list.join(", "))
    };
    let groups = format!(
        "FROM {from} WHERE {}{by} HAVING count(*) > 1",
        conditions.join(" AND ")
    );
    let part = |value: &&str| {
        format!(
            "concat({}, {value})",
            Ident::new(format!("{value} = ")).literal()
        )
    };
    let named = if list.is_empty() {
        "'the same for all of them'".to_owned()
    } else {
        format!(
            "concat_ws(', ', {})",
            list.iter().map(part).collect::<Vec<_>>().join(", ")
        )
    };
    Question::NoRows {
        count: format!("SELECT count(*) FROM (SELECT 1 {groups}) AS duplicates"),
        examples: format!("SELECT {named} {groups} LIMIT 5"),
        foreseen,
    }
}

/// How a row is named to people: its key, or its place where it has none.
pub(crate) fn key_text(table: &Table, alias: &Ident) -> String {
    table.key().map_or_else(
        || format!("{}.ctid::text", alias.sql()),
        |columns| named(&columns, Some(alias)),
    )
}

/// Columns with their names and values: `id = 7, tenant = 1`.
fn named(columns: &[Ident], alias: Option<&Ident>) -> String {
    let of = alias.map_or_else(String::new, |alias| format!("{}.", alias.sql()));
    let part = |column: &Ident| {
        let name = Ident::new(format!("{} = ", column.as_str()));
        format!("concat({}, {of}{})", name.literal(), column.sql())
    };
    format!(
        "concat_ws(', ', {})",
        columns.iter().map(part).collect::<Vec<_>>().join(", ")
    )
}
