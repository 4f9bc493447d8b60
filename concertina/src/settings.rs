//! The settings, in one list: the settings file, the command's flags, their defaults, bounds and
//! help, the reference page, the file that `concertina init` writes and the JSON schema for editors
//! are made from it or held to it.

use serde::Deserialize;
use std::fmt::Write;

/// What a setting may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number.
    Number {
        /// Whether only whole ones.
        whole: bool,
        /// The least.
        min: f64,
        /// The most, where there is one.
        max: Option<f64>,
    },
    /// Yes or no.
    Switch,
    /// A text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// How a setting is given for one run.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Its name, without the dashes before it.
    pub long: &'static str,
    /// What stands for its value in the help; empty for a switch.
    pub value: &'static str,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in the settings file.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What holds without it; nothing where it then does nothing.
    pub default: Option<&'static str>,
    /// What the file that `concertina init` writes shows: the default, or a good one.
    pub example: &'static str,
    /// Its flag, where it can be given for one run.
    pub flag: Option<Flag>,
    /// What it does, in a line.
    pub help: &'static str,
    /// What it means.
    pub means: &'static str,
}

macro_rules! limits {
    ($($name:ident: $type:ty { $($field:ident: $value:expr,)* })*) => {
        /// Section `[limits]`; what is left out has the default of
        /// [`Settings`](concertina_engine::Settings).
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Limits {
            $(
                /// See the setting of this name in [`LIMITS`].
                pub $name: Option<$type>,
            )*
        }

        impl Limits {
            /// Gives a setting a value.
            ///
            /// # Errors
            ///
            /// When it is none of the setting's, or there is no such setting.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
                match name {
                    $(stringify!($name) => {
                        let read = value.parse::<$type>().map_err(|error| error.to_string())?;
                        self.$name = Some(read);
                    })*
                    other => return Err(format!("there is no setting {other}")),
                }
                Ok(())
            }
        }

        /// The settings of section `[limits]`.
        pub const LIMITS: &[Setting] = &[$(Setting { name: stringify!($name), $($field: $value,)* },)*];
    };
}

limits! {
    lock_timeout_ms: u64 {
        kind: Kind::Number { whole: true, min: 10.0, max: Some(5_000.0) },
        default: Some("250"),
        example: "250",
        flag: Some(Flag { long: "lock-timeout-ms", value: "MS" }),
        help: "Wait at most this long at a time for a lock that blocks others, in milliseconds",
        means: "the longest that one attempt waits for a blocking lock, in milliseconds, and so the longest stall that other sessions see",
    }
    lock_budget_s: u64 {
        kind: Kind::Number { whole: true, min: 1.0, max: None },
        default: Some("600"),
        example: "600",
        flag: Some(Flag { long: "lock-budget-s", value: "S" }),
        help: "Give up on a step whose lock isn't granted within this many seconds",
        means: "give up on a step whose lock isn't granted within this many seconds; it can be run again",
    }
    batch_target_ms: f64 {
        kind: Kind::Number { whole: false, min: 0.2, max: Some(500.0) },
        default: Some("0.5"),
        example: "0.5",
        flag: Some(Flag { long: "batch-target-ms", value: "MS" }),
        help: "Aim for batches of this length, in milliseconds",
        means: "the target duration of a batch in milliseconds while other sessions are active, though never less than four times a batch's measured fixed cost; with no other activity a batch may take 5 ms",
    }
    workers: u16 {
        kind: Kind::Number { whole: true, min: 1.0, max: Some(64.0) },
        default: Some("2"),
        example: "2",
        flag: Some(Flag { long: "workers", value: "N" }),
        help: "Use at most this many connections for a backfill",
        means: "the maximum number of connections for a backfill; while other sessions are active it starts with one and adds more as long as each brings three quarters of what one does on its own",
    }
    eager: bool {
        kind: Kind::Switch,
        default: Some("false"),
        example: "false",
        flag: Some(Flag { long: "eager", value: "" }),
        help: "Work as if nobody else did: all workers at once, longer batches",
        means: "ignore other activity: all workers at once, batches of 5 ms; for quiet hours",
    }
    rows_per_second_max: u32 {
        kind: Kind::Number { whole: true, min: 1.0, max: None },
        default: None,
        example: "50000",
        flag: Some(Flag { long: "rows-per-second-max", value: "ROWS" }),
        help: "Change at most this many rows a second",
        means: "a limit on rows a second for all workers together",
    }
    passes_max: u16 {
        kind: Kind::Number { whole: true, min: 1.0, max: Some(64.0) },
        default: Some("24"),
        example: "24",
        flag: None,
        help: "Walk a window of blocks at most this often",
        means: "the maximum number of passes over a window of blocks; 1 turns HOT windows off",
    }
    replica_lag_max_s: u64 {
        kind: Kind::Number { whole: true, min: 0.0, max: None },
        default: Some("10"),
        example: "10",
        flag: None,
        help: "Stop while a standby is further behind than this many seconds",
        means: "a standby further behind than this many seconds stops the backfill until the lag is down to half of it",
    }
    replica_backlog_max_mb: u64 {
        kind: Kind::Number { whole: true, min: 1.0, max: None },
        default: Some("1000"),
        example: "1000",
        flag: None,
        help: "Slow down while a standby has more megabytes of WAL ahead of it",
        means: "slow the backfill down as the WAL that a standby hasn't replayed yet approaches this many megabytes",
    }
    latency_budget_percent: u32 {
        kind: Kind::Number { whole: true, min: 1.0, max: None },
        default: None,
        example: "25",
        flag: Some(Flag { long: "latency-budget-percent", value: "PERCENT" }),
        help: "Let queries of the table take at most this much longer than before, in percent",
        means: "how much slower queries of the table may be than without the backfill, in percent; an increase of 0.3 ms is always allowed; 25 is a good value",
    }
    active_sessions_max: u32 {
        kind: Kind::Number { whole: true, min: 1.0, max: None },
        default: None,
        example: "16",
        flag: None,
        help: "Slow down while more sessions than this are active",
        means: "slow down when more sessions than this, the engine's aside, are active",
    }
    throttle_query: String {
        kind: Kind::Text,
        default: None,
        example: "SELECT count(*) > 1000 FROM jobs WHERE state = 'queued'",
        flag: None,
        help: "Pause while this query gives true, or a number above zero",
        means: "stop the backfill while this query returns true, or a number above zero",
    }
    hours: String {
        kind: Kind::Text,
        default: None,
        example: "22:00-06:00 Europe/Berlin",
        flag: Some(Flag { long: "hours", value: "HOURS" }),
        help: "Work only in these hours: \"22:00-06:00 Europe/Berlin\"",
        means: "the hours in which a backfill may run: `22:00-06:00 Europe/Berlin`",
    }
    wal_mb_per_second_max: u64 {
        kind: Kind::Number { whole: true, min: 1.0, max: None },
        default: None,
        example: "50",
        flag: None,
        help: "Write at most this many megabytes of WAL a second",
        means: "a limit on megabytes of WAL a second, estimated from what the whole server writes",
    }
    subscribers_ready: bool {
        kind: Kind::Switch,
        default: Some("false"),
        example: "false",
        flag: Some(Flag { long: "subscribers-ready", value: "" }),
        help: "Say that subscribers have the columns and tables that they need for this",
        means: "subscribers of publications have the columns and tables that `plan` reports, or add them by themselves; without it a run that would stop them is refused",
    }
    vacuum_dead_percent: u32 {
        kind: Kind::Number { whole: true, min: 1.0, max: None },
        default: Some("20"),
        example: "20",
        flag: None,
        help: "Vacuum the table between windows above this percentage of dead rows",
        means: "vacuum the table between windows when more of its rows than this percentage are dead, unless autovacuum is processing it",
    }
}

/// The settings above the first section.
pub const PROJECT: &[Setting] = &[
    Setting {
        name: "revisions",
        kind: Kind::Text,
        default: Some("revisions"),
        example: "revisions",
        flag: Some(Flag {
            long: "revisions",
            value: "DIR",
        }),
        help: "Read revisions from this directory",
        means: "the directory of revisions, relative to this file",
    },
    Setting {
        name: "url",
        kind: Kind::Text,
        default: None,
        example: "postgres://app@localhost:5432/shop",
        flag: Some(Flag {
            long: "url",
            value: "URL",
        }),
        help: "Connect to this database",
        means: "the database; better kept out of files: --url, DATABASE_URL, PGHOST and the others, and ~/.pgpass are looked at first",
    },
    Setting {
        name: "versions",
        kind: Kind::Switch,
        default: Some("false"),
        example: "false",
        flag: None,
        help: "Give each revision a schema of views",
        means: "whether each revision gets a schema of views with its names and types, which code chooses by its search_path, as \
                `concertina version-url` tells it; renames then move no data, and versions that are there are kept up in any case",
    },
    Setting {
        name: "rehearse",
        kind: Kind::Choice(&["auto", "always", "never"]),
        default: Some("auto"),
        example: "auto",
        flag: Some(Flag {
            long: "rehearse",
            value: "WHEN",
        }),
        help: "Rehearse plans before the first change",
        means: "whether plans are compared, in scratch databases of the same server, with the statements that they stand for before the \
                first change: auto (where the role has CREATEDB and it makes sense), always, never",
    },
];

impl Setting {
    /// A value as the settings file has it.
    fn toml(&self, value: &str) -> String {
        match self.kind {
            Kind::Number { .. } | Kind::Switch => value.to_owned(),
            Kind::Text | Kind::Choice(_) => format!("\"{value}\""),
        }
    }
}

/// The file that `concertina init` writes.
pub fn template() -> String {
    let mut text =
        "# Settings of Concertina. Everything has a default; lines that begin with `#:` show it.\n"
            .to_owned();
    let mut section = |settings: &[Setting]| {
        for setting in settings {
            let default = if setting.default.is_none() && setting.name != "url" {
                " None by default."
            } else {
                ""
            };
            let mut means = setting.means.to_owned();
            means[..1].make_ascii_uppercase();
            let comment = wrapped(&format!("{means}.{default}"));
            // A folder has to be somewhere, and is best seen.
            let shown = if setting.name == "revisions" {
                ""
            } else {
                "#: "
            };
            let _ = write!(
                text,
                "\n{comment}{shown}{} = {}\n",
                setting.name,
                setting.toml(setting.example)
            );
        }
        text.push_str("\n[limits]");
    };
    section(PROJECT);
    section(LIMITS);
    text.trim_end_matches("\n[limits]")
        .replace("[limits]\n\n", "[limits]\n")
}

/// A comment of the settings file, in lines.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 118;
    let mut lines = vec![String::from("#")];
    for word in text.split(' ') {
        if lines
            .last()
            .is_some_and(|line| line.len() + 1 + word.len() > WIDTH)
        {
            lines.push(String::from("#"));
        }
        lines
            .iter_mut()
            .next_back()
            .into_iter()
            .for_each(|line| line.extend([" ", word]));
    }
    lines.join("\n") + "\n"
}

/// The rows of the reference page's table.
pub fn table() -> String {
    let bounds = |kind: Kind| match kind {
        Kind::Number {
            min,
            max: Some(max),
            ..
        } => format!("{min} to {max}"),
        Kind::Number { min, max: None, .. } => format!("{min} and more"),
        Kind::Switch => "true, false".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Choice(words) => words.join(", "),
    };
    let mut text = "| setting | default | may be | means |\n|---|---|---|---|\n".to_owned();
    for setting in LIMITS {
        let default = setting.default.unwrap_or("none");
        let _ = writeln!(
            text,
            "| `{}` | {default} | {} | {} |",
            setting.name,
            bounds(setting.kind),
            setting.means
        );
    }
    text
}

/// The settings file as a JSON schema, by which editors complete and check it.
pub fn schema() -> serde_json::Value {
    use serde_json::{Map, Value, json};
    let of = |setting: &Setting| {
        let mut schema = match setting.kind {
            Kind::Number { whole, min, max } => {
                let mut schema =
                    json!({ "type": if whole { "integer" } else { "number" }, "minimum": min });
                max.into_iter()
                    .for_each(|max| schema["maximum"] = json!(max));
                schema
            }
            Kind::Switch => json!({ "type": "boolean" }),
            Kind::Text => json!({ "type": "string" }),
            Kind::Choice(words) => json!({ "enum": words }),
        };
        schema["description"] = json!(setting.help);
        if let Some(default) = setting.default {
            schema["default"] = serde_json::from_str(default).unwrap_or_else(|_| json!(default));
        }
        (setting.name.to_owned(), schema)
    };
    let object = |properties: Map<String, Value>| json!({ "type": "object", "additionalProperties": false, "properties": properties });
    let mut properties: Map<String, Value> = PROJECT.iter().map(of).collect();
    properties.insert("limits".to_owned(), object(LIMITS.iter().map(of).collect()));
    let mut schema = object(properties);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("concertina.toml");
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;
    use std::path::{Path, PathBuf};

    fn limited(name: &str, value: &str) -> bool {
        let project = Project::parse(
            &format!("[limits]\n{name} = {value}\n"),
            Path::new("concertina.toml"),
        );
        project.is_ok_and(|project| project.settings().is_ok())
    }

    #[test]
    fn the_bounds_are_those_that_hold() {
        for setting in LIMITS {
            let Kind::Number { whole, min, max } = setting.kind else {
                continue;
            };
            let step = if whole { 1.0 } else { 0.01 };
            assert!(
                limited(setting.name, &min.to_string()),
                "{} = {min}",
                setting.name
            );
            assert!(
                !limited(setting.name, &(min - step).to_string()),
                "{} below {min}",
                setting.name
            );
            if let Some(max) = max {
                assert!(
                    limited(setting.name, &max.to_string()),
                    "{} = {max}",
                    setting.name
                );
                assert!(
                    !limited(setting.name, &(max + step).to_string()),
                    "{} above {max}",
                    setting.name
                );
            }
        }
    }

    #[test]
    fn a_flag_has_its_settings_name_and_its_values_are_read() {
        let mut limits = Limits::default();
        for setting in LIMITS {
            assert!(
                setting
                    .flag
                    .is_none_or(|flag| flag.long == setting.name.replace('_', "-")),
                "{}",
                setting.name
            );
            limits.set(setting.name, setting.example).unwrap();
            assert!(
                limited(setting.name, &setting.toml(setting.example)),
                "{}",
                setting.name
            );
        }
        assert!(limits.set("workers", "many").is_err() && limits.set("worker", "1").is_err());
        assert_eq!(
            (limits.workers, limits.eager, limits.batch_target_ms),
            (Some(2), Some(false), Some(0.5))
        );
    }

    /// Holds a file to what the list makes of it.
    fn held(path: &str, wanted: impl Fn(&str) -> String) {
        let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        let wanted = wanted(&there);
        if std::env::var_os("CONCERTINA_BLESS").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        } else {
            assert!(
                there == wanted,
                "{} isn't what the list of settings makes: CONCERTINA_BLESS=1 writes it",
                path.display()
            );
        }
    }

    #[test]
    fn the_template_the_reference_and_the_schema_are_made_from_the_list() {
        held("src/concertina.toml", |_| template());
        held("../docs/src/concertina.schema.json", |_| {
            format!("{:#}\n", schema())
        });
        held("../docs/src/reference.md", |page| {
            let (before, rest) = page.split_once("| setting | default |").unwrap();
            let (_, after) = rest.split_once("\n\n").unwrap();
            format!("{before}{}\n{after}", table())
        });
    }
}
