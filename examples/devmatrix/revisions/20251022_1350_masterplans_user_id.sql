-- Said to be breaking, and run live: values that are no UUID are counted and named before anything changes.
ALTER TABLE masterplans ALTER COLUMN user_id TYPE uuid USING user_id::uuid;
ALTER TABLE masterplans ADD CONSTRAINT masterplans_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE;
