//! The beginning of a transaction of statements that are run as they are written.

use super::do_block;
use crate::action::{AsWritten, ROWS_ARRIVED};
use concertina_revisions::{Ident, TableName};
use std::fmt::Write;

/// Locks, and then proves that there are no rows; nobody can add any from then on.
pub(super) fn begin(begin: &AsWritten) -> Vec<String> {
    let mut statements = Vec::new();
    if begin.immediate {
        statements.push("SET CONSTRAINTS ALL IMMEDIATE".to_owned());
    }
    if !begin.tables.is_empty() {
        let tables: Vec<String> = begin.tables.iter().map(TableName::sql).collect();
        statements.push(format!(
            "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
            tables.join(", ")
        ));
    }
    // Whose rows there are only the engine can tell.
    if !begin.empty.is_empty() && !begin.unpopulated {
        statements.push(prove(&begin.empty));
    }
    statements.extend(begin.settings.iter().cloned());
    statements
}

fn prove(tables: &[TableName]) -> String {
    let mut body = String::from("\nBEGIN\n");
    for table in tables {
        let message = Ident::new(format!("there are rows in {} by now", table.shown())).literal();
        let _ = writeln!(
            body,
            "  IF EXISTS (SELECT FROM {}) THEN\n    RAISE EXCEPTION USING ERRCODE = '{ROWS_ARRIVED}', MESSAGE = {message};\n  END IF;",
            table.sql()
        );
    }
    body.push_str("END\n");
    do_block(&body)
}
