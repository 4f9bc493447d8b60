//! Whether row-level security keeps tenants apart, tried out: as a role of the application, for two
//! tenants of each table, everything that a policy should refuse. Nothing stays: every table is
//! tried in a transaction that is rolled back.

use crate::connection::engine::Engine;
use crate::connection::session::Session;
use crate::error::Error;
use crate::inspect::catalog;
use concertina_planner::catalog::Table;
use concertina_planner::setting_of_policy;
use concertina_revisions::Ident;
use serde::Serialize;
use tokio_postgres::error::SqlState;

/// What came of one table.
#[derive(Debug, Clone, Serialize)]
pub struct Isolation {
    /// The table.
    pub table: String,
    /// How many tenants' rows were tried, at the most two.
    pub tenants: usize,
    /// What should have been refused and wasn't.
    pub leaks: Vec<String>,
    /// Why it couldn't be tried.
    pub untried: Option<Untried>,
}

/// Why a table couldn't be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum Untried {
    /// There is nothing to see.
    #[serde(rename = "it holds no row")]
    #[error("it holds no row")]
    NoRow,
    /// What its policies ask for isn't known.
    #[serde(rename = "no policy compares a column with current_setting(..)")]
    #[error("no policy compares a column with current_setting(..)")]
    NoPolicy,
}

impl Isolation {
    /// Whether nothing was found against it: neither a leak, nor a table whose policies can't be
    /// tried.
    pub fn holds(&self) -> bool {
        self.leaks.is_empty() && self.untried != Some(Untried::NoPolicy)
    }
}

/// A table whose policies compare a column with a setting of the session.
struct Hidden<'a> {
    table: &'a Table,
    column: Ident,
    setting: String,
}

impl Engine {
    /// Tries every table with row-level security as a role, which must be one that policies hold for.
    ///
    /// # Errors
    ///
    /// When the server can't be reached, or the role isn't there or bypasses policies.
    pub async fn isolation(&self, role: &str) -> Result<Vec<Isolation>, Error> {
        let session = self.reader().await?;
        let catalog = catalog::load(&session, self.settings.versions).await?;
        let sql = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1";
        let bypasses = session
            .query_opt("looking at the role", sql, &[&role])
            .await?;
        match bypasses.map(|row| row.get::<_, bool>(0)) {
            None => return Err(Error::State(format!("there is no role {role}"))),
            Some(true) => {
                return Err(Error::State(format!(
                    "role {role} bypasses policies: name the one that the application has"
                )));
            }
            Some(false) => {}
        }
        let mut tried = Vec::new();
        for table in catalog.tables.iter().filter(|table| table.row_security) {
            tried.push(match hidden(table) {
                Some(hidden) => try_out(&session, &hidden, &Ident::new(role)).await?,
                None => Isolation {
                    table: table.full_name().shown(),
                    tenants: 0,
                    leaks: vec![],
                    untried: Some(Untried::NoPolicy),
                },
            });
        }
        Ok(tried)
    }
}

/// The column and the setting that the table's policies speak of.
fn hidden(table: &Table) -> Option<Hidden<'_>> {
    let (name, setting) = table
        .policies
        .iter()
        .find_map(|policy| setting_of_policy(&policy.definition))?;
    let column = table.columns.iter().find(|column| column.name == name)?;
    Some(Hidden {
        table,
        column: Ident::new(column.name.as_str()),
        setting,
    })
}

async fn try_out(session: &Session, hidden: &Hidden<'_>, role: &Ident) -> Result<Isolation, Error> {
    let name = hidden.table.full_name();
    let doing = format!("trying the policies of {}", name.shown());
    let mut tried = Isolation {
        table: name.shown(),
        tenants: 0,
        leaks: vec![],
        untried: None,
    };
    session
        .batch_execute(&doing, "BEGIN; SET LOCAL lock_timeout = '250ms'")
        .await?;
    let trial = Trial {
        session,
        doing: doing.clone(),
        hidden,
        role,
        tried: &mut tried,
    };
    let done = trial.run().await;
    session.batch_execute(&doing, "ROLLBACK").await?;
    done.map(|()| tried)
}

struct Trial<'a> {
    session: &'a Session,
    doing: String,
    hidden: &'a Hidden<'a>,
    role: &'a Ident,
    tried: &'a mut Isolation,
}

/// How a statement ended.
enum Ended {
    Rows(u64),
    Refused,
    Failed,
}

impl Trial<'_> {
    async fn run(mut self) -> Result<(), Error> {
        let table = self.hidden.table.full_name().sql();
        let column = self.hidden.column.sql();
        let first =
            format!("SELECT {column}::text FROM {table} WHERE {column} IS NOT NULL LIMIT 1");
        let Some(one) = self.text(&first).await? else {
            self.tried.untried = Some(Untried::NoRow);
            return Ok(());
        };
        let second = format!(
            "SELECT {column}::text FROM {table} WHERE {column}::text <> {} LIMIT 1",
            Ident::new(one.as_str()).literal()
        );
        let mut tenants = vec![one];
        tenants.extend(self.text(&second).await?);
        self.tried.tenants = tenants.len();
        self.session
            .batch_execute(
                &self.doing,
                &format!(
                    "SET LOCAL row_security = on; SET LOCAL ROLE {}",
                    self.role.sql()
                ),
            )
            .await?;
        for (own, other) in [(0, 1), (1, 0)] {
            if let Some(own) = tenants.get(own) {
                self.as_tenant(own, tenants.get(other).map(String::as_str))
                    .await?;
            }
        }
        self.set_tenant("").await?;
        // Without a tenant a cast may fail: that shows nothing, either.
        if let Ended::Rows(rows @ 1..) = self.ended(&format!("SELECT FROM {table} LIMIT 1")).await?
        {
            self.leak(format!("without a tenant {rows} rows and more are visible"));
        }
        Ok(())
    }

    async fn as_tenant(&mut self, own: &str, other: Option<&str>) -> Result<(), Error> {
        self.set_tenant(own).await?;
        let table = self.hidden.table.full_name().sql();
        let column = self.hidden.column.sql();
        let foreign = format!(
            "{column}::text IS DISTINCT FROM {}",
            Ident::new(own).literal()
        );
        for (what, sql) in [
            (
                "visible",
                format!("SELECT FROM {table} WHERE {foreign} LIMIT 1"),
            ),
            (
                "changed",
                format!("UPDATE {table} SET {column} = {column} WHERE {foreign}"),
            ),
            ("deleted", format!("DELETE FROM {table} WHERE {foreign}")),
        ] {
            if let Ended::Rows(1..) = self.ended(&sql).await? {
                self.leak(format!("as {own}, rows of others can be {what}"));
            }
        }
        match other {
            Some(other) => self.given_to(own, &Ident::new(other).literal()).await,
            None => Ok(()),
        }
    }

    /// Whether rows can be given to another tenant, or made for it.
    async fn given_to(&mut self, own: &str, other: &str) -> Result<(), Error> {
        let (table, column) = (
            self.hidden.table.full_name().sql(),
            self.hidden.column.sql(),
        );
        let place = format!("ctid = (SELECT ctid FROM {table} LIMIT 1)");
        let moved = self
            .ended(&format!(
                "UPDATE {table} SET {column} = {other} WHERE {place}"
            ))
            .await?;
        // An error of another kind comes after the policy has let the row through.
        if matches!(moved, Ended::Rows(1..) | Ended::Failed) {
            self.leak(format!(
                "as {own}, an own row can be given to another tenant"
            ));
        }
        let columns = self
            .hidden
            .table
            .columns
            .iter()
            .filter(|one| one.expression.is_none());
        let names: Vec<String> = columns
            .map(|one| Ident::new(one.name.as_str()).sql())
            .collect();
        let values: Vec<String> = names
            .iter()
            .map(|name| {
                if *name == column {
                    other.to_owned()
                } else {
                    name.clone()
                }
            })
            .collect();
        let insert = format!(
            "INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {table} LIMIT 1",
            names.join(", "),
            values.join(", ")
        );
        let given = self
            .hidden
            .table
            .columns
            .iter()
            .any(|one| one.identity.is_some());
        let insert = if given {
            insert
        } else {
            insert.replace(" OVERRIDING SYSTEM VALUE", "")
        };
        if matches!(self.ended(&insert).await?, Ended::Rows(1..) | Ended::Failed) {
            self.leak(format!(
                "as {own}, a row can be inserted for another tenant"
            ));
        }
        Ok(())
    }

    async fn set_tenant(&self, tenant: &str) -> Result<(), Error> {
        let sql = "SELECT set_config($1, $2, true)";
        self.session
            .execute(&self.doing, sql, &[&self.hidden.setting, &tenant])
            .await
            .map(drop)
    }

    async fn text(&self, sql: &str) -> Result<Option<String>, Error> {
        Ok(self
            .session
            .query_opt(&self.doing, sql, &[])
            .await?
            .map(|row| row.get(0)))
    }

    /// Runs a statement and takes it back.
    async fn ended(&self, sql: &str) -> Result<Ended, Error> {
        self.session
            .batch_execute(&self.doing, "SAVEPOINT tried")
            .await?;
        let ended = self.session.execute(&self.doing, sql, &[]).await;
        self.session
            .batch_execute(&self.doing, "ROLLBACK TO SAVEPOINT tried")
            .await?;
        match ended {
            Ok(rows) => Ok(Ended::Rows(rows)),
            Err(error) => match error.code() {
                Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Ok(Ended::Refused),
                Some(_) => Ok(Ended::Failed),
                None => Err(error),
            },
        }
    }

    fn leak(&mut self, what: String) {
        self.tried.leaks.push(what);
    }
}
