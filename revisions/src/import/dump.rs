//! What `pg_dump` writes around a schema.

use super::without;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::statement::{Statement, statements};
use pg_query::NodeEnum;
use std::sync::Arc;

/// A dump without the settings of its session, psql's own commands, and the schema that every database has.
///
/// # Errors
///
/// When it holds rows (`COPY .. FROM stdin`), or SQL that can't be read.
pub fn without_session(name: &str, dump: &str) -> Result<String, Vec<Diagnostic>> {
    let kept: Vec<&str> = dump
        .lines()
        .filter(|line| !line.starts_with('\\'))
        .collect();
    without(name, &kept.join("\n"), is_of_session)
}

/// What a schema's file makes, statement by statement, with their places in it: what [`without_session`] leaves, where it stands.
///
/// # Errors
///
/// When it holds rows (`COPY .. FROM stdin`), or SQL that can't be read.
pub fn schema_file(
    name: &str,
    text: &str,
) -> Result<(Arc<Source>, Vec<Statement>), Vec<Diagnostic>> {
    // A command of psql's becomes a line without anything, so that those behind it keep their
    // numbers.
    let kept: Vec<&str> = text
        .lines()
        .map(|line| if line.starts_with('\\') { "" } else { line })
        .collect();
    let source = Arc::new(Source::new(name, kept.join("\n")));
    let mut found = statements(&source, Span::of(0, &source.text))?;
    found.retain(|statement| !is_of_session(statement));
    Ok((source, found))
}

fn is_of_session(statement: &Statement) -> bool {
    match statement.tree.as_ref() {
        NodeEnum::VariableSetStmt(_) => true,
        NodeEnum::SelectStmt(_) => statement
            .sql
            .contains("pg_catalog.set_config('search_path'"),
        NodeEnum::CreateSchemaStmt(create) => create.schemaname == "public",
        NodeEnum::CommentStmt(_) => statement.sql.contains("SCHEMA public IS"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_schema_is_left() {
        let dump = "\\restrict abc\nSET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\
                    CREATE SCHEMA public;\nCREATE TABLE public.leads (id integer);\n\\unrestrict abc\n";
        assert_eq!(
            without_session("a", dump).unwrap(),
            "CREATE TABLE public.leads (id integer);"
        );
    }
}
