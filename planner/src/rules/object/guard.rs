//! What holds for every change, whatever its rule.

use crate::action::Operation;
use crate::catalog::TableKind;
use crate::change::Change;
use crate::decision::Decision;
use crate::plan::Work;
use crate::problem::{Problem, code};
use crate::rules::Context;
use concertina_revisions::TableName;

/// What holds for every change of a table: it is a table, and ours to alter.
pub(crate) fn of_table(change: &Change, context: &Context<'_>) -> Result<(), Problem> {
    let Some(table) = change.table().and_then(|name| context.table(name)) else {
        return Ok(());
    };
    let name = table.full_name();
    let writes_rows = matches!(
        change,
        Change::Insert(_) | Change::Update(_) | Change::Delete(_)
    );
    let of_views = matches!(
        change,
        Change::Setting(_)
            | Change::CreateIndex(_)
            | Change::Refresh(_)
            | Change::Reindex(_)
            | Change::CreateMaterializedView(_)
    );
    if matches!(table.kind, TableKind::View | TableKind::Materialized) && !writes_rows && !of_views
    {
        return Err(crate::problem::unknown(&format!(
            "{} is a view: this form of ALTER or DROP TABLE",
            name.shown()
        )));
    }
    if !table.owned && !table.is_new && !writes_rows {
        return Err(Problem::new(code::NO_RIGHT, format!("the connected role may not alter table {}", name.shown()))
            .label("needs the table's owner")
            .help(format!(
                "connect as its owner, or GRANT the owning role to yours: ALTER TABLE {} OWNER TO .. works too",
                name.sql()
            )));
    }
    Ok(())
}

/// Refuses what would update rows that PostgreSQL lets nobody update.
pub(crate) fn updates_are_taken(decision: &Decision, context: &Context<'_>) -> Result<(), Problem> {
    let filled = decision.parts.iter().filter_map(|part| match &part.work {
        Work::Backfill { backfill } => Some(backfill),
        Work::Quick { .. } | Work::Slow { .. } => None,
    });
    let mut written = filled
        .filter(|one| !matches!(one.operation, Operation::Copy { .. }))
        .map(|one| &one.table);
    let Some(table) = written.find(|table| context.catalog.refuses_updates(table)) else {
        return Ok(());
    };
    let name = table.shown();
    Err(Problem::new(
        code::DEPENDED_ON,
        format!("rows of {name} would be updated, which PostgreSQL refuses: it is published, and nothing identifies its rows"),
    )
    .label("can't be filled")
    .help(format!(
        "say in an earlier revision what identifies a row, such as ALTER TABLE {} REPLICA IDENTITY FULL",
        table.sql()
    )))
}

/// Refuses what writes every row where PostgreSQL's own rewrite calls nobody, and a trigger or rule
/// of others would be called.
pub(crate) fn unnoticed(
    table: &TableName,
    what: &str,
    context: &Context<'_>,
) -> Result<(), Problem> {
    let noticed = context.catalog.noticed_by(table, &[]);
    if noticed.is_empty() {
        return Ok(());
    }
    Err(crate::problem::blocks(
        &format!(
            "{what}, as {} would see every row written,",
            noticed.join(", ")
        ),
        "let the connected role SET session_replication_role, so that they see nothing of it",
    ))
}
