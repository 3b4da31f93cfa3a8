-- +goose Up
-- Which skills a chat's answers may use where they are switched on, JSON or ''
-- for all of them.
ALTER TABLE chats ADD COLUMN skill_names TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE chats DROP COLUMN skill_names;
