//! The law as a property: whatever revision is written, no plan holds a blocking lock for long; and what one plan
//! stores, another process reads back as the same plan.

use crate::fixture::crm;
use concertina_planner::stored::StoredPlan;
use concertina_planner::{law, plan};
use concertina_revisions::{Revision, RevisionId};
use proptest::prelude::*;

fn statement() -> impl Strategy<Value = String> {
    let table = prop_oneof![Just("leads"), Just("deals"), Just("owners"), Just("drafts"), Just("fresh")];
    let column = prop_oneof![Just("id"), Just("status"), Just("stage"), Just("team_id"), Just("c1"), Just("c2")];
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_plan_breaks_the_law(statements in prop::collection::vec(statement(), 1..7)) {
        let sql = statements.join(";\n");
        let revision = Revision::from_text(&RevisionId::new("r"), &sql).unwrap();
        if let Ok(plan) = plan(&revision, &crm()) {
            prop_assert_eq!(law::violations(&plan), Vec::<String>::new(), "{}", sql);
            let json = serde_json::to_string(&StoredPlan::new(plan.clone())).unwrap();
            prop_assert_eq!(StoredPlan::read(&json).unwrap(), plan);
        }
    }
}
