//! What an identity says of its sequence.

use super::deparse;
use concertina_revisions::tree::{Constraint, DefElem, Node, NodeEnum, node, parse};
use concertina_revisions::{Ident, TableName};

/// The sequence of `GENERATED .. AS IDENTITY (..)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbering {
    /// The name that is said, with its schema where one is.
    pub(crate) name: Option<(Option<String>, Ident)>,
    /// `START 7 INCREMENT BY 2`, without the name.
    pub(crate) options: String,
    /// How many numbers there are; none when they begin again.
    pub(crate) capacity: Option<u64>,
    /// Whether it is said where they start.
    pub(crate) starts: bool,
    /// Whether it is GENERATED ALWAYS.
    pub(crate) always: bool,
}

/// Reads the definition of an identity, or that of a serial column, which is empty, over an integer
/// type.
pub(crate) fn numbering(definition: &str, type_sql: &str) -> Option<Numbering> {
    let written = if definition.is_empty() {
        None
    } else {
        Some(written(definition)?)
    };
    let always = written
        .as_ref()
        .is_some_and(|written| written.generated_when == "a");
    let options = written.map(|written| written.options).unwrap_or_default();
    let options: Vec<DefElem> = options
        .into_iter()
        .filter_map(|option| match option.node {
            Some(node::Node::DefElem(option)) => Some(*option),
            _ => None,
        })
        .collect();
    let said = |name: &str| options.iter().find(|option| option.defname == name);
    let name =
        said("sequence_name").and_then(|option| match option.arg.as_ref()?.node.as_ref()? {
            node::Node::List(list) => {
                let mut parts = super::strings(&list.items);
                let name = parts.pop()?;
                Some((parts.pop(), Ident::new(name)))
            }
            _ => None,
        });
    let number = |name: &str| said(name).and_then(number_of);
    let step = number("increment").unwrap_or(1);
    let (smallest, largest) = match super::types::bare(type_sql).as_str() {
        "int2" | "smallint" => (i128::from(i16::MIN), i128::from(i16::MAX)),
        "int4" | "int" | "integer" => (i128::from(i32::MIN), i128::from(i32::MAX)),
        _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
    };
    let lowest = number("minvalue").unwrap_or(if step > 0 { 1 } else { smallest });
    let highest = number("maxvalue").unwrap_or(if step > 0 { largest } else { -1 });
    let first = number("start").unwrap_or(if step > 0 { lowest } else { highest });
    let room = if step > 0 {
        highest - first
    } else {
        first - lowest
    };
    let cycles = said("cycle").is_some_and(is_true);
    let capacity =
        (!cycles && step != 0).then(|| u64::try_from(room / step.abs() + 1).unwrap_or(0));
    let kept: Vec<Node> = options
        .iter()
        .filter(|option| {
            !matches!(
                option.defname.as_str(),
                "sequence_name" | "owned_by" | "logged"
            )
        })
        .map(|option| Node {
            node: Some(node::Node::DefElem(Box::new(option.clone()))),
        })
        .collect();
    let starts = said("start").is_some();
    Some(Numbering {
        name,
        options: deparse::sequence_options(&kept).ok()?,
        capacity,
        starts,
        always,
    })
}

impl Numbering {
    /// The name of the sequence of a column.
    pub(crate) fn sequence(&self, table: &TableName, column: &Ident) -> TableName {
        match &self.name {
            Some((schema, name)) => TableName {
                schema: schema.as_ref().map_or_else(
                    || table.schema.clone(),
                    |schema| Ident::new(schema.as_str()),
                ),
                name: name.clone(),
            },
            None => crate::sql::sequence_of(table, column),
        }
    }
}

fn written(definition: &str) -> Option<Constraint> {
    let frame = format!("ALTER TABLE x ADD COLUMN c int {definition}");
    let tree = parse(&frame, 0)
        .ok()?
        .protobuf
        .stmts
        .into_iter()
        .next()?
        .stmt?
        .node?;
    let NodeEnum::AlterTableStmt(alter) = tree else {
        return None;
    };
    let node::Node::AlterTableCmd(command) = alter.cmds.into_iter().next()?.node? else {
        return None;
    };
    let node::Node::ColumnDef(column) = command.def?.node? else {
        return None;
    };
    match column.constraints.into_iter().next()?.node? {
        node::Node::Constraint(written) => Some(*written),
        _ => None,
    }
}

fn number_of(option: &DefElem) -> Option<i128> {
    match option.arg.as_ref()?.node.as_ref()? {
        node::Node::Integer(number) => Some(i128::from(number.ival)),
        // Larger than an integer of C.
        node::Node::Float(number) => number.fval.parse().ok(),
        _ => None,
    }
}

fn is_true(option: &DefElem) -> bool {
    match option.arg.as_ref().and_then(|arg| arg.node.as_ref()) {
        Some(node::Node::Boolean(value)) => value.boolval,
        Some(node::Node::Integer(value)) => value.ival != 0,
        _ => false,
    }
}
