-- What was deleted, and the proof of it (删除凭证). The same tables as in migrations/sqlite; only the types' names differ.

-- +goose Up

-- A deletion that was asked for, and what became of it. contents are the digests whose objects are to go, joined by spaces, and are forgotten with
-- the last of them; the numbers stay.
CREATE TABLE receipts (
    id           TEXT PRIMARY KEY,
    filing_id    TEXT NOT NULL,
    material_id  TEXT NOT NULL,
    owner        TEXT NOT NULL,
    organization TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    reason       TEXT NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL,
    finished_at  TIMESTAMPTZ,
    materials    BIGINT NOT NULL,
    shared       BIGINT NOT NULL,
    contents     TEXT NOT NULL,
    objects      BIGINT NOT NULL,
    signature    TEXT NOT NULL
);
CREATE INDEX receipts_open ON receipts (requested_at) WHERE finished_at IS NULL;
CREATE INDEX filings_by_age ON filings (updated_at);

-- +goose Down
DROP INDEX filings_by_age;
DROP TABLE receipts;
