//! Whether a pooler is in between that hands each transaction to another session of the server. It
//! is found out before anything is set: what is set there, prepared or locked would be found by the
//! application.
//!
//! A connection is marked as it is begun. A pooler doesn't hand the mark on to a session that was
//! there before, and most take no such word at all; then two connections are compared, by questions
//! that leave nothing behind.

use crate::connection::address::{Connect, MARK, Opened, Way};
use crate::error::Error;
use tokio_postgres::{Client, SimpleQueryMessage};

/// Which connection asks when. Where sessions change, the two have their own only by chance each
/// time: no order in which a pooler hands them out, neither the same again nor one after the other,
/// is like this one.
const TURNS: [usize; 16] = [0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1];

/// Refuses a connection whose transactions may each have another session.
pub(super) async fn refuse(connect: &Connect, opened: &Opened) -> Result<(), Error> {
    let (pid, mark) = ask(&opened.client).await?;
    if opened.mark.is_some() && mark == opened.mark {
        return Ok(());
    }
    if connect.way() == Way::Kept {
        return Ok(());
    }
    // Where each statement may have its own session, a transaction isn't taken.
    for sql in ["BEGIN", "SELECT 1", "ROLLBACK"] {
        match opened.client.simple_query(sql).await {
            Ok(_) => {}
            Err(error) if error.is_closed() || error.as_db_error().is_some() => {
                return Err(Error::Pooled);
            }
            Err(cause) => {
                return Err(Error::Sql {
                    doing: LOOKING.to_owned(),
                    cause,
                });
            }
        }
    }
    let other = connect.open("concertina reader").await?;
    let (other_pid, _) = ask(&other.client).await?;
    if pid == other_pid {
        return Err(Error::Pooled);
    }
    let (clients, pids) = ([&opened.client, &other.client], [pid, other_pid]);
    for turn in TURNS {
        if ask(clients[turn]).await?.0 != pids[turn] {
            return Err(Error::Pooled);
        }
    }
    connect.learned(Way::Kept);
    Ok(())
}

const LOOKING: &str = "looking for a pooler";

/// The session's process id and its mark. A simple query: one that is prepared would stay in the
/// pool.
async fn ask(client: &Client) -> Result<(String, Option<String>), Error> {
    let sql =
        format!("SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('{MARK}', true)");
    let failed = |cause| Error::Sql {
        doing: LOOKING.to_owned(),
        cause,
    };
    let answer = client.simple_query(&sql).await.map_err(failed)?;
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((
            row.get(0).unwrap_or_default().to_owned(),
            row.get(1).map(str::to_owned),
        )),
        _ => None,
    });
    row.ok_or_else(|| Error::State("the server doesn't tell which session it is".to_owned()))
}
