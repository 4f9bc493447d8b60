//! What a revision lets publications send that they haven't sent before: a subscriber that lacks it
//! stops at the first row of it.

use crate::action::Action;
use crate::catalog::{Catalog, Column, PartitionOf, Table, TableKind};
use crate::plan::Plan;
use concertina_revisions::{Ident, TableName};

/// What rows come with from now on, or under which name, if their table is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A column that a table gets, of the author's or for the time of a change.
    Column {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
        /// Its type, as SQL.
        type_sql: String,
    },
    /// A table that there wasn't, published with everything, with its schema, or with the
    /// partitioned table that it belongs to.
    Table {
        /// The table.
        table: TableName,
        /// The table that it is a partition of.
        parent: Option<TableName>,
    },
    /// Another name of a table.
    Name {
        /// The name until now.
        from: TableName,
        /// The name that rows are sent under.
        to: TableName,
    },
}

/// What the steps of a plan say themselves: columns and tables that they add.
pub fn by_plan(plan: &Plan) -> Vec<Sent> {
    let actions = plan.steps().flat_map(|(_, step)| step.work.actions());
    let sent = actions.filter_map(|action| {
        if let Action::AddColumn {
            table,
            column,
            type_sql,
            ..
        } = action
        {
            Some(Sent::Column {
                table: table.clone(),
                column: column.clone(),
                type_sql: type_sql.clone(),
            })
        } else if let Action::CreateTable { table, parents, .. } = action {
            Some(Sent::Table {
                table: table.clone(),
                parent: parents.first().cloned(),
            })
        } else {
            None
        }
    });
    sent.collect()
}

/// What a revision leaves that wasn't there: also of what is run as it is written, whose statements
/// no step names.
pub fn between(before: &Catalog, after: &Catalog) -> Vec<Sent> {
    let mut all = Vec::new();
    let gone: Vec<&Table> = stored(before)
        .filter(|table| stored_as(after, table).is_none())
        .collect();
    for table in stored(after) {
        let name = table.full_name();
        if let Some(old) = stored_as(before, table) {
            // A partition gets its columns with the table that it is a partition of, which is told.
            if std::ptr::eq(old, table) || table.partition_of.is_some() {
                continue;
            }
            all.extend(more_columns(old, table).map(|column| Sent::Column {
                table: name.clone(),
                column: Ident::new(column.name.as_str()),
                type_sql: column.type_sql.clone(),
            }));
            continue;
        }
        let same = gone.iter().filter(|old| has_columns_of(old, table));
        all.extend(same.map(|old| Sent::Name {
            from: old.full_name(),
            to: name.clone(),
        }));
        all.push(Sent::Table {
            table: name,
            parent: table.partition_of.as_ref().map(PartitionOf::parent),
        });
    }
    all
}

/// The tables with rows that are sent.
fn stored(catalog: &Catalog) -> impl Iterator<Item = &Table> {
    catalog
        .tables
        .iter()
        .map(|table| &**table)
        .filter(|table| is_stored(table))
}

fn stored_as<'a>(catalog: &'a Catalog, table: &Table) -> Option<&'a Table> {
    catalog
        .table(&table.full_name())
        .filter(|other| is_stored(other))
}

fn is_stored(table: &Table) -> bool {
    matches!(table.kind, TableKind::Plain | TableKind::Partitioned)
}

fn more_columns<'a>(old: &'a Table, new: &'a Table) -> impl Iterator<Item = &'a Column> {
    let is_new = |column: &&Column| !old.columns.iter().any(|known| known.name == column.name);
    new.columns.iter().filter(is_new)
}

/// Whether a table that is gone and one that has come may be one, under another name.
fn has_columns_of(old: &Table, new: &Table) -> bool {
    old.columns.len() == new.columns.len()
        && old.columns.iter().zip(&new.columns).all(|(old, new)| {
            (old.name.as_str(), old.type_sql.as_str()) == (new.name.as_str(), new.type_sql.as_str())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look_ahead;
    use concertina_revisions::{Revision, RevisionId};

    fn sent(sql: &str) -> Vec<String> {
        let leads = Table::new("leads")
            .rows(1_000_000)
            .column("id", "bigint")
            .column("body", "text");
        let catalog = Catalog::of([leads]);
        let revision = Revision::from_text(&RevisionId::new("r"), sql).expect("valid SQL");
        let outlook = look_ahead(&revision, &catalog, false);
        let mut all = by_plan(&outlook.plan.expect("it is planned"));
        all.extend(between(&catalog, &outlook.after));
        let shown = all.iter().map(|sent| match sent {
            Sent::Column { table, column, .. } => format!("{}.{}", table.shown(), column.as_str()),
            Sent::Table { table, parent } => {
                format!(
                    "{} of {:?}",
                    table.shown(),
                    parent.as_ref().map(TableName::shown)
                )
            }
            Sent::Name { from, to } => format!("{} as {}", from.shown(), to.shown()),
        });
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        shown.dedup();
        shown
    }

    #[test]
    fn columns_tables_and_names_that_come_are_told() {
        assert_eq!(sent("ALTER TABLE leads ADD COLUMN a int"), ["leads.a"]);
        assert_eq!(
            sent("ALTER TABLE leads RENAME COLUMN body TO text"),
            ["leads.text"]
        );
        assert_eq!(
            sent("ALTER TABLE leads RENAME TO people"),
            ["leads as people", "people of None"]
        );
        assert_eq!(
            sent("CREATE TABLE more (id int PRIMARY KEY)"),
            ["more of None"]
        );
        assert_eq!(sent("ALTER TABLE leads DROP COLUMN body"), [""; 0]);
        assert_eq!(
            sent("ALTER TABLE leads ALTER COLUMN id TYPE numeric").len(),
            1
        );
    }
}
