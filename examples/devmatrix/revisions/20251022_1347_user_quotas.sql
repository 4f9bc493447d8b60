CREATE TABLE user_quotas (
    quota_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    llm_tokens_monthly_limit integer,
    masterplans_limit integer,
    storage_bytes_limit bigint,
    api_calls_per_minute integer NOT NULL DEFAULT 30,
    CONSTRAINT uq_user_quotas_user_id UNIQUE (user_id)
);
CREATE INDEX ix_user_quotas_user_id ON user_quotas (user_id);
