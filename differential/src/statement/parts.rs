//! What hangs on tables: triggers, policies, rules, rights, comments, statistics, settings.

use super::{Kind, kind, one, part};
use crate::draw::Draw;
use crate::sql::{list, name, optional, qualified};
use crate::world::{Relation, Trigger, World};

/// Roles that every server of ours has.
pub const ROLES: [&str; 3] = ["app", "reader", "Odd Role"];

pub(super) const KINDS: &[Kind] = &[
    part("create trigger", 7, create_trigger),
    part("create statement trigger", 1, create_statement_trigger),
    kind("drop trigger", 4, drop_trigger),
    kind("rename trigger", 2, rename_trigger),
    kind("disable trigger", 2, disable_trigger),
    kind("enable trigger", 2, enable_trigger),
    part("create policy", 5, create_policy),
    kind("alter policy", 2, alter_policy),
    kind("drop policy", 3, drop_policy),
    kind("rename policy", 1, rename_policy),
    part("create rule", 2, create_rule),
    kind("drop rule", 1, drop_rule),
    part("grant", 8, grant),
    part("grant on column", 5, grant_on_column),
    kind("revoke", 5, revoke),
    part("comment on table", 3, comment_on_table),
    part("comment on column", 5, comment_on_column),
    part("comment on constraint", 2, comment_on_constraint),
    part("comment on trigger", 1, comment_on_trigger),
    part("create statistics", 4, create_statistics),
    kind("drop statistics", 1, drop_statistics),
    kind("alter statistics", 1, alter_statistics),
    kind("row level security", 3, row_level_security),
    part("set options", 3, set_options),
    kind("reset options", 1, reset_options),
    part("replica identity", 2, replica_identity),
    kind("change owner", 2, change_owner),
];

fn trigger_function(draw: &mut Draw, world: &World) -> Option<String> {
    let functions: Vec<_> = world.functions.iter().filter(|one| one.trigger).collect();
    draw.one(&functions)
        .map(|one| qualified(&one.schema, &one.name))
}

fn create_trigger(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let function = trigger_function(draw, world)?;
    let table = draw.table(world)?.clone();
    let column = draw.column(&table)?.clone();
    let sql = name(&column.name);
    let (event, condition) = match draw.number(0, 6) {
        5 => (
            "AFTER UPDATE",
            optional(&format!(" WHEN (old.{sql} IS DISTINCT FROM new.{sql})")),
        ),
        6 => ("BEFORE INSERT OR UPDATE OF", String::new()),
        0 => ("BEFORE INSERT", String::new()),
        1 => ("BEFORE UPDATE", String::new()),
        2 => ("AFTER INSERT OR UPDATE", String::new()),
        3 => (
            "BEFORE UPDATE",
            optional(&format!(" WHEN (old.{sql} IS NOT NULL)")),
        ),
        _ => ("BEFORE UPDATE OF", String::new()),
    };
    let of = if event.ends_with("OF") {
        format!(" {}", list(&[sql]))
    } else {
        String::new()
    };
    let trigger = format!("{}_g", draw.fresh(world));
    one(format!(
        "CREATE TRIGGER {} {event}{of} ON {} FOR EACH ROW{condition} EXECUTE FUNCTION {function}()",
        name(&trigger),
        table.sql()
    ))
}

fn create_statement_trigger(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let function = trigger_function(draw, world)?;
    let table = draw.table(world)?.clone();
    let trigger = format!("{}_g", draw.fresh(world));
    one(format!(
        "CREATE TRIGGER {} AFTER UPDATE OR DELETE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        name(&trigger),
        table.sql()
    ))
}

fn trigger(draw: &mut Draw, world: &World) -> Option<(Relation, Trigger)> {
    let pairs: Vec<(&Relation, &Trigger)> = world
        .relations
        .iter()
        .flat_map(|table| table.triggers.iter().map(move |one| (table, one)))
        .collect();
    draw.of_tables(&pairs)
        .map(|(table, one)| ((*table).clone(), (*one).clone()))
}

fn drop_trigger(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, gone) = trigger(draw, world)?;
    one(format!(
        "DROP TRIGGER {} ON {}",
        name(&gone.name),
        table.sql()
    ))
}

fn rename_trigger(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, old) = trigger(draw, world)?;
    let to = format!("{}_g", draw.fresh(world));
    one(format!(
        "ALTER TRIGGER {} ON {} RENAME TO {}",
        name(&old.name),
        table.sql(),
        name(&to)
    ))
}

fn disable_trigger(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, known) = trigger(draw, world)?;
    one(format!(
        "ALTER TABLE {} DISABLE TRIGGER {}",
        table.sql(),
        name(&known.name)
    ))
}

fn enable_trigger(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, known) = trigger(draw, world)?;
    let how = draw.word(&["", " ALWAYS", " REPLICA"]);
    one(format!(
        "ALTER TABLE {} ENABLE{how} TRIGGER {}",
        table.sql(),
        name(&known.name)
    ))
}

fn create_policy(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let condition = draw.condition(&table, world);
    let policy = format!("{}_y", draw.fresh(world));
    let command = draw.word(&["", " FOR SELECT", " AS RESTRICTIVE"]);
    let role = if draw.chance(30) {
        optional(&format!(" TO {}", name(draw.word(&ROLES))))
    } else {
        String::new()
    };
    one(format!(
        "CREATE POLICY {} ON {}{command}{role} USING ({condition})",
        name(&policy),
        table.sql()
    ))
}

fn policy(draw: &mut Draw, world: &World) -> Option<(Relation, String)> {
    let pairs: Vec<(&Relation, &String)> = world
        .relations
        .iter()
        .flat_map(|table| table.policies.iter().map(move |one| (table, one)))
        .collect();
    draw.of_tables(&pairs)
        .map(|(table, one)| ((*table).clone(), (*one).clone()))
}

fn alter_policy(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, known) = policy(draw, world)?;
    let condition = draw.condition(&table, world);
    one(format!(
        "ALTER POLICY {} ON {} USING ({condition})",
        name(&known),
        table.sql()
    ))
}

fn drop_policy(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, known) = policy(draw, world)?;
    one(format!("DROP POLICY {} ON {}", name(&known), table.sql()))
}

fn rename_policy(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, known) = policy(draw, world)?;
    let to = format!("{}_y", draw.fresh(world));
    one(format!(
        "ALTER POLICY {} ON {} RENAME TO {}",
        name(&known),
        table.sql(),
        name(&to)
    ))
}

fn create_rule(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let condition = draw.condition(&table, world).replace('\u{1}', "old.\u{1}");
    let rule = format!("{}_r", draw.fresh(world));
    let event = draw.word(&["DELETE", "DELETE", "UPDATE"]);
    let action = draw.word(&[
        "ALSO NOTIFY gone",
        "INSTEAD NOTHING",
        "ALSO INSERT INTO journal VALUES ('rule', 'ROW')",
    ]);
    (table.kind == 'r').then(|| {
        vec![format!(
            "CREATE RULE {} AS ON {event} TO {} WHERE {condition} DO {action}",
            name(&rule),
            table.sql()
        )]
    })
}

fn drop_rule(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let pairs: Vec<(&Relation, &String)> = world
        .relations
        .iter()
        .flat_map(|table| table.rules.iter().map(move |one| (table, one)))
        .collect();
    let (table, rule) = draw.of_tables(&pairs)?;
    one(format!("DROP RULE {} ON {}", name(rule), table.sql()))
}

fn relation<'a>(draw: &mut Draw, world: &'a World) -> Option<&'a Relation> {
    draw.relation(world)
}

fn grant(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = relation(draw, world)?;
    let rights = draw.word(&["SELECT", "SELECT, INSERT", "ALL", "UPDATE", "DELETE"]);
    let option = if draw.chance(15) {
        optional(" WITH GRANT OPTION")
    } else {
        String::new()
    };
    one(format!(
        "GRANT {rights} ON {} TO {}{option}",
        table.sql(),
        name(draw.word(&ROLES))
    ))
}

fn grant_on_column(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = relation(draw, world)?.clone();
    let column = draw.column(&table)?;
    let right = draw.word(&["SELECT", "UPDATE", "REFERENCES"]);
    let option = if draw.chance(15) {
        optional(" WITH GRANT OPTION")
    } else {
        String::new()
    };
    one(format!(
        "GRANT {right} ({}) ON {} TO {}{option}",
        name(&column.name),
        table.sql(),
        name(draw.word(&ROLES))
    ))
}

fn revoke(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = relation(draw, world)?;
    let rights = draw.word(&["ALL", "SELECT", "INSERT", "GRANT OPTION FOR SELECT"]);
    one(format!(
        "REVOKE {rights} ON {} FROM {}",
        table.sql(),
        name(draw.word(&ROLES))
    ))
}

fn text_or_null(draw: &mut Draw) -> &'static str {
    draw.word(&["'what it is'", "'it''s'", "NULL"])
}

fn comment_on_table(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = relation(draw, world)?;
    let word = match table.kind {
        'v' => "VIEW",
        'm' => "MATERIALIZED VIEW",
        _ => "TABLE",
    };
    one(format!(
        "COMMENT ON {word} {} IS {}",
        table.sql(),
        text_or_null(draw)
    ))
}

fn comment_on_column(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = relation(draw, world)?.clone();
    let column = draw.column(&table)?;
    one(format!(
        "COMMENT ON COLUMN {}.{} IS {}",
        table.sql(),
        name(&column.name),
        text_or_null(draw)
    ))
}

fn comment_on_constraint(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, known) = super::constraints::existing(draw, world)?;
    one(format!(
        "COMMENT ON CONSTRAINT {} ON {} IS {}",
        name(&known.name),
        table.sql(),
        text_or_null(draw)
    ))
}

fn comment_on_trigger(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, known) = trigger(draw, world)?;
    one(format!(
        "COMMENT ON TRIGGER {} ON {} IS {}",
        name(&known.name),
        table.sql(),
        text_or_null(draw)
    ))
}

fn create_statistics(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let (first, second) = (draw.column(&table)?.clone(), draw.column(&table)?.clone());
    let statistics = format!("{}_x", draw.fresh(world));
    (first.name != second.name).then(|| {
        vec![format!(
            "CREATE STATISTICS {} ON {}, {} FROM {}",
            name(&statistics),
            name(&first.name),
            name(&second.name),
            table.sql()
        )]
    })
}

fn drop_statistics(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = draw.one(&world.statistics)?;
    one(format!(
        "DROP STATISTICS {}",
        qualified(&known.schema, &known.name)
    ))
}

fn alter_statistics(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = draw.one(&world.statistics)?;
    one(format!(
        "ALTER STATISTICS {} SET STATISTICS 55",
        qualified(&known.schema, &known.name)
    ))
}

fn row_level_security(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?;
    let what = draw.word(&["ENABLE", "DISABLE", "FORCE", "NO FORCE"]);
    one(format!(
        "ALTER TABLE {} {what} ROW LEVEL SECURITY",
        table.sql()
    ))
}

fn set_options(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let what = draw.word(&[
        "fillfactor = 80",
        "autovacuum_enabled = false",
        "autovacuum_vacuum_threshold = 100",
    ]);
    (table.kind == 'r').then(|| vec![format!("ALTER TABLE {} SET ({what})", table.sql())])
}

fn reset_options(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?;
    one(format!("ALTER TABLE {} RESET (fillfactor)", table.sql()))
}

fn replica_identity(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let unique: Vec<&str> = table
        .indexes
        .iter()
        .filter(|one| one.unique && !one.partial)
        .map(|one| one.name.as_str())
        .collect();
    let what = match draw.one(&unique) {
        Some(index) if draw.chance(60) => format!("USING INDEX {}", name(index)),
        _ => draw.word(&["FULL", "NOTHING", "DEFAULT"]).to_owned(),
    };
    one(format!(
        "ALTER TABLE {} REPLICA IDENTITY {what}",
        table.sql()
    ))
}

fn change_owner(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?;
    one(format!(
        "ALTER TABLE {} OWNER TO {}",
        table.sql(),
        name(draw.word(&ROLES))
    ))
}
