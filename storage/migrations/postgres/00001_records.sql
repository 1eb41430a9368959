-- The records of filings (备案记录). The same tables as in migrations/sqlite; only the types' names differ.

-- +goose Up

-- A filing: whose it is, its facts as given, the revision that changes with every change of them.
CREATE TABLE filings (
    id         TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,
    facts      BYTEA NOT NULL,
    revision   BIGINT NOT NULL,
    state      TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX filings_by_owner ON filings (owner, id);

-- A stored object, named by the SHA-256 of its bytes; any number of materials refer to it.
CREATE TABLE contents (
    sha256     TEXT PRIMARY KEY,
    bytes      BIGINT NOT NULL,
    format     TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- A digest whose last reference is gone and whose objects are still to be deleted. While the row stands nobody may refer
-- to the digest; the objects are deleted under the row's lock, and the row goes with them.
CREATE TABLE deletions (
    sha256     TEXT PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL
);

-- An uploaded file of a filing. Never its name, which is personal; only its extension.
CREATE TABLE materials (
    id          TEXT PRIMARY KEY,
    filing_id   TEXT NOT NULL REFERENCES filings (id) ON DELETE CASCADE,
    sha256      TEXT NOT NULL REFERENCES contents (sha256),
    material    TEXT NOT NULL,
    page        TEXT NOT NULL,
    of_whom     TEXT NOT NULL,
    extension   TEXT NOT NULL,
    state       TEXT NOT NULL,
    uploaded_at TIMESTAMPTZ NOT NULL,
    replaced_by TEXT NOT NULL,
    made_from   TEXT NOT NULL,
    job_id      BIGINT NOT NULL
);
CREATE INDEX materials_by_filing ON materials (filing_id, id);
CREATE INDEX materials_by_content ON materials (sha256);
-- One current file for each declared page; undeclared files stand side by side, but none of them twice.
CREATE UNIQUE INDEX materials_current ON materials (filing_id, material, page, of_whom)
    WHERE material <> '' AND state <> 'replaced';
CREATE UNIQUE INDEX materials_undeclared ON materials (filing_id, page, of_whom, sha256)
    WHERE material = '' AND state <> 'replaced';

-- Idempotency keys of uploads: they hold for a principal and a filing.
CREATE TABLE upload_keys (
    principal   TEXT NOT NULL,
    filing_id   TEXT NOT NULL REFERENCES filings (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    material_id TEXT NOT NULL REFERENCES materials (id) ON DELETE CASCADE,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (principal, filing_id, key)
);
CREATE INDEX upload_keys_by_filing ON upload_keys (filing_id);
CREATE INDEX upload_keys_by_material ON upload_keys (material_id);
CREATE INDEX upload_keys_by_age ON upload_keys (created_at);

-- What an analyzer measured of a content, once for each of its versions.
CREATE TABLE measurements (
    sha256     TEXT NOT NULL REFERENCES contents (sha256) ON DELETE CASCADE,
    analyzer   TEXT NOT NULL,
    data       BYTEA NOT NULL,
    hash       TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (sha256, analyzer)
);

-- The index of perceptual hashes: eight bands of 32 bits for each. band is the band's number * 2^32 + its bits.
CREATE TABLE hash_bands (
    band     BIGINT NOT NULL,
    sha256   TEXT NOT NULL,
    analyzer TEXT NOT NULL,
    PRIMARY KEY (band, sha256, analyzer)
);

-- The verdict on a material, the latest one.
CREATE TABLE checks (
    material_id    TEXT PRIMARY KEY REFERENCES materials (id) ON DELETE CASCADE,
    verdict        TEXT NOT NULL,
    findings       BYTEA NOT NULL,
    analyzer       TEXT NOT NULL,
    checks_version TEXT NOT NULL,
    rules          TEXT NOT NULL,
    as_of          TEXT NOT NULL,
    checked_at     TIMESTAMPTZ NOT NULL,
    elapsed_ms     DOUBLE PRECISION NOT NULL
);

-- Which set of rules was put in force when; the newest row holds. Nothing is ever taken back: a rollback is a new row.
CREATE TABLE activations (
    id           TEXT PRIMARY KEY,
    rules        TEXT NOT NULL,
    activated_by TEXT NOT NULL,
    activated_at TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE activations;
DROP TABLE checks;
DROP TABLE hash_bands;
DROP TABLE measurements;
DROP TABLE upload_keys;
DROP TABLE materials;
DROP TABLE deletions;
DROP TABLE contents;
DROP TABLE filings;
