//! Types as people write them: what they mean, which are the same, and whose values are values of
//! another as they are stored.

use super::type_words;
use crate::catalog::{Catalog, UserType};

/// PostgreSQL's own schema.
const OWN: &str = "pg_catalog";

/// A type as its words say it: its name's parts, the numbers behind it, and how many times it is an
/// array.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Words {
    pub(crate) names: Vec<String>,
    pub(crate) modifiers: Vec<i32>,
    pub(crate) arrays: usize,
}

/// A type that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meant {
    schema: String,
    name: String,
    modifiers: Vec<i32>,
    is_array: bool,
}

impl Meant {
    fn is_own(&self, name: &str) -> bool {
        self.schema == OWN && self.name == name && !self.is_array
    }

    fn user<'a>(&self, catalog: &'a Catalog) -> Option<&'a UserType> {
        catalog
            .types
            .iter()
            .find(|one| one.schema == self.schema && one.name == self.name)
    }
}

/// What the words mean in a database.
fn meant(type_sql: &str, catalog: &Catalog) -> Option<Meant> {
    let words = type_words(type_sql)?;
    let name = words.names.last()?.clone();
    let schema = match words.names.len() {
        1 => catalog
            .types
            .iter()
            .find(|one| !one.hidden && one.name == name)
            .map_or(OWN, |one| one.schema.as_str()),
        at => words.names[at - 2].as_str(),
    };
    let mut modifiers = words.modifiers;
    if schema == OWN && name == "numeric" && modifiers.len() == 1 {
        modifiers.push(0);
    }
    Some(Meant {
        schema: schema.to_owned(),
        name,
        modifiers,
        is_array: words.arrays > 0,
    })
}

/// The type that a domain's values are stored as, and whether the domain demands something of them.
fn stored(type_sql: &str, catalog: &Catalog) -> Option<(Meant, bool)> {
    let kind = meant(type_sql, catalog)?;
    match kind.user(catalog).filter(|_| !kind.is_array) {
        Some(UserType {
            base: Some(base),
            demanding,
            ..
        }) => Some((stored(base, catalog)?.0, *demanding)),
        _ => Some((kind, false)),
    }
}

/// PostgreSQL's own name of a type: of one that isn't its own, and of an array, nothing.
fn own_name(type_sql: &str) -> Option<String> {
    let words = type_words(type_sql)?;
    let own = words.arrays == 0
        && (words.names.len() == 1 || words.names.first().is_some_and(|schema| schema == OWN));
    words.names.into_iter().next_back().filter(|_| own)
}

/// Whether two spellings mean the same type.
pub(crate) fn is_same(one: &str, other: &str, catalog: &Catalog) -> bool {
    meant(one, catalog) == meant(other, catalog)
}

/// The name alone, without schema, numbers and quotes.
pub(crate) fn bare(type_sql: &str) -> String {
    type_words(type_sql)
        .and_then(|words| words.names.into_iter().next_back())
        .unwrap_or_else(|| type_sql.to_owned())
}

/// Types whose values are equal only when they are the same bit by bit. Source: their comparison
/// functions; text where its collation is deterministic.
const BITWISE: [&str; 11] = [
    "int2",
    "int4",
    "int8",
    "bool",
    "uuid",
    "date",
    "timestamp",
    "timestamptz",
    "bytea",
    "text",
    "varchar",
];

/// Whether two values of one type are different, as SQL: not whether their type calls them so.
/// Equality may be wider than identity (`1.5` and `1.50`, citext), or missing (json).
pub(crate) fn differ(type_sql: &str, collation: Option<&str>, one: &str, other: &str) -> String {
    let bitwise = own_name(type_sql).is_some_and(|name| BITWISE.contains(&name.as_str()));
    // Another collation may be nondeterministic.
    if bitwise && collation.is_none() {
        format!("{one} IS DISTINCT FROM {other}")
    } else {
        format!("record_image_ne(ROW({one}), ROW({other}))")
    }
}

/// Whether it is one of PostgreSQL's own, by its bare name, that nobody makes or drops; of those in
/// common use.
pub(crate) fn is_plain(bare: &str) -> bool {
    matches!(
        bare,
        "integer"
            | "bigint"
            | "smallint"
            | "text"
            | "varchar"
            | "character"
            | "boolean"
            | "numeric"
            | "real"
            | "double precision"
            | "date"
            | "timestamp"
            | "timestamptz"
            | "time"
            | "timetz"
            | "interval"
            | "uuid"
            | "json"
            | "jsonb"
            | "bytea"
            | "inet"
    )
}

/// Whether it is text of any length.
pub(crate) fn is_text(type_sql: &str) -> bool {
    own_name(type_sql).is_some_and(|name| matches!(name.as_str(), "text" | "varchar"))
}

/// Whether a column of the type may be an identity.
pub(crate) fn is_integer(type_sql: &str) -> bool {
    own_name(type_sql).is_some_and(|name| matches!(name.as_str(), "int2" | "int4" | "int8"))
}

/// Whether a column of the type takes fewer values than its base type has: a length, or a domain's
/// demands.
pub(crate) fn narrows(type_sql: &str, catalog: &Catalog) -> bool {
    stored(type_sql, catalog)
        .is_some_and(|(kind, demanding)| demanding || !kind.modifiers.is_empty())
}

/// Whether a cast from the one to the other has a value for whatever it is given.
pub(crate) fn is_total(old: &str, new: &str, catalog: &Catalog) -> bool {
    let (Some((from, _)), Some((to, demanding))) = (stored(old, catalog), stored(new, catalog))
    else {
        return false;
    };
    if fits(old, new, catalog) {
        return true;
    }
    if demanding || to.is_array || to.schema != OWN || !to.modifiers.is_empty() {
        return false;
    }
    // Every value has a text.
    if matches!(to.name.as_str(), "text" | "varchar") {
        return true;
    }
    from.schema == OWN
        && !from.is_array
        && match from.name.as_str() {
            "int2" => matches!(
                to.name.as_str(),
                "int4" | "int8" | "numeric" | "float4" | "float8"
            ),
            "int4" => matches!(to.name.as_str(), "int8" | "numeric" | "float4" | "float8"),
            "int8" => matches!(to.name.as_str(), "numeric" | "float4" | "float8"),
            "float4" => to.name == "float8",
            "jsonb" => to.name == "json",
            "timestamp" => to.name == "date",
            _ => false,
        }
}

/// Whether a value of the one may be assigned to a column of the other without a word.
pub(crate) fn assigns(old: &str, new: &str, catalog: &Catalog) -> bool {
    let (Some((from, _)), Some((to, _))) = (stored(old, catalog), stored(new, catalog)) else {
        return true;
    };
    let name = |kind: &Meant| format!("{}.{}", kind.schema, kind.name);
    // Anything is assigned to text.
    let is_text = !to.is_array
        && to.schema == OWN
        && matches!(to.name.as_str(), "text" | "varchar" | "bpchar");
    (from.schema == to.schema && from.name == to.name && from.is_array == to.is_array)
        || is_text
        || catalog.assignment_casts.is_empty()
        || (from.is_array == to.is_array
            && catalog.assignment_casts.contains(&(name(&from), name(&to))))
}

/// A value as PostgreSQL assigns it to a column of the type, as SQL. A cast that is written out
/// cuts a text that is too long; an assignment refuses it.
pub(crate) fn assigned(value: &str, type_sql: &str, catalog: &Catalog) -> String {
    let Some((kind, length)) = limit(type_sql, catalog) else {
        return format!("{value}::{type_sql}");
    };
    // The length as PostgreSQL keeps it, beside the four bytes of a header.
    let text = format!("{OWN}.\"{kind}\"({value}::text, {}, false)", length + 4);
    let is_domain = meant(type_sql, catalog).is_some_and(|kind| kind.user(catalog).is_some());
    if is_domain {
        format!("{text}::{type_sql}")
    } else {
        text
    }
}

/// Whether a cast that is written out may cut values which an assignment refuses, and no expression
/// tells the two apart.
pub(crate) fn may_cut(type_sql: &str, catalog: &Catalog) -> bool {
    let limited = |kind: &Meant| {
        kind.schema == OWN
            && matches!(kind.name.as_str(), "varchar" | "bpchar" | "bit" | "varbit")
            && !kind.modifiers.is_empty()
    };
    stored(type_sql, catalog).is_some_and(|(kind, _)| limited(&kind))
        && limit(type_sql, catalog).is_none()
}

/// The text type with a length that values are stored as, and the length.
fn limit(type_sql: &str, catalog: &Catalog) -> Option<(&'static str, i32)> {
    let (kind, _) = stored(type_sql, catalog)?;
    let name = ["varchar", "bpchar"]
        .into_iter()
        .find(|name| kind.is_own(name))?;
    kind.modifiers.first().map(|length| (name, *length))
}

/// Whether one is a timestamp with, and the other the same without a time zone.
pub(crate) fn is_time_with_zone(one: &str, other: &str) -> bool {
    let digits = |type_sql| type_words(type_sql).map(|words| words.modifiers);
    let names = (own_name(one), own_name(other));
    let pair = matches!(
        (names.0.as_deref(), names.1.as_deref()),
        (Some("timestamp"), Some("timestamptz")) | (Some("timestamptz"), Some("timestamp"))
    );
    pair && digits(one) == digits(other)
}

/// The collation of a column: what is written beside its type, or its type's own.
pub(crate) fn same_collation(
    one: (&str, Option<&str>),
    other: (&str, Option<&str>),
    catalog: &Catalog,
) -> bool {
    let of = |(type_sql, written): (&str, Option<&str>)| {
        let own =
            || meant(type_sql, catalog).and_then(|kind| kind.user(catalog)?.collation.clone());
        let collation = written.map(str::to_owned).or_else(own)?;
        // Names of collations have the form of names of types.
        type_words(&collation)
            .map(|words| words.names)
            .filter(|names| names.last().is_none_or(|name| name != "default"))
    };
    match (of(one), of(other)) {
        (None, None) => true,
        (Some(one), Some(other)) if one.len() == other.len() => one == other,
        (Some(one), Some(other)) => one.last() == other.last(),
        _ => false,
    }
}

/// Whether an index of the one type's column serves the other's: both have one operator class.
pub(crate) fn keeps_indexes(old: &str, new: &str, catalog: &Catalog) -> bool {
    let (Some((from, _)), Some((to, _))) = (stored(old, catalog), stored(new, catalog)) else {
        return false;
    };
    let alike =
        |name: &str| (if name == "varchar" { "text" } else { name }).replace("cidr", "inet");
    from.schema == to.schema && from.is_array == to.is_array && alike(&from.name) == alike(&to.name)
}

/// Casts that leave a value as it is stored; the server's own list tells all of them.
const AS_STORED: [(&str, &str); 4] = [
    ("varchar", "text"),
    ("text", "varchar"),
    ("cidr", "inet"),
    ("xml", "text"),
];

/// Whether every value of the one is a value of the other as it is stored, and PostgreSQL knows it.
/// Source: measured on PostgreSQL 14 to 18; the support functions of the types.
pub(crate) fn fits(old: &str, new: &str, catalog: &Catalog) -> bool {
    if is_same(old, new, catalog) {
        return true;
    }
    let (Some((from, _)), Some((to, demanding))) = (stored(old, catalog), stored(new, catalog))
    else {
        return false;
    };
    if demanding {
        return false;
    }
    if from == to {
        return true;
    }
    if from.is_array || to.is_array {
        return false;
    }
    let (old, new) = (from.modifiers.as_slice(), to.modifiers.as_slice());
    if from.schema != to.schema || from.name != to.name {
        let own = AS_STORED
            .iter()
            .any(|(one, other)| from.is_own(one) && to.is_own(other));
        let pair = (
            format!("{}.{}", from.schema, from.name),
            format!("{}.{}", to.schema, to.name),
        );
        return new.is_empty() && (own || catalog.binary_casts.contains(&pair));
    }
    match from.name.as_str() {
        _ if from.schema != OWN => false,
        "varchar" | "varbit" | "timestamp" | "timestamptz" | "time" | "timetz" => {
            new.is_empty() || (old.len() == 1 && new.len() == 1 && old[0] <= new[0])
        }
        // Which fields it has, and how many digits.
        "interval" => new.is_empty(),
        "numeric" => match (old, new) {
            (_, []) => true,
            ([p, s], [wider, same]) => wider >= p && same == s,
            _ => false,
        },
        _ => false,
    }
}

/// Whether the type is a domain that has a default.
pub(crate) fn is_defaulted(type_sql: &str, catalog: &Catalog) -> bool {
    let kind = meant(type_sql, catalog).filter(|kind| !kind.is_array);
    kind.is_some_and(|kind| kind.user(catalog).is_some_and(|known| known.defaulted))
}

/// Whether a column of the type may get another default than NULL without saying so: a domain's.
/// One that the revision made may.
pub(crate) fn may_be_defaulted(type_sql: &str, catalog: &Catalog) -> bool {
    let Some(words) = type_words(type_sql).filter(|words| words.arrays == 0) else {
        return false;
    };
    let Some(bare) = words.names.last() else {
        return false;
    };
    catalog.new_types.contains(bare)
        || catalog
            .types
            .iter()
            .any(|known| known.name == *bare && known.defaulted)
}

impl Catalog {
    /// What is called where a value becomes one of a type.
    pub(crate) fn called_by_type(&self, type_sql: &str) -> Vec<&str> {
        if self.callers.is_empty() {
            return vec![];
        }
        let name = type_words(type_sql).and_then(|words| words.names.last().cloned());
        let known = name.and_then(|name| self.callers.get_key_value(&name));
        known.map_or_else(Vec::new, |(name, _)| self.called_by(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_fits_is_what_postgresql_does_not_rewrite() {
        let fit = [
            ("character varying(50)", "varchar(100)"),
            ("character varying(50)", "text"),
            ("text", "varchar"),
            ("numeric(10,2)", "numeric(12, 2)"),
            ("numeric(10,2)", "numeric"),
            ("timestamp(3) without time zone", "timestamp"),
            ("cidr", "inet"),
            ("numeric(10,0)", "numeric(12)"),
            ("integer[]", "int4[]"),
        ];
        let catalog = Catalog::default();
        for (old, new) in fit {
            assert!(fits(old, new, &catalog), "{old} to {new}");
        }
        let rewritten = [
            ("character varying(50)", "varchar(10)"),
            ("text", "varchar(10)"),
            ("integer", "bigint"),
            ("numeric(10,2)", "numeric(12,3)"),
            ("numeric", "numeric(12,3)"),
            ("timestamp without time zone", "timestamptz"),
            ("timestamp without time zone", "timestamp(3)"),
            ("inet", "cidr"),
            ("numeric(5,-2)", "numeric(5)"),
            ("interval(3)", "interval(6)"),
            ("character varying(10)[]", "varchar(20)[]"),
            ("character(5)", "character(6)"),
        ];
        for (old, new) in rewritten {
            assert!(!fits(old, new, &catalog), "{old} to {new}");
        }
    }

    #[test]
    fn a_type_is_known_by_its_schema_and_its_quotes() {
        let user = |name: &str, base: Option<&str>, demanding| UserType {
            defaulted: false,
            schema: "public".to_owned(),
            name: name.to_owned(),
            base: base.map(str::to_owned),
            demanding,
            collation: None,
            hidden: name == "uuid",
            attributes: vec![],
        };
        let types = vec![
            user("Email", Some("text"), false),
            user("email", Some("text"), true),
            user("uuid", None, false),
            user("short", Some("character varying(9)"), false),
        ];
        let catalog = Catalog {
            types: Arc::new(types),
            ..Catalog::default()
        };
        assert!(!is_same("\"Email\"", "email", &catalog));
        assert!(is_same("public.email", "email", &catalog));
        assert!(!is_same("public.uuid", "uuid", &catalog));
        assert!(
            is_same("character varying", "varchar", &catalog)
                && is_same("int", "pg_catalog.int4", &catalog)
        );
        assert!(fits("text", "\"Email\"", &catalog) && fits("email", "\"Email\"", &catalog));
        assert!(
            !fits("\"Email\"", "email", &catalog),
            "its rows would have to be looked at"
        );
        assert!(fits("short", "varchar(12)", &catalog) && !fits("varchar(12)", "short", &catalog));
        assert!(
            keeps_indexes("short", "text", &catalog)
                && !keeps_indexes("text", "public.uuid", &catalog)
        );
    }

    #[test]
    fn an_assignment_cuts_nothing() {
        let domain = |name: &str, base: &str| UserType {
            defaulted: false,
            schema: "public".to_owned(),
            name: name.to_owned(),
            base: Some(base.to_owned()),
            demanding: false,
            collation: None,
            hidden: false,
            attributes: vec![],
        };
        let types = vec![
            domain("code", "character varying(3)"),
            domain("codes", "character varying(3)[]"),
        ];
        let catalog = Catalog {
            types: Arc::new(types),
            ..Catalog::default()
        };
        let of = |type_sql: &str| assigned("t.a", type_sql, &catalog);
        assert_eq!(of("text"), "t.a::text");
        assert_eq!(of("varchar"), "t.a::varchar");
        assert_eq!(
            of("character varying(3)"),
            "pg_catalog.\"varchar\"(t.a::text, 7, false)"
        );
        assert_eq!(of("char(2)"), "pg_catalog.\"bpchar\"(t.a::text, 6, false)");
        assert_eq!(
            of("code"),
            "pg_catalog.\"varchar\"(t.a::text, 7, false)::code"
        );
        for (type_sql, cuts) in [
            ("varchar(3)", false),
            ("varchar(3)[]", true),
            ("codes", true),
            ("bit(3)", true),
            ("text[]", false),
        ] {
            assert_eq!(may_cut(type_sql, &catalog), cuts, "{type_sql}");
        }
    }

    #[test]
    fn a_collation_is_the_columns_or_its_types() {
        let domain = UserType {
            defaulted: false,
            schema: "public".to_owned(),
            name: "code".to_owned(),
            base: Some("text".to_owned()),
            demanding: false,
            collation: Some("pg_catalog.\"C\"".to_owned()),
            hidden: false,
            attributes: vec![],
        };
        let catalog = Catalog {
            types: Arc::new(vec![domain]),
            ..Catalog::default()
        };
        assert!(same_collation(
            ("text", Some("\"C\"")),
            ("code", None),
            &catalog
        ));
        assert!(!same_collation(("text", None), ("code", None), &catalog));
        assert!(same_collation(
            ("text", None),
            ("text", Some("\"default\"")),
            &catalog
        ));
        assert!(!same_collation(
            ("text", Some("\"C\"")),
            ("text", Some("\"c\"")),
            &catalog
        ));
    }
}
