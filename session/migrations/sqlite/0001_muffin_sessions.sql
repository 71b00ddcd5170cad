-- Sessions: one row each. Times are milliseconds since the Unix epoch.
CREATE TABLE IF NOT EXISTS "muffin_sessions" (
    id BLOB NOT NULL PRIMARY KEY,
    user_key BLOB,
    expires_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    content BLOB NOT NULL
);

-- For the sweep of what has expired.
CREATE INDEX IF NOT EXISTS "muffin_sessions_expires_at" ON "muffin_sessions" (expires_at);

-- For the sessions of one user.
CREATE INDEX IF NOT EXISTS "muffin_sessions_user_key" ON "muffin_sessions" (user_key) WHERE user_key IS NOT NULL;
