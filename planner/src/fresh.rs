//! The first values of a column that the revision made: what is demanded of the column may come
//! before them or after. So the fill comes first, without an index to keep up or a key to look up
//! for each row; and then the index, the key, the proof.

use crate::change::{Change, Update};
use crate::fold::Seen;
use crate::footprint::{Footprint, How, Thing};
use concertina_revisions::Ident;

/// Lets fills be done before what earlier statements demand of their columns. What is demanded no
/// more has to be gone, still.
pub(crate) fn set_free(seen: &mut [Seen]) {
    for at in 0..seen.len() {
        let (before, one) = seen.split_at_mut(at);
        let Some(one) = one.first_mut() else { continue };
        let Change::Update(update) = &one.change else {
            continue;
        };
        let fresh: Vec<&Ident> = first_values(update, one);
        let free = |thing: &Thing| {
            // Of the table, or of a partition.
            let Thing::Demands(_, Some(column)) = thing else {
                return false;
            };
            fresh.contains(&column) && !before.iter().any(|one| lifts(&one.touches, thing))
        };
        let met = one
            .touches
            .only(|access| access.how != How::Read || !free(&access.thing));
        one.touches = met;
    }
}

/// The columns that an UPDATE writes and nobody wrote before.
fn first_values<'a>(update: &'a Update, one: &Seen) -> Vec<&'a Ident> {
    let table = one
        .before
        .table(&update.table)
        .filter(|table| !table.is_new);
    let fresh = |column: &&Ident| table.is_some_and(|table| table.is_fresh(column));
    update
        .sets
        .iter()
        .map(|(column, _)| column)
        .filter(fresh)
        .collect()
}

/// Whether something is demanded of a column no more, or in another way.
fn lifts(touches: &Footprint, demands: &Thing) -> bool {
    touches.accesses.iter().any(|access| match access.how {
        How::Drop | How::Change => {
            matches!(access.thing, Thing::Demands(..)) && access.thing.overlaps(demands)
        }
        How::Read | How::Make => false,
    })
}

#[cfg(test)]
mod tests {
    use crate::plan::Work;
    use crate::{Catalog, Table, plan};
    use concertina_revisions::{Revision, RevisionId};

    /// The kinds of work of the backfill, in order.
    fn backfill(sql: &str) -> Vec<&'static str> {
        let revision = Revision::from_text(&RevisionId::new("r"), sql).expect("valid SQL");
        let leads = Table::new("leads")
            .rows(1_000_000)
            .column("id", "bigint")
            .column("owner_id", "bigint");
        let owners = Table::new("owners")
            .rows(1_000)
            .column("id", "bigint")
            .unique("owners_id", &["id"]);
        let plan = plan(&revision, &Catalog::of([leads, owners])).expect("a plan");
        let kind = |work: &Work| match work {
            Work::Backfill { .. } => "fill",
            Work::Slow { .. } => "slow",
            Work::Quick { .. } => "quick",
        };
        plan.backfill.iter().map(|step| kind(&step.work)).collect()
    }

    #[test]
    fn first_values_come_before_the_key_that_they_are_held_to() {
        let add = "ALTER TABLE leads ADD COLUMN keeper bigint REFERENCES owners (id);";
        let fill = "UPDATE leads SET keeper = owner_id;";
        assert_eq!(
            backfill(&format!("{add} {fill} CREATE INDEX ON leads (keeper);")),
            ["fill", "slow", "quick", "slow"]
        );
        // By the second values the key is there, whenever it is proven.
        let again = "UPDATE leads SET keeper = 5 WHERE keeper = 4;";
        assert_eq!(
            backfill(&format!("{add} {fill} {again}")),
            ["fill", "quick", "fill", "slow"]
        );
    }
}
