-- The eight tables as they were made by hand, captured as the first revision.
CREATE TABLE organizations (
    org_id varchar(255) PRIMARY KEY,
    name varchar(255) NOT NULL,
    plan_type varchar(50) DEFAULT 'free',
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);

CREATE TABLE users (
    user_id varchar(255) PRIMARY KEY,
    org_id varchar(255) REFERENCES organizations (org_id) ON DELETE CASCADE,
    email varchar(255) UNIQUE,
    role varchar(50) DEFAULT 'viewer',
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);

CREATE TABLE events_enriched (
    id text PRIMARY KEY,
    org_id varchar(255) NOT NULL,
    user_id varchar(255) NOT NULL,
    provider varchar(50) NOT NULL,
    model varchar(100),
    tokens_in integer DEFAULT 0,
    tokens_out integer DEFAULT 0,
    node_type varchar(50),
    region varchar(100),
    kwh double precision NOT NULL,
    water_l double precision NOT NULL,
    co2_kg double precision NOT NULL,
    ts timestamptz NOT NULL,
    source varchar(50),
    metadata jsonb,
    created_at timestamptz DEFAULT now()
);

CREATE TABLE daily_org_agg (
    date date NOT NULL,
    org_id varchar(255) NOT NULL,
    call_count integer DEFAULT 0,
    kwh double precision DEFAULT 0.0,
    water_l double precision DEFAULT 0.0,
    co2_kg double precision DEFAULT 0.0,
    PRIMARY KEY (date, org_id)
);

CREATE TABLE daily_user_agg (
    date date NOT NULL,
    org_id varchar(255) NOT NULL,
    user_id varchar(255) NOT NULL,
    call_count integer DEFAULT 0,
    kwh double precision DEFAULT 0.0,
    water_l double precision DEFAULT 0.0,
    co2_kg double precision DEFAULT 0.0,
    PRIMARY KEY (date, org_id, user_id)
);

CREATE TABLE daily_provider_agg (
    date date NOT NULL,
    org_id varchar(255) NOT NULL,
    provider varchar(50) NOT NULL,
    call_count integer DEFAULT 0,
    kwh double precision DEFAULT 0.0,
    water_l double precision DEFAULT 0.0,
    co2_kg double precision DEFAULT 0.0,
    PRIMARY KEY (date, org_id, provider)
);

CREATE TABLE daily_model_agg (
    date date NOT NULL,
    org_id varchar(255) NOT NULL,
    provider varchar(50) NOT NULL,
    model varchar(100) NOT NULL,
    call_count integer DEFAULT 0,
    kwh double precision DEFAULT 0.0,
    water_l double precision DEFAULT 0.0,
    co2_kg double precision DEFAULT 0.0,
    PRIMARY KEY (date, org_id, provider, model)
);

CREATE TABLE audit_logs (
    id bigserial PRIMARY KEY,
    org_id varchar(255),
    user_id varchar(255),
    action varchar(100) NOT NULL,
    resource_type varchar(100),
    resource_id varchar(255),
    metadata jsonb,
    ip_address varchar(50),
    timestamp timestamptz DEFAULT now()
);
