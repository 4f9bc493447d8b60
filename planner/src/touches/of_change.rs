//! The footprint of each change, as if it were run as its author wrote it. Every kind of change is
//! named: one that is new has to say here what it touches.

use super::of_constraint::{add_constraint, demanded, drop_constraint, idents, not_null, validate};
use super::of_rows::{delete, identified, insert, read_beside, rows_of, truncate, update};
use crate::catalog::{Catalog, Standing, Table};
use crate::change::{
    AddColumn, Attach, Change, DomainDemand, Effect, Fill, NewColumn, NewIdentity, NewIndex,
    NewMaterializedView, NewTable, NewType, Setting, Special,
};
use crate::expr::Expr;
use crate::footprint::{Aspect, Footprint, How, Thing, made, relation_made};
use crate::sql::sequence_of;
use concertina_revisions::{Ident, TableName};

/// What a change reads and writes, in the light of the catalog before it. What the statement's own
/// words mention is read elsewhere (`lower::mentions`).
pub(crate) fn of_change(change: &Change, catalog: &Catalog) -> Footprint {
    with_types(of_kind(change, catalog), catalog)
}

/// Whoever is about a column is about values of its type.
fn with_types(mut all: Footprint, catalog: &Catalog) -> Footprint {
    let mut types = Vec::new();
    let mut last: Option<(&TableName, Option<&Table>)> = None;
    for access in &all.accesses {
        let (Thing::Column(table, Some(name)) | Thing::Rows(table, Some(name))) = &access.thing
        else {
            continue;
        };
        let known = match last {
            Some((same, known)) if same == table => known,
            _ => catalog.table(table),
        };
        last = Some((table, known));
        let known = known.and_then(|table| table.get(name));
        types.extend(
            known
                .map(|column| crate::sql::types::bare(&column.type_sql))
                .filter(|name| !crate::sql::types::is_plain(name)),
        );
    }
    for name in types {
        all.add(How::Read, Thing::Type(Ident::new(name)));
    }
    all
}

fn of_kind(change: &Change, catalog: &Catalog) -> Footprint {
    let on = |table: &TableName| Footprint::default().on(table);
    let column = |table: &TableName, name: &Ident| on(table).read(Thing::column(table, name));
    match change {
        Change::CreateTable(new) => create_table(new, catalog),
        Change::AddColumn(add) => add_column(add, catalog),
        Change::SetDefault(table, name, _) => {
            column(table, name).change(Thing::aspect(table, name, Aspect::Default))
        }
        Change::AlterType(new) => alter_type(new, catalog),
        Change::SetNotNull(table, name) | Change::DropNotNull(table, name) => {
            not_null(column(table, name), table, name)
        }
        Change::AddConstraint(table, constraint) => add_constraint(table, constraint, catalog),
        Change::DropConstraint(table, name) => drop_constraint(table, name, catalog),
        Change::Validate(table, name) => validate(table, name, catalog),
        Change::DropColumn(table, name) => drop_column(table, name, catalog),
        Change::CreateIndex(new) => create_index(new),
        Change::DropIndex(name) => drop_index(name, catalog),
        Change::DropTable(table) => drop_table(table, catalog),
        Change::CreateEnum(new) => made(Thing::Type(new.name.name.clone()), &new.name.schema),
        Change::Insert(new) => insert(new, catalog),
        Change::Update(new) => update(new, catalog),
        Change::Delete(new) => delete(new, catalog),
        Change::Truncate(new) => truncate(new, catalog),
        Change::DomainDemand(new) => domain_demand(new),
        Change::CatalogOnly(only) => only.touches.clone(),
        Change::Setting(new) => setting(new, catalog),
        Change::RenameColumn(table, from, to) => rename_column(table, from, to, catalog),
        Change::RenameTable(from, to) => on(from)
            .change(Thing::Whole(from.clone()))
            .rename(Thing::Relation(from.clone()), Thing::Relation(to.clone()))
            .rename(Thing::Type(from.name.clone()), Thing::Type(to.name.clone())),
        Change::AddIdentity(new) => add_identity(new),
        Change::Attach(attach) => attached(attach),
        Change::Detach(detach) => detached(&detach.parent, &detach.partition),
        Change::Reindex(reindex) => {
            let all = on(&reindex.table).change(Thing::Indexes(reindex.table.clone()));
            reindex
                .index
                .iter()
                .fold(all, |all, index| all.read(Thing::Relation(index.clone())))
        }
        Change::CreateMaterializedView(new) => create_materialized_view(new, catalog),
        Change::Refresh(view) => rows_of(
            on(view).change(Thing::Rows(view.clone(), None)),
            std::slice::from_ref(view),
            catalog,
        ),
        Change::Allowed(..) => Footprint::anything(),
        Change::Nothing(_) => Footprint::default(),
    }
}

/// Every value of a column of a domain is looked at.
fn domain_demand(new: &DomainDemand) -> Footprint {
    let all = Footprint::default().change(Thing::Type(new.domain.clone()));
    new.columns.iter().fold(all, |all, (table, name)| {
        all.on(table)
            .read(Thing::column(table, name))
            .read(Thing::Rows(table.clone(), Some(name.clone())))
    })
}

fn setting(setting: &Setting, catalog: &Catalog) -> Footprint {
    let table = &setting.table;
    let all = Footprint::default().on(table).and(&setting.touches);
    let is_identity = matches!(setting.effect, Some(Effect::ReplicaIdentity(_)));
    identified(all, table, is_identity, catalog)
}

fn rename_column(table: &TableName, from: &Ident, to: &Ident, catalog: &Catalog) -> Footprint {
    let all = on_column(Footprint::default().on(table), table, from, catalog);
    std::iter::once(table.clone())
        .chain(catalog.below(table))
        .fold(all, |all, one| {
            all.rename(Thing::column(&one, from), Thing::column(&one, to))
        })
}

fn add_identity(new: &NewIdentity) -> Footprint {
    let (table, column) = (&new.table, &new.column);
    Footprint::default()
        .on(table)
        .read(Thing::column(table, column))
        .read(Thing::aspect(table, column, Aspect::Null))
        .read(Thing::Rows(table.clone(), Some(column.clone())))
        .change(Thing::aspect(table, column, Aspect::Default))
        .change(Thing::aspect(table, column, Aspect::Identity))
}

fn create_materialized_view(new: &NewMaterializedView, catalog: &Catalog) -> Footprint {
    let made = relation_made(&new.view).make(Thing::Rows(new.view.clone(), None));
    if new.filled {
        rows_of(made, &new.reads, catalog)
    } else {
        made
    }
}

/// The sequence of a serial or identity column.
fn own_sequence(table: &TableName, column: &NewColumn) -> Option<TableName> {
    let definition = match &column.special {
        Special::Serial => "",
        Special::Identity(definition) => definition,
        Special::None | Special::Stored(_) | Special::Virtual(_) => return None,
    };
    Some(numbers(table, &column.name, definition))
}

/// The sequence of a column by what is said of it.
pub(super) fn numbers(table: &TableName, column: &Ident, definition: &str) -> TableName {
    let numbering = crate::sql::numbering(definition, "bigint");
    numbering.map_or_else(
        || sequence_of(table, column),
        |numbering| numbering.sequence(table, column),
    )
}

fn create_table(new: &NewTable, catalog: &Catalog) -> Footprint {
    let mut all = relation_made(&new.table).make(Thing::Rows(new.table.clone(), None));
    all = rows_of(all, new.filled_from.as_deref().unwrap_or_default(), catalog);
    for parent in &new.parents {
        all = all
            .on(parent)
            .read(Thing::Whole(parent.clone()))
            .change(Thing::Partitions(parent.clone()));
    }
    if let Some(of) = &new.partition_of {
        all = all
            .on(&of.parent())
            .read(Thing::Whole(of.parent()))
            .change(Thing::Partitions(of.parent()));
    }
    for column in &new.columns {
        all.add(
            How::Read,
            Thing::Type(Ident::new(crate::sql::types::bare(&column.type_sql))),
        );
        if let Some(sequence) = own_sequence(&new.table, column) {
            all.add(How::Make, Thing::Relation(sequence));
        }
    }
    // What it is born with is nobody else's yet, but their names are, and what they point at.
    for constraint in &new.constraints {
        all = demanded(all, &new.table, constraint, catalog);
    }
    all
}

fn add_column(add: &AddColumn, catalog: &Catalog) -> Footprint {
    let AddColumn {
        table,
        column,
        fill,
    } = add;
    let mut all = Footprint::default()
        .on(table)
        .make(Thing::column(table, &column.name))
        .read(Thing::Type(Ident::new(crate::sql::types::bare(
            &column.type_sql,
        ))));
    if column.not_null {
        all.add(
            How::Make,
            Thing::Demands(table.clone(), Some(column.name.clone())),
        );
    }
    all = read_beside(all, table, column);
    for below in catalog.below(table) {
        all.add(How::Make, Thing::column(&below, &column.name));
    }
    if let Some(sequence) = own_sequence(table, column) {
        all = all.change(Thing::Rows(sequence.clone(), None));
        all.add(How::Make, Thing::Relation(sequence));
    }
    if let Some(Fill::Read(query)) = fill {
        all = rows_of(all, &relations(query, catalog), catalog);
    }
    column.constraints.iter().fold(all, |all, constraint| {
        demanded(all, table, constraint, catalog)
    })
}

fn relations(expression: &Expr, catalog: &Catalog) -> Vec<TableName> {
    expression
        .relations
        .iter()
        .filter_map(|(schema, name, _)| catalog.resolve(schema.as_deref(), name))
        .collect()
}

/// What stands on a column and is made again with it, or follows its name.
fn on_column(
    mut all: Footprint,
    table: &TableName,
    column: &Ident,
    catalog: &Catalog,
) -> Footprint {
    let has = |columns: &[String]| columns.iter().any(|name| name == column.as_str());
    let Some(known) = catalog.table(table) else {
        return all;
    };
    for constraint in known.constraints.iter().filter(|one| has(&one.columns)) {
        all = all.change(Thing::constraint(
            table,
            &Ident::new(constraint.name.as_str()),
        ));
    }
    for index in known.indexes.iter().filter(|index| has(&index.mentions)) {
        all = all.change(Thing::beside(table, &Ident::new(index.name.as_str())));
    }
    for (other, key) in catalog.referencing(table) {
        if crate::sql::rewrite::pointing_column(key, column).is_some() {
            all = all.change(Thing::constraint(
                &other.full_name(),
                &Ident::new(key.name.as_str()),
            ));
        }
    }
    all
}

fn alter_type(new: &NewType, catalog: &Catalog) -> Footprint {
    let all = Footprint::default()
        .on(&new.table)
        .change(Thing::column(&new.table, &new.column))
        .change(Thing::Rows(new.table.clone(), Some(new.column.clone())))
        .read(Thing::Type(Ident::new(crate::sql::types::bare(
            &new.type_sql,
        ))));
    let all = of_type(all, &new.table, Some(&new.column), catalog);
    let below = catalog.below(&new.table).into_iter();
    let all = below.fold(all, |all, one| all.change(Thing::column(&one, &new.column)));
    let mut read: Vec<Ident> = new.using.iter().flat_map(Expr::column_names).collect();
    read.retain(|name| {
        catalog
            .table(&new.table)
            .is_some_and(|table| table.get(name).is_some())
    });
    let all = all.columns(&new.table, &read);
    remade(
        on_column(all, &new.table, &new.column, catalog),
        new,
        catalog,
    )
}

/// What is said of indexes of a column, and statistics: what takes its place has them made again.
fn remade(mut all: Footprint, new: &NewType, catalog: &Catalog) -> Footprint {
    let Some(table) = catalog.table(&new.table) else {
        return all;
    };
    let column = new.column.as_str();
    let marked = table
        .indexes
        .iter()
        .filter(|index| index.mentions.iter().any(|name| name == column))
        .any(|index| {
            index.clustered || table.replica_identity.as_ref() == Some(&index.as_identity())
        });
    if marked {
        all = all.change(Thing::Options(new.table.clone()));
    }
    let mentioned =
        |text: &str| crate::sql::rewrite::words(text, &new.column, &new.column).is_some();
    for (_, name, _) in table
        .statistics
        .iter()
        .filter(|(_, _, text)| mentioned(text))
    {
        all = all.change(Thing::Named("statistics".to_owned(), name.clone()));
    }
    all
}

/// The types of columns that are there, which nobody can drop before them.
fn of_type(
    all: Footprint,
    table: &TableName,
    column: Option<&Ident>,
    catalog: &Catalog,
) -> Footprint {
    let known = catalog
        .table(table)
        .into_iter()
        .flat_map(|table| &table.columns);
    known
        .filter(|known| column.is_none_or(|column| known.name == column.as_str()))
        .fold(all, |all, known| {
            all.read(Thing::Type(Ident::new(crate::sql::types::bare(
                &known.type_sql,
            ))))
        })
}

fn drop_column(table: &TableName, column: &Ident, catalog: &Catalog) -> Footprint {
    let mut all = Footprint::default()
        .on(table)
        .drop(Thing::column(table, column));
    all = of_type(all, table, Some(column), catalog);
    for below in catalog.below(table) {
        all.add(How::Drop, Thing::column(&below, column));
    }
    let by = Standing::Column(column.as_str().to_owned());
    all = all.and(&catalog.stood_on(Some(table), &by));
    let Some(known) = catalog.table(table) else {
        return all;
    };
    let has = |columns: &[String]| columns.iter().any(|name| name == column.as_str());
    for constraint in known.constraints.iter().filter(|one| has(&one.columns)) {
        all = all.and(&drop_constraint(
            table,
            &Ident::new(constraint.name.as_str()),
            catalog,
        ));
    }
    for index in known
        .indexes
        .iter()
        .filter(|index| index.constraint.is_none() && has(&index.mentions))
    {
        all = all
            .drop(Thing::beside(table, &Ident::new(index.name.as_str())))
            .drop(Thing::Indexes(table.clone()));
    }
    let default = known
        .get(column)
        .and_then(|column| column.default.as_deref());
    default
        .map_or_else(Vec::new, |text| crate::sql::named_in(text, catalog))
        .into_iter()
        .fold(all, |all, sequence| all.drop(Thing::Relation(sequence)))
}

fn create_index(new: &NewIndex) -> Footprint {
    let all = Footprint::default()
        .on(&new.table)
        .columns(&new.table, &new.mentions)
        .make(Thing::beside(&new.table, &new.name))
        .make(Thing::Indexes(new.table.clone()));
    if !new.unique {
        return all;
    }
    let all = if new.partial {
        all
    } else {
        all.make(Thing::key(&new.table, &new.keys))
    };
    new.mentions.iter().fold(all, |all, column| {
        all.make(Thing::Demands(new.table.clone(), Some(column.clone())))
    })
}

fn drop_index(name: &TableName, catalog: &Catalog) -> Footprint {
    let all = Footprint::default().drop(Thing::Relation(name.clone()));
    let Some((table, index)) = catalog.index(Some(name.schema.as_str()), name.name.as_str()) else {
        return all;
    };
    let table = table.full_name();
    let columns = idents(&index.mentions);
    let identity = catalog
        .table(&table)
        .and_then(|table| table.replica_identity.clone());
    let all = identified(all, &table, identity == Some(index.as_identity()), catalog);
    let mut all = all
        .on(&table)
        .columns(&table, &columns)
        .drop(Thing::Indexes(table.clone()));
    for (_, part) in catalog.parts_of(name) {
        all = all.drop(Thing::Relation(part.full_name()));
    }
    if !index.unique {
        return all;
    }
    let all = all.drop(Thing::key(&table, &idents(&index.keys)));
    columns.into_iter().fold(all, |all, column| {
        all.drop(Thing::Demands(table.clone(), Some(column)))
    })
}

fn drop_table(name: &TableName, catalog: &Catalog) -> Footprint {
    let mut all = Footprint::default()
        .drop(Thing::Relation(name.clone()))
        .drop(Thing::Type(name.name.clone()))
        .change(Thing::Whole(name.clone()))
        .read(Thing::Schema(name.schema.clone()));
    let Some(table) = catalog.table(name) else {
        return all;
    };
    all = of_type(all, name, None, catalog);
    for index in &table.indexes {
        all = all.drop(Thing::beside(name, &Ident::new(index.name.as_str())));
    }
    for key in table
        .constraints
        .iter()
        .filter_map(crate::catalog::Constraint::referenced)
    {
        all = all.drop(Thing::Demands(key, None));
    }
    if let Some(of) = &table.partition_of {
        all = all
            .change(Thing::Partitions(of.parent()))
            .change(Thing::Rows(of.parent(), None));
    }
    for default in table
        .columns
        .iter()
        .filter_map(|column| column.default.as_deref())
    {
        for sequence in crate::sql::named_in(default, catalog) {
            all = all.drop(Thing::Relation(sequence));
        }
    }
    all
}

fn attached(attach: &Attach) -> Footprint {
    detached(&attach.parent, &attach.partition).read(Thing::Whole(attach.parent.clone()))
}

/// A partition that comes or goes.
pub(super) fn detached(parent: &TableName, partition: &TableName) -> Footprint {
    Footprint::default()
        .on(parent)
        .on(partition)
        .change(Thing::Partitions(parent.clone()))
        .change(Thing::Whole(partition.clone()))
        .change(Thing::Rows(parent.clone(), None))
}
