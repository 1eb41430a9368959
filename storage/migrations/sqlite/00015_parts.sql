-- Pictures that somebody stitched (拼接图): what each part of a checked file was recognized as, as JSON; empty for a photo of one
-- document, which nearly all are. Matching goes by it without taking up what was measured and read. The same in both folders of
-- migrations.

-- +goose Up
ALTER TABLE checks ADD COLUMN parts TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE checks DROP COLUMN parts;
