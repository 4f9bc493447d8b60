//! What other tools say has been applied to a database, in tables of their own.

use crate::connection::engine::Engine;
use crate::error::Error;

/// Where another tool keeps what it applied.
struct Records {
    table: &'static str,
    /// The column that tells its tables from others of the name.
    column: &'static str,
    sql: &'static str,
}

const RECORDS: [Records; 6] = [
    Records { table: "alembic_version", column: "version_num", sql: "SELECT version_num::text FROM alembic_version" },
    Records {
        table: "flyway_schema_history",
        column: "installed_rank",
        sql: "SELECT coalesce(version, regexp_replace(script, '\\.sql$', ''))::text FROM flyway_schema_history
              WHERE success AND type IN ('SQL', 'BASELINE', 'SQL_BASELINE') ORDER BY installed_rank",
    },
    Records {
        table: "_sqlx_migrations",
        column: "version",
        sql: "SELECT version::text FROM _sqlx_migrations WHERE success ORDER BY version",
    },
    Records {
        table: "goose_db_version",
        column: "version_id",
        sql: "SELECT version_id::text FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM goose_db_version ORDER BY version_id, id DESC) AS last
              WHERE is_applied AND version_id > 0 ORDER BY version_id",
    },
    Records { table: "pgmigrations", column: "run_on", sql: "SELECT name::text FROM pgmigrations ORDER BY id" },
    // dbmate, golang-migrate and Rails.
    Records {
        table: "schema_migrations",
        column: "version",
        sql: "SELECT version::text FROM schema_migrations ORDER BY 1",
    },
];

/// What another tool says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its table.
    pub table: &'static str,
    /// The versions or names in it. Alembic keeps its heads alone.
    pub versions: Vec<String>,
}

impl Engine {
    /// What other tools say has been applied, each by its own table. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn elsewhere(&self) -> Result<Vec<Elsewhere>, Error> {
        let session = self.reader().await?;
        let mut found = Vec::new();
        for records in RECORDS {
            let doing = || format!("reading {}", records.table);
            let there = "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2)";
            let there = session
                .query_one(&doing(), there, &[&records.table, &records.column])
                .await?;
            if there.get(0) {
                let rows = session.query(&doing(), records.sql, &[]).await?;
                let versions = rows.iter().map(|row| row.get(0)).collect();
                found.push(Elsewhere {
                    table: records.table,
                    versions,
                });
            }
        }
        Ok(found)
    }
}
