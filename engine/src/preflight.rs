//! The questions that must be answered well before the first change. They only read.

use crate::error::Error;
use crate::lease::Lease;
use concertina_planner::Plan;
use concertina_planner::plan::{Check, Question};

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
    pub async fn preflight(&self, plan: &Plan) -> Result<Vec<FailedCheck>, Error> {
        let mut failed = Vec::new();
        for check in &plan.preflight {
            let doing = || format!("checking that {}", check.what);
            let (count, examples) = match &check.question {
                Question::NoRows { count, examples } => {
                    let found: i64 = self.hands.query_one(count, &[]).await.map_err(Error::sql(doing()))?.get(0);
                    if found == 0 {
                        continue;
                    }
                    let rows = self.hands.query(examples, &[]).await.map_err(Error::sql(doing()))?;
                    (found, rows.iter().map(|row| row.get(0)).collect())
                }
                Question::ExtensionAvailable(name) => {
                    let sql = "SELECT count(*) FROM pg_available_extensions WHERE name = $1";
                    let found: i64 = self.hands.query_one(sql, &[name]).await.map_err(Error::sql(doing()))?.get(0);
                    if found > 0 {
                        continue;
                    }
                    (1, vec![])
                }
            };
            failed.push(FailedCheck { check: check.clone(), count, examples });
        }
        Ok(failed)
    }
}
