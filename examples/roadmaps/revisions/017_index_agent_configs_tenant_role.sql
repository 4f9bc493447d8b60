CREATE INDEX IF NOT EXISTS idx_agent_configs_tenant_role ON agent_configs (tenant_id, role_type);
