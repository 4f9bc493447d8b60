//! `concertina upgrade`, `concertina contract`

use super::{Found, live, settings, until};
use crate::args::Common;
use crate::exit::Exit;
use crate::limits::LimitWords;
use concertina::Failure;
use concertina_revisions::Target;

pub(crate) async fn upgrade(
    common: &Common,
    target: &str,
    contract: bool,
    limits: &LimitWords,
) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    let history = found.history()?;
    let settings = settings(&mut found, limits)?;
    let until = until(contract);
    let target = Target::parse(target);
    live::run(common, &found, settings, async |engine| {
        concertina::upgrade(engine, &history, &target, until).await
    })
    .await
}

pub(crate) async fn contract(common: &Common, limits: &LimitWords) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    // Contract needs no file; the rehearsal does.
    let history = found.history().ok();
    let settings = settings(&mut found, limits)?;
    live::run(common, &found, settings, async |engine| {
        concertina::contract(engine, history.as_ref()).await
    })
    .await
}
