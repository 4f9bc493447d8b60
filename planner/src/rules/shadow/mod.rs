//! A column that takes another's place: with another type, or another name
//!
//! **Danger**: another type writes the table and all its indexes anew under ACCESS EXCLUSIVE; another name is gone for the code
//! that is running.
//! **Instead**: a second column beside the first; a trigger that carries whatever is written to either over to the other; a
//! backfill; every index and constraint of the column built and proven on the second one, online; in contract one short
//! transaction that swaps them.
//! **Hazard**: the column moves to the end of the table, where `SELECT *` and INSERT without names find it.

mod copies;

use super::{Context, drop, helper, questions};
use crate::action::{Action, Backfill, Lock, Operation, Sync, Twin};
use crate::catalog::{Column, ConstraintKind, Table, TableKind};
use crate::decision::{Decision, Rank};
use crate::expr::Expr;
use crate::lower::rewrite::{self, Place};
use crate::plan::{Phase, Question, Work};
use crate::problem::{Problem, code, hazard};
use concertina_revisions::{Ident, TableName};

const WRITTEN: &str = "a second column beside the first; whatever is written to either is carried over to the other";

/// What is to take whose place.
pub(super) struct Shadow<'a> {
    pub(super) table: &'a Table,
    pub(super) old: &'a Column,
    /// The column's name in the end.
    pub(super) name: Ident,
    pub(super) type_sql: String,
    /// The new value from the old row.
    pub(super) forward: Expr,
    /// The old value from the new column, called by its name in the end.
    pub(super) back: Expr,
    /// Whether its values are others than the old ones.
    pub(super) converts: bool,
}

impl Shadow<'_> {
    fn from(&self) -> Ident {
        Ident::new(self.old.name.as_str())
    }

    /// The second column's name until it takes the first one's place.
    fn to(&self) -> Ident {
        if self.name.as_str() == self.old.name { beside_name(self.table, &self.old.name) } else { self.name.clone() }
    }

    fn place<'a>(&'a self, from: &'a Ident, to: &'a Ident) -> Place<'a> {
        let (old, new) = (self.old.type_sql.as_str(), self.type_sql.as_str());
        let one_is_text = crate::types::is_text(old) != crate::types::is_text(new);
        Place { from, to, words: one_is_text.then_some((old, new)) }
    }

    fn table_name(&self) -> TableName {
        self.table.full_name()
    }

    fn concerns(&self, columns: &[String]) -> bool {
        columns.contains(&self.old.name)
    }

    /// An expression over the table's columns as one over `qualifier`.
    fn over(&self, expression: &Expr, qualifier: &str) -> String {
        expression
            .rewrite(|mention| self.table.get(&mention.name).map(|_| format!("{qualifier}.{}", mention.name.sql())))
    }

    fn temporary(&self, kind: &str, of: &str) -> Ident {
        helper(kind, &[&self.table.schema, &self.table.name, &self.old.name, of])
    }
}

/// The name of the second column of a column that keeps its name.
fn beside_name(table: &Table, column: &str) -> Ident {
    helper("new", &[&table.schema, &table.name, column])
}

/// The steps of it. Nothing is left of the second column when they are taken back before contract.
pub(super) fn replace(shadow: &Shadow<'_>, context: &Context<'_>) -> Result<Decision, Problem> {
    refusals(shadow, context)?;
    let mut swap = Swap::default();
    let mut decision = beside(shadow, context, &mut swap);
    decision = filled(decision, shadow, context);
    decision = copies::indexes(decision, shadow, &mut swap)?;
    decision = copies::constraints(decision, shadow, context, &mut swap)?;
    decision = copies::referencing(decision, shadow, context, &mut swap)?;
    decision = copies::demanded(decision, shadow, context, &mut swap);
    let table = shadow.table_name();
    copies::statistics(shadow, &mut swap);
    // In the same moment: an INSERT may rely on it.
    let default = context.default_in_the_end(&table, &shadow.name, shadow.old.default.as_ref());
    let default = default.map(|default| Action::SetDefault {
        table: table.clone(),
        column: shadow.name.clone(),
        default: Some(default),
    });
    let rename = (shadow.to() != shadow.name).then(|| Action::RenameColumn {
        table: table.clone(),
        from: shadow.to(),
        to: shadow.name.clone(),
    });
    let gone = Action::DropColumn { table: table.clone(), column: shadow.from() };
    let actions = swap.before.into_iter().chain([gone]).chain(rename).chain(swap.after).chain(default).collect();
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

/// What can't be carried over.
fn refusals(shadow: &Shadow<'_>, context: &Context<'_>) -> Result<(), Problem> {
    drop::in_the_way(shadow.table, Some(&shadow.from()))?;
    if shadow.old.expression.is_some() {
        return Err(Problem::new(code::DEPENDED_ON, format!("{} is a generated column", shadow.old.name))
            .label("its values are computed")
            .help("DROP EXPRESSION first, in an earlier revision, or drop it and add another"));
    }
    let also = context.replaced(&shadow.table_name());
    let both = |columns: &[String]| {
        shadow.concerns(columns) && also.iter().any(|one| columns.iter().any(|c| c == one.as_str()))
    };
    let shared = shadow.table.indexes.iter().any(|index| both(&index.mentions))
        || shadow.table.constraints.iter().any(|constraint| both(&constraint.columns));
    let there = context.at_start().table(&shadow.table_name()).is_some_and(|table| table.get(&shadow.from()).is_some());
    if shared || !there {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!("{} changes together with another column of its indexes or constraints, or twice", shadow.old.name),
        )
        .label("each would be built anew for one of them alone")
        .help("put it into a revision of its own, behind this one"));
    }
    let stands_on_it = shadow.table.indexes.iter().any(|index| shadow.concerns(&index.mentions))
        || shadow
            .table
            .constraints
            .iter()
            .any(|one| one.kind == ConstraintKind::ForeignKey && shadow.concerns(&one.columns));
    let key = shadow.table.partition_key.as_ref();
    let is_key = key.is_some_and(|key| shadow.concerns(&key.columns) || key.columns.iter().any(String::is_empty));
    let partitioned = shadow.table.kind == TableKind::Partitioned;
    if !shadow.table.children.is_empty()
        || shadow.table.partition_of.is_some()
        || (partitioned && (is_key || stands_on_it))
    {
        return Err(crate::problem::blocks(
            "another type or name of a column that partitions are made by, have indexes or foreign keys on, or that is inherited,",
            "add a column, fill it by UPDATE, move the code to it, and drop the old one in a later revision",
        ));
    }
    Ok(())
}

/// What the swap does, before the first column goes and after.
#[derive(Default)]
struct Swap {
    before: Vec<Action>,
    after: Vec<Action>,
}

/// The second column and the trigger.
fn beside(shadow: &Shadow<'_>, context: &Context<'_>, swap: &mut Swap) -> Decision {
    let (table, from, to) = (shadow.table_name(), shadow.from(), shadow.to());
    let add = Action::AddColumn {
        table: table.clone(),
        column: to.clone(),
        type_sql: shadow.type_sql.clone(),
        default: None,
        not_null: false,
        references: None,
    };
    let name = helper("twin", &[&shadow.table.schema, &shadow.table.name, &shadow.old.name]);
    let forward = shadow.over(&shadow.forward, "new");
    let as_text = [&shadow.type_sql, &shadow.old.type_sql].iter().any(|kind| crate::types::has_no_equality(kind));
    let text = if as_text { "::text" } else { "" };
    let sync = Sync {
        table: table.clone(),
        name: Ident::new(format!("zzz_{}", name.as_str())),
        assignments: vec![(to.clone(), shadow.forward.sql.clone())],
        from: None,
        predicate: None,
        // Not for our own batches, nor for writers of other columns.
        when: format!("new.{to}{text} IS DISTINCT FROM ({forward}){text}", to = to.sql()),
        search_path: Some(context.catalog.search_path.clone()),
        definer: false,
        twin: Some(Twin {
            old: from.clone(),
            new: to.clone(),
            forward,
            back: rewrite::in_place(&shadow.back, &shadow.name, &format!("new.{}", to.sql())),
            as_text,
            // Of a column that refuses NULL, what is left out can only be meant to have the default.
            newer: context.version.cloned().filter(|_| !shadow.old.not_null),
        }),
    };
    let mut actions = vec![add, Action::InstallSync(sync.clone())];
    actions.extend(looks(shadow, &to).into_iter().map(|sql| Action::AsWritten {
        what: format!("carry over the settings of {}.{}", table.shown(), from.as_str()),
        sql,
        locks: vec![(table.clone(), Lock::AccessExclusive)],
    }));
    swap.before.push(Action::RemoveSync(sync.clone()));
    if let Some(identity) = shadow.old.identity {
        swap.before.push(Action::MoveNumbers {
            table: table.clone(),
            from: from.clone(),
            to: to.clone(),
            identity: Some(identity.words().to_owned()),
        });
    } else if shadow.old.default.as_ref().is_some_and(|default| default.contains("nextval(")) {
        swap.before.push(Action::MoveNumbers { table: table.clone(), from, to: to.clone(), identity: None });
    }
    let undo = vec![Work::Quick { actions: vec![Action::RemoveSync(sync), Action::DropColumn { table, column: to }] }];
    Decision::because(WRITTEN).together(Phase::Expand, Rank::AsWritten, actions, undo)
}

/// Settings of the column that don't follow from its type.
fn looks(shadow: &Shadow<'_>, to: &Ident) -> Vec<String> {
    let table = shadow.table_name().sql();
    let of_column = |what: String| format!("ALTER TABLE {table} ALTER COLUMN {} {what}", to.sql());
    let old = shadow.old;
    let mut statements = Vec::new();
    statements.extend(
        old.statistics.filter(|target| *target >= 0).map(|target| of_column(format!("SET STATISTICS {target}"))),
    );
    if !old.options.is_empty() {
        statements.push(of_column(format!("SET ({})", old.options.join(", "))));
    }
    if let Some(comment) = &old.comment {
        let text = Ident::new(comment.as_str()).literal();
        statements.push(format!("COMMENT ON COLUMN {table}.{} IS {text}", to.sql()));
    }
    statements.extend(crate::lower::column_grants(shadow.table, old, to));
    statements
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
    };
    let decision = decision
        .then_because(
            "one statement would write every row under ACCESS EXCLUSIVE; batches hold their locks for milliseconds",
        )
        .fill(backfill);
    if !shadow.converts {
        return decision;
    }
    if let Some(labels) = made_here(shadow, context) {
        // The type isn't there yet when the question is asked.
        let (from, kind) = (shadow.from().sql(), &shadow.type_sql);
        if ![format!("{from}::{kind}"), format!("{from}::text::{kind}")].contains(&shadow.forward.sql) {
            return decision
                .note(format!("whether every value can become {} is seen when it is filled", shadow.type_sql));
        }
        let old = format!("{}.{}", alias.sql(), shadow.from().sql());
        let labels: Vec<String> = labels.iter().map(|label| Ident::new(label.as_str()).literal()).collect();
        return decision.check(
            format!("every value of {}.{} is one of {}", shadow.table_name().shown(), shadow.old.name, shadow.type_sql),
            questions::rows_where(shadow.table, &alias, &format!("{old}::text NOT IN ({})", labels.join(", "))),
            "add these values to the type, mend them in an earlier revision, or say USING (an expression that mends them)",
        );
    }
    decision.check(
        format!("every value of {}.{} can become {}", shadow.table_name().shown(), shadow.old.name, shadow.type_sql),
        Question::NoErrors {
            table: shadow.table_name(),
            key: questions::key_text(shadow.table, &alias),
            alias,
            expression: value,
        },
        "mend these values in an earlier revision, or say USING (an expression that mends them)",
    )
}

/// The values of an enum that the same revision makes.
fn made_here<'a>(shadow: &Shadow<'_>, context: &Context<'a>) -> Option<&'a [String]> {
    let name = crate::types::bare(&shadow.type_sql);
    let made = context.catalog.enums.iter().find(|known| known.name.to_lowercase() == name)?;
    let before = context.at_start().enums.iter().any(|known| known.name == made.name && known.schema == made.schema);
    (!before).then_some(made.labels.as_slice())
}
