-- The messages of one room lie together, in the order of their seq: a page of history, or what somebody
-- missed, is read from a few neighbouring pages of the file, not from one for each message, however much
-- is said elsewhere. id still rises in the order of storing over all rooms.

CREATE TABLE messages_by_room (
    room_id  INTEGER NOT NULL REFERENCES rooms,
    seq      INTEGER NOT NULL,
    id       INTEGER NOT NULL,
    ts       INTEGER NOT NULL,
    user_id  TEXT NOT NULL,
    name     TEXT NOT NULL,                   -- the author's at that time
    guest    INTEGER NOT NULL,
    text     TEXT NOT NULL,                   -- the first one; '' once deleted
    key      TEXT,
    reply_to INTEGER,
    edited   INTEGER,                         -- seq of the last edit, in changes
    deleted  INTEGER,                         -- seq of the deletion, in changes
    PRIMARY KEY (room_id, seq)
) WITHOUT ROWID;
INSERT INTO messages_by_room (
    room_id, seq, id, ts, user_id, name, guest, text, key, reply_to, edited, deleted
) SELECT room_id, seq, id, ts, user_id, name, guest, text, key, reply_to, edited, deleted
FROM messages ORDER BY room_id, seq;
DROP TABLE messages;
ALTER TABLE messages_by_room RENAME TO messages;
CREATE UNIQUE INDEX messages_id ON messages (id);
CREATE UNIQUE INDEX messages_key ON messages (user_id, key) WHERE key IS NOT NULL;
