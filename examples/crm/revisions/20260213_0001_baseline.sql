-- A sales database as it was before it had tenants.
CREATE TABLE owners (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    team_id bigint NOT NULL
);

CREATE TABLE leads (
    id bigserial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    full_name text NOT NULL,
    phone text,
    source text NOT NULL,
    status text NOT NULL DEFAULT 'new',
    owner_id bigint NOT NULL REFERENCES owners (id),
    score integer NOT NULL DEFAULT 0,
    notes text
);
CREATE INDEX leads_owner_id ON leads (owner_id);
CREATE INDEX leads_status ON leads (status);

CREATE TABLE deals (
    id bigserial PRIMARY KEY,
    lead_id bigint NOT NULL REFERENCES leads (id),
    title text NOT NULL,
    stage text NOT NULL DEFAULT 'open',
    amount numeric(12, 2) NOT NULL
);
CREATE INDEX deals_lead_id ON deals (lead_id);

CREATE TABLE contracts (
    id bigserial PRIMARY KEY,
    deal_id bigint NOT NULL REFERENCES deals (id),
    status text NOT NULL DEFAULT 'draft',
    body text NOT NULL,
    CONSTRAINT contracts_deal_id_key UNIQUE (deal_id)
);

CREATE TABLE invoices (
    id bigserial PRIMARY KEY,
    contract_id bigint NOT NULL REFERENCES contracts (id),
    status text NOT NULL DEFAULT 'open',
    amount numeric(12, 2) NOT NULL,
    CONSTRAINT invoices_contract_id_key UNIQUE (contract_id)
);
