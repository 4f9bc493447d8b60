//! A case that differs, made smaller as long as it differs in the same way.

use crate::Broken;
use crate::case::{Case, Way};
use crate::life;
use crate::make::Scene;
use crate::sql::{Renaming, Sql};
use crate::stage::Stage;
use crate::verdict::{Difference, Manner, Verdict};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A case that was made smaller.
pub struct Shrunk {
    /// The case.
    pub case: Case,
    /// How it differs.
    pub difference: Difference,
    /// Whether nothing more can be taken from it, rather than the time being over.
    pub is_smallest: bool,
}

/// Makes a case smaller for so long at the most. Where some of what differs is explained, the `rest` is what it is about: of that
/// something stays.
///
/// # Errors
///
/// When the server can't be talked to.
pub async fn shrink(
    stage: &Stage,
    case: Case,
    difference: Difference,
    rest: BTreeSet<String>,
    most: Duration,
) -> Result<Shrunk, Broken> {
    let mut shrinking = Shrinking {
        stage,
        case,
        difference,
        rest,
        end: Instant::now() + most,
    };
    // What takes much away at once comes first, as the time may be short.
    shrinking.calmer_way().await?;
    shrinking.fewer_rows().await?;
    shrinking.fewer_files().await?;
    shrinking.fewer_statements().await?;
    shrinking.only_what_is_named().await?;
    shrinking.only_columns_that_are_named().await?;
    shrinking.less_before().await?;
    shrinking.smaller_statements().await?;
    shrinking.fewer_columns().await?;
    shrinking.fewer_statements().await?;
    shrinking.shorter_names().await?;
    let is_smallest = Instant::now() < shrinking.end;
    Ok(Shrunk {
        case: shrinking.case,
        difference: shrinking.difference,
        is_smallest,
    })
}

/// Tries a case in full.
///
/// # Errors
///
/// When the server can't be talked to, or refuses a statement of the setup: then it isn't the case that was written down.
pub async fn verdict(stage: &Stage, case: &Case) -> Result<Verdict, Broken> {
    let scene = Scene::of(stage, &case.setup).await?;
    if let Some(refused) = case
        .setup
        .iter()
        .zip(scene.setup.iter().map(Some).chain(std::iter::repeat(None)))
        .find_map(|(wanted, made)| (Some(wanted) != made).then_some(wanted))
    {
        let why = format!(
            "the server refuses what the case begins with: {}",
            refused.text()
        );
        stage.remove(scene.database).await?;
        return Err(Broken::File(why));
    }
    let reference = scene.by_psql(stage, &case.revisions).await?;
    let verdict = life::judge(stage, &scene, &reference, case).await;
    stage.remove(reference.database).await?;
    stage.remove(scene.database).await?;
    Ok(verdict?.0)
}

struct Shrinking<'a> {
    stage: &'a Stage,
    case: Case,
    difference: Difference,
    rest: BTreeSet<String>,
    end: Instant,
}

impl Shrinking<'_> {
    /// Takes a smaller case if it differs in the same way; false too when the time is over.
    async fn take(&mut self, smaller: Case) -> Result<bool, Broken> {
        if Instant::now() > self.end || smaller.revisions.iter().all(Vec::is_empty) {
            return Ok(false);
        }
        match self.try_quickly(&smaller).await? {
            Some(Verdict::Differs(difference))
                if difference.is_in(&self.difference)
                    && (self.rest.is_empty() || !self.rest.is_disjoint(&difference.heads())) =>
            {
                self.case = smaller;
                self.difference = difference;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// A verdict, if psql still runs or refuses the case as it did the larger one: that is cheap to
    /// ask.
    async fn try_quickly(&self, case: &Case) -> Result<Option<Verdict>, Broken> {
        let scene = Scene::of(self.stage, &case.setup).await?;
        let reference = scene.by_psql(self.stage, &case.revisions).await?;
        let may_fail = matches!(
            self.difference.manner,
            Manner::PsqlRefuses | Manner::Panic | Manner::Hang
        );
        let verdict = if reference.failed.is_some()
            == (self.difference.manner == Manner::PsqlRefuses)
            || may_fail
        {
            Some(life::judge(self.stage, &scene, &reference, case).await)
        } else {
            None
        };
        self.stage.remove(reference.database).await?;
        self.stage.remove(scene.database).await?;
        Ok(verdict.transpose()?.map(|(verdict, _)| verdict))
    }

    /// What differs by itself needs no other application and no versions.
    async fn calmer_way(&mut self) -> Result<(), Broken> {
        if self.case.way != Way::Plain {
            let smaller = Case {
                way: Way::Plain,
                ..self.case.clone()
            };
            self.take(smaller).await?;
        }
        Ok(())
    }

    /// All rows of all tables at once, then fewer.
    async fn fewer_rows(&mut self) -> Result<(), Broken> {
        for most in [0, 3, 20, 150] {
            let fewer = |one: &Sql| one.with_counts(most);
            let smaller = Case {
                setup: self.case.setup.iter().map(fewer).collect(),
                ..self.case.clone()
            };
            if smaller.setup == self.case.setup || self.take(smaller).await? {
                break;
            }
        }
        Ok(())
    }

    /// The setup's statements about what the revision speaks of, and those that these need.
    async fn only_what_is_named(&mut self) -> Result<(), Broken> {
        let first = |one: &Sql| one.names().into_iter().next();
        let creates = |one: &&Sql| one.text().starts_with("CREATE ");
        let made: BTreeSet<String> = self
            .case
            .setup
            .iter()
            .filter(creates)
            .filter_map(first)
            .collect();
        let of = |one: &Sql| -> BTreeSet<String> {
            one.names()
                .into_iter()
                .filter(|name| made.contains(name))
                .collect()
        };
        let mut wanted: BTreeSet<String> =
            self.case.revisions.iter().flatten().flat_map(&of).collect();
        let mut kept = Vec::new();
        // From the end: what a statement needs was made before it.
        for statement in self.case.setup.iter().rev() {
            let names = of(statement);
            if names.is_empty() || names.iter().any(|name| wanted.contains(name)) {
                wanted.extend(names);
                kept.push(statement.clone());
            }
        }
        kept.reverse();
        if kept.len() < self.case.setup.len() {
            let smaller = Case {
                setup: kept,
                ..self.case.clone()
            };
            self.take(smaller).await?;
        }
        Ok(())
    }

    /// Columns of the setup's tables, with those that nothing but their tables and rows speaks of,
    /// or all.
    fn columns(&self, only_unnamed: bool) -> Vec<(String, String)> {
        let others = self
            .case
            .setup
            .iter()
            .filter(|one| !one.text().starts_with("INSERT INTO "));
        let mut named: Vec<String> = others
            .filter(|one| one.columns().is_none())
            .flat_map(Sql::names)
            .collect();
        named.extend(self.case.revisions.iter().flatten().flat_map(Sql::names));
        let tables = self.case.setup.iter().filter_map(Sql::columns);
        let all = tables.flat_map(|(table, columns)| {
            columns
                .into_iter()
                .map(move |column| (table.clone(), column))
        });
        all.filter(|(_, column)| !only_unnamed || !named.contains(column))
            .collect()
    }

    fn without(&self, columns: &[(String, String)]) -> Case {
        let mut smaller = self.case.clone();
        for (table, column) in columns {
            for statement in &mut smaller.setup {
                if let Some(less) = statement.without_column(table, column) {
                    *statement = less;
                }
            }
        }
        smaller
    }

    async fn only_columns_that_are_named(&mut self) -> Result<(), Broken> {
        let mut unnamed = self.columns(true);
        // A key that nobody names may be what rows are told apart by.
        if !self.take(self.without(&unnamed)).await? {
            unnamed.retain(|(_, column)| column != "id");
            self.take(self.without(&unnamed)).await?;
        }
        Ok(())
    }

    async fn fewer_columns(&mut self) -> Result<(), Broken> {
        for column in self.columns(false) {
            self.take(self.without(&[column])).await?;
        }
        Ok(())
    }

    async fn fewer_files(&mut self) -> Result<(), Broken> {
        if self.case.revisions.len() > 1 {
            let joined = self.case.revisions.concat();
            let smaller = Case {
                revisions: vec![joined],
                ..self.case.clone()
            };
            self.take(smaller).await?;
        }
        Ok(())
    }

    /// Halves of the revision first, then one statement after the other, from the end: what was
    /// made is spoken of behind it.
    async fn fewer_statements(&mut self) -> Result<(), Broken> {
        for file in 0..self.case.revisions.len() {
            let mut size = self.case.revisions[file].len() / 2;
            while size > 0 {
                let mut end = self.case.revisions[file].len();
                while end > 0 {
                    let begin = end.saturating_sub(size);
                    let mut smaller = self.case.clone();
                    smaller.revisions[file].drain(begin..end);
                    self.take(smaller).await?;
                    end = begin;
                }
                size /= 2;
            }
        }
        Ok(())
    }

    /// The same of what stood there before: what hangs on a table comes behind it.
    async fn less_before(&mut self) -> Result<(), Broken> {
        let mut size = self.case.setup.len().div_ceil(2);
        while size > 0 {
            let mut end = self.case.setup.len();
            while end > 0 {
                let begin = end.saturating_sub(size);
                let mut smaller = self.case.clone();
                smaller.setup.drain(begin..end);
                self.take(smaller).await?;
                end = begin;
            }
            size /= 2;
        }
        Ok(())
    }

    async fn smaller_statements(&mut self) -> Result<(), Broken> {
        for file in 0..self.case.revisions.len() {
            for at in 0..self.case.revisions[file].len() {
                let mut next = 0;
                while let Some(smaller) = self.case.revisions[file][at]
                    .smaller()
                    .into_iter()
                    .nth(next)
                {
                    let mut case = self.case.clone();
                    case.revisions[file][at] = smaller;
                    // What is smaller has candidates of its own; those that failed fail again.
                    if !self.take(case).await? {
                        next += 1;
                    }
                }
            }
        }
        for at in 0..self.case.setup.len() {
            let mut next = 0;
            while let Some(smaller) = self.case.setup[at].smaller().into_iter().nth(next) {
                let mut case = self.case.clone();
                case.setup[at] = smaller;
                if !self.take(case).await? {
                    next += 1;
                }
            }
        }
        Ok(())
    }

    async fn shorter_names(&mut self) -> Result<(), Broken> {
        let statements = || {
            self.case
                .setup
                .iter()
                .chain(self.case.revisions.iter().flatten())
        };
        let mut names: Vec<String> = statements()
            .flat_map(Sql::names)
            .filter(|name| name.len() > 2)
            .collect();
        names.retain(|name| !crate::statement::ROLES.contains(&name.as_str()));
        names.sort();
        names.dedup();
        let letters = ('a'..='z').map(|letter| letter.to_string());
        let free = letters.filter(|letter| {
            !statements()
                .flat_map(Sql::names)
                .any(|name| name == *letter)
        });
        let all: Renaming = names.into_iter().zip(free).collect();
        let renamed = |names: &Renaming, case: &Case| Case {
            setup: case.setup.iter().map(|one| one.with_names(names)).collect(),
            revisions: case
                .revisions
                .iter()
                .map(|file| file.iter().map(|one| one.with_names(names)).collect())
                .collect(),
            way: case.way,
        };
        if self.take(renamed(&all, &self.case)).await? {
            return Ok(());
        }
        for (from, to) in all {
            let one = Renaming::from([(from, to)]);
            self.take(renamed(&one, &self.case)).await?;
        }
        Ok(())
    }
}
