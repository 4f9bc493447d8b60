//! ADD COLUMN
//!
//! **Danger**: a volatile default, serial or a domain rewrites the table under ACCESS EXCLUSIVE; an
//! inline CHECK or UNIQUE scans or builds under it. **Instead**: one value for all rows is a
//! metadata-only change (PostgreSQL 11 and later); anything else becomes a nullable column, a
//! default and a trigger for writers, a backfill, and only then constraints. **Hazard**: a default
//! that only stands in for old code is dropped in contract.

use super::{identity, not_null, numbered};
use crate::action::{Action, Backfill, Operation, Sync, Value};
use crate::change::{AddColumn, Fill, NewColumn, NewConstraint, NewConstraintKind, Special};
use crate::decision::Decision;
use crate::expr::{Expr, Shape};
use crate::plan::Question;
use crate::problem::{self, Problem, code, hazard};
use crate::rules::constraint::{check, foreign_key, unique};
use crate::rules::object::guard;
use crate::rules::rows::synced;
use crate::rules::small::is_small;
use crate::rules::{Context, helper, questions};
use crate::sql::types;
use concertina_revisions::{Ident, TableName};

pub(crate) fn add_column(add: &AddColumn, context: &Context<'_>) -> Result<Decision, Problem> {
    let AddColumn {
        table,
        column,
        fill,
    } = add;
    let empty = context.catalog.is_empty(table);
    let has_own_values = match (&column.special, &column.default, fill) {
        (Special::Serial | Special::Identity(_), ..) => true,
        (Special::None, Some(default), None) => default.is_volatile(context.catalog),
        _ => false,
    };
    if has_own_values && !empty {
        let what = "a column with a value of its own for each row";
        guard::unnoticed(table, what, context)?;
    }
    numbered::in_their_place(add, context)?;
    let decision = by_its_values(add, context)?;
    let reverse = format!(
        "ALTER TABLE {} DROP COLUMN {}",
        table.sql(),
        column.name.sql()
    );
    let decision = inline_constraints(decision, add, context)?.reverse(reverse);
    if empty {
        return Ok(decision);
    }
    Ok(decision.warning(
        hazard::APPEARS,
        format!(
            "{} is there from expand on: SELECT *, and COPY and INSERT without names, find it",
            table.shown_column(&column.name)
        ),
    ))
}

/// What the column holds decides how it is added.
fn by_its_values(add: &AddColumn, context: &Context<'_>) -> Result<Decision, Problem> {
    let AddColumn {
        table,
        column,
        fill,
    } = add;
    let empty = context.catalog.is_empty(table);
    let is_volatile = |default: &Expr| default.is_volatile(context.catalog);
    let domains = &context.catalog.constrained_domains;
    let rewrites = !empty && domains.contains(&types::bare(&column.type_sql));
    let small = is_small(table, context.catalog);
    Ok(match (&column.special, &column.default, fill) {
        (Special::Stored(definition), ..) if !empty && small => {
            stored(table, column, definition, context)
        }
        (Special::Stored(_), ..) if !empty => {
            return Err(problem::blocks(
                "a STORED generated column",
                "add a plain column and an UPDATE that computes it",
            ));
        }
        (Special::Identity(definition), ..) if !empty => {
            identity::add_column(table, column, definition, context)?
        }
        (
            Special::Stored(definition)
            | Special::Identity(definition)
            | Special::Virtual(definition),
            ..,
        ) => generated(table, column, definition, context),
        (Special::Serial, ..) => numbered::serial(table, column, empty, context)?,
        _ if rewrites && (fill.is_some() || !small) => {
            return Err(problem::blocks(
                "a column of a domain that demands something, which rewrites the table,",
                "add a column of the domain's base type, and a CHECK in a statement of its own",
            ));
        }
        (.., Some(fill)) => filled(table, column, fill),
        _ if rewrites && (column.default.is_some() || !column.not_null) => {
            of_domain(table, column, context)
        }
        (_, Some(default), None) if is_volatile(default) && !empty => {
            volatile(table, column, default, context)
        }
        _ if column.not_null && column.default.is_none() && !empty => {
            return Err(unfilled(column));
        }
        _ => plain(table, column),
    })
}

fn unfilled(column: &NewColumn) -> Problem {
    Problem::new(
        code::UNFILLED,
        format!(
            "column {} refuses NULL, but nothing fills it",
            column.name.as_str()
        ),
    )
    .label("fails on a table that holds rows")
    .help("give it a DEFAULT, or add an UPDATE that fills it to the same revision")
}

fn action(table: &TableName, column: &NewColumn, default: Option<Value>, not_null: bool) -> Action {
    Action::AddColumn {
        table: table.clone(),
        column: column.name.clone(),
        type_sql: column.type_sql.clone(),
        default,
        not_null,
        references: None,
    }
}

pub(crate) fn undo(table: &TableName, column: &NewColumn) -> [Action; 1] {
    [Action::DropColumn {
        table: table.clone(),
        column: column.name.clone(),
    }]
}

fn plain(table: &TableName, column: &NewColumn) -> Decision {
    let default = column
        .default
        .as_ref()
        .map(|value| Value::Sql(value.sql.clone()));
    let why = if default.is_some() {
        "a default that doesn't change is a metadata-only change: no row is written"
    } else if column.not_null {
        "the table holds no row"
    } else {
        "a nullable column is a metadata-only change: no row is written"
    };
    Decision::because(why).expand(
        action(table, column, default, column.not_null),
        undo(table, column),
    )
}

/// A column of a domain that demands something, on a table that is rewritten in a moment.
fn of_domain(table: &TableName, column: &NewColumn, context: &Context<'_>) -> Decision {
    let default = column
        .default
        .as_ref()
        .map(|value| Value::Sql(value.sql.clone()));
    let decision = Decision::because("the table is small: it is rewritten in a moment").expand(
        action(table, column, default, column.not_null),
        undo(table, column),
    );
    let is_volatile = |value: &Expr| value.is_volatile(context.catalog);
    let (Some(known), false) = (
        context.table(table),
        column.default.as_ref().is_some_and(is_volatile),
    ) else {
        return decision;
    };
    let alias = Ident::new(known.name.as_str());
    let key = questions::key_text(known, &alias);
    let value = column
        .default
        .as_ref()
        .map_or("NULL", |value| value.sql.as_str());
    let expression = format!("({value})::{}", column.type_sql);
    decision.check(
        format!(
            "{} allows what {}.{} is born with",
            column.type_sql,
            table.shown(),
            column.name.as_str()
        ),
        Question::NoErrors {
            table: table.clone(),
            key,
            alias,
            expression,
            rows: None,
        },
        "give the column a DEFAULT that the domain allows",
    )
}

/// ADD COLUMN, UPDATE and SET NOT NULL in one metadata-only change.
fn filled(table: &TableName, column: &NewColumn, fill: &Fill) -> Decision {
    let value = match fill {
        Fill::Constant(value) => Value::Sql(value.sql.clone()),
        Fill::Read(query) => Value::Read(query.sql.clone()),
    };
    let decision = Decision::because(
        "every row gets one value: a default held in the catalog, and no row is written",
    )
    .expand(
        action(table, column, Some(value), column.not_null),
        undo(table, column),
    );
    match &column.default {
        Some(wanted) => decision.expand(
            Action::SetDefault {
                table: table.clone(),
                column: column.name.clone(),
                default: Some(wanted.sql.clone()),
            },
            [],
        ),
        None => decision
            .then_because("the default only stands in for code that doesn't write the column yet")
            .contract(Action::SetDefault {
                table: table.clone(),
                column: column.name.clone(),
                default: None,
            })
            .hazard(hazard::DEFAULT, temporary_default(table, column)),
    }
}

fn temporary_default(table: &TableName, column: &NewColumn) -> String {
    let then = if column.not_null {
        "then fail"
    } else {
        "then leave it NULL"
    };
    format!(
        "code that doesn't write {}.{} yet relies on a temporary default; its inserts {then} once contract drops it",
        table.shown(),
        column.name.as_str()
    )
}

/// A value of its own for each row.
fn volatile(
    table: &TableName,
    column: &NewColumn,
    default: &Expr,
    context: &Context<'_>,
) -> Decision {
    let name = helper(
        "sync",
        &[
            table.schema.as_str(),
            table.name.as_str(),
            column.name.as_str(),
        ],
    );
    let sync = Sync {
        table: table.clone(),
        name: Ident::new(format!("zzz_{}", name.as_str())),
        assignments: vec![(column.name.clone(), default.sql.clone())],
        from: None,
        predicate: None,
        when: format!("new.{} IS NULL", column.name.sql()),
        again: None,
        search_path: Some(context.catalog.search_path.clone()),
        definer: false,
        guarded: false,
        twin: None,
        alias: None,
        follow: None,
    };
    let decision = Decision::because(
        "a default that changes from row to row would rewrite the table under ACCESS EXCLUSIVE",
    )
    .expand(action(table, column, None, false), undo(table, column))
    .expand(
        Action::SetDefault {
            table: table.clone(),
            column: column.name.clone(),
            default: Some(default.sql.clone()),
        },
        [],
    )
    .then_because(synced::WRITTEN_MEANWHILE)
    .expand(
        Action::InstallSync(sync.clone()),
        [Action::RemoveSync(sync.clone())],
    )
    .fill(own_value(table, column, default, context));
    let decision = check::for_a_rewrite(decision, table, context);
    let decision = if column.not_null {
        not_null::prove_and_set(decision, table, &column.name, context)
    } else {
        decision
    };
    decision.contract(Action::RemoveSync(sync))
}

/// A column that PostgreSQL computes or numbers, where it has no row to write.
fn generated(
    table: &TableName,
    column: &NewColumn,
    definition: &str,
    context: &Context<'_>,
) -> Decision {
    let type_sql = format!("{} {definition}", column.type_sql);
    let computed = matches!(column.special, Special::Virtual(_));
    // NOT NULL beside it would look at every row.
    let later = computed && column.not_null && !context.catalog.is_empty(table);
    let named = NewColumn {
        type_sql,
        ..column.clone()
    };
    let why = if computed {
        "it is computed when it is read: no row is written"
    } else {
        "the table holds no row"
    };
    let decision = Decision::because(why).expand(
        action(table, &named, None, column.not_null && !later),
        undo(table, column),
    );
    if later {
        not_null::prove_and_set(decision, table, &column.name, context)
    } else {
        decision
    }
}

/// A column whose values PostgreSQL computes and stores, on a table that is rewritten in a moment.
fn stored(
    table: &TableName,
    column: &NewColumn,
    definition: &str,
    context: &Context<'_>,
) -> Decision {
    let named = NewColumn {
        type_sql: format!("{} {definition}", column.type_sql),
        ..column.clone()
    };
    let decision = Decision::because("the table is small: it is rewritten in a moment").expand(
        action(table, &named, None, column.not_null),
        undo(table, column),
    );
    let value = crate::sql::stored_expression(definition)
        .filter(|value| value.reach.raises || column.not_null);
    let (Some(known), Some(value)) = (context.table(table), value) else {
        return decision;
    };
    let alias = Ident::new(known.name.as_str());
    let key = questions::key_text(known, &alias);
    let question = Question::NoErrors {
        table: table.clone(),
        key,
        alias,
        expression: value.sql,
        rows: None,
    };
    decision.check(
        format!(
            "every value of {}.{} can be computed",
            table.shown(),
            column.name.as_str()
        ),
        question,
        "fix these rows first, or write an expression that minds them (NULLIF, CASE)",
    )
}

/// Functions whose values say nothing of the order in which they are asked for.
const WITHOUT_ORDER: [&str; 7] = [
    "clock_timestamp",
    "gen_random_uuid",
    "random",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
];

fn own_value(
    table: &TableName,
    column: &NewColumn,
    value: &Expr,
    context: &Context<'_>,
) -> Backfill {
    let any = |name: &String| {
        context.catalog.is_volatile(name) && !WITHOUT_ORDER.contains(&name.as_str())
    };
    let in_order = value.functions.iter().any(any);
    Backfill {
        table: table.clone(),
        alias: table.name.clone(),
        operation: Operation::Assign(vec![(column.name.clone(), value.sql.clone())]),
        from: None,
        predicate: format!("{}.{} IS NULL", table.name.sql(), column.name.sql()),
        // What comes from a sequence comes in the order of the rows on the pages, as in
        // PostgreSQL's own rewrite.
        hot: !in_order,
        lookups: false,
        synced: true,
        workers: if in_order {
            Some(1)
        } else {
            context.directives.workers()
        },
        key: context.directives.key().map(<[Ident]>::to_vec),
        silent: context.catalog.may_silence,
    }
}

/// Constraints written beside the column, each by its own rule.
fn inline_constraints(
    mut decision: Decision,
    add: &AddColumn,
    context: &Context<'_>,
) -> Result<Decision, Problem> {
    let after = context
        .catalog
        .after(&crate::change::Change::AddColumn(AddColumn {
            column: NewColumn {
                constraints: vec![],
                ..add.column.clone()
            },
            ..add.clone()
        }));
    let context = Context {
        catalog: &after,
        ..*context
    };
    for constraint in &add.column.constraints {
        let born_valid = born_valid(add, constraint, &context);
        if let (true, Some(references)) = (born_valid, constraint.references()) {
            adopt_reference(&mut decision, constraint, references);
            continue;
        }
        decision = decision.and(match &constraint.kind {
            NewConstraintKind::Check(_) => check::add(&add.table, constraint, &context),
            NewConstraintKind::ForeignKey { .. } => {
                foreign_key::add(&add.table, constraint, &context)?
            }
            NewConstraintKind::Unique { .. } => unique::add(&add.table, constraint, &context)?,
            NewConstraintKind::NotNull(_) => {
                not_null::add_constraint(&add.table, constraint, &context)
            }
            NewConstraintKind::Exclude => check::exclude(&add.table, constraint, &context)?,
        });
    }
    Ok(decision)
}

/// A foreign key beside a nullable column without a default is valid from birth, without a scan, as
/// long as it stands in the same clause as the column.
fn born_valid(add: &AddColumn, constraint: &NewConstraint, context: &Context<'_>) -> bool {
    let all_null = add.fill.is_none()
        && add
            .column
            .default
            .as_ref()
            .is_none_or(|value| value.shape == Shape::Null)
        && add.column.special == Special::None
        && !context.is_filled(&add.table, &add.column.name);
    all_null && matches!(constraint.kind, NewConstraintKind::ForeignKey { .. })
}

fn adopt_reference(decision: &mut Decision, constraint: &NewConstraint, references: &TableName) {
    let clause = constraint
        .definition
        .split_once(" REFERENCES ")
        .map_or("", |(_, clause)| clause);
    let sql = format!("CONSTRAINT {} REFERENCES {clause}", constraint.name.sql());
    for part in &mut decision.parts {
        if let crate::plan::Work::Quick { actions } = &mut part.work
            && let Some(Action::AddColumn {
                references: slot, ..
            }) = actions.first_mut()
        {
            *slot = Some((sql.clone(), references.clone()));
        }
    }
}
