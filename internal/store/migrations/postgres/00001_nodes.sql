-- +goose Up
-- One row per process of the site, renewed every few seconds.
CREATE TABLE nodes (
  id      TEXT PRIMARY KEY,
  started BIGINT NOT NULL, -- ms since 1970
  seen    BIGINT NOT NULL,
  version TEXT NOT NULL
);

-- +goose Down
DROP TABLE nodes;
