//! What there is in a database, object by object, to be compared with what there should be. What should be is made in a
//! database of its own on the same server, which is dropped at once.

use crate::Engine;
use crate::config::Settings;
use crate::connect::Connect;
use crate::error::Error;
use crate::session::{Role, Session};
use concertina_planner::drift::Inventory;
use concertina_revisions::Ident;
use tokio_postgres::Client;

/// One statement that answers with everything.
const INVENTORY: &str = include_str!("inventory.sql");

impl Engine {
    /// What there is.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn inventory(&self) -> Result<Inventory, Error> {
        taken(&*self.reader().await?).await
    }

    /// What these statements make of a database in which nothing is.
    ///
    /// # Errors
    ///
    /// When no other database can be made on the server (CREATEDB), or a statement fails there.
    pub async fn inventory_of(&self, statements: &[String]) -> Result<Inventory, Error> {
        let session = self.reader().await?;
        let path: String = session
            .query_one("SELECT current_setting('search_path')", &[])
            .await
            .map_err(Error::sql("reading the search_path"))?
            .get(0);
        let name = Ident::new(format!("concertina_scratch_{:x}", rand::random::<u64>()));
        let doing = format!("making database {} to compare with", name.as_str());
        session
            .batch_execute(&format!("CREATE DATABASE {} TEMPLATE template0", name.sql()))
            .await
            .map_err(Error::sql(doing))?;
        let made = made(&self.connect.to_database(name.as_str()), &self.settings, &path, statements).await;
        let drop = format!("DROP DATABASE {} WITH (FORCE)", name.sql());
        session.batch_execute(&drop).await.map_err(Error::sql(format!("dropping database {}", name.as_str())))?;
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
    session
        .execute("SELECT set_config('search_path', $1, false)", &[&search_path])
        .await
        .map_err(Error::sql("setting the search_path"))?;
    // Bodies may name what is made later in the file.
    session
        .batch_execute("SET check_function_bodies = off")
        .await
        .map_err(Error::sql("making what it is compared with"))?;
    for sql in statements {
        let shown: String = sql.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
        session.batch_execute(sql).await.map_err(Error::sql(format!("making what it is compared with: {shown}")))?;
    }
    taken(&session).await
}

async fn taken(client: &Client) -> Result<Inventory, Error> {
    // Names in definitions with their schemas, wherever one looks from.
    let doing = "taking the inventory";
    client.batch_execute("BEGIN; SET LOCAL search_path = pg_catalog").await.map_err(Error::sql(doing))?;
    let row = client.query_one(INVENTORY, &[]).await.map_err(Error::sql(doing));
    client.batch_execute("ROLLBACK").await.map_err(Error::sql(doing))?;
    let json: serde_json::Value = row?.get(0);
    serde_json::from_value(json)
        .map_err(|error| Error::State(format!("the inventory has a form that isn't known: {error}")))
}
