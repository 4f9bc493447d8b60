//! Expressions: what they name, call and read.

use super::types::Words;
use super::{deparse, strings};
use crate::catalog::Column;
use crate::expr::{ColumnUse, Conjunct, Expr, Reach, Shape};
use crate::problem::{self, Problem};
use concertina_revisions::Ident;
use concertina_revisions::tree::{
    AExprKind, BoolExprType, Node, NodeEnum, NullTestType, SetOperation, a_const, node, parse, scan,
};
use serde_json::Value;

const FRAME: &str = "SELECT ";

/// Reads an expression. It is deparsed and parsed again, so that the places of its columns are
/// places in our text; and its columns are quoted as [`Ident::sql`] quotes them, which minds the
/// words of PL/pgSQL.
pub(crate) fn read(expression: &Node) -> Result<Expr, Problem> {
    let expr = read_text(expression, deparse::expression(expression)?)?;
    // The schema says nothing where no other table can be meant.
    let is_of_one_table = expr.reach.by_schema && expr.relations.is_empty();
    let quoted = expr.rewrite(|mention| {
        let text = &expr.sql[mention.range.clone()];
        let simple = mention.name.as_str() != "*"
            && (is_of_one_table
                || text.matches('.').count() == usize::from(mention.qualifier.is_some()));
        let qualifier = mention
            .qualifier
            .as_ref()
            .map_or_else(String::new, |name| format!("{}.", name.sql()));
        simple.then(|| format!("{qualifier}{}", mention.name.sql()))
    });
    if quoted == expr.sql {
        return Ok(expr);
    }
    let mut again = read_text(expression, quoted)?;
    again.reach.by_schema |= expr.reach.by_schema;
    Ok(again)
}

fn read_text(expression: &Node, sql: String) -> Result<Expr, Problem> {
    let framed = format!("{FRAME}{sql}");
    if matches!(expression.node, Some(node::Node::SetToDefault(_))) {
        return Ok(Expr {
            sql,
            columns: vec![],
            functions: vec![],
            callers: vec![],
            relations: vec![],
            shape: Shape::Default,
            reach: Reach::default(),
            conjuncts: vec![],
        });
    }
    let parsed = parse(&framed, 0).map_err(|error| problem::unknown(&error.to_string()))?;
    let target = match parsed
        .protobuf
        .stmts
        .into_iter()
        .next()
        .and_then(|raw| raw.stmt?.node)
    {
        Some(NodeEnum::SelectStmt(select)) => match select
            .target_list
            .into_iter()
            .next()
            .and_then(|node| node.node)
        {
            Some(node::Node::ResTarget(target)) => target.val,
            _ => None,
        },
        _ => None,
    }
    .ok_or_else(|| problem::unknown("an expression that doesn't read back"))?;
    let mut found = Found::within(&framed);
    found.walk(&serde_json::to_value(&*target).unwrap_or_default());
    found.columns.sort_by_key(|mention| mention.range.start);
    let conjuncts = conjuncts(&target, &found);
    Ok(Expr {
        sql,
        columns: found.columns,
        functions: found.functions,
        callers: found.callers,
        relations: found.relations,
        shape: shape(&target),
        reach: found.reach,
        conjuncts,
    })
}

fn shape(node: &Node) -> Shape {
    match &node.node {
        Some(node::Node::AConst(constant)) if constant.isnull => Shape::Null,
        Some(node::Node::AConst(_)) => Shape::Literal,
        Some(node::Node::TypeCast(cast)) => match cast.arg.as_deref().map(shape) {
            Some(inner @ (Shape::Null | Shape::Literal)) => inner,
            _ => Shape::Other,
        },
        Some(node::Node::SetToDefault(_)) => Shape::Default,
        Some(node::Node::SubLink(_)) => Shape::Subquery,
        _ => Shape::Other,
    }
}

fn conjuncts(node: &Node, found: &Found) -> Vec<Conjunct> {
    match &node.node {
        Some(node::Node::BoolExpr(and)) if and.boolop() == BoolExprType::AndExpr => and
            .args
            .iter()
            .flat_map(|part| conjuncts(part, found))
            .collect(),
        Some(node::Node::NullTest(test)) => {
            let mention = test.arg.as_deref().and_then(|arg| found.bare(arg));
            vec![match (mention, test.nulltesttype()) {
                (Some(mention), NullTestType::IsNull) => Conjunct::IsNull(mention),
                (Some(mention), NullTestType::IsNotNull) => Conjunct::IsNotNull(mention),
                _ => Conjunct::Other,
            }]
        }
        Some(node::Node::AExpr(comparison))
            if comparison.kind() == AExprKind::AexprOp && strings(&comparison.name) == ["="] =>
        {
            let sides = [&comparison.lexpr, &comparison.rexpr].map(Option::as_deref);
            let equals = |one: Option<&Node>, other: Option<&Node>| {
                let mention = found.bare(one?)?;
                let mut within = Found {
                    columns: vec![],
                    ..found.clone()
                };
                within.walk(&serde_json::to_value(other?).unwrap_or_default());
                Some(Conjunct::Equals(mention, within.columns))
            };
            let told: Vec<Conjunct> = equals(sides[0], sides[1])
                .into_iter()
                .chain(equals(sides[1], sides[0]))
                .collect();
            if told.is_empty() {
                vec![Conjunct::Other]
            } else {
                told
            }
        }
        _ => vec![Conjunct::Other],
    }
}

/// Reads an expression that PostgreSQL wrote.
pub(crate) fn from_text(sql: &str) -> Option<Expr> {
    read(&node_of(sql)?).ok()
}

/// The words of a type.
pub(crate) fn type_words(type_sql: &str) -> Option<Words> {
    let node::Node::TypeCast(cast) = node_of(&format!("NULL::{type_sql}"))?.node? else {
        return None;
    };
    let name = cast.type_name?;
    let number = |node: &Node| match node.node.as_ref()? {
        node::Node::AConst(value) => match value.val.as_ref()? {
            a_const::Val::Ival(number) => Some(number.ival),
            _ => None,
        },
        _ => None,
    };
    Some(Words {
        names: strings(&name.names),
        modifiers: name.typmods.iter().filter_map(number).collect(),
        arrays: name.array_bounds.len(),
    })
}

/// The types that a column is cast to, one after the other: none for the column as it is. Nothing
/// for any other expression.
pub(crate) fn casts_of(expression: &str, column: &Ident) -> Option<Vec<String>> {
    let mut types = Vec::new();
    let mut node = node_of(expression)?;
    loop {
        match node.node? {
            node::Node::TypeCast(cast) => {
                types.push(deparse::type_name(&cast.type_name?, None).ok()?);
                node = *cast.arg?;
            }
            node::Node::ColumnRef(reference) => {
                let named = strings(&reference.fields)
                    .pop()
                    .is_some_and(|name| name == column.as_str());
                types.reverse();
                return named.then_some(types);
            }
            _ => return None,
        }
    }
}

/// The tree of an expression.
pub(crate) fn node_of(sql: &str) -> Option<Node> {
    let parsed = parse(&format!("{FRAME}{sql}"), 0).ok()?;
    match parsed
        .protobuf
        .stmts
        .into_iter()
        .next()
        .and_then(|raw| raw.stmt?.node)
    {
        Some(NodeEnum::SelectStmt(select)) => match select.target_list.into_iter().next()?.node {
            Some(node::Node::ResTarget(target)) => target.val.map(|value| *value),
            _ => None,
        },
        _ => None,
    }
}

/// Every relation that a tree mentions, as `(schema, name, alias)`.
pub(crate) fn relations(
    tree: &impl serde::Serialize,
) -> Vec<(Option<String>, String, Option<String>)> {
    let mut found = Found::within("");
    found.walk(&serde_json::to_value(tree).unwrap_or_default());
    found.relations
}

/// Ends of tokens by their start, so that a column's text can be measured.
#[derive(Clone)]
struct Places(Vec<(usize, usize)>);

impl Places {
    fn of(sql: &str) -> Places {
        Places(scan(sql).map_or_else(
            |_| vec![],
            |scanned| {
                scanned
                    .tokens
                    .iter()
                    .map(|token| (token.start as usize, token.end as usize))
                    .collect()
            },
        ))
    }

    /// One past the last byte of a name of so many dotted parts that starts at `start`.
    fn end(&self, start: usize, parts: usize) -> Option<usize> {
        let first = self.0.iter().position(|token| token.0 == start)?;
        self.0.get(first + 2 * parts - 2).map(|token| token.1)
    }
}

/// Walks a tree in its serialised form, which reaches every corner of every node type.
#[derive(Clone)]
struct Found {
    places: Places,
    columns: Vec<ColumnUse>,
    functions: Vec<String>,
    callers: Vec<String>,
    relations: Vec<(Option<String>, String, Option<String>)>,
    reach: Reach,
}

impl Found {
    fn within(text: &str) -> Found {
        Found {
            places: Places::of(text),
            columns: vec![],
            functions: vec![],
            callers: vec![],
            relations: vec![],
            reach: Reach::default(),
        }
    }

    /// The column that a node is, when it is nothing else.
    fn bare(&self, node: &Node) -> Option<ColumnUse> {
        let Some(node::Node::ColumnRef(reference)) = &node.node else {
            return None;
        };
        let start = (reference.location as usize).checked_sub(FRAME.len())?;
        self.columns
            .iter()
            .find(|mention| mention.range.start == start)
            .cloned()
    }

    fn walk(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                // A relation, with or without the name of its node around it.
                if fields.contains_key("relname") {
                    self.relation(value);
                }
                for (key, field) in fields {
                    match key.as_str() {
                        "ColumnRef" => self.column(field),
                        "FuncCall" => self.function(field),
                        "SubLink" => {
                            self.reach.subquery = true;
                            self.callers.extend(names(&field["oper_name"]).pop());
                        }
                        // CASE value WHEN other, value IN (SELECT other).
                        "CaseExpr" => self.callers.push("=".to_owned()),
                        "SelectStmt" => {
                            self.reach.gathers |= gathers(field);
                            self.reach.picks |= picks(field);
                        }
                        "SqlvalueFunction" => self.reach.clock = true,
                        "TypeCast" => {
                            self.reach.clock |= is_word_of_time(&field["arg"]);
                            self.reach.raises |= may_fail(field);
                            self.callers
                                .extend(names(&field["type_name"]["names"]).pop());
                        }
                        "AExpr" => {
                            self.callers.extend(operators(field));
                            self.reach.raises |= names(&field["name"])
                                .iter()
                                .any(|name| !TOTAL_OPERATORS.contains(&name.as_str()));
                        }
                        _ => {}
                    }
                    self.walk(field);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, call: &Value) {
        let Some(name) = names(&call["funcname"]).pop() else {
            return;
        };
        self.reach.clock |= CLOCKS.contains(&name.as_str())
            || name == "age" && call["args"].as_array().is_some_and(|args| args.len() == 1);
        self.reach.gathers |= call["agg_within_group"] == true
            || call["agg_distinct"] == true
            || !call["over"].is_null();
        self.reach.raises |= !TOTAL_FUNCTIONS.contains(&name.as_str());
        self.functions.push(name);
    }

    fn column(&mut self, reference: &Value) {
        let mut parts = names(&reference["fields"]);
        let dotted = reference["fields"].as_array().map_or(0, Vec::len);
        if parts.len() < dotted {
            parts.push("*".to_owned());
        }
        self.reach.by_schema |= dotted > 2;
        let location = reference["location"].as_u64().unwrap_or_default() as usize;
        if let (Some(name), Some(end)) = (parts.pop(), self.places.end(location, dotted)) {
            self.columns.push(ColumnUse {
                qualifier: parts.pop().map(Ident::new),
                name: Ident::new(name),
                range: location - FRAME.len()..end - FRAME.len(),
            });
        }
    }

    fn relation(&mut self, range: &Value) {
        let text = |field: &Value| {
            field
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        if let Some(name) = text(&range["relname"]) {
            self.relations.push((
                text(&range["schemaname"]),
                name,
                text(&range["alias"]["aliasname"]),
            ));
        }
    }
}

/// The operators that an expression of operands stands for, by their symbols.
fn operators(expression: &Value) -> Vec<String> {
    let kind = expression["kind"].as_i64().and_then(|kind| {
        let kind = i32::try_from(kind).ok()?;
        AExprKind::try_from(kind).ok()
    });
    match kind {
        Some(
            AExprKind::AexprBetween
            | AExprKind::AexprNotBetween
            | AExprKind::AexprBetweenSym
            | AExprKind::AexprNotBetweenSym,
        ) => [">=", "<=", "<", ">"].map(str::to_owned).into(),
        Some(AExprKind::AexprNullif | AExprKind::AexprDistinct | AExprKind::AexprNotDistinct) => {
            vec!["=".to_owned()]
        }
        _ => names(&expression["name"]).pop().into_iter().collect(),
    }
}

/// Operators that have a value for whatever they are given.
const TOTAL_OPERATORS: [&str; 24] = [
    "=", "<>", "!=", "<", ">", "<=", ">=", "||", "~~", "~~*", "!~~", "!~~*", "->", "->>", "#>",
    "#>>", "@>", "<@", "?", "?|", "?&", "&&", "AND", "OR",
];

/// Functions that have a value for whatever they are given.
const TOTAL_FUNCTIONS: [&str; 22] = [
    "age",
    "ascii",
    "btrim",
    "char_length",
    "clock_timestamp",
    "concat",
    "concat_ws",
    "gen_random_uuid",
    "initcap",
    "jsonb_build_object",
    "left",
    "length",
    "lower",
    "ltrim",
    "md5",
    "now",
    "octet_length",
    "replace",
    "reverse",
    "right",
    "rtrim",
    "upper",
];

/// Whether a cast may fail: that of a constant is made before any row is looked at, and anything
/// has a text.
fn may_fail(cast: &Value) -> bool {
    let is_constant = !cast["arg"]["node"]["AConst"].is_null();
    let kind = names(&cast["type_name"]["names"]).pop();
    !is_constant && !matches!(kind.as_deref(), Some("text" | "name" | "bool"))
}

/// Functions of PostgreSQL that tell the time of the transaction or the statement, or who and where
/// we are.
const CLOCKS: [&str; 9] = [
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "txid_current",
    "pg_current_xact_id",
    "pg_backend_pid",
    "current_query",
    "inet_client_port",
    "pg_current_snapshot",
];

/// Whether a literal is one that PostgreSQL reads as a time of today.
fn is_word_of_time(value: &Value) -> bool {
    let word = value["node"]["AConst"]["val"]["Sval"]["sval"]
        .as_str()
        .map(|word| word.trim().to_lowercase());
    word.is_some_and(|word| {
        ["now", "today", "tomorrow", "yesterday"]
            .iter()
            .any(|time| word.starts_with(time))
    })
}

/// Whether a SELECT leaves open which of several rows it takes.
fn picks(select: &Value) -> bool {
    let list = |part: &str| {
        select[part]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    // DISTINCT alone is a list of nothing.
    let distinct_on = list("distinct_clause")
        .iter()
        .any(|by| !by["node"].is_null());
    let limited = !select["limit_count"].is_null() || !select["limit_offset"].is_null();
    (distinct_on || limited) && list("sort_clause").is_empty()
}

/// Whether a SELECT makes one row of several, or leaves some out for what others are.
fn gathers(select: &Value) -> bool {
    let lists = [
        "distinct_clause",
        "group_clause",
        "window_clause",
        "locking_clause",
    ];
    lists
        .iter()
        .any(|list| select[list].as_array().is_some_and(|list| !list.is_empty()))
        || ["limit_count", "limit_offset", "having_clause"]
            .iter()
            .any(|part| !select[part].is_null())
        || select["op"].as_i64() != Some(SetOperation::SetopNone as i64)
}

fn names(list: &Value) -> Vec<String> {
    let parts = list.as_array().map(Vec::as_slice).unwrap_or_default();
    parts
        .iter()
        .filter_map(|part| part["node"]["String"]["sval"].as_str().map(str::to_owned))
        .collect()
}

/// The strings of a list of nodes, kept here beside their serialised twin.
pub(crate) fn column_list(nodes: &[Node]) -> Vec<Ident> {
    strings(nodes).into_iter().map(Ident::new).collect()
}

/// The expression that a generated column is computed by; nothing for any other.
pub(crate) fn computed_by(column: &Column) -> Option<Expr> {
    let (expression, _) = column.expression.as_ref()?;
    from_text(expression)
}

/// The expression of `GENERATED ALWAYS AS (..) STORED`.
pub(crate) fn stored_expression(definition: &str) -> Option<Expr> {
    let parsed = parse(&format!("CREATE TABLE a (b int {definition})"), 0).ok()?;
    let NodeEnum::CreateStmt(create) = parsed.protobuf.stmts.into_iter().next()?.stmt?.node? else {
        return None;
    };
    let node::Node::ColumnDef(column) = create.table_elts.into_iter().next()?.node? else {
        return None;
    };
    column
        .constraints
        .into_iter()
        .find_map(|node| match node.node {
            Some(node::Node::Constraint(constraint)) => read(constraint.raw_expr.as_deref()?).ok(),
            _ => None,
        })
}
