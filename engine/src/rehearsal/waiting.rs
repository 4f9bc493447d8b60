//! What waits for its contract, rehearsed where it stands, with what others have changed since it
//! began; and a revision that is to begin behind it. In one copy the waiting revisions are taken
//! back and the author's statements run as they stand; in the other their contracts run. Without
//! rows: those were compared before the first change, and by now they are half way.

use super::author;
use super::compare::structures_since;
use super::ground::oids_of;
use super::scope::{self, Scope};
use super::scratch::Scratch;
use super::stage::{Props, cloned};
use super::uncopied::Uncopied;
use super::{Act, Rehearsed, failed, leftover, on_stage};
use crate::connection::engine::Engine;
use crate::connection::session::Session;
use crate::error::Error;
use crate::event::Events;
use crate::lock::lease::Lease;
use crate::run::NewRun;
use crate::run::next::Until;
use crate::structure::Structure;
use concertina_planner::Catalog;
use concertina_revisions::{Ident, Revision, RevisionId};
use std::sync::Arc;

const HELPERS: &str = include_str!("helpers.sql");

/// What is told of revisions that are half way: what made it, and the records.
struct HalfWay {
    helpers: Vec<String>,
    revisions: Option<String>,
    steps: Option<String>,
}

/// The revisions of a rehearsal.
#[derive(Clone, Copy)]
struct Cast<'a> {
    waiting: &'a [&'a Revision],
    ids: &'a [RevisionId],
    behind: Option<&'a Act<'a>>,
}

impl Engine {
    /// Rehearses the contracts of all that waits, in the order in which it was begun; `waiting`: each with the statements of the way
    /// it goes, and its id in the records. With a revision that is to begin behind them. Nothing where the connected role may make no
    /// database.
    ///
    /// # Errors
    ///
    /// When the server can't be worked with; what is wrong with a revision is no error but a verdict.
    pub async fn rehearse_waiting(
        &self,
        waiting: &[&Revision],
        ids: &[RevisionId],
        behind: Option<&Act<'_>>,
        catalog: &Catalog,
    ) -> Result<Option<Rehearsed>, Error> {
        let reader = self.reader().await?;
        let structure = Structure::of(&reader).await?;
        let revisions: Vec<&Revision> = waiting
            .iter()
            .copied()
            .chain(behind.map(|act| act.revision))
            .collect();
        let names = concertina_planner::named(&revisions, catalog);
        let named = oids_of(&reader, &names).await?;
        let half_way = HalfWay::of(&reader, ids).await?;
        drop(reader);
        let Some(mut scratch) = Scratch::open(&self.connect, &self.settings).await? else {
            return Ok(None);
        };
        let part = scope::around(&structure, &named);
        let cast = Cast {
            waiting,
            ids,
            behind,
        };
        let ended = self
            .within(Box::pin(self.go_on(&mut scratch, &part, &half_way, cast)))
            .await;
        let closed = scratch.close().await;
        let rehearsed = ended?;
        closed.map(|()| Some(rehearsed))
    }

    async fn go_on(
        &self,
        scratch: &mut Scratch,
        scope: &Scope,
        half_way: &HalfWay,
        cast: Cast<'_>,
    ) -> Result<Rehearsed, Error> {
        let last = cast
            .behind
            .map(|act| act.revision)
            .or_else(|| cast.waiting.last().copied());
        let Some(last) = last else {
            return Ok(Rehearsed::default());
        };
        let (ours, uncopied, _) = cloned(scratch, Props { scope, rows: None }).await?;
        drop(self.lease_on(scratch, &ours).await?);
        half_way.make(&scratch.session(&ours).await?).await?;
        let theirs = scratch.copy(&ours).await?;
        if let Some(why) = self.by_author(scratch, &theirs, cast).await? {
            return Ok(unproven(format!("{} can't be rehearsed: {why}", last.id)));
        }
        let found = match self.by_plan(scratch, &ours, cast).await? {
            Some(failed) => vec![failed],
            None => {
                differences(
                    &scratch.session(&theirs).await?,
                    &scratch.session(&ours).await?,
                )
                .await?
            }
        };
        let mut verdict = Rehearsed::default();
        if found.is_empty() {
            let untold = |what: &Uncopied| format!("not proven for {what}: it can't be copied");
            verdict.unproven.extend(uncopied.iter().map(untold));
        } else {
            verdict.judge(last, found, &uncopied);
        }
        Ok(verdict)
    }

    /// Everything taken back, and then the statements as they are written; why that can't be, where
    /// it can't.
    async fn by_author(
        &self,
        scratch: &Scratch,
        theirs: &Ident,
        cast: Cast<'_>,
    ) -> Result<Option<String>, Error> {
        let mut lease = self.lease_on(scratch, theirs).await?;
        for id in cast.ids.iter().rev() {
            if let Some(why) = failed(lease.undo(id).await)? {
                return Ok(Some(format!("{id} can't be taken back: {why}")));
            }
        }
        drop(lease);
        let behind = cast.behind.map(|act| act.revision);
        for revision in cast.waiting.iter().copied().chain(behind) {
            if let Some(refusal) =
                author::run(&scratch.session(theirs).await?, &revision.up).await?
            {
                return Ok(Some(format!(
                    "{}, statement {}: {}",
                    revision.id, refusal.statement, refusal.message
                )));
            }
        }
        Ok(None)
    }

    /// All contracts, by the code that will run them; why one failed, where it did.
    async fn by_plan(
        &self,
        scratch: &Scratch,
        ours: &Ident,
        cast: Cast<'_>,
    ) -> Result<Option<String>, Error> {
        let mut lease = self.lease_on(scratch, ours).await?;
        if let Some(Act {
            revision,
            plan,
            direction,
        }) = cast.behind
        {
            let direction = *direction;
            let run = NewRun {
                id: &revision.id,
                parents: &revision.revises,
                checksum: &revision.checksum,
                direction,
                plan,
            };
            lease.begin(&run).await?;
            if let Some(why) = failed(lease.run(&revision.id, Until::Behind).await.map(drop))? {
                return Ok(Some(why));
            }
        }
        for id in cast
            .ids
            .iter()
            .chain(cast.behind.map(|act| &act.revision.id))
        {
            if let Some(why) = failed(lease.run(id, Until::Contracted).await.map(drop))? {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    async fn lease_on(&self, scratch: &Scratch, name: &Ident) -> Result<Lease, Error> {
        let silent: Events = Arc::new(|_| {});
        Lease::take(
            scratch.connect_to(name),
            on_stage(&self.settings),
            silent,
            self.stop.clone(),
        )
        .await
    }
}

impl HalfWay {
    async fn of(reader: &Session, ids: &[RevisionId]) -> Result<HalfWay, Error> {
        let doing = "reading what waits for its contract";
        let ids: Vec<&str> = ids.iter().map(RevisionId::as_str).collect();
        let helpers = reader
            .query(doing, HELPERS, &[])
            .await?
            .iter()
            .map(|row| row.get(0))
            .collect();
        let sql = "SELECT (SELECT jsonb_agg(to_jsonb(r))::text FROM concertina.revision r WHERE id = ANY ($1)),
                          (SELECT jsonb_agg(to_jsonb(s))::text FROM concertina.step s WHERE revision = ANY ($1))";
        let row = reader.query_one(doing, sql, &[&ids]).await?;
        Ok(HalfWay {
            helpers,
            revisions: row.get(0),
            steps: row.get(1),
        })
    }

    async fn make(&self, session: &Session) -> Result<(), Error> {
        let doing = "copying what waits for its contract";
        session
            .batch_execute(doing, "SET check_function_bodies = off")
            .await?;
        for sql in &self.helpers {
            session.batch_execute(doing, sql).await?;
        }
        for (table, rows) in [("revision", &self.revisions), ("step", &self.steps)] {
            let table = format!("concertina.{table}");
            let sql = format!(
                "INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1::text::jsonb)"
            );
            session.execute(doing, &sql, &[rows]).await?;
        }
        Ok(())
    }
}

async fn differences(theirs: &Session, ours: &Session) -> Result<Vec<String>, Error> {
    let (wanted, there) = tokio::join!(Structure::of(theirs), Structure::of(ours));
    let mut found = structures_since(&there?.inventory(), &wanted?.inventory());
    found.extend(leftover::of(ours).await?);
    Ok(found)
}

fn unproven(why: String) -> Rehearsed {
    Rehearsed {
        unproven: vec![why],
        ..Rehearsed::default()
    }
}
