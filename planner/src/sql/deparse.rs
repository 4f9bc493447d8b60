//! Parts of a tree back into SQL. PostgreSQL's deparser writes whole statements only, so each part
//! is put into the smallest statement that can hold it, and that statement's frame is taken off
//! again.

use crate::problem::{self, Problem};
use concertina_revisions::tree::{
    AConst, AlterTableCmd, CollateClause, Constraint, IndexStmt, Node, NodeEnum, RangeVar,
    TypeCast, TypeName, node, parse,
};

/// An expression.
pub(crate) fn expression(expression: &Node) -> Result<String, Problem> {
    let mut frame = template("SELECT 1")?;
    if let NodeEnum::SelectStmt(select) = &mut frame
        && let Some(Node {
            node: Some(node::Node::ResTarget(target)),
        }) = select.target_list.first_mut()
    {
        target.val = Some(Box::new(expression.clone()));
    }
    framed(&frame, "SELECT ")
}

/// A FROM or USING list.
pub(crate) fn from_list(items: &[Node]) -> Result<Option<String>, Problem> {
    if items.is_empty() {
        return Ok(None);
    }
    let mut frame = template("SELECT 1 FROM x")?;
    if let NodeEnum::SelectStmt(select) = &mut frame {
        select.from_clause = items.to_vec();
    }
    framed(&frame, "SELECT 1 FROM ").map(Some)
}

/// A type, with its collation.
pub(crate) fn type_name(
    name: &TypeName,
    collation: Option<&CollateClause>,
) -> Result<String, Problem> {
    let null = Node {
        node: Some(node::Node::AConst(AConst {
            isnull: true,
            ..AConst::default()
        })),
    };
    let cast = TypeCast {
        arg: Some(Box::new(null)),
        type_name: Some(name.clone()),
        location: 0,
    };
    let sql = expression(&Node {
        node: Some(node::Node::TypeCast(Box::new(cast))),
    })?;
    let mut sql = sql.strip_prefix("NULL::").unwrap_or(&sql).to_owned();
    if let Some(clause) = collation {
        sql = format!("{sql} COLLATE {}", self::collation(clause));
    }
    Ok(sql)
}

/// A collation's name.
pub(crate) fn collation(clause: &CollateClause) -> String {
    let parts = super::strings(&clause.collname)
        .into_iter()
        .map(|part| concertina_revisions::Ident::new(part).sql());
    parts.collect::<Vec<String>>().join(".")
}

/// A constraint, without its name and without NOT VALID.
pub(crate) fn constraint(constraint: &Constraint) -> Result<String, Problem> {
    let mut frame = template("ALTER TABLE x ADD CHECK (true)")?;
    if let NodeEnum::AlterTableStmt(alter) = &mut frame
        && let Some(Node {
            node: Some(node::Node::AlterTableCmd(command)),
        }) = alter.cmds.first_mut()
    {
        let mut bare = constraint.clone();
        bare.conname = String::new();
        bare.skip_validation = false;
        bare.initially_valid = true;
        command.def = Some(Box::new(Node {
            node: Some(node::Node::Constraint(Box::new(bare))),
        }));
    }
    framed(&frame, "ALTER TABLE x ADD ")
}

/// A constraint beside a column, with the column and its type before it.
pub(crate) fn column_constraint(constraint: &Constraint) -> Result<String, Problem> {
    let mut frame = template("ALTER TABLE x ADD COLUMN c int")?;
    if let NodeEnum::AlterTableStmt(alter) = &mut frame
        && let Some(Node {
            node: Some(node::Node::AlterTableCmd(command)),
        }) = alter.cmds.first_mut()
        && let Some(Node {
            node: Some(node::Node::ColumnDef(column)),
        }) = command.def.as_deref_mut()
    {
        column.constraints = vec![Node {
            node: Some(node::Node::Constraint(Box::new(constraint.clone()))),
        }];
    }
    framed(&frame, "ALTER TABLE x ADD COLUMN ")
}

/// All that follows the table's name in CREATE INDEX.
pub(crate) fn index_tail(index: &IndexStmt) -> Result<String, Problem> {
    let mut bare = index.clone();
    bare.idxname = "i".to_owned();
    bare.unique = false;
    bare.concurrent = false;
    bare.if_not_exists = false;
    bare.relation = Some(RangeVar {
        relname: "x".to_owned(),
        inh: true,
        relpersistence: "p".to_owned(),
        ..RangeVar::default()
    });
    framed(&NodeEnum::IndexStmt(Box::new(bare)), "CREATE INDEX i ON x ")
}

/// How an index is kept, as CREATE INDEX says it behind the columns: its storage parameters, and
/// its tablespace.
pub(crate) fn index_storage(options: &[Node], tablespace: &str) -> Result<String, Problem> {
    let mut frame = template("CREATE INDEX i ON x (c)")?;
    if let NodeEnum::IndexStmt(index) = &mut frame {
        index.options = options.to_vec();
        tablespace.clone_into(&mut index.table_space);
    }
    framed(&frame, &framed(&template("CREATE INDEX i ON x (c)")?, "")?)
}

/// Options of a sequence, as CREATE SEQUENCE says them.
pub(crate) fn sequence_options(options: &[Node]) -> Result<String, Problem> {
    let mut frame = template("CREATE SEQUENCE x")?;
    if let NodeEnum::CreateSeqStmt(create) = &mut frame {
        create.options = options.to_vec();
    }
    framed(&frame, "CREATE SEQUENCE x").map(|options| options.trim().to_owned())
}

/// A whole statement.
pub(crate) fn statement(tree: &NodeEnum) -> Result<String, Problem> {
    framed(tree, "")
}

fn template(sql: &str) -> Result<NodeEnum, Problem> {
    parse(sql, 0)
        .ok()
        .and_then(|parsed| parsed.protobuf.stmts.into_iter().next()?.stmt?.node)
        .ok_or_else(|| problem::unknown("PostgreSQL's parser is out of order"))
}

/// One action of ALTER TABLE as a statement of its own.
pub(crate) fn alter(
    table: &concertina_revisions::TableName,
    command: &AlterTableCmd,
) -> Result<String, Problem> {
    let mut frame = template("ALTER TABLE x ADD CHECK (true)")?;
    if let NodeEnum::AlterTableStmt(alter) = &mut frame {
        if let Some(range) = &mut alter.relation {
            table.schema.as_str().clone_into(&mut range.schemaname);
            table.name.as_str().clone_into(&mut range.relname);
        }
        alter.cmds = vec![Node {
            node: Some(node::Node::AlterTableCmd(Box::new(command.clone()))),
        }];
    }
    framed(&frame, "")
}

fn framed(statement: &NodeEnum, frame: &str) -> Result<String, Problem> {
    let sql = statement
        .deparse(Default::default())
        .map_err(|error| problem::unknown(&error.to_string()))?;
    sql.strip_prefix(frame)
        .map(str::to_owned)
        .ok_or_else(|| problem::unknown(&format!("an unforeseen form: {sql}")))
}
