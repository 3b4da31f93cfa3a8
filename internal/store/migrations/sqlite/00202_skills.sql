-- +goose Up
-- Whether a chat's answers may use skills ('' as the user's settings say), and
-- what a user answered to a question of a live answer, JSON or ''.
ALTER TABLE chats ADD COLUMN skills TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN consent TEXT NOT NULL DEFAULT '';
CREATE INDEX imports_chat ON imports (chat);

-- +goose Down
DROP INDEX imports_chat;
ALTER TABLE messages DROP COLUMN consent;
ALTER TABLE chats DROP COLUMN skills;
