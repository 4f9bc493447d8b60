CREATE TABLE user_usage (
    usage_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    month date NOT NULL,
    llm_tokens_used integer NOT NULL DEFAULT 0,
    llm_cost_usd numeric(10, 4) NOT NULL DEFAULT 0.0,
    masterplans_created integer NOT NULL DEFAULT 0,
    storage_bytes bigint NOT NULL DEFAULT 0,
    api_calls integer NOT NULL DEFAULT 0,
    CONSTRAINT uq_user_usage_user_month UNIQUE (user_id, month)
);
CREATE INDEX idx_user_usage_user_month ON user_usage (user_id, month);
