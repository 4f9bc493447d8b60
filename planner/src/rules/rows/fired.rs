//! What of others is run along with a statement that changes rows: triggers, rules, and what
//! foreign keys take along.

use super::listed;
use super::reach::{Look, written_with};
use crate::catalog::{Catalog, Constraint, Table};
use crate::change::{Change, SettingKind};
use crate::fold::Seen;
use crate::problem::Problem;
use crate::rules::Context;
use crate::sql::rewrite::{self, GoesAlong};
use concertina_revisions::{Ident, TableName};

/// What a statement does to rows, for the triggers that it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Insert,
    Update,
    Delete,
}

/// What of others is run along with a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fired {
    /// Triggers for each row.
    pub(crate) rows: Vec<String>,
    /// Triggers once for a statement.
    pub(crate) statement: Vec<String>,
    /// Rules that make other statements of it.
    pub(crate) rules: Vec<String>,
}

/// The keys by which rows of a table point at each other.
fn own_keys<'a>(
    name: &TableName,
    catalog: &'a Catalog,
) -> impl Iterator<Item = (&'a Table, &'a Constraint)> {
    let table = catalog.table(name);
    let keys = table
        .into_iter()
        .flat_map(|table| table.constraints.iter().map(move |key| (table, key)));
    keys.filter(move |(table, key)| key.referenced().is_some_and(|other| table.is(&other)))
}

/// What a statement does to rows, and what goes along with that by foreign keys: of each table,
/// with the columns that are written.
fn along(
    table: &TableName,
    deed: Deed,
    assigned: &[Ident],
    catalog: &Catalog,
) -> Vec<(TableName, Deed, Vec<Ident>)> {
    let mut met = vec![(table.clone(), deed, assigned.to_vec())];
    let mut at = 0;
    while let Some((name, deed, assigned)) = met.get(at).cloned() {
        at += 1;
        for (other, key) in catalog.referencing(&name).chain(own_keys(&name, catalog)) {
            let along = match deed {
                Deed::Insert => GoesAlong::Not,
                Deed::Delete => rewrite::on_delete(key),
                Deed::Update
                    if !rewrite::referenced_columns(key)
                        .iter()
                        .any(|one| assigned.contains(one)) =>
                {
                    GoesAlong::Not
                }
                Deed::Update => rewrite::on_update(key),
            };
            let columns = key
                .columns
                .iter()
                .map(|column| Ident::new(column.as_str()))
                .collect();
            let next = match along {
                GoesAlong::Not => continue,
                GoesAlong::Updated => (other.full_name(), Deed::Update, columns),
                GoesAlong::Deleted => (other.full_name(), Deed::Delete, vec![]),
            };
            if !met.contains(&next) {
                met.push(next);
            }
        }
    }
    met
}

/// Whether a DELETE gives rows of its own table, by foreign keys, other values of columns that it
/// looks at: NULL or a default where what they point at goes.
pub(crate) fn changes_what_it_looks_at(look: &Look<'_>, table: &Table, catalog: &Catalog) -> bool {
    let read = look.relied_on(table);
    let own = written_with(look.table, false, catalog);
    along(look.table, Deed::Delete, &[], catalog)
        .iter()
        .any(|(name, deed, columns)| {
            *deed == Deed::Update
                && own.contains(name)
                && columns.iter().any(|column| read.contains(column))
        })
}

/// Refuses a statement that depends on where rows lie, once batches for an earlier one have changed
/// that in another way than that one alone.
pub(crate) fn in_its_place(
    what: &str,
    look: &Look<'_>,
    context: &Context<'_>,
) -> Result<(), Problem> {
    let moved = |table: &TableName| context.moves_rows(table);
    let picks = look.picks_any_row().then(|| look.read().find_map(moved));
    let (why, statement) = match (picks.flatten(), moved(look.table)) {
        (Some(statement), _) => ("takes any of several rows", statement),
        (None, Some(statement)) if look.asks_where_it_lies() => ("asks where rows lie", statement),
        (None, Some(statement)) if look.draws_numbers() => {
            ("numbers rows in the order in which they lie", statement)
        }
        (None, _) => return Ok(()),
    };
    Err(listed::behind_batches(&format!("{what} {why}"), statement))
}

/// Why what a statement does to a row depends on which others were done before, as functions of its
/// own or of triggers tell that look at the table; nothing where it doesn't.
pub(crate) fn in_order_of_rows(
    look: &Look<'_>,
    fired: &Fired,
    catalog: &Catalog,
) -> Option<&'static str> {
    if look.sees_its_own_writes() {
        return Some("a function that it calls sees the rows that it has written so far");
    }
    let looks_back =
        !fired.rows.is_empty() && crate::touches::triggers_look_back(look.table, catalog);
    looks_back.then_some(
        "a trigger looks at other rows of the table, of which each batch leaves some for the next",
    )
}

/// The triggers and rules that a statement meets at the place of the revision where it stands, with
/// those of rows that go along by a foreign key. `assigned`: the columns of an UPDATE.
pub(crate) fn fired(
    table: &TableName,
    deed: Deed,
    assigned: &[Ident],
    before: &[Seen],
    catalog: &Catalog,
) -> Fired {
    let mut met = along(table, deed, assigned, catalog);
    let mut fired = Fired::default();
    for (name, deed, assigned) in &met {
        fired.meet(name, *deed, assigned, catalog);
    }
    let rules = catalog
        .table(table)
        .into_iter()
        .flat_map(|table| &table.rules);
    fired.rules = rules
        .filter(|rule| rule.event[deed.place()])
        .map(|rule| rule.name.clone())
        .collect();
    // What the revision itself makes or switches isn't known so well.
    for seen in before.iter().rev() {
        if let Change::RenameTable(from, to) = &seen.change {
            met.iter_mut()
                .filter(|(name, ..)| name == to)
                .for_each(|(name, ..)| name.clone_from(from));
        }
        let Change::Setting(setting) = &seen.change else {
            continue;
        };
        if met.iter().any(|(name, ..)| *name == setting.table) {
            if matches!(
                setting.kind,
                SettingKind::CreateTrigger | SettingKind::Trigger | SettingKind::TriggerOff
            ) {
                fired.rows.push(setting.what.clone());
            } else if matches!(setting.kind, SettingKind::CreateRule | SettingKind::Rule) {
                fired.rules.push(setting.what.clone());
            }
        }
    }
    fired
}

impl Deed {
    /// Its place where all three are told of.
    fn place(self) -> usize {
        match self {
            Deed::Insert => 0,
            Deed::Update => 1,
            Deed::Delete => 2,
        }
    }
}

impl Fired {
    fn meet(&mut self, table: &TableName, deed: Deed, assigned: &[Ident], catalog: &Catalog) {
        let below = catalog.below(table);
        for name in std::iter::once(table).chain(&below) {
            let Some(known) = catalog.table(name) else {
                continue;
            };
            for trigger in &known.triggers {
                // A column that is computed is written with those that it is made of.
                let is_written = |column: &String| {
                    let column = Ident::new(column.as_str());
                    assigned.contains(&column)
                        || known.get(&column).is_some_and(|column| column.generated)
                };
                let of_columns =
                    trigger.columns.is_empty() || trigger.columns.iter().any(is_written);
                let row = match deed {
                    // Each comes once, however they come.
                    Deed::Insert => false,
                    Deed::Update => trigger.on_update && of_columns,
                    Deed::Delete => trigger.on_delete,
                };
                if row {
                    self.rows.push(trigger.name.clone());
                }
                // Those of a table below don't fire for a statement on the one above.
                if name == table
                    && trigger.of_statement[deed.place()]
                    && (deed != Deed::Update || of_columns)
                {
                    self.statement.push(trigger.name.clone());
                }
            }
        }
    }
}
