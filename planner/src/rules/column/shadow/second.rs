//! The second column until it takes the first one's place, and the trigger between the two.

use super::super::generated;
use super::{Shadow, Swap};
use crate::action::{Action, Sync, Twin};
use crate::catalog::{Column, Table};
use crate::decision::{Decision, Rank};
use crate::footprint::{Footprint, Thing};
use crate::plan::{Phase, Work};
use crate::rules::{Context, helper};
use concertina_revisions::Ident;

const WRITTEN: &str =
    "a second column beside the first; whatever is written to either is carried over to the other";

/// The second column, with the settings of the first, and the trigger.
pub(super) fn column(shadow: &Shadow<'_>, context: &Context<'_>, swap: &mut Swap) -> Decision {
    let (table, from, to) = (shadow.table_name(), shadow.from(), shadow.to());
    let add = Action::AddColumn {
        table: table.clone(),
        column: to.clone(),
        type_sql: super::super::column_type::with_collation(
            &shadow.type_sql,
            shadow.collation.as_ref(),
        ),
        default: None,
        not_null: false,
        references: None,
    };
    let sync = carrying(shadow, context);
    let mut actions = vec![add, Action::InstallSync(sync.clone())];
    let below = context.catalog.below(&table);
    for one in
        std::iter::once(shadow.table).chain(below.iter().filter_map(|name| context.table(name)))
    {
        let Some(old) = one.get(&from) else { continue };
        actions.extend(
            looks(one, old, &to, one.full_name() != table)
                .into_iter()
                .map(|sql| {
                    Action::exclusively(
                        format!(
                            "carry over the settings of {}.{}",
                            one.full_name().shown(),
                            from.as_str()
                        ),
                        sql,
                        &one.full_name(),
                    )
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

/// The trigger that carries over whatever is written to either of the two columns.
fn carrying(shadow: &Shadow<'_>, context: &Context<'_>) -> Sync {
    let (table, from, to) = (shadow.table_name(), shadow.from(), shadow.to());
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
    Sync {
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
    }
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
    let owns = shadow.old.owns_sequence;
    (identity.is_some() || owns || draws()).then(|| Action::MoveNumbers {
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
