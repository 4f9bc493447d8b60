//! `concertina history`, `concertina heads`

use super::Found;
use crate::args::Common;
use crate::draw;
use concertina::{Exit, Failure};

pub(crate) async fn run(common: &Common) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let history = found.history()?;
    // Without a database it is still a history.
    let known = match found.reader() {
        Ok(engine) => engine.known().await?,
        Err(Failure::Usage { .. }) => vec![],
        Err(other) => return Err(other),
    };
    draw::revisions::history(&history, &known, common.json);
    Ok(Exit::Done)
}

pub(crate) fn heads(common: &Common) -> Result<Exit, Failure> {
    let history = Found::read(common)?.history()?;
    draw::revisions::heads(&history, common.json);
    Ok(Exit::Done)
}
