//! The way up beside two versions of an application.

use super::{Life, ROUNDS_MAX, Step, differs};
use crate::beside::{self, Acknowledged, Application, Outcome, Script, Version};
use crate::image::Rows;
use crate::program::Said;
use crate::verdict::{Manner, Verdict};
use std::time::Duration;

/// How long both versions of an application are at work between expand and contract.
const BOTH_SPEAK: Duration = Duration::from_millis(200);

impl Life<'_> {
    /// Beside the old version of an application until contract, and the new one from the end of the
    /// backfill on.
    pub(super) async fn up_beside(&mut self, check: &Said) -> Step {
        let (before, after) = (&self.scene.world, &self.reference.world);
        let client = self.stage.connect(self.database).await?;
        let script = Script::new(Version::Old, before, after, self.case, &client).await?;
        let mut old = Some(Application::start(client, script));
        let mut new = None;
        let mut outcomes = Vec::new();
        let mut end = None;
        for _ in 0..ROUNDS_MAX {
            let said = self.site.run(&["upgrade", "--json"]).await?;
            if !matches!(said.code, Some(0 | 3)) {
                end = Some(self.stopped(check, &said).await?);
                break;
            }
            let pending = match self.status().await? {
                Ok(said) => said.pending(),
                Err(verdict) => {
                    end = Some(Err(verdict));
                    break;
                }
            };
            // What comes only at contract, newer code can't use before.
            let is_there = pending.is_empty() && (!self.told.late || said.code == Some(0));
            if new.is_none() && self.reference.failed.is_none() && is_there {
                let psqls = self.stage.connect(&self.reference.database).await?;
                let script = Script::new(Version::New, before, after, self.case, &psqls).await?;
                new = Some(Application::start(
                    self.stage.connect(self.database).await?,
                    script,
                ));
            }
            tokio::time::sleep(BOTH_SPEAK).await;
            if let Some(application) = old.take() {
                outcomes.push(application.stop().await?);
            }
            if said.code == Some(0) {
                end = Some(Ok(()));
                break;
            }
            if let Err(verdict) = self.contract().await? {
                end = Some(Err(verdict));
                break;
            }
        }
        for application in [old, new].into_iter().flatten() {
            outcomes.push(application.stop().await?);
        }
        let hang = || {
            Err(differs(
                Manner::Hang,
                vec!["upgrade and contract always find more to do".to_owned()],
            ))
        };
        let end = end.unwrap_or_else(hang);
        self.applications(&outcomes, end).await
    }

    /// What the applications met, and what is left of what they wrote.
    async fn applications(&self, outcomes: &[Outcome], end: Result<(), Verdict>) -> Step {
        // A statement that makes a table refuse what an application writes is told beforehand.
        let told = self.told.refuses;
        let is_refusal = |failure: &str| {
            failure
                .split_whitespace()
                .nth(1)
                .is_some_and(|code| code.starts_with("23"))
        };
        let failures: Vec<String> = outcomes
            .iter()
            .flat_map(|one| &one.failures)
            .filter(|failure| !(told && is_refusal(failure)))
            .cloned()
            .collect();
        let worse = match &end {
            Err(Verdict::Differs(_)) => true,
            Err(Verdict::Same | Verdict::BothRefuse | Verdict::Refused { .. }) | Ok(()) => false,
        };
        if !failures.is_empty() && !worse {
            return Ok(Err(differs(Manner::Application, failures)));
        }
        if end.is_err() {
            return Ok(end);
        }
        let client = self.stage.connect(self.database).await?;
        let mut acknowledged = Acknowledged::new();
        outcomes
            .iter()
            .for_each(|one| acknowledged.extend(one.acknowledged.clone()));
        let lost = beside::lost(&acknowledged, &self.reference.world, &client).await?;
        Ok(if lost.is_empty() {
            Ok(())
        } else {
            Err(differs(Manner::Application, lost))
        })
    }

    /// The rows that no application wrote, where a revision writes none: then they are psql's
    /// whatever was written elsewhere.
    pub(super) async fn compare_untouched(&self) -> Step {
        let world = &self.reference.world;
        let writes = self
            .case
            .revisions
            .iter()
            .flatten()
            .any(|one| crate::tags::writes_rows(&one.text()));
        if writes
            || world
                .relations
                .iter()
                .any(|one| !one.triggers.is_empty() || !one.rules.is_empty())
        {
            return Ok(Ok(()));
        }
        let touched = beside::touched(&self.scene.world, world);
        let (mine, theirs) = (
            self.stage.connect(self.database).await?,
            self.stage.connect(&self.reference.database).await?,
        );
        let wanted = Rows::without(&theirs, &self.numbered, &touched).await?;
        let wrong = Rows::without(&mine, &self.numbered, &touched)
            .await?
            .against(&wanted);
        Ok(if wrong.is_empty() {
            Ok(())
        } else {
            Err(differs(Manner::Rows, wrong))
        })
    }
}
