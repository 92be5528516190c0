-- What the dates of a version's life hang on. track: the release track, empty for the main one. dependency: the version of
-- each product that a release works with, or that an instance runs, as "core 9.2, base 3.1".
ALTER TABLE product_version ADD COLUMN track TEXT NOT NULL DEFAULT '';
ALTER TABLE product_version ADD COLUMN dependency TEXT NOT NULL DEFAULT '';
ALTER TABLE instance ADD COLUMN dependency TEXT NOT NULL DEFAULT '';
