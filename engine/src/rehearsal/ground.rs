//! What a rehearsal depends on, read from the real database.

use super::scope;
use super::{Act, Rehearsed};
use crate::checkpoint;
use crate::connection::engine::Engine;
use crate::connection::session::Session;
use crate::error::Error;
use crate::lock::lease::Lease;
use crate::structure::{Part, Structure};
use concertina_planner::{Catalog, Constants, Plan};
use concertina_revisions::{Revision, TableName};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What a rehearsal of some revisions depends on.
#[derive(Debug, Clone)]
pub struct Ground {
    pub(super) structure: Structure,
    /// The relations that the revisions name, by their oids.
    pub(super) named: BTreeSet<u32>,
    /// Tables that hold rows.
    pub(super) populated: BTreeSet<TableName>,
    /// The tables that the revisions are about, by their names.
    pub(super) about: BTreeSet<TableName>,
    /// The constants that the revisions' statements name.
    pub(super) constants: Constants,
    digest: String,
}

impl Ground {
    /// Changes with whatever could make a rehearsal end otherwise.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl Engine {
    /// Reads what a rehearsal depends on. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn ground(&self, acts: &[Act<'_>], catalog: &Catalog) -> Result<Ground, Error> {
        let reader = self.reader().await?;
        let structure = Structure::of(&reader).await?;
        let revisions: Vec<&Revision> = acts.iter().map(|act| act.revision).collect();
        let names = concertina_planner::named(&revisions, catalog);
        let named = oids_of(&reader, &names).await?;
        let holds_rows = catalog.tables.iter().filter(|table| !table.without_rows);
        let populated: BTreeSet<TableName> = holds_rows.map(|table| table.full_name()).collect();
        let about = scope::around(&structure, &named).parts;
        let digest = digest(&about, &populated, acts, catalog);
        Ok(Ground {
            structure,
            named,
            populated,
            about: names,
            constants: concertina_planner::constants(&revisions),
            digest,
        })
    }
}

/// The oids of relations that revisions name, as far as they are there.
pub(super) async fn oids_of(
    reader: &Session,
    names: &BTreeSet<TableName>,
) -> Result<BTreeSet<u32>, Error> {
    let named: Vec<String> = names.iter().map(TableName::sql).collect();
    let sql = "SELECT to_regclass(name)::oid FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL";
    let named = reader
        .query("looking what the revisions name", sql, &[&named])
        .await?;
    Ok(named.iter().map(|row| row.get(0)).collect())
}

impl Engine {
    /// What a rehearsal on the same ground said, by this version. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be read.
    pub async fn remembered(&self, ground: &Ground) -> Result<Option<Rehearsed>, Error> {
        let said = checkpoint::remembered(&self.reader().await?, ground.digest()).await?;
        Ok(said.map(|(unproven, left)| Rehearsed {
            refused: None,
            unproven,
            left,
        }))
    }
}

impl Lease {
    /// Remembers a rehearsal that refused nothing.
    ///
    /// # Errors
    ///
    /// When the records can't be written.
    pub async fn remember(&mut self, ground: &Ground, rehearsed: &Rehearsed) -> Result<(), Error> {
        checkpoint::remember(
            &self.records,
            ground.digest(),
            &rehearsed.unproven,
            &rehearsed.left,
        )
        .await
    }
}

fn digest(
    about: &[Part],
    populated: &BTreeSet<TableName>,
    acts: &[Act<'_>],
    catalog: &Catalog,
) -> String {
    let mut hash = Sha256::new();
    let plans: Vec<&Plan> = acts.iter().map(|act| act.plan).collect();
    // Sequences move all the time.
    let still = about
        .iter()
        .map(|part| &part.told)
        .filter(|object| object.kind != "position of sequence");
    let still: Vec<_> = still
        .map(|object| {
            (
                &object.kind,
                &object.table,
                &object.name,
                &object.definition,
            )
        })
        .collect();
    let populated: Vec<String> = populated.iter().map(TableName::sql).collect();
    // The way down is rehearsed with the way up, and directives say where a statement ends.
    let written: Vec<(&str, &str)> = acts
        .iter()
        .map(|act| (act.revision.checksum.0.as_str(), act.direction.as_str()))
        .collect();
    hash.update(format!(
        "{} {still:?} {populated:?} {written:?}",
        catalog.server_version
    ));
    hash.update(serde_json::to_vec(&plans).unwrap_or_default());
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
