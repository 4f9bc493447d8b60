//! A case run in full: up, back, up, down and up again, each end compared.

mod back;
mod others;

use crate::Broken;
use crate::case::{Case, Way};
use crate::image::{Dump, Positions, Rows};
use crate::make::{Reference, Scene};
use crate::program::{Said, Site};
use crate::stage::{Database, Stage};
use crate::verdict::{Difference, Manner, Verdict};
use std::collections::BTreeSet;
use std::time::Duration;

/// A verb is run again so often while it says that more is to do.
const ROUNDS_MAX: u32 = 8;

/// How often a verb is killed before it may end.
const KILLS: u64 = 3;

/// What comes of the steps of a life: on, or the end with its verdict.
type Step = Result<Result<(), Verdict>, Broken>;

/// Runs a case and judges it. `reference` is psql's end of the same revisions.
///
/// # Errors
///
/// When the server can't be talked to: no verdict.
pub async fn judge(
    stage: &Stage,
    scene: &Scene,
    reference: &Reference,
    case: &Case,
) -> Result<(Verdict, Vec<String>), Broken> {
    let database = stage.copy(&scene.database).await?;
    let mut life = Life::new(stage, scene, reference, case, &database)?;
    let verdict = life.run().await;
    let actions = std::mem::take(&mut life.actions);
    stage.remove(database).await?;
    Ok((verdict?, actions))
}

struct Life<'a> {
    stage: &'a Stage,
    scene: &'a Scene,
    reference: &'a Reference,
    case: &'a Case,
    database: &'a Database,
    site: Site,
    /// Columns that were numbered by a sequence of this case's.
    numbered: Vec<String>,
    /// What the plans did, for the coverage.
    actions: Vec<String>,
    /// Codes of hazards that were told before.
    hazards: BTreeSet<String>,
}

fn differs(manner: Manner, details: Vec<String>) -> Verdict {
    Verdict::Differs(Difference::new(manner, details))
}

impl<'a> Life<'a> {
    fn new(
        stage: &'a Stage,
        scene: &'a Scene,
        reference: &'a Reference,
        case: &'a Case,
        database: &'a Database,
    ) -> Result<Life<'a>, Broken> {
        let site = Site::new(stage.program(), &stage.url(database), &case.files(), case.way == Way::Versions)?;
        let before: BTreeSet<(&str, &str)> = numbered(&scene.world).collect();
        let numbered =
            numbered(&reference.world).filter(|one| !before.contains(one)).map(|(_, column)| column.to_owned());
        let numbered = numbered.collect();
        Ok(Life { stage, scene, reference, case, database, site, numbered, actions: vec![], hazards: BTreeSet::new() })
    }

    async fn run(&mut self) -> Result<Verdict, Broken> {
        if let Err(verdict) = self.up().await? {
            return Ok(verdict);
        }
        if let Err(verdict) = self.compare(true).await? {
            return Ok(verdict);
        }
        if let Err(verdict) = self.records().await? {
            return Ok(verdict);
        }
        if self.case.way == Way::Beside {
            // The start isn't the start any more: others wrote.
            return Ok(Verdict::Same);
        }
        Ok(match self.down_and_up().await? {
            Ok(()) => Verdict::Same,
            Err(verdict) => verdict,
        })
    }

    /// What holds of every run: no panic, no hang.
    fn calm(said: &Said, verb: &str) -> Result<(), Verdict> {
        if said.hung {
            return Err(differs(Manner::Hang, vec![verb.to_owned()]));
        }
        if said.panicked() {
            return Err(differs(
                Manner::Panic,
                vec![format!("{verb}: {}", said.err.lines().take(3).collect::<Vec<_>>().join(" "))],
            ));
        }
        Ok(())
    }

    /// A number that follows from the case, so that the same is done when it is run again.
    fn chosen(&self, of: u64) -> u64 {
        let length: usize = self.case.revisions.iter().flatten().map(|one| one.text().len()).sum();
        (length as u64).wrapping_mul(2_654_435_761) % of
    }

    /// Up to the end, in the way of the case.
    async fn up(&mut self) -> Step {
        let check = self.site.run(&["check", "--json"]).await?;
        if let Err(verdict) = Self::calm(&check, "check") {
            return Ok(Err(verdict));
        }
        self.hazards = check.hazards();
        if self.chosen(4) == 0 {
            let plan = self.site.run(&["plan", "--json"]).await?;
            if let Err(verdict) = Self::calm(&plan, "plan") {
                return Ok(Err(verdict));
            }
            self.actions = actions(&plan);
        }
        match self.case.way {
            Way::Scripts => self.by_script(&["upgrade", "--sql", "--contract"]).await,
            Way::Beside => self.up_beside(&check).await,
            Way::Plain | Way::Back | Way::Versions | Way::Killed | Way::Split | Way::Spaced => {
                self.up_alone(&check).await
            }
        }
    }

    /// Kills a verb at several moments of its run, as long as it isn't done before.
    async fn kill(&self, words: &[&str]) -> Result<Result<(), Verdict>, Broken> {
        let first = 20 + self.chosen(240);
        for round in 0..KILLS {
            let millis = first + round * 110;
            let (said, ended) = self.site.run_for(words, Duration::from_millis(millis)).await?;
            if said.panicked() {
                return Ok(Err(differs(Manner::Panic, vec![said.err])));
            }
            if ended {
                break;
            }
        }
        Ok(Ok(()))
    }

    /// With nobody else at work.
    async fn up_alone(&mut self, check: &Said) -> Step {
        let killed = self.case.way == Way::Killed;
        let mut rolled_back = !(self.case.way == Way::Back || killed && self.chosen(2) == 0);
        for _ in 0..ROUNDS_MAX {
            if killed && let Err(verdict) = self.kill(&["upgrade", "--json"]).await? {
                return Ok(Err(verdict));
            }
            let said = self.site.run(&["upgrade", "--json"]).await?;
            match said.code {
                Some(0) => return Ok(Ok(())),
                Some(3) if !rolled_back => {
                    rolled_back = true;
                    if let Err(verdict) = self.roll_back().await? {
                        return Ok(Err(verdict));
                    }
                    continue;
                }
                Some(3) => {}
                _ => return self.stopped(check, &said).await,
            }
            if killed && let Err(verdict) = self.kill(&["contract", "--json"]).await? {
                return Ok(Err(verdict));
            }
            if let Err(verdict) = self.contract().await? {
                return Ok(Err(verdict));
            }
        }
        Ok(Err(differs(Manner::Hang, vec!["upgrade and contract always find more to do".to_owned()])))
    }

    async fn contract(&self) -> Step {
        let contract = self.site.run(&["contract", "--json"]).await?;
        if contract.code == Some(0) {
            return Ok(Ok(()));
        }
        let calm = Self::calm(&contract, "contract").err();
        Ok(Err(calm.unwrap_or_else(|| differs(Manner::DeadEnd, vec![format!("contract: {}", contract.message())]))))
    }

    /// `upgrade` ended with an error: refused before anything changed, or else.
    async fn stopped(&mut self, check: &Said, said: &Said) -> Step {
        if let Err(verdict) = Self::calm(said, "upgrade") {
            return Ok(Err(verdict));
        }
        let changed = self.changed().await?;
        let codes = said.codes();
        if !changed.is_empty() {
            let back = self.site.run(&["rollback", "--json"]).await?;
            if let Err(verdict) = Self::calm(&back, "rollback") {
                return Ok(Err(verdict));
            }
            // Of several files the first may be done.
            let stuck = back.code != Some(0) && !self.site.run(&["status", "--json"]).await?.in_flight().is_empty();
            let manner = if stuck { Manner::DeadEnd } else { Manner::HalfWay };
            let mut details = vec![format!("upgrade: {}", said.message())];
            details.extend(stuck.then(|| format!("rollback: {}", back.message())));
            return Ok(Err(differs(manner, details)));
        }
        if self.reference.failed.is_some() {
            return Ok(Err(Verdict::BothRefuse));
        }
        if codes.is_empty() {
            return Ok(Err(differs(Manner::BareError, vec![said.message()])));
        }
        if check.code == Some(0) && !codes.contains("preflight") {
            return Ok(Err(differs(Manner::CheckSaidYes, codes.into_iter().collect())));
        }
        Ok(Err(Verdict::Refused { codes }))
    }

    /// What is no longer as at the start.
    async fn changed(&self) -> Result<Vec<String>, Broken> {
        let dump = Dump::take(self.stage, self.database, &[]).await?;
        let client = self.stage.connect(self.database).await?;
        let mut all = back::but_for_valid_indexes(dump.against(&self.scene.dump));
        if self.case.way == Way::Beside {
            return Ok(all);
        }
        all.extend(Rows::take(&client, &[]).await?.against(&self.scene.rows));
        Ok(all)
    }

    /// Scripts are written once and run twice: the second time there is nothing to do.
    async fn by_script(&mut self, words: &[&str]) -> Step {
        let script = self.site.run(words).await?;
        if let Err(verdict) = Self::calm(&script, words[0]) {
            return Ok(Err(verdict));
        }
        if script.code != Some(0) {
            if !self.changed().await?.is_empty() {
                return Ok(Err(differs(Manner::HalfWay, vec![script.message()])));
            }
            if self.reference.failed.is_some() {
                return Ok(Err(Verdict::BothRefuse));
            }
            let codes: BTreeSet<String> = ["script".to_owned()].into();
            return Ok(Err(Verdict::Refused { codes }));
        }
        for _ in 0..2 {
            let told = self.stage.psql(self.database, &script.out).await?;
            if let Err(why) = told {
                // Preflight is asked by the script itself.
                if self.changed().await?.is_empty() {
                    let codes: BTreeSet<String> = ["preflight".to_owned()].into();
                    return Ok(Err(if self.reference.failed.is_some() {
                        Verdict::BothRefuse
                    } else {
                        Verdict::Refused { codes }
                    }));
                }
                return Ok(Err(differs(Manner::HalfWay, vec![why])));
            }
        }
        Ok(Ok(()))
    }

    /// The end against psql's; rows and sequences only the first time up.
    async fn compare(&mut self, first: bool) -> Step {
        if let Some(why) = &self.reference.failed {
            return Ok(Err(differs(Manner::PsqlRefuses, vec![why.clone()])));
        }
        let manner = |usual: Manner| if first { usual } else { Manner::NotUpAgain };
        let versions = self.versions().await?;
        let wanted = Dump::take(self.stage, &self.reference.database, &[]).await?;
        let dump = Dump::take(self.stage, self.database, &versions).await?;
        if !dump.is_alike(&wanted) {
            return Ok(Err(differs(manner(Manner::Schema), dump.against(&wanted))));
        }
        if !first || self.case.way == Way::Beside {
            return Ok(Ok(()));
        }
        if !dump.has_order_of(&wanted) && !self.hazards.contains("H10") {
            return Ok(Err(differs(Manner::Moved, vec![])));
        }
        let (mine, theirs) =
            (self.stage.connect(self.database).await?, self.stage.connect(&self.reference.database).await?);
        let wrong = Rows::take(&mine, &self.numbered).await?.against(&Rows::take(&theirs, &self.numbered).await?);
        if !wrong.is_empty() {
            return Ok(Err(differs(Manner::Rows, wrong)));
        }
        let wrong = Positions::take(&mine).await?.against(&Positions::take(&theirs).await?);
        Ok(if wrong.is_empty() { Ok(()) } else { Err(differs(Manner::Positions, wrong)) })
    }

    /// Schemas of views that are there on purpose.
    async fn versions(&self) -> Result<Vec<String>, Broken> {
        if self.case.way != Way::Versions {
            return Ok(vec![]);
        }
        let client = self.stage.connect(self.database).await?;
        let sql = "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') ~ '^concertina version [0-9]+: '";
        Ok(client.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// Nothing is in flight, and nothing of ours is left beside our records.
    async fn records(&mut self) -> Step {
        let flying = self.site.run(&["status", "--json"]).await?.in_flight();
        if !flying.is_empty() {
            return Ok(Err(differs(Manner::Leftovers, flying)));
        }
        let client = self.stage.connect(self.database).await?;
        let sql = "SELECT 'FUNCTION ' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'concertina' AND p.prorettype = 'trigger'::regtype
                   UNION ALL SELECT 'TRIGGER ' || tgname FROM pg_trigger WHERE tgname LIKE '%concertina%'";
        let left: Vec<String> = client.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect();
        Ok(if left.is_empty() { Ok(()) } else { Err(differs(Manner::Leftovers, left)) })
    }
}

/// Columns that a sequence numbers, with their tables.
fn numbered(world: &crate::world::World) -> impl Iterator<Item = (&str, &str)> {
    world.relations.iter().flat_map(|table| {
        let columns = table.columns.iter().filter(|column| column.numbered);
        columns.map(|column| (table.name.as_str(), column.name.as_str()))
    })
}

/// What a plan's steps do, by the tags of its JSON.
fn actions(plan: &Said) -> Vec<String> {
    fn gather(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Array(all) => all.iter().for_each(|one| gather(one, found)),
            serde_json::Value::Object(fields) => {
                found.extend(fields.get("do").and_then(|tag| tag.as_str()).map(str::to_owned));
                fields.values().for_each(|one| gather(one, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    plan.events().for_each(|event| gather(&event["plans"], &mut found));
    found
}
