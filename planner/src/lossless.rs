//! What a derived way back must not lose: values that the former type can't hold as they are.

use crate::catalog::Catalog;
use crate::change::{Change, NewType};
use crate::expr::Expr;
use crate::fold::Seen;
use crate::plan::{Check, Question};
use crate::rules::key_text;
use crate::sql::{from_text, types};
use concertina_revisions::{Ident, Statement};

/// Whether every value whose type is changed back would be the same if it came up again.
pub(crate) fn checks(seen: &[Seen], statements: &[Statement], catalog: &Catalog) -> Vec<Check> {
    let asked = seen.iter().filter_map(|one| {
        let Change::AlterType(new) = &one.change else {
            return None;
        };
        let forward = from_text(statements.get(one.statement)?.directives.reverse()?)?;
        check(new, &forward, one.statement + 1, catalog)
    });
    asked.collect()
}

/// Asked of the rows as they are, so of a column that has its name and type already.
fn check(new: &NewType, forward: &Expr, statement: usize, catalog: &Catalog) -> Option<Check> {
    let table = catalog.table(&new.table)?;
    let column = table.get(&new.column)?;
    // The others have no equality that could be asked for, or one of their own.
    if !has_equality(&types::bare(&column.type_sql))
        || types::is_same(&column.type_sql, &new.type_sql, catalog)
    {
        return None;
    }
    let alias = new.table.name.clone();
    let own = format!("{}.{}", alias.sql(), new.column.sql());
    let over = |expression: &Expr, value: &str| {
        expression.rewrite(|mention| {
            let text = if mention.name == new.column {
                value.to_owned()
            } else {
                Ident::new(mention.name.as_str()).sql()
            };
            Some(text)
        })
    };
    let back = new
        .using
        .as_ref()
        .map_or_else(|| own.clone(), |using| over(using, &own));
    let back = types::assigned(&format!("({back})"), &new.type_sql, catalog);
    let again = types::assigned(
        &format!("({})", over(forward, &format!("({back})"))),
        &column.type_sql,
        catalog,
    );
    Some(Check {
        what: format!(
            "every value of {}.{} can be kept as {}",
            new.table.shown(),
            new.column.as_str(),
            new.type_sql
        ),
        question: Question::NoErrors {
            table: new.table.clone(),
            key: key_text(table, &alias),
            alias,
            // What differs is told by an error, as what can't be computed is.
            expression: format!("1 / CASE WHEN ({again}) IS DISTINCT FROM {own} THEN 0 ELSE 1 END"),
            rows: None,
        },
        remedy: "fix these values first, or say --allow-data-loss".to_owned(),
        statement,
    })
}

fn has_equality(bare: &str) -> bool {
    types::is_plain(bare) && !matches!(bare, "json" | "jsonb" | "xml")
}

#[cfg(test)]
mod tests {
    use crate::{Catalog, Policy, Table, plan, plan_reverse};
    use concertina_revisions::{Revision, RevisionId};

    /// The questions of the way down, about what must not be lost.
    fn asked(from: &str, to: &str, policy: Policy) -> usize {
        let table = |kind: &str| {
            Catalog::of([Table::new("leads")
                .rows(10)
                .column("id", "bigint")
                .column("n", kind)])
        };
        let text = format!("ALTER TABLE leads ALTER COLUMN n TYPE {to}");
        let revision = Revision::from_text(&RevisionId::new("r"), &text).expect("valid SQL");
        let up = plan(&revision, &table(from)).expect("a plan");
        let down = plan_reverse(&revision, &up.reverse, &table(to), &policy).expect("a way down");
        down.preflight
            .iter()
            .filter(|check| check.what.contains("can be kept as"))
            .count()
    }

    #[test]
    fn what_the_former_type_would_round_is_asked_for() {
        assert_eq!(asked("integer", "numeric(10,2)", Policy::default()), 1);
        assert_eq!(
            asked(
                "integer",
                "numeric(10,2)",
                Policy {
                    allow_data_loss: true
                }
            ),
            0
        );
        assert_eq!(asked("integer", "json", Policy::default()), 0);
    }
}
