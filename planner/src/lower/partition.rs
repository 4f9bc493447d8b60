//! ATTACH PARTITION, DETACH PARTITION, and CREATE TABLE .. PARTITION OF, which is the making of a
//! table and its attachment: so it needs no strong lock on its parent.

use super::{deparse, existing, name};
use crate::catalog::{Catalog, Table};
use crate::change::{Attach, Change, Detach};
use crate::problem::{self, Problem, code};
use concertina_revisions::tree::{
    AlterTableCmd, Node, PartitionBoundSpec, PartitionCmd, PartitionRangeDatumKind, node,
};
use concertina_revisions::{Ident, TableName};

fn command(command: &AlterTableCmd) -> Result<&PartitionCmd, Problem> {
    match command.def.as_ref().and_then(|def| def.node.as_ref()) {
        Some(node::Node::PartitionCmd(partition)) => Ok(partition),
        _ => Err(problem::unknown("a partition without a name")),
    }
}

pub(super) fn attach(
    written: &AlterTableCmd,
    parent: &TableName,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    let partition = command(written)?;
    let name = existing(partition.name.as_ref(), catalog)?;
    let bound = partition
        .bound
        .as_ref()
        .ok_or_else(|| problem::unknown("ATTACH PARTITION without a bound"))?;
    if let Some(other) = catalog
        .table(&name)
        .and_then(|table| table.partition_of.as_ref())
    {
        return Err(problem::exists(
            "partition",
            &format!("{} of {}", name.shown(), other.parent().shown()),
        ));
    }
    not_in_circles(parent, &name, catalog)?;
    Ok(Change::Attach(whole(parent, name, bound, catalog)?))
}

/// Refuses to put a table below itself.
pub(super) fn not_in_circles(
    parent: &TableName,
    below: &TableName,
    catalog: &Catalog,
) -> Result<(), Problem> {
    if parent != below && !catalog.below(below).contains(parent) {
        return Ok(());
    }
    Err(Problem::new(
        code::DEPENDED_ON,
        format!("{} would be below itself", below.shown()),
    )
    .label("circular inheritance, which PostgreSQL refuses too")
    .help("name another table"))
}

/// The attachment of a table, with the conditions that its bound makes.
pub(super) fn whole(
    parent: &TableName,
    partition: TableName,
    bound: &PartitionBoundSpec,
    catalog: &Catalog,
) -> Result<Attach, Problem> {
    let (condition, elsewhere) = match catalog.table(parent) {
        Some(table) => conditions(bound, table)?,
        None => (None, None),
    };
    Ok(Attach {
        parent: parent.clone(),
        bound: bound_text(bound)?,
        partition,
        condition,
        elsewhere,
    })
}

/// `FOR VALUES ..` or `DEFAULT`.
pub(super) fn bound_text(bound: &PartitionBoundSpec) -> Result<String, Problem> {
    let table = TableName::new("a", "b");
    let range = concertina_revisions::tree::RangeVar {
        relname: "c".to_owned(),
        inh: true,
        relpersistence: "p".to_owned(),
        ..Default::default()
    };
    let partition = PartitionCmd {
        name: Some(range),
        bound: Some(bound.clone()),
        concurrent: false,
    };
    let attach = AlterTableCmd {
        subtype: concertina_revisions::tree::AlterTableType::AtAttachPartition.into(),
        def: Some(Box::new(Node {
            node: Some(node::Node::PartitionCmd(partition)),
        })),
        behavior: concertina_revisions::tree::DropBehavior::DropRestrict.into(),
        ..Default::default()
    };
    let sql = deparse::alter(&table, &attach)?;
    sql.split_once(" ATTACH PARTITION c ")
        .map(|(_, bound)| bound.to_owned())
        .ok_or_else(|| problem::unknown(&format!("an unforeseen form: {sql}")))
}

/// What the rows of a partition obey, and what those of the default partition obey from then on.
/// Written so that PostgreSQL sees that they imply its own conditions. None where that isn't
/// simple: hashes, expressions, several columns.
fn conditions(
    bound: &PartitionBoundSpec,
    parent: &Table,
) -> Result<(Option<String>, Option<String>), Problem> {
    let columns = parent
        .partition_key
        .as_ref()
        .map(|key| key.columns.as_slice())
        .unwrap_or_default();
    let [column] = columns else {
        return Ok((None, None));
    };
    if column.is_empty() || bound.is_default {
        return Ok((None, None));
    }
    let column = Ident::new(column.as_str()).sql();
    match bound.strategy.as_str() {
        "r" => {
            let (from, to) = (end(&bound.lowerdatums)?, end(&bound.upperdatums)?);
            let mut inside = vec![format!("{column} IS NOT NULL")];
            inside.extend(from.iter().map(|from| format!("{column} >= {from}")));
            inside.extend(to.iter().map(|to| format!("{column} < {to}")));
            let mut outside = vec![format!("{column} IS NULL")];
            outside.extend(from.iter().map(|from| format!("{column} < {from}")));
            outside.extend(to.iter().map(|to| format!("{column} >= {to}")));
            Ok((Some(inside.join(" AND ")), Some(outside.join(" OR "))))
        }
        "l" => {
            let values = bound
                .listdatums
                .iter()
                .map(deparse::expression)
                .collect::<Result<Vec<_>, _>>()?;
            if values
                .iter()
                .any(|value| value.eq_ignore_ascii_case("null"))
            {
                return Ok((None, None));
            }
            let list = values.join(", ");
            Ok((
                Some(format!("{column} IS NOT NULL AND {column} IN ({list})")),
                Some(format!("{column} IS NULL OR {column} NOT IN ({list})")),
            ))
        }
        _ => Ok((None, None)),
    }
}

/// One end of a range; none for MINVALUE and MAXVALUE.
fn end(datums: &[Node]) -> Result<Option<String>, Problem> {
    let [datum] = datums else { return Ok(None) };
    match &datum.node {
        Some(node::Node::PartitionRangeDatum(range)) => match range.kind() {
            PartitionRangeDatumKind::PartitionRangeDatumValue => {
                range.value.as_deref().map(deparse::expression).transpose()
            }
            _ => Ok(None),
        },
        // As PostgreSQL's grammar leaves them: MINVALUE and MAXVALUE are still names.
        Some(node::Node::ColumnRef(_)) => Ok(None),
        _ => deparse::expression(datum).map(Some),
    }
}

pub(super) fn detach(
    written: &AlterTableCmd,
    parent: &TableName,
    catalog: &Catalog,
) -> Result<Change, Problem> {
    let partition = command(written)?;
    let table = existing(partition.name.as_ref(), catalog)?;
    let of = catalog
        .table(&table)
        .and_then(|table| table.partition_of.as_ref());
    if of.is_none_or(|of| of.parent() != *parent) {
        let names = catalog
            .table(parent)
            .into_iter()
            .flat_map(|parent| &parent.partitions);
        return Err(problem::missing_object(
            "partition",
            &table.shown(),
            names.map(|(_, name)| name.as_str()),
        ));
    }
    Ok(Change::Detach(Detach {
        keeps_check: partition.concurrent,
        ..of_parent(parent, table, catalog)
    }))
}

/// The detachment of a partition.
pub(crate) fn of_parent(parent: &TableName, partition: TableName, catalog: &Catalog) -> Detach {
    let columns = catalog
        .table(parent)
        .and_then(|parent| parent.partition_key.as_ref())
        .map(|key| &key.columns);
    let addition = match columns.map(Vec::as_slice) {
        Some([one]) => name::addition([one.as_str()]),
        _ => String::new(),
    };
    let check = name::choose(&partition, &addition, "check", catalog);
    Detach {
        parent: parent.clone(),
        partition,
        keeps_check: true,
        check,
    }
}
