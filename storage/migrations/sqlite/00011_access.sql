-- Who may do what, and who did it (访问控制与审计).

-- +goose Up

-- Whose it is. The empty organization is that of the installation itself.
ALTER TABLE filings ADD COLUMN organization TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN organization TEXT NOT NULL DEFAULT '';
ALTER TABLE revalidations ADD COLUMN organization TEXT NOT NULL DEFAULT '';
CREATE INDEX filings_by_organization ON filings (organization, owner, id);

-- Keys that an operator made for programs and people. Of a key only the SHA-256 is kept. scopes are joined by spaces; empty is all that
-- the role has.
CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    organization TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    sum          TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP,
    revoked_at   TIMESTAMP
);

-- Links that let an applicant in, to one filing and for a while.
CREATE TABLE links (
    id         TEXT PRIMARY KEY,
    filing_id  TEXT NOT NULL REFERENCES filings (id) ON DELETE CASCADE,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX links_by_filing ON links (filing_id, id);

-- Secrets of the installation that sign, one for each purpose.
CREATE TABLE signing_secrets (
    purpose    TEXT PRIMARY KEY,
    secret     BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Who saw or changed what. A row is never changed nor deleted; hash is over the row and the hash before it, so that a row which was changed
-- or taken out shows.
CREATE TABLE audit (
    sequence     BIGINT PRIMARY KEY,
    at           TIMESTAMP NOT NULL,
    principal    TEXT NOT NULL,
    role         TEXT NOT NULL,
    organization TEXT NOT NULL,
    operation    TEXT NOT NULL,
    object       TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    request      TEXT NOT NULL,
    detail       TEXT NOT NULL,
    hash         TEXT NOT NULL
);
CREATE INDEX audit_by_organization ON audit (organization, sequence);

-- The end of the trail: whoever goes on with it holds this row.
CREATE TABLE audit_head (
    id       BIGINT PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash     TEXT NOT NULL
);
INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, '');

-- +goose Down
DROP TABLE audit_head;
DROP TABLE audit;
DROP TABLE signing_secrets;
DROP TABLE links;
DROP TABLE api_keys;
DROP INDEX filings_by_organization;
ALTER TABLE revalidations DROP COLUMN organization;
ALTER TABLE webhooks DROP COLUMN organization;
ALTER TABLE filings DROP COLUMN organization;
