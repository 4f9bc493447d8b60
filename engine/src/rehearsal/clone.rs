//! A structure, made again elsewhere.

use crate::connection::session::Session;
use crate::error::{Class, Error, describe};
use crate::structure::Part;
use concertina_planner::drift::Object;

/// Makes parts, each of which may be refused; those that were, with the server's words.
pub(crate) async fn make(
    session: &Session,
    parts: &[&Part],
) -> Result<Vec<(Object, String)>, Error> {
    let doing = "copying the structure";
    let all: Vec<String> = parts.iter().map(|part| part.sql.clone()).collect();
    let mut statements = vec!["BEGIN".to_owned()];
    statements.extend(all);
    statements.push("COMMIT".to_owned());
    match session.pipelined(doing, &statements).await {
        Ok(()) => return Ok(vec![]),
        Err((_, error)) if error.class() == Class::Connection => return Err(error),
        Err(_) => session.batch_execute(doing, "ROLLBACK").await?,
    }
    // One of them is refused: each by itself.
    let mut refused = Vec::new();
    for part in parts {
        match session.batch_execute(doing, &part.sql).await {
            Ok(()) => {}
            Err(error) if error.class() == Class::Connection => return Err(error),
            Err(Error::Sql { cause, .. }) => refused.push((part.told.clone(), describe(&cause))),
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}
