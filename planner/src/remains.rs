//! What a rollback leaves, said before the first change: what a statement did to things that were
//! there before, where nobody knows how they were.

use crate::decision::Decided;
use crate::footprint::{How, Thing};
use crate::order::{Node, Order};
use crate::plan::{Hazard, Phase};
use crate::problem::hazard;

/// The statements of a plan whose work before contract a rollback can't take back.
pub(crate) fn of(decisions: &[Decided], order: &Order) -> Vec<Hazard> {
    // What comes only in contract isn't there yet to be taken away.
    let before = order
        .nodes
        .iter()
        .filter(|node| node.part.phase != Phase::Contract);
    let with_undo = before.filter(|node| !node.part.undo.is_empty());
    let made: Vec<&Thing> = with_undo
        .flat_map(|node| {
            let writes = || node.part.touches.writes();
            // What was there by another name, or in another form, is there again.
            let was_there = move |thing: &Thing| {
                let same_kind =
                    |other: &Thing| std::mem::discriminant(other) == std::mem::discriminant(thing);
                writes().any(|access| access.how == How::Drop && same_kind(&access.thing))
            };
            writes().filter(move |access| access.how == How::Make && !was_there(&access.thing))
        })
        .map(|access| &access.thing)
        .collect();
    let mut all = Vec::new();
    for (
        at,
        Decided {
            decision,
            statements,
        },
    ) in decisions.iter().enumerate()
    {
        let Some(Err(why)) = &decision.reverse else {
            continue;
        };
        let mut own = order.nodes.iter().filter(|node| node.decision == at);
        if own.any(|node| stays(node, &made)) {
            let message = format!("a rollback leaves what this statement did: {why}");
            let statement = statements.first().copied().unwrap_or(1);
            all.push(Hazard {
                code: hazard::REMAINS.0.to_owned(),
                message,
                statement,
            });
        }
    }
    all
}

/// Whether a part is done before contract, and neither its own undo nor that of another part takes
/// it back.
fn stays(node: &Node, made: &[&Thing]) -> bool {
    let part = &node.part;
    let goes = |thing: &Thing| made.iter().any(|made| goes_with(thing, made));
    part.phase != Phase::Contract
        && part.undo.is_empty()
        && !part
            .touches
            .writes()
            .filter(|access| !access.thing.is_ours())
            .all(|access| goes(&access.thing))
}

/// Whether one thing isn't there any more when the other is taken away.
fn goes_with(thing: &Thing, made: &Thing) -> bool {
    if thing == made {
        return true;
    }
    match (thing, made) {
        (Thing::Rights(of, _) | Thing::Owner(of) | Thing::Comment(of), _) => goes_with(of, made),
        (
            Thing::Rows(table, Some(column)) | Thing::Aspect(table, Some(column), _),
            Thing::Column(of, Some(own)),
        ) => table == of && column == own,
        (_, Thing::Relation(made)) => thing.table() == Some(made),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::problem::hazard;
    use crate::{Catalog, Table, plan};
    use concertina_revisions::{Revision, RevisionId};

    /// What a plan says that a rollback leaves.
    fn left(text: &str) -> Vec<String> {
        let revision = Revision::from_text(&RevisionId::new("r"), text).expect("valid SQL");
        let leads = Table::new("leads").rows(10).column("id", "bigint");
        let plan = plan(&revision, &Catalog::of([leads])).expect("a plan");
        let told = plan
            .warnings
            .iter()
            .filter(|told| told.code == hazard::REMAINS.0);
        told.map(|one| one.message.clone()).collect()
    }

    #[test]
    fn rows_stay_in_a_table_that_only_gets_its_name_back() {
        let rows = left("ALTER TABLE leads RENAME TO people; INSERT INTO people (id) VALUES (7)");
        assert!(
            matches!(rows.as_slice(), [row] if row.contains("which rows")),
            "{rows:?}"
        );
        assert!(left("CREATE TABLE other (id bigint); INSERT INTO other VALUES (7)").is_empty());
    }

    #[test]
    fn rows_that_a_with_took_elsewhere_have_no_way_back() {
        let leads = Table::new("leads").rows(10).column("id", "bigint");
        let text = "CREATE TABLE old (id bigint); WITH d AS (DELETE FROM leads RETURNING id) INSERT INTO old SELECT id FROM d";
        let revision = Revision::from_text(&RevisionId::new("r"), text).expect("valid SQL");
        let plan = plan(&revision, &Catalog::of([leads])).expect("a plan");
        assert!(plan.reverse.is_err_and(|why| why.contains("leads")));
    }
}
