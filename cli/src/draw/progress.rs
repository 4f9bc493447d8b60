//! Events while they happen: bars on a terminal, lines elsewhere, JSON for machines.

use super::{aside, json};
use concertina_engine::{Blocker, Event, Events, Progress};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where there are no bars, a moving backfill or a waiting step is told this often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Draws events.
pub(crate) struct Drawing {
    how: Arc<How>,
}

enum How {
    Json,
    Quiet,
    Lines(Mutex<Option<Instant>>),
    Bars(ProgressBar),
}

/// Chooses how to draw.
pub(crate) fn start(as_json: bool, quiet: bool) -> Drawing {
    let how = if as_json {
        How::Json
    } else if quiet {
        How::Quiet
    } else if std::io::stderr().is_terminal() {
        let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr_with_hz(8));
        let style =
            ProgressStyle::with_template("{spinner} {bar:28.cyan/dim} {percent:>3}% {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        How::Bars(bar)
    } else {
        How::Lines(Mutex::new(None))
    };
    Drawing { how: Arc::new(how) }
}

/// Says that a wish to stop was heard.
pub(crate) fn stopping() {
    aside("stopping after the batch in hand; press Ctrl-C again to end at once");
}

impl Drawing {
    /// The receiver for the engine.
    pub(crate) fn events(&self) -> Events {
        let how = Arc::clone(&self.how);
        Arc::new(move |event| how.draw(&event))
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let How::Bars(bar) = self.how.as_ref() {
            bar.finish_and_clear();
        }
    }
}

impl How {
    fn draw(&self, event: &Event) {
        match self {
            How::Json => json(&serde_json::to_value(event).unwrap_or_default()),
            How::Quiet => {}
            How::Lines(last) => {
                let repeats = matches!(event, Event::Progress(_) | Event::Waiting { .. });
                let mut last = last.lock();
                if repeats && last.is_some_and(|last| last.elapsed() < LINE_EVERY) {
                    return;
                }
                *last = repeats.then(Instant::now);
                sentences(event).iter().for_each(|text| aside(text));
            }
            How::Bars(bar) => match event {
                Event::Progress(progress) => {
                    bar.set_position((progress.share * 1_000.0) as u64);
                    bar.set_message(numbers(progress));
                }
                Event::Waiting {
                    blockers, queued, ..
                } => bar.set_message(waiting(blockers, *queued)),
                other => {
                    if matches!(other, Event::StepBegun { .. }) {
                        bar.reset();
                        bar.set_message("");
                    }
                    bar.suspend(|| sentences(other).iter().for_each(|text| aside(text)));
                }
            },
        }
    }
}

/// An event in words.
fn sentences(event: &Event) -> Vec<String> {
    match event {
        Event::RevisionBegun {
            revision,
            direction,
            resumed,
        } => {
            let how = if *resumed {
                ", taken up where it was left"
            } else {
                ""
            };
            vec![format!("{revision} ({direction}{how})")]
        }
        Event::StepBegun {
            step, phase, what, ..
        } => {
            let verb = if phase.is_none() { "undo " } else { "" };
            what.iter()
                .enumerate()
                .map(|(at, what)| {
                    if at == 0 {
                        format!("  {verb}{step}: {what}")
                    } else {
                        format!("    {what}")
                    }
                })
                .collect()
        }
        Event::StepDone {
            step,
            seconds,
            rows,
            already,
            ..
        } => {
            let rows = rows.map_or_else(String::new, |rows| format!(", {} rows", HumanCount(rows)));
            let already = if *already {
                ", it was there already"
            } else {
                ""
            };
            vec![format!("  {step}: done in {seconds:.1} s{rows}{already}")]
        }
        Event::Waiting {
            doing,
            blockers,
            queued,
        } => vec![format!("  {doing}: {}", waiting(blockers, *queued))],
        Event::Retrying {
            doing,
            why,
            after_ms,
        } => vec![format!("  {doing}: {why}; again in {after_ms} ms")],
        Event::Progress(progress) => vec![format!("  {}: {}", progress.step, numbers(progress))],
        Event::Unfilled { unfilled, .. } => {
            vec![format!("  {}", super::status::unfilled(unfilled))]
        }
        Event::Note { text } => vec![format!("  note: {text}")],
        Event::RevisionReached { revision, state } => vec![format!("{revision}: {state}")],
        _ => vec![],
    }
}

fn waiting(blockers: &[Blocker], queued: bool) -> String {
    let names: Vec<String> = blockers.iter().map(ToString::to_string).collect();
    let how = if queued {
        "waiting for"
    } else {
        "waiting outside the lock's queue for"
    };
    format!("{how} {}", names.join("; "))
}

fn numbers(progress: &Progress) -> String {
    let mut parts = Vec::new();
    if progress.sweeping {
        parts.push(format!(
            "{}: looking for rows that are left",
            progress.table
        ));
    } else {
        parts.push(format!(
            "{}: {} rows",
            progress.table,
            HumanCount(progress.rows)
        ));
        parts.push(format!("{}/s", HumanCount(progress.rows_per_second as u64)));
    }
    if let Some(seconds) = progress.eta_seconds.filter(|seconds| *seconds >= 1.0) {
        parts.push(format!("{} left", super::duration(seconds)));
    }
    if progress.hot_share > 0.0 {
        parts.push(format!("{:.0} % HOT", progress.hot_share * 100.0));
    }
    if let Some(why) = &progress.throttle {
        parts.push(format!("throttled: {why}"));
    }
    parts.join(", ")
}
