-- Judging again what is stored (重新审核). The same tables as in migrations/postgres; only the types' names differ.

-- +goose Up

-- What a file was judged by besides its measurements: basis is a digest of all of it, and what judges by the same again
-- need not look. duplicates is the part of it that cannot be asked for again: the JSON of the files that looked alike then.
ALTER TABLE checks ADD COLUMN basis TEXT NOT NULL DEFAULT '';
ALTER TABLE checks ADD COLUMN duplicates BLOB NOT NULL DEFAULT x'';

-- The verdict on a filing, the latest one, under all that it depends on: the revision of its facts, its files, the rules,
-- the versions that judged and measured, and the date. items are its lines, sorted: codes and no names.
CREATE TABLE verdicts (
    filing_id      TEXT PRIMARY KEY REFERENCES filings (id) ON DELETE CASCADE,
    revision       BIGINT NOT NULL,
    files          TEXT NOT NULL,
    rules          TEXT NOT NULL,
    checks_version TEXT NOT NULL,
    analyzer       TEXT NOT NULL,
    as_of          TEXT NOT NULL,
    verdict        TEXT NOT NULL,
    items          TEXT NOT NULL,
    judged_at      TIMESTAMP NOT NULL
);

-- One pass over the stored filings, in the order of their ids: how far it has come, and what it found. Whoever holds its
-- lease works on it; a lease that nobody renews is free.
CREATE TABLE revalidations (
    id           TEXT PRIMARY KEY,
    requested_by TEXT NOT NULL,
    state        TEXT NOT NULL,
    dry_run      BOOLEAN NOT NULL,
    remeasure    BOOLEAN NOT NULL,
    rules        TEXT NOT NULL,
    baseline     TEXT NOT NULL,
    today        TEXT NOT NULL,
    as_of        TEXT NOT NULL,
    province     TEXT NOT NULL,
    filing_state TEXT NOT NULL,
    since        TIMESTAMP,
    total        BIGINT NOT NULL,
    position     TEXT NOT NULL,
    seen         BIGINT NOT NULL,
    judged       BIGINT NOT NULL,
    changed      BIGINT NOT NULL,
    first        BIGINT NOT NULL,
    restated     BIGINT NOT NULL,
    files        BIGINT NOT NULL,
    measured     BIGINT NOT NULL,
    unreadable   BIGINT NOT NULL,
    summary      BLOB NOT NULL,
    failure      TEXT NOT NULL,
    worker       TEXT NOT NULL,
    lease_until  TIMESTAMP,
    created_at   TIMESTAMP NOT NULL,
    updated_at   TIMESTAMP NOT NULL,
    finished_at  TIMESTAMP
);
CREATE INDEX revalidations_open ON revalidations (state, id);

-- What a pass changed, or would change: one row for a filing, in the order of their ids.
CREATE TABLE revalidation_changes (
    revalidation_id TEXT NOT NULL REFERENCES revalidations (id) ON DELETE CASCADE,
    filing_id       TEXT NOT NULL,
    province        TEXT NOT NULL,
    before          TEXT NOT NULL,
    after           TEXT NOT NULL,
    detail          BLOB NOT NULL,
    PRIMARY KEY (revalidation_id, filing_id)
);

-- +goose Down
DROP TABLE revalidation_changes;
DROP TABLE revalidations;
DROP TABLE verdicts;
ALTER TABLE checks DROP COLUMN duplicates;
ALTER TABLE checks DROP COLUMN basis;
