//! INSERT, UPDATE, DELETE.

use super::{both_ways, corpus, one_way};

corpus! {
    update_of_old_rows: one_way("UPDATE leads SET status = 'old' WHERE score > 3;");
    update_from: one_way("UPDATE leads SET worth = o.team_id FROM owners o WHERE o.id = leads.owner_id AND o.team_id > 100;");
    update_by_subquery: one_way("UPDATE leads SET score = (SELECT team_id FROM owners WHERE owners.id = leads.owner_id);");
    update_of_partitions: one_way("UPDATE events SET kind = 'other' WHERE kind = 'k1';");
    update_of_children: one_way("UPDATE vehicles SET wheels = 6 WHERE wheels = 4;");
    update_of_two_columns: one_way("UPDATE leads SET status = 'won', title = 'prof' WHERE score = 1;");
    delete: one_way("DELETE FROM visits WHERE lead_id % 2 = 0;");
    delete_using: one_way("DELETE FROM visits USING leads WHERE leads.id = visits.lead_id AND leads.score = 3;");
    delete_of_partitions: one_way("DELETE FROM events WHERE kind = 'k2';");
    insert_values: one_way("INSERT INTO owners VALUES (1000, 1), (1001, 2) ON CONFLICT DO NOTHING;");
    insert_select: both_ways(
        "CREATE TABLE emails (id bigint PRIMARY KEY, email text);
         INSERT INTO emails (id, email) SELECT id, email FROM leads ON CONFLICT (id) DO NOTHING;");
    rows_for_a_new_value: both_ways(
        "ALTER TABLE leads ADD COLUMN mood mood;
         UPDATE leads SET mood = CASE WHEN score > 4 THEN 'glad' ELSE 'sad' END::mood WHERE mood IS NULL;");
}
