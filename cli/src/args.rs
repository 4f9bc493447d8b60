//! The words of the command line.

use crate::limits::LimitWords;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Zero-downtime online migrations for PostgreSQL, from plain SQL.
///
/// Exit codes: 0 done, 1 error, 2 a preflight check failed, 3 waiting for contract.
#[derive(Debug, Parser)]
#[command(name = "concertina", version, max_term_width = 100)]
pub(crate) struct Words {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What every verb understands.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The database to connect to [default: DATABASE_URL, PGHOST and the like, or the config file]
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    pub(crate) url: Option<String>,
    /// The directory of revisions [default: revisions]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) revisions: Option<PathBuf>,
    /// The config file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "concertina.toml"
    )]
    pub(crate) config: PathBuf,
    /// Compare plans with the statements in scratch databases first: auto, always, never
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) rehearse: Option<concertina_engine::Rehearse>,
    /// Print one JSON object a line instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print only errors and results
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Print more; twice: every statement sent to the server
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Create the directory of revisions and a config file
    Init,
    /// Write a new, empty revision behind the newest
    New {
        /// What it does, in a few words
        title: Vec<String>,
        /// The same
        #[arg(long, short, value_name = "TITLE", conflicts_with = "title")]
        message: Option<String>,
        /// Open it in $VISUAL or $EDITOR
        #[arg(long)]
        edit: bool,
        /// Fill it with what leads from the database to the schema of a file
        #[arg(long, requires = "from")]
        autogenerate: bool,
        /// SQL that makes the wanted schema of an empty database
        #[arg(long, value_name = "FILE", requires = "autogenerate")]
        from: Option<PathBuf>,
    },
    /// Write a revision that joins all heads, or those that are named
    Merge {
        /// Beginnings of their ids [default: all heads]
        revisions: Vec<String>,
        /// What it is called
        #[arg(long, short, value_name = "TITLE", default_value = "merge")]
        message: String,
    },
    /// Open a revision in $VISUAL or $EDITOR
    Edit {
        /// The beginning of its id
        #[arg(default_value = "head")]
        revision: String,
    },
    /// Show one revision: what it follows, where it stands, what it says
    Show {
        /// The beginning of its id
        #[arg(default_value = "head")]
        revision: String,
    },
    /// List the revisions that several others follow
    Branches,
    /// Show what upgrade would do, and why
    Plan {
        /// How far: head, heads, +N or the beginning of an id
        #[arg(default_value = "head", allow_hyphen_values = true)]
        target: String,
        /// Show the statements too
        #[arg(long)]
        sql: bool,
        /// Sample the tables, and tell how long it will take and what it will leave behind
        #[arg(long)]
        estimate: bool,
    },
    /// Run expand and backfill of what is pending, and contract where nothing is endangered
    Upgrade {
        /// How far: head, heads, +N or the beginning of an id
        #[arg(default_value = "head", allow_hyphen_values = true)]
        target: String,
        /// Run every contract too: no old version of the application is left
        #[arg(long)]
        contract: bool,
        /// Write a script for psql instead, and change nothing
        #[arg(long)]
        sql: bool,
        /// Write it without a database, for one as `concertina catalog` wrote it; for an empty one
        /// say base:TARGET
        #[arg(long, value_name = "FILE", requires = "sql")]
        catalog: Option<PathBuf>,
        #[command(flatten)]
        limits: LimitWords,
    },
    /// Enforce and remove what waits, once no old version of the application is left
    Contract {
        #[command(flatten)]
        limits: LimitWords,
    },
    /// Undo what is in flight: the newest revision, or all down to one
    Rollback {
        /// The last one to undo
        revision: Option<String>,
    },
    /// Revert what is applied, as online as it came
    Downgrade {
        /// How far: -N, base, or the id to stop at
        #[arg(allow_hyphen_values = true)]
        target: String,
        /// Run the contract of the way down too
        #[arg(long)]
        contract: bool,
        /// Allow to drop tables that hold rows, and values that the former type can't hold
        #[arg(long)]
        allow_data_loss: bool,
        /// Write a script for psql instead, and change nothing
        #[arg(long)]
        sql: bool,
        #[command(flatten)]
        limits: LimitWords,
    },
    /// Pause running backfills
    Pause {
        /// Reason, shown in `status`
        reason: Vec<String>,
    },
    /// Resume paused backfills
    Resume,
    /// Check pending revisions: what would be refused, and what could break running code
    ///
    /// Exit code 2 when something is refused.
    Check {
        /// Only findings in these files
        files: Vec<PathBuf>,
        /// Plan against a catalog that `concertina catalog` wrote, without a database
        #[arg(long, value_name = "FILE")]
        catalog: Option<PathBuf>,
        /// The format of the findings
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
    },
    /// Dump the catalog as JSON, for offline `check`
    Catalog,
    /// Explain a problem or a hazard
    Explain {
        /// Its code, such as C105 or H02; without one all are listed
        code: Option<String>,
    },
    /// Show where the database stands
    Current,
    /// List all revisions, newest first; with --verbose with all that is known of each
    History,
    /// List the revisions that none follows
    Heads,
    /// Show what is in flight, how far it is, and what to do next
    Status,
    /// Show the schema of the newest version of the application's schema
    LatestSchema,
    /// Show the URL by which code of a version connects, without its password
    VersionUrl {
        /// The revision that the code is written for [default: the newest that has a version]
        revision: Option<String>,
    },
    /// Record revisions as applied without running them
    Stamp {
        /// Up to here: head, heads, base or the beginning of an id
        target: String,
        /// Accept files that were edited after they ran
        #[arg(long)]
        force: bool,
        /// Forget all records first, also of revisions that aren't in the directory, and what is in
        /// flight: its triggers and helpers are taken away, and what its statements did stays
        #[arg(long)]
        purge: bool,
    },
    /// Compare the database with what its revisions make, object by object
    ///
    /// The history is replayed in a database of its own on the same server, which needs CREATEDB.
    /// Exit code 2 when something differs.
    Verify {
        /// Try instead whether policies keep tenants apart: for two tenants of each table,
        /// everything that they should refuse
        #[arg(long, requires = "role")]
        tenant_isolation: bool,
        /// The role of the application, which policies hold for
        #[arg(long = "as", value_name = "ROLE", requires = "tenant_isolation")]
        role: Option<String>,
    },
    /// Show what leads from the database to the schema of a file
    ///
    /// It is tried first, in a scratch database with the structure of the real one, which needs
    /// CREATEDB. What stays different is named; exit code 2 when that is more than the places of
    /// columns.
    Diff {
        /// SQL that makes the wanted schema of an empty database
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Make what is there the first revision, and record it as applied
    Baseline {
        /// Its id
        #[arg(default_value = "0000_baseline")]
        name: String,
    },
    /// Turn another tool's history into revisions
    Import {
        #[command(subcommand)]
        tool: Tool,
    },
    /// Wait until the server takes connections
    Wait {
        /// For so many seconds at the most
        #[arg(long, value_name = "S", default_value_t = 60)]
        timeout: u64,
    },
    /// Check the server and the database for what would prevent a change
    ///
    /// Exit code 1 when a change can't be made.
    Doctor,
    /// Write completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a directory
    Man {
        /// The directory
        folder: PathBuf,
    },
}

/// Whose history is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum Tool {
    /// Alembic's: ids and parents are kept
    Alembic {
        /// The directory of alembic.ini, in which Alembic is run; or what
        /// `alembic upgrade head --sql` wrote
        path: PathBuf,
        /// What `alembic downgrade head:base --sql` wrote
        #[arg(long, value_name = "FILE")]
        down: Option<PathBuf>,
        /// Record as applied what the database's alembic_version says
        #[arg(long)]
        stamp: bool,
    },
    /// A directory of numbered SQL: plain, Flyway, dbmate, sqlx, goose, golang-migrate,
    /// sql-migrate, node-pg-migrate
    Folder {
        /// The directory
        path: PathBuf,
        /// Record as applied what the tool's own table in the database says
        #[arg(long)]
        stamp: bool,
    },
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the lines and a caret
    Text,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}
