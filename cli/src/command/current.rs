//! `concertina current`

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use std::collections::BTreeSet;

pub(crate) async fn run(common: &Common) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let known = found.reader()?.known().await?;
    let parents: BTreeSet<_> = known.iter().flat_map(|known| &known.parents).collect();
    let newest: Vec<_> = known
        .iter()
        .filter(|known| !parents.contains(&known.id))
        .collect();
    draw::revisions::current(&newest, common.json);
    Ok(Exit::Done)
}
