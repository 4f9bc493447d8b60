//! The rows of a table as earlier statements of the revision will leave them, so that what a later
//! one demands of them can be asked before the first change.
//!
//! Each statement before becomes a SELECT over what those before it leave. What can't be foreseen
//! exactly is left unknown, and nothing is asked of it.

use super::fired::{Deed, Fired, fired};
use super::reach::{self, Look};
use crate::catalog::{Catalog, Table};
use crate::change::{AddColumn, Change, Delete, Fill, NewType, Special, Update};
use crate::expr::{Expr, Shape};
use crate::fold::Seen;
use crate::footprint::{Footprint, Thing};
use crate::rules::{Context, questions};
use concertina_revisions::{Ident, TableName};

/// The rows at a statement's place.
pub(crate) enum Rows {
    /// As they are now.
    Now,
    /// As this relation gives them, by the names that columns have at the statement's place.
    Foreseen(Relation),
    /// Not known before the earlier statements have run.
    Unknown,
}

/// A SELECT that stands for a table.
pub(crate) struct Relation {
    /// In parentheses, to stand in a FROM list.
    pub(crate) sql: String,
    known: Vec<Ident>,
}

impl Relation {
    /// How a row is named to people.
    pub(crate) fn key_text(&self, table: &Table, alias: &Ident) -> String {
        match table.key() {
            Some(key) if key.iter().all(|column| self.known.contains(column)) => {
                questions::key_text(table, alias)
            }
            _ => format!("{}.ctid::text", alias.sql()),
        }
    }
}

/// The rows of a table as far as these columns go.
pub(crate) fn rows(table: &TableName, columns: &[Ident], context: &Context<'_>) -> Rows {
    told(Model::at(table, false, context), columns)
}

/// The same for expressions that call these functions: what is done to others doesn't matter to
/// them.
pub(crate) fn rows_for(
    table: &TableName,
    columns: &[Ident],
    functions: &[&String],
    context: &Context<'_>,
) -> Rows {
    let calls = |seen: &Seen| functions.iter().any(|name| makes_function(seen, name));
    if context.before().iter().any(calls) {
        return Rows::Unknown;
    }
    told(Model::at(table, true, context), columns)
}

/// Whether a statement makes a function another one, or there at all.
fn makes_function(seen: &Seen, name: &str) -> bool {
    seen.touches
        .writes()
        .any(|access| matches!(&access.thing, Thing::Function(made) if made.as_str() == name))
}

fn told(model: Option<Model<'_>>, columns: &[Ident]) -> Rows {
    let Some(model) = model else {
        return Rows::Unknown;
    };
    match model.sql {
        None => Rows::Now,
        Some(sql) => {
            let known: Vec<Ident> = model
                .columns
                .into_iter()
                .filter(|column| column.known)
                .map(|column| column.name)
                .collect();
            if columns.iter().all(|column| known.contains(column)) {
                Rows::Foreseen(Relation {
                    sql: format!("({sql})"),
                    known,
                })
            } else {
                Rows::Unknown
            }
        }
    }
}

#[derive(Clone)]
struct Column {
    name: Ident,
    known: bool,
}

struct Model<'a> {
    /// The table that is there.
    base: TableName,
    /// Its name at the place that is reached.
    name: TableName,
    columns: Vec<Column>,
    /// None for the table itself.
    sql: Option<String>,
    before: &'a [Seen],
    /// Functions that statements make or drop are no matter, but for expressions that call them.
    minds_calls: bool,
}

impl<'a> Model<'a> {
    fn at(table: &TableName, minds_calls: bool, context: &Context<'a>) -> Option<Model<'a>> {
        let mut name = table.clone();
        for seen in context.before().iter().rev() {
            if let Change::RenameTable(from, to) = &seen.change
                && *to == name
            {
                name = from.clone();
            }
        }
        let known = context
            .at_start()
            .table(&name)
            .filter(|known| !known.is_new)?;
        let columns = known.columns.iter().map(|column| Column {
            name: Ident::new(column.name.as_str()),
            known: true,
        });
        let mut model = Model {
            columns: columns.collect(),
            sql: None,
            before: context.before(),
            base: name.clone(),
            name,
            minds_calls,
        };
        for (position, seen) in context.before().iter().enumerate() {
            model.step(position, seen)?;
        }
        Some(model)
    }

    fn step(&mut self, position: usize, seen: &Seen) -> Option<()> {
        let change = &seen.change;
        if change.table().is_none_or(|table| *table != self.name) {
            return (!self.is_disturbed(seen, &self.name)).then_some(());
        }
        if let Change::RenameTable(_, to) = change {
            self.select(&Ident::new("renamed"), &[], "");
            self.name = to.clone();
        } else if let Change::RenameColumn(_, from, to) = change {
            self.rename(from, to);
        } else if let Change::DropColumn(_, column) = change {
            self.columns.retain(|known| known.name != *column);
        } else if let Change::AddColumn(add) = change {
            self.add(position, add, seen);
        } else if let Change::AlterType(new) = change {
            self.convert(position, new, seen);
        } else if let Change::Update(update) = change {
            self.update(position, update, seen)?;
        } else if let Change::Delete(delete) = change {
            self.delete(position, delete, seen)?;
        } else if self.is_disturbed(seen, &self.name) {
            return None;
        }
        Some(())
    }

    /// The table or the SELECT so far, under a name.
    fn from(&self, alias: &Ident) -> String {
        match &self.sql {
            Some(sql) => format!("({sql}) AS {}", alias.sql()),
            None => format!("{} AS {}", self.base.sql(), alias.sql()),
        }
    }

    /// Another SELECT over what there is, in which some columns are something else.
    fn select(&mut self, alias: &Ident, instead: &[(Ident, Option<String>)], behind: &str) {
        let mut items = vec![format!("{}.ctid", alias.sql())];
        for column in &mut self.columns {
            let said = instead.iter().find(|(name, _)| *name == column.name);
            match said {
                Some((_, None)) => column.known = false,
                Some((name, Some(sql))) => {
                    column.known = true;
                    items.push(format!("{sql} AS {}", name.sql()));
                }
                None if column.known => {
                    items.push(format!("{}.{}", alias.sql(), column.name.sql()));
                }
                None => {}
            }
        }
        let from = self.from(alias);
        self.sql = Some(format!("SELECT {} FROM {from}{behind}", items.join(", ")));
    }

    fn rename(&mut self, from: &Ident, to: &Ident) {
        let alias = Ident::new("renamed");
        if let Some(column) = self.columns.iter_mut().find(|column| column.name == *from) {
            column.name = to.clone();
            let value = column
                .known
                .then(|| format!("{}.{}", alias.sql(), from.sql()));
            self.select(&alias, &[(to.clone(), value)], "");
        }
    }

    fn add(&mut self, position: usize, add: &AddColumn, seen: &Seen) {
        let kind = &add.column.type_sql;
        let value = match (&add.column.special, &add.fill, &add.column.default) {
            (
                Special::Serial | Special::Identity(_) | Special::Stored(_) | Special::Virtual(_),
                ..,
            ) => None,
            (Special::None, Some(Fill::Constant(value) | Fill::Read(value)), _)
            | (Special::None, None, Some(value)) => self
                .can_tell(position, &[value], seen)
                .then(|| format!("({})::{kind}", value.sql)),
            (Special::None, None, None) => Some(format!("NULL::{kind}")),
        };
        self.columns.push(Column {
            name: add.column.name.clone(),
            known: false,
        });
        self.select(
            &Ident::new("extended"),
            &[(add.column.name.clone(), value)],
            "",
        );
    }

    fn convert(&mut self, position: usize, new: &NewType, seen: &Seen) {
        let value = match &new.using {
            Some(using) => self
                .can_tell(position, &[using], seen)
                .then(|| using.sql.clone()),
            None => self.is_known(&new.column).then(|| new.column.sql()),
        };
        let value = value.map(|value| format!("({value})::{}", new.type_sql));
        let computed = self.computed(seen);
        self.select(
            &self.name.name.clone(),
            &[vec![(new.column.clone(), value)], computed].concat(),
            "",
        );
    }

    fn update(&mut self, position: usize, update: &Update, seen: &Seen) -> Option<()> {
        let assigned = update.assigned();
        let fired = fired(
            &update.table,
            Deed::Update,
            &assigned,
            &self.before[..position],
            &seen.before,
        );
        let look = Look::of_update(update, &seen.before);
        if fired != Fired::default() || update.whole.is_some() || update.opaque || update.only {
            return None;
        }
        let one = update.from.is_none() || look.finds_one();
        let condition: Vec<&Expr> = update.predicate.iter().collect();
        let chosen = one
            && self.can_tell(position, &condition, seen)
            && self.reads_what_is_there(position, update, seen);
        let table = seen.before.table(&update.table)?;
        let predicate = update
            .predicate
            .as_ref()
            .map(|predicate| predicate.sql.as_str());
        let (mut instead, mut found) = (self.computed(seen), Vec::new());
        for (at, (column, value)) in update.sets.iter().enumerate() {
            let known = table.get(column)?;
            let is_plain = !matches!(value.shape, Shape::Default) && self.is_known(column);
            let sql = (chosen && is_plain && self.can_tell(position, &[value], seen)).then(|| {
                let value = format!("({})::{}", value.sql, known.type_sql);
                let old = format!("{}.{}", update.alias.sql(), column.sql());
                match (&update.from, predicate) {
                    (None, None) => value,
                    (None, Some(predicate)) => format!("CASE WHEN ({predicate}) THEN {value} ELSE {old} END"),
                    (Some(_), _) => {
                        found.push(format!("{value} AS v{at}"));
                        format!("CASE WHEN concertina_found.found THEN concertina_found.v{at} ELSE {old} END")
                    }
                }
            });
            instead.push((column.clone(), sql));
        }
        let behind = update.from.as_ref().filter(|_| !found.is_empty()).map_or_else(String::new, |from| {
            let condition = predicate.map_or_else(String::new, |predicate| format!(" WHERE {predicate}"));
            format!(
                " LEFT JOIN LATERAL (SELECT true AS found, {} FROM {from}{condition} LIMIT 1) AS concertina_found ON true",
                found.join(", ")
            )
        });
        self.select(&update.alias, &instead, &behind);
        Some(())
    }

    fn delete(&mut self, position: usize, delete: &Delete, seen: &Seen) -> Option<()> {
        let fired = fired(
            &delete.table,
            Deed::Delete,
            &[],
            &self.before[..position],
            &seen.before,
        );
        let condition: Vec<&Expr> = delete.predicate.iter().collect();
        let foreseen = fired == Fired::default()
            && !(delete.whole.is_some() || delete.opaque || delete.only)
            && self.can_tell(position, &condition, seen)
            && delete
                .reads
                .iter()
                .all(|read| self.is_as_it_was(position, read, seen));
        // What goes along in the table itself.
        let along = seen
            .before
            .referencing(&delete.table)
            .any(|(other, _)| other.is(&delete.table));
        if !foreseen || along {
            return None;
        }
        let predicate = delete
            .predicate
            .as_ref()
            .map_or("true", |predicate| predicate.sql.as_str());
        let behind = match &delete.using {
            None => format!(" WHERE ({predicate}) IS NOT TRUE"),
            Some(using) => format!(" WHERE NOT EXISTS (SELECT 1 FROM {using} WHERE {predicate})"),
        };
        self.select(&delete.alias, &[], &behind);
        Some(())
    }

    /// Columns that are computed from others, of which one may be another by now.
    fn computed(&self, seen: &Seen) -> Vec<(Ident, Option<String>)> {
        let table = seen.before.table(&self.name);
        let columns = table.into_iter().flat_map(|table| &table.columns);
        columns
            .filter(|column| column.expression.is_some())
            .map(|column| (Ident::new(column.name.as_str()), None))
            .collect()
    }

    fn is_known(&self, column: &Ident) -> bool {
        self.columns
            .iter()
            .any(|known| known.known && known.name == *column)
    }

    /// Whether expressions give now what they will give at the place of their statement.
    fn can_tell(&self, position: usize, expressions: &[&Expr], seen: &Seen) -> bool {
        let catalog = &seen.before;
        let unknown = |name: &Ident| {
            self.columns
                .iter()
                .any(|column| !column.known && column.name == *name)
        };
        let whole = |name: &Ident| name.as_str() == "*" || *name == self.name.name;
        expressions.iter().all(|expr| {
            !expr.is_volatile(catalog)
                && !expr.reach.clock
                && !expr.may_read(catalog)
                && !expr.functions.iter().any(|name| {
                    self.before[..position]
                        .iter()
                        .any(|one| makes_function(one, name))
                })
                && !expr
                    .columns
                    .iter()
                    .any(|mention| unknown(&mention.name) || whole(&mention.name))
                && expr.relations.iter().all(|(schema, name, _)| {
                    let read = catalog.resolve(schema.as_deref(), name);
                    read.is_some_and(|read| self.is_as_it_was(position, &read, seen))
                })
        })
    }

    fn reads_what_is_there(&self, position: usize, update: &Update, seen: &Seen) -> bool {
        update
            .reads
            .iter()
            .all(|read| self.is_as_it_was(position, read, seen))
    }

    /// Whether a table that is read is, at that place, as it is now.
    fn is_as_it_was(&self, position: usize, read: &TableName, seen: &Seen) -> bool {
        let family = reach::written_with(read, false, &seen.before);
        let start = &self.before.first().unwrap_or(seen).before;
        start.table(read).is_some()
            && (*read != self.name || self.sql.is_none())
            && !self.before[..position]
                .iter()
                .any(|other| family.iter().any(|name| self.is_disturbed(other, name)))
    }

    fn is_disturbed(&self, seen: &Seen, table: &TableName) -> bool {
        let only_functions = || {
            let mut writes = seen.touches.writes();
            !seen.touches.is_opaque()
                && writes.all(|access| {
                    matches!(
                        access.thing,
                        Thing::Function(_)
                            | Thing::Rights(..)
                            | Thing::Comment(_)
                            | Thing::Owner(_)
                    )
                })
        };
        !(self.minds_calls && only_functions()) && disturbs(seen, table)
    }
}

/// Whether a statement makes a table, its columns or its rows something else, or what expressions
/// may name.
fn disturbs(seen: &Seen, table: &TableName) -> bool {
    let makes_table = matches!(seen.change, Change::CreateTable(_));
    let goes_along = if let Change::Delete(delete) = &seen.change {
        reach::written_with(&delete.table, true, &seen.before).contains(table)
    } else {
        matches!(&seen.change, Change::Update(update) if goes_along(update, table, &seen.before))
    };
    goes_along || writes(&seen.touches, table, makes_table)
}

/// Rows that an UPDATE of another table changes by a foreign key.
fn goes_along(update: &Update, table: &TableName, catalog: &Catalog) -> bool {
    catalog.referencing(&update.table).any(|(other, key)| {
        other.is(table)
            && crate::sql::rewrite::on_update(key) != crate::sql::rewrite::GoesAlong::Not
            && crate::sql::rewrite::referenced_columns(key)
                .iter()
                .any(|column| update.sets.iter().any(|(set, _)| set == column))
    })
}

fn writes(touches: &Footprint, table: &TableName, makes_table: bool) -> bool {
    touches.is_opaque()
        || touches.writes().any(|access| match &access.thing {
            Thing::Anything | Thing::AnyRows | Thing::Named(..) | Thing::Schema(_) => true,
            // A table that is made has a row type.
            Thing::Type(_) => !makes_table,
            Thing::Relation(other)
            | Thing::Whole(other)
            | Thing::Column(other, _)
            | Thing::Rows(other, _)
            | Thing::Partitions(other) => other == table,
            Thing::Aspect(..)
            | Thing::Demands(..)
            | Thing::Key(..)
            | Thing::Indexes(_)
            | Thing::Constraint(..)
            | Thing::Trigger(..)
            | Thing::Rule(..)
            | Thing::Policy(..)
            | Thing::Options(_)
            // Whoever calls it asks for that.
            | Thing::Function(_)
            | Thing::Rights(..)
            | Thing::Owner(_)
            | Thing::Comment(_)
            | Thing::DefaultRights
            | Thing::Helper(_) => false,
        })
}
