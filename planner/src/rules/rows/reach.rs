//! What a statement that changes rows looks at: its own row and rows of other tables by a key, or
//! more than that.
//!
//! A statement that reads the rows it writes must not be cut into batches: each would see what
//! those before it have done.

use crate::catalog::{Catalog, Table, TableKind};
use crate::change::{Delete, RowCopy, Update};
use crate::expr::{ColumnUse, Conjunct, Expr, Scope};
use crate::rules::column::generated;
use concertina_revisions::{Ident, TableName};

/// A statement's way of looking.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    /// The table written.
    pub(crate) table: &'a TableName,
    /// What the statement calls it.
    pub(crate) alias: &'a Ident,
    sets: &'a [(Ident, Expr)],
    predicate: Option<&'a Expr>,
    /// Its FROM or USING list has something in it.
    joins: bool,
    sources: Option<&'a [(TableName, Ident)]>,
    reads: &'a [TableName],
    opaque: bool,
    unwalkable: Option<&'static str>,
    /// Tables whose rows go with those that it removes.
    removes: bool,
    catalog: &'a Catalog,
}

impl<'a> Look<'a> {
    pub(crate) fn of_update(update: &'a Update, catalog: &'a Catalog) -> Look<'a> {
        Look {
            table: &update.table,
            alias: &update.alias,
            sets: &update.sets,
            predicate: update.predicate.as_ref(),
            joins: update.from.is_some(),
            sources: update.sources.as_deref(),
            reads: &update.reads,
            opaque: update.opaque,
            unwalkable: update.unwalkable,
            removes: false,
            catalog,
        }
    }

    pub(crate) fn of_delete(delete: &'a Delete, catalog: &'a Catalog) -> Look<'a> {
        Look {
            table: &delete.table,
            alias: &delete.alias,
            sets: &[],
            predicate: delete.predicate.as_ref(),
            joins: delete.using.is_some(),
            sources: delete.sources.as_deref(),
            reads: &delete.reads,
            opaque: delete.opaque,
            unwalkable: delete.unwalkable,
            removes: true,
            catalog,
        }
    }

    fn all(&self) -> impl Iterator<Item = &'a Expr> {
        let sets = self.sets.iter().map(|(_, value)| value);
        sets.chain(self.predicate)
    }

    /// Why its rows can't each be looked at by themselves, at any time, with the same result;
    /// nothing when they can.
    pub(crate) fn beyond(&self) -> Option<&'static str> {
        self.beyond_tables().or_else(|| {
            self.all()
                .any(|expr| gathers(expr, self.catalog))
                .then_some(GATHERS)
        })
    }

    /// The same, of a value that is given once and never compared: what gathers rows of other
    /// tables may stand in it.
    pub(crate) fn beyond_tables(&self) -> Option<&'static str> {
        let catalog = self.catalog;
        self.unwalkable
            .or_else(|| {
                let changes = self.all().any(|expr| expr.is_volatile(catalog))
                    || self
                        .called_on_the_way()
                        .any(|name| catalog.is_volatile(&name));
                changes.then_some("gives another value each time")
            })
            .or_else(|| {
                self.all()
                    .any(|expr| expr.reach.clock)
                    .then_some("asks for the time")
            })
            .or_else(|| self.asks_where_it_lies().then_some("asks where a row lies"))
            .or_else(|| {
                self.calls_as_a_column()
                    .then_some("calls a function as if it were a column")
            })
            .or_else(|| {
                let reads = self.all().any(|expr| expr.may_read(catalog))
                    || self.called_on_the_way().any(|name| catalog.may_read(&name));
                reads.then_some("calls a function that may read tables")
            })
            .or_else(|| {
                self.reads_what_it_writes()
                    .then_some("reads rows of the table that it writes")
            })
            .or_else(|| {
                (self.joins && !self.finds_one()).then_some("may find several rows for one")
            })
    }

    /// The functions that are called before a value is its column's: by the column's default where
    /// the value is DEFAULT, by the domain of the column, and by a cast to its type.
    pub(crate) fn called_on_the_way(&self) -> impl Iterator<Item = String> {
        let table = self.catalog.table(self.table);
        self.sets.iter().flat_map(move |(name, value)| {
            let column = table.and_then(|table| table.get(name));
            let by_type = column
                .map(|column| self.catalog.called_by_type(&column.type_sql))
                .unwrap_or_default();
            let default = column
                .filter(|_| value.shape == crate::expr::Shape::Default)
                .and_then(|column| crate::sql::from_text(column.default.as_deref()?));
            let by_default = default
                .iter()
                .flat_map(|default| default.calls(self.catalog));
            let all: Vec<String> = by_type
                .into_iter()
                .chain(by_default)
                .map(str::to_owned)
                .collect();
            all
        })
    }

    /// Mentions of the written table that are no columns of it.
    fn no_columns(&self) -> impl Iterator<Item = &'a ColumnUse> {
        let table = self.catalog.table(self.table);
        let alias = self.alias;
        let mentions = self.all().flat_map(|expr| &expr.columns);
        mentions.filter(move |mention| {
            mention
                .qualifier
                .as_ref()
                .is_none_or(|qualifier| qualifier == alias)
                && table.is_some_and(|table| table.get(&mention.name).is_none())
        })
    }

    /// A row that is updated lies elsewhere, and was written by another transaction.
    pub(crate) fn asks_where_it_lies(&self) -> bool {
        self.no_columns()
            .any(|mention| SYSTEM_COLUMNS.contains(&mention.name.as_str()))
    }

    /// `t.f` is `f(t)` where `t` has no such column.
    fn calls_as_a_column(&self) -> bool {
        self.no_columns().any(|mention| {
            let mut functions = self.catalog.functions.iter();
            functions.any(|function| function.name == mention.name.as_str())
        })
    }

    /// Whether a trigger could compute it for one row at a time.
    pub(crate) fn is_of_one_row(&self) -> bool {
        self.unwalkable.is_none()
            && !self.calls_as_a_column()
            && !self.reads_what_it_writes()
            && (!self.joins || self.finds_one())
    }

    /// Whether rows that it writes, or that go with them, are among those that it reads.
    pub(crate) fn reads_what_it_writes(&self) -> bool {
        let written = written_with(self.table, self.removes, self.catalog);
        let kind = |name: &TableName| self.catalog.table(name).map(|table| table.kind);
        self.opaque
            || self.reads.iter().any(|read| {
                written.contains(read) || matches!(kind(read), None | Some(TableKind::View))
            })
    }

    /// Whether each row finds at most one partner in every other table, by a unique index over
    /// columns that are compared with what is found before.
    pub(crate) fn finds_one(&self) -> bool {
        let Some(sources) = self.sources else {
            return false;
        };
        let conjuncts = self
            .predicate
            .map(|predicate| predicate.conjuncts.as_slice())
            .unwrap_or_default();
        partnered(
            &[(self.table.clone(), self.alias.clone())],
            sources,
            conjuncts,
            self.catalog,
        )
    }

    /// The columns of the written table that it reads; all of them when it names a whole row.
    pub(crate) fn relied_on(&self, table: &Table) -> Vec<Ident> {
        self.read_by(self.all(), table)
    }

    fn read_by(&self, exprs: impl Iterator<Item = &'a Expr>, table: &Table) -> Vec<Ident> {
        let mentions: Vec<&ColumnUse> = exprs.flat_map(|expr| &expr.columns).collect();
        let whole = |mention: &&ColumnUse| {
            mention.name.as_str() == "*"
                || mention.qualifier.is_none()
                    && mention.name == *self.alias
                    && table.get(&mention.name).is_none()
        };
        let all = mentions.iter().any(whole);
        let named = |name: &Ident| {
            mentions.iter().any(|mention| {
                mention.name == *name
                    && mention
                        .qualifier
                        .as_ref()
                        .is_none_or(|qualifier| qualifier == self.alias)
            })
        };
        let names = table
            .columns
            .iter()
            .map(|column| Ident::new(column.name.as_str()));
        let read: Vec<Ident> = names.filter(|name| all || named(name)).collect();
        generated::stored(table, &read)
    }

    /// Whether a value is made of what the statement assigns, or found by it in another table:
    /// applied twice it may give another.
    pub(crate) fn reads_what_it_assigns(&self, table: &Table) -> bool {
        let finds = self.predicate.filter(|_| self.joins);
        let exprs = self.sets.iter().map(|(_, value)| value).chain(finds);
        let read = self.read_by(exprs, table);
        self.sets.iter().any(|(column, _)| read.contains(column))
    }

    /// Whether it calls a function that sees what the statement itself has written so far.
    pub(crate) fn sees_its_own_writes(&self) -> bool {
        let catalog = self.catalog;
        let named = self.all().flat_map(|expr| expr.calls(catalog));
        let called = named.map(str::to_owned).chain(self.called_on_the_way());
        let volatile = called.filter(|name| catalog.is_volatile(name));
        crate::touches::look_at(volatile.collect(), self.table, catalog)
    }

    /// Whether it draws numbers from a sequence, one for each row.
    pub(super) fn draws_numbers(&self) -> bool {
        let named = self.all().flat_map(|expr| expr.calls(self.catalog));
        let called = named.map(str::to_owned).chain(self.called_on_the_way());
        crate::touches::draw_numbers(called.collect(), self.catalog)
    }

    /// Whether it leaves open which of several rows it looks at.
    pub(super) fn picks_any_row(&self) -> bool {
        self.all().any(|expr| expr.reach.picks)
    }

    /// The tables that it reads, its own among them.
    pub(super) fn read(&self) -> impl Iterator<Item = &'a TableName> {
        self.reads.iter().chain([self.table])
    }

    /// The scope of its names.
    pub(crate) fn scope(&self) -> Scope<'a> {
        Scope {
            alias: self.alias,
            table: self.table,
            others: self.reads,
            catalog: self.catalog,
        }
    }
}

/// Columns of every table that say where a row lies and who wrote it.
const SYSTEM_COLUMNS: [&str; 5] = ["ctid", "xmin", "xmax", "cmin", "cmax"];

const GATHERS: &str = "computes over many rows at once";

pub(crate) fn gathers(expr: &Expr, catalog: &Catalog) -> bool {
    expr.reach.gathers
        || expr
            .calls(catalog)
            .any(|function| catalog.is_aggregate(function))
}

/// The tables whose rows a statement on a table may write: its own, those of its partitions and
/// children, those of which it is one, and those from which rows go by a foreign key.
pub(crate) fn written_with(table: &TableName, removes: bool, catalog: &Catalog) -> Vec<TableName> {
    let mut written = vec![table.clone()];
    let mut at = 0;
    while at < written.len() {
        let name = written[at].clone();
        let parents = catalog.tables.iter().filter(|other| {
            let below = |pair: &(String, String)| {
                pair.0 == name.schema.as_str() && pair.1 == name.name.as_str()
            };
            other.partitions.iter().chain(&other.children).any(below)
        });
        let mut more: Vec<TableName> = catalog.below(&name);
        more.extend(parents.map(|parent| parent.full_name()));
        if removes {
            more.extend(
                catalog
                    .referencing(&name)
                    .map(|(other, _)| other.full_name()),
            );
        }
        for found in more {
            if !written.contains(&found) {
                written.push(found);
            }
        }
        at += 1;
    }
    written
}

/// Whether a row of the first tables has at most one partner in each of the others.
fn partnered(
    first: &[(TableName, Ident)],
    others: &[(TableName, Ident)],
    conjuncts: &[Conjunct],
    catalog: &Catalog,
) -> bool {
    let mut found: Vec<(TableName, Ident)> = first.to_vec();
    let mut left: Vec<(TableName, Ident)> = others.to_vec();
    while !left.is_empty() {
        let one = left.iter().position(|(table, alias)| {
            let is_of_found = |mention: &ColumnUse| match &mention.qualifier {
                Some(qualifier) => found.iter().any(|(_, known)| known == qualifier),
                None => {
                    let has = |(name, _): &(TableName, Ident)| {
                        catalog
                            .table(name)
                            .is_some_and(|table| table.get(&mention.name).is_some())
                    };
                    found.iter().any(has) && !left.iter().any(has)
                }
            };
            let is_own = |mention: &ColumnUse, key: &String| {
                mention.name.as_str() == key
                    && match &mention.qualifier {
                        Some(qualifier) => qualifier == alias,
                        None => {
                            let has = |(name, _): &&(TableName, Ident)| {
                                catalog
                                    .table(name)
                                    .is_some_and(|table| table.get(&mention.name).is_some())
                            };
                            found.iter().chain(&left).filter(has).count() == 1
                        }
                    }
            };
            let compared = |key: &String| {
                conjuncts.iter().any(|conjunct| match conjunct {
                    Conjunct::Equals(mention, with) => {
                        is_own(mention, key) && with.iter().all(is_of_found)
                    }
                    Conjunct::IsNull(_) | Conjunct::IsNotNull(_) | Conjunct::Other => false,
                })
            };
            // What inherits a table may have rows of the same key.
            catalog
                .table(table)
                .filter(|table| table.children.is_empty())
                .is_some_and(|table| {
                    table.indexes.iter().any(|index| {
                        index.unique
                            && index.valid
                            && !index.partial
                            && index.keys.iter().all(compared)
                    })
                })
        });
        let Some(one) = one else { return false };
        found.push(left.remove(one));
    }
    true
}

/// Whether each row of the source is copied by itself, whenever it is looked at: its key is the
/// source's own, so that no two rows want one place.
pub(crate) fn copies_each_alone(
    copy: &RowCopy,
    target: &TableName,
    reads: &[TableName],
    catalog: &Catalog,
) -> bool {
    let Some(sources) = &copy.sources else {
        return false;
    };
    let (walked, others): (Vec<_>, Vec<_>) = sources
        .iter()
        .cloned()
        .partition(|(table, alias)| *table == copy.source && *alias == copy.alias);
    let conjuncts: Vec<Conjunct> = copy
        .predicate
        .iter()
        .filter_map(|predicate| crate::sql::from_text(predicate))
        .flat_map(|predicate| predicate.conjuncts)
        .collect();
    let kind = |name: &TableName| catalog.table(name).map(|table| table.kind);
    let written = written_with(target, false, catalog);
    let told_apart = catalog.table(&copy.source).is_some_and(|table| {
        table.key().is_some_and(|key| {
            key.iter().all(|column| {
                copy.keyed_by
                    .iter()
                    .any(|value| match value.columns.as_slice() {
                        [mention] => {
                            mention.name == *column
                                && mention.range == (0..value.sql.len())
                                && mention
                                    .qualifier
                                    .as_ref()
                                    .is_none_or(|qualifier| *qualifier == copy.alias)
                        }
                        _ => false,
                    })
            })
        })
    });
    let named: usize = copy
        .exprs
        .iter()
        .map(|expr| expr.relations.len())
        .sum::<usize>()
        + sources.len();
    walked.len() == 1
        && told_apart
        && named == reads.len()
        && partnered(&walked, &others, &conjuncts, catalog)
        && !reads.iter().any(|read| {
            written.contains(read) || matches!(kind(read), None | Some(TableKind::View))
        })
        && !copy.exprs.iter().any(|expr| {
            expr.is_volatile(catalog)
                || expr.reach.clock
                || gathers(expr, catalog)
                || expr.may_read(catalog)
        })
}
