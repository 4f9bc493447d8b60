//! A column that takes another's place: with another type, or another name
//!
//! **Danger**: another type rewrites the table and all its indexes under ACCESS EXCLUSIVE; another
//! name is gone for the code that is running. **Instead**: a second column beside the first; a
//! trigger that carries whatever is written to either over to the other; a backfill; every index
//! and constraint of the column built and proven on the second one, online; in contract one short
//! transaction that swaps them. **Hazard**: the column moves to the end of the table, where
//! `SELECT *` and INSERT without names find it.

mod copies;
mod partitions;
mod possible;
mod second;

use super::generated;
use crate::action::{Action, Backfill, Operation, Sync};
use crate::catalog::{Column, Table};
use crate::decision::{Decision, Rank};
use crate::expr::Expr;
use crate::plan::{Phase, Question};
use crate::problem::{Problem, hazard};
use crate::rules::constraint::check;
use crate::rules::rows::foreseen::{self, Rows};
use crate::rules::{Context, helper, questions};
use crate::sql::rewrite::{self, Place};
use concertina_revisions::{Ident, TableName};

/// What is to take whose place.
pub(crate) struct Shadow<'a> {
    pub(crate) table: &'a Table,
    pub(crate) old: &'a Column,
    /// The column's name.
    pub(crate) name: Ident,
    pub(crate) type_sql: String,
    /// Its collation, where it isn't its type's.
    pub(crate) collation: Option<String>,
    /// Whether operator classes of the old type are the new one's too.
    pub(crate) keeps_classes: bool,
    /// The new value from the old row.
    pub(crate) forward: Expr,
    /// The old value from the new column, called by its name in the end; none where nothing tells
    /// it.
    pub(crate) back: Option<Expr>,
    /// Whether either can be impossible for some values: writers of these don't fail.
    pub(crate) guarded: bool,
    /// Whether the new value can be, so that rows may be left without one.
    pub(crate) may_leave: bool,
}

impl Shadow<'_> {
    fn from(&self) -> Ident {
        Ident::new(self.old.name.as_str())
    }

    /// The second column's name until it takes the first one's place.
    fn to(&self) -> Ident {
        beside_name(self.table, &self.old.name)
    }

    fn place<'a>(&'a self, from: &'a Ident, to: &'a Ident) -> Place<'a> {
        let (old, new) = (self.old.type_sql.as_str(), self.type_sql.as_str());
        let one_is_text = crate::sql::types::is_text(old) != crate::sql::types::is_text(new);
        Place {
            from,
            to,
            words: one_is_text.then_some((old, new)),
            same_type: self.keeps_classes,
        }
    }

    fn table_name(&self) -> TableName {
        self.table.full_name()
    }

    fn concerns(&self, columns: &[String]) -> bool {
        columns.contains(&self.old.name)
    }

    /// An expression over the table's columns as one over a row that is called so.
    fn over(&self, expression: &Expr, row: &str) -> String {
        expression.rewrite(|mention| {
            self.table
                .get(&mention.name)
                .map(|_| format!("{row}.{}", mention.name.sql()))
        })
    }

    /// The same over `new` in a trigger.
    fn over_new(&self, expression: &Expr) -> String {
        expression.rewrite(|mention| {
            self.table
                .get(&mention.name)
                .map(|_| generated::of_new(self.table, &mention.name))
        })
    }

    /// The old value, over `new`; empty where nothing tells it.
    fn carried_back(&self, to: &Ident) -> String {
        let over_new =
            |back: &Expr| rewrite::in_place(back, &self.name, &format!("new.{}", to.sql()));
        self.back.as_ref().map_or_else(String::new, over_new)
    }

    fn temporary(&self, kind: &str, of: &str) -> Ident {
        helper(
            kind,
            &[&self.table.schema, &self.table.name, &self.old.name, of],
        )
    }
}

/// The name of the second column of a column that keeps its name.
fn beside_name(table: &Table, column: &str) -> Ident {
    helper("new", &[&table.schema, &table.name, column])
}

/// The steps of it. Nothing is left of the second column when they are taken back before contract.
pub(crate) fn replace(shadow: &Shadow<'_>, context: &Context<'_>) -> Result<Decision, Problem> {
    possible::check(shadow, context)?;
    let mut swap = Swap::default();
    let mut decision = second::column(shadow, context, &mut swap);
    decision = filled(decision, shadow, context);
    decision = unguarded(decision, shadow, &swap);
    decision = copies::indexes(decision, shadow, &mut swap)?;
    decision = copies::constraints(decision, shadow, context, &mut swap)?;
    decision = copies::referencing(decision, shadow, context, &mut swap)?;
    decision = copies::demanded(decision, shadow, context, &mut swap);
    let table = shadow.table_name();
    copies::statistics(shadow, &mut swap);
    // In the same moment: an INSERT may rely on it.
    let default = context.default_in_the_end(&table, &shadow.name, shadow.old.default.as_ref());
    let of_partitions = partitions::defaults(shadow, default.as_ref(), context);
    let default = default.map(|default| Action::SetDefault {
        table: table.clone(),
        column: shadow.name.clone(),
        default: Some(default),
    });
    let defaults = default.into_iter().chain(of_partitions).collect();
    let rename = Action::RenameColumn {
        table: table.clone(),
        from: shadow.to(),
        to: shadow.name.clone(),
    };
    let gone = Action::DropColumn {
        table: table.clone(),
        column: shadow.from(),
    };
    let actions = swap.actions([gone, rename], defaults);
    let decision = decision
        .then_because("everything is ready: names are swapped in one short transaction, and the first column goes")
        .together(Phase::Contract, Rank::Swap, actions, vec![])
        .last_alone();
    Ok(decision.hazard(
        hazard::ORDER,
        format!(
            "{}.{} moves to the end of the table: SELECT * and INSERT without names find it there",
            table.shown(),
            shadow.name.as_str()
        ),
    ))
}

/// What is written between the proof that no row is left and the swap must not be left either.
fn unguarded(decision: Decision, shadow: &Shadow<'_>, swap: &Swap) -> Decision {
    match &swap.sync {
        Some(sync) if shadow.may_leave => decision
            .then_because(
                "whoever writes what can't be carried over fails from here on, as a row that is left would be lost",
            )
            .quick(Phase::Contract, Rank::Demand, Action::RefuseUnfilled(sync.clone()), []),
        Some(_) | None => decision,
    }
}

/// What the swap does, in the order of its fields.
#[derive(Default)]
struct Swap {
    /// The trigger that keeps both columns the same goes.
    sync: Option<Sync>,
    /// What the second column demands, before anything that needs it: an identity, a primary key.
    demands: Vec<Action>,
    /// Constraints go; those that were found last may rely on those found first, and go before
    /// them.
    constraints: Vec<Action>,
    /// The numbers of a sequence move over.
    numbers: Vec<Action>,
    /// Keys go with which indexes were made.
    keys: Vec<Action>,
    /// Statistics go.
    statistics: Vec<Action>,
    /// Names and what else comes once the first column is gone.
    after: Vec<Action>,
}

impl Swap {
    /// All of it, with what takes the first column's place.
    fn actions(self, columns: [Action; 2], defaults: Vec<Action>) -> Vec<Action> {
        let Swap {
            sync,
            demands,
            constraints,
            numbers,
            keys,
            statistics,
            after,
        } = self;
        let before = sync
            .map(Action::RemoveSync)
            .into_iter()
            .chain(demands)
            .chain(constraints.into_iter().rev());
        let before = before.chain(numbers).chain(keys).chain(statistics);
        before.chain(columns).chain(after).chain(defaults).collect()
    }
}

/// The backfill, and the question whether every value can be carried over.
fn filled(decision: Decision, shadow: &Shadow<'_>, context: &Context<'_>) -> Decision {
    let alias = Ident::new(shadow.table.name.as_str());
    let value = shadow.over(&shadow.forward, &alias.sql());
    let to = format!("{}.{}", alias.sql(), shadow.to().sql());
    let backfill = Backfill {
        table: shadow.table_name(),
        alias: alias.clone(),
        operation: Operation::Assign(vec![(shadow.to(), value.clone())]),
        from: None,
        predicate: format!("({to} IS NULL AND ({value}) IS NOT NULL)"),
        hot: true,
        lookups: false,
        synced: true,
        workers: context.directives.workers(),
        key: context.directives.key().map(<[Ident]>::to_vec),
        silent: context.catalog.may_silence,
    };
    let decision = decision
        .then_because(
            "one statement would write every row under ACCESS EXCLUSIVE; batches hold their locks for milliseconds",
        )
        .fill(backfill);
    let table = shadow.table_name();
    let decision = check::for_a_rewrite(decision, &table, context);
    let what = format!("every value of {}", table.shown_column(&shadow.from()));
    if let Some(labels) = made_here(shadow, context) {
        return of_labels(decision, shadow, &what, labels);
    }
    if context
        .catalog
        .new_types
        .contains(&crate::sql::types::bare(&shadow.type_sql))
    {
        return seen_late(decision, shadow);
    }
    let (key, rows) = match foreseen::rows(&table, &shadow.forward.column_names(), context) {
        Rows::Foreseen(rows) => (rows.key_text(shadow.table, &alias), Some(rows.sql)),
        Rows::Now | Rows::Unknown => (questions::key_text(shadow.table, &alias), None),
    };
    decision.check(
        format!("{what} can become {}", shadow.type_sql),
        Question::NoErrors {
            table,
            key,
            alias,
            expression: value,
            rows,
        },
        "fix these values in an earlier revision, or say USING (an expression that fixes them)",
    )
}

/// Whether every value is a label of an enum that isn't there yet when the question is asked.
fn of_labels(decision: Decision, shadow: &Shadow<'_>, what: &str, labels: &[String]) -> Decision {
    let (from, kind) = (shadow.from().sql(), &shadow.type_sql);
    let casts = [format!("{from}::{kind}"), format!("{from}::text::{kind}")];
    if !casts.contains(&shadow.forward.sql) {
        return seen_late(decision, shadow);
    }
    let alias = Ident::new(shadow.table.name.as_str());
    let labels: Vec<String> = labels
        .iter()
        .map(|label| Ident::new(label.as_str()).literal())
        .collect();
    let condition = format!(
        "{}.{from}::text NOT IN ({})",
        alias.sql(),
        labels.join(", ")
    );
    decision.check(
        format!("{what} is one of {kind}"),
        questions::rows_where(shadow.table, &alias, &condition),
        "add these values to the type, fix them in an earlier revision, or say USING (an expression that fixes them)",
    )
}

/// Nothing can be asked of a type before it is made.
fn seen_late(decision: Decision, shadow: &Shadow<'_>) -> Decision {
    decision.note(format!(
        "whether every value can become {} is seen when it is filled",
        shadow.type_sql
    ))
}

/// The values of an enum that the same revision makes.
fn made_here<'a>(shadow: &Shadow<'_>, context: &Context<'a>) -> Option<&'a [String]> {
    let is_array = crate::sql::type_words(&shadow.type_sql).is_some_and(|words| words.arrays > 0);
    if is_array {
        return None;
    }
    let name = crate::sql::types::bare(&shadow.type_sql);
    let made = context
        .catalog
        .enums
        .iter()
        .find(|known| known.name.to_lowercase() == name)?;
    let same =
        |known: &&crate::catalog::Enum| known.name == made.name && known.schema == made.schema;
    let before = context
        .at_start()
        .enums
        .iter()
        .find(same)
        .is_some_and(|known| known.labels == made.labels);
    (!before).then_some(made.labels.as_slice())
}
