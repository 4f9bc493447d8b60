//! What is wrong, as data: the command line draws it, machines read it.

use crate::source::{Source, Span};
use std::fmt;
use std::sync::Arc;

/// A stable name for a kind of problem, such as `C012`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The codes of problems in revision files themselves; the planner's own start at `C100`.
pub mod code {
    use super::Code;
    /// PostgreSQL's grammar refuses the text.
    pub const SYNTAX: Code = Code("C001");
    /// A `-- concertina:` line that isn't understood.
    pub const DIRECTIVE: Code = Code("C002");
    /// A parent that no file has.
    pub const UNKNOWN_PARENT: Code = Code("C003");
    /// Revisions that are their own ancestors.
    pub const CYCLE: Code = Code("C004");
    /// Two files with one id.
    pub const DUPLICATE: Code = Code("C005");
    /// More than one head where one was asked for.
    pub const SEVERAL_HEADS: Code = Code("C006");
    /// A target that names no revision, or several.
    pub const TARGET: Code = Code("C007");
    /// A revision that says nothing.
    pub const EMPTY: Code = Code("C008");
    /// A transaction statement where the planner owns transactions.
    pub const TRANSACTION: Code = Code("C009");
    /// An applied revision whose file has changed or gone.
    pub const EDITED: Code = Code("C010");

    /// All of them.
    pub const ALL: [Code; 10] = [
        SYNTAX,
        DIRECTIVE,
        UNKNOWN_PARENT,
        CYCLE,
        DUPLICATE,
        SEVERAL_HEADS,
        TARGET,
        EMPTY,
        TRANSACTION,
        EDITED,
    ];
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing can be done until it is mended.
    Error,
    /// Worth knowing; the work goes on.
    Warning,
}

/// One problem: what, where, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable name of its kind.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// The place it speaks of, when there is one.
    pub place: Option<(Arc<Source>, Span)>,
    /// A few words that stand under the caret.
    pub label: String,
    /// The remedy, in one sentence.
    pub help: String,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            label: String::new(),
            help: String::new(),
        }
    }

    /// A warning without a place.
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// Adds the place and the words under the caret.
    pub fn at(mut self, source: &Arc<Source>, span: Span, label: impl Into<String>) -> Diagnostic {
        self.place = Some((Arc::clone(source), span));
        self.label = label.into();
        self
    }

    /// Adds the remedy.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = help.into();
        self
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `file:line:column: message (C001)`, then the remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((source, span)) = &self.place {
            let (line, column) = source.line_column(span.start);
            write!(f, "{}:{line}:{column}: ", source.path.display())?;
        }
        write!(f, "{} ({})", self.message, self.code)?;
        if !self.help.is_empty() {
            write!(f, "; {}", self.help)?;
        }
        Ok(())
    }
}
