//! ALTER TABLE: one change for each of its actions. Every form that PostgreSQL's grammar has is
//! named here.

use super::{
    cascade, column, constraint, deparse, existing, expression, partition, pass, relation, schema,
    settings,
};
use crate::catalog::{Catalog, Column, Table};
use crate::change::{AddColumn, Change, Effect, NewIdentity, NewType, Setting, SettingKind};
use crate::footprint::{Aspect, Footprint, Thing};
use crate::problem::{self, Problem};
use crate::sql::is_at_utc;
use crate::sql::types;
use concertina_revisions::tree::{
    AlterTableCmd, AlterTableStmt, AlterTableType, DropBehavior, ObjectType, RangeVar, node,
};
use concertina_revisions::{Ident, TableName};

pub(super) fn alter(
    alter: &AlterTableStmt,
    sql: &str,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    if alter.objtype() != ObjectType::ObjectTable {
        return relation::alter(alter, sql, catalog);
    }
    let range = alter
        .relation
        .as_ref()
        .ok_or_else(|| problem::unknown("ALTER TABLE without a name"))?;
    if alter.missing_ok && catalog.resolve(schema(range), &range.relname).is_none() {
        return Ok(vec![Change::Nothing(format!(
            "there is no table {}",
            range.relname
        ))]);
    }
    let table = existing(Some(range), catalog)?;
    let mut seen = catalog.clone();
    let mut changes = Vec::new();
    for command in pass::ordered(&alter.cmds) {
        not_the_parent_alone(range, command.subtype(), catalog.table(&table))?;
        for mut change in action(command, &table, &seen)? {
            if let Change::AddConstraint(_, constraint) = &mut change {
                constraint.only = !range.inh
                    && seen
                        .table(&table)
                        .is_some_and(|table| !table.partitions.is_empty());
            }
            seen = seen.after(&change);
            changes.push(change);
        }
    }
    Ok(changes)
}

/// ONLY leaves those below as they are: then they differ from their parent, or PostgreSQL refuses
/// it.
fn not_the_parent_alone(
    range: &RangeVar,
    kind: AlterTableType,
    table: Option<&Table>,
) -> Result<(), Problem> {
    let has_others = |table: &&Table| {
        !table.is_new && (!table.partitions.is_empty() || !table.children.is_empty())
    };
    let Some(table) = table.filter(has_others) else {
        return Ok(());
    };
    if range.inh || settings::is_of_one_table(kind) {
        return Ok(());
    }
    Err(problem::unknown(&format!(
        "ONLY on {}, which has tables below it,",
        table.full_name().shown()
    )))
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Column,
    Constraint,
    Partition,
    Setting,
    /// The table is rewritten, and what to do instead.
    Rewrite(&'static str, &'static str),
    /// PostgreSQL's own step on the way; its grammar gives none of these.
    Internal,
}

#[expect(clippy::too_many_lines, reason = "a line for each form of ALTER TABLE")]
fn family(kind: AlterTableType) -> Family {
    use AlterTableType as Kind;
    match kind {
        Kind::AtAddColumn
        | Kind::AtColumnDefault
        | Kind::AtAlterColumnType
        | Kind::AtSetNotNull
        | Kind::AtDropNotNull
        | Kind::AtDropColumn
        | Kind::AtAddIdentity => Family::Column,
        Kind::AtAddConstraint | Kind::AtDropConstraint | Kind::AtValidateConstraint => {
            Family::Constraint
        }
        Kind::AtAttachPartition
        | Kind::AtDetachPartition
        | Kind::AtDetachPartitionFinalize
        | Kind::AtAddInherit
        | Kind::AtDropInherit => Family::Partition,
        Kind::AtSetTableSpace => Family::Rewrite(
            "SET TABLESPACE, which copies the table,",
            "use pg_repack --tablespace",
        ),
        Kind::AtSetAccessMethod => Family::Rewrite(
            "SET ACCESS METHOD, which rewrites the table,",
            "make a new table",
        ),
        Kind::AtDropOids
        | Kind::AtSetLogged
        | Kind::AtSetUnLogged
        | Kind::AtSetStatistics
        | Kind::AtSetOptions
        | Kind::AtResetOptions
        | Kind::AtSetStorage
        | Kind::AtSetCompression
        | Kind::AtSetExpression
        | Kind::AtDropExpression
        | Kind::AtSetIdentity
        | Kind::AtDropIdentity
        | Kind::AtAlterConstraint
        | Kind::AtAlterColumnGenericOptions
        | Kind::AtGenericOptions
        | Kind::AtChangeOwner
        | Kind::AtClusterOn
        | Kind::AtDropCluster
        | Kind::AtSetRelOptions
        | Kind::AtResetRelOptions
        | Kind::AtEnableTrig
        | Kind::AtEnableAlwaysTrig
        | Kind::AtEnableReplicaTrig
        | Kind::AtDisableTrig
        | Kind::AtEnableTrigAll
        | Kind::AtDisableTrigAll
        | Kind::AtEnableTrigUser
        | Kind::AtDisableTrigUser
        | Kind::AtEnableRule
        | Kind::AtEnableAlwaysRule
        | Kind::AtEnableReplicaRule
        | Kind::AtDisableRule
        | Kind::AtAddOf
        | Kind::AtDropOf
        | Kind::AtReplicaIdentity
        | Kind::AtEnableRowSecurity
        | Kind::AtDisableRowSecurity
        | Kind::AtForceRowSecurity
        | Kind::AtNoForceRowSecurity => Family::Setting,
        Kind::Undefined
        | Kind::AtAddColumnToView
        | Kind::AtCookedColumnDefault
        | Kind::AtAddIndex
        | Kind::AtReAddIndex
        | Kind::AtReAddConstraint
        | Kind::AtReAddDomainConstraint
        | Kind::AtAddIndexConstraint
        | Kind::AtReAddComment
        | Kind::AtReplaceRelOptions
        | Kind::AtReAddStatistics => Family::Internal,
    }
}

fn action(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    if command.behavior() == DropBehavior::DropCascade
        && !cascade::takes_nothing_along(command, table, catalog)
    {
        let mut changes = cascade::taken_along(command, table, catalog)?;
        changes.extend(done(command, table, catalog)?);
        return Ok(changes);
    }
    done(command, table, catalog)
}

fn done(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let one = match family(command.subtype()) {
        Family::Column => return of_column(command, table, catalog),
        Family::Constraint => of_constraint(command, table, catalog)?,
        Family::Partition => of_partition(command, table, catalog)?,
        Family::Setting => of_setting(command, table, catalog)?,
        Family::Rewrite(what, instead) => return Err(problem::blocks(what, instead)),
        Family::Internal => {
            return Err(problem::unknown(&format!(
                "ALTER TABLE .. {}",
                words(command.subtype())
            )));
        }
    };
    Ok(vec![one])
}

fn of_column(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    use AlterTableType as Kind;
    if command.subtype() == Kind::AtAddColumn {
        return add_column(command, table, catalog);
    }
    let name = Ident::new(command.name.as_str());
    if catalog
        .table(table)
        .is_none_or(|table| table.get(&name).is_none())
    {
        if command.subtype() == Kind::AtDropColumn && command.missing_ok {
            return Ok(vec![Change::Nothing(format!(
                "there is no column {}",
                name.as_str()
            ))]);
        }
        return Err(problem::missing_column(table, &name, catalog));
    }
    Ok(vec![match command.subtype() {
        Kind::AtColumnDefault => Change::SetDefault(
            table.clone(),
            name,
            command.def.as_deref().map(expression::read).transpose()?,
        ),
        Kind::AtAlterColumnType => new_type(command, table, name)?,
        Kind::AtSetNotNull => Change::SetNotNull(table.clone(), name),
        Kind::AtDropNotNull => Change::DropNotNull(table.clone(), name),
        Kind::AtAddIdentity => add_identity(command, table, name)?,
        _ => Change::DropColumn(table.clone(), name),
    }])
}

fn of_constraint(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    if command.subtype() == AlterTableType::AtAddConstraint {
        return add_constraint(command, table, catalog);
    }
    let name = Ident::new(command.name.as_str());
    let constraints = catalog
        .table(table)
        .map(|table| table.constraints.as_slice())
        .unwrap_or_default();
    if !constraints
        .iter()
        .any(|constraint| constraint.name == name.as_str())
    {
        if command.missing_ok {
            return Ok(Change::Nothing(format!(
                "there is no constraint {}",
                name.as_str()
            )));
        }
        let names = constraints
            .iter()
            .map(|constraint| constraint.name.as_str());
        return Err(problem::missing_object("constraint", name.as_str(), names));
    }
    Ok(match command.subtype() {
        AlterTableType::AtDropConstraint => Change::DropConstraint(table.clone(), name),
        _ => Change::Validate(table.clone(), name),
    })
}

fn of_partition(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    match command.subtype() {
        AlterTableType::AtAttachPartition => partition::attach(command, table, catalog),
        AlterTableType::AtDetachPartition => partition::detach(command, table, catalog),
        AlterTableType::AtDetachPartitionFinalize => Err(problem::not_a_change(
            "DETACH PARTITION .. FINALIZE ends what was interrupted",
            "run it by hand; DETACH PARTITION in a revision is finished by running the revision again",
        )),
        _ => inherit(command, table, catalog),
    }
}

fn of_setting(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    use AlterTableType as Kind;
    let name = Ident::new(command.name.as_str());
    let known = catalog.table(table).and_then(|table| table.get(&name));
    match command.subtype() {
        Kind::AtDropOids => Ok(Change::Nothing(
            "tables have had no oids since PostgreSQL 12".to_owned(),
        )),
        Kind::AtDropIdentity | Kind::AtSetIdentity | Kind::AtDropExpression
            if known.is_some_and(|column| !column.generated) =>
        {
            if command.missing_ok {
                return Ok(Change::Nothing(format!(
                    "{} isn't generated",
                    name.as_str()
                )));
            }
            Err(problem::unknown(&format!(
                "{} of a column that isn't generated",
                words(command.subtype())
            )))
        }
        Kind::AtSetExpression if known.is_some_and(is_stored) => Err(problem::blocks(
            "SET EXPRESSION of a STORED generated column, which rewrites every row,",
            "add a column with the new expression in a revision of its own",
        )),
        _ => settings::read(command, table, catalog),
    }
}

fn is_stored(column: &Column) -> bool {
    column.expression.as_ref().is_none_or(|(_, stored)| *stored)
}

fn new_type(command: &AlterTableCmd, table: &TableName, column: Ident) -> Result<Change, Problem> {
    let Some(node::Node::ColumnDef(new)) = command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return Err(problem::unknown("ALTER COLUMN TYPE without a type"));
    };
    let type_name = new
        .type_name
        .as_ref()
        .ok_or_else(|| problem::unknown("ALTER COLUMN TYPE without a type"))?;
    let using = new
        .raw_default
        .as_deref()
        .map(expression::read)
        .transpose()?;
    // `USING column` says nothing; PostgreSQL would look at every row for anything more.
    let plain = |using: &crate::expr::Expr| using.sql == column.sql();
    Ok(Change::AlterType(NewType {
        table: table.clone(),
        type_sql: deparse::type_name(type_name, None)?,
        under_utc: using
            .as_ref()
            .is_some_and(|using| is_at_utc(&using.sql, column.as_str())),
        collation: new
            .coll_clause
            .as_ref()
            .map(|clause| deparse::collation(clause)),
        converts: using.as_ref().is_some_and(|using| !plain(using)),
        sql: deparse::alter(table, command)?,
        using,
        column,
        like: None,
    }))
}

fn add_constraint(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    let Some(node::Node::Constraint(written)) =
        command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return Err(problem::unknown("ADD CONSTRAINT without a constraint"));
    };
    let new = constraint::read(written, table, None, catalog)?;
    let known = catalog.table(table);
    if known.is_some_and(|table| table.constraint(&new.name).is_some()) {
        return Err(problem::exists("constraint", new.name.as_str()));
    }
    let missing = |column: &&Ident| known.is_some_and(|table| table.get(column).is_none());
    if let Some(missing) = new.columns().iter().find(missing) {
        return Err(problem::missing_column(table, missing, catalog));
    }
    Ok(Change::AddConstraint(table.clone(), new))
}

fn add_identity(
    command: &AlterTableCmd,
    table: &TableName,
    column: Ident,
) -> Result<Change, Problem> {
    let Some(node::Node::Constraint(written)) =
        command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return Err(problem::unknown("ADD GENERATED without an identity"));
    };
    let sql = deparse::alter(table, command)?;
    let definition = sql
        .split_once(" ADD GENERATED ")
        .map(|(_, rest)| format!("GENERATED {rest}"));
    Ok(Change::AddIdentity(NewIdentity {
        table: table.clone(),
        column,
        definition: definition.ok_or_else(|| problem::unknown(&sql))?,
        always: written.generated_when == "a",
    }))
}

/// INHERIT and NO INHERIT.
fn inherit(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    let Some(node::Node::RangeVar(range)) = command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return Err(problem::unknown("INHERIT without a parent"));
    };
    let parent = existing(Some(range), catalog)?;
    let (kind, word, back) = match command.subtype() {
        AlterTableType::AtAddInherit => (SettingKind::Inherit, "inherit", Some("NO INHERIT")),
        _ => (SettingKind::NoInherit, "no inherit", None),
    };
    if kind == SettingKind::Inherit {
        partition::not_in_circles(&parent, table, catalog)?;
    }
    let effect = if kind == SettingKind::Inherit {
        Effect::Inherits(parent.clone())
    } else {
        Effect::InheritsNoMore(parent.clone())
    };
    Ok(Change::Setting(Setting {
        what: format!("{word} {} by {}", parent.shown(), table.shown()),
        sql: deparse::alter(table, command)?,
        kind,
        reverse: back.map_or_else(
            || Err("its columns are its own from then on, whatever it inherits again".to_owned()),
            |back| {
                Ok(format!(
                    "ALTER TABLE {} {back} {}",
                    table.sql(),
                    parent.sql()
                ))
            },
        ),
        effect: Some(effect),
        touches: super::actions::of_action(command, table, catalog),
        table: table.clone(),
        other: Some(parent),
    }))
}

fn add_column(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let Some(node::Node::ColumnDef(definition)) =
        command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return Err(problem::unknown("ADD COLUMN without a column"));
    };
    let new = column::read(definition, table, catalog)?;
    if let Some(there) = catalog.table(table).and_then(|table| table.get(&new.name)) {
        if command.missing_ok {
            let name = new.name.as_str();
            let same = types::is_same(&there.type_sql, &new.type_sql, catalog);
            return Ok(vec![Change::Nothing(if same {
                format!("column {name} is there already")
            } else {
                format!(
                    "column {name} is there already, but of type {} and not {}",
                    there.type_sql, new.type_sql
                )
            })]);
        }
        return Err(problem::exists(
            "column",
            &format!("{}.{}", table.shown(), new.name.as_str()),
        ));
    }
    let name = new.name.clone();
    let mut changes = vec![Change::AddColumn(AddColumn {
        table: table.clone(),
        column: new,
        fill: None,
    })];
    // What PostgreSQL takes beside the type, as a setting of its own.
    let beside = [
        ("STORAGE", &definition.storage_name, "storage"),
        ("COMPRESSION", &definition.compression, "compression"),
    ];
    for (word, value, what) in beside.into_iter().filter(|(_, value, _)| !value.is_empty()) {
        changes.push(Change::Setting(Setting {
            table: table.clone(),
            other: None,
            kind: SettingKind::Storage,
            what: format!("{what} of {}.{}", table.shown(), name.as_str()),
            sql: format!(
                "ALTER TABLE {} ALTER COLUMN {} SET {word} {value}",
                table.sql(),
                name.sql()
            ),
            reverse: Ok(String::new()),
            effect: None,
            touches: Footprint::default()
                .read(Thing::column(table, &name))
                .change(Thing::aspect(table, &name, Aspect::Storage)),
        }));
    }
    Ok(changes)
}

/// `AtSetTableSpace` as people say it: `SET TABLE SPACE`.
fn words(kind: AlterTableType) -> String {
    let name = format!("{kind:?}");
    name.strip_prefix("At")
        .unwrap_or(&name)
        .chars()
        .fold(String::new(), |mut words, c| {
            if c.is_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.extend(c.to_uppercase());
            words
        })
}
