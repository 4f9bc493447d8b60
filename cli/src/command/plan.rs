//! `concertina plan`

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use concertina_revisions::Target;

pub(crate) async fn run(
    common: &Common,
    target: &str,
    sql: bool,
    estimate: bool,
) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let history = found.history()?;
    let reader = found.rehearser()?;
    let plans = concertina::pending(&reader, &history, &Target::parse(target)).await?;
    let mut estimates = Vec::new();
    if estimate {
        for plan in &plans {
            estimates.push(reader.estimate(plan).await?);
        }
    }
    draw::plan::print(&plans, &estimates, common.json, sql);
    Ok(Exit::Done)
}
