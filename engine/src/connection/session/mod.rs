//! One connection with its settings. There is no connection of ours without limits, and no question
//! of ours without a name: what was being done stands in each error.

mod pinned;

pub(crate) use pinned::OURS;
mod pooler;

use crate::config::Settings;
use crate::connection::address::Connect;
use crate::connection::fault::{self, Named, When};
use crate::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, Row, SimpleQueryMessage, Statement};

/// What a connection is for, which decides its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Looks at the database, with nobody's leave.
    Reader,
    /// Holds the advisory lock, writes the records, watches the others.
    Lease,
    /// Runs DDL.
    Hands,
    /// Runs batches of a backfill.
    Worker,
    /// Runs batches that are rolled back.
    Sampler,
    /// Samples the throttle's signals.
    Monitor,
}

impl Role {
    fn application_name(self) -> &'static str {
        match self {
            Role::Reader => "concertina reader",
            // Hands are called otherwise once there is the lock.
            Role::Lease | Role::Hands => "concertina",
            Role::Worker => "concertina backfill",
            Role::Sampler => "concertina estimate",
            Role::Monitor => "concertina monitor",
        }
    }
}

/// What a statement is sent with.
pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A statement with its parameters, as it is sent ahead of others' answers.
pub(crate) type Bound = (Statement, Vec<Box<dyn ToSql + Sync + Send>>);

/// Three statements between BEGIN and COMMIT.
pub(crate) type Transaction = [Bound; 3];

/// A transaction that was sent.
pub(crate) type UnderWay =
    Pin<Box<dyn Future<Output = Result<(u64, Row), tokio_postgres::Error>> + Send>>;

fn parameters((_, parameters): &Bound) -> Vec<&(dyn ToSql + Sync)> {
    parameters
        .iter()
        .map(|one| &**one as &(dyn ToSql + Sync))
        .collect()
}

const SETTING_UP: &str = "setting up the session";

/// What a batch is called at its fault points.
const BATCH: &str = "batch";

/// An open connection.
pub(crate) struct Session {
    client: Arc<Client>,
    /// Its process id on the server.
    pub(crate) pid: i32,
    /// When the server began it, in seconds since 1970: process ids come again. Empty where its
    /// role may not see that.
    pub(crate) since: String,
    /// When its server was started: another server has another time.
    pub(crate) server: String,
    /// After so long without an answer it is lost; never where statements may take as long as they
    /// do.
    answers_within: Option<Duration>,
    /// Once it was lost that way.
    silent: AtomicBool,
}

impl Session {
    pub(crate) async fn open(
        connect: &Connect,
        role: Role,
        settings: &Settings,
    ) -> Result<Session, Error> {
        connect.turn().await;
        let opened = connect
            .in_time(
                connect.opens_within() + settings.silence,
                Box::pin(Session::open_now(connect, role, settings)),
            )
            .await;
        // Also one that was let in and then lost: what is wrong stays wrong for a while.
        opened
            .inspect(|_| connect.let_in())
            .inspect_err(|_| connect.refused())
    }

    async fn open_now(
        connect: &Connect,
        role: Role,
        settings: &Settings,
    ) -> Result<Session, Error> {
        let opened = connect.open(role.application_name()).await?;
        pooler::refuse(connect, &opened).await?;
        let client = Arc::new(opened.client);
        let answers_within =
            statement_timeout(role, settings).map(|timeout| timeout + settings.silence);
        let silent = AtomicBool::new(false);
        let mut session = Session {
            client,
            pid: 0,
            since: String::new(),
            server: String::new(),
            answers_within,
            silent,
        };
        session.set_up(role, settings).await?;
        let sql = "SELECT pid, coalesce(extract(epoch FROM backend_start)::text, ''), extract(epoch FROM pg_postmaster_start_time())::text
                   FROM pg_stat_activity WHERE pid = pg_backend_pid()";
        let row = session.query_one(SETTING_UP, sql, &[]).await?;
        (session.pid, session.since, session.server) = (row.get(0), row.get(1), row.get(2));
        Ok(session)
    }

    /// Makes the session what it was when it was opened, whatever statements of others left in it.
    pub(crate) async fn restore(&self, role: Role, settings: &Settings) -> Result<(), Error> {
        self.batch_execute(SETTING_UP, "DISCARD ALL").await?;
        self.set_up(role, settings).await
    }

    /// Pins what our statements rely on.
    async fn set_up(&self, role: Role, settings: &Settings) -> Result<(), Error> {
        self.batch_execute(SETTING_UP, &pinned::sql(role, settings))
            .await?;
        // Not every server can. Each by itself: what is refused takes back what is sent with it.
        for notice in NOTICE_OUR_END {
            self.client.batch_execute(notice).await.ok();
        }
        Ok(())
    }

    /// Refuses to work on another server than the one that holds our lock: after a failover that
    /// one has the lock no more.
    pub(crate) fn beside(self, server: &str, connect: &Connect) -> Result<Session, Error> {
        if self.server == server {
            return Ok(self);
        }
        let why = "another server answers than the one that holds our lock".to_owned();
        Err(Error::Connect {
            target: connect.target(),
            why,
            code: None,
        })
    }

    /// Whether there will be no more answers.
    pub(crate) fn is_closed(&self) -> bool {
        self.silent.load(Ordering::Relaxed) || self.client.is_closed()
    }

    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    pub(crate) async fn query<S: Named + ?Sized>(
        &self,
        doing: &str,
        sql: &S,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Error> {
        self.ask(doing, sql, self.client.query(sql, parameters))
            .await
    }

    pub(crate) async fn query_one<S: Named + ?Sized>(
        &self,
        doing: &str,
        sql: &S,
        parameters: Parameters<'_>,
    ) -> Result<Row, Error> {
        self.ask(doing, sql, self.client.query_one(sql, parameters))
            .await
    }

    pub(crate) async fn query_opt<S: Named + ?Sized>(
        &self,
        doing: &str,
        sql: &S,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Error> {
        self.ask(doing, sql, self.client.query_opt(sql, parameters))
            .await
    }

    /// How many rows it changed.
    pub(crate) async fn execute<S: Named + ?Sized>(
        &self,
        doing: &str,
        sql: &S,
        parameters: Parameters<'_>,
    ) -> Result<u64, Error> {
        self.ask(doing, sql, self.client.execute(sql, parameters))
            .await
    }

    /// One statement or several, without parameters.
    pub(crate) async fn batch_execute(&self, doing: &str, sql: &str) -> Result<(), Error> {
        self.ask(doing, sql, self.client.batch_execute(sql)).await
    }

    /// Several statements in one round trip, without parameters; the rows that they give, as text.
    pub(crate) async fn rows_as_text(
        &self,
        doing: &str,
        sql: &str,
    ) -> Result<Vec<Vec<String>>, Error> {
        let answer = self.ask(doing, sql, self.client.simple_query(sql)).await?;
        let row = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|at| row.get(at).unwrap_or_default().to_owned())
                    .collect(),
            ),
            _ => None,
        };
        Ok(answer.iter().filter_map(row).collect())
    }

    /// Statements one after the other, sent without waiting for answers; when one fails, so do
    /// those behind it in its transaction. With the error comes which one failed first.
    pub(crate) async fn pipelined(
        &self,
        doing: &str,
        statements: &[String],
    ) -> Result<(), (usize, Error)> {
        for (chunk, statements) in statements.chunks(PIPELINED_MAX).enumerate() {
            // The driver sends in the order of the first poll.
            let mut open: Vec<_> = statements
                .iter()
                .map(|sql| Some(Box::pin(self.client.batch_execute(sql))))
                .collect();
            let mut failed = None;
            let all = std::future::poll_fn(|context| {
                for (at, slot) in open.iter_mut().enumerate() {
                    let Some(answer) = slot else { continue };
                    if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                        *slot = None;
                        if let Err(cause) = answer
                            && failed.as_ref().is_none_or(|(first, _)| at < *first)
                        {
                            failed = Some((at, cause));
                        }
                    }
                }
                if open.iter().all(Option::is_none) {
                    Poll::Ready(Ok(()))
                } else {
                    Poll::Pending
                }
            });
            let first = chunk * PIPELINED_MAX;
            self.ask(doing, "statements as written", all)
                .await
                .map_err(|error| (first, error))?;
            if let Some((at, cause)) = failed {
                return Err((
                    first + at,
                    Error::Sql {
                        doing: doing.to_owned(),
                        cause,
                    },
                ));
            }
        }
        Ok(())
    }

    pub(crate) async fn prepare(&self, doing: &str, sql: &str) -> Result<Statement, Error> {
        self.ask(doing, "prepare", self.client.prepare(sql)).await
    }

    /// Sends a transaction of three statements without waiting for answers. What is sent before its
    /// answer is there stands in line behind it on the server, so that the way there costs nothing.
    pub(crate) async fn send(
        &self,
        doing: &str,
        transaction: Transaction,
    ) -> Result<UnderWay, Error> {
        let failed = |cause| Error::Sql {
            doing: doing.to_owned(),
            cause,
        };
        fault::point(&self.client, When::Before, doing, BATCH)
            .await
            .map_err(failed)?;
        let client = Arc::clone(&self.client);
        let mut answer: UnderWay = Box::pin(async move {
            let [first, change, last] = &transaction;
            let (of_first, of_change, of_last) =
                (parameters(first), parameters(change), parameters(last));
            // The driver sends in the order of the first poll, without waiting for answers. When
            // one fails, those behind it fail too, and COMMIT rolls back.
            let (begun, first, changed, last, committed) = tokio::join!(
                client.batch_execute("BEGIN"),
                client.execute(&first.0, &of_first),
                client.execute(&change.0, &of_change),
                client.query_one(&last.0, &of_last),
                client.batch_execute("COMMIT"),
            );
            begun?;
            first?;
            let rows = changed?;
            let row = last?;
            committed?;
            Ok((rows, row))
        });
        let mut early = None;
        std::future::poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                early = Some(answer);
            }
            Poll::Ready(())
        })
        .await;
        Ok(match early {
            Some(early) => Box::pin(std::future::ready(early)),
            None => answer,
        })
    }

    /// The answer to what was sent: how many rows the second statement changed, and what the third
    /// one gave.
    pub(crate) async fn answered(&self, doing: &str, sent: UnderWay) -> Result<(u64, Row), Error> {
        self.within(doing, BATCH, sent).await
    }

    /// A row of texts that come to the same values again, whatever the role's settings make of
    /// them.
    pub(crate) async fn exactly(
        &self,
        doing: &str,
        statement: &Statement,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Error> {
        let begin = format!("BEGIN; {}", pinned::exact());
        let all = async {
            let (begun, row, committed) = tokio::join!(
                self.client.batch_execute(&begin),
                self.client.query_opt(statement, parameters),
                self.client.batch_execute("COMMIT"),
            );
            begun?;
            let row = row?;
            committed?;
            Ok(row)
        };
        self.ask(doing, "keys", all).await
    }

    /// The value of a query as a literal that comes to the same value again; in a transaction.
    pub(crate) async fn literal(&self, doing: &str, query: &str) -> Result<Option<String>, Error> {
        let sql = format!("SELECT ({query})");
        let statement = self.prepare(doing, &sql).await?;
        let is_text = |column: &tokio_postgres::Column| {
            [Type::TEXT, Type::VARCHAR, Type::BPCHAR].contains(column.type_())
        };
        let read = format!("SELECT quote_literal(({query})::text)");
        if statement.columns().first().is_some_and(is_text) {
            // Casts within the query are the author's, and so are their settings.
            return Ok(self.query_one(doing, &read, &[]).await?.get(0));
        }
        let as_now: String = self.query_one(doing, &pinned::as_now(), &[]).await?.get(0);
        self.batch_execute(doing, &pinned::exact()).await?;
        let value = self.query_one(doing, &read, &[]).await?.get(0);
        self.batch_execute(doing, &as_now).await?;
        Ok(value)
    }

    /// Nothing more is expected of it.
    pub(crate) fn lost(&self, doing: &str, silence: Duration) -> Error {
        self.silent.store(true, Ordering::Relaxed);
        Error::Silent {
            doing: doing.to_owned(),
            seconds: silence.as_secs(),
        }
    }

    /// Ends sessions of ours that the server still believes in: this one is in their place.
    pub(crate) async fn replaces(&self, lost: &Session) -> Result<(), Error> {
        let sql = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {THIS_ONE}"
        );
        self.query(
            "ending the session that was lost",
            &sql,
            &[&lost.pid, &lost.since],
        )
        .await
        .map(drop)
    }

    /// Waits for the answer, for as long as this session's statements may take.
    async fn ask<T, S: Named + ?Sized>(
        &self,
        doing: &str,
        sql: &S,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let failed = |cause| Error::Sql {
            doing: doing.to_owned(),
            cause,
        };
        fault::point(&self.client, When::Before, doing, sql)
            .await
            .map_err(failed)?;
        self.within(doing, sql, answer).await
    }

    async fn within<T, S: Named + ?Sized>(
        &self,
        doing: &str,
        sql: &S,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let failed = |cause| Error::Sql {
            doing: doing.to_owned(),
            cause,
        };
        let answered = match self.answers_within {
            None => answer.await,
            Some(within) => match tokio::time::timeout(within, answer).await {
                Ok(answered) => answered,
                Err(_) => return Err(self.lost(doing, within)),
            },
        };
        if answered.is_ok() {
            fault::point(&self.client, When::After, doing, sql)
                .await
                .map_err(failed)?;
        }
        answered.map_err(failed)
    }
}

/// A session by `$1`, its process id, and `$2`, when it began: in `pg_stat_activity`. A role that
/// sessions are given by a setting may not see when they began.
pub(crate) const THIS_ONE: &str =
    "pid = $1 AND coalesce(extract(epoch FROM backend_start)::text, '') = $2";

/// So many statements are sent ahead of their answers.
const PIPELINED_MAX: usize = 64;

/// A server that still believes in a client that is gone keeps its locks: also the one that makes
/// us the only one.
const NOTICE_OUR_END: [&str; 2] = [
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3",
    "SET client_connection_check_interval = '5s'",
];

/// Milliseconds, for a setting of PostgreSQL.
pub(crate) fn millis(duration: Duration) -> u128 {
    duration.as_millis()
}

/// How long a batch may take.
pub(crate) fn batch_timeout(settings: &Settings) -> Duration {
    // A hundred times its target: a bad plan or a bad disk. It is cut, and cut smaller.
    (settings.batch_target * 100).max(Duration::from_secs(2))
}

/// After how long PostgreSQL cuts a statement.
fn statement_timeout(role: Role, settings: &Settings) -> Option<Duration> {
    match role {
        Role::Reader | Role::Lease | Role::Monitor => Some(Duration::from_secs(30)),
        Role::Hands => None,
        Role::Worker | Role::Sampler => Some(batch_timeout(settings)),
    }
}
