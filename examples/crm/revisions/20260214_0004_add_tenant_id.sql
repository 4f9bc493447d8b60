ALTER TABLE leads ADD COLUMN tenant_id uuid;
ALTER TABLE deals ADD COLUMN tenant_id uuid;
ALTER TABLE contracts ADD COLUMN tenant_id uuid;
ALTER TABLE invoices ADD COLUMN tenant_id uuid;

UPDATE leads SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default') WHERE tenant_id IS NULL;
UPDATE deals SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default') WHERE tenant_id IS NULL;
UPDATE contracts SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default') WHERE tenant_id IS NULL;
UPDATE invoices SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default') WHERE tenant_id IS NULL;
