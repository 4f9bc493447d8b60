//! ALTER TABLE's settings: storage, statistics, triggers, ownership, row-level security. Each becomes a statement of its
//! own, with what takes it back.

use super::deparse;
use crate::catalog::{Catalog, Table};
use crate::change::{Change, Effect, Setting, SettingKind};
use crate::problem::Problem;
use concertina_revisions::tree::{AlterTableCmd, AlterTableType as Kind, node};
use concertina_revisions::{Ident, TableName};

/// The change of a setting; nothing when the action is another.
pub(super) fn read(command: &AlterTableCmd, table: &TableName, catalog: &Catalog) -> Result<Option<Change>, Problem> {
    let Some((kind, what)) = family(command.subtype()) else { return Ok(None) };
    let sql = deparse::alter(table, command)?;
    let known = catalog.table(table);
    let name = Ident::new(command.name.as_str());
    let of = |what: &str| match kind {
        SettingKind::Statistics | SettingKind::Storage | SettingKind::ColumnOptions | SettingKind::Identity => {
            format!("{what} of {}.{}", table.shown(), name.as_str())
        }
        SettingKind::Trigger | SettingKind::Rule if !command.name.is_empty() => {
            format!("{what} {} of {}", name.as_str(), table.shown())
        }
        _ => format!("{what} of {}", table.shown()),
    };
    Ok(Some(Change::Setting(Setting {
        table: table.clone(),
        kind,
        what: of(what),
        reverse: reverse(command, table, known)
            .ok_or_else(|| format!("the former {what} of {} isn't known", table.shown())),
        sql,
        effect: match command.subtype() {
            Kind::AtEnableRowSecurity => Some(Effect::RowSecurity(true)),
            Kind::AtDisableRowSecurity => Some(Effect::RowSecurity(false)),
            Kind::AtSetRelOptions | Kind::AtResetRelOptions => {
                Some(Effect::Options(options(command), command.subtype() == Kind::AtSetRelOptions))
            }
            _ => None,
        },
    })))
}

fn family(kind: Kind) -> Option<(SettingKind, &'static str)> {
    Some(match kind {
        Kind::AtSetRelOptions | Kind::AtResetRelOptions => (SettingKind::Options, "storage parameters"),
        Kind::AtSetStatistics => (SettingKind::Statistics, "statistics target"),
        Kind::AtSetOptions | Kind::AtResetOptions => (SettingKind::ColumnOptions, "options"),
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
            (SettingKind::Trigger, "disable trigger")
        }
        Kind::AtEnableRule | Kind::AtEnableAlwaysRule | Kind::AtEnableReplicaRule => (SettingKind::Rule, "enable rule"),
        Kind::AtDisableRule => (SettingKind::Rule, "disable rule"),
        Kind::AtEnableRowSecurity => (SettingKind::RowSecurityOn, "row-level security"),
        Kind::AtForceRowSecurity => (SettingKind::RowSecurityOn, "row-level security for the owner"),
        Kind::AtDisableRowSecurity | Kind::AtNoForceRowSecurity => (SettingKind::RowSecurityOff, "row-level security"),
        Kind::AtSetIdentity | Kind::AtDropIdentity => (SettingKind::Identity, "identity"),
        Kind::AtDropExpression => (SettingKind::Identity, "generation expression"),
        _ => return None,
    })
}

/// What takes the change back, where the catalog or the statement tells.
fn reverse(command: &AlterTableCmd, table: &TableName, known: Option<&Table>) -> Option<String> {
    let alter = |action: String| Some(format!("ALTER TABLE {} {action}", table.sql()));
    let name = Ident::new(command.name.as_str());
    let column = known.and_then(|table| table.get(&name));
    let row_security = known?.row_security;
    match command.subtype() {
        Kind::AtSetRelOptions | Kind::AtResetRelOptions => {
            let (mut set, mut reset) = (Vec::new(), Vec::new());
            for option in options(command) {
                match known?.options.iter().find(|known| known.starts_with(&format!("{option}="))) {
                    Some(old) => set.push(old.clone()),
                    None => reset.push(option),
                }
            }
            let set = (!set.is_empty()).then(|| format!("SET ({})", set.join(", ")));
            let reset = (!reset.is_empty()).then(|| format!("RESET ({})", reset.join(", ")));
            alter(set.into_iter().chain(reset).collect::<Vec<_>>().join(", "))
        }
        Kind::AtSetStatistics => alter(format!("ALTER COLUMN {} SET STATISTICS {}", name.sql(), column?.statistics?)),
        Kind::AtSetStorage => alter(format!("ALTER COLUMN {} SET STORAGE {}", name.sql(), column?.storage.clone()?)),
        Kind::AtEnableRowSecurity if !row_security => alter("DISABLE ROW LEVEL SECURITY".to_owned()),
        Kind::AtDisableRowSecurity if row_security => alter("ENABLE ROW LEVEL SECURITY".to_owned()),
        Kind::AtEnableRowSecurity | Kind::AtDisableRowSecurity => Some(String::new()),
        Kind::AtForceRowSecurity => alter("NO FORCE ROW LEVEL SECURITY".to_owned()),
        Kind::AtNoForceRowSecurity => alter("FORCE ROW LEVEL SECURITY".to_owned()),
        Kind::AtDisableTrig => alter(format!("ENABLE TRIGGER {}", name.sql())),
        Kind::AtEnableTrig => alter(format!("DISABLE TRIGGER {}", name.sql())),
        Kind::AtDisableRule => alter(format!("ENABLE RULE {}", name.sql())),
        Kind::AtEnableRule => alter(format!("DISABLE RULE {}", name.sql())),
        Kind::AtReplicaIdentity => alter(format!("REPLICA IDENTITY {}", known?.replica_identity.clone()?)),
        _ => None,
    }
}

/// The names of storage parameters.
fn options(command: &AlterTableCmd) -> Vec<String> {
    let Some(node::Node::List(list)) = command.def.as_ref().and_then(|def| def.node.as_ref()) else { return vec![] };
    list.items
        .iter()
        .filter_map(|item| match &item.node {
            Some(node::Node::DefElem(option)) if option.defnamespace.is_empty() => Some(option.defname.clone()),
            Some(node::Node::DefElem(option)) => Some(format!("{}.{}", option.defnamespace, option.defname)),
            _ => None,
        })
        .collect()
}
