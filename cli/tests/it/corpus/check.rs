//! ADD CHECK, VALIDATE CONSTRAINT.

use super::{both_ways, corpus};

corpus! {
    add_check: both_ways("ALTER TABLE leads ADD CONSTRAINT small CHECK (score < 100);");
    add_unnamed_check: both_ways("ALTER TABLE leads ADD CHECK (score < 100 AND worth > 0);");
    add_check_not_valid: both_ways("ALTER TABLE leads ADD CONSTRAINT small CHECK (score < 100) NOT VALID;");
    add_check_then_validate: both_ways(
        "ALTER TABLE leads ADD CONSTRAINT small CHECK (score < 100) NOT VALID;
         ALTER TABLE leads VALIDATE CONSTRAINT small;");
    validate_what_is_valid: both_ways("ALTER TABLE leads VALIDATE CONSTRAINT leads_status_check;");
    several_checks_in_one_scan: both_ways(
        "ALTER TABLE leads ADD CONSTRAINT small CHECK (score < 100), ADD CONSTRAINT rich CHECK (worth >= 0);");
    check_on_partitions: both_ways("ALTER TABLE events ADD CONSTRAINT counted CHECK (id > 0);");
    check_on_children: both_ways("ALTER TABLE vehicles ADD CONSTRAINT rolls CHECK (wheels > 0);");
    check_not_inherited: both_ways("ALTER TABLE vehicles ADD CONSTRAINT two CHECK (wheels = 2) NO INHERIT;");
    check_not_enforced: both_ways("ALTER TABLE leads ADD CONSTRAINT small CHECK (score < 0) NOT ENFORCED;").since(18);
    check_after_the_fill: both_ways(
        "ALTER TABLE leads ADD COLUMN grade int;
         UPDATE leads SET grade = score + 1 WHERE grade IS NULL;
         ALTER TABLE leads ADD CONSTRAINT graded CHECK (grade > 0);");
    exclude_on_new: both_ways(
        "CREATE TABLE stays (room int, during int4range);
         ALTER TABLE stays ADD CONSTRAINT alone EXCLUDE USING gist (during WITH &&);");
}
