//! What can go wrong, in sentences that a person can act on.

use crate::config::Settings;
use crate::event::Blocker;
use concertina_revisions::Ident;
use tokio_postgres::error::SqlState;

/// A failure. The database is in the state that [`crate::Engine::known`] tells; running the command
/// again goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection string can't be read.
    #[error("can't read the connection string: {0}")]
    BadConnection(String),
    /// The server can't be reached, or it doesn't let us in.
    #[error("can't connect to {target}: {why}")]
    Connect {
        /// Host, port and database, never the password.
        target: String,
        /// The reason.
        why: String,
        /// The SQLSTATE by which the server refuses; none when it wasn't reached.
        code: Option<String>,
    },
    /// The server is a standby.
    #[error("{target} is a standby, which can only be read")]
    Standby {
        /// Host, port and database.
        target: String,
    },
    /// A standby was promoted while a command ran.
    #[error(
        "the server has failed over: {target} is another primary now, and may lack the last of what the old one had acknowledged"
    )]
    FailedOver {
        /// Host and port of the new primary.
        target: String,
    },
    /// Rights are missing that a later step needs; nothing was changed.
    #[error("{user} has no right to {}", .missing.iter().map(|(what, _)| what.as_str()).collect::<Vec<_>>().join(", "))]
    Rights {
        /// The role.
        user: String,
        /// What it may not do, and the statement that lets it.
        missing: Vec<(String, String)>,
    },
    /// Subscribers of a publication would stop; nothing was changed.
    #[error("subscribers would stop: {}", .needs.join("; "))]
    Subscribers {
        /// What to do on them first.
        needs: Vec<String>,
    },
    /// There are fewer connections than a run needs.
    #[error("a run needs {needed} connections at once, and only {got} can be had: {why}")]
    FewConnections {
        /// How many it needs at least.
        needed: usize,
        /// How many it got.
        got: usize,
        /// Why there are no more.
        why: String,
        /// The role.
        user: String,
    },
    /// The server is older than PostgreSQL 14.
    #[error("the server is PostgreSQL {version}; 14 or later is needed")]
    TooOld {
        /// What the server calls itself.
        version: String,
    },
    /// The connection goes through a pooler that hands each transaction to another session.
    #[error(
        "the connection goes through a pooler that gives each transaction another session (pool_mode transaction or statement): \
         locks and settings would be lost, or found by the application"
    )]
    Pooled,
    /// Another engine works on this database.
    #[error("another concertina is running on this database: {holder}")]
    Busy {
        /// Its session.
        holder: String,
    },
    /// A statement of what the database is compared with fails where it is made.
    #[error("PostgreSQL refuses statement {} of what is compared: {why}", .at + 1)]
    Made {
        /// Which one, counted from 0.
        at: usize,
        /// The server's words.
        why: String,
    },
    /// A lock wasn't granted within the budget.
    #[error("{doing}: no lock within {seconds} s; blocked by: {}", blockers_text(.blockers))]
    LockBudget {
        /// The step.
        doing: String,
        /// The budget, in seconds.
        seconds: u64,
        /// Who held it.
        blockers: Vec<Blocker>,
    },
    /// PostgreSQL refused.
    #[error("{doing}: {}", describe(.cause))]
    Sql {
        /// What was being done.
        doing: String,
        /// PostgreSQL's answer.
        #[source]
        cause: tokio_postgres::Error,
    },
    /// A backfill came no further.
    #[error("{doing}: {why}")]
    Stuck {
        /// The backfill, with the blocks.
        doing: String,
        /// For how long, and why.
        why: String,
    },
    /// The server doesn't answer: it or the network is gone without a word.
    #[error("{doing}: no answer within {seconds} s")]
    Silent {
        /// What was being done.
        doing: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A value that a column needs was not found.
    #[error("{doing}: `{query}` gives no value, and the column refuses NULL")]
    NoValue {
        /// The step.
        doing: String,
        /// The subquery.
        query: String,
    },
    /// The database isn't as it was when it was planned, such as rows where there were none;
    /// nothing was changed.
    #[error("{doing}: {what}, other than when it was planned")]
    Outdated {
        /// What was being done.
        doing: String,
        /// What is otherwise.
        what: String,
    },
    /// A backfill ended, and rows are still to do.
    #[error("{rows} rows of {table} are still to do after {sweeps} sweeps")]
    RowsLeft {
        /// The table.
        table: String,
        /// How many.
        rows: i64,
        /// How often the table was swept.
        sweeps: u32,
    },
    /// Rows whose copies could not be made when they were written.
    #[error(
        "{rows} rows of {table} could not be taken over to {target} when they were written: {keys}"
    )]
    NotTakenOver {
        /// The table that was written.
        table: String,
        /// Where its rows are copied to.
        target: String,
        /// How many.
        rows: i64,
        /// The keys of some of them.
        keys: String,
    },
    /// A table can be walked neither by blocks nor by a key.
    #[error("{table} has no heap of PostgreSQL's own and no unique key to walk by")]
    NoKey {
        /// The table.
        table: String,
    },
    /// What is stored in schema `concertina` can't be used.
    #[error("{0}")]
    State(String),
    /// The user asked to stop.
    #[error("stopped after the batch in hand; nothing is lost")]
    Interrupted,
}

/// How to go on after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The connection or the server went away: connect again.
    Connection,
    /// Someone else was in the way: try again, with less.
    Contention,
    /// Trying again gives the same.
    Fatal,
}

impl Error {
    /// What to do about it; empty when the message says all.
    pub fn help(&self) -> String {
        match self {
            Error::BadConnection(_) => "write postgres://user@host:5432/database, or host=.. dbname=..".to_owned(),
            Error::Connect { code, .. } => connect_help(code.as_deref()),
            Error::Standby { .. } => {
                "name the primary; with several hosts in the URL (host1,host2) it is found by itself".to_owned()
            }
            Error::FailedOver { .. } => {
                "`concertina status` shows what is recorded there; run the same command again to go on from it".to_owned()
            }
            Error::Rights { missing, .. } => missing.iter().map(|(_, grant)| grant.as_str()).collect::<Vec<_>>().join("; "),
            Error::Subscribers { .. } => {
                "then say that they are ready: --subscribers-ready, or subscribers_ready = true below [limits] in concertina.toml; a consumer \
                 that decodes the stream itself, as Debezium does, is ready as it is"
                    .to_owned()
            }
            Error::FewConnections { user, .. } => {
                let user = Ident::new(user.as_str()).sql();
                format!(
                    "ALTER ROLE {user} CONNECTION LIMIT, max_connections, or the pool's size: {}; or run what `concertina upgrade --sql` writes \
                     with psql, which needs one",
                    Settings::CONNECTIONS
                )
            }
            Error::TooOld { .. } => {
                "PostgreSQL before 14 can't scan a range of a table's blocks; upgrade the server first".to_owned()
            }
            Error::Pooled => {
                "write the server's own address into the URL instead of the pooler's (its port is often 5432), or one of a pool with \
                 pool_mode = session"
                    .to_owned()
            }
            Error::Busy { .. } => "wait until it is done, or stop it; it can be continued at any time".to_owned(),
            Error::LockBudget { blockers, .. } if blockers.iter().any(Blocker::is_prepared) => {
                let named = blockers.iter().filter(|blocker| blocker.is_prepared());
                let ends = named.map(|blocker| format!("ROLLBACK PREPARED {}", Ident::new(&blocker.query).literal()));
                format!("{} (or COMMIT PREPARED), then run the command again", ends.collect::<Vec<_>>().join("; "))
            }
            Error::LockBudget { .. } => {
                "end the blocking session, or run the command again at a quieter time".to_owned()
            }
            Error::Made { .. } => "fix that statement: nothing of the database itself was changed".to_owned(),
            Error::Sql { cause, .. } => sql_help(cause),
            Error::Stuck { .. } => {
                "what is done is kept: remove the reason (build the index that a cascade needs, disable the trigger, end the \
                 blocking session), then run the same command again"
                    .to_owned()
            }
            Error::Silent { .. } => "look at the network and the server, then run the same command again".to_owned(),
            Error::NoValue { .. } => "insert the row that it looks for first, in an earlier statement".to_owned(),
            Error::Outdated { .. } => {
                "nothing was changed: run the same command again, and it is planned for what there is now".to_owned()
            }
            Error::RowsLeft { .. } => {
                "something keeps writing them as they were; look at triggers and jobs on the table, then run again"
                    .to_owned()
            }
            Error::NotTakenOver { target, .. } => format!(
                "write them once more so that {target} takes them (its constraints tell what it refuses), or delete them; then run again"
            ),
            Error::NoKey { .. } => "name a unique key: `-- concertina: key (column)` above the statement".to_owned(),
            Error::State(_) => String::new(),
            Error::Interrupted => "run the same command again to go on".to_owned(),
        }
    }

    /// Whether it may be otherwise in a moment, without anyone changing a setting.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Error::Connect { code, .. } => code.as_deref().is_none_or(passes),
            _ => self.class() == Class::Connection,
        }
    }

    /// Whether PostgreSQL refuses to change rows since a publication couldn't send that.
    pub(crate) fn is_of_publication(&self) -> bool {
        let codes = [
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            SqlState::INVALID_COLUMN_REFERENCE,
        ];
        self.code().is_some_and(|code| codes.contains(code))
    }

    /// The SQLSTATE, when PostgreSQL refused.
    pub(crate) fn code(&self) -> Option<&SqlState> {
        match self {
            Error::Sql { cause, .. } => cause.code(),
            _ => None,
        }
    }

    /// Whether PostgreSQL cut it off after its time.
    pub(crate) fn is_of_time(&self) -> bool {
        self.code()
            .is_some_and(|code| *code == SqlState::QUERY_CANCELED)
    }

    /// Whether a value is to blame: it can't be computed, or converted.
    pub(crate) fn is_of_data(&self) -> bool {
        self.code()
            .is_some_and(|code| code.code().starts_with("22"))
    }

    /// Whether a value breaks a rule: that of a domain, or one that a function raises.
    pub(crate) fn is_of_constraint(&self) -> bool {
        self.code()
            .is_some_and(|code| code.code().starts_with("23") || *code == SqlState::RAISE_EXCEPTION)
    }

    /// Whether rows are against what is demanded of them.
    pub(crate) fn is_of_rows(&self) -> bool {
        self.code().is_some_and(|code| {
            [SqlState::CHECK_VIOLATION, SqlState::NOT_NULL_VIOLATION].contains(code)
        })
    }

    /// Whether a text isn't in the encoding that we read.
    pub(crate) fn is_of_encoding(&self) -> bool {
        self.code()
            .is_some_and(|code| *code == SqlState::CHARACTER_NOT_IN_REPERTOIRE)
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            Error::Sql { cause, .. } => class(cause),
            Error::Connect { code, .. } if code.as_deref().is_none_or(passes) => Class::Connection,
            Error::Silent { .. } => Class::Connection,
            _ => Class::Fatal,
        }
    }
}

/// Whether the server may let us in in a moment: it starts, stops, is full, or fails over.
fn passes(code: &str) -> bool {
    code.starts_with("57") || code.starts_with("53") || code.starts_with("08") || code == "25006"
}

fn connect_help(code: Option<&str>) -> String {
    match code {
        Some(code) if code.starts_with("28") => {
            "check the user, the password (PGPASSWORD, ~/.pgpass or the URL), the certificate (sslcert, sslkey) and pg_hba.conf"
        }
        Some("3D000") => "check the database's name, or CREATE DATABASE it first",
        Some("53300") => "wait until there are connections, or raise CONNECTION LIMIT of the role or max_connections",
        Some("42501") => "GRANT CONNECT ON DATABASE to the role",
        Some("57P03") => "wait until it takes connections: `concertina wait`",
        Some(_) | None => "check host, port, sslmode, and that the server runs",
    }
    .to_owned()
}

fn sql_help(cause: &tokio_postgres::Error) -> String {
    match cause.as_db_error() {
        Some(db) if *db.code() == SqlState::INSUFFICIENT_PRIVILEGE => {
            "connect as the owner of the tables, with CREATE on the database (GRANT CREATE ON DATABASE .. TO ..)"
                .to_owned()
        }
        Some(db) if [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_COLUMN].contains(db.code()) => {
            "somebody has renamed or dropped it since it was planned: put it back and run the same command again, or take the \
             revision back with `concertina rollback`"
                .to_owned()
        }
        Some(db) if *db.code() == SqlState::DISK_FULL => {
            "make room, then run the same command again: nothing is lost".to_owned()
        }
        Some(db) => db.hint().unwrap_or_default().to_owned(),
        None => "the connection was lost; run the same command again to go on".to_owned(),
    }
}

fn class(cause: &tokio_postgres::Error) -> Class {
    let Some(code) = cause.code() else {
        return Class::Connection;
    };
    match code.code() {
        // Admin shutdown, crash shutdown, cannot connect now, too many connections, read-only after
        // a failover.
        "57P01" | "57P02" | "57P03" | "53300" | "25006" => Class::Connection,
        // Lock not available, deadlock, statement timeout, serialization failure.
        "55P03" | "40P01" | "57014" | "40001" => Class::Contention,
        code if code.starts_with("08") => Class::Connection,
        _ => Class::Fatal,
    }
}

/// PostgreSQL's message with its detail and code, or the driver's own words.
pub(crate) fn describe(cause: &tokio_postgres::Error) -> String {
    match cause.as_db_error() {
        Some(db) => {
            // These are told with all that the row holds.
            let of_whole_rows = [SqlState::NOT_NULL_VIOLATION, SqlState::CHECK_VIOLATION];
            let detail = db
                .detail()
                .filter(|_| !of_whole_rows.contains(db.code()))
                .map_or_else(String::new, |detail| format!(" ({detail})"));
            format!("{}{detail} [{}]", db.message(), db.code().code())
        }
        None => {
            let mut text = cause.to_string();
            let mut source = std::error::Error::source(cause);
            while let Some(inner) = source {
                let inner_text = inner.to_string();
                if !text.contains(&inner_text) {
                    text = format!("{text}: {inner_text}");
                }
                source = inner.source();
            }
            text
        }
    }
}

fn blockers_text(blockers: &[Blocker]) -> String {
    if blockers.is_empty() {
        return "sessions that came and went".to_owned();
    }
    blockers
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
