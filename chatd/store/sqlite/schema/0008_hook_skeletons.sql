-- A guest must not look like a webhook: that is asked at each log-in, so it is found by an index,
-- however many there are. chatd_skeleton: chatd.core.names.skeleton.

ALTER TABLE hooks ADD COLUMN skeleton TEXT NOT NULL DEFAULT '';
UPDATE hooks SET skeleton = chatd_skeleton(name);
CREATE INDEX hooks_skeleton ON hooks (skeleton, name);
