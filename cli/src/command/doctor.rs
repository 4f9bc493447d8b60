//! `concertina doctor`, `concertina wait`

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use concertina_engine::Severity;
use std::time::Duration;

pub(crate) async fn run(common: &Common) -> Result<Exit, Failure> {
    let findings = Found::read(common)?.reader()?.doctor().await?;
    draw::doctor::print(&findings, common.json);
    let wrong = findings
        .iter()
        .any(|finding| finding.severity == Severity::Wrong);
    Ok(if wrong { Exit::Error } else { Exit::Done })
}

pub(crate) async fn wait(common: &Common, seconds: u64) -> Result<Exit, Failure> {
    Found::read(common)?
        .reader()?
        .wait(Duration::from_secs(seconds))
        .await?;
    Ok(Exit::Done)
}
