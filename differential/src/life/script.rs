//! The way up and down by scripts that psql is given.

use super::{Life, Step, differs};
use crate::stage::Scripted;
use crate::verdict::{Manner, Verdict};
use std::collections::BTreeSet;

impl Life<'_> {
    /// Scripts are written once and run twice: the second time there is nothing to do.
    pub(super) async fn by_script(&mut self, words: &[&str]) -> Step {
        let script = self.site.run(words).await?;
        if let Err(verdict) = Self::calm(&script, words[0]) {
            return Ok(Err(verdict));
        }
        if script.code != Some(0) {
            if !self.changed().await?.is_empty() {
                return Ok(Err(differs(Manner::HalfWay, vec![script.message()])));
            }
            return self.not_written(words).await;
        }
        for round in 0..2 {
            let told = self.stage.psql(self.database, &script.out).await?;
            let why = match &told {
                Scripted::Done => continue,
                Scripted::Hung => {
                    return Ok(Err(differs(
                        Manner::Hang,
                        vec!["psql with a script".to_owned()],
                    )));
                }
                Scripted::Failed(why) => why,
            };
            if round > 0 || !self.changed().await?.is_empty() {
                return Ok(Err(differs(Manner::HalfWay, vec![why.clone()])));
            }
            // Preflight is asked by the script itself, and has words of its own.
            return Ok(Err(if self.reference.failed.is_some() {
                Verdict::BothRefuse
            } else if told.is_by_check() {
                Verdict::Refused {
                    codes: ["preflight".to_owned()].into(),
                }
            } else {
                differs(Manner::BareError, vec![why.clone()])
            }));
        }
        Ok(Ok(()))
    }

    /// A script isn't written: the same words with `--json` give the codes of the reasons.
    async fn not_written(&mut self, words: &[&str]) -> Step {
        let mut again = words.to_vec();
        again.push("--json");
        let said = self.site.run(&again).await?;
        if let Err(verdict) = Self::calm(&said, words[0]) {
            return Ok(Err(verdict));
        }
        if self.reference.failed.is_some() {
            return Ok(Err(Verdict::BothRefuse));
        }
        if said.codes().is_empty() {
            return Ok(Err(differs(Manner::BareError, vec![said.message()])));
        }
        if self.check_said_no.is_none() {
            return Ok(Err(differs(
                Manner::CheckSaidYes,
                said.codes().into_iter().collect(),
            )));
        }
        let codes: BTreeSet<String> = ["script".to_owned()].into();
        Ok(Err(Verdict::Refused { codes }))
    }
}
