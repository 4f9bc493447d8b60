//! Where tests may let something happen: before and after each statement that is sent to
//! PostgreSQL. As everything that lasts is in the database, a crash anywhere is a crash at one of
//! these.
//!
//! With feature `fault-points` each is told to whoever listens on the Unix socket that
//! `CONCERTINA_FAULTS` names, as `before|after`, a tab and its name; the answer is `go`, or an
//! SQLSTATE with which the statement then fails. Without the feature there is nothing of it.

use tokio_postgres::{Client, Error, Statement, ToStatement};

/// On which side of the statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// It isn't sent yet.
    Before,
    /// It was answered.
    After,
}

/// A statement that can tell how it begins.
pub(crate) trait Named: ToStatement {
    /// Its first words, for the name of its fault points.
    fn head(&self) -> &str;
}

impl Named for str {
    fn head(&self) -> &str {
        let text = self.trim_start();
        let end = text
            .match_indices([' ', '\n', ';', '('])
            .nth(2)
            .map_or(text.len(), |(at, _)| at);
        text.get(..end.min(60)).unwrap_or_default()
    }
}

impl Named for String {
    fn head(&self) -> &str {
        self.as_str().head()
    }
}

impl Named for Statement {
    fn head(&self) -> &'static str {
        "prepared"
    }
}

/// Passes a fault point.
#[cfg(not(feature = "fault-points"))]
#[allow(clippy::unused_async, reason = "it is where the feature waits")]
pub(crate) async fn point<S: Named + ?Sized>(
    _: &Client,
    when: When,
    _: &str,
    sql: &S,
) -> Result<(), Error> {
    let _ = (when, S::head as fn(&S) -> &str, sql);
    Ok(())
}

/// Passes a fault point.
#[cfg(feature = "fault-points")]
pub(crate) async fn point<S: Named + ?Sized>(
    client: &Client,
    when: When,
    doing: &str,
    sql: &S,
) -> Result<(), Error> {
    let Some(socket) = std::env::var_os("CONCERTINA_FAULTS") else {
        return Ok(());
    };
    let when = match when {
        When::Before => "before",
        When::After => "after",
    };
    let head = sql.head().split_whitespace().collect::<Vec<_>>().join(" ");
    let said = format!("{when}\t{}: {head}\n", doing.replace(['\n', '\t'], " "));
    match told(&socket, &said).await {
        Ok(answer) if answer.len() == 5 => {
            let raise = format!(
                "DO $$ BEGIN RAISE EXCEPTION 'dealt by a test' USING ERRCODE = '{answer}'; END $$"
            );
            client.batch_execute(&raise).await
        }
        // Whoever dealt is gone.
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(feature = "fault-points")]
async fn told(socket: &std::ffi::OsStr, said: &str) -> std::io::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::UnixStream::connect(socket).await?;
    stream.write_all(said.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.trim().to_owned())
}
