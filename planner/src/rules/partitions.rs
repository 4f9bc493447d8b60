//! CREATE INDEX on a partitioned table
//!
//! **Danger**: it locks every partition until all indexes are built, and CONCURRENTLY is refused.
//! **Instead**: an empty index ON ONLY the parent; the partitions' indexes CONCURRENTLY, one after the other; each is
//! attached in a moment, and with the last the parent's index becomes valid.

use super::Context;
use crate::action::{Action, Lock, Online};
use crate::catalog::{Catalog, Table, TableKind};
use crate::change::NewIndex;
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{self, Problem};
use concertina_revisions::{Ident, TableName};

const WHY: &str = "on the whole it can't be built concurrently; partition by partition it can";

pub(super) fn index(new: &NewIndex, parent: &Table, context: &Context<'_>) -> Result<Decision, Problem> {
    let decision = Decision::because(WHY);
    let decision = on_only(decision, new, &new.table, &new.name);
    let name = TableName { schema: new.table.schema.clone(), name: new.name.clone() };
    let mut catalog = context.catalog.clone();
    Ok(below(decision, new, parent, &name, &mut catalog)?.reverse(format!("DROP INDEX {}", name.sql())))
}

/// The indexes of a table's partitions, and their attachment to the table's own.
fn below(
    mut decision: Decision,
    new: &NewIndex,
    parent: &Table,
    parent_index: &TableName,
    catalog: &mut Catalog,
) -> Result<Decision, Problem> {
    for (schema, child) in &parent.partitions {
        let child = TableName::new(schema.as_str(), child.as_str());
        let Some(known) = catalog.table(&child).cloned() else { continue };
        let name = crate::lower::index_name(&child, &new.keys, catalog);
        if let Some(table) = catalog.table_mut(&child) {
            // So that the next name is another.
            table.indexes.push(crate::catalog::Index::named(child.schema.as_str(), name.as_str()));
        }
        let index = TableName { schema: child.schema.clone(), name: name.clone() };
        match known.kind {
            TableKind::Plain => {
                let build =
                    Online::CreateIndex { table: child.clone(), name, unique: new.unique, tail: new.tail.clone() };
                let drop = Online::DropIndex { table: child.clone(), index: index.clone(), definition: String::new() };
                decision = decision.then_because(WHY).slow(Phase::Backfill, Rank::Build, build, [drop]);
            }
            TableKind::Partitioned => {
                decision = on_only(decision, new, &child, &name);
                decision = below(decision, new, &known, &index, catalog)?;
            }
            TableKind::Foreign | TableKind::View => {
                return Err(problem::blocks(
                    "CREATE INDEX over a partition that is no table of this server",
                    "create it on each of the other partitions",
                ));
            }
        }
        decision = attach(decision, parent, &child, parent_index, &index);
    }
    Ok(decision)
}

fn on_only(decision: Decision, new: &NewIndex, table: &TableName, name: &Ident) -> Decision {
    let unique = if new.unique { "UNIQUE " } else { "" };
    let create = Action::AsWritten {
        what: format!("create index {} on {} alone, empty", name.as_str(), table.shown()),
        sql: format!("CREATE {unique}INDEX {} ON ONLY {} {}", name.sql(), table.sql(), new.tail),
        locks: vec![(table.clone(), Lock::Share)],
    };
    let index = TableName { schema: table.schema.clone(), name: name.clone() };
    decision.then_because("an index over no rows; it is valid once every partition's is attached").quick(
        Phase::Expand,
        Rank::AsWritten,
        create,
        [drop_index(table, &index)],
    )
}

fn attach(decision: Decision, parent: &Table, child: &TableName, to: &TableName, index: &TableName) -> Decision {
    let attach = Action::AsWritten {
        what: format!("attach index {} to {}", index.name.as_str(), to.name.as_str()),
        sql: format!("ALTER INDEX {} ATTACH PARTITION {}", to.sql(), index.sql()),
        locks: vec![(parent.full_name(), Lock::AccessShare), (child.clone(), Lock::AccessShare)],
    };
    // What is attached goes with the whole; nothing else takes it off.
    decision.then_because("a catalog entry").quick(
        Phase::Backfill,
        Rank::Demand,
        attach,
        [drop_index(&parent.full_name(), to)],
    )
}

fn drop_index(table: &TableName, index: &TableName) -> Action {
    Action::AsWritten {
        what: format!("drop index {}", index.shown()),
        sql: format!("DROP INDEX IF EXISTS {}", index.sql()),
        locks: vec![(table.clone(), Lock::AccessExclusive)],
    }
}
