//! One verb a file. A verb asks the library and hands the answer to `draw`.

mod baseline;
mod check;
mod current;
mod doctor;
mod downgrade;
mod drift;
mod edit;
mod explain;
mod history;
mod import;
mod init;
mod live;
mod merge;
mod new;
mod pause;
mod plan;
mod rollback;
mod script;
mod shell;
mod show;
mod stamp;
mod status;
mod upgrade;
mod version;

use crate::args::{Common, Verb, Words};
use crate::exit::Exit;
use crate::limits::LimitWords;
use concertina::{Failure, Project, Until, connection};
use concertina_engine::{Connect, Engine, Rehearse, Settings, Stopper};
use concertina_revisions::History;
use std::path::PathBuf;
use std::sync::Arc;

/// Runs the verb.
pub(crate) fn run(words: &Words) -> Result<Exit, Failure> {
    let common = &words.common;
    match &words.verb {
        Verb::Init => init::run(common),
        Verb::New {
            title,
            message,
            edit,
            from: None,
            ..
        } => new::run(common, &titled(title, message.as_ref()), *edit),
        Verb::Merge { revisions, message } => merge::run(common, revisions, message),
        Verb::Edit { revision } => edit::run(common, revision),
        Verb::Heads => history::heads(common),
        Verb::Branches => history::branches(common),
        Verb::Completions { shell } => Ok(shell::completions(*shell)),
        Verb::Man { folder } => shell::man(folder),
        Verb::Explain { code } => explain::run(common, code.as_deref()),
        verb => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(|error| Failure::usage(format!("can't start: {error}"), ""))?;
            runtime.block_on(with_database(verb, common))
        }
    }
}

#[expect(clippy::too_many_lines, reason = "a few lines for each verb")]
async fn with_database(verb: &Verb, common: &Common) -> Result<Exit, Failure> {
    match verb {
        Verb::Plan {
            target,
            sql,
            estimate,
        } => plan::run(common, target, *sql, *estimate).await,
        Verb::Upgrade {
            target,
            contract,
            sql: true,
            catalog,
            limits,
        } => script::upgrade(common, target, *contract, catalog.as_deref(), limits).await,
        Verb::Upgrade {
            target,
            contract,
            limits,
            ..
        } => upgrade::upgrade(common, target, *contract, limits).await,
        Verb::Contract { limits } => upgrade::contract(common, limits).await,
        Verb::Rollback { revision } => rollback::run(common, revision.as_deref()).await,
        Verb::Downgrade {
            target,
            contract,
            allow_data_loss,
            sql: true,
            limits,
        } => script::downgrade(common, target, *contract, *allow_data_loss, limits).await,
        Verb::Downgrade {
            target,
            contract,
            allow_data_loss,
            limits,
            ..
        } => downgrade::run(common, target, *contract, *allow_data_loss, limits).await,
        Verb::Check {
            files,
            catalog,
            format,
        } => check::run(common, files, catalog.as_deref(), *format).await,
        Verb::Catalog => check::catalog(common).await,
        Verb::Pause { reason } => pause::pause(common, &reason.join(" ")).await,
        Verb::Resume => pause::resume(common).await,
        Verb::Current => current::run(common).await,
        Verb::Show { revision } => show::run(common, revision).await,
        Verb::Wait { timeout } => doctor::wait(common, *timeout).await,
        Verb::Doctor => doctor::run(common).await,
        Verb::Verify {
            role: Some(role), ..
        } => drift::isolation(common, role).await,
        Verb::Verify { .. } => drift::verify(common).await,
        Verb::Diff { from } => drift::diff(common, from).await,
        Verb::New {
            title,
            message,
            edit,
            from: Some(from),
            ..
        } => drift::autogenerate(common, &titled(title, message.as_ref()), from, *edit).await,
        Verb::Baseline { name } => baseline::run(common, name).await,
        Verb::Import { tool } => import::run(common, tool).await,
        Verb::History => history::run(common).await,
        Verb::Status => status::run(common).await,
        Verb::LatestSchema => version::latest_schema(common).await,
        Verb::VersionUrl { revision } => version::url(common, revision.as_deref()).await,
        Verb::Stamp {
            target,
            force,
            purge,
        } => stamp::run(common, target, *force, *purge).await,
        Verb::Init
        | Verb::New { from: None, .. }
        | Verb::Merge { .. }
        | Verb::Edit { .. }
        | Verb::Heads
        | Verb::Branches
        | Verb::Completions { .. }
        | Verb::Man { .. }
        | Verb::Explain { .. } => {
            unreachable!("verbs without a database are run before")
        }
    }
}

/// How far `--contract` goes.
fn until(contract: bool) -> Until {
    if contract {
        Until::Contracted
    } else {
        Until::Backfilled
    }
}

/// A title as one word or many.
fn titled(title: &[String], message: Option<&String>) -> String {
    message.cloned().unwrap_or_else(|| title.join(" "))
}

/// Everything that a verb may need, found where the words and the settings file say.
pub(crate) struct Found {
    pub(crate) project: Project,
    folder: PathBuf,
    /// Whether somebody said which folder.
    is_named: bool,
    url: Option<String>,
}

impl Found {
    pub(crate) fn read(common: &Common) -> Result<Found, Failure> {
        let mut project = Project::read(&common.config)?;
        project.rehearse = common
            .rehearse
            .or(rehearse_of_environment()?)
            .or(project.rehearse);
        let named = common
            .revisions
            .clone()
            .or_else(|| project.revisions.clone());
        let is_named = common.revisions.is_some();
        let folder = named.unwrap_or_else(|| PathBuf::from("revisions"));
        Ok(Found {
            project,
            folder,
            is_named,
            url: common.url.clone(),
        })
    }

    pub(crate) fn history(&self) -> Result<History, Failure> {
        concertina::history(&self.folder)
    }

    /// The revisions, if there are any: a folder that nobody named needs not be there.
    pub(crate) fn history_if_any(&self) -> Result<Option<History>, Failure> {
        if !self.is_named && !self.folder.exists() {
            return Ok(None);
        }
        self.history().map(Some)
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    fn connect(&self) -> Result<Connect, Failure> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        connection::find(self.url.as_deref(), self.project.url.as_deref(), &variable)
    }

    /// An engine that only looks.
    pub(crate) fn reader(&self) -> Result<Engine, Failure> {
        self.reader_to_stop().map(|(engine, _)| engine)
    }

    /// An engine that changes nothing of the database but may make others to rehearse in: whoever
    /// ends it lets them be dropped first.
    pub(crate) fn rehearser(&self) -> Result<Engine, Failure> {
        let (engine, stopper) = self.reader_to_stop()?;
        live::stopped_by_signals(stopper, || {});
        Ok(engine)
    }

    fn reader_to_stop(&self) -> Result<(Engine, Stopper), Failure> {
        let versions = self.project.versions.unwrap_or_default();
        let rehearse = self.project.rehearse.unwrap_or_default();
        let settings = Settings {
            versions,
            rehearse,
            ..Settings::default()
        };
        Ok(Engine::new(self.connect()?, settings, Arc::new(|_| {})))
    }
}

/// What `CONCERTINA_REHEARSE` says.
fn rehearse_of_environment() -> Result<Option<Rehearse>, Failure> {
    let said = std::env::var("CONCERTINA_REHEARSE")
        .ok()
        .filter(|said| !said.is_empty());
    let read = said.map(|said| said.parse()).transpose();
    read.map_err(|why: String| {
        Failure::usage(
            format!("CONCERTINA_REHEARSE: {why}"),
            "leave it out for auto",
        )
    })
}

/// The limits of the settings file, with the words of this run over them.
pub(crate) fn settings(found: &mut Found, words: &LimitWords) -> Result<Settings, Failure> {
    words.over(&mut found.project.limits);
    found.project.settings()
}
