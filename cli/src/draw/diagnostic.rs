//! A diagnostic with the lines it speaks of, and a caret under the place.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use concertina_revisions::{Diagnostic, Severity};
use serde_json::{Value, json};

/// The diagnostic as text.
pub(crate) fn text(diagnostic: &Diagnostic, colours: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.0);
    let path = diagnostic
        .place
        .as_ref()
        .map(|(source, _)| source.path.display().to_string());
    let mut group = match (&diagnostic.place, &path) {
        (Some((source, span)), Some(path)) => {
            let annotation = AnnotationKind::Primary
                .span(span.start..span.end)
                .label(diagnostic.label.as_str());
            title.element(
                Snippet::source(source.text.as_str())
                    .path(path)
                    .annotation(annotation),
            )
        }
        _ => annotate_snippets::Group::with_title(title),
    };
    if !diagnostic.help.is_empty() {
        group = group.element(Level::HELP.message(diagnostic.help.as_str()));
    }
    let renderer = if colours {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&[group])
}

/// The diagnostic for machines.
pub(crate) fn value(diagnostic: &Diagnostic) -> Value {
    let place = diagnostic.place.as_ref().map(|(source, span)| {
        let (line, column) = source.line_column(span.start);
        json!({ "file": source.path.display().to_string(), "line": line, "column": column })
    });
    json!({
        "code": diagnostic.code.0,
        "message": diagnostic.message,
        "place": place,
        "label": diagnostic.label,
        "help": diagnostic.help,
    })
}
