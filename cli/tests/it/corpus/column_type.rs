//! ALTER COLUMN TYPE: where every stored value is right as it is, and where it isn't.

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
    int_to_bigint: both_ways("ALTER TABLE seats ALTER COLUMN number TYPE bigint;").moving();
    text_to_enum: both_ways(
        "ALTER TABLE leads ALTER COLUMN status DROP DEFAULT;
         CREATE TYPE state AS ENUM ('new', 'won');
         ALTER TABLE leads DROP CONSTRAINT leads_status_check;
         ALTER TABLE leads ALTER COLUMN status TYPE state USING status::state;
         ALTER TABLE leads ALTER COLUMN status SET DEFAULT 'new';").moving();
    text_to_jsonb: both_ways(
        "ALTER TABLE visits DROP CONSTRAINT known;
         -- concertina: reverse (place #>> '{}')
         ALTER TABLE visits ALTER COLUMN place TYPE jsonb USING to_jsonb(place);").moving();
    primary_key: both_ways("CREATE TABLE flags (n int); ALTER TABLE calls ALTER COLUMN id TYPE numeric;").moving();
    referenced_primary_key: both_ways("ALTER TABLE leads ALTER COLUMN id TYPE int;").moving();
    both_ends_of_a_key: both_ways(
        "ALTER TABLE calls ALTER COLUMN lead_id TYPE int; ALTER TABLE leads ALTER COLUMN id TYPE int;").moving();
    referencing_column: both_ways("ALTER TABLE calls ALTER COLUMN lead_id TYPE int;").moving();
    identity: both_ways("ALTER TABLE seats ALTER COLUMN id TYPE bigint;").moving();
    unique_and_checked: both_ways(
        "-- concertina: reverse (lower(title))
         ALTER TABLE leads ALTER COLUMN title TYPE varchar(60) USING upper(title);").moving();
    unique_text: both_ways("ALTER TABLE leads ALTER COLUMN email TYPE varchar(100);").moving();
    with_a_later_index: both_ways(
        "ALTER TABLE seats ALTER COLUMN number TYPE bigint; CREATE INDEX seats_number ON seats (number);
         ALTER TABLE seats ADD CONSTRAINT small CHECK (number < 1000);").moving();
    timestamp_indexed: both_ways(
        "CREATE INDEX leads_seen ON leads (seen); ALTER TABLE leads ALTER COLUMN seen TYPE timestamptz USING seen AT TIME ZONE 'UTC';").moving();
    key_of_its_own_table: both_ways("ALTER TABLE nodes ALTER COLUMN id TYPE bigint;").moving();
    of_partitions: both_ways("ALTER TABLE events ALTER COLUMN lead_id TYPE int;").moving();
    enum_without_a_value: both_ways(
        "CREATE TYPE grading AS ENUM ('good', 'fair');
         ALTER TABLE nodes ALTER COLUMN mark DROP DEFAULT, ALTER COLUMN mark TYPE grading USING mark::text::grading,
                           ALTER COLUMN mark SET DEFAULT 'good';").moving();
}
