//! Running something and looking at it now and then.

use std::time::Duration;

/// Runs `work`, and `look` every so often beside it until the work is done.
pub(crate) async fn beside<T>(work: impl Future<Output = T>, every: Duration, mut look: impl AsyncFnMut()) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = async { tokio::time::sleep(every).await; look().await; } => {}
        }
    }
}
