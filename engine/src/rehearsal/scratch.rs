//! Databases of our own on the same server, for a moment. Each is known as ours by its name and its
//! comment, and by its name also who made it: one whose maker is gone is dropped by the next run.

use crate::config::Settings;
use crate::connection::address::Connect;
use crate::connection::session::{Role, Session};
use crate::error::Error;
use concertina_revisions::Ident;
use std::time::Duration;
use tokio_postgres::error::SqlState;

/// What the names of ours begin with; the maker's process id and when its session began follow, and
/// a number.
const NAME: &str = "concertina_rehearsal_";

/// What is said of each.
const COMMENT: &str = "concertina: a copy of a structure, with made-up rows, for as long as a rehearsal takes; may be dropped";

/// How long a new database is waited for; the server writes it file by file.
const MADE_WITHIN: Duration = Duration::from_mins(2);

/// Settings that our sessions have for themselves.
const OWN_SETTINGS: [&str; 10] = [
    "client_min_messages",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "idle_in_transaction_session_timeout",
    "jit",
    "lock_timeout",
    "role",
    "row_security",
    "session_authorization",
    "statement_timeout",
];

/// Databases that are dropped when it is closed.
pub(crate) struct Scratch {
    connect: Connect,
    settings: Settings,
    /// As long as it is there, nobody else drops them.
    maker: Session,
    made: Vec<Ident>,
    count: usize,
}

impl Scratch {
    /// Drops what others have left, and gets ready; nothing where the connected role may make no
    /// database.
    pub(crate) async fn open(
        connect: &Connect,
        settings: &Settings,
    ) -> Result<Option<Scratch>, Error> {
        let maker = Session::open(connect, Role::Hands, settings).await?;
        let sql = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user";
        let may: bool = maker
            .query_one("reading the rights of the connected role", sql, &[])
            .await?
            .get(0);
        if !may {
            return Ok(None);
        }
        let limit = format!(
            "SET lock_timeout = 0; SET statement_timeout = {}",
            MADE_WITHIN.as_millis()
        );
        maker
            .batch_execute("setting up the session", &limit)
            .await?;
        let scratch = Scratch {
            connect: connect.clone(),
            settings: settings.clone(),
            maker,
            made: vec![],
            count: 0,
        };
        scratch.clean().await?;
        Ok(Some(scratch))
    }

    /// Drops databases of ours whose makers are gone.
    async fn clean(&self) -> Result<(), Error> {
        let doing = "dropping databases of an earlier rehearsal";
        let sql = "SELECT d.datname FROM pg_database d, regexp_match(d.datname, $1::text || '([0-9]+)_([0-9]+)_[0-9]+$') AS maker
                   WHERE maker IS NOT NULL AND pg_has_role(d.datdba, 'USAGE')
                     AND coalesce(shobj_description(d.oid, 'pg_database'), $2::text) = $2::text
                     AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid::text = maker[1]
                                     AND coalesce((extract(epoch FROM a.backend_start) * 1000000)::bigint::text, maker[2]) = maker[2])";
        for row in self
            .maker
            .query(doing, sql, &[&format!("^{NAME}"), &COMMENT])
            .await?
        {
            let name = Ident::new(row.get::<_, String>(0));
            // Another run may be at it as well.
            self.drop(&name).await.ok();
        }
        Ok(())
    }

    /// An empty database, like the real one.
    pub(crate) async fn empty(&mut self) -> Result<Ident, Error> {
        let name = self.next_name().await?;
        let sql = "SELECT concat_ws(' ', 'TEMPLATE template0 ENCODING', quote_literal(pg_encoding_to_char(encoding)),
                       'LC_COLLATE', quote_literal(datcollate), 'LC_CTYPE', quote_literal(datctype),
                       CASE j->>'datlocprovider' WHEN 'i' THEN 'LOCALE_PROVIDER icu ICU_LOCALE ' || quote_literal(locale)
                                                 WHEN 'b' THEN 'LOCALE_PROVIDER builtin BUILTIN_LOCALE ' || quote_literal(locale)
                                                 WHEN 'c' THEN 'LOCALE_PROVIDER libc' END,
                       CASE WHEN j->>'datlocprovider' = 'i' THEN 'ICU_RULES ' || quote_literal(j->>'daticurules') END)
                   FROM pg_database d, to_jsonb(d) AS j, coalesce(j->>'datlocale', j->>'daticulocale') AS locale
                   WHERE datname = current_database()";
        let like: String = self
            .maker
            .query_one("reading the database's locale", sql, &[])
            .await?
            .get(0);
        self.make(&name, &like).await?;
        self.settings_of_database(&name).await?;
        Ok(name)
    }

    /// A copy of one of ours, to which nobody is connected any more.
    pub(crate) async fn copy(&mut self, of: &Ident) -> Result<Ident, Error> {
        let name = self.next_name().await?;
        self.make(&name, &format!("TEMPLATE {}", of.sql())).await?;
        self.settings_of_database(&name).await?;
        Ok(name)
    }

    async fn next_name(&mut self) -> Result<Ident, Error> {
        let sql = "SELECT coalesce((extract(epoch FROM backend_start) * 1000000)::bigint, 0) FROM pg_stat_activity WHERE pid = pg_backend_pid()";
        let since: i64 = self
            .maker
            .query_one("naming a database", sql, &[])
            .await?
            .get(0);
        self.count += 1;
        Ok(Ident::new(format!(
            "{NAME}{}_{since}_{}",
            self.maker.pid, self.count
        )))
    }

    async fn make(&mut self, name: &Ident, like: &str) -> Result<(), Error> {
        let doing = format!("making database {} to rehearse in", name.as_str());
        self.made.push(name.clone());
        self.maker
            .batch_execute(&doing, &format!("CREATE DATABASE {} {like}", name.sql()))
            .await?;
        let comment = format!(
            "COMMENT ON DATABASE {} IS {}",
            name.sql(),
            Ident::new(COMMENT).literal()
        );
        self.maker.batch_execute(&doing, &comment).await
    }

    /// The settings that the database gives its sessions.
    async fn settings_of_database(&self, name: &Ident) -> Result<(), Error> {
        let doing = "copying the settings of the database";
        let sql =
            "SELECT DISTINCT split_part(setting, '=', 1) FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
                   WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
                     AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))";
        for row in self.maker.query(doing, sql, &[]).await? {
            let setting: String = row.get(0);
            if !OWN_SETTINGS.contains(&setting.as_str()) {
                let quoted: Vec<String> = setting
                    .split('.')
                    .map(|part| Ident::new(part).sql())
                    .collect();
                let alter = format!(
                    "ALTER DATABASE {} SET {} FROM CURRENT",
                    name.sql(),
                    quoted.join(".")
                );
                // Some may only be set by others; what follows from them is seen in the comparison.
                self.maker.batch_execute(doing, &alter).await.ok();
            }
        }
        Ok(())
    }

    /// How one of ours is reached.
    pub(crate) fn connect_to(&self, name: &Ident) -> Connect {
        self.connect.to_database(name.as_str())
    }

    /// A session in one of ours.
    pub(crate) async fn session(&self, name: &Ident) -> Result<Session, Error> {
        Session::open(&self.connect_to(name), Role::Hands, &self.settings).await
    }

    /// Drops one of ours.
    pub(crate) async fn drop(&self, name: &Ident) -> Result<(), Error> {
        let doing = format!("dropping database {}", name.as_str());
        let drop = format!("DROP DATABASE IF EXISTS {}", name.sql());
        match self
            .maker
            .batch_execute(&doing, &format!("{drop} WITH (FORCE)"))
            .await
        {
            // A role that sessions are given by a setting may not end them: the server waits some
            // seconds for their own end.
            Err(Error::Sql { cause, .. })
                if cause.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) =>
            {
                self.maker.batch_execute(&doing, &drop).await
            }
            ended => ended,
        }
    }

    /// Drops all of ours.
    pub(crate) async fn close(mut self) -> Result<(), Error> {
        let mut ended = Ok(());
        for name in std::mem::take(&mut self.made) {
            ended = ended.and(self.drop(&name).await);
        }
        ended
    }
}
