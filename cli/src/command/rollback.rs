//! `concertina rollback`

use super::{Found, live, settings};
use crate::args::Common;
use crate::exit::Exit;
use crate::limits::LimitWords;
use concertina::Failure;

pub(crate) async fn run(common: &Common, revision: Option<&str>) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    let history = found.history()?;
    let settings = settings(&mut found, &LimitWords::default())?;
    live::run(common, &found, settings, async |engine| {
        concertina::rollback(engine, &history, revision).await
    })
    .await
}
