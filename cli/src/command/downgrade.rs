//! `concertina downgrade`

use super::{Found, live, settings};
use crate::args::{Common, LimitWords};
use concertina::{Exit, Failure, Until};
use concertina_planner::Policy;
use concertina_revisions::Target;

pub(crate) async fn run(
    common: &Common,
    target: &str,
    contract: bool,
    allow_data_loss: bool,
    limits: &LimitWords,
) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    let history = found.history()?;
    let settings = settings(&mut found, limits)?;
    let until = if contract { Until::Contracted } else { Until::Backfilled };
    let (target, policy) = (Target::parse(target), Policy { allow_data_loss });
    live::run(common, &found, settings, async |engine| {
        concertina::downgrade(engine, &history, &target, until, &policy).await
    })
    .await
}
