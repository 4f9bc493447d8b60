//! Asking a run to stop after the batch in hand.

use crate::error::Error;
use tokio_util::sync::CancellationToken;

/// The side that asks.
#[derive(Debug, Clone)]
pub struct Stopper(CancellationToken);

/// The side that looks.
#[derive(Debug, Clone)]
pub(crate) struct Stop(CancellationToken);

impl Stopper {
    pub(crate) fn pair() -> (Stopper, Stop) {
        let token = CancellationToken::new();
        (Stopper(token.clone()), Stop(token))
    }

    /// Asks. Work that is in a transaction is finished or rolled back; running again goes on from
    /// there.
    pub fn stop(&self) {
        self.0.cancel();
    }
}

impl Stop {
    /// An error once someone has asked.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.0.is_cancelled() {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }

    /// Returns once someone has asked.
    pub(crate) async fn asked(&self) {
        self.0.cancelled().await;
    }

    /// Sleeps, unless someone asks.
    pub(crate) async fn sleep(&self, duration: std::time::Duration) -> Result<(), Error> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            () = self.asked() => Err(Error::Interrupted),
        }
    }
}
