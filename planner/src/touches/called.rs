//! The rows that functions read and write for the statement that calls them, and triggers for the
//! one that fires them, as far as the names in their bodies tell.

use crate::catalog::{Catalog, Column, Table, TableKind};
use crate::change::{Change, Insert};
use crate::expr::Expr;
use crate::footprint::{Footprint, Thing};
use concertina_revisions::{Ident, TableName};

/// With what the functions look at that a change calls, where it computes anything of rows.
pub(crate) fn with_called(all: Footprint, change: &Change, catalog: &Catalog) -> Footprint {
    if !computes(change) {
        return all;
    }
    let mut called: Vec<String> = named(&all);
    if let Change::Insert(insert) = change {
        called.extend(by_default(insert, catalog));
    }
    called.sort();
    called.dedup();
    let (read, written): (Vec<_>, Vec<_>) = called
        .into_iter()
        .partition(|name| !catalog.is_volatile(name));
    let read = Bodies::of(read, catalog);
    // What a STABLE one calls may write nothing either.
    let written = Bodies::of(written, catalog);
    let all = read
        .tables(catalog)
        .into_iter()
        .fold(all, |all, table| all.read(rows_of(table)));
    let all = written
        .tables(catalog)
        .into_iter()
        .fold(all, |all, table| all.change(rows_of(table)));
    match (read.opaque, written.opaque) {
        (_, true) => all.change(Thing::AnyRows),
        (true, false) => all.read(Thing::AnyRows),
        (false, false) => all,
    }
}

/// What a view shows of which tables isn't known here.
fn rows_of(table: &Table) -> Thing {
    match table.kind {
        TableKind::View => Thing::AnyRows,
        TableKind::Plain
        | TableKind::Partitioned
        | TableKind::Materialized
        | TableKind::Foreign => Thing::Rows(table.full_name(), None),
    }
}

/// Whether a change computes values, and so calls the functions that it names.
fn computes(change: &Change) -> bool {
    match change {
        Change::AddColumn(_)
        | Change::AlterType(_)
        | Change::AddConstraint(..)
        | Change::CreateIndex(_)
        | Change::Insert(_)
        | Change::Update(_)
        | Change::Delete(_)
        | Change::DomainDemand(_) => true,
        Change::CreateMaterializedView(new) => new.filled,
        Change::CreateTable(new) => new.filled_from.is_some(),
        Change::SetDefault(..)
        | Change::SetNotNull(..)
        | Change::DropNotNull(..)
        | Change::DropConstraint(..)
        | Change::Validate(..)
        | Change::DropColumn(..)
        | Change::DropIndex(_)
        | Change::DropTable(_)
        | Change::CreateEnum(_)
        | Change::CatalogOnly(_)
        | Change::Setting(_)
        | Change::RenameColumn(..)
        | Change::RenameTable(..)
        | Change::AddIdentity(_)
        | Change::Attach(_)
        | Change::Detach(_)
        | Change::Reindex(_)
        | Change::Refresh(_)
        | Change::Truncate(_)
        | Change::Allowed(..)
        | Change::Nothing(_) => false,
    }
}

/// The functions in the defaults of columns that an INSERT leaves out.
fn by_default(insert: &Insert, catalog: &Catalog) -> Vec<String> {
    let named_by_it = |column: &Column| {
        insert
            .columns
            .as_ref()
            .is_some_and(|columns| columns.iter().any(|name| column.name == name.as_str()))
    };
    let columns = catalog
        .table(&insert.table)
        .into_iter()
        .flat_map(|table| &table.columns);
    let defaults = columns
        .filter(|column| !named_by_it(column))
        .filter_map(|column| column.default.as_deref());
    defaults
        .filter_map(crate::sql::from_text)
        .flat_map(|expression| expression.functions)
        .collect()
}

/// The functions that a footprint names.
fn named(all: &Footprint) -> Vec<String> {
    let function = |thing: &Thing| {
        if let Thing::Function(name) = thing {
            Some(name.as_str().to_owned())
        } else {
            None
        }
    };
    all.accesses
        .iter()
        .filter_map(|access| function(&access.thing))
        .collect()
}

/// PostgreSQL's functions that move or tell the position of a sequence.
const OF_SEQUENCES: [&str; 4] = ["nextval", "setval", "currval", "lastval"];

/// The names in the bodies of functions, and of those that they call.
#[derive(Default)]
struct Bodies {
    called: Vec<String>,
    words: Vec<String>,
    /// Whether one puts statements together that nobody knows.
    opaque: bool,
    /// Whether one draws numbers, of a sequence that is named in a literal.
    draws: bool,
}

impl Bodies {
    fn of(called: Vec<String>, catalog: &Catalog) -> Bodies {
        let mut all = Bodies::default();
        all.call(called, catalog);
        all
    }

    /// Adds functions; those that are known already are left out.
    fn call(&mut self, more: Vec<String>, catalog: &Catalog) {
        let mut at = self.called.len();
        for name in more {
            if !self.called.contains(&name) {
                self.called.push(name);
            }
        }
        while let Some(function) = self.called.get(at).cloned() {
            at += 1;
            for known in catalog
                .functions
                .iter()
                .filter(|known| known.name == function)
            {
                for word in crate::sql::in_body(&known.definition) {
                    self.opaque |= word == "execute";
                    self.draws |= OF_SEQUENCES.contains(&word.as_str());
                    let by_it = catalog.called_by(&word).into_iter().chain([word.as_str()]);
                    for name in by_it {
                        if catalog.functions.iter().any(|other| other.name == name)
                            && !self.called.iter().any(|known| known == name)
                        {
                            self.called.push(name.to_owned());
                        }
                    }
                    if !self.words.contains(&word) {
                        self.words.push(word);
                    }
                }
            }
        }
    }

    /// The tables that bear one of the names.
    fn tables<'a>(&self, catalog: &'a Catalog) -> Vec<&'a Table> {
        let named = |table: &&Table| self.words.contains(&table.name);
        catalog
            .tables
            .iter()
            .map(AsRef::as_ref)
            .filter(named)
            .collect()
    }
}

/// Whether functions, or those that they call, look at a table, as far as the names in their bodies
/// tell.
pub(crate) fn look_at(functions: Vec<String>, name: &TableName, catalog: &Catalog) -> bool {
    let bodies = Bodies::of(functions, catalog);
    bodies.opaque || bodies.tables(catalog).iter().any(|table| table.is(name))
}

/// Whether functions, or those that they call, draw numbers from a sequence.
pub(crate) fn draw_numbers(functions: Vec<String>, catalog: &Catalog) -> bool {
    let own = |name: &String| OF_SEQUENCES.contains(&name.as_str());
    functions.iter().any(own) || Bodies::of(functions, catalog).draws
}

/// Whether an expression does.
pub(crate) fn draws_numbers(expr: &Expr, catalog: &Catalog) -> bool {
    draw_numbers(expr.calls(catalog).map(str::to_owned).collect(), catalog)
}

/// Whether the functions of a table's triggers look at the table.
pub(crate) fn triggers_look_back(name: &TableName, catalog: &Catalog) -> bool {
    let members = std::iter::once(name.clone()).chain(catalog.below(name));
    let known: Vec<_> = members.filter_map(|one| catalog.table(&one)).collect();
    let definitions = known.iter().flat_map(|table| &table.triggers);
    let called = definitions
        .filter(|trigger| trigger.on_update || trigger.on_delete)
        .flat_map(|trigger| named(&crate::sql::mentioned_in(&trigger.definition, catalog)));
    // Who puts statements together writes a log, as a rule; that it reads them back isn't supposed.
    let bodies = Bodies::of(called.collect(), catalog);
    bodies.tables(catalog).iter().any(|table| table.is(name))
}

/// The rows that the triggers and rules of a table write along, and theirs of the tables that they
/// write.
pub(super) fn stirred(mut all: Footprint, name: &TableName, catalog: &Catalog) -> Footprint {
    let mut bodies = Bodies::default();
    let mut met = vec![name.clone()];
    met.extend(catalog.below(name));
    let own = met.len();
    let mut at = 0;
    while let Some(table) = met.get(at).cloned() {
        at += 1;
        all = all
            .read(Thing::Trigger(table.clone(), None))
            .read(Thing::Rule(table.clone(), None));
        let Some(table) = catalog.table(&table) else {
            continue;
        };
        if !table.rules.is_empty() {
            all = all.change(Thing::AnyRows);
        }
        let definitions = table
            .triggers
            .iter()
            .map(|trigger| crate::sql::mentioned_in(&trigger.definition, catalog));
        let called = definitions.flat_map(|all| named(&all)).collect();
        bodies.call(called, catalog);
        for other in bodies.tables(catalog) {
            let other = other.full_name();
            all = super::of_rows::out_of_sight(all, &other, catalog)
                .change(Thing::Rows(other.clone(), None));
            if !met.contains(&other) {
                met.extend(catalog.below(&other));
                met.push(other);
            }
        }
        if at == own {
            all = assigned(all, name, &bodies, catalog);
        }
    }
    if bodies.opaque || bodies.draws {
        all = all.change(Thing::AnyRows);
    }
    // What they do is what they are when they are fired.
    let functions = bodies.called.iter().map(|name| Ident::new(name.as_str()));
    functions.fold(all, |all, name| all.read(Thing::Function(name)))
}

/// The rows that others write along with a statement: its WITH, and the triggers and rules that it
/// fires, those of rows that follow by a foreign key among them.
pub(crate) fn written_along(change: &Change, catalog: &Catalog) -> Footprint {
    let (table, beside) = if let Change::Insert(new) = change {
        (&new.table, &new.beside)
    } else if let Change::Update(new) = change {
        (&new.table, &new.beside)
    } else if let Change::Delete(new) = change {
        (&new.table, &new.beside)
    } else {
        return Footprint::default();
    };
    let mut all = beside.iter().fold(Footprint::default(), |all, table| {
        all.change(Thing::Rows(table.clone(), None))
    });
    let mut met: Vec<TableName> = std::iter::once(table).chain(beside).cloned().collect();
    let mut at = 0;
    while let Some(name) = met.get(at).cloned() {
        at += 1;
        all = stirred(all, &name, catalog);
        if matches!(change, Change::Insert(_)) && !beside.contains(&name) {
            continue;
        }
        for (other, _) in catalog.referencing(&name) {
            let other = other.full_name();
            if !met.contains(&other) {
                met.push(other);
            }
        }
    }
    all
}

/// The columns of a row that its triggers may give a value.
fn assigned(all: Footprint, name: &TableName, bodies: &Bodies, catalog: &Catalog) -> Footprint {
    let Some(table) = catalog.table(name) else {
        return all;
    };
    let words = bodies
        .words
        .iter()
        .map(|word| Ident::new(word.as_str()))
        .filter(|word| table.get(word).is_some());
    words.fold(all, |all, column| {
        all.change(Thing::Rows(name.clone(), Some(column)))
    })
}
