//! `concertina stamp`

use super::{Found, live, settings};
use crate::args::Common;
use crate::exit::Exit;
use crate::limits::LimitWords;
use concertina::{Despite, Failure};
use concertina_revisions::Target;

pub(crate) async fn run(
    common: &Common,
    target: &str,
    force: bool,
    purge: bool,
) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    let history = found.history()?;
    let settings = settings(&mut found, &LimitWords::default())?;
    let target = Target::parse(target);
    let despite = match (purge, force) {
        (true, _) => Despite::Anything,
        (false, true) => Despite::Edited,
        (false, false) => Despite::Nothing,
    };
    live::run(common, &found, settings, async |engine| {
        concertina::stamp(engine, &history, &target, despite).await
    })
    .await
}
