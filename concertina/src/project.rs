//! `concertina.toml`: where the revisions are, which database, and the limits.

use crate::failure::Failure;
use crate::settings::Limits;
use concertina_engine::{Rehearse, Settings};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The settings file's name.
pub const FILE: &str = "concertina.toml";

/// What `concertina init` writes.
pub const TEMPLATE: &str = include_str!("concertina.toml");

/// The settings file, read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The folder of revisions, relative to the settings file.
    pub revisions: Option<PathBuf>,
    /// The database.
    pub url: Option<String>,
    /// Whether each revision gets a schema of views with its names and types.
    pub versions: Option<bool>,
    /// Whether plans are compared with the statements that they stand for before the first change.
    pub rehearse: Option<Rehearse>,
    /// How gentle to be.
    #[serde(default)]
    pub limits: Limits,
}

impl Project {
    /// Reads the settings file; without one everything has its default. Paths in it are relative to it.
    ///
    /// # Errors
    ///
    /// When it can't be read or has words that aren't known, with the line.
    pub fn read(path: &Path) -> Result<Project, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Project::default());
            }
            Err(error) => {
                return Err(Failure::usage(
                    format!("can't read {}: {error}", path.display()),
                    "check its rights",
                ));
            }
        };
        let mut project = Project::parse(&text, path)?;
        if let (Some(folder), Some(home)) = (&project.revisions, path.parent()) {
            project.revisions = Some(home.join(folder));
        }
        Ok(project)
    }

    /// Reads the text of a settings file; `path` is for messages.
    ///
    /// # Errors
    ///
    /// When it has words that aren't known, with the line.
    pub fn parse(text: &str, path: &Path) -> Result<Project, Failure> {
        toml::from_str(text).map_err(|error| {
            // The message alone: the excerpt that comes with it could show a password.
            let line = error
                .span()
                .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            let message = format!("{}:{line}: {}", path.display(), error.message());
            Failure::usage(
                message,
                "the settings are described in the documentation under \"Settings\"",
            )
        })
    }
}

impl Project {
    /// The engine's settings.
    ///
    /// # Errors
    ///
    /// When a value makes no sense.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = self.limits.settings()?;
        settings.versions = self.versions.unwrap_or(settings.versions);
        settings.rehearse = self.rehearse.unwrap_or(settings.rehearse);
        Ok(settings)
    }
}

impl Limits {
    /// The engine's settings that these limits make.
    fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = Settings::default();
        let set = |slot: &mut Duration, value: Option<Duration>| *slot = value.unwrap_or(*slot);
        set(
            &mut settings.lock_timeout,
            self.lock_timeout_ms.map(Duration::from_millis),
        );
        set(
            &mut settings.lock_budget,
            self.lock_budget_s.map(Duration::from_secs),
        );
        set(
            &mut settings.batch_target,
            self.batch_target_ms
                .map(|ms| Duration::from_secs_f64(ms.clamp(0.0, 1e6) / 1_000.0)),
        );
        set(
            &mut settings.replica_lag_max,
            self.replica_lag_max_s.map(Duration::from_secs),
        );
        settings.workers = self.workers.unwrap_or(settings.workers);
        settings.eager = self.eager.unwrap_or(settings.eager);
        settings.subscribers_ready = self.subscribers_ready.unwrap_or(false);
        settings.passes_max = self.passes_max.unwrap_or(settings.passes_max);
        settings.rows_per_second_max = self.rows_per_second_max;
        settings.latency_budget_percent = self.latency_budget_percent;
        settings.active_sessions_max = self.active_sessions_max;
        settings.throttle_query = self.throttle_query.clone();
        settings.wal_bytes_per_second_max = self
            .wal_mb_per_second_max
            .map(|megabytes| megabytes * 1_000_000);
        if let Some(megabytes) = self.replica_backlog_max_mb {
            settings.replica_backlog_max_bytes = megabytes * 1_000_000;
        }
        if let Some(percent) = self.vacuum_dead_percent {
            settings.vacuum_dead_share = f64::from(percent) / 100.0;
        }
        let wrong = |why: String| {
            Failure::usage(
                why,
                "the settings are described in the documentation under \"Settings\"",
            )
        };
        settings.hours = self
            .hours
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|why: String| wrong(format!("hours {why}")))?;
        settings.check().map_err(wrong)?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid_and_changes_nothing() {
        let project: Project = toml::from_str(TEMPLATE).unwrap();
        assert_eq!(project.revisions.as_deref(), Some(Path::new("revisions")));
        assert_eq!(
            format!("{:?}", project.settings().unwrap()),
            format!("{:?}", Settings::default())
        );
    }

    #[test]
    fn every_line_of_the_template_can_be_uncommented() {
        let all: Vec<&str> = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .collect();
        let project: Project = toml::from_str(&all.join("\n")).unwrap();
        assert!(project.url.is_some());
        let shown = project.settings().unwrap();
        // What has no default shows an example; the others show theirs.
        let defaults = Settings {
            rows_per_second_max: None,
            wal_bytes_per_second_max: None,
            latency_budget_percent: None,
            active_sessions_max: None,
            throttle_query: None,
            hours: None,
            ..shown.clone()
        };
        assert_eq!(
            format!("{defaults:?}"),
            format!("{:?}", Settings::default()),
            "it shows the defaults"
        );
        assert!(
            shown.hours.is_some()
                && shown.throttle_query.is_some()
                && shown.rows_per_second_max.is_some()
        );
    }

    #[test]
    fn a_wrong_word_is_named_with_its_line_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(
            &path,
            "url = \"postgres://a:s3cret@h/d\"\nurrl = \"postgres://a:s3cret@h/d\"\n",
        )
        .unwrap();
        let error = Project::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("concertina.toml:2")
                && error.contains("urrl")
                && !error.contains("s3cret"),
            "{error}"
        );
    }
}
