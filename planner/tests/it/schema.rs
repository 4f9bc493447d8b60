//! The JSON schema of plans, for those who read `plan --json`.

use concertina_planner::Plan;
use std::path::Path;

#[test]
fn the_schema_in_the_book_is_that_of_the_types() {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Plan)).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/plan.schema.json");
    if std::env::var_os("CONCERTINA_BLESS").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), schema);
}
