//! What stands on a table: triggers, rules, policies, and what else needs it.

use super::Catalog;
use crate::footprint::{Footprint, Thing};
use concertina_revisions::{Ident, TableName};
use serde::{Deserialize, Serialize};

/// One trigger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Whether it fires for each updated row.
    pub on_update: bool,
    /// Whether it fires for each deleted row.
    pub on_delete: bool,
    /// Whether it fires once for an INSERT, UPDATE or DELETE, whatever its rows.
    #[serde(default)]
    pub of_statement: [bool; 3],
    /// `pg_get_triggerdef`.
    #[serde(default)]
    pub definition: String,
    /// The columns of `UPDATE OF`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// ENABLE REPLICA or ALWAYS: it fires where `session_replication_role` is `replica`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_replica: bool,
    /// Whether it is the copy of a partitioned table's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_parent: bool,
}

/// Where a trigger fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fires {
    /// It is disabled.
    Never,
    /// Where rows are written first, as triggers do.
    AtOrigin,
    /// ENABLE REPLICA or ALWAYS.
    InReplica,
}

impl Trigger {
    /// Where it fires. A disabled one is told without its definition.
    pub(crate) fn fires(&self) -> Fires {
        match (self.in_replica, self.definition.is_empty()) {
            (true, _) => Fires::InReplica,
            (false, true) => Fires::Never,
            (false, false) => Fires::AtOrigin,
        }
    }
}

/// A rule that rewrites statements which write rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Whether it is for INSERT, UPDATE or DELETE.
    pub event: [bool; 3],
    /// ENABLE REPLICA or ALWAYS: it is applied where `session_replication_role` is `replica`.
    pub in_replica: bool,
}

/// Something with a name that stands on columns, and goes by a statement of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A policy of the same table.
    Policy(String),
    /// A trigger of the same table.
    Trigger(String),
    /// A rule of the same table.
    Rule(String),
    /// A column of the same table that is computed.
    Column(String),
    /// A function whose body PostgreSQL has parsed.
    Function(String),
}

impl Standing {
    /// Whether it goes with its table.
    fn goes_with_table(&self) -> bool {
        match self {
            Standing::Policy(_)
            | Standing::Trigger(_)
            | Standing::Rule(_)
            | Standing::Column(_) => true,
            Standing::Function(_) => false,
        }
    }
}

impl Catalog {
    /// The columns that something stands on: of one table, or of all.
    pub(crate) fn stood_on(&self, table: Option<&TableName>, by: &Standing) -> Footprint {
        let mut all = Footprint::default();
        for known in &self.tables {
            if table.is_some_and(|table| !known.is(table)) {
                continue;
            }
            let dependants = known.dependants.iter().map(|one| (&one.by, &one.column));
            let obstacles = known
                .type_obstacles
                .iter()
                .map(|one| (&one.by, &one.column));
            let of = dependants
                .chain(obstacles)
                .filter(|(own, _)| own.as_ref() == Some(by));
            for (_, column) in of {
                let name = known.full_name();
                let column = column.as_deref().map(Ident::new);
                all = all.on(&name).read(Thing::Column(name, column));
            }
        }
        all
    }
}

/// Something that ALTER COLUMN TYPE can't follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeObstacle {
    /// The column; none for every column of the table.
    pub column: Option<String>,
    /// What PostgreSQL answers, or what can't be carried over.
    pub message: String,
    /// What it is: `rule r on table t depends on column a`.
    pub detail: String,
    /// The view that it is, as `[schema, name]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<(String, String)>,
    /// What else it is that can be dropped by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Standing>,
    /// Whether PostgreSQL minds only where the rows are rewritten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_rewrites: bool,
}

/// Something that needs a table, or one column of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependant {
    /// The column; none for the table as a whole.
    pub column: Option<String>,
    /// What it is: `view people`.
    pub what: String,
    /// The same where it isn't a view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Standing>,
}

impl Dependant {
    /// Whether it is in the way of a DROP of a column, or of the whole table: what is the table's
    /// own goes along with that.
    pub(crate) fn concerns(&self, column: Option<&str>) -> bool {
        match (column, &self.column) {
            (None, _) => self.by.as_ref().is_none_or(|by| !by.goes_with_table()),
            (Some(column), Some(of)) => of == column,
            (Some(_), None) => false,
        }
    }

    /// Whether it is a view of that name, as PostgreSQL describes it: with its schema where that
    /// isn't in the search path.
    pub(crate) fn is_view(&self, name: &TableName, search_path: &[Ident]) -> bool {
        let Some(shown) = self
            .what
            .strip_prefix("materialized view ")
            .or_else(|| self.what.strip_prefix("view "))
        else {
            return false;
        };
        let plain = shown.replace('"', "");
        let whole = format!("{}.{}", name.schema.as_str(), name.name.as_str());
        plain == whole || (search_path.contains(&name.schema) && plain == name.name.as_str())
    }
}

/// One policy of row-level security.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The CREATE POLICY that makes it.
    pub definition: String,
    /// The ALTER POLICY that makes it what it is, where ALTER can.
    #[serde(default)]
    pub alteration: String,
}
