//! What the verbs that change a database share: events are drawn, Ctrl-C stops after the batch in
//! hand.

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::{Done, Failure};
use concertina_engine::{Engine, Settings, Stopper};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

/// Runs a verb with its progress drawn, and draws what it did.
pub(crate) async fn run(
    common: &Common,
    found: &Found,
    settings: Settings,
    verb: impl AsyncFnOnce(&Engine) -> Result<Done, Failure>,
) -> Result<Exit, Failure> {
    let drawing = draw::progress::start(common.json, common.quiet);
    let (engine, stopper) = Engine::new(found.connect()?, settings, drawing.events());
    let interrupts = stopped_by_signals(stopper, draw::progress::stopping);
    let done = verb(&engine).await;
    interrupts.abort();
    drawing.finish();
    let done = done?;
    draw::done::print(&done, common.json, common.quiet);
    Ok(if done.waiting.is_empty() {
        Exit::Done
    } else {
        Exit::Waiting
    })
}

/// Lets Ctrl-C or a request to terminate stop an engine where nothing is left behind; the second
/// ends us at once.
pub(crate) fn stopped_by_signals(
    stopper: Stopper,
    told: impl FnOnce() + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        if signalled().await.is_err() {
            return;
        }
        stopper.stop();
        told();
        if signalled().await.is_ok() {
            // Twice is meant. What is open is rolled back by the server, and nothing is lost.
            std::process::abort();
        }
    })
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
