//! What must hold of any text that is read, whoever wrote it: no panic, no place outside of the
//! text, nothing planned that isn't SQL, and no password in what is told. Called by tests with
//! texts by chance, and by the fuzzer.

use concertina::Project;
use concertina_engine::Connect;
use concertina_planner::stored::StoredPlan;
use concertina_planner::{Catalog, Table, law, plan};
use concertina_revisions::{Diagnostic, History, Revision, RevisionId, Source, tree};
use std::path::Path;

/// What the statements are planned against.
fn catalog() -> Catalog {
    let leads = Table::new("leads")
        .rows(1_000_000)
        .column("id", "bigint")
        .column("email", "text")
        .column("n", "int");
    Catalog::of([
        leads,
        Table::new("owners")
            .rows(10)
            .column("id", "bigint")
            .column("team", "text"),
    ])
}

/// A file of revisions.
///
/// # Panics
///
/// When something doesn't hold.
pub fn revision(text: &str) {
    let history = match History::parse(vec![Source::new("001_any.sql", text)]) {
        Ok(history) => history,
        Err(problems) => return said_well(&problems),
    };
    for revision in history.revisions() {
        spans_lie_in_order(revision);
        match plan(revision, &catalog()) {
            Err(problems) => said_well(&problems),
            Ok(plan) => {
                assert_eq!(law::violations(&plan), Vec::<String>::new(), "{text}");
                let back = plan.reverse.clone().unwrap_or_default().join(";\n");
                assert!(
                    back.is_empty() || Revision::from_text(&RevisionId::new("back"), &back).is_ok(),
                    "{text}\n{back}"
                );
                let json =
                    serde_json::to_string(&StoredPlan::new(plan.clone())).expect("a plan is JSON");
                assert_eq!(StoredPlan::read(&json), Ok(plan), "{text}");
            }
        }
    }
}

fn spans_lie_in_order(revision: &Revision) {
    let text = &revision.source.text;
    for part in [&revision.up, revision.down.as_ref().unwrap_or(&vec![])] {
        let mut at = 0;
        for statement in part {
            assert!(
                statement.span.start >= at && statement.span.end <= text.len(),
                "{text}"
            );
            assert_eq!(
                revision.source.slice(statement.span).trim(),
                statement.sql.trim(),
                "{text}"
            );
            assert!(tree::parse(&statement.sql, 0).is_ok(), "{text}");
            at = statement.span.end;
        }
    }
}

fn said_well(problems: &[Diagnostic]) {
    assert!(!problems.is_empty(), "a refusal has a reason");
    for problem in problems {
        assert!(!problem.message.is_empty());
        if let Some((source, span)) = &problem.place {
            assert!(
                span.start <= span.end && span.end <= source.text.len(),
                "{problem:?}"
            );
            let (line, column) = source.line_column(span.start);
            assert!(line >= 1 && column >= 1);
        }
    }
}

/// What stands behind `-- concertina:`.
///
/// # Panics
///
/// When something doesn't hold.
pub fn directive(text: &str) {
    let text = text.replace(['\n', '\r'], " ");
    revision(&format!(
        "-- concertina: {text}\nUPDATE leads SET n = 1 WHERE n IS NULL;"
    ));
}

/// A settings file.
///
/// # Panics
///
/// When something doesn't hold.
pub fn settings(text: &str) {
    if let Ok(project) = Project::parse(text, Path::new("concertina.toml"))
        && let Ok(settings) = project.settings()
    {
        // What was taken is what the engine takes.
        assert_eq!(settings.check(), Ok(()), "{text}");
    }
}

/// A plan as it is stored.
///
/// # Panics
///
/// When something doesn't hold.
pub fn stored_plan(text: &str) {
    if let Ok(plan) = StoredPlan::read(text) {
        let json = serde_json::to_string(&StoredPlan::new(plan.clone())).expect("a plan is JSON");
        assert_eq!(StoredPlan::read(&json), Ok(plan), "{text}");
    }
}

/// A connection string, with this password in it.
///
/// # Panics
///
/// When the password is told.
pub fn connection(text: &str) {
    const PASSWORD: &str = "pa55w0rd";
    for text in [
        text.to_owned(),
        format!("postgres://ann:{PASSWORD}@{text}"),
        format!("password={PASSWORD} {text}"),
        format!("{text} password='{PASSWORD}'"),
    ] {
        let told = match Connect::parse(&text) {
            Ok(connect) => format!("{connect:?} {}", connect.target()),
            Err(error) => format!("{error} {error:?} {}", error.help()),
        };
        assert!(!told.contains(PASSWORD), "{text}: {told}");
    }
}
