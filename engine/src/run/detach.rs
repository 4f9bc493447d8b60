//! Taking a partition off its parent. PostgreSQL does it in two transactions: after the first the
//! parent's queries miss the rows already, and the second needs the partition's strongest lock for
//! a moment. So each try is a step of the lock ladder, and what was begun is ended with FINALIZE.

use crate::connection::session::millis;
use crate::error::{Class, Error};
use crate::lock::ladder::Ladder;
use crate::lock::lease::Lease;
use crate::run::Place;
use crate::run::proof;
use concertina_planner::action::sql::finalize_detach;
use concertina_planner::action::{Lock, Online};
use concertina_revisions::TableName;

impl Lease {
    /// Detaches the partition, or ends what an interrupted run began. True when it had been.
    pub(crate) async fn detach(
        &mut self,
        place: &Place,
        parent: &TableName,
        partition: &TableName,
    ) -> Result<bool, Error> {
        let doing = place.doing();
        let mut ladder = Ladder::new(
            &doing,
            &[(partition.clone(), Lock::AccessExclusive)],
            self.settings.lock_budget,
        );
        let mut already = true;
        loop {
            let attempt = ladder.look(self).await?;
            let sql = match proof::detaching(&self.records, parent, partition).await? {
                None => return Ok(already),
                Some(true) => finalize_detach(parent, partition),
                Some(false) => Online::Detach {
                    parent: parent.clone(),
                    partition: partition.clone(),
                }
                .sql(),
            };
            already = false;
            let limits = format!(
                "SET lock_timeout = {}; SET statement_timeout = 0;",
                millis(attempt.lock_timeout)
            );
            match self.alone(&doing, &limits, &sql).await {
                Err(error) if error.class() == Class::Contention => {
                    ladder.step_back(self, &error).await?;
                }
                Err(error) => return Err(error),
                Ok(()) => {}
            }
        }
    }
}
