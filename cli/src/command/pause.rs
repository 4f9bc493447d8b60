//! `concertina pause`, `concertina resume`

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;

pub(crate) async fn pause(common: &Common, reason: &str) -> Result<Exit, Failure> {
    Found::read(common)?.reader()?.pause(reason).await?;
    draw::line(
        common.quiet,
        "backfills are paused; `concertina resume` resumes them",
    );
    Ok(Exit::Done)
}

pub(crate) async fn resume(common: &Common) -> Result<Exit, Failure> {
    Found::read(common)?.reader()?.resume().await?;
    draw::line(common.quiet, "backfills are resumed");
    Ok(Exit::Done)
}
