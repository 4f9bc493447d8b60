//! `concertina downgrade`

use super::{Found, live, settings, until};
use crate::args::Common;
use crate::exit::Exit;
use crate::limits::LimitWords;
use concertina::Failure;
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
    let until = until(contract);
    let (target, policy) = (Target::parse(target), Policy { allow_data_loss });
    live::run(common, &found, settings, async |engine| {
        concertina::downgrade(engine, &history, &target, until, &policy).await
    })
    .await
}
