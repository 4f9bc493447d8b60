//! Columns that come to stand elsewhere than their statements would put them: one whose name is
//! taken until contract is added only then, behind those that a later statement adds before.

use crate::decision::Decided;
use crate::footprint::{How, Thing};
use crate::order::{Node, Order};
use crate::problem::hazard;
use concertina_revisions::{Ident, TableName};

/// Tells of each such column, once a statement.
pub(crate) fn told(decisions: &mut [Decided], order: &Order) {
    let added: Vec<(&Node, &TableName, &Ident)> = order
        .nodes
        .iter()
        .filter_map(|node| added(node).map(|(table, column)| (node, table, column)))
        .collect();
    let mut all: Vec<(usize, String)> = Vec::new();
    for (at, (node, table, column)) in added.iter().enumerate() {
        let overtakes = |(other, of, _): &&(&Node, &TableName, &Ident)| {
            of == table && other.decision > node.decision && other.part.phase < node.part.phase
        };
        let Some((.., before)) = added[at + 1..].iter().find(overtakes) else {
            continue;
        };
        if all.iter().any(|(decision, _)| *decision == node.decision) {
            continue;
        }
        let message = format!(
            "{}.{} comes to stand behind {}: SELECT *, and COPY and INSERT without names, find it there",
            table.shown(),
            column.as_str(),
            before.as_str()
        );
        all.push((node.decision, message));
    }
    for (decision, message) in all {
        decisions[decision]
            .decision
            .hazards
            .push((hazard::ORDER, message));
    }
}

/// The column that a part adds to a table; none where another one goes with it, which is a name or
/// a swap.
fn added(node: &Node) -> Option<(&TableName, &Ident)> {
    let mut writes = node.part.touches.writes();
    if writes.any(|access| access.how == How::Drop && matches!(access.thing, Thing::Column(..))) {
        return None;
    }
    node.part.touches.writes().find_map(|access| {
        if let Thing::Column(table, Some(column)) = &access.thing
            && access.how == How::Make
        {
            Some((table, column))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::problem::hazard;
    use crate::{Catalog, Table, plan};
    use concertina_revisions::{Revision, RevisionId};

    /// What a plan says of columns that stand elsewhere.
    fn moved(text: &str) -> Vec<String> {
        let revision = Revision::from_text(&RevisionId::new("r"), text).expect("valid SQL");
        let leads = Table::new("leads")
            .rows(10)
            .column("id", "bigint")
            .column("raw", "json");
        let plan = plan(&revision, &Catalog::of([leads])).expect("a plan");
        let told = plan
            .hazards
            .iter()
            .filter(|told| told.code == hazard::ORDER.0);
        told.map(|one| one.message.clone()).collect()
    }

    #[test]
    fn a_column_that_waits_for_its_name_stands_behind_later_ones() {
        let again = "ALTER TABLE leads DROP COLUMN raw; ALTER TABLE leads ADD COLUMN raw text;";
        assert!(moved(again).is_empty());
        let overtaken = moved(&format!("{again} ALTER TABLE leads ADD COLUMN mail text"));
        assert!(
            matches!(overtaken.as_slice(), [one] if one.starts_with("leads.raw comes to stand behind mail")),
            "{overtaken:?}"
        );
        assert!(moved(&format!("ALTER TABLE leads ADD COLUMN mail text; {again}")).is_empty());
    }
}
