//! `upgrade --sql`, `downgrade --sql`

use super::{Found, settings, until};
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use crate::limits::LimitWords;
use concertina::{Failure, script};
use concertina_engine::Engine;
use concertina_planner::Policy;
use concertina_revisions::Target;
use std::path::Path;
use std::sync::Arc;

pub(crate) async fn upgrade(
    common: &Common,
    target: &str,
    contract: bool,
    catalog: Option<&Path>,
    limits: &LimitWords,
) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    let history = found.history()?;
    let settings = settings(&mut found, limits)?;
    let until = until(contract);
    // As people know it from Alembic: from nothing to a revision.
    let (from_base, to) = target
        .strip_prefix("base:")
        .map_or((false, target), |to| (true, to));
    if to.contains(':') {
        return Err(Failure::usage(
            "a script from the middle of the history needs to know what the tables hold by then",
            "name a database, or a file of `concertina catalog` with --catalog",
        ));
    }
    let to = Target::parse(to);
    let text = if let Some(path) = catalog {
        script::offline(&super::check::kept(path)?, &history, &to, until, &settings)?
    } else if from_base {
        script::offline(&script::nothing(), &history, &to, until, &settings)?
    } else {
        let engine = Engine::new(found.connect()?, settings.clone(), Arc::new(|_| {})).0;
        script::upgrade(&engine, &history, &to, until, &settings).await?
    };
    draw::line(false, text.trim_end());
    Ok(Exit::Done)
}

pub(crate) async fn downgrade(
    common: &Common,
    target: &str,
    contract: bool,
    allow_data_loss: bool,
    limits: &LimitWords,
) -> Result<Exit, Failure> {
    let mut found = Found::read(common)?;
    let history = found.history()?;
    let settings = settings(&mut found, limits)?;
    let engine = Engine::new(found.connect()?, settings.clone(), Arc::new(|_| {})).0;
    let policy = Policy { allow_data_loss };
    let target = Target::parse(target);
    let text = script::downgrade(
        &engine,
        &history,
        &target,
        until(contract),
        &policy,
        &settings,
    )
    .await?;
    draw::line(false, text.trim_end());
    Ok(Exit::Done)
}
