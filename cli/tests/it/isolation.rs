//! `verify --tenant-isolation`: policies that hold, and policies that don't in each way they can.

use crate::fixture::Site;

const TABLES: &str = "CREATE ROLE app; CREATE ROLE boss BYPASSRLS;
    CREATE TABLE tenants (id uuid PRIMARY KEY);
    INSERT INTO tenants VALUES ('00000000-0000-0000-0000-000000000001'), ('00000000-0000-0000-0000-000000000002');
    CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, body text, size int GENERATED ALWAYS AS (length(body)) STORED);
    INSERT INTO notes (tenant_id, body) SELECT ('00000000-0000-0000-0000-00000000000' || 1 + g % 2)::uuid, 'n' || g FROM generate_series(1, 50) g;
    GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO app;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;";

async fn site(policies: &str) -> Site {
    Site::new(&format!("{TABLES}{policies}"), &[]).await
}

const OWN: &str = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid";

#[tokio::test(flavor = "multi_thread")]
async fn policies_that_hold_are_told_to() {
    let site = site(&format!("CREATE POLICY own ON notes USING ({OWN});")).await;
    let words = ["verify", "--tenant-isolation", "--as", "app"];
    let before: String = site
        .value("SELECT md5(string_agg(notes::text || xmin, '' ORDER BY id)) FROM notes")
        .await;
    site.run(&words).ends(0).says("notes: holds");
    let after: String = site
        .value("SELECT md5(string_agg(notes::text || xmin, '' ORDER BY id)) FROM notes")
        .await;
    assert_eq!(before, after, "nothing stays");
    site.run(&["verify", "--tenant-isolation", "--as", "boss"])
        .ends(1)
        .says("bypasses policies");
    site.run(&["verify", "--tenant-isolation", "--as", "nobody"])
        .ends(1)
        .says("there is no role nobody");
    site.client
        .batch_execute("DELETE FROM notes WHERE tenant_id::text LIKE '%2'")
        .await
        .unwrap();
    site.run(&words)
        .ends(0)
        .says("as far as one tenant's rows can tell");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_leak_is_named() {
    for (policies, leak) in [
        (
            format!(
                "CREATE POLICY own ON notes USING ({OWN}); CREATE POLICY others ON notes FOR SELECT USING (body LIKE 'n1%');"
            ),
            "can be visible",
        ),
        (
            format!("CREATE POLICY own ON notes USING ({OWN}) WITH CHECK (true);"),
            "a row can be inserted for another tenant",
        ),
        (
            format!(
                "CREATE POLICY own ON notes USING ({OWN}); CREATE POLICY gifts ON notes FOR INSERT WITH CHECK (true);"
            ),
            "a row can be inserted for another tenant",
        ),
        (
            format!(
                "CREATE POLICY own ON notes USING ({OWN} OR coalesce(current_setting('app.tenant', true), '') = '');"
            ),
            "without a tenant",
        ),
        (
            "CREATE POLICY own ON notes USING (body <> '');".to_owned(),
            "not tried: no policy compares",
        ),
    ] {
        let site = site(&policies).await;
        site.run(&["verify", "--tenant-isolation", "--as", "app"])
            .ends(2)
            .says(leak);
    }
}
