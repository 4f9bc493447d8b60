ALTER TABLE leads ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN deleted_at timestamptz;
ALTER TABLE deals ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN deleted_at timestamptz;
ALTER TABLE contracts ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN deleted_at timestamptz;
ALTER TABLE invoices ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN deleted_at timestamptz;
ALTER TABLE agent_runs ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN deleted_at timestamptz;

CREATE INDEX leads_tenant_id_status ON leads (tenant_id, status);
CREATE INDEX leads_tenant_id_created_at ON leads (tenant_id, created_at);
CREATE INDEX deals_tenant_id_stage ON deals (tenant_id, stage);
CREATE INDEX contracts_tenant_id_status ON contracts (tenant_id, status);
CREATE INDEX invoices_tenant_id_status ON invoices (tenant_id, status);
CREATE INDEX agent_runs_tenant_id_status ON agent_runs (tenant_id, status);
