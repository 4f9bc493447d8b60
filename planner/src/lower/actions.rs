//! What the actions of ALTER TABLE touch that are settings.

use super::named::found;
use crate::catalog::Catalog;
use crate::footprint::{Aspect, Footprint, Thing};
use crate::sql::sequence_of;
use concertina_revisions::tree::{AlterTableCmd, AlterTableType, node};
use concertina_revisions::{Ident, TableName};

/// What one action of ALTER TABLE touches, where it is a setting.
pub(super) fn of_action(
    command: &AlterTableCmd,
    table: &TableName,
    catalog: &Catalog,
) -> Footprint {
    use AlterTableType as Kind;
    let all = Footprint::default();
    let name = Some(Ident::new(command.name.as_str())).filter(|name| !name.as_str().is_empty());
    let aspect = |what| Thing::Aspect(table.clone(), name.clone(), what);
    let of_column = || Footprint::default().columns(table, name.as_slice());
    let of_default = || of_column().change(aspect(Aspect::Default));
    let numbered = || of_default().change(aspect(Aspect::Identity));
    let of_rows = |name: &Ident| Thing::Rows(table.clone(), Some(name.clone()));
    let whole = || Footprint::default().change(Thing::Whole(table.clone()));
    let options = || Footprint::default().change(Thing::Options(table.clone()));
    match command.subtype() {
        Kind::AtSetStatistics
        | Kind::AtSetOptions
        | Kind::AtResetOptions
        | Kind::AtSetStorage
        | Kind::AtSetCompression => of_column().change(aspect(Aspect::Storage)),
        Kind::AtSetIdentity => numbered(),
        Kind::AtDropIdentity => {
            let sequences = name
                .iter()
                .map(|name| Thing::Relation(sequence_of(table, name)));
            sequences.fold(numbered(), Footprint::drop)
        }
        Kind::AtColumnDefault => of_default(),
        // Values are others' to write before or after.
        Kind::AtSetExpression | Kind::AtDropExpression => {
            let rows = name.iter().map(of_rows);
            let all = rows.fold(of_default(), Footprint::change);
            let read = name
                .iter()
                .flat_map(|name| computed_from(table, name, catalog));
            read.fold(all, |all, column| all.read(of_rows(&column)))
        }
        Kind::AtChangeOwner => all.change(Thing::Owner(Box::new(Thing::Relation(table.clone())))),
        Kind::AtEnableTrig
        | Kind::AtEnableAlwaysTrig
        | Kind::AtEnableReplicaTrig
        | Kind::AtDisableTrig => all.change(Thing::Trigger(table.clone(), name)),
        Kind::AtEnableTrigAll
        | Kind::AtDisableTrigAll
        | Kind::AtEnableTrigUser
        | Kind::AtDisableTrigUser => all.change(Thing::Trigger(table.clone(), None)),
        Kind::AtEnableRule
        | Kind::AtEnableAlwaysRule
        | Kind::AtEnableReplicaRule
        | Kind::AtDisableRule => all.change(Thing::Rule(table.clone(), name)),
        Kind::AtEnableRowSecurity
        | Kind::AtDisableRowSecurity
        | Kind::AtForceRowSecurity
        | Kind::AtNoForceRowSecurity => all.change(Thing::Policy(table.clone(), None)),
        Kind::AtAlterConstraint
        | Kind::AtAddInherit
        | Kind::AtDropInherit
        | Kind::AtReplicaIdentity => of_other(command, table, catalog).unwrap_or_else(whole),
        // By name: an index has to be there.
        Kind::AtClusterOn => {
            let index = name.iter().map(|name| Thing::beside(table, name));
            index.fold(options(), Footprint::read)
        }
        Kind::AtSetRelOptions
        | Kind::AtResetRelOptions
        | Kind::AtDropCluster
        | Kind::AtGenericOptions => options(),
        _ => whole(),
    }
}

/// The columns that a generated one is computed from.
fn computed_from(table: &TableName, column: &Ident, catalog: &Catalog) -> Vec<Ident> {
    let known = catalog.table(table).and_then(|table| table.get(column));
    let computed = known.and_then(crate::sql::computed_by);
    computed.map_or_else(Vec::new, |computed| computed.column_names())
}

/// Of an action that names another thing: a constraint, a parent, or the index that tells rows
/// apart.
fn of_other(command: &AlterTableCmd, table: &TableName, catalog: &Catalog) -> Option<Footprint> {
    let all = Footprint::default();
    Some(match command.def.as_ref()?.node.as_ref()? {
        node::Node::AtalterConstraint(new) => {
            all.change(Thing::constraint(table, &Ident::new(new.conname.as_str())))
        }
        node::Node::RangeVar(parent) => all
            .change(Thing::Whole(table.clone()))
            .and(&of_parent(&found(Some(parent), catalog))),
        node::Node::ReplicaIdentityStmt(identity) => {
            let index = Some(&identity.name).filter(|name| !name.is_empty());
            let index = index.map(|name| Thing::beside(table, &Ident::new(name.as_str())));
            let options = all.change(Thing::Options(table.clone()));
            index.into_iter().fold(options, Footprint::read)
        }
        _ => return None,
    })
}

/// What a table is to one that begins or ceases to inherit from it.
fn of_parent(parent: &TableName) -> Footprint {
    Footprint::default()
        .on(parent)
        .read(Thing::Whole(parent.clone()))
        .change(Thing::Partitions(parent.clone()))
        .change(Thing::Rows(parent.clone(), None))
}
