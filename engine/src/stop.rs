//! Asking a run to stop after the batch in hand.

use crate::error::Error;
use tokio::sync::watch;

/// The side that asks.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<bool>);

/// The side that looks.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stopper {
    pub(crate) fn pair() -> (Stopper, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Stop(receiver))
    }

    /// Asks. Work that is in a transaction is finished or rolled back; running again goes on from there.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// An error once someone has asked.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if *self.0.borrow() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Returns once someone has asked.
    pub(crate) async fn asked(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            // The asking side is gone: nobody will.
            std::future::pending::<()>().await;
        }
    }

    /// Sleeps, unless someone asks.
    pub(crate) async fn sleep(&self, duration: std::time::Duration) -> Result<(), Error> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            () = self.asked() => Err(Error::Interrupted),
        }
    }
}
