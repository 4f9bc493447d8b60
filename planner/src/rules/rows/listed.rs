//! Work lists: for statements that must not be cut into batches over the table itself.
//!
//! **Danger**: a batch of a statement that reads the rows it writes sees what the batches before it
//! have done; and one whose result can't be told from what was there is applied again to rows that
//! moved. **Instead**: one SELECT finds the rows, under one snapshot, and writes them down; batches
//! take them from there.

use crate::action::{Backfill, Listed, Operation, WorkList};
use crate::catalog::{ConstraintKind, Table, TableKind};
use crate::decision::Decision;
use crate::problem::{Problem, code};
use crate::rules::Context;
use crate::sql::Timing;
use crate::sql::rewrite::{self, GoesAlong};
use concertina_revisions::{Ident, TableName};

/// The columns by which rows of a table are found again.
pub(crate) fn key(
    table: &Table,
    only: bool,
    why: &str,
    context: &Context<'_>,
) -> Result<Vec<Ident>, Problem> {
    let name = table.full_name();
    let refused = |message: String, help: String| {
        Err(Problem::new(code::NOT_BATCHABLE, message)
            .label(format!("{why}, so its rows are to be listed first"))
            .help(help))
    };
    let kind = match table.kind {
        TableKind::Plain | TableKind::Partitioned => None,
        TableKind::Foreign => Some("on another server"),
        TableKind::View | TableKind::Materialized => Some("a view"),
    };
    if let Some(kind) = kind {
        return refused(
            format!(
                "{} is {kind}: it has no key to find its rows again by",
                name.shown()
            ),
            "write to the table itself, or say `-- concertina: allow blocking`".to_owned(),
        );
    }
    if !only && !table.children.is_empty() {
        return refused(
            format!(
                "{} and the tables that inherit from it have no key in common",
                name.shown()
            ),
            "write a statement for each table, with ONLY, or say `-- concertina: allow blocking`"
                .to_owned(),
        );
    }
    if let Some(said) = context.directives.key() {
        return if is_key(table, said) {
            Ok(said.to_vec())
        } else {
            refused(
                format!(
                    "the columns of `key (..)` don't tell the rows of {} apart: no unique index is over them",
                    name.shown()
                ),
                "name the columns of a unique key that refuse NULL".to_owned(),
            )
        };
    }
    match table.key() {
        Some(key) => Ok(key),
        None => refused(
            format!(
                "{} has no unique key over columns that refuse NULL, to find its rows again by",
                name.shown()
            ),
            format!(
                "{}, in a revision before this one; or say `-- concertina: allow blocking`",
                would_do(table)
            ),
        ),
    }
}

/// Whether a unique index is over just these columns, and none of them is ever NULL.
fn is_key(table: &Table, columns: &[Ident]) -> bool {
    let never_null = columns
        .iter()
        .all(|name| table.get(name).is_some_and(|column| column.not_null));
    let over = |index: &crate::catalog::Index| {
        index.keys.len() == columns.len()
            && columns
                .iter()
                .all(|name| index.keys.iter().any(|key| key == name.as_str()))
    };
    never_null
        && table
            .indexes
            .iter()
            .any(|index| index.unique && index.valid && !index.partial && over(index))
}

/// The key that would do.
fn would_do(table: &Table) -> String {
    let name = table.full_name().sql();
    let unique = table.indexes.iter().find(|index| {
        index.unique && index.valid && !index.partial && !index.keys.iter().any(String::is_empty)
    });
    match unique {
        Some(index) => {
            let nullable = index.keys.iter().filter(|key| {
                table
                    .get(&Ident::new(key.as_str()))
                    .is_some_and(|column| !column.not_null)
            });
            let columns: Vec<String> = nullable
                .map(|key| {
                    format!(
                        "ALTER COLUMN {} SET NOT NULL",
                        Ident::new(key.as_str()).sql()
                    )
                })
                .collect();
            format!(
                "{} is unique: ALTER TABLE {name} {}",
                index.name,
                columns.join(", ")
            )
        }
        None => format!("ALTER TABLE {name} ADD PRIMARY KEY (..)"),
    }
}

/// Why batches can't take the place of the one statement, as PostgreSQL asks something of all its
/// rows at its end.
pub(crate) fn asked_at_the_end(
    table: &Table,
    deed: super::fired::Deed,
    assigned: &[Ident],
) -> Option<&'static str> {
    use super::fired::Deed;
    let writes = |columns: &[String]| {
        assigned
            .iter()
            .any(|one| columns.iter().any(|name| name == one.as_str()))
    };
    let own =
        |reference: &(String, String)| reference.0 == table.schema && reference.1 == table.name;
    table.constraints.iter().find_map(|constraint| match constraint.kind {
        ConstraintKind::ForeignKey if constraint.references.as_ref().is_some_and(own) => match deed {
            Deed::Insert => Some("rows of the table may point at others that come later"),
            Deed::Delete => (rewrite::on_delete(constraint) == GoesAlong::Not)
                .then_some("rows of the table point at each other, and none may go before those that point at it"),
            Deed::Update => {
                let pointed_at = rewrite::referenced_columns(constraint);
                let moved = pointed_at.iter().any(|column| assigned.contains(column));
                (moved || writes(&constraint.columns))
                    .then_some("rows of the table point at each other by columns that it writes")
            }
        },
        ConstraintKind::Unique | ConstraintKind::PrimaryKey | ConstraintKind::Exclude
            if deed == Deed::Update && constraint.timing() != Timing::Now && writes(&constraint.columns) =>
        {
            Some("a constraint over what it writes is asked at the end of the statement")
        }
        ConstraintKind::Check
        | ConstraintKind::ForeignKey
        | ConstraintKind::Unique
        | ConstraintKind::PrimaryKey
        | ConstraintKind::Exclude
        | ConstraintKind::NotNull
        | ConstraintKind::Other => None,
    })
}

/// A statement that must be run as one.
pub(crate) fn as_one(what: &str, why: &str) -> Problem {
    Problem::new(code::NOT_BATCHABLE, format!("{what} can't be cut into batches: {why}"))
        .label("one transaction over the whole table")
        .help("split it by hand so that each part may stand alone, or say `-- concertina: allow blocking`")
}

/// A statement that depends on where rows lie, behind one whose batches write them elsewhere than
/// it would alone. `behind`: that statement, counted from 0.
pub(crate) fn behind_batches(message: &str, behind: usize) -> Problem {
    Problem::new(code::NOT_BATCHABLE, message)
        .label(format!(
            "comes behind statement {}, whose batches write the rows elsewhere",
            behind + 1
        ))
        .help("say ORDER BY, or put it into a revision of its own ahead of this one")
}

/// Rules that would make other statements of each batch.
pub(crate) fn rules(what: &str, table: &TableName, names: &[String]) -> Problem {
    let why = format!(
        "rule {} of {} makes other statements of it, which look at all its rows",
        names.join(", "),
        table.shown()
    );
    as_one(what, &why)
}

/// Triggers that would fire once for each batch.
pub(crate) fn statement_triggers(table: &TableName, names: &[String]) -> Problem {
    Problem::new(
        code::NOT_BATCHABLE,
        format!(
            "trigger {} of {} fires once for a statement, and would fire for each batch",
            names.join(", "),
            table.shown()
        ),
    )
    .label("is done in batches")
    .help(
        "say `-- concertina: triggers per batch` above the statement if that is right, or put ALTER TABLE .. DISABLE \
         TRIGGER before it, or say `-- concertina: allow blocking`",
    )
}

/// The work.
pub(crate) fn backfill(table: &TableName, alias: &Ident, list: WorkList) -> Backfill {
    Backfill {
        table: table.clone(),
        alias: alias.clone(),
        operation: Operation::Listed(Box::new(list)),
        from: None,
        predicate: "true".to_owned(),
        hot: false,
        lookups: true,
        synced: false,
        workers: Some(1),
        key: None,
        silent: false,
    }
}

/// The reason, and what is worth knowing.
pub(crate) fn decision(table: &TableName, why: &str, list: &WorkList) -> Decision {
    let decision = Decision::because(format!(
        "it {why}: its rows are found by one SELECT under one snapshot, written down, and changed from there in batches"
    ));
    let copy = "a table of schema concertina that nobody else may read, and that goes when the step is done";
    match &list.change {
        Listed::Insert { .. } => decision.note(format!("the new rows of {} lie in {copy}", table.shown())),
        Listed::Assign { .. } | Listed::Delete { .. } if !list.relied_on.is_empty() => decision.note(format!(
            "keys and values of rows of {} lie in {copy}; a row whose {} the application changes meanwhile is left as it \
             is, and counted",
            table.shown(),
            list.relied_on.iter().map(Ident::as_str).collect::<Vec<_>>().join(", ")
        )),
        Listed::Assign { .. } | Listed::Delete { .. } | Listed::Compute { .. } => {
            decision.note(format!("keys of rows of {} lie in {copy}", table.shown()))
        }
    }
}
