//! The records of a transaction of statements that are run as they are written, as SQL that ends
//! it: whatever the statements made of their session, nothing has to be prepared.

use super::Begin;
use crate::error::Error;
use crate::state::Direction;
use concertina_revisions::{Ident, RevisionId};

/// Records a step as done, and that its rows are ours. The savepoint's own id is the last of the
/// transaction.
pub(crate) fn step_done(
    revision: &RevisionId,
    direction: Direction,
    step: &str,
    seconds: f64,
) -> String {
    let [revision, direction, step] = [revision.as_str(), direction.as_str(), step].map(literal);
    format!(
        "SAVEPOINT concertina; \
         INSERT INTO concertina.step (revision, direction, step, seconds, xid_first) \
         VALUES ({revision}, {direction}, {step}, {seconds}, pg_catalog.pg_current_xact_id()::xid::text::bigint) \
         ON CONFLICT (revision, direction, step) DO UPDATE SET xid_first = excluded.xid_first, done_at = pg_catalog.now(); \
         UPDATE concertina.step SET xid_last = xmin::text::bigint \
         WHERE revision = {revision} AND direction = {direction} AND step = {step}; \
         RELEASE SAVEPOINT concertina; "
    )
}

/// Records a revision as run to its end.
pub(crate) fn revision_done(begin: &Begin<'_>) -> Result<String, Error> {
    let id = literal(begin.id.as_str());
    Ok(match begin.direction {
        Direction::Up => {
            let (plan, reverse) = super::stored(begin.plan)?;
            let parents: Vec<String> = begin
                .parents
                .iter()
                .map(|parent| literal(parent.as_str()))
                .collect();
            format!(
                "INSERT INTO concertina.revision (number, id, parents, checksum, direction, state, plan, reverse) \
                 SELECT coalesce(max(number), 0) + 1, {id}, ARRAY[{}]::text[], {}, 'up', 'applied', {}, {} FROM concertina.revision; ",
                parents.join(", "),
                literal(&begin.checksum.0),
                literal(&plan),
                literal(&reverse)
            )
        }
        Direction::Down => format!("DELETE FROM concertina.revision WHERE id = {id}; "),
    })
}

fn literal(text: &str) -> String {
    Ident::new(text).literal()
}
