package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// transferFlags are what export and import share: where the filings are kept, and where the export is.
type transferFlags struct {
	storageFlags
	logFlags

	ExportAccessKey string `name:"export-access-key" help:"Access key of the export's S3 server. Default: that of the store." env:"PREFLIGHT_EXPORT_ACCESS_KEY" placeholder:"KEY"`
	ExportSecretKey string `name:"export-secret-key" help:"Secret key of the export's S3 server; give it by environment or file. Default: that of the store." env:"PREFLIGHT_EXPORT_SECRET_KEY" placeholder:"KEY"`
	JSON            bool   `name:"json" help:"JSON on standard output."`
}

// open opens the records, their store and the place of the export; done closes them.
func (f *transferFlags) open(ctx context.Context, std streams, place string) (records *storage.Records, objects, export storage.Objects, done func() error, err error) {
	var closers []func() error
	closeAll := func() error {
		var errs []error
		for i := len(closers) - 1; i >= 0; i-- {
			errs = append(errs, closers[i]())
		}
		return errors.Join(errs...)
	}
	done = closeAll
	defer func() {
		if err != nil {
			err = errors.Join(settingsError(err), closeAll())
		}
	}()
	store, database, err := f.urls()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	options := f.objectsOptions()
	if objects, err = storage.OpenObjects(ctx, store, options); err != nil {
		return nil, nil, nil, nil, err
	}
	closers = append(closers, objects.Close)
	if f.ExportAccessKey != "" {
		options.AccessKey, options.SecretKey = f.ExportAccessKey, f.ExportSecretKey
	}
	if f.Keys == "" {
		// The keys that were made by themselves lie in the data directory: with it they would be gone, and a backup that only they can
		// read with them.
		options.Keys = nil
	}
	if export, err = storage.OpenObjects(ctx, place, options); err != nil {
		return nil, nil, nil, nil, err
	}
	closers = append(closers, export.Close)
	if records, err = storage.OpenRecords(ctx, database, f.recordsOptions(quiet(f.logger(std)))); err != nil {
		return nil, nil, nil, nil, err
	}
	closers = append(closers, records.Close)
	return records, objects, export, done, nil
}

// tell prints what was moved.
func (f *transferFlags) tell(std streams, verb string, e *storage.Export) error {
	if f.JSON {
		return printJSON(std.out, map[string]any{"filings": e.Filings, "files": e.Files, "contents": e.Contents, "bytes": e.Bytes, "pages": len(e.Pages)})
	}
	_, err := fmt.Fprintf(std.out, "%s %d filings, %d files, %d contents of %d bytes\n", verb, e.Filings, e.Files, e.Contents, e.Bytes)
	return err
}

type exportCommand struct {
	transferFlags
	To string `arg:"" help:"An empty place: dir:PATH or s3://bucket/prefix?endpoint=URL." placeholder:"URL"`
}

func (exportCommand) Example() string {
	return "  preflight export dir:/backup/2026-11-22\n" +
		"  preflight export 's3://backup/2026-11-22?endpoint=http://s3:9000' --database postgres://preflight@db/preflight --store 's3://preflight?endpoint=http://s3:9000'\n\n" +
		"Keep it as safe as the data: it is encrypted only where --keys names keys that are kept elsewhere. Interrupted, the same call goes on\n" +
		"where it was. Everything is stored under its SHA-256 and verified by it.\n"
}

// Run copies all filings with their originals to a place of their own.
func (c *exportCommand) Run(ctx context.Context, std streams) (err error) {
	records, objects, export, done, err := c.open(ctx, std, c.To)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	latest := time.Now()
	e, err := storage.ExportTo(ctx, records, objects, export, func(e *storage.Export) {
		if time.Since(latest) >= plainEvery {
			latest = time.Now()
			_, _ = fmt.Fprintf(std.err, "%d filings, %d files\n", e.Filings, e.Files)
		}
	})
	if errors.Is(err, storage.ErrExportExists) {
		return usageError("%s holds an export already: choose another place", c.To)
	}
	if err != nil {
		return err
	}
	return c.tell(std, "exported", e)
}

type importCommand struct {
	transferFlags
	From string `arg:"" help:"A place that preflight export has filled." placeholder:"URL"`
}

func (importCommand) Example() string {
	return "  preflight import dir:/backup/2026-11-22 --data ./restored\n" +
		"  preflight import dir:/backup/2026-11-22 --database postgres://preflight@db/preflight --store 's3://preflight?endpoint=http://s3:9000' \n\n" +
		"An export that was made with --keys is read with the same. What is there already stays. Interrupted, the same call goes on. Every byte is verified by its SHA-256.\n"
}

// Run copies filings out of an export.
func (c *importCommand) Run(ctx context.Context, std streams) (err error) {
	records, objects, export, done, err := c.open(ctx, std, c.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	latest := time.Now()
	e, err := storage.ImportFrom(ctx, records, objects, export, func(done, whole *storage.Export) {
		if time.Since(latest) >= plainEvery {
			latest = time.Now()
			_, _ = fmt.Fprintf(std.err, "%d of %d filings\n", done.Filings, whole.Filings)
		}
	})
	if errors.Is(err, storage.ErrNoKey) {
		return usageError("%w: give the keys of the service that made the export: --keys file:PATH", err)
	}
	if errors.Is(err, storage.ErrNoExport) {
		return usageError("%s: %w", c.From, err)
	}
	if err != nil {
		return err
	}
	return c.tell(std, "imported", e)
}
