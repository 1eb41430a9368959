package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

type fsckCommand struct {
	storageFlags
	logFlags

	Repair    bool          `help:"Delete orphans, have stuck files checked, and take originals that are missing or damaged from the backup."`
	Backup    string        `help:"Where preflight export has written, to repair from: dir:PATH or s3://bucket/prefix?endpoint=URL." placeholder:"URL"`
	Quick     bool          `help:"Compare sizes only: originals are not read."`
	OrphanAge time.Duration `help:"How old an object without a record must be to be an orphan." default:"1h" placeholder:"TIME"`
	JSON      bool          `name:"json" help:"JSON on standard output."`
}

func (fsckCommand) Example() string {
	return "  preflight fsck                                     # exit status 1 where something is wrong\n" +
		"  preflight fsck --repair --backup dir:/backup/2026-11-22\n" +
		"  preflight fsck --json --store 's3://preflight?endpoint=http://s3:9000' --database postgres://preflight@db/preflight\n\n" +
		"It may run beside the service. A file whose original is gone for good has to be asked for again; a composite is made again.\n"
}

// Run verifies all that is stored.
func (c *fsckCommand) Run(ctx context.Context, std streams) (err error) {
	if c.OrphanAge < 0 {
		return usageError("--orphan-age %s: it cannot be negative", c.OrphanAge)
	}
	store, database, err := c.urls()
	if err != nil {
		return err
	}
	objects, err := storage.OpenObjects(ctx, store, c.objectsOptions())
	if err != nil {
		return settingsError(err)
	}
	defer func() { err = errors.Join(err, objects.Close()) }()
	records, err := storage.OpenRecords(ctx, database, c.recordsOptions(quiet(c.logger(std))))
	if err != nil {
		return settingsError(err)
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	o := storage.FsckOptions{Repair: c.Repair, OrphanAge: max(c.OrphanAge, time.Nanosecond), Quick: c.Quick}
	if c.Backup != "" {
		if o.Backup, err = storage.OpenObjects(ctx, c.Backup, c.objectsOptions()); err != nil {
			return settingsError(err)
		}
		defer func() { err = errors.Join(err, o.Backup.Close()) }()
	}
	latest := time.Now()
	o.Watch = func(r *storage.FsckReport) {
		if time.Since(latest) >= plainEvery {
			latest = time.Now()
			_, _ = fmt.Fprintf(std.err, "%d originals, %d objects\n", r.Contents, r.Objects)
		}
	}
	report, err := storage.Fsck(ctx, records, objects, o)
	if err != nil {
		return err
	}
	if err := c.print(std, report); err != nil {
		return err
	}
	if report.Open > 0 {
		return errFails
	}
	return nil
}

func (c *fsckCommand) print(std streams, r *storage.FsckReport) error {
	if c.JSON {
		return printJSON(std.out, r)
	}
	for _, f := range r.Faults {
		state := ""
		if f.Repaired {
			state = " (repaired)"
		}
		words := []string{f.Kind + state}
		if f.Key != "" {
			words = append(words, f.Key)
		}
		if f.Composite != "" {
			words = append(words, "composite "+f.Composite)
		}
		if len(f.Files) > 0 {
			words = append(words, "files "+strings.Join(f.Files, " "))
		}
		if f.Detail != "" {
			words = append(words, f.Detail)
		}
		_, _ = fmt.Fprintln(std.out, strings.Join(words, ": "))
	}
	_, err := fmt.Fprintf(std.out, "%d originals of %d bytes and %d composites are whole, of %d objects; %d faults, %d of them open\n",
		r.Contents, r.Bytes, r.Composites, r.Objects, len(r.Faults), r.Open)
	return err
}
