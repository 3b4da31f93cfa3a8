-- +goose Up
-- The text filter's levels: off, low, strict, or '' while nobody has decided.
ALTER TABLE site ADD COLUMN filter_profanity TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN filter_hate TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN filter_sexual TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN filter_judge BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE site DROP COLUMN filter_judge;
ALTER TABLE site DROP COLUMN filter_sexual;
ALTER TABLE site DROP COLUMN filter_hate;
ALTER TABLE site DROP COLUMN filter_profanity;
