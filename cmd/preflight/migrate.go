package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/preflight-icp/preflight/storage"
)

type migrateCommand struct {
	storageFlags
	logFlags

	Check bool `help:"Change nothing; exit status 1 where the schema is not the newest."`
}

func (migrateCommand) Example() string {
	return "  preflight migrate --database postgres://preflight@db/preflight    # before new versions of the service start\n" +
		"  preflight migrate --check\n"
}

// Run brings the schema up, as every process that opens the database does too: a fleet does it once, before it rolls.
func (c *migrateCommand) Run(ctx context.Context, std streams) (err error) {
	_, database, err := c.urls()
	if err != nil {
		return err
	}
	options := c.recordsOptions(quiet(c.logger(std)))
	options.SkipMigrate = true
	records, err := storage.OpenRecords(ctx, database, options)
	if err != nil {
		return settingsError(err)
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	before, newest, err := records.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if c.Check {
		_, _ = fmt.Fprintf(std.out, "schema %d, newest %d\n", before, newest)
		if before != newest {
			return errFails
		}
		return nil
	}
	if err := records.Migrate(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "schema %d, was %d\n", newest, before)
	return err
}
