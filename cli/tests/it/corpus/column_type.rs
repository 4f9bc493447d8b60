//! ALTER COLUMN TYPE where every stored value is right as it is.

use super::{both_ways, corpus, one_way};

corpus! {
    wider_numeric: one_way("ALTER TABLE leads ALTER COLUMN worth TYPE numeric(14,2);");
    unbounded_numeric: one_way("ALTER TABLE leads ALTER COLUMN worth TYPE numeric;");
    wider_with_check: one_way("ALTER TABLE leads ALTER COLUMN title TYPE text;");
    longer_varchar: one_way("ALTER TABLE leads ALTER COLUMN title TYPE varchar(200);");
    unbounded_varchar: one_way("ALTER TABLE leads ALTER COLUMN title TYPE varchar;");
    indexed_text_to_varchar: both_ways("ALTER TABLE leads ALTER COLUMN email TYPE varchar;");
    same_type: both_ways("ALTER TABLE leads ALTER COLUMN email TYPE text;");
    timestamp_under_utc: both_ways("ALTER TABLE leads ALTER COLUMN seen TYPE timestamptz USING seen AT TIME ZONE 'UTC';");
    domain_to_its_base: both_ways(
        "CREATE TABLE notes (id int PRIMARY KEY, body word); ALTER TABLE notes ALTER COLUMN body TYPE text;");
    any_type_on_new: both_ways(
        "CREATE TABLE notes (id int PRIMARY KEY, body text); ALTER TABLE notes ALTER COLUMN id TYPE bigint;");
}
