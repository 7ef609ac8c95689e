-- Incoming webhooks: who holds a token says something in one room, under one name. Times are
-- milliseconds since 1970 UTC. Of the token only its SHA-256 is kept.

CREATE TABLE hooks (
    hook_id    TEXT NOT NULL PRIMARY KEY,
    room_id    INTEGER NOT NULL REFERENCES rooms,
    name       TEXT NOT NULL,
    digest     BLOB NOT NULL UNIQUE,
    created_ts INTEGER NOT NULL
) WITHOUT ROWID;
