CREATE TABLE masterplans (
    masterplan_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id varchar(100) NOT NULL,
    name varchar(300) NOT NULL,
    status varchar(20) NOT NULL DEFAULT 'draft',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_masterplan_user ON masterplans (user_id);

CREATE TABLE discovery_documents (
    discovery_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id varchar(100) NOT NULL,
    content jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_discovery_user ON discovery_documents (user_id);
