CREATE TABLE IF NOT EXISTS tenant_vector_stores (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL UNIQUE REFERENCES tenants (id),
    store_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
