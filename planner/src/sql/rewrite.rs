//! Definitions as PostgreSQL writes them, with another column in one column's place.

use super::types;
use super::{deparse, expression};
use crate::catalog::Constraint;
use crate::expr::Expr;
use concertina_revisions::Ident;
use concertina_revisions::tree::{
    self, IndexElem, KeywordKind, Node, NodeEnum, SortByDir, SortByNulls, Token, node, parse, scan,
};

/// A column, and what stands in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The column.
    pub(crate) from: &'a Ident,
    /// The other column.
    pub(crate) to: &'a Ident,
    /// The types of both, where one of them is text: then words that PostgreSQL took for the one
    /// type are of the other.
    pub(crate) words: Option<(&'a str, &'a str)>,
    /// Whether both have one type and one collation.
    pub(crate) same_type: bool,
}

/// `USING ..` of an index, where the column is an element, in an expression or in the condition.
/// Nothing when an operator class is written for the column: it is one of the old type.
pub(crate) fn index(
    definition: &str,
    place: Place<'_>,
    tablespace: Option<&str>,
) -> Option<String> {
    let Some(NodeEnum::IndexStmt(mut index)) = first(definition) else {
        return None;
    };
    for node in index
        .index_params
        .iter_mut()
        .chain(&mut index.index_including_params)
    {
        let Some(node::Node::IndexElem(element)) = &mut node.node else {
            continue;
        };
        element_of(element, place)?;
    }
    if let Some(condition) = &mut index.where_clause {
        **condition = renamed(condition, place)?;
    }
    tablespace
        .unwrap_or_default()
        .clone_into(&mut index.table_space);
    deparse::index_tail(&index).ok()
}

fn element_of(element: &mut IndexElem, place: Place<'_>) -> Option<()> {
    match &mut element.expr {
        Some(expression) => **expression = renamed(expression, place)?,
        None if element.name == place.from.as_str() => {
            if !element.opclass.is_empty() && !place.same_type {
                return None;
            }
            place.to.as_str().clone_into(&mut element.name);
        }
        None => {}
    }
    Some(())
}

fn renamed(expression: &Node, place: Place<'_>) -> Option<Node> {
    let read = expression::read(expression).ok()?;
    let sql = in_place(&read, place.from, place.to.sql().as_str());
    let alone = read
        .columns
        .iter()
        .all(|mention| mention.name == *place.from);
    match place.words.filter(|_| alone) {
        Some((old, new)) => expression::node_of(&retyped(&sql, old, new)?),
        None => expression::node_of(&sql),
    }
}

/// Casts to the old type as casts to the new one: `status::text = 'won'::text` is how PostgreSQL
/// keeps `status = 'won'`.
fn retyped(sql: &str, old: &str, new: &str) -> Option<String> {
    let bare = types::bare(old);
    let tokens = scan(sql).ok()?.tokens;
    let text = |at: usize| {
        tokens
            .get(at)
            .map_or("", |token| &sql[token.start as usize..token.end as usize])
    };
    let mut changed = sql.to_owned();
    for at in (0..tokens.len()).rev().filter(|at| text(*at) == "::") {
        let mut end = match (text(at + 1), text(at + 2)) {
            ("text" | "varchar", _) if types::is_text(old) => at + 1,
            ("character", "varying") if types::is_text(old) => at + 2,
            (name, _) if name.trim_matches('"') == bare => at + 1,
            (_, ".") if text(at + 3).trim_matches('"') == bare => at + 3,
            _ => continue,
        };
        if text(end + 1) == "(" {
            end += 3;
        }
        let range = tokens[at + 1].start as usize..tokens.get(end)?.end as usize;
        changed.replace_range(range, new);
    }
    Some(changed)
}

/// The expression with another text where the column stands.
pub(crate) fn in_place(expression: &Expr, from: &Ident, to: &str) -> String {
    expression.rewrite(|mention| (mention.name == *from).then(|| to.to_owned()))
}

/// A constraint's text. `own`: on the table it stands on; `referenced`: on the table that a foreign
/// key points at.
pub(crate) fn constraint(
    definition: &str,
    own: Option<Place<'_>>,
    referenced: Option<Place<'_>>,
) -> Option<String> {
    let mut constraint = constraint_of(definition)?;
    if let Some(place) = own {
        rename_all(&mut constraint.fk_attrs, place);
        rename_all(&mut constraint.keys, place);
        if let Some(expression) = &mut constraint.raw_expr {
            **expression = renamed(expression, place)?;
        }
    }
    if let Some(place) = referenced {
        rename_all(&mut constraint.pk_attrs, place);
    }
    deparse::constraint(&constraint).ok()
}

/// The columns that a foreign key points at, as its text names them.
pub(crate) fn referenced_columns(key: &Constraint) -> Vec<Ident> {
    if key.references.is_none() {
        return vec![];
    }
    let constraint = constraint_of(&key.definition);
    constraint.map_or_else(Vec::new, |one| {
        super::strings(&one.pk_attrs)
            .into_iter()
            .map(Ident::new)
            .collect()
    })
}

/// What becomes of rows that point at others by a foreign key, once those go or get another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoesAlong {
    /// They keep what they point at from going.
    Not,
    /// They get another value.
    Updated,
    /// They go.
    Deleted,
}

/// What a foreign key says ON DELETE.
pub(crate) fn on_delete(key: &Constraint) -> GoesAlong {
    constraint_of(&key.definition).map_or(GoesAlong::Not, |one| {
        goes_along(&one.fk_del_action, GoesAlong::Deleted)
    })
}

/// What a foreign key says ON UPDATE.
pub(crate) fn on_update(key: &Constraint) -> GoesAlong {
    constraint_of(&key.definition).map_or(GoesAlong::Not, |one| {
        goes_along(&one.fk_upd_action, GoesAlong::Updated)
    })
}

fn goes_along(action: &str, cascade: GoesAlong) -> GoesAlong {
    match action {
        "c" => cascade,
        "n" | "d" => GoesAlong::Updated,
        // No action, or RESTRICT.
        _ => GoesAlong::Not,
    }
}

/// The column of a foreign key that points at this one.
pub(crate) fn pointing_column<'a>(key: &'a Constraint, referenced: &Ident) -> Option<&'a str> {
    let at = referenced_columns(key)
        .iter()
        .position(|column| column == referenced)?;
    key.columns.get(at).map(String::as_str)
}

/// A constraint as the tree that it is.
pub(super) fn constraint_of(definition: &str) -> Option<tree::Constraint> {
    let Some(NodeEnum::AlterTableStmt(alter)) = first(&format!("ALTER TABLE x ADD {definition}"))
    else {
        return None;
    };
    let node::Node::AlterTableCmd(command) = alter.cmds.into_iter().next()?.node? else {
        return None;
    };
    let node::Node::Constraint(constraint) = command.def?.node? else {
        return None;
    };
    Some(*constraint)
}

fn rename_all(names: &mut [Node], place: Place<'_>) {
    for name in names {
        if let Some(node::Node::String(text)) = &mut name.node
            && text.sval == place.from.as_str()
        {
            place.to.as_str().clone_into(&mut text.sval);
        }
    }
}

/// A text in which a name stands as a word: whether it does, and the text with another in its
/// place.
pub(crate) fn words(text: &str, from: &Ident, to: &Ident) -> Option<String> {
    let tokens = scan(text).ok()?.tokens;
    let mut changed = text.to_owned();
    let mut found = false;
    for token in tokens.iter().rev() {
        let range = token.start as usize..token.end as usize;
        let word = &text[range.clone()];
        let named = match word
            .strip_prefix('"')
            .and_then(|word| word.strip_suffix('"'))
        {
            Some(quoted) => quoted.replace("\"\"", "\"") == from.as_str(),
            None if token.token() == Token::Ident => word.to_lowercase() == from.as_str(),
            // Half the keywords may be names, unquoted: PostgreSQL writes names in lower case, and
            // its own words in upper.
            None => token.keyword_kind() != KeywordKind::NoKeyword && word == from.as_str(),
        };
        if named {
            changed.replace_range(range, &to.sql());
            found = true;
        }
    }
    found.then_some(changed)
}

/// The trigger of `UPDATE OF` one column as another one `OF` the column that stands in its place.
pub(crate) fn trigger(definition: &str, name: &Ident, column: &Ident) -> Option<String> {
    let Some(NodeEnum::CreateTrigStmt(mut create)) = first(definition) else {
        return None;
    };
    name.as_str().clone_into(&mut create.trigname);
    create.columns = vec![Node {
        node: Some(node::Node::String(tree::String {
            sval: column.as_str().to_owned(),
        })),
    }];
    deparse::statement(&NodeEnum::CreateTrigStmt(create)).ok()
}

/// An index with other storage parameters, as `name=value`; as it was where its text can't be read.
pub(crate) fn with_options(definition: &str, options: &[String]) -> String {
    let again = || {
        let Some(NodeEnum::IndexStmt(mut index)) = first(definition) else {
            return None;
        };
        index.options = match options {
            [] => vec![],
            some => match first(&format!(
                "CREATE INDEX i ON x (c) WITH ({})",
                some.join(", ")
            )) {
                Some(NodeEnum::IndexStmt(like)) => like.options,
                _ => return None,
            },
        };
        deparse::statement(&NodeEnum::IndexStmt(index)).ok()
    };
    again().unwrap_or_else(|| definition.to_owned())
}

/// Whether a partitioned table's index would take up a partition's, both as what follows the
/// table's name: how they sort and how they are kept isn't compared (PostgreSQL's CompareIndexInfo).
pub(crate) fn alike(one: &str, other: &str) -> bool {
    one == other || comparable(one) == comparable(other)
}

fn comparable(tail: &str) -> String {
    let bare = || {
        let Some(NodeEnum::IndexStmt(mut index)) = first(&format!("CREATE INDEX i ON x {tail}"))
        else {
            return None;
        };
        index.options = vec![];
        index.table_space = String::new();
        for element in &mut index.index_params {
            if let Some(node::Node::IndexElem(element)) = &mut element.node {
                element.set_ordering(SortByDir::SortbyDefault);
                element.set_nulls_ordering(SortByNulls::SortbyNullsDefault);
            }
        }
        deparse::index_tail(&index).ok()
    };
    bare().unwrap_or_else(|| tail.to_owned())
}

fn first(sql: &str) -> Option<NodeEnum> {
    parse(sql, 0)
        .ok()?
        .protobuf
        .stmts
        .into_iter()
        .next()?
        .stmt?
        .node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_replaced_where_it_is_meant_and_nowhere_else() {
        let (from, to) = (Ident::new("status"), Ident::new("twin"));
        let place = Place {
            from: &from,
            to: &to,
            words: None,
            same_type: false,
        };
        let rewritten = |definition: &str| index(definition, place, None);
        assert_eq!(
            rewritten(
                "CREATE INDEX i ON public.leads USING btree (owner, status DESC) WHERE (status <> 'status'::text)"
            )
            .unwrap(),
            "USING btree (owner, twin DESC) WHERE twin <> 'status'::text"
        );
        assert_eq!(
            rewritten(
                "CREATE INDEX i ON public.leads USING btree (lower(status)) INCLUDE (status)"
            )
            .unwrap(),
            "USING btree (lower(twin)) INCLUDE (twin)"
        );
        assert_eq!(
            rewritten("CREATE INDEX i ON public.leads USING btree (status text_pattern_ops)"),
            None
        );
        let pair = Some(place);
        assert_eq!(
            constraint("CHECK ((status <> ''::text))", pair, None).unwrap(),
            "CHECK (twin <> ''::text)"
        );
        assert_eq!(
            constraint(
                "FOREIGN KEY (owner, status) REFERENCES t(status) ON DELETE CASCADE",
                pair,
                None
            )
            .unwrap(),
            "FOREIGN KEY (owner, twin) REFERENCES t (status) ON DELETE CASCADE"
        );
        assert_eq!(
            constraint("FOREIGN KEY (status) REFERENCES t(status)", None, pair).unwrap(),
            "FOREIGN KEY (status) REFERENCES t (twin)"
        );
    }

    #[test]
    fn a_name_is_found_as_a_word_however_it_is_written() {
        let to = Ident::new("twin");
        let again = |text: &str, from: &str| words(text, &Ident::new(from), &to);
        let statistics = "CREATE STATISTICS s ON name, by, statistics, \"we\"\"ird\" FROM t";
        for name in ["name", "by", "we\"ird"] {
            assert!(again(statistics, name).unwrap().contains("twin"), "{name}");
        }
        let own = again(statistics, "statistics").unwrap();
        assert!(
            own.starts_with("CREATE STATISTICS s ON name, by, twin,"),
            "{own}"
        );
        assert_eq!(again(statistics, "ame"), None);
    }

    #[test]
    fn words_of_text_become_words_of_the_new_type() {
        let (from, to) = (Ident::new("status"), Ident::new("twin"));
        let place = Place {
            from: &from,
            to: &to,
            words: Some(("character varying(9)", "state")),
            same_type: false,
        };
        assert_eq!(
            index(
                "CREATE INDEX i ON t USING btree (a) WHERE ((status)::text = 'won'::text)",
                place,
                None
            )
            .unwrap(),
            "USING btree (a) WHERE twin::state = 'won'::state"
        );
        let check = "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying(9)])::text[])))";
        assert_eq!(
            constraint(check, Some(place), None).unwrap(),
            "CHECK (twin::state = ANY(ARRAY['a'::state, 'b'::state]::state[]))"
        );
        let back = Place {
            from: &from,
            to: &to,
            words: Some(("public.state", "text")),
            same_type: false,
        };
        assert_eq!(
            constraint(
                "CHECK ((status = ANY (ARRAY['a'::state, 'b'::public.state])))",
                Some(back),
                None
            )
            .unwrap(),
            "CHECK (twin = ANY(ARRAY['a'::text, 'b'::text]))"
        );
        let with_another = "CHECK ((status)::text = (other)::text)";
        assert_eq!(
            constraint(with_another, Some(place), None).unwrap(),
            "CHECK (twin::text = other::text)"
        );
    }
}
