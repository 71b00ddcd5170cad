-- Sessions: one row each. Times are milliseconds since the Unix epoch.
CREATE TABLE IF NOT EXISTS "muffin_sessions" (
    id BYTEA NOT NULL PRIMARY KEY,
    user_key BYTEA,
    expires_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    content BYTEA NOT NULL,
    -- The five minutes in which the session expires. The index for the sweep is on them, not on the time itself, so that a session that is
    -- put off by some seconds leaves every index as it is: its row is then replaced within its page, and no vacuum is needed for that.
    expires_in BIGINT GENERATED ALWAYS AS (expires_at / 300000) STORED
)
-- Room in each page for rows that replace others, and a vacuum that comes after a twentieth of the rows instead of a fifth.
WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- For the sweep of what has expired.
CREATE INDEX IF NOT EXISTS "muffin_sessions_expires_in" ON "muffin_sessions" (expires_in);

-- For the sessions of one user.
CREATE INDEX IF NOT EXISTS "muffin_sessions_user_key" ON "muffin_sessions" (user_key) WHERE user_key IS NOT NULL;
