//! Whether PostgreSQL understands statements before the first change: each in a transaction that is
//! rolled back.

use crate::connection::engine::Engine;
use crate::connection::session::Session;
use crate::error::Error;
use crate::lock::ladder::surely;
use crate::lock::lease::Lease;
use concertina_planner::Tried;
use tokio_postgres::error::{ErrorPosition, SqlState};

const DOING: &str = "asking whether PostgreSQL understands the statements";

/// What PostgreSQL says of a statement that it doesn't understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The statement of its revision, counted from 1.
    pub statement: usize,
    /// Its words.
    pub message: String,
    /// Its hint, or its detail; empty when there is none.
    pub hint: String,
    /// Where, in characters of the author's text, counted from 0.
    pub position: Option<usize>,
}

impl Engine {
    /// Which statements PostgreSQL refuses. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached.
    pub async fn refused(&self, tried: &[Tried]) -> Result<Vec<Refused>, Error> {
        if tried.is_empty() {
            return Ok(vec![]);
        }
        let session = self.reader().await?;
        let mut all = Vec::new();
        for one in tried {
            all.extend(refused(&session, one).await?);
        }
        Ok(all)
    }
}

impl Lease {
    /// Which statements PostgreSQL refuses. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the connection is lost.
    pub async fn refused(&mut self, tried: &[Tried]) -> Result<Vec<Refused>, Error> {
        let mut all = Vec::new();
        for one in tried {
            all.extend(surely!(self, refused(&self.hands, one))?);
        }
        Ok(all)
    }
}

async fn refused(session: &Session, tried: &Tried) -> Result<Option<Refused>, Error> {
    session.batch_execute(DOING, "BEGIN").await?;
    let said = understood(session, tried).await;
    if session.is_closed() {
        return said;
    }
    session.batch_execute(DOING, "ROLLBACK").await?;
    said
}

async fn understood(session: &Session, tried: &Tried) -> Result<Option<Refused>, Error> {
    for twin in &tried.twins {
        match session.batch_execute(DOING, twin).await {
            Ok(()) => {}
            // Who may not make temporary tables learns of it later.
            Err(error) if error.code().is_some() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let error = match session
        .batch_execute(DOING, &format!("{}{}", tried.before, tried.sql))
        .await
    {
        Ok(()) => return Ok(None),
        Err(error) => error,
    };
    let Error::Sql { cause, .. } = &error else {
        return Err(error);
    };
    let Some(said) = cause
        .as_db_error()
        .filter(|said| tells(said.code(), !tried.twins.is_empty()))
    else {
        return if error.code().is_some() {
            Ok(None)
        } else {
            Err(error)
        };
    };
    let position = match said.position() {
        Some(ErrorPosition::Original(at)) if tried.is_as_written => {
            (*at as usize).checked_sub(1 + tried.before.chars().count())
        }
        Some(ErrorPosition::Original(_) | ErrorPosition::Internal { .. }) | None => None,
    };
    let hint = said
        .hint()
        .or_else(|| said.detail())
        .unwrap_or_default()
        .to_owned();
    Ok(Some(Refused {
        statement: tried.statement,
        message: said.message().to_owned(),
        hint,
        position,
    }))
}

/// Whether an error tells of the statement: of its words, its types or its constants, or of a form
/// that PostgreSQL doesn't do. A table that
/// stands for another has its columns and nothing else; and an index that ON CONFLICT looks for may
/// be made by then.
fn tells(code: &SqlState, stood_for: bool) -> bool {
    let of_expressions = [
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_OBJECT,
        SqlState::DATATYPE_MISMATCH,
        SqlState::CANNOT_COERCE,
        SqlState::AMBIGUOUS_FUNCTION,
        SqlState::INDETERMINATE_DATATYPE,
        SqlState::INDETERMINATE_COLLATION,
        SqlState::GENERATED_ALWAYS,
        SqlState::INVALID_OBJECT_DEFINITION,
        SqlState::GROUPING_ERROR,
    ];
    let class = code.code().get(..2).unwrap_or_default();
    match (class, stood_for) {
        ("22", _) | ("0A", false) => true,
        ("42", false) => ![
            SqlState::INSUFFICIENT_PRIVILEGE,
            SqlState::INVALID_COLUMN_REFERENCE,
        ]
        .contains(code),
        ("42", true) => of_expressions.contains(code),
        _ => false,
    }
}
