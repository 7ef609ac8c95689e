-- What operators lay down: bans and mutes, rooms' own rules, the emergency; and what is reported to
-- them. Times are milliseconds since 1970 UTC.

-- sanctions_version rises with every change of what is in this file. emergency: the step in force.
INSERT INTO meta VALUES ('sanctions_version', 0), ('emergency', 0);

CREATE TABLE sanctions (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL CHECK (kind IN ('ban', 'mute')),
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('user', 'address', 'network')),
    subject      TEXT NOT NULL,               -- a user_id, an address, a network as CIDR
    shown        TEXT NOT NULL,               -- how an operator knows it
    room_id      INTEGER REFERENCES rooms,    -- null: the whole server
    reason       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    ts           INTEGER NOT NULL,
    until        INTEGER                      -- null: until it is lifted
);
CREATE UNIQUE INDEX sanctions_subject
    ON sanctions (kind, subject_kind, subject, ifnull(room_id, 0));
CREATE INDEX sanctions_until ON sanctions (until);

-- Only rooms whose rules are not the defaults.
CREATE TABLE room_rules (
    room_id   INTEGER PRIMARY KEY REFERENCES rooms,
    read_only INTEGER NOT NULL,
    slow      INTEGER NOT NULL                -- seconds between two messages of one member
);

CREATE TABLE reports (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id     INTEGER NOT NULL REFERENCES rooms,
    seq         INTEGER NOT NULL,
    author_id   TEXT NOT NULL,
    author      TEXT NOT NULL,
    text        TEXT NOT NULL,                -- as it was reported; '' once settled
    user_id     TEXT NOT NULL,                -- who reports it
    by_name     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    ts          INTEGER NOT NULL,
    outcome     TEXT NOT NULL DEFAULT '',     -- '': open
    settled_by  TEXT NOT NULL DEFAULT '',
    settled_ts  INTEGER,
    UNIQUE (room_id, seq, user_id)
);
CREATE INDEX reports_open ON reports (number) WHERE outcome = '';
CREATE INDEX reports_settled ON reports (number) WHERE outcome <> '';
CREATE INDEX reports_author ON reports (author_id);
