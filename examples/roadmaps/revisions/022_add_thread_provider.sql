ALTER TABLE agent_threads ADD COLUMN IF NOT EXISTS provider text NOT NULL DEFAULT 'openai';
