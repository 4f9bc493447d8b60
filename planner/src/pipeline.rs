//! The way from statements to a plan: understood one by one, folded, decided, ordered, and put
//! together.

use crate::assemble::assemble;
use crate::catalog::Catalog;
use crate::decision::{Decided, Decision};
use crate::fold::{self, Seen};
use crate::order::{Node, Order};
use crate::plan::Plan;
use crate::problem::{self, Problem};
use crate::rules;
use crate::rules::Context;
use crate::touches::{self, Whole};
use crate::versions::{self, Toward};
use crate::{barrier, drawn, fresh, lower, moved, one_pass, sql, unasked};
use concertina_revisions::{Diagnostic, Revision, Statement};
use std::collections::BTreeSet;

/// The catalog as a revision leaves it.
pub(crate) fn settled_by(seen: &[Seen], revision: &Revision, catalog: &Catalog) -> Catalog {
    let mut after = left_by(seen, catalog);
    seen.iter().for_each(|seen| after.populate(&seen.change));
    after.settle();
    versions::settle(&mut after, &revision.id);
    after
}

/// Every statement of a list understood, each with the catalog that it meets; and what is wrong
/// with the others.
pub(crate) fn lower_all(
    revision: &Revision,
    statements: &[Statement],
    catalog: &Catalog,
) -> (Vec<Seen>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut seen = Vec::new();
    let mut now = catalog.clone();
    for (at, statement) in statements.iter().enumerate() {
        let mentioned = sql::mentioned(statement.tree.as_ref(), &now);
        let lowered = match lower::lower(statement, &mentioned, &now) {
            Err(problem) if problem.is_of_blocking() && statement.directives.allows_blocking() => {
                Ok(vec![lower::as_allowed(statement, &now)])
            }
            other => other,
        };
        match lowered {
            Ok(changes) => {
                for change in changes {
                    let next = now.after(&change);
                    let touches = touches::of_change(&change, &now).and(&mentioned);
                    let touches =
                        touches::with_family(touches::with_called(touches, &change, &now), &now);
                    seen.push(Seen {
                        touches,
                        change,
                        statement: at,
                        before: std::mem::replace(&mut now, next),
                        folded: vec![],
                    });
                }
            }
            Err(problem) => problems.push(problem.at(&revision.source, statement.span)),
        }
    }
    (seen, problems)
}

/// The catalog after all of the changes.
pub(crate) fn left_by(seen: &[Seen], catalog: &Catalog) -> Catalog {
    seen.last()
        .map_or_else(|| catalog.clone(), |last| last.before.after(&last.change))
}

/// The plan of statements by the rules.
pub(crate) fn plan_statements(
    revision: &Revision,
    statements: &[Statement],
    catalog: &Catalog,
    toward: &Toward<'_>,
) -> Result<Plan, Vec<Diagnostic>> {
    let (seen, mut problems) = lower_all(revision, statements, catalog);
    let mut seen = one_pass::join(fold::fold(seen), |statement| {
        statements[statement].directives.0.is_empty()
    });
    fresh::set_free(&mut seen);
    let end = left_by(&seen, catalog);
    let version = toward.schema(catalog);
    let mut decisions: Vec<Decided> = Vec::new();
    // Statements that their authors allow to block, as they are written and whatever else of them
    // could be done online.
    let mut as_written = BTreeSet::new();
    // Tables of which it is left to PostgreSQL what statements do.
    let mut left_open = Vec::new();
    for (position, one) in seen.iter().enumerate() {
        let statement = &statements[one.statement];
        let context = Context::new(&seen, position, &statement.directives, version.as_ref());
        if as_written.contains(&one.statement) {
            continue;
        }
        let decided = rules::decide(&one.change, &context).and_then(|mut decision| {
            if let Some(behind) = barrier::before(&seen, position) {
                decision = barrier::guard(decision, statement, behind, &context, &mut left_open)?;
            }
            drawn::guard(&seen, position)?;
            unasked::leave_out(&mut decision, &seen, position);
            Ok(decision)
        });
        match decided {
            Ok(decision) => decisions.push(answered(decision, one)),
            Err(problem) if problem.is_of_blocking() && statement.directives.allows_blocking() => {
                as_written.insert(one.statement);
                decisions
                    .retain(|decided| decided.statements.first() != Some(&(one.statement + 1)));
                let decision = rules::blocking(&one.change, &statement.sql, &context);
                decisions.push(Decided {
                    decision: touching(decision, one),
                    statements: vec![one.statement + 1],
                });
            }
            Err(problem) => problems.push(problem.at(&revision.source, statement.span)),
        }
    }
    // Parts are in their phases from here on.
    let mut order = Order::of(&mut decisions);
    moved::told(&mut decisions, &order);
    match versions::decide(toward, &decisions, catalog, &end) {
        Ok(mut decision) => {
            order.add(&mut decision, decisions.len());
            decisions.push(Decided {
                decision,
                statements: vec![],
            });
        }
        Err(problem) => problems.push(problem.at(&revision.source, revision.beginning())),
    }
    for (own, problem) in unwanted(&order, &decisions) {
        problems.push(problem.at(&revision.source, statements[own - 1].span));
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.place.as_ref().map(|(_, span)| span.start));
        return Err(problems);
    }
    Ok(assemble(
        &revision.id,
        &decisions,
        &order,
        &end,
        toward.is_behind,
    ))
}

/// The decision with the statements that it answers: its own, and those that are folded into it.
fn answered(decision: Decision, one: &Seen) -> Decided {
    let statements = std::iter::once(&one.statement).chain(&one.folded);
    Decided {
        decision: touching(decision, one),
        statements: statements.map(|statement| statement + 1).collect(),
    }
}

/// The statements, counted from 1, that their authors want in an earlier phase than what they
/// depend on.
fn unwanted(order: &Order, decisions: &[Decided]) -> Vec<(usize, Problem)> {
    let statement = |decision: usize| decisions.get(decision)?.statements.first().copied();
    let problem = |(node, cause): (&Node, &Node)| {
        let (own, earlier) = (statement(node.decision)?, statement(cause.decision)?);
        let thing = cause.part.touches.contested(&node.part.touches).next();
        let thing = thing.map_or_else(|| "the same".to_owned(), ToString::to_string);
        let problem = problem::too_early(own, earlier, &thing, cause.part.phase);
        Some((own, problem))
    };
    order.unwanted().filter_map(problem).collect()
}

/// Says of each part what it touches; where its rule did, with the tables above.
fn touching(mut decision: Decision, seen: &Seen) -> Decision {
    let whole = Whole {
        change: &seen.change,
        touches: &seen.touches,
    };
    for part in &mut decision.parts {
        let own = if part.is_known {
            std::mem::take(&mut part.touches)
        } else {
            touches::of_part(&part.work, &whole)
        };
        part.touches = touches::with_family(own, &seen.before);
    }
    decision
}
