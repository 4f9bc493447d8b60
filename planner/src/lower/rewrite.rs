//! Definitions as PostgreSQL writes them, with another column in one column's place.

use super::{deparse, expression};
use crate::expr::Expr;
use concertina_revisions::Ident;
use concertina_revisions::tree::{IndexElem, Node, NodeEnum, Token, node, parse, scan};

/// `USING ..` of an index, where the column is an element, in an expression or in the condition. Nothing when an operator
/// class is written for the column: it is one of the old type.
pub(crate) fn index(definition: &str, from: &Ident, to: &Ident) -> Option<String> {
    let Some(NodeEnum::IndexStmt(mut index)) = first(definition) else { return None };
    for node in index.index_params.iter_mut().chain(&mut index.index_including_params) {
        let Some(node::Node::IndexElem(element)) = &mut node.node else { continue };
        element_of(element, from, to)?;
    }
    if let Some(condition) = &mut index.where_clause {
        **condition = renamed(condition, from, to)?;
    }
    deparse::index_tail(&index).ok()
}

fn element_of(element: &mut IndexElem, from: &Ident, to: &Ident) -> Option<()> {
    match &mut element.expr {
        Some(expression) => **expression = renamed(expression, from, to)?,
        None if element.name == from.as_str() => {
            if !element.opclass.is_empty() {
                return None;
            }
            to.as_str().clone_into(&mut element.name);
        }
        None => {}
    }
    Some(())
}

fn renamed(expression: &Node, from: &Ident, to: &Ident) -> Option<Node> {
    let read = expression::read(expression).ok()?;
    expression::node_of(&in_place(&read, from, to.sql().as_str()))
}

/// The expression with another text where the column stands.
pub(crate) fn in_place(expression: &Expr, from: &Ident, to: &str) -> String {
    expression.rewrite(|mention| (mention.name == *from).then(|| to.to_owned()))
}

/// A constraint's text. `own`: on the table it stands on; `referenced`: on the table that a foreign key points at.
pub(crate) fn constraint(
    definition: &str,
    own: Option<(&Ident, &Ident)>,
    referenced: Option<(&Ident, &Ident)>,
) -> Option<String> {
    let Some(NodeEnum::AlterTableStmt(alter)) = first(&format!("ALTER TABLE x ADD {definition}")) else { return None };
    let command = alter.cmds.into_iter().next()?.node?;
    let node::Node::AlterTableCmd(command) = command else { return None };
    let node::Node::Constraint(mut constraint) = command.def?.node? else { return None };
    if let Some((from, to)) = own {
        rename_all(&mut constraint.fk_attrs, from, to);
        rename_all(&mut constraint.keys, from, to);
        if let Some(expression) = &mut constraint.raw_expr {
            **expression = renamed(expression, from, to)?;
        }
    }
    if let Some((from, to)) = referenced {
        rename_all(&mut constraint.pk_attrs, from, to);
    }
    deparse::constraint(&constraint).ok()
}

fn rename_all(names: &mut [Node], from: &Ident, to: &Ident) {
    for name in names {
        if let Some(node::Node::String(text)) = &mut name.node
            && text.sval == from.as_str()
        {
            to.as_str().clone_into(&mut text.sval);
        }
    }
}

/// A text in which a name stands as a word: whether it does, and the text with another in its place.
pub(crate) fn words(text: &str, from: &Ident, to: &Ident) -> Option<String> {
    let tokens = scan(text).ok()?.tokens;
    let mut changed = text.to_owned();
    let mut found = false;
    for token in tokens.iter().rev() {
        let range = token.start as usize..token.end as usize;
        if matches!(token.token(), Token::Ident | Token::Uident)
            && text[range.clone()].trim_matches('"') == from.as_str()
        {
            changed.replace_range(range, &to.sql());
            found = true;
        }
    }
    found.then_some(changed)
}

fn first(sql: &str) -> Option<NodeEnum> {
    parse(sql, 0).ok()?.protobuf.stmts.into_iter().next()?.stmt?.node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_replaced_where_it_is_meant_and_nowhere_else() {
        let (from, to) = (Ident::new("status"), Ident::new("twin"));
        let rewritten = |definition: &str| index(definition, &from, &to);
        assert_eq!(
            rewritten(
                "CREATE INDEX i ON public.leads USING btree (owner, status DESC) WHERE (status <> 'status'::text)"
            )
            .unwrap(),
            "USING btree (owner, twin DESC) WHERE twin <> 'status'::text"
        );
        assert_eq!(
            rewritten("CREATE INDEX i ON public.leads USING btree (lower(status)) INCLUDE (status)").unwrap(),
            "USING btree (lower(twin)) INCLUDE (twin)"
        );
        assert_eq!(rewritten("CREATE INDEX i ON public.leads USING btree (status text_pattern_ops)"), None);
        let pair = Some((&from, &to));
        assert_eq!(constraint("CHECK ((status <> ''::text))", pair, None).unwrap(), "CHECK (twin <> ''::text)");
        assert_eq!(
            constraint("FOREIGN KEY (owner, status) REFERENCES t(status) ON DELETE CASCADE", pair, None).unwrap(),
            "FOREIGN KEY (owner, twin) REFERENCES t (status) ON DELETE CASCADE"
        );
        assert_eq!(
            constraint("FOREIGN KEY (status) REFERENCES t(status)", None, pair).unwrap(),
            "FOREIGN KEY (status) REFERENCES t (twin)"
        );
    }
}
