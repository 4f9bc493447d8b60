//! Limits that can be set for one run: a flag for each setting that has one.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use concertina::settings::{Kind, LIMITS, Limits, Setting};

/// What is said of them, by the settings' names.
#[derive(Debug, Clone, Default)]
pub(crate) struct LimitWords(Vec<(&'static str, String)>);

impl LimitWords {
    /// What is said here goes before the settings file.
    pub(crate) fn over(&self, limits: &mut Limits) {
        for (name, value) in &self.0 {
            // It was read before.
            let _ = limits.set(name, value);
        }
    }
}

/// The flag of a setting.
fn flag(setting: &'static Setting) -> Option<Arg> {
    let flag = setting.flag?;
    let arg = Arg::new(setting.name).long(flag.long).help(setting.help);
    Some(match setting.kind {
        Kind::Switch => arg.action(ArgAction::SetTrue),
        Kind::Number { .. } | Kind::Text | Kind::Choice(_) => {
            arg.value_name(flag.value).value_parser(reader(setting))
        }
    })
}

/// Reads a value, so that a wrong one is refused where it stands.
fn reader(setting: &'static Setting) -> ValueParser {
    ValueParser::from(move |text: &str| {
        Limits::default().set(setting.name, text)?;
        Ok::<String, String>(text.to_owned())
    })
}

impl Args for LimitWords {
    fn augment_args(command: Command) -> Command {
        command.args(LIMITS.iter().filter_map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LimitWords {
    fn from_arg_matches(matches: &ArgMatches) -> Result<LimitWords, clap::Error> {
        let said = LIMITS
            .iter()
            .filter(|setting| setting.flag.is_some())
            .filter_map(|setting| {
                let value = match setting.kind {
                    Kind::Switch => matches.get_flag(setting.name).then(|| "true".to_owned()),
                    Kind::Number { .. } | Kind::Text | Kind::Choice(_) => {
                        matches.get_one::<String>(setting.name).cloned()
                    }
                };
                Some((setting.name, value?))
            });
        Ok(LimitWords(said.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::error::ErrorKind;

    fn said(words: &[&str]) -> Result<Limits, ErrorKind> {
        let command = LimitWords::augment_args(Command::new("test").no_binary_name(true));
        let matches = command
            .try_get_matches_from(words)
            .map_err(|error| error.kind())?;
        let mut limits = Limits {
            workers: Some(9),
            ..Limits::default()
        };
        LimitWords::from_arg_matches(&matches)
            .map_err(|error| error.kind())?
            .over(&mut limits);
        Ok(limits)
    }

    #[test]
    fn what_is_said_goes_before_what_the_file_says() {
        let limits = said(&["--workers", "3", "--eager", "--hours", "22:00-06:00"]).unwrap();
        assert_eq!(
            (limits.workers, limits.eager, limits.hours.as_deref()),
            (Some(3), Some(true), Some("22:00-06:00"))
        );
        let limits = said(&["--batch-target-ms=0.7"]).unwrap();
        assert_eq!(
            (limits.workers, limits.eager, limits.batch_target_ms),
            (Some(9), None, Some(0.7))
        );
    }

    #[test]
    fn a_value_that_is_none_is_refused_at_once() {
        assert_eq!(
            said(&["--workers", "many"]).unwrap_err(),
            ErrorKind::ValueValidation
        );
        assert_eq!(
            said(&["--passes-max", "3"]).unwrap_err(),
            ErrorKind::UnknownArgument
        );
    }
}
