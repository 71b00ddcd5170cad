-- The same in both databases. Whoever counts users or admins before a change updates this one row first, and so they take turns.

CREATE TABLE turn (
    id BIGINT PRIMARY KEY
);

INSERT INTO turn (id) VALUES (1);
