//! The law as a property: whatever revision is written, no plan holds a blocking lock for long; and
//! what one plan stores, another process reads back as the same plan.

use crate::every_command::{COMMANDS, FORMS, database};
use crate::fixture::crm;
use concertina_planner::stored::StoredPlan;
use concertina_planner::{Catalog, law, plan};
use concertina_revisions::{Revision, RevisionId};
use proptest::prelude::*;

fn statement() -> impl Strategy<Value = String> {
    let table = prop_oneof![
        Just("leads"),
        Just("deals"),
        Just("owners"),
        Just("drafts"),
        Just("fresh")
    ];
    let column = prop_oneof![
        Just("id"),
        Just("status"),
        Just("stage"),
        Just("team_id"),
        Just("c1"),
        Just("c2")
    ];
    (table, column, 0..16_u8).prop_map(|(table, column, form)| match form {
        0 => format!("ALTER TABLE {table} ADD COLUMN c1 int"),
        1 => format!("ALTER TABLE {table} ADD COLUMN c2 uuid NOT NULL DEFAULT gen_random_uuid()"),
        2 => format!("ALTER TABLE {table} ADD COLUMN c1 text DEFAULT 'x' NOT NULL CHECK (c1 <> '')"),
        3 => format!("UPDATE {table} SET {column} = NULL"),
        4 => format!("UPDATE {table} SET c1 = '1' WHERE c1 IS NULL"),
        5 => format!("UPDATE {table} SET c1 = o.team_id FROM owners o WHERE o.id = {table}.id"),
        6 => format!("ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL"),
        7 => format!("ALTER TABLE {table} ADD UNIQUE ({column}), ADD CHECK ({column} IS NOT NULL)"),
        8 => format!("ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES owners (id)"),
        9 => format!("CREATE INDEX ON {table} ({column})"),
        10 => format!("ALTER TABLE {table} DROP COLUMN {column}"),
        11 => format!("DELETE FROM {table} WHERE {column} IS NULL"),
        12 => "CREATE TABLE fresh (id bigint PRIMARY KEY, status text, lead bigint REFERENCES leads (id))".to_owned(),
        13 => format!("DROP TABLE {table}"),
        14 => format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT, ADD COLUMN c2 bigserial"),
        _ => format!("INSERT INTO {table} ({column}) VALUES (NULL)"),
    })
}

/// Any statement at all: of the manual's commands, and of the forms of ALTER TABLE.
fn any_statement() -> impl Strategy<Value = String> {
    let lines: Vec<String> = FORMS
        .lines()
        .chain(COMMANDS.lines())
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    prop_oneof![2 => prop::sample::select(lines), 1 => statement()]
}

/// What holds of every plan.
fn lawful(statements: &[String], catalog: &Catalog) -> Result<(), TestCaseError> {
    let sql = statements.join(";\n");
    let Ok(revision) = Revision::from_text(&RevisionId::new("r"), &sql) else {
        return Ok(());
    };
    let Ok(plan) = plan(&revision, catalog) else {
        return Ok(());
    };
    prop_assert_eq!(law::violations(&plan), Vec::<String>::new(), "{}", sql);
    let json = serde_json::to_string(&StoredPlan::new(plan.clone())).expect("a plan is JSON");
    prop_assert_eq!(StoredPlan::read(&json), Ok(plan.clone()));
    // What it says takes it back is SQL.
    if let Ok(back) = &plan.reverse
        && !back.is_empty()
    {
        let back = back.join(";\n");
        prop_assert!(
            Revision::from_text(&RevisionId::new("back"), &back).is_ok(),
            "{}\n{}",
            sql,
            back
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_plan_breaks_the_law(statements in prop::collection::vec(statement(), 1..7)) {
        lawful(&statements, &crm())?;
    }

    #[test]
    fn nor_does_one_of_any_statements(statements in prop::collection::vec(any_statement(), 1..5)) {
        lawful(&statements, &database())?;
    }
}
