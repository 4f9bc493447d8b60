//! The two scratch databases of a try, side by side.

use super::author::{self, Refusal};
use super::images::{self, Images, Unlooked};
use super::rows::{self, Made};
use super::scope::Scope;
use super::scratch::Scratch;
use super::uncopied::Uncopied;
use super::{Act, clone, compare, failed, leftover, on_stage};
use crate::connection::engine::Engine;
use crate::connection::session::Session;
use crate::error::Error;
use crate::event::Events;
use crate::lock::lease::Lease;
use crate::run::NewRun;
use crate::run::next::Until;
use crate::state::Direction;
use crate::structure::Structure;
use concertina_planner::Plan;
use concertina_planner::drift::{Inventory, differences};
use concertina_planner::problem::hazard;
use concertina_revisions::{Ident, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a try is made of.
#[derive(Clone, Copy)]
pub(super) struct Props<'a> {
    /// What is copied.
    pub(super) scope: &'a Scope,
    /// The rows that are made up; none where the try is without rows.
    pub(super) rows: Option<Made<'a>>,
}

/// Two databases, with a session in each that looks.
pub(super) struct Stage<'a> {
    engine: &'a Engine,
    scratch: &'a mut Scratch,
    props: Props<'a>,
    theirs: (Ident, Session),
    ours: (Ident, Session),
    /// What isn't as in the real database.
    pub(super) uncopied: Vec<Uncopied>,
    /// What there is before the next revision.
    pub(super) now: Inventory,
    /// Columns that the author's own statements leave otherwise each time.
    unlooked: Unlooked,
    /// Whether a plan said that columns change their places.
    columns_move: bool,
}

impl<'a> Stage<'a> {
    pub(super) async fn open(
        engine: &'a Engine,
        scratch: &'a mut Scratch,
        props: Props<'a>,
    ) -> Result<Stage<'a>, Error> {
        let (ours, uncopied, now) = cloned(scratch, props).await?;
        let theirs = scratch.copy(&ours).await?;
        let (one, two) = tokio::join!(scratch.session(&theirs), scratch.session(&ours));
        let (theirs, ours) = ((theirs, one?), (ours, two?));
        let unlooked = Unlooked::new();
        Ok(Stage {
            engine,
            scratch,
            props,
            theirs,
            ours,
            uncopied,
            now,
            unlooked,
            columns_move: false,
        })
    }

    /// The author's statements; the first that was refused.
    pub(super) async fn author(&self, act: &Act<'_>) -> Result<Option<Refusal>, Error> {
        author::run(
            &self.scratch.session(&self.theirs.0).await?,
            &act.revision.up,
        )
        .await
    }

    /// The author's way down; the first statement that was refused, or taken back.
    pub(super) async fn author_down(
        &self,
        statements: &[Statement],
    ) -> Result<Option<Refusal>, Error> {
        author::run(&self.scratch.session(&self.theirs.0).await?, statements).await
    }

    /// The plan, to its end, by the code that will run it; why it failed, where it did.
    pub(super) async fn plan(&mut self, act: &Act<'_>) -> Result<Option<String>, Error> {
        self.columns_move |= moves_columns(act.plan);
        self.run(act, Direction::Up, act.plan, Until::Contracted)
            .await
    }

    /// Runs a plan of a revision in our database; why it failed, where it did.
    pub(super) async fn run(
        &self,
        act: &Act<'_>,
        direction: Direction,
        plan: &Plan,
        until: Until,
    ) -> Result<Option<String>, Error> {
        let mut lease = self.lease().await?;
        let revision = act.revision;
        let run = NewRun {
            id: &revision.id,
            parents: &revision.revises,
            checksum: &revision.checksum,
            direction,
            plan,
        };
        let ended = if plan.is_at_once() {
            lease.run_at_once(&run).await
        } else {
            match lease.begin(&run).await {
                Ok(()) => lease.run(&revision.id, until).await.map(drop),
                Err(error) => Err(error),
            }
        };
        failed(ended)
    }

    /// Gives us a database in which nothing has been done.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        let (ours, ..) = cloned(self.scratch, self.props).await?;
        let session = self.scratch.session(&ours).await?;
        self.ours = (ours, session);
        Ok(())
    }

    /// The right to change our database.
    pub(super) async fn lease(&self) -> Result<Lease, Error> {
        let silent: Events = Arc::new(|_| {});
        let connect = self.scratch.connect_to(&self.ours.0);
        Lease::take(
            connect,
            on_stage(&self.engine.settings),
            silent,
            self.engine.stop.clone(),
        )
        .await
    }

    /// What our database holds now.
    pub(super) async fn ours(&self) -> Result<Inventory, Error> {
        Ok(Structure::of(&self.ours.1).await?.inventory())
    }

    /// In what the two differ once both have run these revisions, the last of them just now.
    pub(super) async fn differences(&mut self, acts: &[Act<'_>]) -> Result<Vec<String>, Error> {
        let (wanted, there) =
            tokio::join!(Structure::of(&self.theirs.1), Structure::of(&self.ours.1));
        let (wanted, there) = (wanted?.inventory(), there?.inventory());
        let mut found = compare::structures(&there, &wanted, self.columns_move);
        found.extend(leftover::of(&self.ours.1).await?);
        self.now = there;
        if !found.is_empty() {
            return Ok(found);
        }
        let tables = self.tables_that_differ().await?;
        if tables.is_empty() {
            return Ok(vec![]);
        }
        let otherwise = self.comes_otherwise(acts, &tables).await?;
        self.unlooked.extend(otherwise);
        let told = self.tables_that_differ().await?;
        Ok(told
            .into_iter()
            .map(|table| format!("rows of {table}: psql leaves others than the plan"))
            .collect())
    }

    /// The tables whose rows aren't the same.
    async fn tables_that_differ(&self) -> Result<Vec<String>, Error> {
        let (theirs, ours) = tokio::join!(
            images::all(&self.theirs.1, &self.unlooked),
            images::all(&self.ours.1, &self.unlooked)
        );
        let (theirs, ours): (Images, Images) = (theirs?, ours?);
        let tables: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
        Ok(tables
            .into_iter()
            .filter(|table| theirs.get(*table) != ours.get(*table))
            .cloned()
            .collect())
    }

    /// The columns in which the author's own statements leave other values when they are run
    /// another time: those say the time, or are left to chance.
    async fn comes_otherwise(
        &mut self,
        acts: &[Act<'_>],
        tables: &[String],
    ) -> Result<Unlooked, Error> {
        let (again, ..) = cloned(self.scratch, self.props).await?;
        let session = self.scratch.session(&again).await?;
        for act in acts {
            author::run(&session, &act.revision.up).await?;
        }
        let first = &self.theirs.1;
        let mut found = Unlooked::new();
        for (table, column) in images::columns_of(first, tables).await? {
            if images::values(first, &table, &column).await?
                != images::values(&session, &table, &column).await?
            {
                found.insert((table, column));
            }
        }
        Ok(found)
    }
}

/// A database with the structure and, maybe, rows; in what it isn't like the real one, and what it
/// holds.
pub(super) async fn cloned(
    scratch: &mut Scratch,
    props: Props<'_>,
) -> Result<(Ident, Vec<Uncopied>, Inventory), Error> {
    let name = scratch.empty().await?;
    let session = scratch.session(&name).await?;
    let doing = "copying the structure";
    session
        .batch_execute(
            doing,
            "SET check_function_bodies = off; SET synchronous_commit = off",
        )
        .await?;
    let structure = Structure {
        parts: props.scope.parts.clone(),
        needs: BTreeMap::new(),
    };
    let (before, after) = structure.statements();
    let mut refused = clone::make(&session, &before).await?;
    if let Some(made) = props.rows {
        rows::make(&session, made).await?;
    }
    refused.extend(clone::make(&session, &after).await?);
    let there = Structure::of(&session).await?.inventory();
    let mut uncopied: Vec<Uncopied> = refused
        .into_iter()
        .map(|(told, why)| Uncopied::of(&told, Some(why)))
        .collect();
    for difference in differences(&there, &structure.inventory()) {
        let one = Uncopied::of(compare::object_of(&difference), None);
        if !uncopied.iter().any(|known| known.what == one.what) {
            uncopied.push(one);
        }
    }
    Ok((name, uncopied, there))
}

/// Whether the plan says that columns change their places.
fn moves_columns(plan: &Plan) -> bool {
    plan.hazards
        .iter()
        .any(|found| found.code == hazard::ORDER.0)
}
