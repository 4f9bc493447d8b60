CREATE INDEX IF NOT EXISTS idx_invites_email ON invites (email);
