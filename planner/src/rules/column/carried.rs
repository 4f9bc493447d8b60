//! How values of a column become those of another type, and back; and whether all can.

use crate::catalog::Column;
use crate::change::NewType;
use crate::expr::Expr;
use crate::problem::{Problem, code};
use crate::rules::Context;
use crate::sql::rewrite;
use crate::sql::types;
use concertina_revisions::Ident;

/// Whether every value of the column can become one of the new type.
pub(crate) fn carries_all(new: &NewType, column: &Column, context: &Context<'_>) -> bool {
    let steps = match &new.using {
        None => Some(vec![]),
        Some(using) => crate::sql::casts_of(&using.sql, &new.column),
    };
    steps.is_some_and(|steps| is_total(&column.type_sql, steps, &new.type_sql, context))
}

/// Whether every value of the new type can become one of the former.
pub(crate) fn carries_all_back(
    new: &NewType,
    back: Option<&Expr>,
    column: &Column,
    context: &Context<'_>,
) -> bool {
    let Some(back) = back else { return true };
    let steps = crate::sql::casts_of(&back.sql, &new.column);
    steps.is_some_and(|steps| is_total(&new.type_sql, steps, &column.type_sql, context))
}

fn is_total(from: &str, mut steps: Vec<String>, to: &str, context: &Context<'_>) -> bool {
    steps.insert(0, from.to_owned());
    steps.push(to.to_owned());
    steps
        .windows(2)
        .all(|step| types::is_total(&step[0], &step[1], context.catalog))
}

/// An assignment refuses what is too long, and a cast would cut it.
pub(crate) fn cuts(new: &NewType) -> Problem {
    let (column, kind) = (new.column.as_str(), &new.type_sql);
    Problem::new(
        code::DEPENDED_ON,
        format!("values of {column} that are too long for {kind} can't be told from others"),
    )
    .label("PostgreSQL refuses them, and a cast cuts them")
    .help(format!(
        "say USING {}::{kind} if they may be cut, or USING with a CASE that minds them",
        new.column.sql()
    ))
}

pub(crate) fn no_way_back(column: &Ident) -> String {
    format!(
        "USING changes the values of {}, and nothing tells how to change them back",
        column.as_str()
    )
}

/// The old value from the new one. None where nothing tells it and nobody needs it before contract:
/// the second column is written by its name in a version alone.
pub(crate) fn back(
    new: &NewType,
    column: &Column,
    context: &Context<'_>,
) -> Result<Option<Expr>, Problem> {
    let read = |sql: &str| {
        crate::sql::from_text(sql)
            .ok_or_else(|| crate::problem::unknown(&format!("the expression {sql}")))
    };
    let name = new.column.sql();
    if let Some(written) = context.directives.reverse() {
        return match &new.like {
            None => read(written).map(Some),
            Some(like) => read(&rewrite::in_place(&read(written)?, like, &name)).map(Some),
        };
    }
    if new.under_utc {
        return read(&format!("{name} AT TIME ZONE 'UTC'")).map(Some);
    }
    if new.using.is_some() && casts(new).is_none_or(|casts| casts.is_empty()) {
        if context.version.is_none() && !context.catalog.has_versions() {
            return Ok(None);
        }
        return Err(Problem::new(code::NO_REVERSE, no_way_back(&new.column)).label("no cast goes back").help(format!(
            "say `-- concertina: reverse (expression over {})` above the statement: the old column is kept right by it",
            new.column.as_str()
        )));
    }
    // As it came: no cast leads from one enum to another.
    if casts(new).is_some_and(|casts| {
        casts
            .split_last()
            .is_some_and(|(_, over)| over.iter().any(|one| one == "text"))
    }) {
        return read(&format!("{name}::text::{}", column.type_sql)).map(Some);
    }
    read(&types::assigned(&name, &column.type_sql, context.catalog)).map(Some)
}

/// The types that USING casts the column to, one after the other; nothing where it does anything
/// else.
fn casts(new: &NewType) -> Option<Vec<String>> {
    crate::sql::casts_of(&new.using.as_ref()?.sql, &new.column)
}
