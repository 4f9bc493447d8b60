-- Words that were text become enums. Every value is tried before anything changes; one that is no word of its enum is named.
CREATE TYPE lead_status AS ENUM ('new', 'contacted', 'qualified', 'lost');
CREATE TYPE deal_stage AS ENUM ('open', 'won', 'lost');
CREATE TYPE contract_status AS ENUM ('draft', 'signed', 'ended');
CREATE TYPE invoice_status AS ENUM ('open', 'paid', 'void');
CREATE TYPE run_status AS ENUM ('running', 'done', 'failed');

ALTER TABLE leads ALTER COLUMN status DROP DEFAULT, ALTER COLUMN status TYPE lead_status USING status::lead_status,
    ALTER COLUMN status SET DEFAULT 'new';
ALTER TABLE deals ALTER COLUMN stage DROP DEFAULT, ALTER COLUMN stage TYPE deal_stage USING stage::deal_stage,
    ALTER COLUMN stage SET DEFAULT 'open';
ALTER TABLE contracts ALTER COLUMN status DROP DEFAULT,
    ALTER COLUMN status TYPE contract_status USING status::contract_status, ALTER COLUMN status SET DEFAULT 'draft';
ALTER TABLE invoices ALTER COLUMN status DROP DEFAULT,
    ALTER COLUMN status TYPE invoice_status USING status::invoice_status, ALTER COLUMN status SET DEFAULT 'open';
ALTER TABLE agent_runs DROP CONSTRAINT agent_runs_status_known;
ALTER TABLE agent_runs ALTER COLUMN status DROP DEFAULT,
    ALTER COLUMN status TYPE run_status USING status::run_status, ALTER COLUMN status SET DEFAULT 'running';
