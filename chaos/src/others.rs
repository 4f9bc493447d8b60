//! Sessions that aren't ours: people, jobs and administrators at work on the same tables.

use concertina_sandbox::{Error, Postgres};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long somebody is in the way.
const FOR: Duration = Duration::from_millis(700);

/// Sessions that are at work now.
#[derive(Default)]
pub struct Others {
    tasks: JoinSet<()>,
}

impl Others {
    /// Somebody runs statements, waits, and takes nothing back but what is still open. What they are refused is their problem.
    ///
    /// # Errors
    ///
    /// When the server takes no connection.
    pub async fn send(
        &mut self,
        server: &Postgres,
        database: &str,
        sql: String,
    ) -> Result<(), Error> {
        let client = server.connect(database).await?;
        self.tasks.spawn(async move {
            client.batch_execute("SET lock_timeout = '3s'").await.ok();
            client.batch_execute(&sql).await.ok();
            tokio::time::sleep(FOR).await;
            client.batch_execute("COMMIT").await.ok();
        });
        Ok(())
    }

    /// Until all have gone.
    pub async fn gone(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What an administrator does to the engine's sessions, with `pg_terminate_backend` or `pg_cancel_backend`.
///
/// # Errors
///
/// When the server refuses.
pub async fn administer(server: &Postgres, database: &str, function: &str) -> Result<(), Error> {
    let sql = format!(
        "SELECT {function}(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'concertina%'"
    );
    server.connect(database).await?.batch_execute(&sql).await?;
    Ok(())
}
