ALTER TABLE discovery_documents ALTER COLUMN user_id TYPE uuid USING user_id::uuid;
ALTER TABLE discovery_documents ADD CONSTRAINT discovery_documents_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE;
