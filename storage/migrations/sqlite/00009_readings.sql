-- What is written in the pictures (文字识别). The same tables as in migrations/postgres; only the types' names differ.

-- +goose Up

-- What a reader read of a content, once for each of its versions: a layer beside measurements, kept while a material refers to
-- the content. It is personal.
CREATE TABLE readings (
    sha256     TEXT NOT NULL REFERENCES contents (sha256) ON DELETE CASCADE,
    reader     TEXT NOT NULL,
    data       BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (sha256, reader)
);

-- The job that reads the file, 0 where it waits for none.
ALTER TABLE materials ADD COLUMN reading_job BIGINT NOT NULL DEFAULT 0;

-- The reader whose reading a file was judged by, empty where it was judged without one; and the days between which the findings
-- hold if nothing but the day changes: terms end. Both are included, and empty where there is no such bound.
ALTER TABLE checks ADD COLUMN reader TEXT NOT NULL DEFAULT '';
ALTER TABLE checks ADD COLUMN holds_from TEXT NOT NULL DEFAULT '';
ALTER TABLE checks ADD COLUMN holds_until TEXT NOT NULL DEFAULT '';

-- The readers whose readings the files of a filing were judged by.
ALTER TABLE verdicts ADD COLUMN reader TEXT NOT NULL DEFAULT '';

-- Files that a pass read again.
ALTER TABLE revalidations ADD COLUMN reread BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE revalidations DROP COLUMN reread;
ALTER TABLE verdicts DROP COLUMN reader;
ALTER TABLE checks DROP COLUMN holds_until;
ALTER TABLE checks DROP COLUMN holds_from;
ALTER TABLE checks DROP COLUMN reader;
ALTER TABLE materials DROP COLUMN reading_job;
DROP TABLE readings;
