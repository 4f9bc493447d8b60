//! How the rows of an UPDATE of a large table are changed: by a walk over the table, or by a list.

use super::fired::Fired;
use super::reach::Look;
use super::update;
use crate::catalog::Table;
use crate::change::Update;
use crate::expr::{Conjunct, Shape};
use crate::rules::Context;
use concertina_revisions::Ident;

/// How the rows of a large table are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The table's blocks are walked; a row that is done is known by what it holds.
    Walk,
    /// The keys are listed, and the values computed row by row.
    Compute(&'static str),
    /// The keys and the new values are listed.
    Values(&'static str),
}

/// The way of an UPDATE, with what else is run along with it.
pub(crate) fn way(update: &Update, table: &Table, fired: &Fired, context: &Context<'_>) -> Way {
    let look = Look::of_update(update, context.catalog);
    let synced = update::is_synced(update, context.all, context.position);
    let beyond = if synced {
        look.beyond_tables()
    } else {
        look.beyond()
    };
    let vouched = context.directives.idempotent();
    // Who vouches for it speaks of values, not of rows that are read.
    if vouched
        && !look.reads_what_it_writes()
        && update.unwalkable.is_none()
        && look.is_of_one_row()
    {
        return Way::Walk;
    }
    let moves = context.catalog.tables.iter().any(|one| {
        let key = one.partition_key.as_ref().filter(|_| {
            one.is(&update.table)
                || context
                    .catalog
                    .below(&one.full_name())
                    .contains(&update.table)
        });
        key.is_some_and(|key| {
            update.sets.iter().any(|(column, _)| {
                key.columns
                    .iter()
                    .any(|name| name.is_empty() || name == column.as_str())
            })
        })
    });
    let alone = update.from.is_none()
        && !update
            .predicate
            .iter()
            .chain(update.sets.iter().map(|(_, value)| value))
            .any(|expr| expr.reach.subquery);
    let several = synced && update.sets.len() > 1;
    match beyond {
        Some(why) => Way::Values(why),
        None if !fired.rows.is_empty() => {
            let why = "fires triggers, which see each row that it selects once";
            if alone && !several {
                Way::Compute(why)
            } else {
                Way::Values(why)
            }
        }
        None if moves => Way::Values("may move rows to other partitions"),
        None if synced || is_provable(update, &look, table) => Way::Walk,
        None => {
            let why = "makes the new value of the old one";
            if alone {
                Way::Compute(why)
            } else {
                Way::Values(why)
            }
        }
    }
}

/// Whether a row that is done is known by what it holds: what is assigned isn't made of what was
/// assigned, or the condition is false then.
fn is_provable(update: &Update, look: &Look<'_>, table: &Table) -> bool {
    let given = update
        .sets
        .iter()
        .all(|(_, value)| value.shape != Shape::Default);
    given && (!look.reads_what_it_assigns(table) || ends_its_condition(update, table))
}

/// Whether the condition says of a column that it is NULL, and the column gets a value that isn't.
fn ends_its_condition(update: &Update, table: &Table) -> bool {
    let own = |mention: &crate::expr::ColumnUse| {
        mention
            .qualifier
            .as_ref()
            .is_none_or(|qualifier| *qualifier == update.alias)
            && table.get(&mention.name).is_some()
    };
    let literal = |column: &Ident| {
        update
            .sets
            .iter()
            .any(|(set, value)| set == column && value.shape == Shape::Literal)
    };
    let conjuncts = update
        .predicate
        .iter()
        .flat_map(|predicate| &predicate.conjuncts);
    update.from.is_none()
        && conjuncts.into_iter().any(|conjunct| match conjunct {
            Conjunct::IsNull(mention) => own(mention) && literal(&mention.name),
            Conjunct::IsNotNull(_) | Conjunct::Equals(..) | Conjunct::Other => false,
        })
}
