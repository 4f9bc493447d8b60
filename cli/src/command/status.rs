//! `concertina status`

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::draw::status::Flying;
use crate::exit::Exit;
use concertina::{Failure, in_flight};
use concertina_revisions::Target;

pub(crate) async fn run(common: &Common) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    // What the database says doesn't depend on the files.
    let history = found.history();
    let engine = found.reader()?;
    let known = engine.known().await?;
    let mut flying = Vec::new();
    for known in in_flight(&known) {
        let (backfills, unfilled) = (
            engine.backfills(&known.id).await?,
            engine.unfilled(&known.id).await?,
        );
        flying.push(Flying {
            known,
            backfills,
            unfilled,
        });
    }
    let ids: Vec<_> = known.iter().map(|known| known.id.clone()).collect();
    let history = match &history {
        Ok(history) => history,
        Err(failure) => {
            draw::status::print(&flying, &[], Some(failure), common.json);
            return Ok(Exit::Done);
        }
    };
    let pending = history.path_up(&ids, &Target::Heads)?;
    draw::status::print(&flying, &pending, None, common.json);
    Ok(Exit::Done)
}
