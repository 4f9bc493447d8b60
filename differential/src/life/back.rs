//! The way back: from where contract waits, and down from the end.

use super::{Life, ROUNDS_MAX, Step, differs};
use crate::Broken;
use crate::case::Way;
use crate::image::{Dump, Positions, Rows, Values};
use crate::program::Said;
use crate::stage::Scripted;
use crate::verdict::{Manner, Verdict};
use tokio_postgres::Client;

impl Life<'_> {
    pub(super) async fn roll_back(&mut self) -> Step {
        let mut waiting = vec![];
        for _ in 0..ROUNDS_MAX {
            let said = self.site.run(&["rollback", "--json"]).await?;
            if let Err(verdict) = Self::calm(&said, "rollback") {
                return Ok(Err(verdict));
            }
            if said.code != Some(0) {
                return Ok(Err(differs(
                    Manner::DeadEnd,
                    vec![format!("rollback: {}", said.message())],
                )));
            }
            waiting = match self.status().await? {
                Ok(said) => said.in_flight(),
                Err(verdict) => return Ok(Err(verdict)),
            };
            if waiting.is_empty() {
                break;
            }
        }
        if !waiting.is_empty() {
            return Ok(Err(differs(
                Manner::DeadEnd,
                waiting
                    .iter()
                    .map(|one| format!("rollback: {one}"))
                    .collect(),
            )));
        }
        let done = self.site.run(&["current", "--json"]).await?;
        if let Err(verdict) = Self::calm(&done, "current") {
            return Ok(Err(verdict));
        }
        if done.out.contains("_change") {
            // Of several files the first is done, and stays so. What remains of the others isn't
            // where they could go up from again.
            return Ok(if self.told.remains.is_empty() {
                Ok(())
            } else {
                Err(Verdict::Same)
            });
        }
        if !self.told.remains.is_empty() {
            let changed = self.changed_but_for_what_remains().await?;
            // It isn't the start that it could go up from again.
            let verdict = if changed.is_empty() {
                Verdict::Same
            } else {
                differs(Manner::NotRolledBack, changed)
            };
            return Ok(Err(verdict));
        }
        let mut changed = self.changed().await?;
        let client = self.stage.connect(self.database).await?;
        if changed.is_empty() {
            changed = self.moved(&client).await?;
        }
        if !changed.is_empty() {
            return Ok(Err(differs(Manner::NotRolledBack, changed)));
        }
        self.scene.positions.restore(&client).await?;
        self.records().await
    }

    /// What differs from the start with nothing done but the statements of which it was told that
    /// they remain.
    async fn changed_but_for_what_remains(&self) -> Result<Vec<String>, Broken> {
        let start = self.stage.copy(&self.scene.database).await?;
        for statement in &self.told.remains {
            // What one leaves that builds on others before it can't be known without these.
            let script = format!("\\set ON_ERROR_STOP on\n{statement};");
            if self.stage.psql(&start, &script).await? != Scripted::Done {
                self.stage.remove(start).await?;
                return Ok(vec![]);
            }
        }
        let client = self.stage.connect(&start).await?;
        let dump = Dump::take(self.stage, &start, &client, &[]).await?;
        let rows = Rows::take(&client, &[]).await?;
        let changed = self.changed_from(&dump, &rows).await;
        self.stage.remove(start).await?;
        changed
    }

    /// Down to the start and up to the end again.
    pub(super) async fn down_and_up(&mut self) -> Step {
        if let Err(verdict) = self.down().await? {
            return Ok(Err(verdict));
        }
        if !self.is_down {
            return Ok(Ok(()));
        }
        // Versions of the application's schema go with what they are versions of.
        let client = self.stage.connect(self.database).await?;
        let dump = Dump::take(self.stage, self.database, &client, &[]).await?;
        let mut wrong = but_for_valid_indexes(dump.against(&self.scene.dump));
        if wrong.is_empty() {
            wrong = self.lost(&client).await?;
            wrong.extend(self.moved(&client).await?);
        }
        drop(client);
        if !wrong.is_empty() {
            return Ok(Err(differs(Manner::NotDown, wrong)));
        }
        if let Err(verdict) = self.records().await? {
            return Ok(Err(verdict));
        }
        self.up_again().await
    }

    /// Down to the start, or refused while nothing changed.
    async fn down(&mut self) -> Step {
        let down = [
            "downgrade",
            "base",
            "--contract",
            "--allow-data-loss",
            "--json",
        ];
        if self.case.way == Way::Scripts {
            return self.down_by_script().await;
        }
        if self.case.way == Way::Killed
            && let Err(verdict) = self.kill(&down).await?
        {
            return Ok(Err(verdict));
        }
        let said = self.site.run(&down).await?;
        if let Err(verdict) = Self::calm(&said, "downgrade") {
            return Ok(Err(verdict));
        }
        if said.code != Some(0) {
            return self.not_down(&said).await;
        }
        self.is_down = true;
        Ok(Ok(()))
    }

    async fn down_by_script(&mut self) -> Step {
        let words = [
            "downgrade",
            "base",
            "--sql",
            "--contract",
            "--allow-data-loss",
        ];
        let said = self.site.run(&words).await?;
        if let Err(verdict) = Self::calm(&said, "downgrade --sql") {
            return Ok(Err(verdict));
        }
        if said.code != Some(0) {
            let said = self.site.run(&[&words[..], &["--json"]].concat()).await?;
            return self.not_down(&said).await;
        }
        match self.stage.psql(self.database, &said.out).await? {
            Scripted::Done => self.is_down = true,
            Scripted::Failed(why) => return Ok(Err(differs(Manner::NotDown, vec![why]))),
            Scripted::Hung => {
                return Ok(Err(differs(
                    Manner::Hang,
                    vec!["psql with a script down".to_owned()],
                )));
            }
        }
        Ok(Ok(()))
    }

    async fn up_again(&mut self) -> Step {
        let said = self.site.run(&["upgrade", "--contract", "--json"]).await?;
        if let Err(verdict) = Self::calm(&said, "upgrade") {
            return Ok(Err(verdict));
        }
        if said.code == Some(0) {
            return self.compare(false).await;
        }
        // The rows may not be those of the start any more, so that a constraint doesn't hold: then
        // a check says so.
        let same_rows =
            self.scene.rows == Rows::take(&self.stage.connect(self.database).await?, &[]).await?;
        let wrong = said.codes().is_empty() || same_rows;
        Ok(if wrong {
            Err(differs(Manner::NotUpAgain, vec![said.message()]))
        } else {
            Ok(())
        })
    }

    /// `downgrade` ended with an error: refused with a reason while nothing changed, or else.
    async fn not_down(&mut self, said: &Said) -> Step {
        let flying = match self.status().await? {
            Ok(said) => said.in_flight(),
            Err(verdict) => return Ok(Err(verdict)),
        };
        let mut details = vec![format!("downgrade: {}", said.message())];
        if flying.is_empty() && !said.codes().is_empty() {
            // Of several files the last may be taken back.
            if self.case.files().len() > 1 {
                return Ok(Ok(()));
            }
            let wanted = self.reference.dump(self.stage).await?;
            let client = self.stage.connect(self.database).await?;
            let versions = self.versions(&client).await?;
            let dump = Dump::take(self.stage, self.database, &client, &versions).await?;
            details.extend(dump.against(wanted));
            return Ok(if details.len() == 1 {
                Ok(())
            } else {
                Err(differs(Manner::NotDown, details))
            });
        }
        let back = self.site.run(&["rollback", "--json"]).await?;
        let stuck = back.code != Some(0) && !flying.is_empty();
        let manner = if stuck {
            Manner::DeadEnd
        } else {
            Manner::NotDown
        };
        Ok(Err(differs(manner, details)))
    }

    /// Rows that aren't those of the start, though psql's run of the revisions leaves all values: on
    /// the way back it must be so too.
    async fn lost(&self, client: &Client) -> Result<Vec<String>, Broken> {
        let lost = Rows::take(client, &[]).await?.against(&self.scene.rows);
        if lost.is_empty() {
            return Ok(lost);
        }
        let psqls = self.stage.connect(&self.reference.database).await?;
        let kept = Values::take(&psqls).await? == *self.scene.values(self.stage).await?;
        Ok(if kept { lost } else { vec![] })
    }

    /// Sequences that stand elsewhere than at the start, though psql leaves all where they are.
    async fn moved(&self, client: &Client) -> Result<Vec<String>, Broken> {
        let moved = Positions::take(client)
            .await?
            .against(&self.scene.positions);
        if moved.is_empty() {
            return Ok(moved);
        }
        let psqls = self.stage.connect(&self.reference.database).await?;
        let kept = Positions::take(&psqls).await? == self.scene.positions;
        Ok(if kept { moved } else { vec![] })
    }
}

/// What isn't the start, without indexes that were invalid there and that the way back made anew:
/// nobody misses what was left over of a failed build.
pub(super) fn but_for_valid_indexes(lines: Vec<String>) -> Vec<String> {
    let invalid = |line: &String| {
        line.strip_prefix("- INVALID INDEX ")
            .and_then(|rest| rest.split(" ON ").next())
            .map(str::to_owned)
    };
    let left: Vec<String> = lines.iter().filter_map(invalid).collect();
    let is_made = |line: &String| {
        let name = line
            .strip_prefix("+ CREATE INDEX ")
            .or_else(|| line.strip_prefix("+ CREATE UNIQUE INDEX "));
        name.and_then(|rest| rest.split(" ON ").next())
            .is_some_and(|name| left.iter().any(|one| one == name))
    };
    let is_left = |line: &String| line.starts_with("- INVALID INDEX ");
    let made: Vec<&String> = lines.iter().filter(|line| is_made(line)).collect();
    if made.len() < left.len() {
        return lines;
    }
    lines
        .iter()
        .filter(|line| !is_made(line) && !is_left(line))
        .cloned()
        .collect()
}
