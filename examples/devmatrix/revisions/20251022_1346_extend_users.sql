ALTER TABLE users
    ADD COLUMN is_verified boolean NOT NULL DEFAULT true,
    ADD COLUMN verification_token uuid,
    ADD COLUMN verification_token_created_at timestamptz,
    ADD COLUMN password_reset_token uuid,
    ADD COLUMN password_reset_expires timestamptz;
CREATE INDEX idx_verification_token ON users (verification_token);
CREATE INDEX idx_password_reset_token ON users (password_reset_token);
