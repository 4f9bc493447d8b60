//! ALTER DOMAIN .. ADD CONSTRAINT, VALIDATE CONSTRAINT, SET NOT NULL
//!
//! **Danger**: PostgreSQL looks at every row of every table that has a column of the domain, and
//! their writers wait. **Instead**: as written, once the rows are as they are to be, where these
//! tables are small. **Hazard**: writers of values that it doesn't allow fail from then on.

use crate::action::{Action, Lock};
use crate::catalog::TableKind;
use crate::change::{Asks, DomainDemand};
use crate::decision::{Decision, Rank};
use crate::plan::{Phase, Question};
use crate::problem::{self, Problem, hazard};
use crate::rules::small::SMALL_TABLE_BLOCKS;
use crate::rules::{Context, questions};
use concertina_revisions::{Ident, TableName};

pub(crate) fn demand(new: &DomainDemand, context: &Context<'_>) -> Result<Decision, Problem> {
    let mut tables: Vec<&TableName> = new.columns.iter().map(|(table, _)| table).collect();
    tables.retain(|table| !context.catalog.is_empty(table));
    tables.sort();
    tables.dedup();
    let known = || tables.iter().filter_map(|name| context.table(name));
    let leaves = known().filter(|table| table.kind == TableKind::Plain);
    let is_unknown = new.asks.is_none() && !tables.is_empty();
    if is_unknown || leaves.map(|table| table.pages).sum::<u64>() > SMALL_TABLE_BLOCKS {
        return Err(problem::blocks(
            "a demand of a domain, whose proof makes writers of every table that uses it wait,",
            "add it NOT VALID, and add a CHECK to the columns of large tables",
        ));
    }
    let old = new.columns.iter().map(|(table, _)| table);
    let mut old: Vec<TableName> = old
        .filter(|name| context.table(name).is_some_and(|one| !one.is_new))
        .cloned()
        .collect();
    old.sort();
    old.dedup();
    let locks = old.into_iter().map(|table| (table, Lock::Share)).collect();
    let action = Action::as_written(new.what.clone(), new.sql.clone(), locks);
    let undo = new
        .reverse
        .iter()
        .map(|sql| Action::unlocked(format!("undo: {}", new.what), sql.clone()));
    let undo: Vec<Action> = undo.collect();
    let mut decision = if tables.is_empty() {
        Decision::because("no row of others holds a value of it").expand(action, undo)
    } else {
        Decision::because("the tables that use it are small: writers wait for a moment")
            .quick(Phase::Backfill, Rank::Demand, action, undo)
            .warning(
                hazard::DEMAND,
                format!(
                    "writers of values that {} doesn't allow fail from the backfill on",
                    new.domain.as_str()
                ),
            )
    };
    decision = decision.alone();
    for (table, column) in new
        .columns
        .iter()
        .filter(|(table, _)| tables.contains(&table))
    {
        if let Some(question) = offenders(new, table, column, context) {
            let what = format!(
                "every value of {}.{} is one that {} allows",
                table.shown(),
                column.as_str(),
                new.domain.as_str()
            );
            decision = decision.check(
                what,
                question,
                "fix these rows first, or add an UPDATE to this revision that does",
            );
        }
    }
    Ok(match &new.reverse {
        Ok(sql) => decision.reverse(sql.clone()),
        Err(why) => decision.irreversible(why.clone()),
    })
}

/// The rows that hold a value that it doesn't allow. Of a partition it is asked with its whole.
fn offenders(
    new: &DomainDemand,
    table: &TableName,
    column: &Ident,
    context: &Context<'_>,
) -> Option<Question> {
    let known = context
        .table(table)
        .filter(|known| known.partition_of.is_none())?;
    let alias = Ident::new(known.name.as_str());
    let value = format!("{}.{}", alias.sql(), column.sql());
    let condition = match new.asks.as_ref()? {
        Asks::NotNull => format!("{value} IS NULL"),
        Asks::Check(condition) => {
            let of_value = condition.rewrite(|mention| {
                (mention.qualifier.is_none() && mention.name.as_str() == "value")
                    .then(|| value.clone())
            });
            format!("NOT ({of_value})")
        }
    };
    Some(questions::rows_where(known, &alias, &condition))
}
