//! Histories of other tools, turned into revision files. Pure text: reading folders and running
//! those tools is their callers'.

mod alembic;
mod dump;
mod folder;

pub use alembic::alembic;
pub use dump::{schema_file, without_session};
pub use folder::{folder, is_used, recognised};

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::statement::{Statement, statements};
use std::fmt::Write;
use std::sync::Arc;

/// A revision as another tool had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The stem of its file here.
    pub id: String,
    /// What the other tool's own table calls it.
    pub version: String,
    /// The ids of those before it.
    pub revises: Vec<String>,
    /// What goes up.
    pub up: String,
    /// What goes down, where the tool had that.
    pub down: Option<String>,
}

impl Imported {
    /// The revision file's text.
    pub fn text(&self) -> String {
        let mut text = format!("-- revises: {}\n", self.revises.join(", "));
        let up = self.up.trim();
        if is_empty(up) && self.revises.len() < 2 {
            text.push_str("-- empty\n");
        }
        if !up.is_empty() {
            let _ = writeln!(text, "{up}");
        }
        if let Some(down) = self
            .down
            .as_deref()
            .map(str::trim)
            .filter(|down| !is_empty(down))
        {
            let _ = writeln!(text, "\n-- down\n{down}");
        }
        text
    }
}

fn is_empty(sql: &str) -> bool {
    sql.lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with("--"))
}

/// A text without some of its statements; what stands between them stays.
fn without(
    name: &str,
    text: &str,
    dropped: impl Fn(&Statement) -> bool,
) -> Result<String, Vec<Diagnostic>> {
    let source = Arc::new(Source::new(name, text));
    let gone = statements(&source, Span::of(0, text))?
        .into_iter()
        .filter(dropped)
        .map(|statement| statement.span);
    let mut kept = String::new();
    let mut from = 0;
    for span in gone {
        kept.push_str(&text[from..span.start]);
        let end = text[span.end..]
            .find(';')
            .map_or(text.len(), |semicolon| span.end + semicolon + 1);
        from = end;
    }
    kept.push_str(&text[from..]);
    Ok(without_empty_stretches(&kept))
}

/// At most one empty line at a time.
fn without_empty_stretches(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !line.is_empty() || kept.last().is_some_and(|last| !last.is_empty()) {
            kept.push(line);
        }
    }
    kept.join("\n").trim().to_owned()
}
