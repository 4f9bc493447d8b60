-- A trading system as it was before it had tenants.
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email varchar(255) NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE trades (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    symbol varchar(20) NOT NULL,
    value numeric(18, 6) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_trades_user_id ON trades (user_id);

CREATE TABLE positions (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    symbol varchar(20) NOT NULL,
    value numeric(18, 6) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_positions_user_id ON positions (user_id);

CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    symbol varchar(20) NOT NULL,
    value numeric(18, 6) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_orders_user_id ON orders (user_id);

CREATE TABLE portfolio_snapshots (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    symbol varchar(20) NOT NULL,
    value numeric(18, 6) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_portfolio_snapshots_user_id ON portfolio_snapshots (user_id);

CREATE TABLE risk_metrics (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    symbol varchar(20) NOT NULL,
    value numeric(18, 6) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_risk_metrics_user_id ON risk_metrics (user_id);

CREATE TABLE agent_signals (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    symbol varchar(20) NOT NULL,
    value numeric(18, 6) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_agent_signals_user_id ON agent_signals (user_id);
