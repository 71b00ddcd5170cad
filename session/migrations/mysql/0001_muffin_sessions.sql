-- Sessions: one row each. Times are milliseconds since the Unix epoch.
--
-- InnoDB keeps rows in the order of the primary key. A number that grows keeps new sessions together, where a random id would split pages
-- all over the table; and a session that moves to another id stays where it is, also in the index of its user.
CREATE TABLE IF NOT EXISTS `muffin_sessions` (
    row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id BINARY(32) NOT NULL,
    user_key BINARY(32) NULL,
    expires_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    content LONGBLOB NOT NULL,
    UNIQUE KEY id (id),
    -- For the sweep of what has expired.
    KEY expires_at (expires_at),
    -- For the sessions of one user.
    KEY user_key (user_key)
) ENGINE = InnoDB;
