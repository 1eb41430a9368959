package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// An export (导出) is a store of objects that holds everything of some records and their store: the originals and the composites under
// the keys that they have (what else was made of originals is made again), and the records as pages of JSON, each under a key that holds its number and its own digest, so that a
// page which was damaged is noticed and one that was written is never written again:
//
//	objects/ab/cd/abcd...
//	derivatives/ab/cd/abcd....composite.<basis>
//	export/page-000000001-<sha256>.json
//	export/end-<sha256>.json
//
// The end is written last: an export without one is not whole. Pages and objects are read back by their digests.
const (
	exportPrefix = "export/"
	exportPage   = exportPrefix + "page-"
	exportEnd    = exportPrefix + "end-"
	// exportFormat is the version of this layout.
	exportFormat = 1
	// exportFilings is how many filings are in a page: with their files some megabytes of JSON.
	exportFilings = 200
	// maxExportPage bounds what is read into memory.
	maxExportPage = 256 << 20
)

// Errors of moving filings between stores.
var (
	// ErrExportExists: the destination holds a whole export already.
	ErrExportExists = errors.New("the destination holds an export already")
	// ErrNoExport: the source holds no export, or one that was not finished.
	ErrNoExport = errors.New("there is no finished export")
)

// Export is what an export holds, and how far one under way has come.
type Export struct {
	Format     int       `json:"format"`
	FinishedAt time.Time `json:"finished_at"`
	// Pages are the digests of the pages, in their order.
	Pages []string `json:"pages"`
	// Filings, Files and Contents count what is in them; Bytes are those of the contents, each once.
	Filings  int64 `json:"filings"`
	Files    int64 `json:"files"`
	Contents int64 `json:"contents"`
	Bytes    int64 `json:"bytes"`
	// Composites counts those whose picture is in it.
	Composites int64 `json:"composites,omitempty"`
	// Activations are which rules were in force when, newest first.
	Activations []Activation `json:"activations"`
}

// count adds a page.
func (e *Export) count(digest string, rows *FilingRows) {
	e.Pages = append(e.Pages, digest)
	e.Filings += int64(len(rows.Filings))
	e.Files += int64(len(rows.Materials))
	e.Contents += int64(len(rows.Contents))
	for i := range rows.Contents {
		e.Bytes += rows.Contents[i].Bytes
	}
	for i := range rows.Composites {
		if rows.Composites[i].Object != "" {
			e.Composites++
		}
	}
}

// ExportTo copies all filings with their originals into an empty place of another store. Done again after it was
// interrupted it goes on where it was. Every page is one state of its filings; what changes while an export runs may be
// in it or not, so stop the service where the copy must be of one moment. watch, where it is not nil, is told after every
// page.
func ExportTo(ctx context.Context, records *Records, objects, to Objects, watch func(*Export)) (*Export, error) {
	whole, err := findExport(ctx, to)
	if err != nil {
		return nil, err
	}
	if whole.end != "" {
		return nil, ErrExportExists
	}
	e, after := &Export{Format: exportFormat, Pages: []string{}}, ""
	for _, key := range whole.pages {
		rows, err := readPage(ctx, to, key)
		if err != nil {
			return nil, fmt.Errorf("go on with an export: %w", err)
		}
		e.count(pageDigest(key), rows)
		after = rows.Filings[len(rows.Filings)-1].ID
	}
	for {
		rows, err := exportWhole(ctx, records, objects, to, after)
		if err != nil {
			return nil, err
		}
		if len(rows.Filings) == 0 {
			break
		}
		text, err := json.Marshal(&rows)
		if err != nil {
			return nil, fmt.Errorf("print a page: %w", err)
		}
		sum := DigestOf(text)
		if err := to.Put(ctx, fmt.Sprintf("%s%09d-%s.json", exportPage, len(e.Pages)+1, sum), BytesContent(text)); err != nil {
			return nil, err
		}
		e.count(sum.String(), &rows)
		after = rows.Filings[len(rows.Filings)-1].ID
		if watch != nil {
			watch(e)
		}
	}
	const all = 1 << 20
	if e.Activations, err = records.Activations(ctx, all); err != nil {
		return nil, err
	}
	e.FinishedAt = records.now()
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("print the end of an export: %w", err)
	}
	return e, to.Put(ctx, exportEnd+DigestOf(text).String()+".json", BytesContent(text))
}

// exportWhole reads a page and copies its originals and composites. An original that is gone was deleted since the page was read, with
// what refers to it, and a composite was made again: then the page is read again. A picture that stays away or is damaged is left
// out, and made again where the export is imported to.
func exportWhole(ctx context.Context, records *Records, objects, to Objects, after string) (FilingRows, error) {
	for n := 1; ; n++ {
		rows, err := records.ExportFilings(ctx, after, exportFilings)
		if err != nil {
			return FilingRows{}, err
		}
		for i := range rows.Contents {
			if err = copyObject(ctx, objects, to, &rows.Contents[i]); err != nil {
				break
			}
		}
		for i := range rows.Composites {
			if err != nil {
				break
			}
			c := &rows.Composites[i]
			err = copyPicture(ctx, objects, to, c)
			if errors.Is(err, ErrNotFound) && n == recordAttempts || errors.Is(err, ErrChecksum) || errors.Is(err, ErrSize) || errors.Is(err, ErrSealed) {
				c.forget()
				err = nil
			}
		}
		if err == nil {
			return rows, nil
		}
		if !errors.Is(err, ErrNotFound) || n >= recordAttempts {
			return FilingRows{}, err
		}
	}
}

// ImportFrom copies what an export holds into these records and their store, and verifies every byte by its digest on
// the way. What is there already stays, so that it can be done again after it was interrupted.
func ImportFrom(ctx context.Context, records *Records, objects, from Objects, watch func(done, whole *Export)) (*Export, error) {
	found, err := findExport(ctx, from)
	if err != nil {
		return nil, err
	}
	if found.end == "" {
		return nil, ErrNoExport
	}
	text, err := readByKey(ctx, from, found.end)
	if err != nil {
		return nil, err
	}
	var whole Export
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("read %s: %w", found.end, err)
	}
	if whole.Format != exportFormat {
		return nil, fmt.Errorf("%w: its format is %d, this version reads %d", ErrNoExport, whole.Format, exportFormat)
	}
	if len(found.pages) != len(whole.Pages) {
		return nil, fmt.Errorf("%d pages are there, %d were written: %w", len(found.pages), len(whole.Pages), ErrChecksum)
	}
	done := &Export{Format: exportFormat, FinishedAt: whole.FinishedAt, Pages: []string{}, Activations: whole.Activations}
	for i, key := range found.pages {
		if pageDigest(key) != whole.Pages[i] {
			return nil, fmt.Errorf("%s is not the page that was written: %w", key, ErrChecksum)
		}
		rows, err := readPage(ctx, from, key)
		if err != nil {
			return nil, err
		}
		// Objects come first: a record never stands without its object.
		for n := range rows.Contents {
			if err := copyObject(ctx, from, objects, &rows.Contents[n]); err != nil {
				return nil, err
			}
		}
		for n := range rows.Composites {
			c := &rows.Composites[n]
			if err := copyPicture(ctx, from, objects, c); errors.Is(err, ErrExists) {
				c.forget() // another version of this program made another picture of the same files here
			} else if err != nil {
				return nil, err
			}
		}
		if err := records.ImportFilings(ctx, *rows); err != nil {
			return nil, err
		}
		done.count(whole.Pages[i], rows)
		if watch != nil {
			watch(done, &whole)
		}
	}
	if err := records.importActivations(ctx, whole.Activations); err != nil {
		return nil, err
	}
	return done, nil
}

func (r *Records) importActivations(ctx context.Context, list []Activation) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error { return insertNew(ctx, tx, list) })
	if err != nil {
		return fmt.Errorf("import activations: %w", err)
	}
	return nil
}

// exportKeys are the keys of an export, pages in their order.
type exportKeys struct {
	pages []string
	end   string
}

func findExport(ctx context.Context, in Objects) (exportKeys, error) {
	var found exportKeys
	for info, err := range in.List(ctx, exportPrefix, "") {
		switch {
		case err != nil:
			return exportKeys{}, fmt.Errorf("look for an export: %w", err)
		case strings.HasPrefix(info.Key, exportPage):
			found.pages = append(found.pages, info.Key)
		case strings.HasPrefix(info.Key, exportEnd):
			found.end = info.Key
		}
	}
	return found, nil
}

// pageDigest is the digest that a key of an export names.
func pageDigest(key string) string {
	key = strings.TrimSuffix(key, ".json")
	return key[strings.LastIndexByte(key, '-')+1:]
}

// readByKey reads what an export holds under a key and verifies the digest that the key names.
func readByKey(ctx context.Context, in Objects, key string) ([]byte, error) {
	sum, err := ParseDigest(pageDigest(key))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return ReadObject(ctx, in, key, sum, maxExportPage)
}

func readPage(ctx context.Context, in Objects, key string) (*FilingRows, error) {
	text, err := readByKey(ctx, in, key)
	if err != nil {
		return nil, err
	}
	var rows FilingRows
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	if len(rows.Filings) == 0 {
		return nil, fmt.Errorf("read %s: it holds no filing: %w", key, ErrChecksum)
	}
	return &rows, nil
}

// copyObject copies an original unless it is there; its digest is verified when it is read and when it is written.
func copyObject(ctx context.Context, from, to Objects, c *ContentRow) error {
	sum, err := ParseDigest(c.SHA256)
	if err != nil {
		return err
	}
	return copyBytes(ctx, from, to, ObjectKey(sum), sum, c.Bytes)
}

// copyPicture copies a composite's picture, where it has one.
func copyPicture(ctx context.Context, from, to Objects, c *Composite) error {
	if c.Object == "" {
		return nil
	}
	sum, size, err := pictureOf(c)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrChecksum)
	}
	return copyBytes(ctx, from, to, c.Object, sum, size)
}

func copyBytes(ctx context.Context, from, to Objects, key string, sum Digest, size int64) error {
	info, err := to.Stat(ctx, key)
	if err == nil && info.Size == size {
		return nil
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	data, err := ReadObject(ctx, from, key, sum, max(size, 1))
	if err != nil {
		return err
	}
	return to.Put(ctx, key, Content{Body: bytes.NewReader(data), Size: int64(len(data)), Sum: sum})
}
