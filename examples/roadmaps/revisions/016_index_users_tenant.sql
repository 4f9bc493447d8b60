CREATE INDEX IF NOT EXISTS idx_users_tenant ON users (tenant_id);
