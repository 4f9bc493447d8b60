//! The way back: from where contract waits, and down from the end.

use super::{Life, ROUNDS_MAX, Step, differs};
use crate::case::Way;
use crate::image::{Dump, Rows};
use crate::program::Said;
use crate::verdict::Manner;

impl Life<'_> {
    pub(super) async fn roll_back(&mut self) -> Step {
        for _ in 0..ROUNDS_MAX {
            let said = self.site.run(&["rollback", "--json"]).await?;
            if let Err(verdict) = Self::calm(&said, "rollback") {
                return Ok(Err(verdict));
            }
            if said.code != Some(0) {
                return Ok(Err(differs(Manner::DeadEnd, vec![format!("rollback: {}", said.message())])));
            }
            let waiting = self.site.run(&["status", "--json"]).await?.in_flight();
            if waiting.is_empty() {
                break;
            }
        }
        let done = self.site.run(&["current", "--json"]).await?;
        let applied = done.out.contains("_change");
        let changed = if applied { vec![] } else { self.changed().await? };
        if !applied && changed.is_empty() {
            self.scene.positions.restore(&self.stage.connect(self.database).await?).await?;
        }
        Ok(if changed.is_empty() { Ok(()) } else { Err(differs(Manner::NotRolledBack, changed)) })
    }

    /// Down to the start and up to the end again.
    pub(super) async fn down_and_up(&mut self) -> Step {
        let down = ["downgrade", "base", "--contract", "--allow-data-loss", "--json"];
        if self.case.way == Way::Scripts {
            let said = self.site.run(&["downgrade", "base", "--sql", "--contract", "--allow-data-loss"]).await?;
            if said.code != Some(0) {
                return Ok(Self::calm(&said, "downgrade --sql"));
            }
            if let Err(why) = self.stage.psql(self.database, &said.out).await? {
                return Ok(Err(differs(Manner::NotDown, vec![why])));
            }
        } else {
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
        }
        let versions = self.versions().await?;
        let dump = Dump::take(self.stage, self.database, &versions).await?;
        let wrong = but_for_valid_indexes(dump.against(&self.scene.dump));
        if !wrong.is_empty() {
            return Ok(Err(differs(Manner::NotDown, wrong)));
        }
        let said = self.site.run(&["upgrade", "--contract", "--json"]).await?;
        if let Err(verdict) = Self::calm(&said, "upgrade") {
            return Ok(Err(verdict));
        }
        if said.code == Some(0) {
            return self.compare(false).await;
        }
        // The rows aren't those of the start any more, so a constraint may not hold.
        let wrong = said.codes().is_empty()
            && self.scene.rows == Rows::take(&self.stage.connect(self.database).await?, &[]).await?;
        Ok(if wrong { Err(differs(Manner::NotUpAgain, vec![said.message()])) } else { Ok(()) })
    }

    /// `downgrade` ended with an error: refused with a reason while nothing changed, or else.
    async fn not_down(&mut self, said: &Said) -> Step {
        let flying = self.site.run(&["status", "--json"]).await?.in_flight();
        if flying.is_empty() && !said.codes().is_empty() {
            return Ok(Ok(()));
        }
        let back = self.site.run(&["rollback", "--json"]).await?;
        let stuck = back.code != Some(0) && !flying.is_empty();
        let manner = if stuck { Manner::DeadEnd } else { Manner::NotDown };
        Ok(Err(differs(manner, vec![format!("downgrade: {}", said.message())])))
    }
}

/// What isn't the start, without indexes that were invalid there and that the way back made anew: nobody misses what was
/// left over of a failed build.
pub(super) fn but_for_valid_indexes(lines: Vec<String>) -> Vec<String> {
    let invalid = |line: &String| {
        line.strip_prefix("- INVALID INDEX ").and_then(|rest| rest.split(" ON ").next()).map(str::to_owned)
    };
    let left: Vec<String> = lines.iter().filter_map(invalid).collect();
    let is_made = |line: &String| {
        let name = line.strip_prefix("+ CREATE INDEX ").or_else(|| line.strip_prefix("+ CREATE UNIQUE INDEX "));
        name.and_then(|rest| rest.split(" ON ").next()).is_some_and(|name| left.iter().any(|one| one == name))
    };
    let is_left = |line: &String| line.starts_with("- INVALID INDEX ");
    let made: Vec<&String> = lines.iter().filter(|line| is_made(line)).collect();
    if made.len() < left.len() {
        return lines;
    }
    lines.iter().filter(|line| !is_made(line) && !is_left(line)).cloned().collect()
}
