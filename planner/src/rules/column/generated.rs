//! Generated columns that an expression reads. They are made of others, so that who changes those
//! changes them; and PostgreSQL computes them only behind BEFORE triggers, whose `new` doesn't have
//! them yet.

use crate::catalog::Table;
use crate::sql::computed_by;
use concertina_revisions::Ident;

/// The columns that are stored for themselves, in place of these: a generated one is read where
/// those are that it is computed from.
pub(crate) fn stored(table: &Table, columns: &[Ident]) -> Vec<Ident> {
    let mut found: Vec<Ident> = Vec::new();
    for column in columns {
        let inputs = match table.get(column).and_then(computed_by) {
            Some(expression) => expression.column_names(),
            None => vec![column.clone()],
        };
        for input in inputs {
            if !found.contains(&input) {
                found.push(input);
            }
        }
    }
    found
}

/// A column of `new` in a trigger, as SQL; of a generated one what it will be.
pub(crate) fn of_new(table: &Table, column: &Ident) -> String {
    let plain = |name: &Ident| format!("new.{}", name.sql());
    let known = table.get(column);
    let Some((known, expression)) = known.and_then(|known| Some((known, computed_by(known)?)))
    else {
        return plain(column);
    };
    // None is generated of another.
    let over_new = expression.rewrite(|mention| Some(plain(&mention.name)));
    format!("CAST(({over_new}) AS {})", known.type_sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Column;

    #[test]
    fn a_generated_column_is_what_it_is_computed_from() {
        let mut table = Table::new("t").column("n", "int").column("m", "int");
        table.columns.push(Column {
            name: "sum".to_owned(),
            type_sql: "bigint".to_owned(),
            generated: true,
            expression: Some(("(n + m)".to_owned(), true)),
            ..Column::default()
        });
        let [sum, n, m] = ["sum", "n", "m"].map(Ident::new);
        assert_eq!(stored(&table, &[sum.clone(), n.clone()]), [n.clone(), m]);
        assert_eq!(of_new(&table, &n), "new.n");
        assert_eq!(of_new(&table, &sum), "CAST((new.n + new.m) AS bigint)");
    }
}
