-- Each row gets the tenant of its user.

ALTER TABLE trades ADD COLUMN tenant_id uuid;
UPDATE trades t SET tenant_id = u.tenant_id FROM users u WHERE t.user_id = u.id AND t.tenant_id IS NULL;
ALTER TABLE trades ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE trades ADD CONSTRAINT fk_trades_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
CREATE INDEX idx_trades_tenant_id ON trades (tenant_id);
CREATE INDEX idx_trades_tenant_created ON trades (tenant_id, created_at DESC);

ALTER TABLE positions ADD COLUMN tenant_id uuid;
UPDATE positions t SET tenant_id = u.tenant_id FROM users u WHERE t.user_id = u.id AND t.tenant_id IS NULL;
ALTER TABLE positions ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE positions ADD CONSTRAINT fk_positions_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
CREATE INDEX idx_positions_tenant_id ON positions (tenant_id);
CREATE INDEX idx_positions_tenant_created ON positions (tenant_id, created_at DESC);

ALTER TABLE orders ADD COLUMN tenant_id uuid;
UPDATE orders t SET tenant_id = u.tenant_id FROM users u WHERE t.user_id = u.id AND t.tenant_id IS NULL;
ALTER TABLE orders ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE orders ADD CONSTRAINT fk_orders_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
CREATE INDEX idx_orders_tenant_id ON orders (tenant_id);
CREATE INDEX idx_orders_tenant_created ON orders (tenant_id, created_at DESC);

ALTER TABLE portfolio_snapshots ADD COLUMN tenant_id uuid;
UPDATE portfolio_snapshots t SET tenant_id = u.tenant_id FROM users u WHERE t.user_id = u.id AND t.tenant_id IS NULL;
ALTER TABLE portfolio_snapshots ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE portfolio_snapshots ADD CONSTRAINT fk_portfolio_snapshots_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
CREATE INDEX idx_portfolio_snapshots_tenant_id ON portfolio_snapshots (tenant_id);
CREATE INDEX idx_portfolio_snapshots_tenant_created ON portfolio_snapshots (tenant_id, created_at DESC);

ALTER TABLE risk_metrics ADD COLUMN tenant_id uuid;
UPDATE risk_metrics t SET tenant_id = u.tenant_id FROM users u WHERE t.user_id = u.id AND t.tenant_id IS NULL;
ALTER TABLE risk_metrics ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE risk_metrics ADD CONSTRAINT fk_risk_metrics_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
CREATE INDEX idx_risk_metrics_tenant_id ON risk_metrics (tenant_id);
CREATE INDEX idx_risk_metrics_tenant_created ON risk_metrics (tenant_id, created_at DESC);

ALTER TABLE agent_signals ADD COLUMN tenant_id uuid;
UPDATE agent_signals t SET tenant_id = u.tenant_id FROM users u WHERE t.user_id = u.id AND t.tenant_id IS NULL;
ALTER TABLE agent_signals ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE agent_signals ADD CONSTRAINT fk_agent_signals_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
CREATE INDEX idx_agent_signals_tenant_id ON agent_signals (tenant_id);
CREATE INDEX idx_agent_signals_tenant_created ON agent_signals (tenant_id, created_at DESC);
