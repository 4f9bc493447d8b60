//! A database's structure with what changes are written from: the facts of each part, and which
//! object needs which.

use super::Object;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// An object by PostgreSQL's own numbers: its catalog's, its own, and its column's, which is 0 for
/// the whole.
pub type Node = (u32, u32, i32);

/// A structure, in an order in which it can be made.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Its parts.
    pub things: Vec<Thing>,
    /// Which object needs which.
    pub needs: BTreeMap<Node, BTreeSet<Node>>,
}

/// One part of a structure.
#[derive(Debug, Clone)]
pub struct Thing {
    /// What it is, to be compared.
    pub object: Object,
    /// The object that it is, or belongs to.
    pub node: Node,
    /// What makes it; empty where the statement of another part does, or nothing can.
    pub sql: String,
    /// What a change of it is written from.
    pub facts: Facts,
}

/// A setting that can be given and taken by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Setting {
    /// What is set; two settings of one key replace each other.
    pub key: String,
    /// The statement that sets it.
    pub set: String,
    /// The statement that leads back to what is usual.
    pub reset: String,
}

/// A privilege, and whether it may be passed on.
pub type Grant = (String, bool);

/// The part of a parent that a part of a partition belongs to: whether they are dropped together,
/// the relation, the name.
pub type Parent = (bool, String, String);

/// What changes are written from, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
#[expect(missing_docs, reason = "PostgreSQL's own words")]
pub enum Facts {
    /// It is made and dropped.
    #[default]
    Nothing,
    Column(Column),
    /// What goes with a column.
    PartOfColumn {
        number: i32,
    },
    /// A comment or a label: its text, as SQL.
    Label {
        text: String,
    },
    /// What says how it is dropped.
    DroppedBy {
        drop: String,
    },
    Sequence {
        r#type: String,
        options: Vec<String>,
        unlogged: bool,
    },
    Identity {
        mode: String,
        number: i32,
        sequence: String,
        schema: String,
        own_name: String,
        options: Vec<String>,
    },
    Enum {
        labels: Vec<String>,
    },
    Domain {
        base: String,
        default: Option<String>,
        not_null: bool,
        constraints: Vec<(String, String)>,
    },
    Composite {
        attributes: Vec<(String, String)>,
    },
    /// What can't change, and what can.
    Settings {
        base: String,
        settings: Vec<Setting>,
    },
    View {
        query: String,
        populated: bool,
        settings: Vec<Setting>,
        columns: Vec<(String, String)>,
    },
    /// What CREATE OR REPLACE can't change, and the number of defaults, which it can only raise.
    Routine {
        result: String,
        names: Vec<String>,
        modes: String,
        defaults: i32,
    },
    Constraint {
        form: String,
        base: String,
        definition: String,
        validated: bool,
        local: bool,
        parent: Option<Parent>,
    },
    Index {
        parent: Option<Parent>,
    },
    Partition {
        parent: String,
    },
    Policy {
        form: String,
        roles: String,
        using: Option<String>,
        check: Option<String>,
    },
    Extension {
        schema: String,
        version: String,
    },
    Rights {
        on: String,
        grantee: String,
        grants: Vec<Grant>,
        usual: Vec<Grant>,
        grantor: Option<String>,
    },
    DefaultPrivileges {
        head: String,
        what: String,
        grants: Vec<(String, String, bool)>,
        usual: Vec<(String, String, bool)>,
    },
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "PostgreSQL's own words")]
pub struct Column {
    pub r#type: String,
    /// The type without its collation.
    pub cast: String,
    /// Whether it is an array.
    pub is_array: bool,
    pub base: String,
    pub modifier: i32,
    pub not_null: bool,
    pub not_null_name: Option<String>,
    pub generated: Option<String>,
    pub inherited: bool,
    pub inherits_not_null: bool,
    pub default: Option<String>,
}

impl Thing {
    /// The kind, relation and name that it is known by.
    pub(super) fn key(&self) -> (&str, &str, &str) {
        (&self.object.kind, &self.object.table, &self.object.name)
    }

    pub(super) fn kind(&self) -> &str {
        &self.object.kind
    }

    pub(super) fn parent(&self) -> Option<&Parent> {
        match &self.facts {
            Facts::Constraint { parent, .. } | Facts::Index { parent } => parent.as_ref(),
            Facts::Nothing
            | Facts::Column(_)
            | Facts::PartOfColumn { .. }
            | Facts::Label { .. }
            | Facts::DroppedBy { .. }
            | Facts::Sequence { .. }
            | Facts::Identity { .. }
            | Facts::Enum { .. }
            | Facts::Domain { .. }
            | Facts::Composite { .. }
            | Facts::Settings { .. }
            | Facts::View { .. }
            | Facts::Routine { .. }
            | Facts::Partition { .. }
            | Facts::Policy { .. }
            | Facts::Extension { .. }
            | Facts::Rights { .. }
            | Facts::DefaultPrivileges { .. } => None,
        }
    }

    /// The column that it goes with.
    pub(super) fn column(&self) -> Option<i32> {
        match (&self.facts, self.node.2) {
            (Facts::PartOfColumn { number } | Facts::Identity { number, .. }, _) => Some(*number),
            (_, 0) => None,
            (_, number) => Some(number),
        }
    }

    /// What it is of rows or of numbers, which nothing brings back once it is dropped.
    pub(super) fn holds_data(&self) -> bool {
        matches!(
            self.kind(),
            "table"
                | "column"
                | "sequence"
                | "schema"
                | "extension"
                | "foreign table"
                | "type"
                | "domain"
                | "composite type"
                | "range type"
                | "base type"
        )
    }

    /// Whether it is an object of its own, and not something said of another.
    pub(super) fn is_main(&self) -> bool {
        !matches!(
            self.kind(),
            "owner of sequence"
                | "UNLOGGED"
                | "partition"
                | "order of columns"
                | "NOT NULL"
                | "column setting"
                | "index of partition"
                | "index setting"
                | "replica identity"
                | "trigger of partition"
                | "row-level security"
                | "owner"
                | "rights"
                | "default privileges"
                | "comment"
                | "security label"
                | "domain constraint"
                | "position of sequence"
        )
    }

    pub(super) fn is_relation(&self) -> bool {
        super::is_relation(&self.object)
    }
}

impl Schema {
    /// What is compared.
    pub fn inventory(&self) -> super::Inventory {
        let told = self.things.iter().filter(|thing| thing.is_told());
        super::Inventory(told.map(|thing| thing.object.clone()).collect())
    }
}

impl Thing {
    /// Whether it is compared.
    pub(super) fn is_told(&self) -> bool {
        // NOT NULL is the column's.
        let is_not_null =
            matches!(&self.facts, Facts::Constraint { form, validated: true, .. } if form == "n");
        !is_not_null
            && !self.object.definition.is_empty()
            && !NOT_COMPARED.iter().any(|(kind, _)| *kind == self.kind())
    }
}

/// Kinds of parts that are never compared, in words.
pub const NOT_COMPARED: [(&str, &str); 1] = [("position of sequence", "positions of sequences")];
