//! The command under test, run as people run it, and what it said.

use crate::Broken;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// A verb that takes longer on a few thousand rows hangs.
pub const ANSWER_MAX: Duration = Duration::from_mins(1);

/// A folder of revisions and a database, with the program that is run on both.
pub struct Site {
    program: PathBuf,
    url: String,
    folder: Arc<TempDir>,
    rehearses: bool,
    planted: Option<String>,
}

/// How a verb ended.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its exit code; none when it was ended by a signal.
    pub code: Option<i32>,
    /// Whether it had to be ended.
    pub hung: bool,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A finding of `check`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its code.
    pub code: String,
    /// The file of the statement.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
}

impl Site {
    /// Writes the revisions, and a settings file where versions are wanted.
    ///
    /// # Errors
    ///
    /// When the files can't be written.
    pub fn new(
        program: &Path,
        url: &str,
        revisions: &[String],
        versions: bool,
    ) -> Result<Site, Broken> {
        let folder = tempfile::Builder::new()
            .prefix("concertina-differential-")
            .tempdir()?;
        std::fs::create_dir(folder.path().join("revisions"))?;
        for (at, text) in revisions.iter().enumerate() {
            std::fs::write(
                folder
                    .path()
                    .join(format!("revisions/{:03}_change.sql", at + 1)),
                text,
            )?;
        }
        if versions {
            std::fs::write(folder.path().join("concertina.toml"), "versions = true\n")?;
        }
        Ok(Site {
            program: program.to_owned(),
            url: url.to_owned(),
            folder: Arc::new(folder),
            rehearses: false,
            planted: None,
        })
    }

    /// The same folder and database, for other settings beside these.
    #[must_use]
    pub fn again(&self) -> Site {
        Site {
            program: self.program.clone(),
            url: self.url.clone(),
            folder: Arc::clone(&self.folder),
            rehearses: self.rehearses,
            planted: self.planted.clone(),
        }
    }

    /// With a fault that the program plants in its plans, or without.
    #[must_use]
    pub fn planting(self, fault: Option<&str>) -> Site {
        Site {
            planted: fault.map(str::to_owned),
            ..self
        }
    }

    /// With plans that are compared with the statements first, or without.
    #[must_use]
    pub fn rehearsing(self, rehearses: bool) -> Site {
        Site { rehearses, ..self }
    }

    /// The command, ready to run.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path());
        command
            .env("DATABASE_URL", &self.url)
            .env("RUST_BACKTRACE", "0");
        command.env(
            "CONCERTINA_REHEARSE",
            if self.rehearses { "always" } else { "never" },
        );
        if let Some(fault) = &self.planted {
            command.env(crate::planted::VARIABLE, fault);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a verb to its end, or for [`ANSWER_MAX`].
    ///
    /// # Errors
    ///
    /// When the program can't be started.
    pub async fn run(&self, words: &[&str]) -> Result<Said, Broken> {
        self.run_for(words, ANSWER_MAX)
            .await
            .map(|(said, ended)| Said {
                hung: !ended,
                ..said
            })
    }

    /// Runs a verb, and kills it after a while; whether it had ended by itself.
    ///
    /// # Errors
    ///
    /// When the program can't be started.
    pub async fn run_for(&self, words: &[&str], most: Duration) -> Result<(Said, bool), Broken> {
        let child = self.command(words).spawn()?;
        match tokio::time::timeout(most, child.wait_with_output()).await {
            Ok(output) => {
                let output = output?;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let said = Said {
                    code: output.status.code(),
                    hung: false,
                    out: text(&output.stdout),
                    err: text(&output.stderr),
                };
                Ok((said, true))
            }
            Err(_) => Ok((
                Said {
                    code: None,
                    hung: false,
                    out: String::new(),
                    err: String::new(),
                },
                false,
            )),
        }
    }
}

impl Said {
    /// Whether it panicked.
    #[must_use]
    pub fn panicked(&self) -> bool {
        self.code == Some(101) || self.err.contains("panicked at")
    }

    /// The lines of `--json`.
    pub fn events(&self) -> impl Iterator<Item = Value> {
        self.out
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
    }

    /// The codes of what was refused, and the preflight checks that failed.
    #[must_use]
    pub fn codes(&self) -> BTreeSet<String> {
        let mut codes = BTreeSet::new();
        for event in self.events() {
            for list in ["diagnostics", "findings"] {
                let all = event[list].as_array().into_iter().flatten();
                let errors = all.filter(|one| {
                    one["severity"]
                        .as_str()
                        .is_none_or(|severity| severity == "error")
                });
                codes.extend(errors.filter_map(|one| one["code"].as_str().map(str::to_owned)));
            }
            if event["checks"].is_array() {
                codes.insert("preflight".to_owned());
            }
        }
        codes
    }

    /// What was told of statements, as `check --json` says.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        let read = |one: &Value| {
            Some(Told {
                code: one["code"].as_str()?.to_owned(),
                file: one["place"]["file"].as_str().unwrap_or_default().to_owned(),
                line: one["place"]["line"].as_u64().unwrap_or_default(),
            })
        };
        let all = self
            .events()
            .flat_map(|event| event["findings"].as_array().cloned().unwrap_or_default());
        all.filter_map(|one| read(&one)).collect()
    }

    /// What is in flight, as `status --json` says.
    #[must_use]
    pub fn in_flight(&self) -> Vec<String> {
        let list = |event: Value| -> Vec<String> {
            let all = event["in_flight"].as_array().cloned().unwrap_or_default();
            all.iter()
                .map(|one| format!("{} is {}", one["id"], one["state"]))
                .collect()
        };
        self.events().flat_map(list).collect()
    }

    /// What waits to be begun, as `status --json` says.
    #[must_use]
    pub fn pending(&self) -> Vec<String> {
        let list = |event: Value| event["pending"].as_array().cloned().unwrap_or_default();
        self.events()
            .flat_map(list)
            .map(|one| one.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Why it failed, in its own words.
    #[must_use]
    pub fn message(&self) -> String {
        let failed = self.events().find(|event| event["event"] == "failed");
        let message = failed.and_then(|event| event["message"].as_str().map(str::to_owned));
        message.unwrap_or_else(|| self.err.lines().take(4).collect::<Vec<_>>().join(" "))
    }
}
