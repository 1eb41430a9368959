-- Pictures that the service stitched together (拼接图). The same tables as in migrations/postgres; only the types' names differ.

-- +goose Up

-- What was asked for (recipe, JSON; its digest makes asking twice the same), and what was made of it (made, JSON; empty where it
-- failed or was not made yet) of which sources (basis), kept under the key object. failure is the code why it cannot be made.
CREATE TABLE composites (
    id            TEXT PRIMARY KEY,
    filing_id     TEXT NOT NULL REFERENCES filings (id) ON DELETE CASCADE,
    recipe        BLOB NOT NULL,
    recipe_digest TEXT NOT NULL,
    made          BLOB NOT NULL,
    basis         TEXT NOT NULL,
    object        TEXT NOT NULL,
    failure       TEXT NOT NULL,
    created_by    TEXT NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX composites_asked ON composites (filing_id, recipe_digest);

-- Which files were asked to be in it. A composite goes with the first of them that is deleted.
CREATE TABLE composite_sources (
    composite_id TEXT NOT NULL REFERENCES composites (id) ON DELETE CASCADE,
    material_id  TEXT NOT NULL,
    PRIMARY KEY (composite_id, material_id)
);
CREATE INDEX composite_sources_by_material ON composite_sources (material_id);

-- +goose Down
DROP TABLE composite_sources;
DROP TABLE composites;
