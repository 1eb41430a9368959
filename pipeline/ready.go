package pipeline

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/preflight-icp/preflight/storage"
)

// Part is a part of the service and whether it works, for /readyz.
type Part struct {
	// Name is database, queue, objects, measuring, models or reading.
	Name  string
	State PartState
	// Err is what failed, or what is done without; for the log.
	Err error
	// Took is how long it took to answer; 0 for what was not asked but is known.
	Took time.Duration
}

// PartState says whether a part works.
type PartState string

// States of a part. A degraded one does less than it should, and the service serves all the same; one that is overdue has
// not answered in time.
const (
	PartOK       PartState = "ok"
	PartDegraded PartState = "degraded"
	PartFailed   PartState = "failed"
	PartOverdue  PartState = "no answer in time"
)

// Serves reports whether the service can serve with the part in this state.
func (s PartState) Serves() bool { return s == PartOK || s == PartDegraded }

const (
	// readyTimeout is how long each part has to answer: a balancer asks every few seconds.
	readyTimeout = 3 * time.Second
	// readyFresh is how long an answer holds, so that many who ask do not write many canaries.
	readyFresh = time.Second
)

// readiness is the latest answer of Ready.
type readiness struct {
	sync.Mutex
	at    time.Time
	parts []Part
}

// Ready asks every part, all at once, whether it does what an upload needs: the database answers and takes writes; the
// queue can be asked, and the worker of this process, where it has one, is alive; an object can be written, read and
// deleted; a tiny picture is measured through a real slot. Models that are missing, and text that is not read, degrade the service and do not
// stop it.
//
// It takes at most three seconds; an answer is used for one second.
func (p *Pipeline) Ready(ctx context.Context) []Part {
	p.readiness.Lock()
	defer p.readiness.Unlock()
	if time.Since(p.readiness.at) < readyFresh {
		return p.readiness.parts
	}
	// Whoever asks may go away; the next one is given the same answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	asked := []struct {
		name string
		ask  func(context.Context) error
	}{
		{"database", p.Records.Ping},
		{"queue", p.Records.QueueReady},
		{"objects", p.storeCanary},
		{"measuring", p.canary},
	}
	parts := make([]Part, len(asked), len(asked)+2)
	var group sync.WaitGroup
	for i, a := range asked {
		group.Go(func() {
			start := time.Now()
			err := a.ask(ctx)
			parts[i] = Part{Name: a.name, State: PartOK, Err: err, Took: time.Since(start)}
			switch {
			case err == nil:
			case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
				parts[i].State = PartOverdue
			default:
				parts[i].State = PartFailed
			}
		})
	}
	group.Wait()
	models := Part{Name: "models", State: PartOK, Err: p.Degraded}
	if p.Degraded != nil {
		models.State = PartDegraded
	}
	reading := Part{Name: "reading", State: PartOK, Err: p.notReading()}
	if reading.Err != nil {
		reading.State = PartDegraded
	}
	p.readiness.parts, p.readiness.at = append(parts, models, reading), time.Now()
	return p.readiness.parts
}

// Status is how the service is (运行状态).
type Status struct {
	// Parts are those of Ready.
	Parts []Part
	// Work is what the database as a whole is busy with.
	Work storage.State
	// Uploads, Measuring and Reading are how many of each are under way in this process, of how many at once.
	Uploads, Measuring, Reading Load
}

// Load is how much of a bound is in use.
type Load struct{ InUse, Limit int }

// Status asks every part, and counts what waits. A database that does not answer is a part that failed, and no error: then Work is
// empty.
func (p *Pipeline) Status(ctx context.Context) *Status {
	s := &Status{
		Parts:   p.Ready(ctx),
		Uploads: Load{len(p.admission), cap(p.admission)}, Measuring: Load{len(p.slots), cap(p.slots)}, Reading: Load{len(p.readers), cap(p.readers)},
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	work, err := p.Records.State(ctx)
	if err != nil {
		p.Log.Error("state of the records", "error", err.Error())
		return s
	}
	s.Work = work
	return s
}

// errNotReading: somebody chose that nothing is read.
var errNotReading = errors.New("reading is switched off")

// notReading says what keeps text from being read.
func (p *Pipeline) notReading() error {
	if p.ReadingStatus != nil {
		return p.ReadingStatus()
	}
	if p.ReaderVersion == "" {
		return errNotReading
	}
	return nil
}

// canaryGIF is a whole picture of one pixel (the smallest file that the decoder takes).
var canaryGIF = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

func (p *Pipeline) canary(ctx context.Context) error {
	if err := p.acquire(ctx, p.slots); err != nil {
		// Every slot is taken by work: that is load, not failure, unless nothing moves until the deadline.
		return fmt.Errorf("no picture was finished in time: %w", err)
	}
	defer release(p.slots)
	m, err := p.Measurer.Analyze(ctx, canaryGIF)
	if err != nil {
		return err
	}
	if m.Decode == nil || !m.Decode.Complete {
		return errors.New("a good picture was not decoded")
	}
	return nil
}

const (
	// canaryPrefix is where canaries live, for the moment that one does.
	canaryPrefix = "canary/"
	// canaryAge is how old one must be to have been left behind by a crash.
	canaryAge = time.Hour
)

// storeCanary writes an object, reads it back and deletes it: a store that answers may still be full or read-only.
func (p *Pipeline) storeCanary(ctx context.Context) error {
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("make a canary: %w", err)
	}
	key, content := canaryPrefix+id.String(), make([]byte, 16)
	_, _ = rand.Read(content) // it never fails
	if err := p.Objects.Put(ctx, key, storage.BytesContent(content)); err != nil {
		return err
	}
	_, err = storage.ReadObject(ctx, p.Objects, key, storage.DigestOf(content), int64(len(content)))
	return errors.Join(err, p.Objects.Delete(ctx, key))
}

// removeCanaries deletes those that a crash left behind.
func (p *Pipeline) removeCanaries(ctx context.Context) error {
	for info, err := range p.Objects.List(ctx, canaryPrefix, "") {
		if err != nil {
			return err
		}
		if p.Now().Sub(info.ModTime) < canaryAge {
			continue
		}
		if err := p.Objects.Delete(ctx, info.Key); err != nil {
			return err
		}
	}
	return nil
}
