//! Statements that PostgreSQL is asked to understand before the first change.
//!
//! A function's name that is mistyped, a value of the wrong type, an operator that there isn't: the
//! planner can't know, the server does. Whoever meets it in the middle of a migration meets it too
//! late. So what changes rows is explained, and what carries an expression is run on a table
//! without rows, both in a transaction that is rolled back. A table that earlier statements change
//! is stood for by a temporary one of its name and its columns, as they will be by then.

use crate::barrier;
use crate::catalog::{Catalog, Column, ConstraintKind, Identity, Table, TableKind};
use crate::change::{AddColumn, Change, Effect, NewConstraintKind, NewType, Special};
use crate::fold::Seen;
use crate::footprint::{How, Thing};
use crate::pipeline::{lower_all, settled_by};
use crate::{lower, sql};
use concertina_revisions::{Ident, Revision, TableName};

/// A statement to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The statement of the revision, counted from 1.
    pub statement: usize,
    /// Temporary tables that stand for others.
    pub twins: Vec<String>,
    /// What comes before the statement: `EXPLAIN `, or nothing.
    pub before: &'static str,
    /// The statement.
    pub sql: String,
    /// Whether that is the author's own text.
    pub is_as_written: bool,
}

/// What can be tried of revisions that come one after the other, before the first of them has run.
pub fn tried(revisions: &[&Revision], catalog: &Catalog) -> Vec<Vec<Tried>> {
    let mut now = catalog.clone();
    let mut earlier: Vec<Seen> = Vec::new();
    let mut found = Vec::new();
    for revision in revisions {
        let (seen, problems) = lower_all(revision, &revision.up, &now);
        if !problems.is_empty() {
            // What no rule knows may make whatever the rest speaks of.
            break;
        }
        now = settled_by(&seen, revision, &now);
        let mut of_revision = Vec::new();
        for one in seen {
            // What nobody can see into, and what makes new names for values: whatever follows may
            // speak of it.
            if earlier.iter().any(barrier::obscures) {
                break;
            }
            let statement = &revision.up[one.statement];
            // A function of which another statement says something isn't known; all others are as
            // they are.
            let called = sql::functions(statement.tree.as_ref());
            if !earlier
                .iter()
                .any(|before| called.iter().any(|name| declares(before, name)))
            {
                of_revision.extend(trial(&one, statement, &earlier));
            }
            earlier.push(one);
        }
        found.push(of_revision);
    }
    found.resize(revisions.len(), vec![]);
    found
}

fn trial(
    one: &Seen,
    statement: &concertina_revisions::Statement,
    earlier: &[Seen],
) -> Option<Tried> {
    let number = one.statement + 1;
    let on_twin = |table: &TableName, action: String| {
        let sql = format!("ALTER TABLE {} {action}", stand_in(table).sql());
        of_twin(number, one.before.table(table)?, sql)
    };
    match &one.change {
        Change::Update(_) | Change::Delete(_) | Change::Insert(_) => {
            explained(one, statement, earlier)
        }
        Change::SetDefault(table, column, Some(value)) => on_twin(
            table,
            format!("ALTER COLUMN {} SET DEFAULT {}", column.sql(), value.sql),
        ),
        Change::AddColumn(add) => on_twin(&add.table, format!("ADD COLUMN {}", defined(add)?)),
        Change::AddConstraint(table, constraint)
            if matches!(constraint.kind, NewConstraintKind::Check(_)) =>
        {
            on_twin(
                table,
                format!(
                    "ADD CONSTRAINT {} {}",
                    constraint.name.sql(),
                    constraint.definition
                ),
            )
        }
        Change::AlterType(new) => retyped(number, new, statement, &one.before),
        Change::CreateIndex(new) => {
            let twin = stand_in(&new.table).sql();
            let sql = format!("CREATE INDEX ON {twin} {}", new.tail);
            of_twin(number, one.before.table(&new.table)?, sql)
        }
        // Where one of its name is still there, EXPLAIN would say only that.
        Change::CreateTable(new) if new.filled_from.is_some() => {
            let start = &earlier.first().unwrap_or(one).before;
            let name = &new.table;
            let is_taken = start.relation_name_taken(name.schema.as_str(), name.name.as_str());
            (!is_taken).then(|| explained(one, statement, earlier))?
        }
        Change::CatalogOnly(_) => there(one, statement, earlier),
        Change::SetDefault(_, _, None)
        | Change::AddConstraint(..)
        | Change::Truncate(_)
        | Change::DomainDemand(_)
        | Change::CreateTable(_)
        | Change::SetNotNull(..)
        | Change::DropNotNull(..)
        | Change::DropConstraint(..)
        | Change::Validate(..)
        | Change::DropColumn(..)
        | Change::DropIndex(_)
        | Change::DropTable(_)
        | Change::CreateEnum(_)
        | Change::Setting(_)
        | Change::RenameColumn(..)
        | Change::RenameTable(..)
        | Change::AddIdentity(_)
        | Change::Attach(_)
        | Change::Detach(_)
        | Change::Reindex(_)
        | Change::CreateMaterializedView(_)
        | Change::Refresh(_)
        | Change::Allowed(..)
        | Change::Nothing(_) => None,
    }
}

/// The change of a column's type, and what stands on the column.
fn retyped(
    number: usize,
    new: &NewType,
    statement: &concertina_revisions::Statement,
    catalog: &Catalog,
) -> Option<Tried> {
    let table = catalog.table(&new.table)?;
    let using = new
        .using
        .as_ref()
        .map_or_else(String::new, |using| format!(" USING {}", using.sql));
    let sql = format!(
        "ALTER TABLE {} ALTER COLUMN {} TYPE {}{using}",
        stand_in(&new.table).sql(),
        new.column.sql(),
        new.type_sql
    );
    let mut trial = of_twin(number, table, sql)?;
    trial.twins.extend(standing_on(&new.column, table));
    // With its references the other ends change as well.
    if !statement.directives.with_references() {
        trial.twins.extend(keys_of(&new.column, table, catalog));
    }
    Some(trial)
}

/// Foreign keys of a column and those that point at it, on tables that stand for both of theirs:
/// the types of both sides have to be comparable.
fn keys_of(column: &Ident, table: &Table, catalog: &Catalog) -> Vec<String> {
    let name = table.full_name();
    let own = table.constraints.iter().filter_map(|key| {
        let to = key.referenced()?;
        let of_column = key.columns.iter().any(|one| one == column.as_str());
        let of_itself = to == name && sql::rewrite::pointing_column(key, column).is_some();
        (of_column || of_itself).then_some(())?;
        Some((table, catalog.table(&to)?, key))
    });
    let pointing = catalog.referencing(&name).filter_map(|(other, key)| {
        sql::rewrite::pointing_column(key, column)?;
        Some((other, table, key))
    });
    // What a partition has is its table's.
    let keys = own
        .chain(pointing)
        .filter(|(from, ..)| from.partition_of.is_none());
    let (mut twins, mut stood_for) = (Vec::new(), vec![name.clone()]);
    for (from, to, key) in keys {
        let (from_name, to_name) = (from.full_name(), to.full_name());
        let referenced = sql::rewrite::referenced_columns(key);
        let hidden = |one: &TableName| {
            let namesake = |other: &TableName| other.name == one.name && other != one;
            stood_for.iter().any(namesake)
        };
        if referenced.is_empty() || hidden(&from_name) || hidden(&to_name) {
            continue;
        }
        for other in [from, to] {
            let known = other.full_name();
            if !stood_for.contains(&known) {
                twins.extend(twin(other));
                stood_for.push(known);
            }
        }
        let own: Vec<Ident> = key
            .columns
            .iter()
            .map(|one| Ident::new(one.as_str()))
            .collect();
        let (from, to) = (stand_in(&from_name).sql(), stand_in(&to_name).sql());
        let referenced = listed(&referenced);
        twins.push(format!("CREATE UNIQUE INDEX ON {to} ({referenced})"));
        twins.push(format!(
            "ALTER TABLE {from} ADD FOREIGN KEY ({}) REFERENCES {to} ({referenced})",
            listed(&own)
        ));
    }
    twins
}

fn listed(columns: &[Ident]) -> String {
    let columns: Vec<String> = columns.iter().map(Ident::sql).collect();
    columns.join(", ")
}

/// Whether the objects that a statement is about are there: asked of those that no earlier
/// statement says anything of.
fn there(
    one: &Seen,
    statement: &concertina_revisions::Statement,
    earlier: &[Seen],
) -> Option<Tried> {
    let is_numbered =
        |add: &AddColumn| matches!(add.column.special, Special::Serial | Special::Identity(_));
    let brings_sequences = |other: &Seen| {
        matches!(
            &other.change,
            Change::CreateTable(_) | Change::AddIdentity(_)
        ) || matches!(&other.change, Change::AddColumn(add) if is_numbered(add))
    };
    let is_asked = |address: &lower::Address| {
        let said = |other: &Seen| {
            other
                .touches
                .writes()
                .any(|access| access.thing.is_called(&address.own))
        };
        !earlier
            .iter()
            .any(|other| said(other) || (address.is_sequence() && brings_sequences(other)))
    };
    let calls = lower::addressed(statement.tree.as_ref())
        .into_iter()
        .filter(is_asked)
        .map(|address| address.sql());
    let calls: Vec<String> = calls.collect();
    let sql = format!("SELECT {}", calls.join(", "));
    let statement = one.statement + 1;
    (!calls.is_empty()).then(|| Tried {
        statement,
        twins: vec![],
        before: "",
        sql,
        is_as_written: false,
    })
}

/// Whether a statement makes a relation of that name in a way that the catalog doesn't follow.
fn makes(seen: &Seen, name: &str) -> bool {
    seen.touches.writes().any(|access| {
        matches!(&access.thing, Thing::Relation(made) if access.how == How::Make && made.name.as_str() == name)
    })
}

/// The author's statement, over the tables that are there, or over those that stand for them.
fn explained(
    one: &Seen,
    statement: &concertina_revisions::Statement,
    earlier: &[Seen],
) -> Option<Tried> {
    let names = lower::named_relations(statement.tree.as_ref());
    let mut twins = Vec::new();
    for (schema, name) in names {
        // A CTE is nobody's table.
        let Some(table) = one.before.resolve(schema.as_deref(), &name) else {
            if earlier.iter().any(|other| makes(other, &name)) {
                return None;
            }
            continue;
        };
        if !earlier.iter().any(|other| reshapes(other, &table)) {
            continue;
        }
        if schema.is_some() {
            return None;
        }
        let twin = twin(one.before.table(&table)?)?;
        if !twins.contains(&twin) {
            twins.push(twin);
        }
    }
    Some(Tried {
        statement: one.statement + 1,
        twins,
        before: "EXPLAIN ",
        sql: statement.sql.clone(),
        is_as_written: true,
    })
}

fn of_twin(statement: usize, table: &Table, sql: String) -> Option<Tried> {
    Some(Tried {
        statement,
        twins: vec![twin(table)?],
        before: "",
        sql,
        is_as_written: false,
    })
}

/// CHECKs and indexes of a column, on the table that stands for its own: they have to be so with
/// another type, too.
fn standing_on(column: &Ident, table: &Table) -> Vec<String> {
    let names = |columns: &[String]| columns.iter().any(|name| name == column.as_str());
    let twin = stand_in(&table.full_name()).sql();
    let checks = table
        .constraints
        .iter()
        .filter(|one| one.kind == ConstraintKind::Check && names(&one.columns));
    let checks = checks.map(|one| {
        format!(
            "ALTER TABLE {twin} ADD {}",
            one.definition.trim_end_matches(" NOT VALID")
        )
    });
    let indexes = table
        .indexes
        .iter()
        .filter(|one| one.constraint.is_none() && names(&one.mentions));
    let indexes = indexes.filter_map(|one| Some(format!("CREATE INDEX ON {twin} {}", one.tail()?)));
    checks.chain(indexes).collect()
}

/// A column that is added, where an expression comes with it.
fn defined(add: &AddColumn) -> Option<String> {
    let column = &add.column;
    let begin = format!("{} {}", column.name.sql(), column.type_sql);
    match (&column.special, &column.default) {
        (Special::Stored(definition) | Special::Virtual(definition), _) => {
            Some(format!("{begin} {definition}"))
        }
        (Special::None, Some(default)) => Some(format!("{begin} DEFAULT ({})", default.sql)),
        (Special::None, None) | (Special::Serial | Special::Identity(_), _) => None,
    }
}

fn stand_in(table: &TableName) -> TableName {
    TableName {
        schema: Ident::new("pg_temp"),
        name: table.name.clone(),
    }
}

/// A temporary table with the columns of another; none where they aren't known.
fn twin(table: &Table) -> Option<String> {
    if table.columns.is_empty() || !matches!(table.kind, TableKind::Plain | TableKind::Partitioned)
    {
        return None;
    }
    let column = |column: &Column| {
        let name = Ident::new(column.name.as_str()).sql();
        let collation = column
            .collation
            .as_ref()
            .map_or_else(String::new, |name| format!(" COLLATE {name}"));
        let special = match (&column.expression, column.identity) {
            (Some((sql, true)), _) => format!(" GENERATED ALWAYS AS ({sql}) STORED"),
            (Some((sql, false)), _) => format!(" GENERATED ALWAYS AS ({sql}) VIRTUAL"),
            (None, Some(Identity::Always)) => " GENERATED ALWAYS AS IDENTITY".to_owned(),
            (None, Some(Identity::ByDefault) | None) => String::new(),
        };
        format!("{name} {}{collation}{special}", column.type_sql)
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    Some(format!(
        "CREATE TEMP TABLE {} ({})",
        Ident::new(table.name.as_str()).sql(),
        columns.join(", ")
    ))
}

/// Whether a statement makes a table another one for those that name it or its columns.
fn reshapes(seen: &Seen, table: &TableName) -> bool {
    // Or its values may be written from then on.
    let opens = matches!(
        &seen.change,
        Change::Setting(setting) if setting.table == *table
            && matches!(setting.effect, Some(Effect::Expression(..) | Effect::Identity(..)))
    );
    opens
        || seen.touches.writes().any(|access| match &access.thing {
            Thing::Relation(other) | Thing::Whole(other) | Thing::Column(other, _) => {
                other == table
            }
            Thing::Anything
            | Thing::Aspect(..)
            | Thing::Rows(..)
            | Thing::AnyRows
            | Thing::Demands(..)
            | Thing::Key(..)
            | Thing::Indexes(_)
            | Thing::Partitions(_)
            | Thing::Constraint(..)
            | Thing::Trigger(..)
            | Thing::Rule(..)
            | Thing::Policy(..)
            | Thing::Options(_)
            | Thing::Type(_)
            | Thing::Function(_)
            | Thing::Schema(_)
            | Thing::Named(..)
            | Thing::Rights(..)
            | Thing::Owner(_)
            | Thing::Comment(_)
            | Thing::DefaultRights
            | Thing::Helper(_) => false,
        })
}

/// Whether a statement makes, changes or drops a function of that name.
fn declares(seen: &Seen, function: &str) -> bool {
    seen.touches
        .writes()
        .any(|access| matches!(&access.thing, Thing::Function(name) if name.as_str() == function))
}
