-- revises: 025_index_invites_email
-- A file without a number says itself what it follows.
ALTER TABLE invites ADD COLUMN IF NOT EXISTS tenant_id uuid REFERENCES tenants (id);
UPDATE invites SET tenant_id = u.tenant_id FROM users u WHERE u.id = invites.invited_by AND invites.tenant_id IS NULL;
CREATE INDEX IF NOT EXISTS idx_invites_tenant ON invites (tenant_id);
