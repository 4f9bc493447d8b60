//! What there is in a database, object by object, compared with what there should be. What should
//! be is made in a scratch database of the same server; what leads there is run in another, which
//! has the structure of the real one, and compared again. Both are dropped at once.

mod trial;

use crate::connection::engine::Engine;
use crate::connection::session::Session;
use crate::error::{Error, describe};
use crate::rehearsal::scratch::Scratch;
use crate::structure::{Structure, schema};
use concertina_planner::drift::{
    Difference, Inventory, NOT_COMPARED, Object, Schema, Statement, differences, statements,
};
use concertina_revisions::Ident;

/// What no structure holds.
const NEVER_READ: &str =
    "rows, roles, tablespaces, subscriptions, user mappings, languages, what belongs to extensions";

/// What is told by its name alone.
const BY_NAME: &str =
    "what base types, operators, text search objects, foreign tables and servers are made of";

/// What no statement changes.
const ORDER: &str = "order of columns";

/// Whose an object is.
const OWNER: &str = "owner";

/// Kinds that a history may leave to others.
const RIGHTS: [&str; 2] = ["rights", "default privileges"];

/// Two structures compared.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// In what they differ.
    pub differences: Vec<Difference>,
    /// What leads from one to the other, in the order in which it was run.
    pub statements: Vec<Statement>,
    /// Statements that were refused when they were tried, with the server's words.
    pub refused: Vec<(Statement, String)>,
    /// In what they still differ when the statements have run.
    pub remaining: Vec<Difference>,
    /// What couldn't be copied, so that what concerns it wasn't tried.
    pub untried: Vec<String>,
    /// What isn't compared.
    pub not_compared: Vec<String>,
}

impl Comparison {
    /// Whether the statements lead to what is wanted, but for the places of columns, which nothing
    /// changes.
    pub fn is_complete(&self) -> bool {
        let order = |one: &Difference| object_of(one).kind == ORDER;
        self.refused.is_empty() && self.remaining.iter().all(order)
    }
}

impl Engine {
    /// In what the database differs from what these statements make of an empty one; `owners`: whose objects are, too. Nothing where the connected role may make no
    /// database.
    ///
    /// # Errors
    ///
    /// When the server can't be worked with, or a statement fails there.
    pub async fn compare_with_history(
        &self,
        statements: &[String],
        owners: bool,
    ) -> Result<Option<Comparison>, Error> {
        let Some(mut scratch) = Scratch::open(&self.connect, &self.settings).await? else {
            return Ok(None);
        };
        let compared = self.against_history(&mut scratch, statements, owners).await;
        let closed = scratch.close().await;
        let compared = compared?;
        closed.map(|()| Some(compared))
    }

    async fn against_history(
        &self,
        scratch: &mut Scratch,
        statements: &[String],
        owners: bool,
    ) -> Result<Comparison, Error> {
        let reader = self.reader().await?;
        let (name, session) = self.empty(scratch, &reader).await?;
        let empty = Structure::of(&session).await?.inventory();
        make(&session, statements).await?;
        let (mut there, mut wanted) = (
            read(&reader, owners).await?.inventory(),
            read(&session, owners).await?.inventory(),
        );
        drop(session);
        scratch.drop(&name).await?;
        let mut not_compared = not_compared(owners);
        let is_right = |object: &Object| RIGHTS.contains(&object.kind.as_str());
        if !wanted
            .0
            .iter()
            .any(|object| is_right(object) && !empty.0.contains(object))
        {
            there.0.retain(|object| !is_right(object));
            wanted.0.retain(|object| !is_right(object));
            not_compared.push(
                "rights and default privileges, of which the revisions say nothing".to_owned(),
            );
        }
        // A change of type moves a column, and no statement moves it back.
        let mut found = differences(&there, &wanted);
        found.retain(|one| object_of(one).kind != ORDER);
        not_compared.push(ORDER.to_owned());
        Ok(Comparison {
            differences: found,
            not_compared,
            ..Comparison::default()
        })
    }

    /// In what the database differs from what these statements make of an empty one, and what leads there, tried on a copy; `owners`:
    /// whose objects are, too. Nothing where the connected role may make no database.
    ///
    /// # Errors
    ///
    /// When the server can't be worked with, or a statement fails there.
    pub async fn compare_with(
        &self,
        wanted: &[String],
        owners: bool,
    ) -> Result<Option<Comparison>, Error> {
        let Some(mut scratch) = Scratch::open(&self.connect, &self.settings).await? else {
            return Ok(None);
        };
        let compared = tokio::select! {
            compared = self.against(&mut scratch, wanted, owners) => compared,
            () = self.stop.asked() => Err(Error::Interrupted),
        };
        let closed = scratch.close().await;
        let compared = compared?;
        closed.map(|()| Some(compared))
    }

    async fn against(
        &self,
        scratch: &mut Scratch,
        sql: &[String],
        owners: bool,
    ) -> Result<Comparison, Error> {
        let reader = self.reader().await?;
        let (_, session) = self.empty(scratch, &reader).await?;
        make(&session, sql).await?;
        let wanted = read(&session, owners).await?;
        drop(session);
        let there = read(&reader, owners).await?;
        let mut compared = Comparison {
            differences: differences(&there.inventory(), &wanted.inventory()),
            not_compared: not_compared(owners),
            ..Comparison::default()
        };
        if !compared.differences.is_empty() {
            let structure = Structure::of(&reader).await?;
            trial::run(scratch, &structure, &there, &wanted, owners, &mut compared).await?;
        }
        Ok(compared)
    }

    /// A scratch database in which names are found as in the real one.
    async fn empty(
        &self,
        scratch: &mut Scratch,
        reader: &Session,
    ) -> Result<(Ident, Session), Error> {
        let asked = reader
            .query_one(
                "reading the search_path",
                "SELECT current_setting('search_path')",
                &[],
            )
            .await?;
        let path: String = asked.get(0);
        let name = scratch.empty().await?;
        let session = scratch.session(&name).await?;
        session
            .execute(
                "setting the search_path",
                "SELECT set_config('search_path', $1, false)",
                &[&path],
            )
            .await?;
        // Bodies may name what is made later in the file.
        session
            .batch_execute(
                "making what it is compared with",
                "SET check_function_bodies = off",
            )
            .await?;
        Ok((name, session))
    }

    /// The statements that make a structure like this one, without owners and rights.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn whole(&self) -> Result<Vec<String>, Error> {
        let there = schema::read(&self.reader().await?).await?;
        let mut empty = Schema::default();
        empty.things.extend(
            there
                .things
                .iter()
                .filter(|thing| thing.object.name == "public")
                .cloned(),
        );
        let mut kept = there;
        let left_out = ["owner", "rights", "default privileges", "security label"];
        kept.things.retain(|thing| {
            !left_out.contains(&thing.object.kind.as_str())
                && (!thing.object.definition.is_empty() || thing.object.kind == "NOT NULL")
        });
        Ok(statements(&empty, &kept)
            .into_iter()
            .map(|statement| statement.sql)
            .collect())
    }
}

async fn make(session: &Session, statements: &[String]) -> Result<(), Error> {
    for (at, sql) in statements.iter().enumerate() {
        session
            .batch_execute("making what it is compared with", sql)
            .await
            .map_err(|error| match error {
                // Refused, and not cut off.
                Error::Sql { cause, .. } if cause.as_db_error().is_some() => Error::Made {
                    at,
                    why: describe(&cause),
                },
                other => other,
            })?;
    }
    Ok(())
}

/// A structure, without whose its objects are where nobody says whose they should be.
async fn read(session: &Session, owners: bool) -> Result<Schema, Error> {
    let mut schema = schema::read(session).await?;
    schema
        .things
        .retain(|thing| owners || thing.object.kind != OWNER);
    Ok(schema)
}

/// What no comparison looks at.
fn not_compared(owners: bool) -> Vec<String> {
    let whose = (!owners).then(|| "owners, of which nothing is said".to_owned());
    let kinds = NOT_COMPARED.iter().map(|(_, words)| (*words).to_owned());
    whose
        .into_iter()
        .chain(kinds)
        .chain([NEVER_READ.to_owned(), BY_NAME.to_owned()])
        .collect()
}

/// The part that a difference is about.
fn object_of(difference: &Difference) -> &Object {
    match difference {
        Difference::Missing { wanted } | Difference::Changed { wanted, .. } => wanted,
        Difference::Extra { there } => there,
    }
}

fn holds(list: &Inventory, object: &Object) -> bool {
    list.0.contains(object)
}
