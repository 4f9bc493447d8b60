//! What the verbs that change a database share: events are drawn, Ctrl-C stops after the batch in hand.

use super::Found;
use crate::args::Common;
use crate::draw;
use concertina::{Done, Exit, Failure};
use concertina_engine::{Engine, Settings};

/// Runs a verb with its progress drawn, and draws what it did.
pub(crate) async fn run(
    common: &Common,
    found: &Found,
    settings: Settings,
    verb: impl AsyncFnOnce(&Engine) -> Result<Done, Failure>,
) -> Result<Exit, Failure> {
    let drawing = draw::progress::start(common.json, common.quiet);
    let (engine, stopper) = Engine::new(found.connect()?, settings, drawing.events());
    let interrupts = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        stopper.stop();
        draw::progress::stopping();
        if tokio::signal::ctrl_c().await.is_ok() {
            // Twice is meant. What is open is rolled back by the server, and nothing is lost.
            std::process::abort();
        }
    });
    let done = verb(&engine).await;
    interrupts.abort();
    drawing.finish();
    let done = done?;
    draw::done::print(&done, common.json, common.quiet);
    Ok(if done.waiting.is_empty() { Exit::Done } else { Exit::Waiting })
}
