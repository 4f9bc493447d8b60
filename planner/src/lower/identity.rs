//! Which things a statement makes, changes, renames and drops, for statements that are run as their
//! author wrote them.

use super::named::{found, new_name, of_kind, parts_of, published, published_no_more, rare, thing};
use super::{mentions, rolespec, strings};
use crate::catalog::{Catalog, Standing, TableKind};
use crate::change::Change;
use crate::footprint::{Aspect, Footprint, How, Thing, relation_made};
use concertina_revisions::tree::{
    AlterTableStmt, AlterTableType, CommentStmt, DropStmt, GrantStmt, GrantTargetType, Node,
    NodeEnum, ObjectType, RenameStmt, SelectStmt, node,
};
use concertina_revisions::{Ident, TableName};

/// What a whole statement touches, besides what it mentions.
#[expect(clippy::too_many_lines, reason = "a line for each kind of statement")]
pub(super) fn of_tree(tree: &NodeEnum, catalog: &Catalog) -> Footprint {
    let nothing = Footprint::default();
    let named = |kind: &str, name: &str| Thing::Named(kind.to_owned(), name.to_owned());
    let last = |parts: &[Node]| Ident::new(strings(parts).pop().unwrap_or_default());
    match tree {
        NodeEnum::CreateSchemaStmt(create) => {
            nothing.make(Thing::Schema(Ident::new(create.schemaname.as_str())))
        }
        NodeEnum::CreateSeqStmt(create) => {
            let made = relation_made(&new_name(create.sequence.as_ref(), catalog));
            owned(made, &create.options, catalog)
        }
        NodeEnum::ViewStmt(view) => relation_made(&new_name(view.view.as_ref(), catalog)),
        NodeEnum::CompositeTypeStmt(create) => {
            relation_made(&new_name(create.typevar.as_ref(), catalog))
        }
        NodeEnum::CreateForeignTableStmt(create) => {
            let base = create
                .base_stmt
                .as_ref()
                .and_then(|base| base.relation.as_ref());
            relation_made(&new_name(base, catalog)).read(rare())
        }
        NodeEnum::AlterSeqStmt(alter) => {
            let sequence = found(alter.sequence.as_ref(), catalog);
            let changed = nothing
                .on(&sequence)
                .change(Thing::Options(sequence.clone()))
                .change(Thing::Rows(sequence, None));
            owned(changed, &alter.options, catalog)
        }
        NodeEnum::CreateExtensionStmt(create) => nothing.make(named("extension", &create.extname)),
        NodeEnum::CreateFunctionStmt(create) => nothing
            .make(Thing::Function(last(&create.funcname)))
            .read(Thing::DefaultRights),
        NodeEnum::AlterFunctionStmt(alter) => {
            let name = alter
                .func
                .as_ref()
                .map_or_else(|| Ident::new(""), |func| last(&func.objname));
            nothing.change(Thing::Function(name))
        }
        NodeEnum::DefineStmt(define) => nothing
            .make(of_kind(define.kind(), &strings(&define.defnames), catalog))
            .read(Thing::DefaultRights),
        NodeEnum::CreateDomainStmt(create) => nothing
            .make(Thing::Type(last(&create.domainname)))
            .read(Thing::DefaultRights),
        NodeEnum::CreateRangeStmt(create) => {
            let name = last(&create.type_name);
            nothing
                .make(Thing::Type(name.clone()))
                .make(Thing::Function(name))
                .read(Thing::DefaultRights)
        }
        NodeEnum::AlterEnumStmt(alter) => nothing.change(Thing::Type(last(&alter.type_name))),
        NodeEnum::AlterDomainStmt(alter) => nothing.change(Thing::Type(last(&alter.type_name))),
        NodeEnum::CreateRoleStmt(create) => nothing.make(named("role", &create.role)),
        NodeEnum::AlterRoleStmt(_)
        | NodeEnum::AlterRoleSetStmt(_)
        | NodeEnum::GrantRoleStmt(_)
        | NodeEnum::DropRoleStmt(_) => nothing.change(named("role", "")),
        NodeEnum::CreatePublicationStmt(create) => published(
            nothing.make(named("publication", &create.pubname)),
            tree,
            catalog,
        ),
        NodeEnum::AlterPublicationStmt(alter) => published(
            nothing.change(named("publication", &alter.pubname)),
            tree,
            catalog,
        ),
        NodeEnum::AlterDefaultPrivilegesStmt(_) => nothing.change(Thing::DefaultRights),
        NodeEnum::AlterOwnerStmt(alter) => {
            let thing = thing(
                alter.object_type(),
                alter.relation.as_ref(),
                alter.object.as_deref(),
                "",
                catalog,
            );
            nothing
                .read(thing.clone())
                .change(Thing::Owner(Box::new(thing)))
        }
        NodeEnum::AlterObjectSchemaStmt(alter) => {
            let thing = thing(
                alter.object_type(),
                alter.relation.as_ref(),
                alter.object.as_deref(),
                "",
                catalog,
            );
            let to = Ident::new(alter.newschema.as_str());
            let moved = match &thing {
                Thing::Relation(name) => Thing::Relation(TableName {
                    schema: to.clone(),
                    name: name.name.clone(),
                }),
                other => other.clone(),
            };
            nothing.rename(thing, moved).read(Thing::Schema(to))
        }
        NodeEnum::GrantStmt(grant) => rights(grant, catalog),
        NodeEnum::CommentStmt(comment) => self::comment(comment, catalog),
        NodeEnum::DropStmt(drop) => dropped(drop, catalog),
        NodeEnum::RenameStmt(rename) => renamed(rename, catalog),
        NodeEnum::AlterTableStmt(alter) => other_relation(alter, catalog),
        NodeEnum::CreatePolicyStmt(create) => {
            let table = found(create.table.as_ref(), catalog);
            nothing.make(Thing::Policy(
                table,
                Some(Ident::new(create.policy_name.as_str())),
            ))
        }
        NodeEnum::AlterPolicyStmt(alter) => {
            let table = found(alter.table.as_ref(), catalog);
            nothing.change(Thing::Policy(
                table,
                Some(Ident::new(alter.policy_name.as_str())),
            ))
        }
        NodeEnum::CreateTrigStmt(create) => {
            let table = found(create.relation.as_ref(), catalog);
            nothing.make(Thing::Trigger(
                table,
                Some(Ident::new(create.trigname.as_str())),
            ))
        }
        NodeEnum::RuleStmt(rule) => {
            let table = found(rule.relation.as_ref(), catalog);
            nothing.make(Thing::Rule(table, Some(Ident::new(rule.rulename.as_str()))))
        }
        NodeEnum::CreateStatsStmt(create) => nothing.make(named(
            "statistics",
            strings(&create.defnames).last().map_or("", String::as_str),
        )),
        NodeEnum::AlterStatsStmt(alter) => nothing.change(named(
            "statistics",
            strings(&alter.defnames).last().map_or("", String::as_str),
        )),
        // Who casts to a type calls it.
        NodeEnum::CreateCastStmt(create) => {
            let target = create.targettype.iter().flat_map(|to| strings(&to.names));
            let target = Ident::new(target.last().unwrap_or_default());
            let by = create.func.iter().map(|func| last(&func.objname));
            by.fold(nothing, |all, name| all.read(Thing::Function(name)))
                .change(Thing::Type(target))
                .change(rare())
        }
        NodeEnum::SelectStmt(select) => selected(select, tree, catalog),
        NodeEnum::DoStmt(_)
        | NodeEnum::CallStmt(_)
        | NodeEnum::AlterExtensionStmt(_)
        | NodeEnum::AlterExtensionContentsStmt(_)
        | NodeEnum::ImportForeignSchemaStmt(_) => Footprint::anything(),
        // Kinds that are seldom seen keep their order among each other.
        _ => nothing.change(rare()),
    }
}

fn rights(grant: &GrantStmt, catalog: &Catalog) -> Footprint {
    let mut all = Footprint::default();
    let roles: Vec<Option<Ident>> = grant
        .grantees
        .iter()
        .map(|grantee| match &grantee.node {
            Some(node::Node::RoleSpec(role)) => rolespec(role).map(Ident::new),
            _ => None,
        })
        .collect();
    let how = if grant.is_grant { How::Make } else { How::Drop };
    let things: Vec<Thing> = if grant.targtype() == GrantTargetType::AclTargetObject {
        grant
            .objects
            .iter()
            .map(|object| of_kind(grant.objtype(), &parts_of(Some(object)), catalog))
            .collect()
    } else {
        // All there are in a schema: whichever they are by then.
        let in_schema = |table: &TableName| {
            grant
                .objects
                .iter()
                .any(|object| parts_of(Some(object)) == [table.schema.as_str()])
        };
        let relations = catalog
            .tables
            .iter()
            .map(|table| table.full_name())
            .filter(in_schema)
            .map(Thing::Relation);
        relations.chain([Thing::Anything]).collect()
    };
    for thing in things {
        all = all.read(thing.clone());
        if let Thing::Relation(name) = &thing
            && catalog.table(name).is_some()
        {
            // Rights on columns go with those on the table.
            for column in grant.privileges.iter().flat_map(columns_of) {
                all = all.read(Thing::column(name, &column));
            }
        }
        for role in &roles {
            all = all.with(how, Thing::Rights(Box::new(thing.clone()), role.clone()));
        }
    }
    all
}

fn columns_of(privilege: &Node) -> Vec<Ident> {
    match &privilege.node {
        Some(node::Node::AccessPriv(right)) => {
            strings(&right.cols).into_iter().map(Ident::new).collect()
        }
        _ => vec![],
    }
}

/// OWNED BY: the sequence goes with the column from then on.
fn owned(all: Footprint, options: &[Node], catalog: &Catalog) -> Footprint {
    let Some((table, column)) = super::addressed::owner_of(options) else {
        return all;
    };
    let (schema, table) = super::qualified(&table);
    let table = mentions::find(schema, table, catalog);
    let column = Ident::new(column);
    let identity = Thing::Aspect(table.clone(), Some(column.clone()), Aspect::Identity);
    all.on(&table)
        .read(Thing::column(&table, &column))
        .change(identity)
}

fn comment(comment: &CommentStmt, catalog: &Catalog) -> Footprint {
    let thing = thing(
        comment.objtype(),
        None,
        comment.object.as_deref(),
        "",
        catalog,
    );
    let all = Footprint::default().read(thing.clone());
    let all = match thing.table() {
        Some(table) => all.on(table),
        None => all,
    };
    all.change(Thing::Comment(Box::new(thing)))
}

fn dropped(drop: &DropStmt, catalog: &Catalog) -> Footprint {
    let mut all = Footprint::default();
    for object in &drop.objects {
        let thing = thing(drop.remove_type(), None, Some(object), "", catalog);
        if drop.remove_type() == ObjectType::ObjectExtension {
            // And whatever it brought.
            return Footprint::anything();
        }
        if let Thing::Relation(name) = &thing {
            all = view_dropped(all, name, catalog);
        }
        if let Some(table) = thing
            .table()
            .filter(|_| !matches!(thing, Thing::Relation(_)))
        {
            all = all.on(table).and(&definition_of(&thing, table, catalog));
        }
        if let Some((table, by)) = standing(&thing) {
            all = all.and(&catalog.stood_on(table, &by));
        }
        if drop.remove_type() == ObjectType::ObjectPublication {
            all = published_no_more(all, catalog);
        }
        all = all.drop(thing);
    }
    all
}

/// What goes by its own statement, as something that stands on columns: of which table, where it
/// belongs to one.
fn standing(thing: &Thing) -> Option<(Option<&TableName>, Standing)> {
    let name = |name: &Ident| name.as_str().to_owned();
    match thing {
        Thing::Policy(table, Some(own)) => Some((Some(table), Standing::Policy(name(own)))),
        Thing::Trigger(table, Some(own)) => Some((Some(table), Standing::Trigger(name(own)))),
        Thing::Rule(table, Some(own)) => Some((Some(table), Standing::Rule(name(own)))),
        Thing::Function(own) => Some((None, Standing::Function(name(own)))),
        _ => None,
    }
}

/// A relation other than a table goes, and no more stands on what it was made of.
fn view_dropped(all: Footprint, name: &TableName, catalog: &Catalog) -> Footprint {
    let mut all = all
        .drop(Thing::Type(name.name.clone()))
        .change(Thing::Whole(name.clone()));
    for table in &catalog.tables {
        let of = table.full_name();
        for dependant in table
            .dependants
            .iter()
            .filter(|one| one.is_view(name, &catalog.search_path))
        {
            all = all.on(&of).read(Thing::Column(
                of.clone(),
                dependant.column.as_deref().map(Ident::new),
            ));
        }
    }
    all
}

/// What a policy or trigger that goes was made of.
fn definition_of(thing: &Thing, table: &TableName, catalog: &Catalog) -> Footprint {
    let Some(known) = catalog.table(table) else {
        return Footprint::default();
    };
    let definition = match thing {
        Thing::Trigger(_, Some(name)) => known
            .triggers
            .iter()
            .find(|one| one.name == name.as_str())
            .map(|one| one.definition.as_str()),
        Thing::Policy(_, Some(name)) => known
            .policies
            .iter()
            .find(|one| one.name == name.as_str())
            .map(|one| one.definition.as_str()),
        _ => None,
    };
    definition.map_or_else(Footprint::default, |sql| {
        mentions::of_statement(sql, catalog)
    })
}

fn renamed(rename: &RenameStmt, catalog: &Catalog) -> Footprint {
    let kind = rename.rename_type();
    let old = if kind == ObjectType::ObjectAttribute {
        // Of a composite type.
        let of = found(rename.relation.as_ref(), catalog);
        return Footprint::default()
            .on(&of)
            .change(Thing::Type(of.name.clone()))
            .change(Thing::Whole(of));
    } else {
        thing(
            kind,
            rename.relation.as_ref(),
            rename.object.as_deref(),
            &rename.subname,
            catalog,
        )
    };
    let new = Ident::new(rename.newname.as_str());
    let all = old
        .table()
        .map_or_else(Footprint::default, |table| Footprint::default().on(table));
    let to = match &old {
        Thing::Relation(name) => {
            let to = name.beside(&new);
            let all = all.rename(old.clone(), Thing::Relation(to.clone()));
            return match catalog.table(name) {
                Some(known) if known.kind != TableKind::Plain || known.is(name) => all
                    .rename(Thing::Type(name.name.clone()), Thing::Type(to.name))
                    .change(Thing::Whole(name.clone())),
                _ => all,
            };
        }
        Thing::Constraint(table, name) => {
            // An index goes by the same name.
            let all = all.rename(Thing::beside(table, name), Thing::beside(table, &new));
            return all.rename(old.clone(), Thing::constraint(table, &new));
        }
        Thing::Column(table, _) => Thing::column(table, &new),
        Thing::Trigger(table, _) => Thing::Trigger(table.clone(), Some(new)),
        Thing::Policy(table, _) => Thing::Policy(table.clone(), Some(new)),
        Thing::Rule(table, _) => Thing::Rule(table.clone(), Some(new)),
        Thing::Type(_) => Thing::Type(new),
        Thing::Function(_) => Thing::Function(new),
        // What is in it gets another name, too.
        Thing::Schema(_) => return Footprint::anything(),
        Thing::Named(kind, _) => Thing::Named(kind.clone(), new.as_str().to_owned()),
        other => other.clone(),
    };
    all.rename(old.clone(), to)
}

/// ALTER of an index, a view, a sequence or a type.
fn other_relation(alter: &AlterTableStmt, catalog: &Catalog) -> Footprint {
    let name = found(alter.relation.as_ref(), catalog);
    let mut all = Footprint::default().on(&name);
    for command in &alter.cmds {
        let Some(node::Node::AlterTableCmd(command)) = &command.node else {
            continue;
        };
        all = match (alter.objtype(), command.subtype()) {
            (ObjectType::ObjectType, _) => all
                .change(Thing::Type(name.name.clone()))
                .change(Thing::Whole(name.clone())),
            (ObjectType::ObjectIndex, AlterTableType::AtAttachPartition) => {
                let part = match command.def.as_ref().and_then(|def| def.node.as_ref()) {
                    Some(node::Node::PartitionCmd(part)) => found(part.name.as_ref(), catalog),
                    _ => name.clone(),
                };
                all.change(Thing::Relation(name.clone()))
                    .change(Thing::Relation(part))
            }
            _ => all.and(&super::actions::of_action(command, &name, catalog)),
        };
    }
    all
}

/// Functions that do nothing but what they say, as far as they are called on their own.
const PLAIN_FUNCTIONS: [&str; 14] = [
    "set_config",
    "setval",
    "nextval",
    "currval",
    "pg_get_serial_sequence",
    "now",
    "max",
    "min",
    "count",
    "coalesce",
    "greatest",
    "least",
    "pg_notify",
    "current_setting",
];

/// A SELECT that is run as it stands. What its functions do is known of a few of PostgreSQL's own.
fn selected(select: &SelectStmt, tree: &NodeEnum, catalog: &Catalog) -> Footprint {
    let called = mentions::functions(tree);
    let plain = |name: &String| {
        PLAIN_FUNCTIONS.contains(&name.as_str())
            && !catalog.functions.iter().any(|known| known.name == *name)
    };
    if !called.iter().all(plain)
        || !select.locking_clause.is_empty()
        || select.with_clause.is_some()
    {
        return Footprint::anything();
    }
    let relations = super::named_tables(tree, catalog);
    let all = crate::touches::rows_of(Footprint::default(), &relations, catalog);
    let sequences = mentions::literals(tree, catalog);
    sequences
        .into_iter()
        .fold(all, |all, sequence| all.change(Thing::Rows(sequence, None)))
}

/// Fills in what the changes of a statement touch, where they are run as their author wrote them.
pub(super) fn fill(
    changes: &mut [Change],
    tree: &NodeEnum,
    mentioned: &Footprint,
    catalog: &Catalog,
) {
    for change in changes {
        let touches = match change {
            Change::CatalogOnly(only) => &mut only.touches,
            Change::Setting(setting) => &mut setting.touches,
            _ => continue,
        };
        if touches.is_empty() {
            *touches = of_tree(tree, catalog);
        }
        touches.merge(mentioned);
    }
}
