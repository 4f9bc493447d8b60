//! Which server holds our lock, and on which timeline: a standby that was promoted may lack what
//! the old primary had acknowledged.

use crate::connection::session::Session;
use crate::error::{Class, Error};

/// A server's past, as far as what it acknowledged goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lineage {
    /// When the server was started.
    started: String,
    /// It becomes another with each promotion, and stays the same across crashes; none where the
    /// server doesn't tell.
    timeline: Option<String>,
}

impl Lineage {
    pub(crate) async fn of(session: &Session) -> Result<Lineage, Error> {
        let sql = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)";
        let timeline = match session
            .query_one("asking the server's timeline", sql, &[])
            .await
        {
            Ok(row) => Some(row.get(0)),
            Err(error) if error.class() == Class::Fatal => None,
            Err(error) => return Err(error),
        };
        Ok(Lineage {
            started: session.server.clone(),
            timeline,
        })
    }

    /// Whether another server's records are trusted in place of this one's: those of a promoted
    /// standby aren't. Where no timeline is told, only the same server is.
    pub(crate) fn goes_on_as(&self, now: &Lineage) -> bool {
        match (&self.timeline, &now.timeline) {
            (Some(before), Some(now)) => before == now,
            (None, _) | (_, None) => self.started == now.started,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(started: &str, timeline: Option<&str>) -> Lineage {
        Lineage {
            started: started.to_owned(),
            timeline: timeline.map(str::to_owned),
        }
    }

    #[test]
    fn a_restart_goes_on_and_a_promotion_does_not() {
        let before = lineage("1", Some("00000001"));
        assert!(before.goes_on_as(&lineage("2", Some("00000001"))));
        assert!(!before.goes_on_as(&lineage("2", Some("00000002"))));
        // Who isn't told takes each other server for a promoted one.
        assert!(!before.goes_on_as(&lineage("2", None)));
        assert!(lineage("1", None).goes_on_as(&lineage("1", None)));
        assert!(!lineage("1", None).goes_on_as(&lineage("2", None)));
    }
}
