//! `concertina history`, `concertina heads`

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use concertina_engine::Known;

pub(crate) async fn run(common: &Common) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let history = found.history()?;
    let known = known(&found).await?;
    draw::revisions::history(&history, &known, common.verbose > 0, common.json);
    Ok(Exit::Done)
}

/// What the database has; nothing without a database: it is still a history.
pub(crate) async fn known(found: &Found) -> Result<Vec<Known>, Failure> {
    match found.reader() {
        Ok(engine) => Ok(engine.known().await?),
        Err(Failure::Usage { .. }) => Ok(vec![]),
        Err(other) => Err(other),
    }
}

pub(crate) fn branches(common: &Common) -> Result<Exit, Failure> {
    let history = Found::read(common)?.history()?;
    draw::revisions::branches(&history, common.json);
    Ok(Exit::Done)
}

pub(crate) fn heads(common: &Common) -> Result<Exit, Failure> {
    let history = Found::read(common)?.history()?;
    draw::revisions::heads(&history, common.json);
    Ok(Exit::Done)
}
