-- Rooms may keep no history: then they have no rows in messages and changes, ever.

ALTER TABLE rooms ADD COLUMN history INTEGER NOT NULL DEFAULT 1;
