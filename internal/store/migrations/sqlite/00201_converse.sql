-- +goose Up
-- Conversations. Times are ms since 1970, 0 for none; what is called JSON is
-- text in the forms of package converse.
CREATE TABLE folders (
  id           TEXT PRIMARY KEY,
  owner        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name         TEXT NOT NULL,
  instructions TEXT NOT NULL,
  color        TEXT NOT NULL,
  created      INTEGER NOT NULL
) STRICT;
CREATE INDEX folders_owner ON folders (owner);

CREATE TABLE files (
  id      TEXT PRIMARY KEY,
  owner   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  folder  TEXT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
  name    TEXT NOT NULL,
  type    TEXT NOT NULL,
  size    INTEGER NOT NULL,
  blob    TEXT NOT NULL, -- digest of the bytes
  body    TEXT NOT NULL, -- what goes into prompts
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX files_folder ON files (folder);
CREATE INDEX files_blob ON files (blob);

CREATE TABLE chats (
  id       TEXT PRIMARY KEY,
  owner    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  title    TEXT NOT NULL,
  named    INTEGER NOT NULL, -- by the user
  model    TEXT NOT NULL,
  folder   TEXT NOT NULL,    -- '' for none
  preset   TEXT NOT NULL,
  system   TEXT NOT NULL,
  leaf     TEXT NOT NULL,
  pinned   INTEGER NOT NULL,
  archived INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  updated  INTEGER NOT NULL,
  deleted  INTEGER NOT NULL
) STRICT;
CREATE INDEX chats_list ON chats (owner, archived, pinned, updated, id) WHERE deleted = 0;

CREATE TABLE messages (
  id            TEXT PRIMARY KEY,
  owner         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  chat          TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
  parent        TEXT NOT NULL, -- '' for the first question
  role          TEXT NOT NULL,
  content       TEXT NOT NULL,
  reasoning     TEXT NOT NULL,
  tool_calls    TEXT NOT NULL, -- JSON or ''
  model         TEXT NOT NULL,
  status        TEXT NOT NULL,
  failure       TEXT NOT NULL, -- JSON or ''
  counts        TEXT NOT NULL, -- JSON or ''
  vote          TEXT NOT NULL,
  compare_group TEXT NOT NULL,
  pasted        INTEGER NOT NULL,
  params        TEXT NOT NULL, -- JSON or ''
  created       INTEGER NOT NULL,
  deleted       INTEGER NOT NULL,
  node          TEXT NOT NULL, -- who makes a live answer
  lease         INTEGER NOT NULL,
  stop          INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_chat ON messages (chat, created, id);
CREATE INDEX messages_parent ON messages (parent);
CREATE INDEX messages_live ON messages (lease) WHERE status = 'live';

-- What live answers have said so far, runs of numbered events.
CREATE TABLE message_deltas (
  message   TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  first_seq INTEGER NOT NULL,
  last_seq  INTEGER NOT NULL,
  payload   TEXT NOT NULL, -- JSON
  PRIMARY KEY (message, first_seq)
) STRICT;

-- The search index: terms of every message that is not live, under a number.
CREATE TABLE message_terms (
  number  INTEGER PRIMARY KEY,
  message TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
  hash    TEXT NOT NULL -- of the terms
) STRICT;
CREATE VIRTUAL TABLE message_index USING fts5 (terms, content = '', contentless_delete = 1, detail = none, tokenize = 'unicode61 remove_diacritics 0');
-- +goose StatementBegin
CREATE TRIGGER message_terms_gone AFTER DELETE ON message_terms BEGIN
  DELETE FROM message_index WHERE rowid = old.number;
END;
-- +goose StatementEnd

CREATE TABLE shares (
  id       TEXT PRIMARY KEY,
  owner    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  chat     TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
  hash     TEXT NOT NULL UNIQUE, -- SHA-256 of the token
  snapshot TEXT NOT NULL,        -- JSON
  created  INTEGER NOT NULL,
  expires  INTEGER NOT NULL
) STRICT;
CREATE INDEX shares_chat ON shares (chat);

CREATE TABLE prompts (
  id      TEXT PRIMARY KEY,
  owner   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name    TEXT NOT NULL,
  body    TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX prompts_owner ON prompts (owner);

CREATE TABLE presets (
  id      TEXT PRIMARY KEY,
  owner   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name    TEXT NOT NULL,
  model   TEXT NOT NULL,
  system  TEXT NOT NULL,
  tone    TEXT NOT NULL,
  params  TEXT NOT NULL, -- JSON
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX presets_owner ON presets (owner);

CREATE TABLE memories (
  id      TEXT PRIMARY KEY,
  owner   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  body    TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX memories_owner ON memories (owner);

CREATE TABLE user_settings (
  owner TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  body  TEXT NOT NULL -- JSON
) STRICT;

CREATE TABLE preferences (
  question TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  owner    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  chosen   TEXT NOT NULL,
  created  INTEGER NOT NULL
) STRICT;
CREATE INDEX preferences_owner ON preferences (owner);

-- Conversations that were taken over, so that doing it twice does it once.
CREATE TABLE imports (
  owner       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL,
  chat        TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
  PRIMARY KEY (owner, fingerprint)
) STRICT;

-- +goose Down
DROP TABLE imports;
DROP TABLE preferences;
DROP TABLE user_settings;
DROP TABLE memories;
DROP TABLE presets;
DROP TABLE prompts;
DROP TABLE shares;
DROP TABLE message_terms;
DROP TABLE message_index;
DROP TABLE message_deltas;
DROP TABLE messages;
DROP TABLE chats;
DROP TABLE files;
DROP TABLE folders;
