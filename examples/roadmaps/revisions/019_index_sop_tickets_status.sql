CREATE INDEX IF NOT EXISTS idx_sop_tickets_status ON sop_tickets (tenant_id, status);
