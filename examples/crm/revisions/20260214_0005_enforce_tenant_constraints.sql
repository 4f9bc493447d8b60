ALTER TABLE leads ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE deals ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE contracts ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE invoices ALTER COLUMN tenant_id SET NOT NULL;

ALTER TABLE leads ADD CONSTRAINT leads_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE deals ADD CONSTRAINT deals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE contracts ADD CONSTRAINT contracts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE invoices ADD CONSTRAINT invoices_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id);

-- What was unique in the whole database is unique within a tenant from now on.
ALTER TABLE leads DROP CONSTRAINT leads_email_key;
ALTER TABLE leads ADD CONSTRAINT leads_tenant_id_email_key UNIQUE (tenant_id, email);
ALTER TABLE contracts DROP CONSTRAINT contracts_deal_id_key;
ALTER TABLE contracts ADD CONSTRAINT contracts_tenant_id_deal_id_key UNIQUE (tenant_id, deal_id);
ALTER TABLE invoices DROP CONSTRAINT invoices_contract_id_key;
ALTER TABLE invoices ADD CONSTRAINT invoices_tenant_id_contract_id_key UNIQUE (tenant_id, contract_id);
