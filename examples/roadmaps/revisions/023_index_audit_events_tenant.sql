CREATE INDEX IF NOT EXISTS idx_audit_events_tenant ON audit_events (tenant_id, created_at);
