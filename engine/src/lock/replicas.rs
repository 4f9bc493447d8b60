//! Standbys that a commit waits for.

use crate::config::Settings;
use crate::connection::session::{Session, THIS_ONE};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::stop::Stop;
use std::time::{Duration, Instant};

/// How often we look whether one is there.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How often it is told.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// Waits until as many synchronous standbys stream as a commit waits for: one that is begun without them hangs where nobody sees why.
///
/// # Errors
///
/// When they don't come within the time that locks are waited for, or someone asks to stop.
pub(crate) async fn synchronous(
    session: &Session,
    settings: &Settings,
    events: &Events,
    stop: &Stop,
) -> Result<(), Error> {
    let (began, mut told) = (Instant::now(), None::<Instant>);
    loop {
        let Some(names) = lacking(session).await? else {
            return Ok(());
        };
        stop.check()?;
        let text = format!(
            "no synchronous standby streams (synchronous_standby_names is {names}), and every commit would wait for it: start it, or take \
             its name out of synchronous_standby_names"
        );
        if began.elapsed() > settings.lock_budget {
            return Err(Error::State(text));
        }
        if told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
            told = Some(Instant::now());
            events(Event::Note {
                text: format!("waiting: {text}"),
            });
        }
        stop.sleep(LOOK_AGAIN).await?;
    }
}

/// The names of synchronous standbys, where fewer of them stream than a commit waits for. Who isn't
/// shown what they do can't tell.
async fn lacking(session: &Session) -> Result<Option<String>, Error> {
    let sql = "SELECT names FROM current_setting('synchronous_standby_names') AS names,
                   coalesce(substring(names FROM '^\\s*(?:FIRST|ANY|first|any)?\\s*([0-9]+)\\s*\\(')::int, 1) AS needed
               WHERE names <> '' AND (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') NOT IN ('off', 'local')
                 AND needed > (SELECT count(*) FROM pg_stat_replication WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum'))";
    Ok(session
        .query_opt("looking for synchronous standbys", sql, &[])
        .await?
        .map(|row| row.get(0)))
}

/// Whether a session has committed and waits for a standby.
pub(crate) async fn holds_up(records: &Session, session: &Session) -> Result<bool, Error> {
    let sql = format!(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {THIS_ONE} AND wait_event = 'SyncRep')"
    );
    Ok(records
        .query_one(
            "looking for synchronous standbys",
            &sql,
            &[&session.pid, &session.since],
        )
        .await?
        .get(0))
}
