//! What is ours in a database: our records say what is so, and nothing else of ours is left beside
//! them.

use super::{Life, Step, differs};
use crate::Broken;
use crate::program::{Said, Site};
use crate::stage::{Database, Stage};
use crate::verdict::{Manner, Verdict};
use std::collections::BTreeSet;

/// What stands in our schema, and triggers of ours wherever they are.
const OURS: &str = "
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = 'concertina')
SELECT 'FUNCTION ' || p.oid::regprocedure FROM pg_proc p JOIN own ON own.oid = p.pronamespace
UNION ALL SELECT CASE c.relkind WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'MATERIALIZED VIEW ' WHEN 'S' THEN 'SEQUENCE ' WHEN 'c' THEN 'TYPE '
    WHEN 'i' THEN 'INDEX ' ELSE 'TABLE ' END || c.oid::regclass FROM pg_class c JOIN own ON own.oid = c.relnamespace
UNION ALL SELECT 'TYPE ' || t.oid::regtype FROM pg_type t JOIN own ON own.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r')
UNION ALL SELECT 'TRIGGER ' || g.tgname || ' ON ' || g.tgrelid::regclass FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
WHERE NOT g.tgisinternal AND (g.tgname LIKE '%concertina%' OR p.pronamespace IN (SELECT oid FROM own))";

/// Takes it.
async fn take(stage: &Stage, database: &Database) -> Result<BTreeSet<String>, Broken> {
    let client = stage.connect(database).await?;
    Ok(client
        .query(OURS, &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect())
}

/// What is there once a revision that leaves nothing of ours has been run: our records.
async fn records_alone(stage: &Stage) -> Result<BTreeSet<String>, Broken> {
    let database = stage.empty().await?;
    let revision = ["CREATE TABLE first (a int);\n".to_owned()];
    let site = Site::new(stage.program(), &stage.url(&database), &revision, false)?;
    let said = site.run(&["upgrade", "--contract", "--json"]).await?;
    let found = take(stage, &database).await?;
    stage.remove(database).await?;
    if said.code != Some(0) {
        let why = format!(
            "{} can't run `upgrade` of one CREATE TABLE: {}",
            stage.program().display(),
            said.message()
        );
        return Err(Broken::File(why));
    }
    Ok(found)
}

impl Life<'_> {
    /// `status`, which has an answer whatever happened before.
    pub(super) async fn status(&self) -> Result<Result<Said, Verdict>, Broken> {
        let said = self.site.run(&["status", "--json"]).await?;
        if let Err(verdict) = Self::calm(&said, "status") {
            return Ok(Err(verdict));
        }
        let answers =
            said.code == Some(0) && said.events().any(|event| event["in_flight"].is_array());
        Ok(if answers {
            Ok(said)
        } else {
            Err(differs(
                Manner::DeadEnd,
                vec![format!("status: {}", said.message())],
            ))
        })
    }

    /// What was refused left nothing of ours; what is recorded as begun can be rolled back.
    pub(super) async fn nothing_begun(&self) -> Step {
        let flying = match self.status().await? {
            Ok(said) => said.in_flight(),
            Err(verdict) => return Ok(Err(verdict)),
        };
        if !flying.is_empty() {
            let back = self.site.run(&["rollback", "--json"]).await?;
            if let Err(verdict) = Self::calm(&back, "rollback") {
                return Ok(Err(verdict));
            }
            if back.code != Some(0) {
                return Ok(Err(differs(
                    Manner::DeadEnd,
                    vec![format!("rollback: {}", back.message())],
                )));
            }
        }
        self.records().await
    }

    /// Nothing is in flight, and nothing of ours is left beside our records.
    pub(super) async fn records(&self) -> Step {
        let flying = match self.status().await? {
            Ok(said) => said.in_flight(),
            Err(verdict) => return Ok(Err(verdict)),
        };
        if !flying.is_empty() {
            return Ok(Err(differs(Manner::Leftovers, flying)));
        }
        let usual = self.stage.records(records_alone(self.stage)).await?;
        let left: Vec<String> = take(self.stage, self.database)
            .await?
            .difference(usual)
            .cloned()
            .collect();
        Ok(if left.is_empty() {
            Ok(())
        } else {
            Err(differs(Manner::Leftovers, left))
        })
    }
}
