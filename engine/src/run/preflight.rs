//! The questions that must be answered well before the first change. They only read.

use crate::config::Settings;
use crate::connection::session::{Role, Session};
use crate::error::{Class, Error};
use crate::event::Event;
use crate::inspect::doctor;
use crate::inspect::{rights, subscribers};
use crate::lock::ladder::surely;
use crate::lock::lease::Lease;
use concertina_planner::Plan;
use concertina_planner::action::sql::{do_block, dollar_quote};
use concertina_planner::plan::{Check, Question};
use concertina_planner::sent::{self, Sent};
use concertina_revisions::{Ident, TableName};
use std::time::Duration;

/// For a session that a backfill will need.
const CONNECTION_WITHIN: Duration = Duration::from_secs(5);

/// How often we look whom a check waits for.
const WATCH: Duration = Duration::from_secs(1);

/// A preflight check that doesn't hold.
#[derive(Debug, Clone)]
pub struct FailedCheck {
    /// The check.
    pub check: Check,
    /// How many rows are against it.
    pub count: i64,
    /// Some of them.
    pub examples: Vec<String>,
}

impl Lease {
    /// Asks a plan's preflight questions. They only read.
    ///
    /// # Errors
    ///
    /// When PostgreSQL refuses a question.
    pub async fn preflight(&mut self, plan: &Plan) -> Result<Vec<FailedCheck>, Error> {
        let needs = plan.needs();
        // One transaction is refused as a whole: what was there a revision ago needn't be asked for
        // again.
        if !(plan.is_at_once() && self.rights.cover(&needs)) {
            surely!(self, Box::pin(rights::missing(&self.records, &needs)))?;
            self.rights.add(needs.clone());
        }
        if needs.backfills {
            Box::pin(self.enough_connections()).await?;
            for finding in surely!(self, Box::pin(doctor::of_backfills(&self.records)))? {
                self.tell(Event::Note {
                    text: format!("{}: {}", finding.what, finding.remedy),
                });
            }
        }
        self.subscribers_are_ready(&sent::by_plan(plan)).await?;
        let (mut failed, mut broken) = (Vec::new(), None);
        for check in &plan.preflight {
            match surely!(self, self.watched(check)) {
                Ok(found) => failed.extend(found),
                // A value that an earlier statement can't make, which is asked for itself.
                Err(error) if is_foreseen(check) && error.is_of_data() => {
                    broken = broken.or(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        match broken {
            Some(error) if failed.is_empty() => Err(error),
            _ => Ok(failed),
        }
    }

    /// Refuses what would stop subscribers of a publication, unless somebody has said that they are ready for it. Only reads.
    ///
    /// # Errors
    ///
    /// [`Error::Subscribers`] with what to do on them first.
    pub async fn subscribers_are_ready(&mut self, sent: &[Sent]) -> Result<(), Error> {
        if self.settings.subscribers_ready {
            return Ok(());
        }
        let needs = surely!(self, Box::pin(subscribers::need(&self.records, sent)))?;
        if needs.is_empty() {
            return Ok(());
        }
        Err(Error::Subscribers { needs })
    }

    /// Whether a backfill gets a session that watches the server and one that works, besides ours.
    async fn enough_connections(&self) -> Result<(), Error> {
        let mut open = Vec::new();
        let roles = [Role::Monitor, Role::Worker];
        let probes = self.settings.latency_budget_percent.map(|_| Role::Monitor);
        let roles: Vec<Role> = probes.into_iter().chain(roles).collect();
        for role in &roles {
            let opened = Session::open(&self.connect, *role, &self.settings);
            // A pooler lets us in and has no session for us.
            let opened = tokio::time::timeout(CONNECTION_WITHIN, opened).await;
            let why = match opened {
                Ok(Ok(session)) => {
                    open.push(session);
                    continue;
                }
                Ok(Err(Error::Connect {
                    why, code: Some(_), ..
                })) => why,
                Ok(Err(error)) if error.class() == Class::Connection => error.to_string(),
                Ok(Err(error)) => return Err(error),
                Err(_) => "no answer in time".to_owned(),
            };
            let (needed, got) = (
                self.settings.connections_of_backfill(),
                Settings::CONNECTIONS_MIN + open.len(),
            );
            return Err(Error::FewConnections {
                needed,
                got,
                why,
                user: self.connect.user(),
            });
        }
        Ok(())
    }

    /// Asks questions of a plan before what comes before it has run. Those that speak of what isn't there yet are left for
    /// their time.
    ///
    /// # Errors
    ///
    /// When the connection is lost.
    pub async fn preflight_ahead(&mut self, checks: &[&Check]) -> Result<Vec<FailedCheck>, Error> {
        let mut failed = Vec::new();
        for check in checks {
            match surely!(self, self.watched(check)) {
                Ok(found) => failed.extend(found),
                Err(error)
                    if error
                        .code()
                        .is_some_and(|code| code.code().starts_with("42")) => {}
                Err(error) if is_foreseen(check) && error.is_of_data() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(failed)
    }

    async fn watched(&self, check: &Check) -> Result<Option<FailedCheck>, Error> {
        tokio::select! {
            asked = self.check(check) => asked,
            lost = self.watch(&check.what, WATCH) => Err(lost),
        }
    }

    async fn check(&self, check: &Check) -> Result<Option<FailedCheck>, Error> {
        let doing = || format!("checking that {}", check.what);
        let (count, examples) = match &check.question {
            Question::NoRows {
                count, examples, ..
            } => {
                let found: i64 = self.hands.query_one(&doing(), count, &[]).await?.get(0);
                if found == 0 {
                    return Ok(None);
                }
                let rows = self.hands.query(&doing(), examples, &[]).await?;
                (found, rows.iter().map(|row| row.get(0)).collect())
            }
            Question::NoErrors {
                table,
                alias,
                expression,
                key,
                rows,
            } => {
                let trial = Trial::new(table, alias, expression, rows.as_deref());
                match self.errors(&doing(), &trial, key).await? {
                    Some(found) => found,
                    None => return Ok(None),
                }
            }
            Question::ExtensionAvailable(name) => {
                let sql = "SELECT count(*) FROM pg_available_extensions WHERE name = $1";
                let found: i64 = self.hands.query_one(&doing(), sql, &[name]).await?.get(0);
                if found > 0 {
                    return Ok(None);
                }
                (1, vec![])
            }
        };
        Ok(Some(FailedCheck {
            check: check.clone(),
            count,
            examples,
        }))
    }

    /// The rows for which an expression fails: their number, and some of them.
    async fn errors(
        &self,
        doing: &str,
        trial: &Trial,
        key: &str,
    ) -> Result<Option<(i64, Vec<String>)>, Error> {
        for sql in trial.view() {
            self.hands.batch_execute(doing, &sql).await?;
        }
        // Most often there is none, which one scan tells.
        match self.hands.query_one(doing, &trial.all(), &[]).await {
            Ok(_) => {
                for sql in trial.forget_view() {
                    self.hands.batch_execute(doing, &sql).await?;
                }
                return Ok(None);
            }
            Err(error) if error.is_of_data() || error.is_of_constraint() => {}
            Err(error) => return Err(error),
        }
        self.hands.batch_execute(doing, &trial.function()).await?;
        let found: i64 = self
            .hands
            .query_one(doing, &trial.failing(), &[])
            .await?
            .get(0);
        let examples = if found > 0 {
            let (table, alias) = (&trial.table, &trial.alias);
            // By its key alone: what else is in a row is nobody's business who reads a log.
            let sql = format!(
                "SELECT concat({key}) FROM {table} AS {alias} WHERE pg_temp.concertina_fails({alias}.*) LIMIT 5"
            );
            let rows = self.hands.query(doing, &sql, &[]).await?;
            Some((found, rows.iter().map(|row| row.get(0)).collect()))
        } else {
            None
        };
        for sql in trial.end() {
            self.hands.batch_execute(doing, &sql).await?;
        }
        Ok(examples)
    }
}

/// Whether a question is asked of rows that earlier statements will leave.
fn is_foreseen(check: &Check) -> bool {
    match &check.question {
        Question::NoRows { foreseen, .. } => *foreseen,
        Question::NoErrors { rows, .. } => rows.is_some(),
        Question::ExtensionAvailable(_) => false,
    }
}

/// The rows that earlier statements will leave, as a view: a function can be given a row of it.
const ROWS_LEFT: &str = "pg_temp.concertina_rows";

/// An expression that is tried for each row.
struct Trial {
    table: String,
    alias: String,
    expression: String,
    rows: Option<String>,
}

impl Trial {
    fn new(table: &TableName, alias: &Ident, expression: &str, rows: Option<&str>) -> Trial {
        Trial {
            table: if rows.is_some() {
                ROWS_LEFT.to_owned()
            } else {
                table.sql()
            },
            alias: alias.sql(),
            expression: expression.to_owned(),
            rows: rows.map(str::to_owned),
        }
    }

    /// The rows that are tried, where they aren't a table's own.
    fn view(&self) -> Vec<String> {
        let Some(rows) = &self.rows else {
            return vec![];
        };
        // One may be left of a question that failed.
        let forget = format!("DROP VIEW IF EXISTS {ROWS_LEFT} CASCADE");
        vec![
            forget,
            format!(
                "CREATE TEMP VIEW concertina_rows AS SELECT * FROM {rows} AS {}",
                self.alias
            ),
        ]
    }

    fn forget_view(&self) -> Vec<String> {
        self.rows
            .iter()
            .map(|_| format!("DROP VIEW {ROWS_LEFT}"))
            .collect()
    }

    /// Computes it for all of them.
    fn all(&self) -> String {
        let Trial {
            table,
            alias,
            expression,
            ..
        } = self;
        format!("SELECT count(({expression})) FROM {table} AS {alias}")
    }

    /// A function of this session alone, as only a procedural language can go on after an error.
    /// What is wrong with the expression itself, and not with a value, is an error still.
    fn function(&self) -> String {
        let Trial {
            table,
            alias,
            expression,
            ..
        } = self;
        let body = format!(
            "BEGIN PERFORM ({expression}); RETURN false; \
             EXCEPTION WHEN data_exception OR integrity_constraint_violation OR raise_exception THEN RETURN true; END"
        );
        let quote = dollar_quote(&body);
        format!(
            "CREATE OR REPLACE FUNCTION pg_temp.concertina_fails({alias} {table}) RETURNS boolean LANGUAGE plpgsql AS {quote}{body}{quote}"
        )
    }

    fn begin(&self) -> Vec<String> {
        self.view().into_iter().chain([self.function()]).collect()
    }

    fn failing(&self) -> String {
        let Trial { table, alias, .. } = self;
        format!("SELECT count(*) FROM {table} AS {alias} WHERE pg_temp.concertina_fails({alias}.*)")
    }

    fn end(&self) -> Vec<String> {
        let forget = format!("DROP FUNCTION pg_temp.concertina_fails({})", self.table);
        std::iter::once(forget).chain(self.forget_view()).collect()
    }
}

/// The check as a statement that fails when it doesn't hold.
pub(crate) fn as_script(check: &Check) -> String {
    let (before, count, after) = match &check.question {
        Question::NoRows { count, .. } => (String::new(), count.clone(), String::new()),
        Question::NoErrors {
            table,
            alias,
            expression,
            rows,
            ..
        } => {
            let trial = Trial::new(table, alias, expression, rows.as_deref());
            let each = |all: Vec<String>| {
                all.iter()
                    .map(|sql| format!("{sql};\n"))
                    .collect::<String>()
            };
            (each(trial.begin()), trial.failing(), each(trial.end()))
        }
        Question::ExtensionAvailable(name) => {
            let there = format!(
                "SELECT FROM pg_available_extensions WHERE name = {}",
                Ident::new(name.as_str()).literal()
            );
            let missing =
                format!("SELECT count(*) FROM (SELECT WHERE NOT EXISTS ({there})) AS missing");
            (String::new(), missing, String::new())
        }
    };
    let [what, remedy] =
        [&check.what, &check.remedy].map(|text| Ident::new(text.as_str()).literal());
    let body = format!(
        "\nDECLARE found bigint := ({count});\nBEGIN\n  IF found > 0 THEN\n    \
         RAISE EXCEPTION 'this doesn''t hold: %', {what} USING DETAIL = found || ' rows are against it', HINT = {remedy};\n  END IF;\nEND\n"
    );
    format!("{before}{};\n{after}", do_block(&body))
}
