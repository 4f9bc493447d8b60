CREATE TABLE pipeline_stages (
    id bigserial PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    name text NOT NULL,
    position integer NOT NULL,
    UNIQUE (tenant_id, name)
);

CREATE TABLE negotiation_history (
    id bigserial PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    deal_id bigint NOT NULL REFERENCES deals (id),
    stage text NOT NULL,
    note text
);

CREATE TABLE email_logs (
    id bigserial PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    lead_id bigint NOT NULL REFERENCES leads (id),
    subject text NOT NULL,
    status text NOT NULL DEFAULT 'queued'
);

CREATE TABLE agent_runs (
    id bigserial PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    agent text NOT NULL,
    status text NOT NULL DEFAULT 'running',
    CONSTRAINT agent_runs_status_known CHECK (status IN ('running', 'done', 'failed'))
);

CREATE TABLE llm_logs (
    id bigserial PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    run_id bigint NOT NULL REFERENCES agent_runs (id),
    prompt_tokens integer NOT NULL,
    completion_tokens integer NOT NULL
);
