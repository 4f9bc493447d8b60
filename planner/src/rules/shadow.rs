//! A column that takes another's place: with another type, or another name
//!
//! **Danger**: another type writes the table and all its indexes anew under ACCESS EXCLUSIVE; another name is gone for the code
//! that is running.
//! **Instead**: a second column beside the first; a trigger that carries whatever is written to either over to the other; a
//! backfill; every index and constraint of the column built and proven on the second one, online; in contract one short
//! transaction that swaps them.
//! **Hazard**: the column moves to the end of the table, where `SELECT *` and INSERT without names find it.

use super::{Context, drop, helper, not_null, questions};
use crate::action::{Action, Backfill, Lock, Online, Operation, Sync, Twin};
use crate::catalog::{Column, Constraint, ConstraintKind, Index, Table};
use crate::decision::{Decision, Part, Rank};
use crate::expr::Expr;
use crate::lower::rewrite;
use crate::plan::{Phase, Question, Work};
use crate::problem::{Problem, code, hazard};
use concertina_revisions::{Ident, TableName};

const WRITTEN: &str = "a second column beside the first; whatever is written to either is carried over to the other";

const REBUILT: &str = "built on the second column while the first one's still serves";

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
        if self.name.as_str() == self.old.name {
            helper("new", &[&self.table.schema, &self.table.name, &self.old.name])
        } else {
            self.name.clone()
        }
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

/// The steps of it. Nothing is left of the second column when they are taken back before contract.
pub(super) fn replace(shadow: &Shadow<'_>, context: &Context<'_>) -> Result<Decision, Problem> {
    refusals(shadow)?;
    let mut swap = Swap::default();
    let mut decision = beside(shadow, context, &mut swap);
    decision = filled(decision, shadow, context);
    decision = indexes(decision, shadow, &mut swap)?;
    decision = constraints(decision, shadow, &mut swap)?;
    decision = referencing(decision, shadow, context, &mut swap)?;
    decision = demanded(decision, shadow, context, &mut swap);
    let table = shadow.table_name();
    let statistics = statistics(shadow);
    let default = shadow.old.default.clone().map(|default| Action::SetDefault {
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
    let actions = swap
        .before
        .into_iter()
        .chain([gone])
        .chain(rename)
        .chain(swap.after)
        .chain(default)
        .chain(statistics)
        .collect();
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
fn refusals(shadow: &Shadow<'_>) -> Result<(), Problem> {
    drop::in_the_way(shadow.table, Some(&shadow.from()))?;
    if shadow.old.expression.is_some() {
        return Err(Problem::new(code::DEPENDED_ON, format!("{} is a generated column", shadow.old.name))
            .label("its values are computed")
            .help("DROP EXPRESSION first, in an earlier revision, or drop it and add another"));
    }
    if !shadow.table.partitions.is_empty() || !shadow.table.children.is_empty() || shadow.table.partition_of.is_some() {
        return Err(crate::problem::blocks(
            "another type or name of a column of partitions or children",
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
        let cast = format!("{}::{}", shadow.from().sql(), shadow.type_sql);
        if shadow.forward.sql != cast {
            return decision
                .note(format!("whether every value can become {} is seen when it is filled", shadow.type_sql));
        }
        let old = format!("{}.{}", alias.sql(), shadow.from().sql());
        let labels: Vec<String> = labels.iter().map(|label| Ident::new(label.as_str()).literal()).collect();
        return decision.check(
            format!("every value of {}.{} is one of {}", shadow.table_name().shown(), shadow.old.name, shadow.type_sql),
            questions::rows_where(shadow.table, &alias, &format!("{old}::text NOT IN ({})", labels.join(", "))),
            "add these values to the type, or say USING (an expression that mends them)",
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
        "mend these values first, or say USING (an expression that mends them)",
    )
}

/// The values of an enum that the same revision makes.
fn made_here<'a>(shadow: &Shadow<'_>, context: &Context<'a>) -> Option<&'a [String]> {
    let name = crate::types::bare(&shadow.type_sql);
    let made = context.catalog.enums.iter().find(|known| known.name.to_lowercase() == name)?;
    let before = context.at_start().enums.iter().any(|known| known.name == made.name && known.schema == made.schema);
    (!before).then_some(made.labels.as_slice())
}

/// Indexes of the column, those of its keys too.
fn indexes(mut decision: Decision, shadow: &Shadow<'_>, swap: &mut Swap) -> Result<Decision, Problem> {
    for index in shadow.table.indexes.iter().filter(|index| shadow.concerns(&index.mentions)) {
        let name = shadow.temporary("ix", &index.name);
        let built = TableName { schema: shadow.table_name().schema, name: name.clone() };
        let tail = rewrite::index(&index.definition, &shadow.from(), &shadow.to()).ok_or_else(|| other_class(index))?;
        let build = Online::CreateIndex { table: shadow.table_name(), name: name.clone(), unique: index.unique, tail };
        let drop = Online::DropIndex { table: shadow.table_name(), index: built.clone(), definition: String::new() };
        decision = decision.then_because(REBUILT).slow(Phase::Backfill, Rank::Build, build, [drop]);
        match index.constraint.as_ref().and_then(|of| shadow.table.constraint(&Ident::new(of.as_str()))) {
            Some(constraint) => {
                swap.before.push(dropped(&shadow.table_name(), constraint));
                swap.after.push(Action::AddConstraintUsingIndex {
                    table: shadow.table_name(),
                    name: Ident::new(constraint.name.as_str()),
                    primary: constraint.kind == ConstraintKind::PrimaryKey,
                    index: name,
                    timing: timing(&constraint.definition),
                });
            }
            None => swap.after.push(Action::RenameIndex {
                table: shadow.table_name(),
                from: built,
                to: Ident::new(index.name.as_str()),
            }),
        }
        if shadow.table.replica_identity.as_ref()
            == Some(&format!("USING INDEX {}", Ident::new(index.name.as_str()).sql()))
        {
            swap.after.push(Action::AsWritten {
                what: format!("replica identity of {}", shadow.table_name().shown()),
                sql: format!(
                    "ALTER TABLE {} REPLICA IDENTITY USING INDEX {}",
                    shadow.table_name().sql(),
                    Ident::new(index.name.as_str()).sql()
                ),
                locks: vec![(shadow.table_name(), Lock::AccessExclusive)],
            });
        }
    }
    Ok(decision)
}

fn other_class(index: &Index) -> Problem {
    Problem::new(code::DEPENDED_ON, format!("index {} has an operator class, or a form, of the old type", index.name))
        .label("can't be built on the new type as it is")
        .help("drop it in an earlier revision, and create it again for the new type in a later one")
}

fn timing(definition: &str) -> String {
    match (definition.contains(" DEFERRABLE"), definition.contains(" INITIALLY DEFERRED")) {
        (_, true) => " DEFERRABLE INITIALLY DEFERRED".to_owned(),
        (true, false) => " DEFERRABLE".to_owned(),
        (false, false) => String::new(),
    }
}

fn dropped(table: &TableName, constraint: &Constraint) -> Action {
    Action::DropConstraint {
        table: table.clone(),
        name: Ident::new(constraint.name.as_str()),
        references: constraint.referenced(),
    }
}

/// CHECKs and foreign keys of the column.
fn constraints(mut decision: Decision, shadow: &Shadow<'_>, swap: &mut Swap) -> Result<Decision, Problem> {
    let table = shadow.table_name();
    let (from, to) = (shadow.from(), shadow.to());
    for constraint in shadow.table.constraints.iter().filter(|one| shadow.concerns(&one.columns)) {
        if !matches!(constraint.kind, ConstraintKind::Check | ConstraintKind::ForeignKey) {
            if constraint.kind == ConstraintKind::Exclude {
                return Err(crate::problem::blocks(
                    "another type or name of a column that an EXCLUDE constraint is about",
                    "drop the constraint in an earlier revision",
                ));
            }
            continue;
        }
        let to_itself = constraint.referenced().as_ref() == Some(&table);
        let referenced = to_itself.then_some((&from, &to));
        let bare = constraint.definition.trim_end_matches(" NOT VALID");
        let definition = rewrite::constraint(bare, Some((&from, &to)), referenced).ok_or_else(|| unread(constraint))?;
        let name = shadow.temporary("ck", &constraint.name);
        decision = demand_and_proof(decision, &table, &name, definition, constraint);
        swap.before.push(dropped(&table, constraint));
        swap.after.push(Action::RenameConstraint {
            table: table.clone(),
            from: name,
            to: Ident::new(constraint.name.as_str()),
        });
    }
    Ok(decision)
}

fn unread(constraint: &Constraint) -> Problem {
    crate::problem::unknown(&format!("constraint {} ({})", constraint.name, constraint.definition))
}

fn demand_and_proof(
    decision: Decision,
    table: &TableName,
    name: &Ident,
    definition: String,
    like: &Constraint,
) -> Decision {
    let demand = Action::AddConstraint {
        table: table.clone(),
        name: name.clone(),
        definition,
        not_valid: true,
        references: like.referenced(),
    };
    let undo = Action::DropConstraint { table: table.clone(), name: name.clone(), references: like.referenced() };
    let decision = decision.then_because(REBUILT).quick(Phase::Backfill, Rank::Demand, demand, [undo]);
    if !like.validated {
        return decision;
    }
    let proof = Online::Validate {
        table: table.clone(),
        constraints: vec![name.clone()],
        references: like.referenced().into_iter().collect(),
    };
    decision.slow(Phase::Backfill, Rank::Prove, proof, [])
}

/// Foreign keys of other tables that point at the column.
fn referencing(
    mut decision: Decision,
    shadow: &Shadow<'_>,
    context: &Context<'_>,
    swap: &mut Swap,
) -> Result<Decision, Problem> {
    for (other, key) in context.catalog.referencing(&shadow.table_name()) {
        let pointed = rewrite::constraint(&key.definition, None, Some((&shadow.from(), &shadow.to())));
        let as_it_is = rewrite::constraint(&key.definition, None, None);
        let definition = match (pointed, as_it_is) {
            (Some(pointed), Some(as_it_is)) if pointed != as_it_is => pointed,
            (Some(_), Some(_)) => continue,
            _ => return Err(unread(key)),
        };
        let definition = definition.trim_end_matches(" NOT VALID").to_owned();
        let name = shadow.temporary("fk", &format!("{}.{}", other.full_name().shown(), key.name));
        decision = demand_and_proof(decision, &other.full_name(), &name, definition, key);
        swap.before.insert(1, dropped(&other.full_name(), key));
        swap.after.push(Action::RenameConstraint {
            table: other.full_name(),
            from: name,
            to: Ident::new(key.name.as_str()),
        });
    }
    Ok(decision)
}

/// NOT NULL, proven on the second column before the swap.
fn demanded(mut decision: Decision, shadow: &Shadow<'_>, context: &Context<'_>, swap: &mut Swap) -> Decision {
    if !shadow.old.not_null {
        return decision;
    }
    let parts = not_null::prove_and_set(Decision::default(), &shadow.table_name(), &shadow.to(), context).parts;
    let (contract, before): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| part.phase == Phase::Contract);
    // After the trigger is gone, and before anything that needs it: an identity, a primary key.
    let sets = contract.into_iter().filter_map(|part| match part.work {
        Work::Quick { actions } => Some(actions),
        _ => None,
    });
    swap.before.splice(1..1, sets.flatten());
    for part in &before {
        // PostgreSQL 18 has it under a name, which is the column's in the end.
        if let Work::Quick { actions } = &part.work
            && let [Action::AddNotNull { table, name, .. }] = actions.as_slice()
        {
            let known = shadow
                .table
                .constraints
                .iter()
                .find(|one| one.kind == ConstraintKind::NotNull && shadow.concerns(&one.columns));
            let wanted = known.map_or_else(
                || crate::lower::constraint_name(table, &shadow.name, "not_null", context.catalog),
                |known| Ident::new(known.name.as_str()),
            );
            swap.after.push(Action::RenameConstraint { table: table.clone(), from: name.clone(), to: wanted });
        }
    }
    decision.parts.extend(before);
    decision
}

/// Extended statistics that mention the column go with it, and are made again.
fn statistics(shadow: &Shadow<'_>) -> Vec<Action> {
    let again = |definition: &String| rewrite::words(definition, &shadow.from(), &shadow.name);
    let made = shadow.table.statistics.iter().filter_map(|(_, _, definition)| again(definition));
    made.map(|sql| Action::AsWritten {
        what: format!("make the statistics of {} again", shadow.table_name().shown()),
        sql,
        locks: vec![(shadow.table_name(), Lock::ShareUpdateExclusive)],
    })
    .collect()
}
