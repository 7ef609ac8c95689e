-- A guest must not look like a webhook: that is asked at each log-in, so it is found by an index,
-- however many there are. looks: the edition of the tables by which all skeletons here were made;
-- another than chatd's own, as '' is, and it makes them anew (looks.py).

ALTER TABLE hooks ADD COLUMN skeleton TEXT NOT NULL DEFAULT '';
CREATE INDEX hooks_skeleton ON hooks (skeleton, name);
INSERT INTO meta VALUES ('looks', '');
