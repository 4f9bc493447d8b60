//! The only DDL text in the workspace. Names come from [`Ident`] and [`TableName`], which carry
//! their quoting.

mod as_written;
mod follow;
mod guarded;
mod sync;
mod version;

use super::{Action, Lock, Numbers, Online, Value};
use concertina_revisions::{Ident, TableName};
pub use guarded::{FILLING, counter};

/// The schema that holds our state and our functions.
pub const OUR_SCHEMA: &str = "concertina";

impl Action {
    /// The statements of the action, in order. `read` is the literal that [`Value::Read`] was
    /// evaluated to.
    #[expect(clippy::too_many_lines, reason = "a few lines for each kind of action")]
    pub fn sql(&self, read: Option<&str>) -> Vec<String> {
        let alter = |table: &TableName, what: String| vec![alter(table, &what)];
        match self {
            Action::CreateTable { sql, .. }
            | Action::AsWritten { sql, .. }
            | Action::Blocking { sql, .. } => vec![sql.clone()],
            Action::AddColumn {
                table,
                column,
                type_sql,
                default,
                not_null,
                references,
            } => {
                let default = match default {
                    Some(Value::Sql(value)) => format!(" DEFAULT ({value})"),
                    Some(Value::Read(_)) => format!(" DEFAULT {}", read.unwrap_or("NULL")),
                    None => String::new(),
                };
                let not_null = if *not_null { " NOT NULL" } else { "" };
                let references = references
                    .as_ref()
                    .map_or_else(String::new, |(sql, _)| format!(" {sql}"));
                let column = column.sql();
                let definition = format!("{type_sql}{default}{not_null}{references}");
                alter(table, format!("ADD COLUMN {column} {definition}"))
            }
            Action::AddIdentity {
                table,
                column,
                definition,
                from,
            } => add_identity(table, column, definition, from),
            Action::AddNotNull {
                table,
                column,
                name,
            } => {
                let (name, column) = (name.sql(), column.sql());
                alter(
                    table,
                    format!("ADD CONSTRAINT {name} NOT NULL {column} NOT VALID"),
                )
            }
            Action::AttachPartition {
                parent,
                partition,
                bound,
                ..
            } => alter(
                parent,
                format!("ATTACH PARTITION {} {bound}", partition.sql()),
            ),
            Action::DetachPartition {
                parent, partition, ..
            } => alter(parent, format!("DETACH PARTITION {}", partition.sql())),
            Action::OwnSequence { .. } => own_sequence(self),
            Action::SetDefault {
                table,
                column,
                default,
            } => vec![set_default(table, column, default.as_deref())],
            Action::SetNotNull { table, column } => {
                alter(table, format!("ALTER COLUMN {} SET NOT NULL", column.sql()))
            }
            Action::DropNotNull { table, column } => alter(
                table,
                format!("ALTER COLUMN {} DROP NOT NULL", column.sql()),
            ),
            Action::AddConstraint {
                table,
                name,
                definition,
                not_valid,
                ..
            } => {
                let not_valid = if *not_valid { " NOT VALID" } else { "" };
                let name = name.sql();
                alter(
                    table,
                    format!("ADD CONSTRAINT {name} {definition}{not_valid}"),
                )
            }
            Action::AddConstraintUsingIndex {
                table,
                name,
                primary,
                index,
                timing,
            } => {
                let kind = if *primary { "PRIMARY KEY" } else { "UNIQUE" };
                let (name, index) = (name.sql(), index.sql());
                alter(
                    table,
                    format!("ADD CONSTRAINT {name} {kind} USING INDEX {index}{timing}"),
                )
            }
            Action::DropConstraint { table, name, .. } => {
                alter(table, format!("DROP CONSTRAINT {}", name.sql()))
            }
            Action::MoveNumbers {
                table,
                from,
                to,
                identity,
            } => vec![move_numbers(table, from, to, identity.as_deref())],
            Action::RenameColumn { table, from, to } => alter(
                table,
                format!("RENAME COLUMN {} TO {}", from.sql(), to.sql()),
            ),
            Action::RenameConstraint { table, from, to } => alter(
                table,
                format!("RENAME CONSTRAINT {} TO {}", from.sql(), to.sql()),
            ),
            Action::RenameIndex { from, to, .. } => {
                vec![format!("ALTER INDEX {} RENAME TO {}", from.sql(), to.sql())]
            }
            Action::DropColumn { table, column } => {
                alter(table, format!("DROP COLUMN {}", column.sql()))
            }
            Action::DropTable { table } => vec![format!("DROP TABLE {}", table.sql())],
            Action::BeginAsWritten(begin) => as_written::begin(begin),
            Action::InstallSync(sync) => sync::install(sync),
            Action::RefuseUnfilled(sync) => guarded::refuse(sync),
            Action::RemoveSync(sync) => sync::remove(sync),
            Action::CreateVersion(version) => version::create(version),
            Action::DropVersion { schema, .. } => vec![version::drop(schema)],
        }
    }
}

impl Online {
    /// The one statement of the work.
    pub fn sql(&self) -> String {
        match self {
            Online::CreateIndex {
                table,
                name,
                unique,
                tail,
            } => {
                let unique = if *unique { "UNIQUE " } else { "" };
                format!(
                    "CREATE {unique}INDEX CONCURRENTLY {} ON {} {tail}",
                    name.sql(),
                    table.sql()
                )
            }
            Online::DropIndex { index, .. } => format!("DROP INDEX CONCURRENTLY {}", index.sql()),
            Online::Validate {
                table, constraints, ..
            } => {
                let parts: Vec<String> = constraints
                    .iter()
                    .map(|name| format!("VALIDATE CONSTRAINT {}", name.sql()))
                    .collect();
                alter(table, &parts.join(", "))
            }
            Online::Analyze { table } => format!("ANALYZE {}", table.sql()),
            Online::Reindex {
                index: Some(index), ..
            } => format!("REINDEX INDEX CONCURRENTLY {}", index.sql()),
            Online::Reindex { table, index: None } => {
                format!("REINDEX TABLE CONCURRENTLY {}", table.sql())
            }
            Online::Refresh { view } => {
                format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {}", view.sql())
            }
            Online::Fill { view } => format!("REFRESH MATERIALIZED VIEW {}", view.sql()),
            Online::Detach { parent, partition } => alter(
                parent,
                &format!("DETACH PARTITION {} CONCURRENTLY", partition.sql()),
            ),
        }
    }
}

fn set_default(table: &TableName, column: &Ident, default: Option<&str>) -> String {
    let what = default.map_or_else(
        || "DROP DEFAULT".to_owned(),
        |value| format!("SET DEFAULT {value}"),
    );
    alter(table, &format!("ALTER COLUMN {} {what}", column.sql()))
}

/// The identity, and its sequence set to where the numbers are.
fn add_identity(
    table: &TableName,
    column: &Ident,
    definition: &str,
    from: &Numbers,
) -> Vec<String> {
    let of_column = |action: &str| alter(table, &format!("ALTER COLUMN {} {action}", column.sql()));
    // The column may own another sequence besides, so it isn't asked for by pg_get_serial_sequence.
    let sequence = format!(
        "(SELECT d.objid::regclass FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid \
         WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i' \
         AND a.attrelid = {}::regclass AND a.attname = {})",
        Ident::new(table.sql()).literal(),
        column.literal()
    );
    let add = of_column(&format!("ADD {definition}"));
    match from {
        Numbers::Start => vec![add],
        Numbers::Sequence(other) => vec![
            of_column("DROP DEFAULT"),
            add,
            format!(
                "SELECT setval({sequence}, last_value, is_called) FROM {}",
                other.sql()
            ),
            format!("DROP SEQUENCE {}", other.sql()),
        ],
    }
}

/// The sequences' names aren't known before: they are asked for in the same moment.
fn move_numbers(table: &TableName, from: &Ident, to: &Ident, identity: Option<&str>) -> String {
    let sequence = format!(
        "pg_get_serial_sequence({}, {})",
        Ident::new(table.sql()).literal(),
        from.literal()
    );
    let body = match identity {
        None => OWNED
            .replace("{table}", &Ident::new(table.sql()).literal())
            .replace("{column}", &from.literal())
            .replace(
                "{owner}",
                &Ident::new(format!(" OWNED BY {}.{}", table.sql(), to.sql())).literal(),
            ),
        Some(kind) => {
            let drop = alter(table, &format!("ALTER COLUMN {} DROP IDENTITY", from.sql()));
            let add = alter(
                table,
                &format!("ALTER COLUMN {} ADD GENERATED {kind} AS IDENTITY", to.sql()),
            );
            IDENTITY
                .replace("{sequence}", &sequence)
                .replace("{table}", &Ident::new(table.sql()).literal())
                .replace("{column}", &to.literal())
                .replace("{drop}", &drop)
                .replace("{add}", &Ident::new(format!("{add} ")).literal())
        }
    };
    do_block(&body)
}

/// A column may own several sequences, whichever of them it draws from.
const OWNED: &str = "
DECLARE
  sequence regclass;
BEGIN
  FOR sequence IN
    SELECT d.objid FROM pg_depend AS d
    JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
      AND a.attrelid = {table}::regclass AND a.attname = {column}
  LOOP
    EXECUTE 'ALTER SEQUENCE ' || sequence || {owner};
  END LOOP;
END
";

/// The sequence of an identity goes with its column: another of its name, place, bounds, comment
/// and rights follows. As ALTER TYPE does, a bound that was the old type's becomes the new one's.
const IDENTITY: &str = "
DECLARE
  given text := {sequence};
  options text; said text; rights aclitem[]; one record; at bigint; called boolean;
BEGIN
  SELECT format('(SEQUENCE NAME %s START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s %s)', given, seqstart, seqincrement,
                CASE WHEN seqmin = old.smallest THEN new.smallest ELSE seqmin END,
                CASE WHEN seqmax = old.largest THEN new.largest ELSE seqmax END,
                seqcache, CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)
    INTO options
    FROM pg_sequence
    JOIN pg_attribute a ON a.attrelid = {table}::regclass AND a.attname = {column}
    JOIN (VALUES ('int2'::regtype, -32768::bigint, 32767::bigint), ('int4', -2147483648, 2147483647),
                 ('int8', -9223372036854775808, 9223372036854775807)) AS old (type, smallest, largest) ON old.type = seqtypid
    JOIN (VALUES ('int2'::regtype, -32768::bigint, 32767::bigint), ('int4', -2147483648, 2147483647),
                 ('int8', -9223372036854775808, 9223372036854775807)) AS new (type, smallest, largest) ON new.type = a.atttypid
    WHERE seqrelid = given::regclass;
  SELECT obj_description(oid, 'pg_class'), relacl INTO said, rights FROM pg_class WHERE oid = given::regclass;
  EXECUTE 'SELECT last_value, is_called FROM ' || given INTO at, called;
  {drop};
  EXECUTE {add} || options;
  PERFORM setval(given::regclass, at, called);
  IF said IS NOT NULL THEN
    EXECUTE format('COMMENT ON SEQUENCE %s IS %L', given, said);
  END IF;
  -- Default privileges may have given some already.
  FOR one IN SELECT DISTINCT CASE item.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(item.grantee)) END AS role
             FROM pg_class c, aclexplode(c.relacl) AS item
             WHERE c.oid = given::regclass AND (rights IS NOT NULL OR item.grantee <> c.relowner) LOOP
    EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM %s', given, one.role);
  END LOOP;
  FOR one IN SELECT CASE item.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(item.grantee)) END AS role,
                    item.privilege_type AS what, CASE WHEN item.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS more
             FROM aclexplode(rights) WITH ORDINALITY AS item ORDER BY item.ordinality LOOP
    EXECUTE format('GRANT %s ON SEQUENCE %s TO %s%s', one.what, given, one.role, one.more);
  END LOOP;
END
";

/// Ends the way out of a partition that was begun and interrupted.
pub fn finalize_detach(parent: &TableName, partition: &TableName) -> String {
    alter(
        parent,
        &format!("DETACH PARTITION {} FINALIZE", partition.sql()),
    )
}

/// Locks one table, without its partitions and heirs.
pub fn lock_only(table: &TableName, lock: Lock) -> String {
    format!("LOCK TABLE ONLY {} IN {} MODE", table.sql(), lock.name())
}

fn alter(table: &TableName, action: &str) -> String {
    format!("ALTER TABLE {} {action}", table.sql())
}

/// Drops a table of ours, if it is there.
pub fn drop_own_table(table: &TableName) -> String {
    format!("DROP TABLE IF EXISTS {}", table.sql())
}

/// A DO block of PL/pgSQL, without a semicolon behind it.
pub fn do_block(body: &str) -> String {
    let quote = dollar_quote(body);
    format!("DO {quote}{body}{quote}")
}

/// A dollar quote that the text doesn't contain.
pub fn dollar_quote(text: &str) -> String {
    let mut tag = "$concertina$".to_owned();
    let mut number = 0;
    while text.contains(&tag) {
        number += 1;
        tag = format!("$concertina{number}$");
    }
    tag
}

/// A serial column, with a sequence of its own.
fn own_sequence(action: &Action) -> Vec<String> {
    let Action::OwnSequence {
        table,
        column,
        sequence,
        type_sql,
        options,
        owner,
    } = action
    else {
        return vec![];
    };
    let given = owner
        .iter()
        .map(|owner| format!("ALTER SEQUENCE {} OWNER TO {}", sequence.sql(), owner.sql()));
    let made = format!("CREATE SEQUENCE {} AS {type_sql} {options}", sequence.sql());
    let default = format!("SET DEFAULT nextval({})", sequence.regclass_literal());
    let owned = format!(
        "ALTER SEQUENCE {} OWNED BY {}.{}",
        sequence.sql(),
        table.sql(),
        column.sql()
    );
    let column = [
        alter(table, &format!("ADD COLUMN {} {type_sql}", column.sql())),
        alter(table, &format!("ALTER COLUMN {} {default}", column.sql())),
        owned,
    ];
    std::iter::once(made).chain(given).chain(column).collect()
}
