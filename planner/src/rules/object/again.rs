//! What makes an index or a constraint that is dropped again as it was, for the way back.

use crate::catalog::{Catalog, Constraint, ConstraintKind, Index, Table};
use crate::change::Change;
use concertina_revisions::Ident;

/// What makes an index again, with its comment and those of its partitions; nothing where its
/// definition isn't known.
pub(crate) fn index(table: &Table, index: &Index, catalog: &Catalog) -> Option<Vec<String>> {
    if index.definition.is_empty() || index.tablespace.is_some() {
        return None;
    }
    let name = index.full_name();
    let mut statements = vec![index.definition.clone()];
    for (part, one) in catalog.parts_of(&name) {
        statements.extend(self::index(part, one, catalog)?);
        statements.push(format!(
            "ALTER INDEX {} ATTACH PARTITION {}",
            name.sql(),
            one.full_name().sql()
        ));
    }
    statements.extend(commented("INDEX", &name.sql(), index.comment.as_ref()));
    if index.clustered {
        statements.push(format!(
            "ALTER TABLE {} CLUSTER ON {}",
            table.full_name().sql(),
            name.name.sql()
        ));
    }
    statements.extend(identity(table, index));
    Some(statements)
}

/// What makes a constraint again, with its comment and that of its index.
pub(crate) fn constraint(table: &Table, constraint: &Constraint) -> Vec<String> {
    let (on, name) = (
        table.full_name().sql(),
        Ident::new(constraint.name.as_str()),
    );
    let mut statements = vec![format!(
        "ALTER TABLE {on} ADD CONSTRAINT {} {}",
        name.sql(),
        definition(table, constraint)
    )];
    let of = format!("{} ON {on}", name.sql());
    statements.extend(commented("CONSTRAINT", &of, constraint.comment.as_ref()));
    if let Some(index) = index_of(table, constraint) {
        statements.extend(commented(
            "INDEX",
            &index.full_name().sql(),
            index.comment.as_ref(),
        ));
        if index.clustered {
            statements.push(format!("ALTER TABLE {on} CLUSTER ON {}", name.sql()));
        }
        statements.extend(identity(table, index));
    }
    statements
}

/// What lets an index tell subscribers again which row is meant.
fn identity(table: &Table, index: &Index) -> Option<String> {
    let identity = index.as_identity();
    let is_own = table.replica_identity.as_ref() == Some(&identity);
    is_own.then(|| {
        format!(
            "ALTER TABLE {} REPLICA IDENTITY {identity}",
            table.full_name().sql()
        )
    })
}

/// The comments on the indexes and constraints that partitions have of a unique constraint, where
/// PostgreSQL calls them as they are.
pub(crate) fn of_parts(table: &Table, constraint: &Constraint, catalog: &Catalog) -> Vec<String> {
    let Some(index) = index_of(table, constraint) else {
        return vec![];
    };
    let (table, name) = (table.full_name(), Ident::new(constraint.name.as_str()));
    let without = catalog.after(&Change::DropConstraint(table, name));
    let mut statements = Vec::new();
    for (part, own) in catalog.parts_of(&index.full_name()) {
        let Some(of) = own
            .constraint
            .as_ref()
            .and_then(|of| part.constraint(&Ident::new(of.as_str())))
        else {
            continue;
        };
        let columns: Vec<Ident> = of
            .columns
            .iter()
            .map(|column| Ident::new(column.as_str()))
            .collect();
        let is_primary = of.kind == ConstraintKind::PrimaryKey;
        let (columns, label) = if is_primary {
            (&[][..], "pkey")
        } else {
            (columns.as_slice(), "key")
        };
        let on = part.full_name();
        if crate::sql::chosen_name(&on, columns, label, &without).as_str() == own.name {
            let name = own.full_name().name.sql();
            statements.extend(commented(
                "INDEX",
                &own.full_name().sql(),
                own.comment.as_ref(),
            ));
            statements.extend(commented(
                "CONSTRAINT",
                &format!("{name} ON {}", on.sql()),
                of.comment.as_ref(),
            ));
        }
        statements.extend(of_parts(part, of, catalog));
    }
    statements
}

/// What a constraint demands, with how its index is kept: that isn't in `pg_get_constraintdef`.
pub(crate) fn definition(table: &Table, constraint: &Constraint) -> String {
    let Some(index) = index_of(table, constraint) else {
        return constraint.definition.clone();
    };
    let mut kept = String::new();
    if !index.options.is_empty() {
        kept = format!(" WITH ({})", index.options.join(", "));
    }
    if let Some(tablespace) = &index.tablespace {
        kept = format!(
            "{kept} USING INDEX TABLESPACE {}",
            Ident::new(tablespace.as_str()).sql()
        );
    }
    let timing = constraint.timing().sql();
    let bare = constraint
        .definition
        .strip_suffix(timing)
        .unwrap_or(&constraint.definition);
    format!("{bare}{kept}{timing}")
}

fn index_of<'a>(table: &'a Table, constraint: &Constraint) -> Option<&'a Index> {
    let keyed = matches!(
        constraint.kind,
        ConstraintKind::Unique | ConstraintKind::PrimaryKey
    );
    let own = |index: &&Index| index.constraint.as_deref() == Some(constraint.name.as_str());
    table.indexes.iter().filter(|_| keyed).find(own)
}

fn commented(kind: &str, of: &str, comment: Option<&String>) -> Option<String> {
    comment.map(|comment| {
        format!(
            "COMMENT ON {kind} {of} IS {}",
            Ident::new(comment.as_str()).literal()
        )
    })
}
