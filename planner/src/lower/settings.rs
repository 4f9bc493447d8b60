//! ALTER TABLE's settings: storage, statistics, triggers, ownership, row-level security. Each
//! becomes a statement of its own, with what takes it back.

use super::{deparse, rolespec};
use crate::catalog::{Catalog, ConstraintKind, Fires, Identity, Table};
use crate::change::{Change, Effect, Setting, SettingKind};
use crate::problem::{self, Problem, code};
use crate::sql::Timing;
use concertina_revisions::tree::{AlterTableCmd, AlterTableType as Kind, DefElem, Node, node};
use concertina_revisions::{Ident, TableName};

/// The change of a setting.
pub(super) fn read(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    let Some((kind, what)) = family(command.subtype()) else {
        return Err(problem::unknown(&format!("{:?}", command.subtype())));
    };
    let known = catalog.table(table);
    if let Some(node::Node::AtalterConstraint(new)) =
        command.def.as_ref().and_then(|def| def.node.as_ref())
    {
        let constraints = known
            .map(|table| table.constraints.as_slice())
            .unwrap_or_default();
        match constraints.iter().find(|one| one.name == new.conname) {
            Some(one) if one.kind == ConstraintKind::ForeignKey => {}
            Some(_) => {
                return Err(Problem::new(
                    code::DEPENDED_ON,
                    format!("{} is no foreign key", new.conname),
                )
                .label("only a foreign key can be altered")
                .help("drop it and add it again, in the same revision"));
            }
            None => {
                let names = constraints.iter().map(|one| one.name.as_str());
                return Err(problem::missing_object("constraint", &new.conname, names));
            }
        }
    }
    let name = Ident::new(command.name.as_str());
    let named = match kind {
        SettingKind::Statistics
        | SettingKind::Storage
        | SettingKind::ColumnOptions
        | SettingKind::Identity
        | SettingKind::Expression => {
            if known.is_some_and(|table| !command.name.is_empty() && table.get(&name).is_none()) {
                return Err(problem::missing_column(table, &name, catalog));
            }
            format!("{what} of {}.{}", table.shown(), name.as_str())
        }
        SettingKind::Trigger | SettingKind::TriggerOff | SettingKind::Rule
            if !command.name.is_empty() =>
        {
            format!("{what} {} of {}", name.as_str(), table.shown())
        }
        _ => format!("{what} of {}", table.shown()),
    };
    Ok(Change::Setting(Setting {
        table: table.clone(),
        other: None,
        kind,
        what: named,
        reverse: reverse(command, table, known).ok_or_else(|| match command.subtype() {
            Kind::AtDropExpression => {
                "what computed the column would have to rewrite every row".to_owned()
            }
            _ => format!("the former {what} of {} isn't known", table.shown()),
        }),
        sql: deparse::alter(table, command)?,
        effect: effect(command, &name),
        touches: super::actions::of_action(command, table, catalog),
    }))
}

/// Whether an action is about the table alone in any case, so that ONLY says nothing.
pub(super) fn is_of_one_table(kind: Kind) -> bool {
    family(kind).is_some_and(|(family, _)| {
        !matches!(
            family,
            SettingKind::Trigger
                | SettingKind::TriggerOff
                | SettingKind::Storage
                | SettingKind::Identity
                | SettingKind::Expression
        )
    })
}

fn effect(command: &AlterTableCmd, name: &Ident) -> Option<Effect> {
    let column = || name.as_str().to_owned();
    Some(match command.subtype() {
        Kind::AtEnableRowSecurity => Effect::RowSecurity(true),
        Kind::AtDisableRowSecurity => Effect::RowSecurity(false),
        Kind::AtForceRowSecurity => Effect::RowSecurityForced(true),
        Kind::AtNoForceRowSecurity => Effect::RowSecurityForced(false),
        Kind::AtSetRelOptions => Effect::Options(set_options(command)?, true),
        Kind::AtResetRelOptions => Effect::Options(options(command), false),
        Kind::AtSetOptions => Effect::ColumnOptions(column(), set_options(command)?, true),
        Kind::AtResetOptions => Effect::ColumnOptions(column(), options(command), false),
        Kind::AtSetStatistics => Effect::ColumnStatistics(column(), target(command)),
        Kind::AtSetStorage => Effect::Storage(column(), word(command)?.to_uppercase()),
        Kind::AtSetCompression => Effect::Compression(column(), word(command)?.to_lowercase()),
        Kind::AtClusterOn => Effect::Clustered(Some(column())),
        Kind::AtDropCluster => Effect::Clustered(None),
        Kind::AtReplicaIdentity => Effect::ReplicaIdentity(replica_identity(command)?),
        Kind::AtChangeOwner => Effect::Owner(rolespec(command.newowner.as_ref()?)?),
        Kind::AtDropIdentity => Effect::Identity(column(), None),
        Kind::AtSetIdentity => Effect::Identity(column(), generated(command)),
        Kind::AtDropExpression => Effect::Expression(column(), None),
        Kind::AtSetExpression => Effect::Expression(
            column(),
            Some(deparse::expression(command.def.as_deref()?).ok()?),
        ),
        _ => return None,
    })
}

fn family(kind: Kind) -> Option<(SettingKind, &'static str)> {
    Some(match kind {
        Kind::AtSetRelOptions | Kind::AtResetRelOptions => {
            (SettingKind::Options, "storage parameters")
        }
        Kind::AtSetStatistics => (SettingKind::Statistics, "statistics target"),
        Kind::AtSetOptions | Kind::AtResetOptions => (SettingKind::ColumnOptions, "options"),
        Kind::AtSetLogged | Kind::AtSetUnLogged => (SettingKind::Persistence, "persistence"),
        Kind::AtSetStorage => (SettingKind::Storage, "storage"),
        Kind::AtSetCompression => (SettingKind::Storage, "compression"),
        Kind::AtReplicaIdentity => (SettingKind::ReplicaIdentity, "replica identity"),
        Kind::AtClusterOn | Kind::AtDropCluster => (SettingKind::Clustering, "clustering index"),
        Kind::AtChangeOwner => (SettingKind::Owner, "owner"),
        Kind::AtEnableTrig
        | Kind::AtEnableAlwaysTrig
        | Kind::AtEnableReplicaTrig
        | Kind::AtEnableTrigAll
        | Kind::AtEnableTrigUser => (SettingKind::Trigger, "enable trigger"),
        Kind::AtDisableTrig | Kind::AtDisableTrigAll | Kind::AtDisableTrigUser => {
            (SettingKind::TriggerOff, "disable trigger")
        }
        Kind::AtEnableRule | Kind::AtEnableAlwaysRule | Kind::AtEnableReplicaRule => {
            (SettingKind::Rule, "enable rule")
        }
        Kind::AtDisableRule => (SettingKind::Rule, "disable rule"),
        Kind::AtEnableRowSecurity => (SettingKind::RowSecurityOn, "row-level security"),
        Kind::AtForceRowSecurity => (
            SettingKind::RowSecurityOn,
            "row-level security for the owner",
        ),
        Kind::AtDisableRowSecurity | Kind::AtNoForceRowSecurity => {
            (SettingKind::RowSecurityOff, "row-level security")
        }
        Kind::AtSetIdentity | Kind::AtDropIdentity => (SettingKind::Identity, "identity"),
        Kind::AtDropExpression => (SettingKind::Identity, "generation expression"),
        Kind::AtSetExpression => (SettingKind::Expression, "generation expression"),
        Kind::AtAlterConstraint => (SettingKind::Deferral, "constraint"),
        Kind::AtAddOf | Kind::AtDropOf => (SettingKind::OfType, "type"),
        Kind::AtGenericOptions | Kind::AtAlterColumnGenericOptions => {
            (SettingKind::Options, "options")
        }
        _ => return None,
    })
}

/// `SET GENERATED ALWAYS` or `BY DEFAULT`, when the sequence's own options are left alone.
fn generated(command: &AlterTableCmd) -> Option<Identity> {
    let Some(node::Node::List(list)) = command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return None;
    };
    let [item] = list.items.as_slice() else {
        return None;
    };
    let Some(node::Node::DefElem(option)) = &item.node else {
        return None;
    };
    let Some(node::Node::Integer(letter)) = option.arg.as_ref().and_then(|arg| arg.node.as_ref())
    else {
        return None;
    };
    match (option.defname.as_str(), u8::try_from(letter.ival).ok()?) {
        ("generated", b'a') => Some(Identity::Always),
        ("generated", b'd') => Some(Identity::ByDefault),
        _ => None,
    }
}

/// What takes the change back, where the catalog or the statement tells.
fn reverse(command: &AlterTableCmd, table: &TableName, known: Option<&Table>) -> Option<String> {
    let known = known?;
    let alter = |action: String| Some(format!("ALTER TABLE {} {action}", table.sql()));
    let name = Ident::new(command.name.as_str());
    let column = known.get(&name);
    let of_column = |action: String| alter(format!("ALTER COLUMN {} {action}", name.sql()));
    match command.subtype() {
        Kind::AtSetRelOptions | Kind::AtResetRelOptions => {
            alter(restored(&options(command), &known.options))
        }
        Kind::AtSetOptions | Kind::AtResetOptions => {
            of_column(restored(&options(command), &column?.options))
        }
        Kind::AtSetStatistics => of_column(format!("SET STATISTICS {}", column?.statistics?)),
        Kind::AtSetStorage => of_column(format!("SET STORAGE {}", column?.storage.clone()?)),
        Kind::AtSetCompression => of_column(format!(
            "SET COMPRESSION {}",
            column?.compression.as_deref().unwrap_or("default")
        )),
        Kind::AtEnableRowSecurity
        | Kind::AtDisableRowSecurity
        | Kind::AtForceRowSecurity
        | Kind::AtNoForceRowSecurity => {
            row_security(command.subtype(), known).map_or(Some(String::new()), alter)
        }
        Kind::AtDisableTrig | Kind::AtEnableTrig => {
            let trigger = known.triggers.iter().find(|one| one.name == command.name)?;
            match trigger.fires() {
                Fires::Never => alter(format!("DISABLE TRIGGER {}", name.sql())),
                Fires::AtOrigin => alter(format!("ENABLE TRIGGER {}", name.sql())),
                Fires::InReplica => None,
            }
        }
        // One that is disabled isn't told.
        Kind::AtDisableRule | Kind::AtEnableRule => {
            match known.rules.iter().find(|one| one.name == command.name) {
                Some(rule) if rule.in_replica => None,
                Some(_) => alter(format!("ENABLE RULE {}", name.sql())),
                None => alter(format!("DISABLE RULE {}", name.sql())),
            }
        }
        Kind::AtReplicaIdentity => alter(format!(
            "REPLICA IDENTITY {}",
            known.replica_identity.clone()?
        )),
        Kind::AtClusterOn | Kind::AtDropCluster => {
            match known.indexes.iter().find(|index| index.clustered) {
                Some(index) => alter(format!(
                    "CLUSTER ON {}",
                    Ident::new(index.name.as_str()).sql()
                )),
                None => alter("SET WITHOUT CLUSTER".to_owned()),
            }
        }
        Kind::AtChangeOwner if !known.owner.is_empty() => alter(format!(
            "OWNER TO {}",
            Ident::new(known.owner.as_str()).sql()
        )),
        Kind::AtSetIdentity => {
            generated(command)?;
            of_column(format!("SET GENERATED {}", column?.identity?.words()))
        }
        Kind::AtSetExpression => of_column(format!(
            "SET EXPRESSION AS ({})",
            column?.expression.as_ref()?.0
        )),
        Kind::AtAlterConstraint => alter(timing(command, known)?),
        _ => None,
    }
}

/// Row-level security as it was, where the statement changes it.
fn row_security(kind: Kind, known: &Table) -> Option<String> {
    let (is_on, was_on, word) = match kind {
        Kind::AtEnableRowSecurity => (true, known.row_security, "DISABLE"),
        Kind::AtDisableRowSecurity => (false, known.row_security, "ENABLE"),
        Kind::AtForceRowSecurity => (true, known.row_security_forced, "NO FORCE"),
        _ => (false, known.row_security_forced, "FORCE"),
    };
    (is_on != was_on).then(|| format!("{word} ROW LEVEL SECURITY"))
}

/// When a foreign key was checked before ALTER CONSTRAINT.
fn timing(command: &AlterTableCmd, known: &Table) -> Option<String> {
    let node::Node::AtalterConstraint(new) = command.def.as_ref()?.node.as_ref()? else {
        return None;
    };
    let old = known.constraint(&Ident::new(new.conname.as_str()))?;
    if new.alter_enforceability || new.alter_inheritability {
        return None;
    }
    let words = match old.timing() {
        Timing::Deferred => "DEFERRABLE INITIALLY DEFERRED",
        Timing::Deferrable => "DEFERRABLE INITIALLY IMMEDIATE",
        Timing::Now => "NOT DEFERRABLE",
    };
    let name = Ident::new(old.name.as_str()).sql();
    Some(format!("ALTER CONSTRAINT {name} {words}"))
}

/// The number behind SET STATISTICS; -1 for the default.
fn target(command: &AlterTableCmd) -> i32 {
    match command.def.as_ref().and_then(|def| def.node.as_ref()) {
        Some(node::Node::Integer(number)) => number.ival,
        _ => -1,
    }
}

/// The word behind SET STORAGE or SET COMPRESSION.
fn word(command: &AlterTableCmd) -> Option<&str> {
    match command.def.as_ref()?.node.as_ref()? {
        node::Node::String(word) => Some(&word.sval),
        _ => None,
    }
}

/// What identifies a row, as ALTER TABLE takes it. The letters are those of
/// `pg_class.relreplident`.
fn replica_identity(command: &AlterTableCmd) -> Option<String> {
    let node::Node::ReplicaIdentityStmt(identity) = command.def.as_ref()?.node.as_ref()? else {
        return None;
    };
    Some(match identity.identity_type.as_str() {
        "d" => "DEFAULT".to_owned(),
        "f" => "FULL".to_owned(),
        "n" => "NOTHING".to_owned(),
        _ => format!("USING INDEX {}", Ident::new(identity.name.as_str()).sql()),
    })
}

/// `SET (..), RESET (..)`: options as they were before these were set or reset.
pub(super) fn restored(changed: &[String], known: &[String]) -> String {
    let (mut set, mut reset) = (Vec::new(), Vec::new());
    for option in changed {
        match known
            .iter()
            .find(|known| known.starts_with(&format!("{option}=")))
        {
            Some(old) => set.push(old.clone()),
            None => reset.push(option.clone()),
        }
    }
    let set = (!set.is_empty()).then(|| format!("SET ({})", set.join(", ")));
    let reset = (!reset.is_empty()).then(|| format!("RESET ({})", reset.join(", ")));
    set.into_iter().chain(reset).collect::<Vec<_>>().join(", ")
}

/// The names of storage parameters.
pub(super) fn options(command: &AlterTableCmd) -> Vec<String> {
    let Some(node::Node::List(list)) = command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return vec![];
    };
    list.items
        .iter()
        .filter_map(|item| match &item.node {
            Some(node::Node::DefElem(option)) if option.defnamespace.is_empty() => {
                Some(option.defname.clone())
            }
            Some(node::Node::DefElem(option)) => {
                Some(format!("{}.{}", option.defnamespace, option.defname))
            }
            _ => None,
        })
        .collect()
}

/// Storage parameters that are set, as `name=value`; nothing when a value has a form that isn't
/// known.
pub(super) fn set_options(command: &AlterTableCmd) -> Option<Vec<String>> {
    let Some(node::Node::List(list)) = command.def.as_ref().and_then(|def| def.node.as_ref())
    else {
        return None;
    };
    let one = |(item, name): (&Node, &String)| {
        let Some(node::Node::DefElem(option)) = &item.node else {
            return None;
        };
        Some(format!("{name}={}", value_of(option)?))
    };
    list.items.iter().zip(&options(command)).map(one).collect()
}

fn value_of(option: &DefElem) -> Option<String> {
    let Some(value) = option.arg.as_ref().and_then(|arg| arg.node.as_ref()) else {
        return Some("true".to_owned());
    };
    Some(match value {
        node::Node::String(text) => text.sval.clone(),
        node::Node::Integer(number) => number.ival.to_string(),
        node::Node::Float(number) => number.fval.clone(),
        node::Node::Boolean(value) => value.boolval.to_string(),
        node::Node::TypeName(name) => super::strings(&name.names).pop()?,
        _ => return None,
    })
}
