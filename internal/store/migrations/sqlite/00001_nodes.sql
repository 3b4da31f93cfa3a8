-- +goose Up
-- One row per process of the site, renewed every few seconds.
CREATE TABLE nodes (
  id      TEXT PRIMARY KEY,
  started INTEGER NOT NULL, -- ms since 1970
  seen    INTEGER NOT NULL,
  version TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE nodes;
