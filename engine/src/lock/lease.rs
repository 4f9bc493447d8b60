//! The right to change a database: held by one engine at a time.

use crate::checkpoint;
use crate::config::Settings;
use crate::connection::address::Connect;
use crate::connection::session::{Role, Session};
use crate::error::{Class, Error};
use crate::event::{Event, Events};
use crate::inspect::{catalog, subscribers};
use crate::lock::blockers;
use crate::lock::ladder::surely;
use crate::lock::lineage::Lineage;
use crate::lock::replicas;
use crate::retry::Backoff;
use crate::stop::Stop;
use concertina_planner::{Catalog, Needs};
use concertina_revisions::{Checksum, Revision, RevisionId};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio_postgres::error::SqlState;

/// The key of our advisory lock: "concerti" in ASCII. Advisory locks belong to one database.
pub(crate) const LOCK_KEY: i64 = 0x636f_6e63_6572_7469;

/// For two connections, and what is left of an earlier run.
const SESSIONS_WITHIN: Duration = Duration::from_secs(45);

/// How often the lock is tried.
const LOCK_RETRY: Duration = Duration::from_millis(100);

/// What the server is like, asked once.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) deadlock_timeout: Duration,
    pub(crate) may_set_deadlock_timeout: bool,
}

/// The right to change a database, and the connections to do it with.
pub struct Lease {
    pub(crate) connect: Connect,
    pub(crate) settings: Settings,
    pub(crate) events: Events,
    pub(crate) stop: Stop,
    /// Holds the lock, reads and writes records, watches.
    pub(crate) records: Session,
    /// Runs DDL and other statements that may wait.
    pub(crate) hands: Session,
    pub(crate) server: Server,
    /// Of the server that holds the lock.
    pub(crate) lineage: Lineage,
    /// Tables, by their oids, whose rows were found to be ours; asked once.
    pub(crate) own_tables: BTreeSet<u32>,
    /// Rights that our role was seen to have.
    pub(crate) rights: Needs,
}

impl Lease {
    pub(crate) async fn take(
        connect: Connect,
        settings: Settings,
        events: Events,
        stop: Stop,
    ) -> Result<Lease, Error> {
        let (lease, hands) = at_first(&connect, &settings).await?;
        replicas::synchronous(&lease, &settings, &events, &stop).await?;
        let server = ask_server(&lease).await?;
        let lineage = Lineage::of(&lease).await?;
        if !settings.subscribers_ready && !checkpoint::is_there(&lease).await? {
            let needs = subscribers::need_ours(&lease).await?;
            if let Some(need) = needs {
                return Err(Error::Subscribers { needs: vec![need] });
            }
        }
        checkpoint::prepare(&lease).await?;
        let own_tables = BTreeSet::new();
        let rights = Needs::default();
        Ok(Lease {
            connect,
            settings,
            events,
            stop,
            records: lease,
            hands,
            server,
            lineage,
            own_tables,
            rights,
        })
    }

    /// What the database holds now, and which tables hold no row as far as these revisions need to know.
    ///
    /// # Errors
    ///
    /// When PostgreSQL refuses.
    pub async fn catalog_for(&mut self, revisions: &[&Revision]) -> Result<Catalog, Error> {
        surely!(
            self,
            Box::pin(catalog::load_for(
                &self.records,
                self.settings.versions,
                revisions
            ))
        )
    }

    /// Records a revision as applied without running anything.
    ///
    /// # Errors
    ///
    /// When PostgreSQL refuses.
    pub async fn stamp(
        &mut self,
        id: &RevisionId,
        parents: &[RevisionId],
        checksum: &Checksum,
    ) -> Result<(), Error> {
        surely!(
            self,
            checkpoint::stamp(&self.records, id, parents, checksum)
        )
    }

    /// Takes a revision out of the records without running anything.
    ///
    /// # Errors
    ///
    /// When PostgreSQL refuses.
    pub async fn forget(&mut self, id: &RevisionId) -> Result<(), Error> {
        surely!(self, checkpoint::forget(&self.records, id))
    }

    /// The revisions that the database has, in the order in which they came.
    ///
    /// # Errors
    ///
    /// When the records can't be read.
    pub async fn known(&mut self) -> Result<Vec<checkpoint::Known>, Error> {
        surely!(self, checkpoint::all(&self.records))
    }

    /// Looks after the session that runs DDL; ends when it is lost.
    pub(crate) async fn watch(&self, doing: &str, every: Duration) -> Error {
        let silence = self.settings.silence;
        let watched = blockers::watch(
            &self.records,
            &self.hands,
            doing,
            every,
            silence,
            &self.events,
        );
        tokio::select! {
            lost = Box::pin(watched) => lost,
            never = Box::pin(self.let_go()) => match never {},
        }
    }

    /// Once somebody asks to stop: what is committed here doesn't wait for a standby any longer.
    async fn let_go(&self) -> std::convert::Infallible {
        self.stop.asked().await;
        loop {
            if replicas::holds_up(&self.records, &self.hands)
                .await
                .unwrap_or(false)
            {
                self.connect.cancel(&self.hands).await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.events)(event);
    }

    /// Connects again after a lost connection, and takes the lock again.
    ///
    /// # Errors
    ///
    /// When the budget is spent, another engine has taken over, or a standby was promoted: what is remembered of the old primary doesn't
    /// hold there.
    pub(crate) async fn reconnect(&mut self, why: &Error) -> Result<(), Error> {
        let began = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        let mut why = why.to_string();
        loop {
            self.stop.check()?;
            backoff
                .rest(&self.events, &self.stop, "connecting again", &why)
                .await?;
            match self.reopen().await {
                Ok(()) => return Ok(()),
                // Our own old session may still hold the lock until the server notices that we are
                // gone.
                Err(error)
                    if began.elapsed() < self.settings.reconnect_budget
                        && (error.class() == Class::Connection
                            || matches!(
                                error,
                                Error::Busy { .. }
                                    | Error::Standby { .. }
                                    | Error::FewConnections { .. }
                            )
                            || self.connect.may_let_in(&error)) =>
                {
                    why = error.to_string();
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Lease {
    async fn reopen(&mut self) -> Result<(), Error> {
        if self.records.is_closed() {
            let reader = Session::open(&self.connect, Role::Reader, &self.settings).await?;
            reader.replaces(&self.hands).await?;
            reader.replaces(&self.records).await?;
            (self.records, self.hands) = sessions(&self.connect, &self.settings).await?;
        } else {
            // The lock is still ours; a second session would wait for ourselves.
            self.records.replaces(&self.hands).await?;
            let open = async {
                let hands = Session::open(&self.connect, Role::Hands, &self.settings).await?;
                let hands = hands.beside(&self.records.server, &self.connect)?;
                at_work(&hands).await.map(|()| hands)
            };
            self.hands = self
                .connect
                .in_time(sessions_within(&self.settings), open)
                .await?;
        }
        let now = Lineage::of(&self.records).await?;
        if self.lineage.goes_on_as(&now) {
            Ok(())
        } else {
            Err(Error::FailedOver {
                target: self.connect.reached(),
            })
        }
    }
}

/// Both sessions, with the lock. Where connections are few, one of ours that has just ended may
/// still be counted.
async fn at_first(connect: &Connect, settings: &Settings) -> Result<(Session, Session), Error> {
    let began = Instant::now();
    loop {
        match sessions(connect, settings).await {
            Err(error) if is_full(&error) && began.elapsed() < settings.patience => {
                tokio::time::sleep(LOCK_RETRY).await;
            }
            other => return other,
        }
    }
}

fn is_full(error: &Error) -> bool {
    match error {
        Error::FewConnections { .. } => true,
        Error::Connect { code, .. } => {
            code.as_deref() == Some(SqlState::TOO_MANY_CONNECTIONS.code())
        }
        _ => false,
    }
}

/// Both sessions, with the lock.
async fn sessions(connect: &Connect, settings: &Settings) -> Result<(Session, Session), Error> {
    connect
        .in_time(sessions_within(settings), sessions_now(connect, settings))
        .await
}

/// For what the session that runs DDL is asked while nobody watches it.
fn sessions_within(settings: &Settings) -> Duration {
    SESSIONS_WITHIN + settings.patience + settings.silence
}

async fn sessions_now(connect: &Connect, settings: &Settings) -> Result<(Session, Session), Error> {
    let lease = Session::open(connect, Role::Lease, settings).await?;
    let hands = match Session::open(connect, Role::Hands, settings).await {
        Ok(hands) => hands,
        Err(error) => return Err(one_is_too_few(error, &lease, connect).await),
    };
    let hands = hands.beside(&lease.server, connect)?;
    refuse_standby(&lease, connect).await?;
    lock(&lease, settings.patience).await?;
    end_orphans(&lease).await?;
    at_work(&hands).await?;
    Ok((lease, hands))
}

/// The server has let in the session that holds the lock, and no other. A pooler lets in both and
/// has a session for one: the other waits or is sent away.
async fn one_is_too_few(error: Error, lease: &Session, connect: &Connect) -> Error {
    let why = match &error {
        Error::Connect { why, .. } => why.clone(),
        other => other.to_string(),
    };
    let asking = "asking whether one connection is left";
    let is_alone = is_full(&error)
        || error.class() == Class::Connection
            && lease.query_one(asking, "SELECT 1", &[]).await.is_ok();
    if !is_alone {
        return error;
    }
    Error::FewConnections {
        needed: Settings::CONNECTIONS_MIN,
        got: 1,
        why,
        user: connect.user(),
    }
}

/// Refuses a server that can only be read.
pub(crate) async fn refuse_standby(session: &Session, connect: &Connect) -> Result<(), Error> {
    let sql = "SELECT pg_is_in_recovery()";
    if session
        .query_one("looking whether the server can be written", sql, &[])
        .await?
        .get(0)
    {
        return Err(Error::Standby {
            target: connect.target(),
        });
    }
    Ok(())
}

/// Marks the session that runs DDL as one of whoever holds the lock.
pub(crate) async fn at_work(hands: &Session) -> Result<(), Error> {
    hands
        .batch_execute(
            "setting up the session",
            "SET application_name = 'concertina ddl'",
        )
        .await
}

/// Ends what is left of a run that is gone: its sessions may still be at its last statements, while
/// we go on where its records end. Only whoever holds the lock has sessions of these names.
async fn end_orphans(lease: &Session) -> Result<(), Error> {
    let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()
                 AND application_name IN ('concertina ddl', 'concertina backfill', 'concertina monitor')";
    lease
        .query("ending what is left of an earlier run", sql, &[])
        .await
        .map(drop)
}

async fn lock(lease: &Session, patience: Duration) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        let taken: bool = lease
            .query_one(
                "taking the lock that makes us the only one",
                "SELECT pg_try_advisory_lock($1)",
                &[&LOCK_KEY],
            )
            .await?
            .get(0);
        if taken {
            return Ok(());
        }
        // Also a run that has just ended: the server takes a moment to notice.
        if began.elapsed() >= patience {
            break;
        }
        tokio::time::sleep(LOCK_RETRY).await;
    }
    let sql = "SELECT format('pid %s, user %s, from %s, since %s', a.pid, a.usename,
                      coalesce(host(a.client_addr), 'a local socket'), to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
               FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
               WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
                 AND (l.classid::bigint << 32) | l.objid::bigint = $1
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let row = lease
        .query_opt("looking for the lock holder", sql, &[&LOCK_KEY])
        .await?;
    let holder = row.map_or_else(
        || "a session that has just ended; try again".to_owned(),
        |row| row.get(0),
    );
    Err(Error::Busy { holder })
}

async fn ask_server(session: &Session) -> Result<Server, Error> {
    let row = session
        .query_one(
            "asking the server's settings",
            "SELECT setting::bigint FROM pg_settings WHERE name = 'deadlock_timeout'",
            &[],
        )
        .await?;
    let deadlock_timeout =
        Duration::from_millis(u64::try_from(row.get::<_, i64>(0)).unwrap_or(1_000));
    // The only sure way to learn whether a right is there on every version: try.
    let may_set_deadlock_timeout = session
        .batch_execute(
            "trying to set deadlock_timeout",
            "SET deadlock_timeout = '1s'; RESET deadlock_timeout;",
        )
        .await
        .is_ok();
    Ok(Server {
        deadlock_timeout,
        may_set_deadlock_timeout,
    })
}
