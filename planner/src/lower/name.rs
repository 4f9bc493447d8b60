//! The names that PostgreSQL gives to what the author left unnamed (`makeObjectName` and `ChooseConstraintName`
//! of its source), so that the result is the same as that of the plain SQL.

use crate::catalog::Catalog;
use concertina_revisions::name::NAME_BYTES_MAX;
use concertina_revisions::{Ident, TableName};

/// A free name such as `leads_tenant_id_email_key`.
pub(super) fn choose(table: &TableName, columns: &str, label: &str, catalog: &Catalog) -> Ident {
    let taken = |name: &str| {
        catalog.relation_name_taken(table.schema.as_str(), name)
            || catalog.tables.iter().any(|other| {
                other.schema == table.schema.as_str()
                    && other.constraints.iter().any(|constraint| constraint.name == name)
            })
    };
    let mut name = make(table.name.as_str(), columns, label);
    let mut number = 0;
    while taken(&name) {
        number += 1;
        name = make(table.name.as_str(), columns, &format!("{label}{number}"));
    }
    Ident::new(name)
}

/// `first_second_label`, the longer of the two parts cut until all fits.
fn make(first: &str, second: &str, label: &str) -> String {
    let overhead = usize::from(!second.is_empty()) + label.len() + 1;
    let room = NAME_BYTES_MAX - overhead;
    let (mut one, mut two) = (first.len(), second.len());
    while one + two > room {
        if one > two { one -= 1 } else { two -= 1 }
    }
    let first = &first[..first.floor_char_boundary(one)];
    let second = &second[..second.floor_char_boundary(two)];
    if second.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") }
}

/// Column names joined as PostgreSQL joins them; an expression counts as `expr`.
pub(super) fn addition<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    columns.into_iter().map(|column| if column.is_empty() { "expr" } else { column }).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Table;

    #[test]
    fn long_names_are_cut_like_postgresql_cuts_them() {
        let table = "a".repeat(40);
        let name = make(&table, &"b".repeat(40), "key");
        assert_eq!(name.len(), 63);
        assert_eq!(name, format!("{}_{}_key", "a".repeat(29), "b".repeat(29)));
    }

    #[test]
    fn taken_names_get_a_number() {
        let leads = Table::new("leads").column("email", "text").unique("leads_email_key", &["email"]);
        let name = leads.full_name();
        assert_eq!(choose(&name, "email", "key", &Catalog::of([leads])).as_str(), "leads_email_key1");
    }
}
