//! What a rollback leaves, said before the first change: what a statement did to things that were there before, where
//! nobody knows how they were.

use crate::decision::Decided;
use crate::footprint::{How, Thing};
use crate::order::{Node, Order};
use crate::plan::{Hazard, Phase};
use crate::problem::hazard;

/// The statements of a plan whose work before contract a rollback can't take back.
pub(crate) fn of(decisions: &[Decided], order: &Order) -> Vec<Hazard> {
    // What comes only in contract isn't there yet to be taken away.
    let before = order.nodes.iter().filter(|node| node.part.phase != Phase::Contract);
    let with_undo = before.filter(|node| !node.part.undo.is_empty());
    let made: Vec<&Thing> = with_undo
        .flat_map(|node| node.part.touches.writes())
        .filter(|access| access.how == How::Make)
        .map(|access| &access.thing)
        .collect();
    let mut all = Vec::new();
    for (at, Decided { decision, statements }) in decisions.iter().enumerate() {
        let Some(Err(why)) = &decision.reverse else { continue };
        let mut own = order.nodes.iter().filter(|node| node.decision == at);
        if own.any(|node| stays(node, &made)) {
            let message = format!("a rollback leaves what this statement did: {why}");
            let statement = statements.first().copied().unwrap_or(1);
            all.push(Hazard { code: hazard::REMAINS.0.to_owned(), message, statement });
        }
    }
    all
}

/// Whether a part is done before contract, and neither its own undo nor that of another part takes it back.
fn stays(node: &Node, made: &[&Thing]) -> bool {
    let part = &node.part;
    let goes = |thing: &Thing| made.iter().any(|made| goes_with(thing, made));
    part.phase != Phase::Contract
        && part.undo.is_empty()
        && !part.touches.writes().filter(|access| !access.thing.is_ours()).all(|access| goes(&access.thing))
}

/// Whether one thing isn't there any more when the other is taken away.
fn goes_with(thing: &Thing, made: &Thing) -> bool {
    if thing == made {
        return true;
    }
    match (thing, made) {
        (Thing::Rights(of, _) | Thing::Owner(of) | Thing::Comment(of), _) => goes_with(of, made),
        (Thing::Rows(table, Some(column)) | Thing::Aspect(table, Some(column), _), Thing::Column(of, Some(own))) => {
            table == of && column == own
        }
        (_, Thing::Relation(made)) => thing.table() == Some(made),
        _ => false,
    }
}
