//! What there is in a database, object by object, to be compared with what there should be. What should be is made in a
//! database of its own on the same server, which is dropped at once.

use crate::Engine;
use crate::config::Settings;
use crate::connect::Connect;
use crate::error::Error;
use crate::session::{Role, Session};
use concertina_planner::drift::Inventory;
use concertina_revisions::Ident;

/// One statement that answers with everything.
const INVENTORY: &str = include_str!("inventory.sql");

impl Engine {
    /// What there is.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn inventory(&self) -> Result<Inventory, Error> {
        taken(&self.reader().await?).await
    }

    /// What these statements make of a database in which nothing is.
    ///
    /// # Errors
    ///
    /// When no other database can be made on the server (CREATEDB), or a statement fails there.
    pub async fn inventory_of(&self, statements: &[String]) -> Result<Inventory, Error> {
        let session = self.reader().await?;
        let path: String =
            session.query_one("reading the search_path", "SELECT current_setting('search_path')", &[]).await?.get(0);
        let name = Ident::new(format!("concertina_scratch_{:x}", rand::random::<u64>()));
        let doing = format!("making database {} to compare with", name.as_str());
        session.batch_execute(&doing, &format!("CREATE DATABASE {} TEMPLATE template0", name.sql())).await?;
        let made = made(&self.connect.to_database(name.as_str()), &self.settings, &path, statements).await;
        let drop = format!("DROP DATABASE {} WITH (FORCE)", name.sql());
        session.batch_execute(&format!("dropping database {}", name.as_str()), &drop).await?;
        made
    }
}

async fn made(
    connect: &Connect,
    settings: &Settings,
    search_path: &str,
    statements: &[String],
) -> Result<Inventory, Error> {
    let session = Session::open(connect, Role::Hands, settings).await?;
    session.execute("setting the search_path", "SELECT set_config('search_path', $1, false)", &[&search_path]).await?;
    // Bodies may name what is made later in the file.
    session.batch_execute("making what it is compared with", "SET check_function_bodies = off").await?;
    for sql in statements {
        let shown: String = sql.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
        session.batch_execute(&format!("making what it is compared with: {shown}"), sql).await?;
    }
    taken(&session).await
}

async fn taken(session: &Session) -> Result<Inventory, Error> {
    // Names in definitions with their schemas, wherever one looks from.
    let doing = "taking the inventory";
    session.batch_execute(doing, "BEGIN; SET LOCAL search_path = pg_catalog").await?;
    let row = session.query_one(doing, INVENTORY, &[]).await;
    session.batch_execute(doing, "ROLLBACK").await?;
    let json: serde_json::Value = row?.get(0);
    serde_json::from_value(json)
        .map_err(|error| Error::State(format!("the inventory has a form that isn't known: {error}")))
}
