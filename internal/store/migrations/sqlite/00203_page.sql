-- +goose Up
-- What a user's page made of a call of a live answer: the call's place in the
-- answer, -1 for none, and the result, JSON or ''.
ALTER TABLE messages ADD COLUMN brought_call INTEGER NOT NULL DEFAULT -1;
ALTER TABLE messages ADD COLUMN brought TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE messages DROP COLUMN brought;
ALTER TABLE messages DROP COLUMN brought_call;
