-- Where the server doesn't have pgvector, preflight says so, and everything before it has run.
CREATE EXTENSION vector;
CREATE TABLE lead_embeddings (
    lead_id bigint PRIMARY KEY REFERENCES leads (id) ON DELETE CASCADE,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    embedding vector(3) NOT NULL
);
CREATE INDEX lead_embeddings_nearest ON lead_embeddings USING hnsw (embedding vector_cosine_ops);

-- down
DROP TABLE lead_embeddings;
-- The extension stays: others may use it by now.
