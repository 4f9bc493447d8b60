//! One try: what a database holds, the revisions that change it, and the way they are run. As a
//! file it can be run again.

use crate::Broken;
use crate::sql::Sql;
use crate::verdict::Verdict;
use std::fmt::Write;
use std::str::FromStr;

/// How a case's revisions are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// By `upgrade` and `contract`, down, and up again.
    Plain,
    /// The same, but rolled back first from where contract waits.
    Back,
    /// By the scripts that `upgrade --sql` and `downgrade --sql` write, given to psql.
    Scripts,
    /// With a schema of views for each revision.
    Versions,
    /// Killed in the middle, and run again.
    Killed,
    /// Beside the old and the new version of an application, which read and write.
    Beside,
    /// Each statement a revision of its own.
    Split,
    /// With comments and empty statements between the statements.
    Spaced,
}

impl Way {
    /// Each of them.
    pub const ALL: [Way; 8] = [
        Way::Plain,
        Way::Back,
        Way::Scripts,
        Way::Versions,
        Way::Killed,
        Way::Beside,
        Way::Split,
        Way::Spaced,
    ];

    /// Its name in files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Way::Plain => "plain",
            Way::Back => "back",
            Way::Scripts => "scripts",
            Way::Versions => "versions",
            Way::Killed => "killed",
            Way::Beside => "beside",
            Way::Split => "split",
            Way::Spaced => "spaced",
        }
    }
}

impl FromStr for Way {
    type Err = Broken;

    fn from_str(text: &str) -> Result<Way, Broken> {
        Way::ALL
            .into_iter()
            .find(|way| way.name() == text)
            .ok_or_else(|| Broken::File(format!("no way is called {text}")))
    }
}

/// One try.
#[derive(Debug, Clone)]
pub struct Case {
    /// What makes the database.
    pub setup: Vec<Sql>,
    /// The statements of each revision file.
    pub revisions: Vec<Vec<Sql>>,
    /// How they are run.
    pub way: Way,
}

/// What should come of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The same end as psql's.
    AsPsql,
    /// A refusal before the first change, though psql runs it.
    Refused,
}

impl Right {
    /// Whether that is what came of it. psql's end is right for a refusal, too: it is more than was
    /// asked for.
    #[must_use]
    pub fn is(self, verdict: &Verdict) -> bool {
        match self {
            Right::AsPsql => matches!(verdict, Verdict::Same | Verdict::BothRefuse),
            Right::Refused => !matches!(verdict, Verdict::Differs(_)),
        }
    }
}

/// What a file says of its case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The fingerprint of its difference.
    pub fingerprint: String,
    /// What should come of it.
    pub right: Right,
    /// Whether that is what comes of it today.
    pub fixed: bool,
}

const SETUP: &str = "-- setup";
const REVISION: &str = "-- revision";

impl Case {
    /// The case as a file.
    #[must_use]
    pub fn file(&self, head: &Head) -> String {
        let right = match head.right {
            Right::AsPsql => "as psql",
            Right::Refused => "refused",
        };
        let status = if head.fixed { "fixed" } else { "open" };
        let mut text = format!(
            "-- difference: {}\n-- right: {right}\n-- status: {status}\n-- way: {}\n",
            head.fingerprint,
            self.way.name()
        );
        let mut section = |title: &str, statements: &[Sql]| {
            let _ = writeln!(text, "{title}");
            for statement in statements {
                let _ = writeln!(text, "{};", statement.text());
            }
        };
        section(SETUP, &self.setup);
        for revision in &self.revisions {
            section(REVISION, revision);
        }
        text
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it isn't one.
    pub fn parse(text: &str) -> Result<(Case, Head), Broken> {
        let said = |key: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(&format!("-- {key}: ")));
            line.map(str::to_owned)
                .ok_or_else(|| Broken::File(format!("a case needs a line `-- {key}: ..`")))
        };
        let right = match said("right")?.as_str() {
            "as psql" => Right::AsPsql,
            "refused" => Right::Refused,
            other => {
                return Err(Broken::File(format!(
                    "right is `as psql` or `refused`, not {other}"
                )));
            }
        };
        let fixed = match said("status")?.as_str() {
            "fixed" => true,
            "open" => false,
            other => {
                return Err(Broken::File(format!(
                    "status is `open` or `fixed`, not {other}"
                )));
            }
        };
        let head = Head {
            fingerprint: said("difference")?,
            right,
            fixed,
        };
        let mut case = Case {
            setup: vec![],
            revisions: vec![],
            way: said("way")?.parse()?,
        };
        let (_, body) = text
            .split_once(SETUP)
            .ok_or_else(|| Broken::File(format!("a case needs a line `{SETUP}`")))?;
        let between = format!("\n{REVISION}\n");
        let mut sections = body.split(&between);
        case.setup = statements(sections.next().unwrap_or_default())?;
        for section in sections {
            case.revisions.push(statements(section)?);
        }
        Ok((case, head))
    }

    /// The texts of its revision files, in the way that it is run.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        match self.way {
            Way::Plain | Way::Back | Way::Scripts | Way::Versions | Way::Killed | Way::Beside => {
                self.revisions
                    .iter()
                    .map(|one| Case::revision_text(one))
                    .collect()
            }
            Way::Split => self
                .revisions
                .iter()
                .flatten()
                .map(|one| format!("{};\n", one.text()))
                .collect(),
            Way::Spaced => {
                let spaced = |one: &Sql| format!("-- next\n{};\n\n/* ; */ ;\n", one.text());
                self.revisions
                    .iter()
                    .map(|file| file.iter().map(spaced).collect())
                    .collect()
            }
        }
    }

    /// The text of a revision file.
    #[must_use]
    pub fn revision_text(statements: &[Sql]) -> String {
        statements
            .iter()
            .map(|statement| format!("{};\n", statement.text()))
            .collect()
    }
}

/// Statements as they are, with nothing to take out of them.
fn statements(text: &str) -> Result<Vec<Sql>, Broken> {
    let split =
        pg_query::split_with_parser(text).map_err(|error| Broken::File(error.to_string()))?;
    Ok(split
        .into_iter()
        .map(|one| Sql::marked(one.trim()))
        .filter(|one| !one.text().is_empty())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_the_case_says() {
        let case = Case {
            setup: vec![Sql::marked("CREATE TABLE t (a int)")],
            revisions: vec![
                vec![
                    Sql::marked("DO $$ BEGIN NULL; END $$"),
                    Sql::marked("SELECT 1"),
                ],
                vec![Sql::marked("ALTER TABLE t ADD b text DEFAULT ';'")],
            ],
            way: Way::Versions,
        };
        let head = Head {
            fingerprint: "rows: x".to_owned(),
            right: Right::Refused,
            fixed: true,
        };
        let file = case.file(&head);
        let (read, said) = Case::parse(&file).unwrap();
        assert_eq!((said, read.file(&head)), (head.clone(), file));
        assert_eq!(read.revisions[0].len(), 2);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let error = Case::parse("-- right: maybe").unwrap_err().to_string();
        assert!(error.contains("`as psql` or `refused`"), "{error}");
    }
}
