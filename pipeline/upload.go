package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/storage"
)

// Upload is the main flow of the product, top to bottom: what happens to a photo between its first byte and the answer.
// Once record has returned the photo is acknowledged: its bytes are synced in the store, its row is committed, and a job
// in the same transaction guarantees that it is checked even if this process dies now.
func (pl *Place) Upload(ctx context.Context, who Viewer, filingID string, src Source) (*Answer, error) {
	u := &upload{p: pl.p, place: pl.handOver(), who: who, filingID: filingID, src: src}
	defer u.close()
	err := pl.p.run(ctx, []step{
		{"find", u.find},           // is the filing this viewer's
		{"hash", u.hash},           // bytes to the spool, SHA-256 on their way, limit, digest
		{"recognize", u.recognize}, // what the content is, from its first bytes, and what it will cost
		{"store", u.store},         // the object under its digest, durable; measuring begins beside it
		{"record", u.record},       // the row, the job and the idempotency key in one transaction
		{"check", u.check},         // measure, read and judge, by the steps that the job takes too: see checkMaterial
		{"match", u.match},         // which requirement of the filing it stands for
		{"answer", u.answer},
	})
	if err != nil {
		return nil, err
	}
	return u.result, nil
}

// Upload admits a photo and takes it on its way: see Place.Upload. ErrBusy where there is no room.
func (p *Pipeline) Upload(ctx context.Context, who Viewer, filingID string, src Source) (*Answer, error) {
	place, err := p.Admit()
	if err != nil {
		return nil, err
	}
	return place.Upload(ctx, who, filingID, src)
}

// upload is one photo on its way.
type upload struct {
	p        *Pipeline
	place    *Place
	who      Viewer
	filingID string
	src      Source

	filing   *storage.Filing
	spool    *sharedSpool
	declared Upload
	format   filing.Format
	weight   int64 // of the budget, while it is this upload's to give back
	measured *measuring
	material *storage.Material
	report   *filing.FileReport // nil while the checks go on
	waits    bool               // for being read
	matches  []filing.Match
	result   *Answer
}

// close gives back what the upload still owns: checks that go on behind the answer take spool and token with them.
func (u *upload) close() {
	if u.spool != nil {
		u.spool.release()
	}
	u.p.decoding.give(u.weight)
	u.place.Leave()
}

func (u *upload) find(ctx context.Context) error {
	f, err := u.p.visible(ctx, u.who, u.filingID)
	u.filing = f
	return err
}

func (u *upload) hash(ctx context.Context) error {
	spool, declared, err := u.p.receive(ctx, u.src)
	if err != nil {
		return err
	}
	u.spool, u.declared = share(spool), declared
	return nil
}

// receive reads a source to its end.
func (p *Pipeline) receive(ctx context.Context, src Source) (*storage.Spool, Upload, error) {
	body, err := src.File()
	if err != nil {
		return nil, Upload{}, err
	}
	spool, err := storage.Receive(ctx, p.cfg.SpoolDir, bodyReader{body}, p.cfg.MaxBody)
	if errors.Is(err, storage.ErrTooLarge) {
		p.metrics.refused.WithLabelValues("too_large").Inc()
		return nil, Upload{}, &TooLargeError{Limit: p.cfg.MaxBody}
	}
	if err != nil {
		if errors.Is(err, ErrIncomplete) {
			p.metrics.refused.WithLabelValues("incomplete").Inc()
		}
		return nil, Upload{}, err
	}
	p.metrics.bytes.Observe(float64(spool.Size()))
	declared, err := src.Finish()
	if err != nil {
		return nil, Upload{}, errors.Join(err, spool.Close())
	}
	return spool, declared, nil
}

func (u *upload) recognize(context.Context) error {
	var err error
	if u.format, err = formatOf(u.spool.Spool); err != nil {
		return err
	}
	if u.declared.Async {
		return nil // its job measures it, and a job is given a slot before it loads anything
	}
	u.weight, err = u.p.reserve(u.format, u.spool)
	return err
}

// formatOf recognizes what was received.
func formatOf(spool *storage.Spool) (filing.Format, error) {
	head := make([]byte, min(spool.Size(), imaging.RecognizeBytes))
	if _, err := spool.ReadAt(head, 0); len(head) > 0 && err != nil {
		return "", fmt.Errorf("read the spool: %w", err)
	}
	return imaging.Recognize(head), nil
}

func (u *upload) store(ctx context.Context) error {
	if !u.declared.Async {
		u.spool.hold()
		spool, weight := u.spool, u.weight
		u.weight = 0 // it goes with the measuring
		u.measured = u.p.measuring(u.p.behind(ctx), spool.Digest(), spool.Bytes)
		u.p.background.Go(func() {
			<-u.measured.done
			u.p.decoding.give(weight)
			spool.release()
		})
	}
	ctx, cancel := context.WithTimeout(ctx, u.p.cfg.StoreDeadline)
	defer cancel()
	return u.p.Objects.Put(ctx, storage.ObjectKey(u.spool.Digest()), u.spool.Content())
}

func (u *upload) record(ctx context.Context) error {
	r, err := storage.Record(ctx, u.p.Records, u.p.Objects, u.spool.Content(), storage.Upload{
		FilingID: u.filing.ID, Principal: u.who.Name, Owner: u.filing.Owner, Key: u.declared.IdempotencyKey,
		Sum: u.spool.Digest(), Bytes: u.spool.Size(), Format: u.format,
		Declared: u.declared.Declared, Extension: u.declared.Extension, MadeFrom: u.declared.madeFrom,
	})
	if err != nil {
		return recordFailure(err)
	}
	u.material = &r.Material
	if u.declared.Async && u.material.State == filing.MaterialStored {
		return u.p.Records.EnqueueCheck(ctx, u.material.ID)
	}
	return nil
}

// check measures and judges behind the request: it waits for the checks as long as people like to wait, then answers
// without them while they go on.
func (u *upload) check(ctx context.Context) error {
	if u.material.State != filing.MaterialStored {
		c, _, err := u.p.checkOf(ctx, u.material)
		if err == nil || !errors.Is(err, storage.ErrNotFound) {
			u.report = c
			return err
		}
	}
	if u.declared.Async {
		return nil
	}
	done := make(chan checkResult, 1)
	place := u.place.handOver() // it goes with the checks, which may outlast the answer
	behind := u.p.behind(ctx)
	spool := u.spool
	spool.hold()
	u.p.background.Go(func() {
		defer place.Leave()
		defer spool.release()
		r, err := u.p.checkMaterial(behind, u.filing, u.material, check{measuring: u.measured, load: spool.Bytes, text: readSoon})
		r.err = err
		done <- r
	})
	wait := time.NewTimer(u.p.cfg.CheckWait)
	defer wait.Stop()
	select {
	case r := <-done:
		if r.err != nil {
			// It is stored and recorded, and its job will try again: that is what the answer says.
			u.p.Log.Error("check failed, its job will try again", "material", u.material.ID, "error", r.err.Error())
		}
		u.report, u.waits = r.report, r.waits
	case <-wait.C:
	case <-ctx.Done():
		return ctx.Err() // the client is gone; the photo is kept and its checks go on
	}
	return nil
}

type checkResult struct {
	report *filing.FileReport
	// waits: the text is to be read and was not yet.
	waits bool
	err   error
}

// sharedSpool is a spool with several users; the last one to release it closes it.
type sharedSpool struct {
	*storage.Spool
	users atomic.Int32
}

func share(s *storage.Spool) *sharedSpool {
	shared := &sharedSpool{Spool: s}
	shared.hold()
	return shared
}

func (s *sharedSpool) hold() { s.users.Add(1) }

func (s *sharedSpool) release() {
	if s.users.Add(-1) == 0 {
		_ = s.Close() // an unnamed temporary file: nothing is lost
	}
}

func (u *upload) match(ctx context.Context) (err error) {
	u.matches, err = u.p.standingOf(ctx, u.filing, u.material.ID)
	return err
}

func (u *upload) answer(context.Context) error {
	u.result = &Answer{Material: materialReport(u.material, u.report), Matches: u.matches, Pending: u.report == nil || u.waits}
	return nil
}

// Check judges one photo and keeps nothing. ErrBusy where there is no room.
func (p *Pipeline) Check(ctx context.Context, src Source) (*filing.FileReport, error) {
	place, err := p.Admit()
	if err != nil {
		return nil, err
	}
	defer place.Leave()
	return place.Check(ctx, src)
}

// Check judges one photo and keeps nothing. The place is left by whoever took it.
func (pl *Place) Check(ctx context.Context, src Source) (*filing.FileReport, error) {
	p := pl.p
	start := time.Now()
	spool, declared, err := p.receive(ctx, src)
	if err != nil {
		return nil, err
	}
	defer func() { _ = spool.Close() }()
	format, err := formatOf(spool)
	if err != nil {
		return nil, err
	}
	weight, err := p.reserve(format, spool)
	if err != nil {
		return nil, err
	}
	defer p.decoding.give(weight)
	m, err := p.analyze(ctx, spool.Bytes)
	if err != nil {
		return nil, err
	}
	in := checks.FileInput{Declared: declared.Declared, Name: declared.Extension, Limits: p.rules().UploadLimits(p.today()), AsOf: p.today()}
	t := &text{}
	if p.readable(declared.Declared, m) {
		if err := p.acquire(ctx, p.readers); err != nil {
			return nil, fmt.Errorf("wait for a reader: %w", err)
		}
		t, err = p.newReading(ctx, spool.Digest(), m, spool.Bytes)
		release(p.readers)
		if err != nil {
			return nil, err
		}
	}
	t.into(&in, p.readingState(declared.Declared, t.reader))
	r := Judge(spool.Digest().String(), *m, in)
	r.ElapsedMS = Milliseconds(time.Since(start))
	return &r, nil
}

// Milliseconds is a duration as reports have it, rounded to a tenth: more digits would only be noise.
func Milliseconds(d time.Duration) float64 {
	return float64(d.Round(100*time.Microsecond)) / float64(time.Millisecond)
}

// bodyReader marks what goes wrong while a body arrives: that is the client's or the network's, not the disk's.
type bodyReader struct{ r io.Reader }

func (b bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	return n, err
}
