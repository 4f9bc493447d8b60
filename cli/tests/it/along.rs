//! `with references`: the columns that point at one whose type changes, changed with it.

use crate::fixture::Site;
use crate::lifecycle::without_order;

const SCHEMA: &str = "CREATE TABLE owners (id varchar(36) PRIMARY KEY, name text);
    INSERT INTO owners SELECT md5(g::text)::uuid, 'o' || g FROM generate_series(1, 200) g;
    CREATE TABLE leads (id int PRIMARY KEY, owner_id varchar(36) NOT NULL REFERENCES owners ON DELETE CASCADE, up int REFERENCES leads);
    CREATE INDEX leads_owner ON leads (owner_id);
    INSERT INTO leads SELECT g, md5((1 + g % 200)::text)::uuid, nullif(g / 2, 0) FROM generate_series(1, 4000) g;
    CREATE TABLE calls (lead_id int REFERENCES leads, by varchar(36) REFERENCES owners, at int);
    INSERT INTO calls SELECT g, md5((1 + g % 200)::text)::uuid, g FROM generate_series(1, 4000) g;
    -- A key that is a key elsewhere.
    CREATE TABLE details (lead_id int PRIMARY KEY REFERENCES leads, text text);
    INSERT INTO details SELECT g, '' FROM generate_series(1, 4000) g;
    CREATE TABLE marks (detail_id int REFERENCES details (lead_id));
    INSERT INTO marks SELECT g FROM generate_series(1, 4000) g; ANALYZE;";

/// What people do by hand, with everyone waiting.
const BY_HAND: &str = "ALTER TABLE leads DROP CONSTRAINT leads_owner_id_fkey; ALTER TABLE calls DROP CONSTRAINT calls_by_fkey;
    ALTER TABLE owners ALTER COLUMN id TYPE uuid USING id::uuid;
    ALTER TABLE leads ALTER COLUMN owner_id TYPE uuid USING owner_id::uuid;
    ALTER TABLE calls ALTER COLUMN by TYPE uuid USING by::uuid;
    ALTER TABLE leads ADD FOREIGN KEY (owner_id) REFERENCES owners ON DELETE CASCADE; ALTER TABLE calls ADD FOREIGN KEY (by) REFERENCES owners;
    ALTER TABLE leads ALTER COLUMN id TYPE bigint, ALTER COLUMN up TYPE bigint;
    ALTER TABLE calls ALTER COLUMN lead_id TYPE bigint; ALTER TABLE details ALTER COLUMN lead_id TYPE bigint;
    ALTER TABLE marks ALTER COLUMN detail_id TYPE bigint;";

#[tokio::test(flavor = "multi_thread")]
async fn both_ends_of_every_key_change_and_change_back() {
    let site = Site::new(
        SCHEMA,
        &[
            (
                "001_uuid",
                "-- concertina: with references\nALTER TABLE owners ALTER COLUMN id TYPE uuid USING id::uuid;",
            ),
            ("002_wide", "-- concertina: with references\nALTER TABLE leads ALTER COLUMN id TYPE bigint;"),
        ],
    )
    .await;
    let start = without_order(&site.schema());
    site.server.create_database("naive", None).await.unwrap();
    let naive = site.server.connect("naive").await.unwrap();
    naive.batch_execute(SCHEMA).await.unwrap();
    naive.batch_execute(BY_HAND).await.unwrap();
    let wanted = without_order(&site.server.dump_schema("naive").unwrap());

    site.run(&["upgrade", "+1"]).ends(3);
    // Keys are watched in both forms meanwhile.
    let broken =
        "INSERT INTO calls (lead_id, by) VALUES (1, 'ffffffff-0000-0000-0000-000000000000')";
    assert!(site.client.batch_execute(broken).await.is_err());
    site.client
        .batch_execute("DELETE FROM owners WHERE name = 'o200' AND NOT EXISTS (SELECT FROM calls WHERE by = owners.id)")
        .await
        .unwrap();
    site.run(&["rollback"]).ends(0);
    assert_eq!(
        without_order(&site.schema()),
        start,
        "rollback leaves no trace"
    );

    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(without_order(&site.schema()), wanted);
    let joined = "SELECT count(*) FROM leads l JOIN owners o ON o.id = l.owner_id JOIN calls c ON c.lead_id = l.id AND c.by = o.id
        JOIN details d ON d.lead_id = l.id JOIN marks m ON m.detail_id = d.lead_id";
    assert_eq!(site.value::<i64>(joined).await, 4000);
    site.run(&["downgrade", "base", "--contract"]).ends(0);
    assert_eq!(without_order(&site.schema()), start);
    assert_eq!(site.value::<i64>(joined).await, 4000);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_said_of_types_alone() {
    let site = Site::new(
        SCHEMA,
        &[(
            "001",
            "-- concertina: with references\nALTER TABLE owners ADD COLUMN x int;",
        )],
    )
    .await;
    let said = site.run(&["plan"]).ends(1);
    assert!(said.err.contains("with references"), "{}", said.err);
}
