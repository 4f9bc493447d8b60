//! What `pg_dump` writes around a schema.

use super::without;
use crate::diagnostic::Diagnostic;
use crate::statement::Statement;
use pg_query::NodeEnum;

/// A dump without the settings of its session, psql's own commands, and the schema that every database has.
///
/// # Errors
///
/// When it holds rows (`COPY .. FROM stdin`), or SQL that can't be read.
pub fn without_session(name: &str, dump: &str) -> Result<String, Vec<Diagnostic>> {
    let kept: Vec<&str> = dump.lines().filter(|line| !line.starts_with('\\')).collect();
    without(name, &kept.join("\n"), is_of_session)
}

fn is_of_session(statement: &Statement) -> bool {
    match statement.tree.as_ref() {
        NodeEnum::VariableSetStmt(_) => true,
        NodeEnum::SelectStmt(_) => statement.sql.contains("pg_catalog.set_config('search_path'"),
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
        assert_eq!(without_session("a", dump).unwrap(), "CREATE TABLE public.leads (id integer);");
    }
}
