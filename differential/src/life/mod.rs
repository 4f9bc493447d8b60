//! A case run in full: up, back, up, down and up again, each end compared.

mod back;
mod others;
mod ours;
mod script;
mod told;

use crate::Broken;
use crate::case::{Case, Way};
use crate::image::{Dump, Positions, Rows};
use crate::make::{Reference, Scene};
use crate::program::{Said, Site};
use crate::stage::{Database, Stage};
use crate::verdict::{Difference, Manner, Verdict};
use crate::world::{Relation, World};
use std::time::Duration;
use tokio_postgres::Client;
use told::Foretold;

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
    let rehearses = stage.rehearses();
    let (verdict, actions) = lived(stage, scene, reference, case, rehearses, None).await?;
    let by_rehearsal: Vec<String> = match &verdict {
        Verdict::Refused { codes } => codes
            .iter()
            .filter(|code| OF_REHEARSAL.contains(&code.as_str()))
            .cloned()
            .collect(),
        Verdict::Same | Verdict::BothRefuse | Verdict::Differs(_) => vec![],
    };
    if !by_rehearsal.is_empty()
        && lived(stage, scene, reference, case, false, None).await?.0 == Verdict::Same
    {
        return Ok((differs(Manner::FalseRefusal, by_rehearsal), actions));
    }
    Ok((verdict, actions))
}

/// The same with a fault in the program's plans, and without a rehearsal, which would stop them.
///
/// # Errors
///
/// As [`judge`].
pub async fn judge_planted(
    stage: &Stage,
    scene: &Scene,
    reference: &Reference,
    case: &Case,
    fault: Option<&str>,
) -> Result<(Verdict, Vec<String>), Broken> {
    lived(stage, scene, reference, case, false, fault).await
}

/// The codes by which a rehearsal refuses.
const OF_REHEARSAL: [&str; 2] = ["C122", "C123"];

async fn lived(
    stage: &Stage,
    scene: &Scene,
    reference: &Reference,
    case: &Case,
    rehearses: bool,
    planted: Option<&str>,
) -> Result<(Verdict, Vec<String>), Broken> {
    let database = stage.copy(&scene.database).await?;
    let mut life = Life::new(stage, scene, reference, case, &database)?;
    life.site = life.site.rehearsing(rehearses).planting(planted);
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
    /// What `check` told beforehand.
    told: Foretold,
    /// Whether the way down was gone to its end.
    is_down: bool,
    /// What `check` refused.
    check_said_no: Option<String>,
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
        let site = Site::new(
            stage.program(),
            &stage.url(database),
            &case.files(),
            case.way == Way::Versions,
        )?;
        let numbered = newly_numbered(&scene.world, &reference.world);
        let (actions, check_said_no) = (vec![], None);
        Ok(Life {
            stage,
            scene,
            reference,
            case,
            database,
            site,
            numbered,
            actions,
            told: Foretold::default(),
            is_down: false,
            check_said_no,
        })
    }

    async fn run(&mut self) -> Result<Verdict, Broken> {
        if let Err(verdict) = self.up().await? {
            return Ok(verdict);
        }
        if let Some(no) = self.check_said_no.take() {
            return Ok(differs(Manner::CheckSaidNo, vec![no]));
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

    /// What holds of every run: no panic, no hang, and it ends by itself.
    fn calm(said: &Said, verb: &str) -> Result<(), Verdict> {
        if said.hung {
            return Err(differs(Manner::Hang, vec![verb.to_owned()]));
        }
        if said.code.is_none() {
            return Err(differs(
                Manner::Panic,
                vec![format!("{verb}: ended by a signal")],
            ));
        }
        if said.panicked() {
            return Err(differs(
                Manner::Panic,
                vec![format!(
                    "{verb}: {}",
                    said.err.lines().take(3).collect::<Vec<_>>().join(" ")
                )],
            ));
        }
        Ok(())
    }

    /// A number that follows from the case, so that the same is done when it is run again.
    fn chosen(&self, of: u64) -> u64 {
        let length: usize = self
            .case
            .revisions
            .iter()
            .flatten()
            .map(|one| one.text().len())
            .sum();
        (length as u64).wrapping_mul(2_654_435_761) % of
    }

    /// Up to the end, in the way of the case.
    async fn up(&mut self) -> Step {
        let check = self.site.run(&["check", "--json"]).await?;
        if let Err(verdict) = Self::calm(&check, "check") {
            return Ok(Err(verdict));
        }
        self.told = Foretold::by(&check, &self.case.files());
        if check.code != Some(0) || !check.codes().is_empty() {
            let codes: Vec<String> = check.codes().into_iter().collect();
            self.check_said_no = Some(if codes.is_empty() {
                check.message()
            } else {
                codes.join(" ")
            });
        }
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
            let (said, ended) = self
                .site
                .run_for(words, Duration::from_millis(millis))
                .await?;
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
        Ok(Err(differs(
            Manner::Hang,
            vec!["upgrade and contract always find more to do".to_owned()],
        )))
    }

    async fn contract(&self) -> Step {
        let contract = self.site.run(&["contract", "--json"]).await?;
        if contract.code == Some(0) {
            return Ok(Ok(()));
        }
        let calm = Self::calm(&contract, "contract").err();
        Ok(Err(calm.unwrap_or_else(|| {
            differs(
                Manner::DeadEnd,
                vec![format!("contract: {}", contract.message())],
            )
        })))
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
            let waiting = match self.status().await? {
                Ok(said) => said.in_flight(),
                Err(verdict) => return Ok(Err(verdict)),
            };
            let stuck = back.code != Some(0) && !waiting.is_empty();
            let manner = if stuck {
                Manner::DeadEnd
            } else {
                Manner::HalfWay
            };
            let mut details = vec![format!("upgrade: {}", said.message())];
            details.extend(stuck.then(|| format!("rollback: {}", back.message())));
            return Ok(Err(differs(manner, details)));
        }
        let client = self.stage.connect(self.database).await?;
        let moved = Positions::take(&client)
            .await?
            .against(&self.scene.positions);
        if !moved.is_empty() {
            return Ok(Err(differs(Manner::HalfWay, moved)));
        }
        if self.reference.failed.is_none() && codes.is_empty() {
            return Ok(Err(differs(Manner::BareError, vec![said.message()])));
        }
        if let Err(verdict) = self.nothing_begun().await? {
            return Ok(Err(verdict));
        }
        if self.reference.failed.is_some() {
            return Ok(Err(Verdict::BothRefuse));
        }
        if check.code == Some(0) && !codes.contains("preflight") {
            return Ok(Err(differs(
                Manner::CheckSaidYes,
                codes.into_iter().collect(),
            )));
        }
        Ok(Err(Verdict::Refused { codes }))
    }

    /// What is no longer as at the start.
    async fn changed(&self) -> Result<Vec<String>, Broken> {
        self.changed_from(&self.scene.dump, &self.scene.rows).await
    }

    async fn changed_from(&self, start: &Dump, rows: &Rows) -> Result<Vec<String>, Broken> {
        let client = self.stage.connect(self.database).await?;
        let dump = Dump::take(self.stage, self.database, &client, &[]).await?;
        let mut all = back::but_for_valid_indexes(dump.against(start));
        all.extend(
            dump.moved_against(start)
                .into_iter()
                .map(|table| format!("+ ORDER of columns of {table}")),
        );
        if self.case.way != Way::Beside {
            all.extend(Rows::take(&client, &[]).await?.against(rows));
        }
        Ok(all)
    }

    /// The end against psql's; rows and sequences only the first time up.
    async fn compare(&mut self, first: bool) -> Step {
        if let Some(why) = &self.reference.failed {
            return Ok(Err(differs(Manner::PsqlRefuses, vec![why.clone()])));
        }
        let manner = |usual: Manner| if first { usual } else { Manner::NotUpAgain };
        let mine = self.stage.connect(self.database).await?;
        let versions = self.versions(&mine).await?;
        let wanted = self.reference.dump(self.stage).await?;
        let dump = Dump::take(self.stage, self.database, &mine, &versions).await?;
        if !dump.is_alike(wanted) {
            return Ok(Err(differs(manner(Manner::Schema), dump.against(wanted))));
        }
        if !first {
            return Ok(Ok(()));
        }
        // A partition moves with its table.
        let is_part = |table: &String| {
            let relation = |one: &&Relation| one.parent.is_some() && is_called(one, table);
            self.reference
                .world
                .relations
                .iter()
                .any(|one| relation(&one))
        };
        let moved: Vec<String> = dump
            .moved_against(wanted)
            .into_iter()
            .filter(|table| !is_part(table))
            .collect();
        // Each is told of one table.
        if moved.len() > self.told.moves {
            return Ok(Err(differs(Manner::Moved, moved)));
        }
        if self.case.way == Way::Beside {
            return self.compare_untouched().await;
        }
        let theirs = self.stage.connect(&self.reference.database).await?;
        let wrong = Rows::take(&mine, &self.numbered)
            .await?
            .against(&Rows::take(&theirs, &self.numbered).await?);
        if !wrong.is_empty() {
            return Ok(Err(differs(Manner::Rows, wrong)));
        }
        let wrong = Positions::take(&mine)
            .await?
            .against(&Positions::take(&theirs).await?);
        Ok(if wrong.is_empty() {
            Ok(())
        } else {
            Err(differs(Manner::Positions, wrong))
        })
    }

    /// Schemas of views that are there on purpose.
    async fn versions(&self, client: &Client) -> Result<Vec<String>, Broken> {
        if self.case.way != Way::Versions {
            return Ok(vec![]);
        }
        let sql = "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') ~ '^concertina version [0-9]+: '";
        Ok(client
            .query(sql, &[])
            .await?
            .iter()
            .map(|row| row.get(0))
            .collect())
    }
}

/// Whether a dump calls a relation so.
fn is_called(relation: &Relation, name: &str) -> bool {
    let quoted = |part: &str| {
        [
            part.to_owned(),
            format!("\"{}\"", part.replace('"', "\"\"")),
        ]
    };
    quoted(&relation.schema).iter().any(|schema| {
        quoted(&relation.name)
            .iter()
            .any(|own| name == format!("{schema}.{own}"))
    })
}

/// Columns that a sequence numbers and that weren't there before: as they are called, since what
/// inherits them has them too; and those of new tables with their tables, since others may have
/// columns of that name.
fn newly_numbered(before: &World, after: &World) -> Vec<String> {
    let mut all = Vec::new();
    for table in &after.relations {
        let old = before.relations.iter().find(|one| one.oid == table.oid);
        for column in table.columns.iter().filter(|one| one.numbered) {
            match old {
                Some(old) if old.columns.iter().any(|one| one.number == column.number) => {}
                Some(_) => all.push(column.name.clone()),
                None => all.push(format!("{}.{}.{}", table.schema, table.name, column.name)),
            }
        }
    }
    all
}

/// What a plan's steps do, by the tags of its JSON.
fn actions(plan: &Said) -> Vec<String> {
    fn gather(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Array(all) => all.iter().for_each(|one| gather(one, found)),
            serde_json::Value::Object(fields) => {
                found.extend(
                    fields
                        .get("do")
                        .and_then(|tag| tag.as_str())
                        .map(str::to_owned),
                );
                fields.values().for_each(|one| gather(one, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    plan.events()
        .for_each(|event| gather(&event["plans"], &mut found));
    found
}
