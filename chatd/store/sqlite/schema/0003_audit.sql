-- The audit log: what was done by whom. It only grows; what an erasure takes out is the words of a
-- record, never the record. What hash and seals are of is core/audit.

CREATE TABLE audit (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,  -- so that a cut tail leaves a gap
    ts        INTEGER NOT NULL,                   -- milliseconds since 1970 UTC
    verb      TEXT NOT NULL,
    actor_id  TEXT NOT NULL,                      -- user ids, '' for none
    target_id TEXT NOT NULL,
    who       TEXT,                               -- JSON; null: erased
    what      TEXT,
    who_seal  TEXT NOT NULL,                      -- SHA-256 in hexadecimal, also once it is erased
    what_seal TEXT NOT NULL,
    hash      TEXT NOT NULL
);
CREATE INDEX audit_actor ON audit (actor_id) WHERE actor_id <> '';
CREATE INDEX audit_target ON audit (target_id) WHERE target_id <> '';
CREATE INDEX audit_verb ON audit (verb);

-- Against mistakes, not against somebody who has the file: the chain is for that.
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
CREATE TRIGGER audit_holds BEFORE UPDATE ON audit
WHEN new.number IS NOT old.number OR new.ts IS NOT old.ts OR new.verb IS NOT old.verb
    OR new.actor_id IS NOT old.actor_id OR new.target_id IS NOT old.target_id
    OR new.who_seal IS NOT old.who_seal OR new.what_seal IS NOT old.what_seal
    OR new.hash IS NOT old.hash OR (new.who IS NOT old.who AND new.who IS NOT NULL)
    OR (new.what IS NOT old.what AND new.what IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
