//! Several fills of one table become one pass: each row is written once, and the table is walked
//! once.
//!
//! Two UPDATEs are joined when each gives values to columns that the revision made, says nothing of
//! the rows but that its column IS NULL, and neither reads what the other writes. A value that
//! someone else has written meanwhile stays, as it would with each alone.

use crate::catalog::Trigger;
use crate::change::{Change, Update};
use crate::drawn;
use crate::expr::{Expr, Scope, Shape};
use crate::fold::Seen;
use crate::footprint::Footprint;
use concertina_revisions::Ident;

/// Joins what can be joined. `plain`: the statement has no directives, which are for it alone.
pub(crate) fn join(changes: Vec<Seen>, plain: impl Fn(usize) -> bool) -> Vec<Seen> {
    let mut kept: Vec<Seen> = Vec::new();
    for mut seen in changes {
        if let Some((at, place)) = partner(&seen, &kept, &plain)
            && let Some(joined) = joined(&kept[at], &seen)
        {
            let mut first = kept.remove(at);
            first.folded.insert(0, first.statement);
            seen.folded.extend(std::mem::take(&mut first.folded));
            seen.touches.merge(&first.touches);
            seen.change = Change::Update(joined);
            if place == at {
                seen.before = first.before;
            } else {
                unwrite(&mut seen, &first.change);
            }
            kept.insert(place, seen);
            continue;
        }
        kept.push(seen);
    }
    kept
}

/// What an earlier fill wrote isn't written yet where that one has moved on to this one.
fn unwrite(seen: &mut Seen, first: &Change) {
    let Change::Update(first) = first else { return };
    let Some(table) = seen.before.table_mut(&first.table) else {
        return;
    };
    for (column, _) in &first.sets {
        table
            .get_mut(column)
            .into_iter()
            .for_each(|column| column.is_written = false);
    }
}

/// The place of an earlier fill of the same table, and the place of both: the earlier one's, if
/// this one can be moved back to it, or the end, if that one can be moved there.
fn partner(seen: &Seen, kept: &[Seen], plain: &impl Fn(usize) -> bool) -> Option<(usize, usize)> {
    let Change::Update(update) = &seen.change else {
        return None;
    };
    if !plain(seen.statement) || !is_fill(update, seen) {
        return None;
    }
    let of_table = |before: &Seen| matches!(&before.change, Change::Update(other) if other.table == update.table);
    let at = kept.iter().rposition(of_table)?;
    let (before, between) = (&kept[at], &kept[at + 1..]);
    let Change::Update(other) = &before.change else {
        return None;
    };
    if drawn::share(before, seen)
        || !(plain(before.statement) && is_fill(other, before) && are_apart(other, update, seen))
    {
        return None;
    }
    let free = |touches: &Footprint| !between.iter().any(|one| one.touches.conflicts(touches));
    if free(&seen.touches) {
        Some((at, at))
    } else if free(&before.touches) {
        Some((at, kept.len() - 1))
    } else {
        None
    }
}

/// Whether an UPDATE gives values to columns of the revision, in all rows that have none.
fn is_fill(update: &Update, seen: &Seen) -> bool {
    let table = seen.before.table(&update.table);
    let new = |column: &Ident| table.is_some_and(|table| table.is_fresh(column));
    let of_itself = match update.sets.as_slice() {
        [(column, _)] => crate::fold::only_null(update, column),
        _ => update.predicate.is_none(),
    };
    // These see a write for each statement.
    let members = std::iter::once(update.table.clone()).chain(seen.before.below(&update.table));
    let known = members.filter_map(|name| seen.before.table(&name));
    let is_seen = known.into_iter().any(|table| {
        let sees = |trigger: &Trigger| trigger.on_update || trigger.of_statement[1];
        table.triggers.iter().any(sees) || table.rules.iter().any(|rule| rule.event[1])
    });
    update.whole.is_none()
        && update.unwalkable.is_none()
        && update.from.is_none()
        && of_itself
        && !is_seen
        && table.is_some_and(|table| !table.is_new)
        && !update.sets.is_empty()
        && update
            .sets
            .iter()
            .all(|(column, value)| new(column) && value.shape != Shape::Default)
}

/// Whether neither writes or reads what the other writes.
fn are_apart(one: &Update, other: &Update, seen: &Seen) -> bool {
    let writes = Update::assigned;
    let reads = |update: &Update| -> Vec<Ident> {
        let scope = Scope {
            alias: &update.alias,
            table: &update.table,
            others: &update.reads,
            catalog: &seen.before,
        };
        update
            .sets
            .iter()
            .flat_map(|(_, value)| scope.target_columns(value))
            .collect()
    };
    let disjoint = |one: &[Ident], other: &[Ident]| !one.iter().any(|name| other.contains(name));
    let (first, second) = (writes(one), writes(other));
    one.alias == other.alias
        && !one.reads.contains(&one.table)
        && !other.reads.contains(&other.table)
        && disjoint(&first, &second)
        && disjoint(&first, &reads(other))
        && disjoint(&second, &reads(one))
}

fn joined(first: &Seen, second: &Seen) -> Option<Update> {
    let (Change::Update(first), Change::Update(second)) = (&first.change, &second.change) else {
        return None;
    };
    let kept = |update: &Update| -> Option<Vec<(Ident, Expr)>> {
        if update.sets.len() > 1 {
            return Some(update.sets.clone());
        }
        let (column, value) = update.sets.first()?;
        let text = format!(
            "COALESCE({}.{}, {})",
            update.alias.sql(),
            column.sql(),
            value.sql
        );
        Some(vec![(column.clone(), crate::sql::from_text(&text)?)])
    };
    let mut sets = kept(first)?;
    sets.extend(kept(second)?);
    let mut reads = first.reads.clone();
    reads.extend(second.reads.clone());
    Some(Update {
        sets,
        reads,
        predicate: None,
        sql: format!("{}; {}", first.sql, second.sql),
        ..second.clone()
    })
}

#[cfg(test)]
mod tests {
    use crate::plan::Work;
    use crate::{Catalog, Plan, Table, plan};
    use concertina_revisions::{Revision, RevisionId};

    fn planned(sql: &str) -> Plan {
        let text = format!("ALTER TABLE leads ADD COLUMN a text, ADD COLUMN b int; {sql}");
        let revision = Revision::from_text(&RevisionId::new("r"), &text).expect("valid SQL");
        let leads = Table::new("leads")
            .rows(1_000_000)
            .column("id", "bigint")
            .column("email", "text");
        plan(&revision, &Catalog::of([leads])).expect("a plan")
    }

    fn passes(sql: &str) -> usize {
        planned(sql)
            .backfill
            .iter()
            .filter(|step| matches!(step.work, Work::Backfill { .. }))
            .count()
    }

    #[test]
    fn fills_that_know_nothing_of_each_other_are_one_pass() {
        let sql =
            "UPDATE leads SET a = lower(email) WHERE a IS NULL; UPDATE leads SET b = length(email)";
        assert_eq!(passes(sql), 1);
        let summary = planned(sql).backfill[0].work.summary().join(" ");
        assert!(
            summary.contains("a = COALESCE(leads.a, lower(email))"),
            "{summary}"
        );
    }

    #[test]
    fn an_earlier_fill_may_wait_for_the_column_of_a_later_one() {
        let sql = "UPDATE leads SET a = lower(email) WHERE a IS NULL; ALTER TABLE leads ADD COLUMN c int; \
                   UPDATE leads SET c = length(email)";
        assert_eq!(passes(sql), 1);
    }

    #[test]
    fn fills_that_read_each_other_are_two() {
        assert_eq!(
            passes("UPDATE leads SET a = lower(email); UPDATE leads SET b = length(a)"),
            2
        );
        assert_eq!(
            passes(
                "UPDATE leads SET a = lower(email); UPDATE leads SET b = 1 WHERE email LIKE 'x%'"
            ),
            2
        );
        assert_eq!(
            passes(
                "UPDATE leads SET a = lower(email); DELETE FROM leads WHERE a = ''; UPDATE leads SET b = id"
            ),
            3
        );
    }
}
