//! What a statement that makes or alters a function declares of what the function looks at.

use concertina_revisions::tree::{NodeEnum, ObjectType, node, parse};

/// What a function may look at, by what is declared of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LooksAt {
    /// Nothing but what it is given, or nothing is said.
    Nothing,
    /// Tables, perhaps: it is STABLE.
    Tables,
    /// It may give another value each time.
    Anything,
    /// Many rows at once.
    Rows,
}

/// What a statement says of the function that it makes or alters.
pub(crate) fn looks_at(sql: &str) -> LooksAt {
    let tree = parse(sql, 0)
        .ok()
        .and_then(|parsed| parsed.protobuf.stmts.into_iter().next()?.stmt?.node);
    let (options, otherwise) = match tree {
        Some(NodeEnum::CreateFunctionStmt(create)) => (create.options, LooksAt::Anything),
        Some(NodeEnum::AlterFunctionStmt(alter)) => (alter.actions, LooksAt::Nothing),
        // What it was by its former name isn't looked up.
        Some(NodeEnum::RenameStmt(_)) => return LooksAt::Anything,
        Some(NodeEnum::DefineStmt(define)) if define.kind() == ObjectType::ObjectAggregate => {
            return LooksAt::Rows;
        }
        _ => return LooksAt::Nothing,
    };
    let said = options.iter().find_map(|option| {
        let Some(node::Node::DefElem(option)) = &option.node else {
            return None;
        };
        let Some(node::Node::String(word)) = &option.arg.as_ref()?.node else {
            return None;
        };
        (option.defname == "volatility").then_some(word.sval.as_str())
    });
    match said {
        None => otherwise,
        Some("immutable") => LooksAt::Nothing,
        Some("stable") => LooksAt::Tables,
        Some(_) => LooksAt::Anything,
    }
}

/// Whether a statement puts a function in the place of one that is given so much.
pub(crate) fn replaces(sql: &str, arguments: &str) -> bool {
    let tree = parse(sql, 0)
        .ok()
        .and_then(|parsed| parsed.protobuf.stmts.into_iter().next()?.stmt?.node);
    let Some(NodeEnum::CreateFunctionStmt(create)) = tree else {
        return false;
    };
    create.replace && create.parameters.len() == arguments_of(arguments)
}

/// How many arguments a list names; commas within parentheses belong to a type.
pub(crate) fn arguments_of(arguments: &str) -> usize {
    let mut depth = 0;
    let commas = arguments.chars().filter(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        *c == ',' && depth == 0
    });
    if arguments.is_empty() {
        0
    } else {
        commas.count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_may_do_anything_unless_it_says_otherwise() {
        let body = "RETURNS int LANGUAGE sql AS 'SELECT 1'";
        for (sql, wanted) in [
            (format!("CREATE FUNCTION f() {body}"), LooksAt::Anything),
            (
                format!("CREATE OR REPLACE FUNCTION f() {body} STABLE"),
                LooksAt::Tables,
            ),
            (
                format!("CREATE FUNCTION f() {body} IMMUTABLE"),
                LooksAt::Nothing,
            ),
            ("ALTER FUNCTION f() VOLATILE".to_owned(), LooksAt::Anything),
            ("ALTER FUNCTION f() COST 9".to_owned(), LooksAt::Nothing),
            (
                "ALTER FUNCTION f() RENAME TO g".to_owned(),
                LooksAt::Anything,
            ),
            (
                "CREATE AGGREGATE most (int) (sfunc = int4larger, stype = int)".to_owned(),
                LooksAt::Rows,
            ),
        ] {
            assert_eq!(looks_at(&sql), wanted, "{sql}");
        }
    }
}
