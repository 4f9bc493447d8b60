//! The statements of a worker, each prepared once a connection.

use super::batch_sql::BatchSql;
use crate::checkpoint::{COUNT_FROM_HERE, MARK_RANGE};
use crate::connection::session::Session;
use crate::error::Error;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::Statement;

/// The statements of one table.
pub(crate) struct Prepared {
    pub(crate) all: Statement,
    pub(crate) slice: Statement,
    pub(crate) unlocked: Statement,
    pub(crate) pending: Statement,
    pub(crate) any: Statement,
}

/// The statements that go with every batch.
#[derive(Clone)]
pub(crate) struct Bookkeeping {
    pub(crate) count: Statement,
    pub(crate) mark: Statement,
}

/// All statements that a connection knows.
#[derive(Default)]
pub(crate) struct Statements {
    tables: HashMap<usize, Arc<Prepared>>,
    bookkeeping: Option<Bookkeeping>,
    others: HashMap<String, Statement>,
}

impl Statements {
    /// Those of a table.
    pub(crate) async fn of_table(
        &mut self,
        session: &Session,
        doing: &str,
        table: usize,
        sql: impl FnOnce() -> BatchSql,
    ) -> Result<Arc<Prepared>, Error> {
        if let Some(known) = self.tables.get(&table) {
            return Ok(Arc::clone(known));
        }
        let sql = sql();
        let prepared = Prepared {
            all: session.prepare(doing, &sql.all).await?,
            slice: session.prepare(doing, &sql.slice).await?,
            unlocked: session.prepare(doing, &sql.unlocked).await?,
            pending: session.prepare(doing, &sql.pending).await?,
            any: session.prepare(doing, &sql.any).await?,
        };
        Ok(Arc::clone(
            self.tables.entry(table).or_insert(Arc::new(prepared)),
        ))
    }

    /// Those that go with every batch.
    pub(crate) async fn bookkeeping(
        &mut self,
        session: &Session,
        doing: &str,
    ) -> Result<Bookkeeping, Error> {
        if let Some(known) = &self.bookkeeping {
            return Ok(known.clone());
        }
        let count = session.prepare(doing, COUNT_FROM_HERE).await?;
        let mark = session.prepare(doing, MARK_RANGE).await?;
        Ok(self.bookkeeping.insert(Bookkeeping { count, mark }).clone())
    }

    /// Any other.
    pub(crate) async fn other(
        &mut self,
        session: &Session,
        doing: &str,
        sql: String,
    ) -> Result<Statement, Error> {
        if let Some(known) = self.others.get(&sql) {
            return Ok(known.clone());
        }
        let statement = session.prepare(doing, &sql).await?;
        Ok(self.others.entry(sql).or_insert(statement).clone())
    }
}
