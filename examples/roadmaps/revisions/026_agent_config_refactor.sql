-- revises: add-tenant-to-invites
-- role_type becomes agent_type; both names are there until contract.
ALTER TABLE agent_configs RENAME COLUMN role_type TO agent_type;
ALTER TABLE agent_configs ADD COLUMN IF NOT EXISTS config_version integer NOT NULL DEFAULT 1;
ALTER TABLE agent_configs ADD COLUMN IF NOT EXISTS instructions_hash text;
