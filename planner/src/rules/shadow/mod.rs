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

use super::foreseen::{self, Rows};
use super::{Context, drop, generated, helper, questions};
use crate::action::{Action, Backfill, Lock, Operation, Sync, Twin};
use crate::catalog::{Column, ConstraintKind, Table, TableKind};
use crate::decision::{Decision, Rank};
use crate::expr::Expr;
use crate::footprint::{Footprint, Thing};
use crate::plan::{Phase, Question, Work};
use crate::problem::{Problem, code, hazard};
use crate::sql::rewrite::{self, Place};
use concertina_revisions::{Ident, TableName};

const WRITTEN: &str =
    "a second column beside the first; whatever is written to either is carried over to the other";

/// What is to take whose place.
pub(super) struct Shadow<'a> {
    pub(super) table: &'a Table,
    pub(super) old: &'a Column,
    /// The column's name.
    pub(super) name: Ident,
    pub(super) type_sql: String,
    /// Its collation, where it isn't its type's.
    pub(super) collation: Option<String>,
    /// Whether operator classes of the old type are the new one's too.
    pub(super) keeps_classes: bool,
    /// The new value from the old row.
    pub(super) forward: Expr,
    /// The old value from the new column, called by its name in the end; none where nothing tells
    /// it.
    pub(super) back: Option<Expr>,
    /// Whether either can be impossible for some values: writers of these don't fail.
    pub(super) guarded: bool,
    /// Whether the new value can be, so that rows may be left without one.
    pub(super) may_leave: bool,
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
pub(super) fn replace(shadow: &Shadow<'_>, context: &Context<'_>) -> Result<Decision, Problem> {
    refusals(shadow, context)?;
    let mut swap = Swap::default();
    let mut decision = beside(shadow, context, &mut swap);
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

/// What can't be carried over.
fn refusals(shadow: &Shadow<'_>, context: &Context<'_>) -> Result<(), Problem> {
    drop::in_the_way(shadow.table, Some(&shadow.from()))?;
    if shadow.old.expression.is_some() {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!("{} is a generated column", shadow.old.name),
        )
        .label("its values are computed")
        .help("DROP EXPRESSION first, in an earlier revision, or drop it and add another"));
    }
    let also = context.replaced(&shadow.table_name());
    let both = |columns: &[String]| {
        shadow.concerns(columns)
            && also
                .iter()
                .any(|one| columns.iter().any(|c| c == one.as_str()))
    };
    let shared = shadow
        .table
        .indexes
        .iter()
        .any(|index| both(&index.mentions))
        || shadow
            .table
            .constraints
            .iter()
            .any(|constraint| both(&constraint.columns));
    let there = context
        .at_start()
        .table(&shadow.table_name())
        .is_some_and(|table| table.get(&shadow.from()).is_some());
    if shared || !there {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!(
                "{} changes together with another column of its indexes or constraints, or twice",
                shadow.old.name
            ),
        )
        .label("each would be rebuilt for one of them alone")
        .help("put it into a revision of its own, behind this one"));
    }
    let below = context.catalog.below(&shadow.table_name());
    let below = || below.iter().filter_map(|name| context.table(name));
    let stands_on_it = |table: &Table| {
        table
            .indexes
            .iter()
            .any(|index| shadow.concerns(&index.mentions))
            || table
                .constraints
                .iter()
                .any(|one| one.kind == ConstraintKind::ForeignKey && shadow.concerns(&one.columns))
    };
    let expressions = |table: &Table| {
        table
            .partition_key
            .as_ref()
            .is_some_and(|key| key.columns.iter().any(String::is_empty))
    };
    let partitioned = shadow.table.kind == TableKind::Partitioned;
    if !shadow.table.children.is_empty()
        || (partitioned
            && std::iter::once(shadow.table)
                .chain(below())
                .any(|one| stands_on_it(one) || expressions(one)))
    {
        return Err(crate::problem::blocks(
            "another type of a column that partitions are made by, have indexes or foreign keys on, or that is inherited,",
            "add a column, fill it by UPDATE, move the code to it, and drop the old one in a later revision",
        ));
    }
    match below().find_map(|part| partitions::own(shadow, part, context)) {
        Some(what) => Err(crate::problem::blocks(
            &format!(
                "another type of a column on which a partition has something of its own ({what})"
            ),
            "add a column, fill it by UPDATE, move the code to it, and drop the old one in a later revision",
        )),
        None => Ok(()),
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

/// The second column and the trigger.
fn beside(shadow: &Shadow<'_>, context: &Context<'_>, swap: &mut Swap) -> Decision {
    let (table, from, to) = (shadow.table_name(), shadow.from(), shadow.to());
    let add = Action::AddColumn {
        table: table.clone(),
        column: to.clone(),
        type_sql: super::column_type::with_collation(&shadow.type_sql, shadow.collation.as_ref()),
        default: None,
        not_null: false,
        references: None,
    };
    let name = helper(
        "twin",
        &[&shadow.table.schema, &shadow.table.name, &shadow.old.name],
    );
    let forward = shadow.over_new(&shadow.forward);
    let of_new = |one: &str, other: &str| {
        crate::sql::types::differ(&shadow.type_sql, shadow.collation.as_deref(), one, other)
    };
    let of_old = |one: &str, other: &str| {
        crate::sql::types::differ(
            &shadow.old.type_sql,
            shadow.old.collation.as_deref(),
            one,
            other,
        )
    };
    let changed = |column: &Ident| {
        (
            format!("new.{}", column.sql()),
            format!("old.{}", column.sql()),
        )
    };
    let ((new_from, old_from), (new_to, old_to)) = (changed(&from), changed(&to));
    let sync = Sync {
        table: table.clone(),
        name: Ident::new(format!("zzz_{}", name.as_str())),
        assignments: vec![(to.clone(), shadow.forward.sql.clone())],
        from: None,
        predicate: None,
        // Not for our own batches, nor for writers of other columns.
        when: of_new(&new_to, &format!("({forward})::{}", shadow.type_sql)),
        again: None,
        search_path: Some(context.catalog.search_path.clone()),
        definer: false,
        guarded: shadow.guarded,
        twin: Some(Twin {
            old: from.clone(),
            new: to.clone(),
            forward,
            back: shadow.carried_back(&to),
            as_text: false,
            new_changed: Some(of_new(&new_to, &old_to)),
            old_changed: Some(changed_of_old(
                shadow,
                context,
                of_old(&new_from, &old_from),
            )),
            // Of a column that refuses NULL, what is left out can only be meant to have the
            // default.
            newer: context.version.cloned().filter(|_| !shadow.old.not_null),
            refuses_null: shadow.old.not_null,
        }),
        alias: None,
        follow: None,
    };
    let mut actions = vec![add, Action::InstallSync(sync.clone())];
    let below = context.catalog.below(&table);
    for one in
        std::iter::once(shadow.table).chain(below.iter().filter_map(|name| context.table(name)))
    {
        let Some(old) = one.get(&from) else { continue };
        actions.extend(
            looks(one, old, &to, one.full_name() != table)
                .into_iter()
                .map(|sql| Action::AsWritten {
                    what: format!(
                        "carry over the settings of {}.{}",
                        one.full_name().shown(),
                        from.as_str()
                    ),
                    sql,
                    locks: vec![(one.full_name(), Lock::AccessExclusive)],
                }),
        );
    }
    swap.sync = Some(sync.clone());
    swap.numbers.extend(numbers(shadow, from, to.clone()));
    let touches = Footprint::default()
        .on(&table)
        .read(Thing::column(&table, &shadow.from()))
        .read(Thing::Type(Ident::new(crate::sql::types::bare(
            &shadow.type_sql,
        ))))
        .read(Thing::Type(Ident::new(crate::sql::types::bare(
            &shadow.old.type_sql,
        ))))
        .make(Thing::column(&table, &to))
        .make(Thing::Helper(sync.name.clone()));
    let undo = vec![Work::Quick {
        actions: vec![
            Action::RemoveSync(sync),
            Action::DropColumn { table, column: to },
        ],
    }];
    Decision::because(WRITTEN)
        .together(Phase::Expand, Rank::AsWritten, actions, undo)
        .last_touching(touches)
}

/// The sequence that gives the column its values gives them to the other.
fn numbers(shadow: &Shadow<'_>, from: Ident, to: Ident) -> Option<Action> {
    let identity = shadow
        .old
        .identity
        .map(|identity| identity.words().to_owned());
    let draws = || {
        shadow
            .old
            .default
            .as_deref()
            .is_some_and(crate::sql::draws_numbers)
    };
    (identity.is_some() || draws()).then(|| Action::MoveNumbers {
        table: shadow.table_name(),
        from,
        to,
        identity,
    })
}

/// Whether an UPDATE wrote what the new value is made of: the column, or another that USING reads.
/// Where newer code may have written the new column under its own name, and can't be told from
/// older code, the column alone.
fn changed_of_old(shadow: &Shadow<'_>, context: &Context<'_>, own: String) -> String {
    let told_apart = shadow.back.is_none() || (context.version.is_some() && !shadow.old.not_null);
    let others = generated::stored(shadow.table, &shadow.forward.column_names())
        .into_iter()
        .filter(|name| *name != shadow.from() && told_apart);
    let others = others.filter_map(|name| {
        let column = shadow.table.get(&name)?;
        let (new, old) = (format!("new.{}", name.sql()), format!("old.{}", name.sql()));
        Some(crate::sql::types::differ(
            &column.type_sql,
            column.collation.as_deref(),
            &new,
            &old,
        ))
    });
    std::iter::once(own)
        .chain(others)
        .collect::<Vec<_>>()
        .join(" OR ")
}

/// Settings of the column that don't follow from its type. On a partition those of the whole are
/// there already.
fn looks(table: &Table, old: &Column, to: &Ident, is_part: bool) -> Vec<String> {
    let name = table.full_name().sql();
    let only = if is_part { "" } else { "ONLY " };
    let of_column =
        |what: String| format!("ALTER TABLE {only}{name} ALTER COLUMN {} {what}", to.sql());
    let mut statements = Vec::new();
    statements.extend(
        old.statistics
            .filter(|target| *target >= 0)
            .map(|target| of_column(format!("SET STATISTICS {target}"))),
    );
    if !old.options.is_empty() {
        statements.push(of_column(format!("SET ({})", old.options.join(", "))));
    }
    if let Some(comment) = &old.comment {
        let text = Ident::new(comment.as_str()).literal();
        statements.push(format!("COMMENT ON COLUMN {name}.{} IS {text}", to.sql()));
    }
    statements.extend(crate::lower::column_grants(table, old, to));
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
        silent: context.catalog.may_silence,
    };
    let decision = decision
        .then_because(
            "one statement would write every row under ACCESS EXCLUSIVE; batches hold their locks for milliseconds",
        )
        .fill(backfill);
    if let Some(labels) = made_here(shadow, context) {
        // The type isn't there yet when the question is asked.
        let (from, kind) = (shadow.from().sql(), &shadow.type_sql);
        if ![format!("{from}::{kind}"), format!("{from}::text::{kind}")]
            .contains(&shadow.forward.sql)
        {
            return decision.note(format!(
                "whether every value can become {} is seen when it is filled",
                shadow.type_sql
            ));
        }
        let old = format!("{}.{}", alias.sql(), shadow.from().sql());
        let labels: Vec<String> = labels
            .iter()
            .map(|label| Ident::new(label.as_str()).literal())
            .collect();
        return decision.check(
            format!("every value of {}.{} is one of {}", shadow.table_name().shown(), shadow.old.name, shadow.type_sql),
            questions::rows_where(shadow.table, &alias, &format!("{old}::text NOT IN ({})", labels.join(", "))),
            "add these values to the type, fix them in an earlier revision, or say USING (an expression that fixes them)",
        );
    }
    if context
        .catalog
        .new_types
        .contains(&crate::sql::types::bare(&shadow.type_sql))
    {
        return decision.note(format!(
            "whether every value can become {} is seen when it is filled",
            shadow.type_sql
        ));
    }
    let (key, rows) = match foreseen::rows(
        &shadow.table_name(),
        &shadow.forward.column_names(),
        context,
    ) {
        Rows::Foreseen(rows) => (rows.key_text(shadow.table, &alias), Some(rows.sql)),
        Rows::Now | Rows::Unknown => (questions::key_text(shadow.table, &alias), None),
    };
    decision.check(
        format!(
            "every value of {}.{} can become {}",
            shadow.table_name().shown(),
            shadow.old.name,
            shadow.type_sql
        ),
        Question::NoErrors {
            table: shadow.table_name(),
            key,
            alias,
            expression: value,
            rows,
        },
        "fix these values in an earlier revision, or say USING (an expression that fixes them)",
    )
}

/// The values of an enum that the same revision makes.
fn made_here<'a>(shadow: &Shadow<'_>, context: &Context<'a>) -> Option<&'a [String]> {
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
