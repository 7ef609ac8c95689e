-- The first schema: rooms and their logs, members, marks, accounts, tokens. SQLite 3.26 and later.
-- Times are milliseconds since 1970 UTC. A room's log is messages and changes together: each entry
-- of either has the room's next seq, without gaps. A released schema file is never changed again.

PRAGMA application_id = 0x63686174;

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

-- epoch: renewed by a restore. secret: what chatd signs with, kept by a restore.
INSERT INTO meta VALUES
    ('epoch', lower(hex(randomblob(8)))), ('secret', randomblob(32)), ('probe', 0);

CREATE TABLE rooms (
    room_id    INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    skeleton   TEXT UNIQUE,                   -- null: a direct room
    pair       TEXT UNIQUE,                   -- a direct room's two, else null
    kind       TEXT NOT NULL CHECK (kind IN ('public', 'private', 'direct')),
    topic      TEXT NOT NULL DEFAULT '',
    title      TEXT,
    first      INTEGER NOT NULL DEFAULT 1,    -- the lowest seq still kept
    created_ts INTEGER NOT NULL
);
CREATE INDEX rooms_public ON rooms (name) WHERE kind = 'public';

-- id rises in the order of storing over all rooms; search pages on it.
CREATE TABLE messages (
    id       INTEGER PRIMARY KEY,
    room_id  INTEGER NOT NULL REFERENCES rooms,
    seq      INTEGER NOT NULL,
    ts       INTEGER NOT NULL,
    user_id  TEXT NOT NULL,
    name     TEXT NOT NULL,                   -- the author's at that time
    guest    INTEGER NOT NULL,
    text     TEXT NOT NULL,                   -- the first one; '' once deleted
    key      TEXT,
    reply_to INTEGER,
    edited   INTEGER,                         -- seq of the last edit, in changes
    deleted  INTEGER                          -- seq of the deletion, in changes
);
CREATE UNIQUE INDEX messages_seq ON messages (room_id, seq);
CREATE UNIQUE INDEX messages_key ON messages (user_id, key) WHERE key IS NOT NULL;

CREATE TABLE changes (
    room_id INTEGER NOT NULL REFERENCES rooms,
    seq     INTEGER NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('edited', 'deleted', 'reacted', 'unreacted', 'topic')),
    ts      INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    name    TEXT NOT NULL,
    guest   INTEGER NOT NULL,
    target  INTEGER,                          -- seq of the message; null: a topic
    text    TEXT NOT NULL,
    PRIMARY KEY (room_id, seq)
) WITHOUT ROWID;
CREATE INDEX changes_edits ON changes (room_id, target) WHERE kind = 'edited';

-- The last that each person said with each emoji about each message: put on, or taken off.
CREATE TABLE reactions (
    room_id INTEGER NOT NULL REFERENCES rooms,
    target  INTEGER NOT NULL,
    emoji   TEXT NOT NULL,
    user_id TEXT NOT NULL,
    seq     INTEGER NOT NULL,                 -- of that entry, in changes
    name    TEXT NOT NULL,
    present INTEGER NOT NULL,
    PRIMARY KEY (room_id, target, emoji, user_id)
) WITHOUT ROWID;

-- Words are folded by chatd/store/words.py, so that every library splits them alike. Each row also
-- holds its room as the word '§room_id', and '§0' when that is public: no text can contain them,
-- and who may find a row is known without reading it. Rowid is messages.id. Words that begin with
-- one to three given letters have an index of their own: there are too many of them to merge.
CREATE VIRTUAL TABLE found USING fts5 (
    words, content = '', tokenize = 'ascii', detail = 'none', columnsize = 0, prefix = '1 2 3'
);

CREATE TABLE members (
    room_id INTEGER NOT NULL REFERENCES rooms,
    user_id TEXT NOT NULL,
    name    TEXT NOT NULL,
    guest   INTEGER NOT NULL,
    rank    TEXT NOT NULL CHECK (rank IN ('member', 'moderator', 'owner')),
    PRIMARY KEY (room_id, user_id)
) WITHOUT ROWID;
CREATE INDEX members_name ON members (room_id, name);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE marks (
    user_id TEXT NOT NULL,
    room_id INTEGER NOT NULL REFERENCES rooms,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id)
) WITHOUT ROWID;

CREATE TABLE accounts (
    user_id    TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    skeleton   TEXT NOT NULL UNIQUE,
    password   TEXT NOT NULL,
    operator   INTEGER NOT NULL,
    disabled   INTEGER NOT NULL,
    created_ts INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE tokens (
    token_id   TEXT NOT NULL PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES accounts,
    label      TEXT NOT NULL,
    digest     BLOB NOT NULL UNIQUE,
    created_ts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE revocations (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id  TEXT NOT NULL,
    token_id TEXT NOT NULL,                   -- '': all sessions of the account
    ts       INTEGER NOT NULL
);
