//! A server that follows the primary, and may take its place.

use crate::Broken;
use crate::fault::Replication;
use concertina_sandbox::{Postgres, Proxy};
use std::sync::Arc;
use std::time::Duration;

/// The standby's name, for `synchronous_standby_names`.
const NAME: &str = "second";

/// For so long it is cut off, or late.
const AWAY: Duration = Duration::from_millis(1_500);

/// How late what it receives is.
const LATE: Duration = Duration::from_millis(150);

/// A standby, with the network that leads to it.
pub(crate) struct Standby {
    server: Postgres,
    feed: Arc<Proxy>,
    synchronous: bool,
}

impl Standby {
    /// Starts one, where there is to be one.
    pub(crate) async fn of(
        primary: &Postgres,
        replication: Replication,
        settings: &[(&str, &str)],
    ) -> Result<Option<Standby>, Broken> {
        let synchronous = match replication {
            Replication::None => return Ok(None),
            Replication::Asynchronous => false,
            Replication::Synchronous => true,
        };
        let feed = Arc::new(Proxy::start(primary.port()).await?);
        let server = primary.standby_through(NAME, feed.port(), settings).await?;
        if synchronous {
            // Only now: the copy is to wait for nobody.
            say(
                primary,
                &format!("ALTER SYSTEM SET synchronous_standby_names = '{NAME}'"),
            )
            .await?;
        }
        Ok(Some(Standby {
            server,
            feed,
            synchronous,
        }))
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    pub(crate) fn is_synchronous(&self) -> bool {
        self.synchronous
    }

    /// Nothing arrives any more.
    pub(crate) fn cut_off(&self) {
        self.feed.silence();
    }

    /// Nothing arrives for a while.
    pub(crate) fn stop(&self) {
        self.feed.silence();
        let feed = Arc::clone(&self.feed);
        tokio::spawn(async move {
            tokio::time::sleep(AWAY).await;
            feed.cut();
        });
    }

    /// Everything arrives late for a while.
    pub(crate) fn lag(&self) {
        self.feed.delay(LATE);
        let feed = Arc::clone(&self.feed);
        tokio::spawn(async move {
            tokio::time::sleep(AWAY).await;
            feed.delay(Duration::ZERO);
        });
    }

    /// The primary ends as by a crash, and this one is it from now on.
    pub(crate) async fn take_over(self, primary: &mut Postgres) -> Result<(), Broken> {
        primary.signal("QUIT")?;
        self.server.promote().await?;
        *primary = self.server;
        Ok(())
    }

    /// Nobody waits for it any more.
    pub(crate) async fn retire(self, primary: &Postgres) -> Result<(), Broken> {
        if self.synchronous {
            say(primary, "ALTER SYSTEM RESET synchronous_standby_names").await?;
        }
        Ok(())
    }
}

async fn say(primary: &Postgres, sql: &str) -> Result<(), Broken> {
    let client = primary.connect("postgres").await?;
    client.batch_execute(sql).await?;
    client.batch_execute("SELECT pg_reload_conf()").await?;
    Ok(())
}
