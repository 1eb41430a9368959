-- What people decide (人工审核). The same tables as in migrations/sqlite; only the types' names differ.

-- +goose Up

-- A filing that was handed in, one row for each however often: the reviewers' queue. province is as the facts said then, and
-- verdict what the service had said. Who has claimed it works on it until claimed_until.
CREATE TABLE reviews (
    filing_id     TEXT PRIMARY KEY REFERENCES filings (id) ON DELETE CASCADE,
    state         TEXT NOT NULL,
    province      TEXT NOT NULL,
    verdict       TEXT NOT NULL,
    revision      BIGINT NOT NULL,
    submitted_at  TIMESTAMPTZ NOT NULL,
    claimed_by    TEXT NOT NULL,
    claimed_until TIMESTAMPTZ,
    decided_by    TEXT NOT NULL,
    decided_at    TIMESTAMPTZ
);
CREATE INDEX reviews_queue ON reviews (state, submitted_at, filing_id);

-- What was done, by whom and when; a row is never changed. detail is the JSON of reasons and words.
CREATE TABLE decisions (
    id         TEXT PRIMARY KEY,
    filing_id  TEXT NOT NULL REFERENCES filings (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL,
    revision   BIGINT NOT NULL,
    detail     BYTEA NOT NULL
);
CREATE INDEX decisions_by_filing ON decisions (filing_id, id);

-- +goose Down
DROP TABLE decisions;
DROP TABLE reviews;
