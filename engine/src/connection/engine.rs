//! A database, with the limits under which it is worked on.

use super::address::Connect;
use super::session::{Role, Session};
use crate::config::Settings;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::stop::{Stop, Stopper};
use concertina_planner::OLDEST_SERVER;
use std::time::{Duration, Instant};

/// How long a server that takes no connections is left alone.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// A database that may be looked at, and a way to get the right to change it.
pub struct Engine {
    pub(crate) connect: Connect,
    pub(crate) settings: Settings,
    pub(crate) events: Events,
    pub(crate) stop: Stop,
}

impl Engine {
    /// An engine for a database. The stopper asks its runs to end after the batch in hand.
    pub fn new(connect: Connect, settings: Settings, events: Events) -> (Engine, Stopper) {
        let (stopper, stop) = Stopper::pair();
        (
            Engine {
                connect,
                settings,
                events,
                stop,
            },
            stopper,
        )
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Tells whoever listens something worth knowing.
    pub fn note(&self, text: String) {
        (self.events)(Event::Note { text });
    }

    /// A session that only looks.
    pub(crate) async fn reader(&self) -> Result<Session, Error> {
        self.settings.check().map_err(Error::State)?;
        let session = Session::open(&self.connect, Role::Reader, &self.settings).await?;
        let sql =
            "SELECT current_setting('server_version_num')::int, current_setting('server_version')";
        let row = session
            .query_one("asking the server's version", sql, &[])
            .await?;
        let number: i32 = row.get(0);
        if u32::try_from(number).is_ok_and(|number| number >= OLDEST_SERVER) {
            return Ok(session);
        }
        Err(Error::TooOld {
            version: row.get(1),
        })
    }

    /// Waits until the server takes connections; it may be starting, or not there yet.
    ///
    /// # Errors
    ///
    /// What it says last, when it has taken none for so long; at once when it refuses for another reason.
    pub async fn wait(&self, at_most: Duration) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            match self.reader().await {
                Ok(_) => return Ok(()),
                Err(error) if error.may_pass() && began.elapsed() < at_most => {
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
