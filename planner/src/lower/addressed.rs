//! Objects that a statement about objects names, as PostgreSQL itself looks them up:
//! `pg_get_object_address` raises the error that the statement would end with where there is none
//! of that name.

use super::{deparse, strings};
use concertina_revisions::Ident;
use concertina_revisions::tree::{
    GrantTargetType, Node, NodeEnum, ObjectType, ObjectWithArgs, RangeVar, node,
};

/// An object as [PostgreSQL addresses it][1]: a kind, the parts of a name, and arguments.
///
/// [1]: https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-OBJECT
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    kind: &'static str,
    /// The last is the object's own.
    names: Vec<String>,
    arguments: Vec<String>,
    /// The object's own name, without a schema.
    pub(crate) own: String,
}

impl Address {
    /// Whether a column may have made it.
    pub(crate) fn is_sequence(&self) -> bool {
        self.kind == "sequence"
    }

    /// A call that fails where there is no such object.
    pub(crate) fn sql(&self) -> String {
        let list = |all: &[String]| {
            all.iter()
                .map(|one| Ident::new(one.as_str()).literal())
                .collect::<Vec<_>>()
                .join(", ")
        };
        format!(
            "pg_catalog.pg_get_object_address('{}', ARRAY[{}]::text[], ARRAY[{}]::text[])",
            self.kind,
            list(&self.names),
            list(&self.arguments)
        )
    }
}

/// The objects that have to be there for the statement. Tables and what is theirs aren't among
/// them: the catalog has those.
pub(crate) fn addressed(tree: &NodeEnum) -> Vec<Address> {
    if may_be_missing(tree) {
        return vec![];
    }
    match tree {
        NodeEnum::DropStmt(drop) => drop
            .objects
            .iter()
            .filter_map(|object| of_node(drop.remove_type(), object))
            .collect(),
        NodeEnum::AlterSeqStmt(alter) => {
            let range = alter.sequence.iter();
            let sequence = range.filter_map(|range| of_range(ObjectType::ObjectSequence, range));
            sequence.chain(owning_column(&alter.options)).collect()
        }
        NodeEnum::GrantStmt(grant) if grant.targtype() == GrantTargetType::AclTargetObject => grant
            .objects
            .iter()
            .filter_map(|object| of_node(grant.objtype(), object))
            .collect(),
        other => of_one(other).into_iter().collect(),
    }
}

/// The object that a statement about a single one names.
fn of_one(tree: &NodeEnum) -> Option<Address> {
    let either = |kind, range: Option<&RangeVar>, object: Option<&Node>| match range {
        Some(range) => of_range(kind, range),
        None => of_node(kind, object?),
    };
    let called = |kind, name: &String| named(kind, vec![name.clone()]);
    match tree {
        NodeEnum::RenameStmt(rename) if rename.rename_type() == ObjectType::ObjectAttribute => {
            of_column(of_range_names(rename.relation.as_ref()?), &rename.subname)
        }
        NodeEnum::RenameStmt(rename) => either(
            rename.rename_type(),
            rename.relation.as_ref(),
            rename.object.as_deref(),
        ),
        NodeEnum::AlterObjectSchemaStmt(alter) => either(
            alter.object_type(),
            alter.relation.as_ref(),
            alter.object.as_deref(),
        ),
        NodeEnum::AlterOwnerStmt(alter) => of_node(alter.object_type(), alter.object.as_deref()?),
        NodeEnum::CommentStmt(comment) => of_node(comment.objtype(), comment.object.as_deref()?),
        NodeEnum::CreateSeqStmt(create) => owning_column(&create.options),
        // ALTER VIEW and ALTER SEQUENCE share their form with ALTER TABLE.
        NodeEnum::AlterTableStmt(alter) => of_range(alter.objtype(), alter.relation.as_ref()?),
        NodeEnum::AlterStatsStmt(alter) => {
            named(ObjectType::ObjectStatisticExt, strings(&alter.defnames))
        }
        NodeEnum::AlterExtensionStmt(alter) => called(ObjectType::ObjectExtension, &alter.extname),
        NodeEnum::AlterPublicationStmt(alter) => {
            called(ObjectType::ObjectPublication, &alter.pubname)
        }
        NodeEnum::AlterDomainStmt(alter) => of_type(&strings(&alter.type_name)),
        NodeEnum::AlterEnumStmt(alter) => of_type(&strings(&alter.type_name)),
        NodeEnum::AlterTypeStmt(alter) => of_type(&strings(&alter.type_name)),
        // A trigger's function is given nothing.
        NodeEnum::CreateTrigStmt(create) => {
            let names = strings(&create.funcname);
            let own = names.last()?.clone();
            Some(Address {
                kind: "function",
                names,
                arguments: vec![],
                own,
            })
        }
        NodeEnum::AlterFunctionStmt(alter) => of_function(alter.objtype(), alter.func.as_ref()?),
        _ => None,
    }
}

/// The column of OWNED BY.
fn owning_column(options: &[Node]) -> Option<Address> {
    let (table, column) = owner_of(options)?;
    of_column(table, &column)
}

/// The names of the table of OWNED BY, and its column; none where it says NONE.
pub(super) fn owner_of(options: &[Node]) -> Option<(Vec<String>, String)> {
    let mut options = options.iter().filter_map(|option| match &option.node {
        Some(node::Node::DefElem(option)) if option.defname == "owned_by" => option.arg.as_deref(),
        _ => None,
    });
    let node::Node::List(list) = options.next_back()?.node.as_ref()? else {
        return None;
    };
    let mut names = strings(&list.items);
    let column = names.pop()?;
    (!names.is_empty()).then_some((names, column))
}

/// A column of a table, or an attribute of a composite type: it comes and goes with what is done to
/// its relation.
fn of_column(mut names: Vec<String>, column: &str) -> Option<Address> {
    let own = names.last()?.clone();
    names.push(column.to_owned());
    Some(Address {
        kind: "table column",
        names,
        arguments: vec![],
        own,
    })
}

/// IF EXISTS.
fn may_be_missing(tree: &NodeEnum) -> bool {
    match tree {
        NodeEnum::DropStmt(drop) => drop.missing_ok,
        NodeEnum::RenameStmt(rename) => rename.missing_ok,
        NodeEnum::AlterObjectSchemaStmt(alter) => alter.missing_ok,
        NodeEnum::AlterSeqStmt(alter) => alter.missing_ok,
        NodeEnum::AlterTableStmt(alter) => alter.missing_ok,
        NodeEnum::AlterStatsStmt(alter) => alter.missing_ok,
        _ => false,
    }
}

fn of_node(kind: ObjectType, object: &Node) -> Option<Address> {
    match object.node.as_ref()? {
        node::Node::String(name) => named(kind, vec![name.sval.clone()]),
        node::Node::List(list) => named(kind, strings(&list.items)),
        node::Node::RangeVar(range) => of_range(kind, range),
        node::Node::TypeName(name) => of_type(&strings(&name.names)),
        node::Node::ObjectWithArgs(function) => of_function(kind, function),
        _ => None,
    }
}

fn of_range(kind: ObjectType, range: &RangeVar) -> Option<Address> {
    named(kind, of_range_names(range))
}

fn of_range_names(range: &RangeVar) -> Vec<String> {
    let schema = Some(range.schemaname.clone()).filter(|schema| !schema.is_empty());
    schema.into_iter().chain([range.relname.clone()]).collect()
}

/// A type is looked up by its name as SQL.
fn of_type(names: &[String]) -> Option<Address> {
    let own = names.last()?.clone();
    let sql = names
        .iter()
        .map(|name| Ident::new(name.as_str()).sql())
        .collect::<Vec<_>>()
        .join(".");
    Some(Address {
        kind: "type",
        names: vec![sql],
        arguments: vec![],
        own,
    })
}

fn of_function(kind: ObjectType, function: &ObjectWithArgs) -> Option<Address> {
    let kind = match kind {
        ObjectType::ObjectFunction => "function",
        ObjectType::ObjectProcedure => "procedure",
        _ => return None,
    };
    // Without its types it is found by its name alone, which no address tells.
    if function.args_unspecified {
        return None;
    }
    let names = strings(&function.objname);
    let own = names.last()?.clone();
    let types = function
        .objargs
        .iter()
        .map(|argument| match argument.node.as_ref()? {
            node::Node::TypeName(name) => deparse::type_name(name, None).ok(),
            _ => None,
        });
    Some(Address {
        kind,
        names,
        arguments: types.collect::<Option<Vec<String>>>()?,
        own,
    })
}

fn named(kind: ObjectType, names: Vec<String>) -> Option<Address> {
    let kind = match kind {
        ObjectType::ObjectSequence => "sequence",
        ObjectType::ObjectView => "view",
        ObjectType::ObjectMatview => "materialized view",
        ObjectType::ObjectSchema => "schema",
        ObjectType::ObjectExtension => "extension",
        ObjectType::ObjectPublication => "publication",
        ObjectType::ObjectStatisticExt => "statistics object",
        ObjectType::ObjectCollation => "collation",
        ObjectType::ObjectConversion => "conversion",
        ObjectType::ObjectTsconfiguration => "text search configuration",
        ObjectType::ObjectTsdictionary => "text search dictionary",
        ObjectType::ObjectTsparser => "text search parser",
        ObjectType::ObjectTstemplate => "text search template",
        ObjectType::ObjectLanguage => "language",
        ObjectType::ObjectFdw => "foreign-data wrapper",
        ObjectType::ObjectForeignServer => "server",
        ObjectType::ObjectEventTrigger => "event trigger",
        ObjectType::ObjectType | ObjectType::ObjectDomain => return of_type(&names),
        _ => return None,
    };
    let own = names.last()?.clone();
    Some(Address {
        kind,
        names,
        arguments: vec![],
        own,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_revisions::{Revision, RevisionId};

    fn asked(sql: &str) -> Vec<String> {
        let revision = Revision::from_text(&RevisionId::new("a"), sql).unwrap();
        addressed(&revision.up[0].tree)
            .iter()
            .map(Address::sql)
            .collect()
    }

    #[test]
    fn objects_are_addressed_as_postgresql_addresses_them() {
        let of = |kind: &str, names: &str, arguments: &str| {
            format!(
                "pg_catalog.pg_get_object_address('{kind}', ARRAY[{names}]::text[], ARRAY[{arguments}]::text[])"
            )
        };
        for (sql, kind, names, arguments) in [
            ("ALTER SEQUENCE s RESTART", "sequence", "'s'", ""),
            (
                "ALTER SEQUENCE a.\"S'\" OWNED BY NONE",
                "sequence",
                "'a', 'S'''",
                "",
            ),
            ("ALTER VIEW v SET (security_barrier)", "view", "'v'", ""),
            ("DROP EXTENSION hstore", "extension", "'hstore'", ""),
            (
                "ALTER STATISTICS st SET STATISTICS 5",
                "statistics object",
                "'st'",
                "",
            ),
            ("ALTER TYPE \"My\" ADD VALUE 'x'", "type", "'\"My\"'", ""),
            ("ALTER DOMAIN a.d SET NOT NULL", "type", "'a.d'", ""),
            (
                "ALTER FUNCTION f(int, text[]) IMMUTABLE",
                "function",
                "'f'",
                "'int', 'text[]'",
            ),
            ("COMMENT ON COLLATION c IS 'x'", "collation", "'c'", ""),
            ("GRANT USAGE ON TYPE t TO PUBLIC", "type", "'t'", ""),
            (
                "ALTER PUBLICATION p SET (publish = 'insert')",
                "publication",
                "'p'",
                "",
            ),
        ] {
            assert_eq!(asked(sql), [of(kind, names, arguments)], "{sql}");
        }
        assert_eq!(asked("DROP SEQUENCE s, t").len(), 2);
        for sql in [
            "DROP SEQUENCE IF EXISTS s",
            "ALTER VIEW IF EXISTS v RENAME TO w",
            "ALTER STATISTICS IF EXISTS s SET STATISTICS 1",
        ] {
            assert!(asked(sql).is_empty(), "{sql}");
        }
        for sql in [
            "DROP TABLE t",
            "ALTER TABLE t ADD COLUMN a int",
            "DROP FUNCTION f",
            "COMMENT ON TABLE t IS 'x'",
        ] {
            assert!(asked(sql).is_empty(), "{sql}");
        }
    }
}
