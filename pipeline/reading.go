package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// Reader reads the text in a picture, on what was measured of it: a pure function of both, which may run in this process or in
// another. An error is a failure of the machine or the end of the context.
type Reader interface {
	Read(ctx context.Context, data []byte, m *filing.Measurements) (filing.Reading, error)
}

// Which photos are read is decided here, from what they were declared as and from what was measured: those of whose material
// something is judged by its words (checks.Reads), and which can be decoded to their last pixel. What is needed and not yet there
// is judged without it, which asks for a person (finding text_not_read), and is queued.

// readable reports whether a file is to be read.
func (p *Pipeline) readable(declared filing.Declared, m *filing.Measurements) bool {
	return p.ReaderVersion != "" && checks.Reads(declared) && m.Decode != nil && m.Decode.Complete
}

// readingState is how a file is judged of which a version of the reader has read the text; "" where none has.
func (p *Pipeline) readingState(declared filing.Declared, reader string) checks.ReadingState {
	switch {
	case !checks.Reads(declared):
		return checks.ReadingOff
	case reader != "":
		return checks.ReadingDone
	case p.ReaderVersion != "":
		return checks.ReadingWaits
	}
	return p.Unread
}

// patience says how long a check waits for the text.
type patience int

const (
	// readSoon: somebody waits for the answer. It is read at once unless the readers are busy for long, or fail.
	readSoon patience = iota
	// readLater: what is not there is left to a job.
	readLater
	// readNow: this is that job.
	readNow
)

// text is what is known of the text in a file.
type text struct {
	// reader is the version that read; "" where nobody has.
	reader  string
	content *filing.Content
	// made is a reading that is not kept yet.
	made *storage.ReadText
	// waits: it is to be read, and was not.
	waits bool
}

// into puts what was read into what a file is judged by.
func (t *text) into(in *checks.FileInput, state checks.ReadingState) {
	in.Reading, in.Content = state, t.content
}

// readText takes a file's reading: the one that is kept, or a new one.
func (p *Pipeline) readText(
	ctx context.Context, material *storage.Material, m *filing.Measurements, load func() ([]byte, error), how patience,
) (*text, error) {
	if !p.readable(declaredOf(material), m) {
		return &text{}, nil
	}
	sum := digestOf(material)
	content, err := p.keptContent(ctx, sum, p.ReaderVersion, m)
	if err == nil {
		p.metrics.readings.WithLabelValues("kept").Inc()
		return &text{reader: p.ReaderVersion, content: content}, nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if how == readLater {
		return &text{waits: true}, nil
	}
	waiting := ctx
	if how == readSoon {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, p.cfg.CheckWait)
		defer cancel()
	}
	if err := p.acquire(waiting, p.readers); err != nil {
		if how == readSoon && ctx.Err() == nil {
			return &text{waits: true}, nil // all readers are busy: the job reads it
		}
		return nil, fmt.Errorf("wait for a reader: %w", err)
	}
	made, err := p.newReading(ctx, sum, m, load)
	release(p.readers)
	if err != nil {
		if how == readSoon && ctx.Err() == nil {
			p.Log.Error("reading failed, its job will try again", "material", material.ID, "error", err.Error())
			return &text{waits: true}, nil
		}
		return nil, err
	}
	return made, nil
}

// newReading reads a picture. The caller holds a reader.
func (p *Pipeline) newReading(ctx context.Context, sum storage.Digest, m *filing.Measurements, load func() ([]byte, error)) (*text, error) {
	v, err, _ := p.once.Do("read "+sum.String(), func() (any, error) {
		data, err := load()
		if err != nil {
			return nil, err
		}
		limited, cancel := context.WithTimeout(ctx, p.cfg.ReadDeadline)
		defer cancel()
		start := time.Now()
		limited, span := p.span(limited, "read picture")
		r, err := p.Reader.Read(limited, data, m)
		end(span, err)
		p.metrics.read(err, errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil, time.Since(start))
		if err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
		kept := storage.ReadText{Sum: sum, Reader: p.ReaderVersion}
		if kept.Data, err = json.Marshal(&r); err != nil {
			return nil, fmt.Errorf("print reading: %w", err)
		}
		content := document.InPhoto(r, m)
		return &text{reader: p.ReaderVersion, content: &content, made: &kept}, nil
	})
	made, _ := v.(*text)
	return made, err
}

// keptContent is what a kept reading says; storage.ErrNotFound where there is none.
func (p *Pipeline) keptContent(ctx context.Context, sum storage.Digest, reader string, m *filing.Measurements) (*filing.Content, error) {
	data, err := p.Records.Reading(ctx, sum, reader)
	if err != nil {
		return nil, err
	}
	return contentOf(sum.String(), data, m)
}

// contentOf recognizes what a reading says: judging, made anew each time from the text and what was
// measured of the same bytes, which may be nil.
func contentOf(sha string, data []byte, m *filing.Measurements) (*filing.Content, error) {
	var r filing.Reading
	if err := json.Unmarshal(data, &r); err != nil {
		// Its words may quote what was read.
		return nil, fmt.Errorf("reading of %s as kept cannot be parsed", sha)
	}
	content := document.InPhoto(r, m)
	return &content, nil
}

// MaterialText is what the check of a file went by, with the place of every line. Errors are ErrNotFound.
func (p *Pipeline) MaterialText(ctx context.Context, who Viewer, id string) (*filing.MaterialText, error) {
	m, _, err := p.visibleMaterial(ctx, who, id)
	if err != nil {
		return nil, err
	}
	out := &filing.MaterialText{Lines: []filing.Line{}}
	c, err := p.Records.Check(ctx, m.ID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && c.Reader == "" {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	data, err := p.Records.Reading(ctx, digestOf(m), c.Reader)
	if errors.Is(err, storage.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	measured, err := p.keptMeasurements(ctx, digestOf(m), c.Analyzer)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	content, err := contentOf(m.SHA256, data, measured)
	if err != nil {
		return nil, err
	}
	var r filing.Reading
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading of %s as kept cannot be parsed", m.SHA256) // its words may quote what was read
	}
	for i := range r.Lines {
		r.Lines[i].Glyphs = nil
	}
	out.Reader, out.Lines, out.Seals, out.Fields = c.Reader, append(out.Lines, r.Lines...), r.Seals, content.Fields
	return out, nil
}

// Read reads a stored file that was checked and not read, and judges it by what it read: what its job does. A file that was read
// meanwhile, or replaced, is no work; one that was deleted is storage.ErrNotFound, which ends its job.
func (p *Pipeline) Read(ctx context.Context, materialID string) error {
	material, err := p.Records.Material(ctx, materialID)
	if err != nil {
		return err
	}
	if material.State != filing.MaterialChecked {
		return nil // its check comes first, or nobody needs it any more
	}
	f, err := p.Records.Filing(ctx, material.FilingID)
	if err != nil {
		return err
	}
	load := func() ([]byte, error) { return p.load(ctx, &material) }
	_, err = p.checkMaterial(ctx, &f, &material, check{measuring: p.measuring(ctx, digestOf(&material), load), load: load, text: readNow})
	return err
}

// readStored reads a stored content by the reader of this process and keeps what it read.
func (p *Pipeline) readStored(ctx context.Context, sha string, m *filing.Measurements) ([]byte, error) {
	sum, err := storage.ParseDigest(sha)
	if err != nil {
		return nil, err
	}
	if kept, err := p.Records.Reading(ctx, sum, p.ReaderVersion); err == nil || !errors.Is(err, storage.ErrNotFound) {
		return kept, err
	}
	if err := p.acquire(ctx, p.readers); err != nil {
		return nil, fmt.Errorf("wait for a reader: %w", err)
	}
	defer release(p.readers)
	made, err := p.newReading(ctx, sum, m, func() ([]byte, error) {
		return storage.ReadObject(ctx, p.Objects, storage.ObjectKey(sum), sum, p.cfg.MaxBody)
	})
	if err != nil {
		return nil, err
	}
	return made.made.Data, p.Records.SaveReading(ctx, *made.made)
}

// rejudge judges the current files of a filing again from what is kept, after its facts have changed: a name that was put right is
// no mismatch any more. No pixel is touched. What is not kept is left to the next revalidation.
func (p *Pipeline) rejudge(ctx context.Context, f *storage.Filing, facts *filing.Facts) error {
	list, err := p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return err
	}
	made, err := p.madePartsOf(ctx, f.ID)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].State != filing.MaterialChecked {
			continue
		}
		if err := p.rejudgeFile(ctx, f, facts, &list[i], made.shows(list[i].SHA256)); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("judge file %s again: %w", list[i].ID, err)
		}
	}
	return nil
}

func (p *Pipeline) rejudgeFile(ctx context.Context, f *storage.Filing, facts *filing.Facts, m *storage.Material, made bool) error {
	c, err := p.Records.Check(ctx, m.ID)
	if err != nil {
		return err
	}
	set, asOf := p.rules(), p.asOf(facts)
	in := fileInput(declaredOf(m), m.Extension, set.UploadLimits(asOf), PartiesOf(facts)).withFacts(facts, asOf, p.readingState(declaredOf(m), c.Reader))
	in.Made = made
	basis, err := basisOf(in, c.Analyzer, readBasis{c.Reader, f.Revision})
	if err != nil || basis == c.Basis && holds(c.HoldsFrom, c.HoldsUntil, asOf) {
		return err
	}
	measured, err := p.keptMeasurements(ctx, digestOf(m), c.Analyzer)
	if err != nil {
		return err
	}
	t := text{reader: c.Reader}
	if c.Reader != "" {
		if t.content, err = p.keptContent(ctx, digestOf(m), c.Reader, measured); err != nil {
			return err
		}
	}
	t.into(&in.FileInput, in.Reading)
	var duplicates []checks.Duplicate
	if len(c.Duplicates) > 0 {
		if err := json.Unmarshal(c.Duplicates, &duplicates); err != nil {
			return fmt.Errorf("duplicates as kept: %w", err)
		}
	}
	in.Duplicates = duplicates
	report := Judge(m.SHA256, *measured, in.FileInput)
	report.ElapsedMS = c.ElapsedMS
	again := storage.Check{Rules: set.Hash(), AsOf: asOf.String(), Basis: basis, Reader: c.Reader, Analyzer: c.Analyzer}
	again.HoldsFrom, again.HoldsUntil = holdsOf(in.FileInput)
	t.waits = m.ReadingJob != 0
	return p.saveCheck(ctx, m, &report, again, duplicates, &t)
}

// holds reports whether findings that hold between two days do on a day.
func holds(from, until string, day filing.Date) bool {
	if d, ok := filing.ParseDate(from); ok && day < d {
		return false
	}
	if d, ok := filing.ParseDate(until); ok && day > d {
		return false
	}
	return true
}

// holdsOf is checks.Holds as it is kept.
func holdsOf(in checks.FileInput) (from, until string) {
	f, u := checks.Holds(in)
	if f != 0 {
		from = f.String()
	}
	if u != 0 {
		until = u.String()
	}
	return from, until
}
