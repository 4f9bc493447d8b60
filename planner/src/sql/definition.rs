//! Definitions as PostgreSQL tells them, asked by its own grammar what they say.

use super::expression;
use super::rewrite::constraint_of;
use crate::catalog::Constraint;
use crate::expr::Expr;
use concertina_revisions::tree::{self, NodeEnum, node, parse};

/// When a constraint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// Row by row or statement by statement, always.
    Now,
    /// The same, unless a transaction says otherwise.
    Deferrable,
    /// At the end of a transaction, unless it says otherwise.
    Deferred,
}

impl Constraint {
    /// When it is asked.
    pub(crate) fn timing(&self) -> Timing {
        match constraint_of(&self.definition) {
            Some(written) if written.initdeferred => Timing::Deferred,
            Some(written) if written.deferrable => Timing::Deferrable,
            Some(_) | None => Timing::Now,
        }
    }

    /// What a CHECK demands of its own table's rows and those of the tables below.
    pub(crate) fn condition(&self) -> Option<Expr> {
        let written = constraint_of(&self.definition)?;
        if written.contype() != tree::ConstrType::ConstrCheck || written.is_no_inherit {
            return None;
        }
        expression::read(written.raw_expr.as_deref()?).ok()
    }
}

impl Timing {
    /// As SQL behind a key.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Timing::Now => "",
            Timing::Deferrable => " DEFERRABLE",
            Timing::Deferred => " DEFERRABLE INITIALLY DEFERRED",
        }
    }
}

/// The conditions that an ALTER POLICY sets: USING, WITH CHECK.
pub(crate) fn conditions_set(alteration: &str) -> Option<(bool, bool)> {
    match first(alteration)? {
        NodeEnum::AlterPolicyStmt(alter) => {
            Some((alter.qual.is_some(), alter.with_check.is_some()))
        }
        _ => None,
    }
}

/// The domain that a statement gives a default.
pub(crate) fn domain_with_default(sql: &str) -> Option<String> {
    let is_default = |node: &tree::Node| match &node.node {
        Some(node::Node::Constraint(one)) => one.contype() == tree::ConstrType::ConstrDefault,
        _ => false,
    };
    let name = match first(sql)? {
        NodeEnum::CreateDomainStmt(create) if create.constraints.iter().any(is_default) => {
            create.domainname
        }
        // `T` is SET DEFAULT, or DROP DEFAULT without one.
        NodeEnum::AlterDomainStmt(alter) if alter.subtype == "T" && alter.def.is_some() => {
            alter.type_name
        }
        _ => return None,
    };
    super::strings(&name).pop()
}

/// Whether the rows of an INSERT come in an order that it says.
pub(crate) fn is_sorted(insert: &str) -> bool {
    let Some(NodeEnum::InsertStmt(insert)) = first(insert) else {
        return false;
    };
    let select = insert.select_stmt.and_then(|select| select.node);
    matches!(select, Some(node::Node::SelectStmt(select)) if !select.sort_clause.is_empty())
}

/// Whether a default takes the next number of a sequence.
pub(crate) fn draws_numbers(default: &str) -> bool {
    expression::from_text(default)
        .is_some_and(|read| read.functions.iter().any(|name| name == "nextval"))
}

/// Whether an expression is a column as it is at UTC: `c AT TIME ZONE 'UTC'`.
pub(crate) fn is_at_utc(expression: &str, column: &str) -> bool {
    let Some(node::Node::FuncCall(call)) =
        expression::node_of(expression).and_then(|node| node.node)
    else {
        return false;
    };
    let [zone, time] = call.args.as_slice() else {
        return false;
    };
    let of_column = match &time.node {
        Some(node::Node::ColumnRef(reference)) => super::strings(&reference.fields) == [column],
        _ => false,
    };
    let is_utc = |zone: &str| matches!(zone.to_uppercase().as_str(), "UTC" | "ETC/UTC");
    of_column
        && super::strings(&call.funcname)
            .last()
            .is_some_and(|name| name == "timezone")
        && text_of(zone).is_some_and(is_utc)
}

/// The text of a literal, with a cast around it or without.
fn text_of(node: &tree::Node) -> Option<&str> {
    match node.node.as_ref()? {
        node::Node::TypeCast(cast) => text_of(cast.arg.as_deref()?),
        node::Node::AConst(constant) => match constant.val.as_ref()? {
            tree::a_const::Val::Sval(text) => Some(text.sval.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// The column that a policy compares with a setting of the session, and the setting's name:
/// `USING (tenant_id = current_setting('app.tenant')::uuid)`.
pub fn setting_of_policy(definition: &str) -> Option<(String, String)> {
    let Some(NodeEnum::CreatePolicyStmt(create)) = first(definition) else {
        return None;
    };
    [create.qual.as_deref(), create.with_check.as_deref()]
        .into_iter()
        .flatten()
        .find_map(compared)
}

fn compared(node: &tree::Node) -> Option<(String, String)> {
    match node.node.as_ref()? {
        node::Node::BoolExpr(all) => all.args.iter().find_map(compared),
        node::Node::AExpr(comparison) if super::strings(&comparison.name) == ["="] => {
            let (left, right) = (comparison.lexpr.as_deref()?, comparison.rexpr.as_deref()?);
            let way = |column, setting| Some((column_in(column)?, setting_in(setting)?));
            way(left, right).or_else(|| way(right, left))
        }
        _ => None,
    }
}

/// A column, with casts around it or without.
fn column_in(node: &tree::Node) -> Option<String> {
    match node.node.as_ref()? {
        node::Node::TypeCast(cast) => column_in(cast.arg.as_deref()?),
        node::Node::ColumnRef(reference) => super::strings(&reference.fields).pop(),
        _ => None,
    }
}

/// The setting that is asked, through casts, functions and subqueries of one value.
fn setting_in(node: &tree::Node) -> Option<String> {
    match node.node.as_ref()? {
        node::Node::TypeCast(cast) => setting_in(cast.arg.as_deref()?),
        node::Node::FuncCall(call) => {
            match super::strings(&call.funcname).last().map(String::as_str) {
                Some("current_setting") => text_of(call.args.first()?).map(str::to_owned),
                _ => call.args.iter().find_map(setting_in),
            }
        }
        node::Node::SubLink(link) => match link.subselect.as_deref()?.node.as_ref()? {
            node::Node::SelectStmt(select) => select.target_list.iter().find_map(setting_in),
            _ => None,
        },
        node::Node::ResTarget(target) => setting_in(target.val.as_deref()?),
        node::Node::CoalesceExpr(coalesce) => coalesce.args.iter().find_map(setting_in),
        node::Node::AExpr(expression) => expression.lexpr.as_deref().and_then(setting_in),
        _ => None,
    }
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
    use crate::catalog::ConstraintKind;

    fn constraint(definition: &str) -> Constraint {
        Constraint {
            name: "k".to_owned(),
            kind: ConstraintKind::Check,
            columns: vec![],
            definition: definition.to_owned(),
            validated: true,
            references: None,
            relies_on: None,
            comment: None,
        }
    }

    #[test]
    fn a_text_inside_a_constraint_is_no_word_of_it() {
        assert_eq!(
            constraint("CHECK ((note <> ' DEFERRABLE INITIALLY DEFERRED'::text))").timing(),
            Timing::Now
        );
        assert_eq!(
            constraint("UNIQUE (a) DEFERRABLE").timing(),
            Timing::Deferrable
        );
        assert_eq!(
            constraint("FOREIGN KEY (a) REFERENCES t(id) DEFERRABLE INITIALLY DEFERRED").timing(),
            Timing::Deferred
        );
    }

    #[test]
    fn the_condition_of_a_check_is_read_whatever_follows_it() {
        let sql = |definition: &str| constraint(definition).condition().map(|read| read.sql);
        assert_eq!(sql("CHECK ((a > 0))").as_deref(), Some("a > 0"));
        assert_eq!(sql("CHECK ((a > 0)) NOT VALID").as_deref(), Some("a > 0"));
        assert_eq!(sql("CHECK ((a > 0)) NO INHERIT"), None);
        assert_eq!(sql("UNIQUE (a)"), None);
    }

    #[test]
    fn an_altered_policy_is_asked_for_its_conditions() {
        let asked = conditions_set("ALTER POLICY p ON t USING ((note = ' WITH CHECK ('::text))");
        assert_eq!(asked, Some((true, false)));
        assert_eq!(conditions_set("SELECT 1"), None);
    }

    #[test]
    fn a_policy_tells_its_column_and_its_setting() {
        let policy = |condition: &str| {
            setting_of_policy(&format!("CREATE POLICY p ON t USING ({condition})"))
        };
        let found = Some(("tenant_id".to_owned(), "app.tenant".to_owned()));
        assert_eq!(
            policy("tenant_id = current_setting('app.tenant'::text)"),
            found
        );
        assert_eq!(
            policy("(tenant_id)::text = current_setting('app.tenant'::text, true)"),
            found
        );
        assert_eq!(
            policy("tenant_id = NULLIF(current_setting('app.tenant'), '')::uuid AND true"),
            found
        );
        assert_eq!(
            policy("tenant_id = (SELECT current_setting('app.tenant')::uuid)"),
            found
        );
        assert_eq!(policy("note = 'current_setting(''app.tenant'')'"), None);
    }

    #[test]
    fn only_the_column_itself_is_at_utc() {
        assert!(
            is_at_utc("at AT TIME ZONE 'utc'", "at")
                && is_at_utc("timezone('UTC'::text, at)", "at")
        );
        assert!(
            !is_at_utc("at AT TIME ZONE 'Europe/Berlin'", "at")
                && !is_at_utc("other AT TIME ZONE 'UTC'", "at")
        );
        assert!(
            draws_numbers("nextval('t_id_seq'::regclass)") && !draws_numbers("'nextval('::text")
        );
    }
}
