-- Who looked at what (查看记录): the lines of one filing, its files and its composites, out of a trail of everybody's. The same in both
-- folders of migrations.

-- +goose Up
CREATE INDEX audit_by_object ON audit (organization, object, sequence);

-- +goose Down
DROP INDEX audit_by_object;
