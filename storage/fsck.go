package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Faults that Fsck finds.
const (
	// FaultMissing: a record refers to an object that is not there.
	FaultMissing = "missing_object"
	// FaultDamaged: an object does not have the bytes that its name is the digest of, or cannot be decrypted.
	FaultDamaged = "damaged_object"
	// FaultOrphan: an object that no record refers to, older than any upload takes: what a crash left behind between storing
	// and recording, or between forgetting a composite and deleting its picture.
	FaultOrphan = "orphan_object"
	// FaultUnknown: an object under a name that this program does not use.
	FaultUnknown = "unknown_object"
	// FaultStuck: a file waits for its check, and no job will make it.
	FaultStuck = "stuck_file"
)

// Fault is one thing that is wrong with what is stored. It names no person: keys and ids only.
type Fault struct {
	Kind string `json:"kind"`
	// Key is the object's, where the fault is one of an object.
	Key string `json:"key,omitempty"`
	// Files are the ids of the files that are concerned.
	Files []string `json:"files,omitempty"`
	// Composite is the id of the composite whose picture it is.
	Composite string `json:"composite,omitempty"`
	// Repaired: it is no more.
	Repaired bool `json:"repaired"`
	// Detail is what was seen.
	Detail string `json:"detail,omitempty"`
}

// FsckReport is what Fsck saw.
type FsckReport struct {
	// Contents and Bytes count the originals whose digest was verified; Objects all objects.
	Contents int64 `json:"contents"`
	Bytes    int64 `json:"bytes"`
	Objects  int64 `json:"objects"`
	// Composites counts the composites whose picture has the digest that it was made with.
	Composites int64 `json:"composites"`
	// Young are objects without a record that may belong to an upload on its way; Deleting those whose deletion goes on.
	Young    int64 `json:"young"`
	Deleting int64 `json:"deleting"`
	// Faults are what is wrong, and Open how many of them were not repaired.
	Faults []Fault `json:"faults"`
	Open   int     `json:"open"`
}

// FsckOptions say what Fsck does.
type FsckOptions struct {
	// Repair deletes orphans, has stuck files checked, and takes missing and damaged originals from Backup, where it is given.
	// Composites are taken from there too, or else made again when they are next asked for.
	Repair bool
	// Backup is a store that an export was written to; nil where there is none.
	Backup Objects
	// OrphanAge is how old an object without a record must be to be an orphan; 0 is DefaultOrphanAge.
	OrphanAge time.Duration
	// Quick compares sizes and does not read originals.
	Quick bool
	// Watch, where it is not nil, is called after every page.
	Watch func(*FsckReport)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// DefaultOrphanAge is longer than the slowest upload takes from its object to its record, several times over.
const DefaultOrphanAge = time.Hour

// fsckPage is how many rows and objects are looked at together.
const fsckPage = 500

// Fsck (存储核验) verifies all that is stored: each record's object by its SHA-256, the originals and the composites, each object's
// record, each waiting file's job. It may run beside the service. The error says that it could not be finished; what is wrong is in the report.
func Fsck(ctx context.Context, records *Records, objects Objects, o FsckOptions) (*FsckReport, error) {
	if o.OrphanAge == 0 {
		o.OrphanAge = DefaultOrphanAge
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Watch == nil {
		o.Watch = func(*FsckReport) {}
	}
	c := &fsck{FsckOptions: o, records: records, objects: objects, report: &FsckReport{Faults: []Fault{}}}
	for _, step := range []func(context.Context) error{c.contents, c.composites, c.orphans, c.stuck} {
		if err := step(ctx); err != nil {
			return c.report, fmt.Errorf("verify what is stored: %w", err)
		}
	}
	for _, f := range c.report.Faults {
		if !f.Repaired {
			c.report.Open++
		}
	}
	return c.report, nil
}

type fsck struct {
	FsckOptions
	records *Records
	objects Objects
	report  *FsckReport
}

func (c *fsck) fault(f Fault) { c.report.Faults = append(c.report.Faults, f) }

// blame takes what was wrong with an object for its fault, and returns what is no fault of the object: of the store or the network, after
// which nothing is known of it.
func (f *Fault) blame(err error) error {
	switch {
	case errors.Is(err, ErrNotFound):
		f.Kind, f.Detail = FaultMissing, "the object is not there"
	case errors.Is(err, ErrChecksum), errors.Is(err, ErrSize), errors.Is(err, ErrEnvelope), errors.Is(err, ErrSealed):
		f.Kind, f.Detail = FaultDamaged, err.Error()
	default:
		return err
	}
	return nil
}

// contents goes through the records of originals, in the order of their digests.
func (c *fsck) contents(ctx context.Context) error {
	for after := ""; ; {
		var rows []contentRow
		if err := c.records.read.NewSelect().Model(&rows).Where("sha256 > ?", after).Order("sha256").Limit(fsckPage).Scan(ctx); err != nil {
			return c.records.classify(err)
		}
		for i := range rows {
			if err := c.content(ctx, &rows[i]); err != nil {
				return err
			}
		}
		c.Watch(c.report)
		if len(rows) < fsckPage {
			return nil
		}
		after = rows[len(rows)-1].SHA256
	}
}

func (c *fsck) content(ctx context.Context, row *contentRow) error {
	sum, err := ParseDigest(row.SHA256)
	if err != nil {
		return err
	}
	key := ObjectKey(sum)
	err = c.verify(ctx, key, sum, row.Bytes)
	f := Fault{Key: key}
	if err == nil {
		c.report.Contents++
		c.report.Bytes += row.Bytes
		return nil
	}
	if err := f.blame(err); err != nil {
		return err
	}
	// It may have been deleted since the page was read.
	err = c.records.read.NewSelect().Model((*Material)(nil)).Column("id").Where("sha256 = ?", sum.String()).Order("id").Scan(ctx, &f.Files)
	if err != nil {
		return c.records.classify(err)
	}
	if len(f.Files) == 0 {
		return nil
	}
	if c.Repair && c.Backup != nil {
		if err := c.restore(ctx, key, sum, row, f.Kind == FaultDamaged); err != nil {
			f.Detail += "; the backup does not help: " + err.Error()
		} else {
			f.Repaired = true
		}
	}
	c.fault(f)
	return nil
}

// composites goes through the pictures that were made of several files.
func (c *fsck) composites(ctx context.Context) error {
	for after := ""; ; {
		var rows []Composite
		if err := c.records.read.NewSelect().Model(&rows).Where("id > ?", after).Where("object <> ''").Order("id").Limit(fsckPage).Scan(ctx); err != nil {
			return c.records.classify(err)
		}
		for i := range rows {
			if err := c.composite(ctx, &rows[i]); err != nil {
				return err
			}
		}
		c.Watch(c.report)
		if len(rows) < fsckPage {
			return nil
		}
		after = rows[len(rows)-1].ID
	}
}

func (c *fsck) composite(ctx context.Context, row *Composite) error {
	f := Fault{Key: row.Object, Composite: row.ID}
	sum, size, err := pictureOf(row)
	if err == nil {
		err = c.verify(ctx, row.Object, sum, size)
	} else {
		err = fmt.Errorf("%w: %w", err, ErrChecksum)
	}
	if err == nil {
		c.report.Composites++
		return nil
	}
	if err := f.blame(err); err != nil {
		return err
	}
	// It may have been deleted, or made again, since the page was read.
	current, err := c.records.Composite(ctx, row.ID)
	if errors.Is(err, ErrNotFound) || err == nil && current.Object != row.Object {
		return nil
	}
	if err != nil {
		return err
	}
	if c.Repair {
		if err := c.restorePicture(ctx, row, sum, size); err != nil {
			f.Detail += "; " + err.Error()
		} else {
			f.Repaired = true
		}
	}
	c.fault(f)
	return nil
}

// restorePicture takes a composite's picture from the backup; where it has none, the picture is forgotten, and made again when it is
// next asked for.
func (c *fsck) restorePicture(ctx context.Context, row *Composite, sum Digest, size int64) error {
	// A small copy of what was damaged may be damaged too.
	for _, key := range []string{row.Object, CompositeThumbnailKey(row.Object)} {
		if err := c.objects.Delete(ctx, key); err != nil {
			return err
		}
	}
	if c.Backup != nil && size > 0 {
		if data, err := ReadObject(ctx, c.Backup, row.Object, sum, size); err == nil {
			return c.objects.Put(ctx, row.Object, BytesContent(data))
		}
	}
	return c.records.ForgetPicture(ctx, row.ID, row.Object)
}

// verify reads an object to its end and compares its digest.
func (c *fsck) verify(ctx context.Context, key string, sum Digest, size int64) error {
	info, err := c.objects.Stat(ctx, key)
	if err != nil {
		return err
	}
	if info.Size != size {
		return fmt.Errorf("%d bytes where %d were recorded: %w", info.Size, size, ErrSize)
	}
	if c.Quick {
		return nil
	}
	r, err := c.objects.Get(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(hash, contextReader{ctx, r})
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("%d bytes where %d were recorded: %w", n, size, ErrSize)
	}
	if Digest(hash.Sum(nil)) != sum {
		return ErrChecksum
	}
	return nil
}

// restore takes an original from the backup, which is verified before anything is replaced.
func (c *fsck) restore(ctx context.Context, key string, sum Digest, row *contentRow, replace bool) error {
	data, err := ReadObject(ctx, c.Backup, key, sum, max(row.Bytes, 1))
	if err != nil {
		return err
	}
	if replace {
		if err := c.objects.Delete(ctx, key); err != nil {
			return err
		}
	}
	return c.objects.Put(ctx, key, BytesContent(data))
}

// orphans goes through all objects, in the order of their keys.
func (c *fsck) orphans(ctx context.Context) error {
	return eachOrphan(ctx, c.records, c.objects, c.Now().Add(-c.OrphanAge), func(page orphanPage) error {
		c.report.Objects += page.objects
		c.report.Young += page.young
		c.report.Deleting += page.deleting
		for _, key := range page.unknown {
			c.fault(Fault{Kind: FaultUnknown, Key: key})
		}
		for _, o := range page.orphans {
			f := Fault{Kind: FaultOrphan, Key: o.key}
			if c.Repair {
				if err := o.remove(ctx, c.records, c.objects); err != nil {
					f.Detail = err.Error()
				} else {
					f.Repaired = true
				}
			}
			c.fault(f)
		}
		c.Watch(c.report)
		return nil
	})
}

// orphan is an object whose content no record knows, or the picture of a composite that there is none of.
type orphan struct {
	key string
	sum Digest
	// picture: the content is known, the composite is not.
	picture bool
}

// remove deletes an orphan. A composite that is made at this moment under the same key is made again when it is asked for.
func (o *orphan) remove(ctx context.Context, records *Records, objects Objects) error {
	if o.picture {
		return objects.Delete(ctx, o.key)
	}
	return records.deleteOrphan(ctx, objects, o.sum)
}

type orphanPage struct {
	orphans                  []orphan
	unknown                  []string
	objects, young, deleting int64
}

// canaryRoom is a room of keys beside originals and derivatives; what is in it is looked after elsewhere.
const canaryRoom = "canary/"

// eachOrphan lists the store page by page and holds each page against the records.
func eachOrphan(ctx context.Context, records *Records, objects Objects, before time.Time, found func(orphanPage) error) error {
	var page orphanPage
	var known []orphan
	var times []time.Time
	flush := func() error {
		sums := make([]string, len(known))
		for i, o := range known {
			sums[i] = o.sum.String()
		}
		recorded, deleting, err := records.whichContents(ctx, sums)
		if err != nil {
			return err
		}
		var pictures []string
		for _, o := range known {
			if object, ok := compositeOf(o.key); ok {
				pictures = append(pictures, object)
			}
		}
		composed, err := records.whichPictures(ctx, pictures)
		if err != nil {
			return err
		}
		for i, o := range known {
			object, isPicture := compositeOf(o.key)
			switch {
			case recorded[sums[i]] && isPicture && !composed[object] && !times[i].After(before):
				o.picture = true
				page.orphans = append(page.orphans, o)
			case recorded[sums[i]] && isPicture && !composed[object]:
				page.young++
			case recorded[sums[i]]:
			case deleting[sums[i]]:
				page.deleting++
			case times[i].After(before):
				page.young++
			default:
				page.orphans = append(page.orphans, o)
			}
		}
		err = found(page)
		page, known, times = orphanPage{}, known[:0], times[:0]
		return err
	}
	for info, err := range objects.List(ctx, "", "") {
		if err != nil {
			return err
		}
		page.objects++
		if sum, ok := contentOf(info.Key); ok {
			known, times = append(known, orphan{key: info.Key, sum: sum}), append(times, info.ModTime)
		} else if !strings.HasPrefix(info.Key, canaryRoom) {
			page.unknown = append(page.unknown, info.Key)
		}
		if len(known)+len(page.unknown) >= fsckPage {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// contentOf returns the digest of the original that a key belongs to: its own, or of what was made from it.
func contentOf(key string) (Digest, bool) {
	room, rest, _ := strings.Cut(key, "/")
	if room != "objects" && room != "derivatives" {
		return Digest{}, false
	}
	name, _, derived := strings.Cut(rest[strings.LastIndexByte(rest, '/')+1:], ".")
	sum, err := ParseDigest(name)
	if err != nil || derived != (room == "derivatives") {
		return Digest{}, false
	}
	return sum, true
}

// whichContents tells which of some digests have a record, and which a deletion that is not finished.
func (r *Records) whichContents(ctx context.Context, sums []string) (recorded, deleting map[string]bool, err error) {
	recorded, deleting = map[string]bool{}, map[string]bool{}
	if len(sums) == 0 {
		return recorded, deleting, nil
	}
	var found []string
	if err := r.db.NewSelect().Model((*contentRow)(nil)).Column("sha256").Where("sha256 IN (?)", bun.In(sums)).Scan(ctx, &found); err != nil {
		return nil, nil, fmt.Errorf("look for contents: %w", r.classify(err))
	}
	for _, s := range found {
		recorded[s] = true
	}
	found = nil
	if err := r.db.NewSelect().Model((*deletionRow)(nil)).Column("sha256").Where("sha256 IN (?)", bun.In(sums)).Scan(ctx, &found); err != nil {
		return nil, nil, fmt.Errorf("look for deletions: %w", r.classify(err))
	}
	for _, s := range found {
		deleting[s] = true
	}
	return recorded, deleting, nil
}

// deleteOrphan deletes the objects of a content that no record knows. It notes the deletion first, in a transaction that
// sees that there is still no record: an upload of the same bytes that comes at this moment stores them anew, as after any
// deletion.
func (r *Records) deleteOrphan(ctx context.Context, objects Objects, sum Digest) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := tx.NewSelect().Model((*contentRow)(nil)).Where("sha256 = ?", sum.String()).Count(ctx)
		if err != nil || n > 0 {
			return err
		}
		_, err = tx.NewInsert().Model(&deletionRow{SHA256: sum.String(), CreatedAt: r.now()}).On("CONFLICT (sha256) DO NOTHING").Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete orphan %s: %w", sum, r.classify(err))
	}
	return RemoveContent(ctx, r, objects, sum)
}

// RemoveOrphans deletes the objects that no record refers to and that are older than age: what a crash left behind between
// storing and recording. It lists the whole store, so run it seldom. It returns how many contents there were.
func RemoveOrphans(ctx context.Context, records *Records, objects Objects, age time.Duration) (int, error) {
	n := 0
	err := eachOrphan(ctx, records, objects, time.Now().Add(-age), func(page orphanPage) error {
		for _, o := range page.orphans {
			if err := o.remove(ctx, records, objects); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("remove orphans: %w", err)
	}
	return n, nil
}

// stuck goes through the files that wait for their check.
func (c *fsck) stuck(ctx context.Context) error {
	for after := ""; ; {
		var rows []Material
		err := c.records.read.NewSelect().Model(&rows).ColumnExpr("m.id, m.job_id").
			Where("m.state = ?", "stored").Where("m.id > ?", after).
			Where("NOT EXISTS (SELECT 1 FROM river_job AS j WHERE j.id = m.job_id AND j.finalized_at IS NULL)").
			Order("m.id").Limit(fsckPage).Scan(ctx)
		if err != nil {
			return c.records.classify(err)
		}
		for i := range rows {
			f := Fault{Kind: FaultStuck, Files: []string{rows[i].ID}}
			if c.Repair {
				if err := c.records.EnqueueCheck(ctx, rows[i].ID); err != nil {
					f.Detail = err.Error()
				} else {
					f.Repaired = true
				}
			}
			c.fault(f)
		}
		if len(rows) < fsckPage {
			return nil
		}
		after = rows[len(rows)-1].ID
	}
}
