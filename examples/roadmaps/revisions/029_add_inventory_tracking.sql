ALTER TABLE sop_tickets ADD COLUMN IF NOT EXISTS inventory_id text;
ALTER TABLE sop_tickets ADD COLUMN IF NOT EXISTS is_sidecar boolean NOT NULL DEFAULT false;
CREATE INDEX IF NOT EXISTS idx_sop_tickets_inventory ON sop_tickets (inventory_id);
