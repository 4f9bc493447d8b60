//! Which rehearsals were passed, so that none is repeated for nothing.

use super::exists;
use crate::connection::session::Session;
use crate::error::Error;

/// What a rehearsal had to say: what it couldn't show, and what the way back leaves.
type Said = (Vec<String>, Vec<String>);

/// Rehearsals are forgotten after so long.
const KEPT: &str = "30 days";

/// What a rehearsal of the same said, by this version.
pub(crate) async fn remembered(session: &Session, digest: &str) -> Result<Option<Said>, Error> {
    let doing = "looking for an earlier rehearsal";
    // Older formats have no place for it.
    let there = "SELECT to_regclass('concertina.rehearsal') IS NOT NULL";
    if !exists(session).await?
        || !session
            .query_one(doing, there, &[])
            .await?
            .get::<_, bool>(0)
    {
        return Ok(None);
    }
    let sql =
        "SELECT unproven, left_behind FROM concertina.rehearsal WHERE digest = $1 AND version = $2";
    let row = session
        .query_opt(doing, sql, &[&digest, &env!("CARGO_PKG_VERSION")])
        .await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// Remembers one that refused nothing.
pub(crate) async fn remember(
    session: &Session,
    digest: &str,
    unproven: &[String],
    left: &[String],
) -> Result<(), Error> {
    let doing = "remembering the rehearsal";
    let old = format!("DELETE FROM concertina.rehearsal WHERE at < now() - interval '{KEPT}'");
    session.execute(doing, &old, &[]).await?;
    let sql = "INSERT INTO concertina.rehearsal (digest, version, unproven, left_behind) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    session
        .execute(
            doing,
            sql,
            &[&digest, &env!("CARGO_PKG_VERSION"), &unproven, &left],
        )
        .await
        .map(drop)
}
