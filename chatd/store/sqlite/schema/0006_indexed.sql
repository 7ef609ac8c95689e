-- Messages up to this id are in the full-text index, or were; later ones get there when the writer has
-- time. It never falls, and no id up to it is given again.

INSERT INTO meta SELECT 'indexed', ifnull(max(id), 0) FROM messages;
