//! BEGIN and COMMIT of a file: the planner owns transactions, and is told which statements stood in
//! one.

use crate::diagnostic::{Diagnostic, Severity, code};
use crate::source::Source;
use crate::statement::Statement;
use pg_query::NodeEnum;
use pg_query::protobuf::TransactionStmtKind as Kind;
use std::sync::Arc;

/// The statements without BEGIN and COMMIT, each with the transaction that it stood in. As in psql, a BEGIN within a
/// transaction and a COMMIT outside of one do nothing. ROLLBACK and savepoints stay where they are.
///
/// # Errors
///
/// A transaction that is never committed: psql would throw away what it did.
pub(crate) fn taken_out(
    statements: Vec<Statement>,
    source: &Arc<Source>,
    notes: &mut Vec<Diagnostic>,
) -> Result<Vec<Statement>, Box<Diagnostic>> {
    let mut kept = Vec::new();
    let (mut open, mut number, mut first) = (None, 0, None);
    for mut statement in statements {
        let span = statement.span;
        match words(&statement) {
            Some((Kind::TransStmtBegin | Kind::TransStmtStart, _)) => {
                first.get_or_insert(span);
                open.get_or_insert(span);
            }
            Some((Kind::TransStmtCommit, chain)) => {
                first.get_or_insert(span);
                number += usize::from(open.is_some());
                open = chain.then_some(span);
            }
            _ => {
                statement.transaction = open.map(|_| number);
                kept.push(statement);
            }
        }
    }
    if let Some(span) = open {
        return Err(Box::new(
            Diagnostic::error(
                code::TRANSACTION,
                "a transaction that is begun and never committed",
            )
            .at(source, span, "begins here")
            .help(
                "write COMMIT at its end, or leave BEGIN out: what isn't committed is thrown away",
            ),
        ));
    }
    if let Some(span) = first {
        let message = if kept
            .iter()
            .all(|statement| statement.transaction == Some(0))
        {
            "the BEGIN .. COMMIT around the file is left out"
        } else {
            "BEGIN and COMMIT are left out"
        };
        let mut note = Diagnostic::error(code::TRANSACTION, message).at(
            source,
            span,
            "the planner owns transactions",
        );
        note.severity = Severity::Warning;
        notes.push(note);
    }
    Ok(kept)
}

/// What a statement says of transactions, and whether another one begins at once.
fn words(statement: &Statement) -> Option<(Kind, bool)> {
    match statement.tree.as_ref() {
        NodeEnum::TransactionStmt(transaction) => Some((transaction.kind(), transaction.chain)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Revision, RevisionId};

    fn read(text: &str) -> Result<Revision, Vec<crate::Diagnostic>> {
        Revision::from_text(&RevisionId::new("x"), text)
    }

    fn transactions(text: &str) -> Vec<Option<usize>> {
        read(text)
            .unwrap()
            .up
            .iter()
            .map(|statement| statement.transaction)
            .collect()
    }

    #[test]
    fn every_statement_knows_its_transaction() {
        assert_eq!(transactions("BEGIN; SELECT 1; COMMIT;"), [Some(0)]);
        assert_eq!(
            transactions("START TRANSACTION; SELECT 1; SELECT 2; END;"),
            [Some(0), Some(0)]
        );
        assert_eq!(transactions("SELECT 1; COMMIT; SELECT 2;"), [None, None]);
        assert_eq!(
            transactions("BEGIN; BEGIN; SELECT 1; COMMIT; COMMIT; SELECT 2;"),
            [Some(0), None]
        );
        assert_eq!(
            transactions("BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT;"),
            [Some(0), Some(1)]
        );
        let alembic =
            "BEGIN; SELECT 1; COMMIT; ALTER TYPE m ADD VALUE 'x'; BEGIN; SELECT 2; COMMIT;";
        assert_eq!(transactions(alembic), [Some(0), None, Some(1)]);
    }

    #[test]
    fn the_checksum_is_that_of_the_statements() {
        let plain = read("SELECT 1; SELECT 2;").unwrap();
        let wrapped = read("BEGIN; SELECT 1; SELECT 2; COMMIT;").unwrap();
        assert_eq!(plain.checksum, wrapped.checksum);
        assert_eq!((plain.notes.len(), wrapped.notes.len()), (0, 1));
    }

    #[test]
    fn what_is_never_committed_is_refused_and_savepoints_stay() {
        assert!(
            read("BEGIN; SELECT 1;").is_err()
                && read("BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2;").is_err()
        );
        assert_eq!(
            transactions("BEGIN; SAVEPOINT a; SELECT 1; RELEASE a; COMMIT;").len(),
            3
        );
        assert_eq!(transactions("BEGIN; SELECT 1; ROLLBACK; COMMIT;").len(), 2);
    }
}
