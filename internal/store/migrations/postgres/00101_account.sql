-- +goose Up
-- People and access. Times are ms since 1970, hashes are SHA-256 in hex.
CREATE TABLE users (
  id               TEXT PRIMARY KEY,
  login            TEXT NOT NULL UNIQUE, -- normalised
  name             TEXT NOT NULL,
  email            TEXT NOT NULL,
  role             TEXT NOT NULL CHECK (role IN ('admin', 'member', 'reader')),
  disabled         BIGINT NOT NULL,
  hash             TEXT NOT NULL,        -- of the password, PHC form; '' if there is none
  provider         TEXT NOT NULL,        -- '' or who vouches: 'ldap', 'oidc:NAME'
  subject          TEXT NOT NULL,        -- the person's name there
  tokens_per_day   BIGINT NOT NULL,     -- 0 nothing said, -1 unlimited
  requests_per_day BIGINT NOT NULL,
  created          BIGINT NOT NULL,
  seen             BIGINT NOT NULL      -- 0 never
);
CREATE UNIQUE INDEX users_subject ON users (provider, subject) WHERE provider <> '';

CREATE TABLE sessions (
  id      TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash    TEXT NOT NULL UNIQUE,
  created BIGINT NOT NULL,
  seen    BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  address TEXT NOT NULL,
  agent   TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_keys (
  id      TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash    TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL,
  prefix  TEXT NOT NULL,
  scopes  TEXT NOT NULL, -- separated by spaces
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL, -- 0 never
  seen    BIGINT NOT NULL
);
CREATE INDEX api_keys_user ON api_keys (user_id);

CREATE TABLE account_groups (
  id               TEXT PRIMARY KEY,
  name             TEXT NOT NULL UNIQUE,
  tokens_per_day   BIGINT NOT NULL,
  requests_per_day BIGINT NOT NULL,
  created          BIGINT NOT NULL
);

CREATE TABLE account_members (
  group_id TEXT NOT NULL REFERENCES account_groups (id) ON DELETE CASCADE,
  user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX account_members_user ON account_members (user_id);

CREATE TABLE invitations (
  id        TEXT PRIMARY KEY,
  hash      TEXT NOT NULL UNIQUE,
  role      TEXT NOT NULL,
  name      TEXT NOT NULL,
  email     TEXT NOT NULL,
  group_ids TEXT NOT NULL, -- separated by spaces
  by_user   TEXT NOT NULL,
  created   BIGINT NOT NULL,
  expires   BIGINT NOT NULL,
  used      BIGINT NOT NULL, -- 0 not yet
  user_id   TEXT NOT NULL     -- '' not yet
);

-- No reference to users: what was spent stays true when somebody leaves.
CREATE TABLE ledger (
  day               TEXT NOT NULL, -- '2026-11-24' in Seoul
  user_id           TEXT NOT NULL,
  model             TEXT NOT NULL,
  requests          BIGINT NOT NULL,
  prompt_tokens     BIGINT NOT NULL,
  cached_tokens     BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  cost_krw          DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (day, user_id, model)
);
CREATE INDEX ledger_user ON ledger (user_id, day);

-- One row. Transactions that count admins or users change it first, so that
-- they come one after the other.
CREATE TABLE site (
  id                       BIGINT PRIMARY KEY CHECK (id = 1),
  turn                     BIGINT NOT NULL,
  krw_per_hour             DOUBLE PRECISION NOT NULL,
  default_tokens_per_day   BIGINT NOT NULL,
  default_requests_per_day BIGINT NOT NULL,
  sign_up                  TEXT NOT NULL
);
INSERT INTO site VALUES (1, 0, 0, 0, 0, 'invite');

-- The ids grow with time and are given by the program.
CREATE TABLE audit (
  id         BIGINT PRIMARY KEY,
  at         BIGINT NOT NULL,
  actor      TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action     TEXT NOT NULL,
  target     TEXT NOT NULL,
  address    TEXT NOT NULL,
  detail     TEXT NOT NULL
);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_action ON audit (action, id);

-- +goose StatementBegin
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- +goose Down
DROP TABLE audit;
DROP FUNCTION audit_refuse;
DROP TABLE site;
DROP TABLE ledger;
DROP TABLE invitations;
DROP TABLE account_members;
DROP TABLE account_groups;
DROP TABLE api_keys;
DROP TABLE sessions;
DROP TABLE users;
