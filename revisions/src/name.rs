//! Names that carry their quoting. A bare name has no `Display`, so it can't reach a format string
//! by accident.

use postgres_protocol::escape::{escape_identifier, escape_literal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest identifier that PostgreSQL keeps, in bytes (`NAMEDATALEN - 1`).
pub const NAME_BYTES_MAX: usize = 63;

/// One identifier as the catalog stores it: already folded to lower case unless it was quoted.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Ident(String);

impl Ident {
    /// An identifier from its stored form.
    pub fn new(name: impl Into<String>) -> Ident {
        Ident(name.into())
    }

    /// The stored form, for comparing and for showing; never for building SQL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that may stand in SQL: always quoted where quoting could matter.
    pub fn sql(&self) -> String {
        let plain = self
            .0
            .starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && self
                .0
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !is_keyword(&self.0);
        if plain {
            self.0.clone()
        } else {
            escape_identifier(&self.0)
        }
    }

    /// The name as a string literal, for questions to the catalog.
    pub fn literal(&self) -> String {
        escape_literal(&self.0)
    }
}

/// Words that PL/pgSQL keeps for itself and SQL doesn't: unquoted, its functions don't find columns
/// of these names. Source: `pl_reserved_kwlist.h` of PostgreSQL.
const OF_PLPGSQL: [&str; 9] = [
    "begin", "by", "declare", "execute", "foreach", "if", "loop", "strict", "while",
];

/// Whether PostgreSQL's scanner takes the word for a keyword of any kind. Quoting too much is
/// harmless.
fn is_keyword(word: &str) -> bool {
    use pg_query::protobuf::KeywordKind;
    if OF_PLPGSQL.contains(&word) {
        return true;
    }
    pg_query::scan(word).map_or(true, |scanned| {
        scanned.tokens.iter().any(|token| {
            !matches!(
                token.keyword_kind(),
                KeywordKind::NoKeyword | KeywordKind::UnreservedKeyword
            )
        })
    })
}

impl From<&str> for Ident {
    fn from(name: &str) -> Ident {
        Ident::new(name)
    }
}

/// A table (or other relation), always with its schema.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct TableName {
    /// The schema.
    pub schema: Ident,
    /// The relation's own name.
    pub name: Ident,
}

impl TableName {
    /// A relation name from its stored parts.
    pub fn new(schema: impl Into<Ident>, name: impl Into<Ident>) -> TableName {
        TableName {
            schema: schema.into(),
            name: name.into(),
        }
    }

    /// Another relation of the same schema.
    pub fn beside(&self, name: &Ident) -> TableName {
        TableName {
            schema: self.schema.clone(),
            name: name.clone(),
        }
    }

    /// `schema.name`, quoted for SQL.
    pub fn sql(&self) -> String {
        format!("{}.{}", self.schema.sql(), self.name.sql())
    }

    /// The quoted name as a string literal, for a `::regclass` cast.
    pub fn regclass_literal(&self) -> String {
        escape_literal(&self.sql())
    }

    /// The short form people read: the schema is left out when it is `public`.
    pub fn shown(&self) -> String {
        if self.schema.as_str() == "public" {
            self.name.as_str().to_owned()
        } else {
            format!("{}.{}", self.schema.as_str(), self.name.as_str())
        }
    }

    /// The short form of one of the table's columns.
    pub fn shown_column(&self, column: &Ident) -> String {
        format!("{}.{}", self.shown(), column.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_names_stay_plain_and_others_are_quoted() {
        for (name, sql) in [
            ("leads", "leads"),
            ("Leads", "\"Leads\""),
            ("user", "\"user\""),
            ("select", "\"select\""),
            ("by", "\"by\""),
            ("a\"b", "\"a\"\"b\""),
            ("2nd", "\"2nd\""),
            ("", "\"\""),
        ] {
            assert_eq!(Ident::new(name).sql(), sql);
        }
    }

    proptest! {
        #[test]
        fn a_quoted_name_reads_back_as_itself(name in "[^\\x00]{1,20}") {
            let sql = format!("SELECT 1 AS {}", Ident::new(name.clone()).sql());
            let tree = pg_query::parse(&sql, 0).expect("a quoted name is one identifier");
            let json = format!("{:?}", tree.protobuf.stmts[0]);
            prop_assert!(json.contains(&format!("name: {name:?}")), "{json}");
        }
    }
}
