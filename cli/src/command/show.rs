//! `concertina show`

use super::{Found, history};
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;

pub(crate) async fn run(common: &Common, revision: &str) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let history = found.history()?;
    let shown = concertina::one(&history, revision)?;
    let known = history::known(&found).await?;
    draw::revisions::show(&history, shown, &known, common.json);
    Ok(Exit::Done)
}
