//! Types as people write them: which are the same, and whose values are values of another as they are stored.

/// Whether two spellings mean the same type.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// The name alone, without schema, numbers and quotes.
pub(crate) fn bare(type_sql: &str) -> String {
    let name = plain(type_sql).0;
    name.rsplit('.').next().unwrap_or(&name).to_owned()
}

/// Whether values of the type can't be compared with each other.
pub(crate) fn has_no_equality(type_sql: &str) -> bool {
    matches!(
        bare(type_sql).as_str(),
        "json" | "xml" | "point" | "line" | "lseg" | "box" | "path" | "polygon" | "circle"
    )
}

/// Whether it is text of any length.
pub(crate) fn is_text(type_sql: &str) -> bool {
    matches!(plain(type_sql).0.as_str(), "text" | "varchar")
}

/// Whether one is a timestamp with, and the other the same without a time zone.
pub(crate) fn is_time_with_zone(one: &str, other: &str) -> bool {
    let ((one, digits), (other, same)) = (plain(one), plain(other));
    digits == same
        && matches!((one.as_str(), other.as_str()), ("timestamp", "timestamptz") | ("timestamptz", "timestamp"))
}

/// A type as name and numbers, the same however it is written.
fn plain(type_sql: &str) -> (String, Vec<u32>) {
    let text = type_sql.trim().to_lowercase().replace("pg_catalog.", "").replace('"', "");
    let (name, numbers, rest) = match (text.find('('), text.find(')')) {
        (Some(open), Some(close)) if open < close => (&text[..open], &text[open + 1..close], &text[close + 1..]),
        _ => (text.as_str(), "", ""),
    };
    let name = format!("{}{rest}", name.trim());
    let name = match name.as_str() {
        "character varying" => "varchar",
        "decimal" => "numeric",
        "bit varying" => "varbit",
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" => "boolean",
        "float8" => "double precision",
        "float4" => "real",
        other => other,
    };
    (name.to_owned(), numbers.split(',').filter_map(|number| number.trim().parse().ok()).collect())
}

/// Whether every value of the one is a value of the other as it is stored. Source: measured on PostgreSQL 14 to 18.
pub(crate) fn fits(old: &str, new: &str) -> bool {
    let ((from, old), (to, new)) = (plain(old), plain(new));
    match (from.as_str(), to.as_str()) {
        ("varchar", "text") | ("text", "varchar") if new.is_empty() => true,
        ("cidr", "inet") | ("xml", "text") => true,
        ("varchar", "varchar")
        | ("varbit", "varbit")
        | ("timestamp", "timestamp")
        | ("timestamptz", "timestamptz")
        | ("time", "time")
        | ("timetz", "timetz")
        | ("interval", "interval") => new.is_empty() || (!old.is_empty() && old[0] <= new[0]),
        ("numeric", "numeric") => match (old.as_slice(), new.as_slice()) {
            (_, []) => true,
            ([p, s], [wider, same]) => wider >= p && same == s,
            ([p], [wider]) => wider >= p,
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ];
        for (old, new) in fit {
            assert!(fits(old, new), "{old} to {new}");
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
            ("character varying(10)[]", "varchar(20)[]"),
            ("character(5)", "character(6)"),
        ];
        for (old, new) in rewritten {
            assert!(!fits(old, new), "{old} to {new}");
        }
    }
}
