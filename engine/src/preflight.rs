//! The questions that must be answered well before the first change. They only read.

use crate::error::Error;
use crate::ladder::surely;
use crate::lease::Lease;
use concertina_planner::Plan;
use concertina_planner::action::sql::{do_block, dollar_quote};
use concertina_planner::plan::{Check, Question};
use concertina_revisions::Ident;
use std::time::Duration;

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
        let mut failed = Vec::new();
        for check in &plan.preflight {
            failed.extend(surely!(self, self.watched(check))?);
        }
        Ok(failed)
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
                Err(error) if error.code().is_some_and(|code| code.code().starts_with("42")) => {}
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
            Question::NoRows { count, examples } => {
                let found: i64 = self.hands.query_one(&doing(), count, &[]).await?.get(0);
                if found == 0 {
                    return Ok(None);
                }
                let rows = self.hands.query(&doing(), examples, &[]).await?;
                (found, rows.iter().map(|row| row.get(0)).collect())
            }
            Question::NoErrors { table, alias, expression, key } => {
                match self.errors(&doing(), [&table.sql(), &alias.sql(), expression, key]).await? {
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
        Ok(Some(FailedCheck { check: check.clone(), count, examples }))
    }

    /// The rows for which an expression fails: their number, and some of them.
    async fn errors(
        &self,
        doing: &str,
        [table, alias, expression, key]: [&String; 4],
    ) -> Result<Option<(i64, Vec<String>)>, Error> {
        let function = fails(table, alias, expression);
        self.hands.batch_execute(doing, &function).await?;
        let count = failing(table, alias);
        let found: i64 = self.hands.query_one(doing, &count, &[]).await?.get(0);
        let examples = if found > 0 {
            let sql = format!(
                "SELECT concat({key}, ': ', to_jsonb({alias}.*)::text) FROM {table} AS {alias} \
                 WHERE pg_temp.concertina_fails({alias}.*) LIMIT 5"
            );
            let rows = self.hands.query(doing, &sql, &[]).await?;
            Some((found, rows.iter().map(|row| row.get(0)).collect()))
        } else {
            None
        };
        self.hands.batch_execute(doing, &forget(table)).await?;
        Ok(examples)
    }
}

/// A function of this session alone, as only a procedural language can go on after an error. What is wrong with the
/// expression itself, and not with a value, is an error still.
fn fails(table: &str, alias: &str, expression: &str) -> String {
    let body = format!(
        "BEGIN PERFORM ({expression}); RETURN false; \
         EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN RETURN true; END"
    );
    let quote = dollar_quote(&body);
    format!(
        "CREATE OR REPLACE FUNCTION pg_temp.concertina_fails({alias} {table}) RETURNS boolean LANGUAGE plpgsql AS {quote}{body}{quote}"
    )
}

fn failing(table: &str, alias: &str) -> String {
    format!("SELECT count(*) FROM {table} AS {alias} WHERE pg_temp.concertina_fails({alias}.*)")
}

fn forget(table: &str) -> String {
    format!("DROP FUNCTION pg_temp.concertina_fails({table})")
}

/// The check as a statement that fails when it doesn't hold.
pub(crate) fn as_script(check: &Check) -> String {
    let (before, count, after) = match &check.question {
        Question::NoRows { count, .. } => (String::new(), count.clone(), String::new()),
        Question::NoErrors { table, alias, expression, .. } => {
            let (table, alias) = (table.sql(), alias.sql());
            (
                format!("{};\n", fails(&table, &alias, expression)),
                failing(&table, &alias),
                format!("{};\n", forget(&table)),
            )
        }
        Question::ExtensionAvailable(name) => {
            let there =
                format!("SELECT FROM pg_available_extensions WHERE name = {}", Ident::new(name.as_str()).literal());
            let missing = format!("SELECT count(*) FROM (SELECT WHERE NOT EXISTS ({there})) AS missing");
            (String::new(), missing, String::new())
        }
    };
    let [what, remedy] = [&check.what, &check.remedy].map(|text| Ident::new(text.as_str()).literal());
    let body = format!(
        "\nDECLARE found bigint := ({count});\nBEGIN\n  IF found > 0 THEN\n    \
         RAISE EXCEPTION 'this doesn''t hold: %', {what} USING DETAIL = found || ' rows are against it', HINT = {remedy};\n  END IF;\nEND\n"
    );
    format!("{before}{};\n{after}", do_block(&body))
}
