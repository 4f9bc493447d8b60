//! `concertina plan`

use super::Found;
use crate::args::Common;
use crate::draw;
use concertina::{Exit, Failure};
use concertina_revisions::Target;

pub(crate) async fn run(common: &Common, target: &str, sql: bool) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let history = found.history()?;
    let plans = concertina::pending(&found.reader()?, &history, &Target::parse(target)).await?;
    draw::plan::print(&plans, common.json, sql);
    Ok(Exit::Done)
}
