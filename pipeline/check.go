package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/worker"
	"github.com/preflight-icp/preflight/storage"
)

// Work checks a stored file: what its job does. A file that was checked meanwhile is no work; one that was deleted is
// storage.ErrNotFound, which ends its job.
func (p *Pipeline) Work(ctx context.Context, materialID string) error {
	material, err := p.Records.Material(ctx, materialID)
	if err != nil {
		return err
	}
	if material.State != filing.MaterialStored {
		return nil
	}
	f, err := p.Records.Filing(ctx, material.FilingID)
	if err != nil {
		return err
	}
	load := func() ([]byte, error) { return p.load(ctx, &material) }
	_, err = p.checkMaterial(ctx, &f, &material, check{measuring: p.measuring(ctx, digestOf(&material), load), load: load, text: readLater})
	return err
}

// load reads a file from the store into memory, and verifies its digest.
func (p *Pipeline) load(ctx context.Context, m *storage.Material) ([]byte, error) {
	sum := digestOf(m)
	return storage.ReadObject(ctx, p.Objects, storage.ObjectKey(sum), sum, p.cfg.MaxBody)
}

// check is how a file is checked.
type check struct {
	// measuring is its measurement, under way; load gives its bytes for being read.
	measuring *measuring
	load      func() ([]byte, error)
	text      patience
}

// checkMaterial takes a file's measurements and its text, judges it, and writes the result down together with the end of its job.
// The report's verdict is that on what is known: waits says that the text is still to come.
func (p *Pipeline) checkMaterial(ctx context.Context, f *storage.Filing, material *storage.Material, how check) (checkResult, error) {
	var (
		measured   *filing.Measurements
		read       *text
		duplicates []checks.Duplicate
		report     filing.FileReport
		check      storage.Check
	)
	facts, err := keptFacts(f)
	if err != nil {
		return checkResult{}, err
	}
	err = p.run(ctx, []step{
		{"measure", func(ctx context.Context) (err error) {
			measured, err = how.measuring.wait(ctx)
			return err
		}},
		{"read", func(ctx context.Context) (err error) {
			read, err = p.readText(ctx, material, measured, how.load, how.text)
			return err
		}},
		{"compare", func(ctx context.Context) (err error) {
			duplicates, err = p.duplicates(ctx, f.Organization, material, measured)
			return err
		}},
		{"judge", func(ctx context.Context) (err error) {
			if read.made != nil {
				// Reading takes a while: the facts of now count.
				now, err := p.Records.Filing(ctx, f.ID)
				if err != nil {
					return err
				}
				f = &now
				if facts, err = keptFacts(f); err != nil {
					return err
				}
			}
			set, asOf := p.rules(), p.asOf(facts)
			input := fileInput(declaredOf(material), material.Extension, set.UploadLimits(asOf), PartiesOf(facts)).
				withFacts(facts, asOf, p.readingState(declaredOf(material), read.reader))
			made, err := p.madePartsOf(ctx, f.ID)
			if err != nil {
				return err
			}
			input.Made = made.shows(material.SHA256)
			check.Rules, check.AsOf, check.Analyzer, check.Reader = set.Hash(), asOf.String(), p.Analyzer, read.reader
			if check.Basis, err = basisOf(input, p.Analyzer, readBasis{read.reader, f.Revision}); err != nil {
				return err
			}
			read.into(&input.FileInput, input.Reading)
			input.Duplicates = duplicates
			check.HoldsFrom, check.HoldsUntil = holdsOf(input.FileInput)
			report = Judge(material.SHA256, *measured, input.FileInput)
			report.ElapsedMS = Milliseconds(time.Since(how.measuring.start))
			return nil
		}},
		{"save", func(ctx context.Context) error {
			return p.saveCheck(ctx, material, &report, check, duplicates, read)
		}},
	})
	if err != nil {
		return checkResult{}, err
	}
	p.background.Go(func() { p.remakeComposites(p.behind(ctx), f) })
	p.metrics.files.WithLabelValues(string(report.Format), string(report.Verdict)).Inc()
	p.metrics.partsSeen(report.Parts)
	for _, finding := range report.Findings {
		p.metrics.findings.WithLabelValues(finding.Code).Inc()
	}
	return checkResult{report: &report, waits: read.waits}, nil
}

// measuring is the measurement of one content under way. It begins as soon as the bytes are there, beside storing and
// recording, since it needs nothing else: while the disk syncs, the processor measures.
type measuring struct {
	start  time.Time
	done   chan struct{}
	result *filing.Measurements
	err    error
}

// measuring begins to measure a content, unless its measurements are kept already; the same content asked for twice at
// once is measured once. It ends with the pipeline's life, not with the request's: the job would only do it again.
func (p *Pipeline) measuring(ctx context.Context, sum storage.Digest, load func() ([]byte, error)) *measuring {
	m := &measuring{start: time.Now(), done: make(chan struct{})}
	p.background.Go(func() {
		defer close(m.done)
		kept, err := p.keptMeasurements(ctx, sum, p.Analyzer)
		if err == nil {
			p.metrics.measurements.WithLabelValues("kept").Inc()
		}
		if err == nil || !errors.Is(err, storage.ErrNotFound) {
			m.result, m.err = kept, err
			return
		}
		v, err, _ := p.once.Do(sum.String(), func() (any, error) { return p.analyze(ctx, load) })
		m.result, _ = v.(*filing.Measurements)
		m.err = err
	})
	return m
}

func (m *measuring) wait(ctx context.Context) (*filing.Measurements, error) {
	select {
	case <-m.done:
		return m.result, m.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// analyze waits for a slot, and only then loads the bytes: what waits costs no memory.
func (p *Pipeline) analyze(ctx context.Context, load func() ([]byte, error)) (*filing.Measurements, error) {
	waiting := time.Now()
	if err := p.acquire(ctx, p.slots); err != nil {
		return nil, fmt.Errorf("wait for a slot: %w", err)
	}
	defer release(p.slots)
	p.metrics.slotWait.Observe(time.Since(waiting).Seconds())
	data, err := load()
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, p.cfg.MeasureDeadline)
	defer cancel()
	start := time.Now()
	limited, span := p.span(limited, "measure picture")
	m, err := p.Measurer.Analyze(limited, data)
	end(span, err)
	result := measuredAs(ctx, err)
	p.metrics.measured(result, time.Since(start))
	if result == "deadline" || result == "worker" {
		// It would end in the same way the next time: a person looks at it (finding not_measured), and nobody tries for ever.
		return &filing.Measurements{Analyzer: p.Analyzer, Bytes: int64(len(data)), Format: imaging.Recognize(data)}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	return &m, nil
}

// measuredAs names how measuring a picture ended: ok; deadline and worker (it took too long, or the worker process ended
// each time it was tried), which are the picture's own; failed, which is this machine's, or the end of ctx.
func measuredAs(ctx context.Context, err error) string {
	var ended *worker.Failure
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &ended):
		return "worker"
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return "deadline"
	}
	return "failed"
}

// finished reports whether the analyzer came to its end. What a deadline left unfinished is no function of the bytes, and
// is not kept for them.
func finished(m *filing.Measurements) bool {
	return !m.Format.Accepted() || m.Decode != nil || m.Refused != ""
}

func (p *Pipeline) keptMeasurements(ctx context.Context, sum storage.Digest, analyzer string) (*filing.Measurements, error) {
	data, err := p.Records.Measurements(ctx, sum, analyzer)
	if err != nil {
		return nil, err
	}
	m := new(filing.Measurements)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("measurements of %s as kept: %w", sum, err)
	}
	return m, nil
}

// duplicates are the organization's other files that hold the same picture, byte for byte or to the eye.
func (p *Pipeline) duplicates(ctx context.Context, organization string, of *storage.Material, m *filing.Measurements) ([]checks.Duplicate, error) {
	sums := []storage.Digest{digestOf(of)}
	distance := map[string]int{}
	if m.Pixels != nil && m.Pixels.Hash != "" {
		similar, err := p.Records.SimilarContents(ctx, p.Analyzer, m.Pixels.Hash, checks.DefaultThresholds().DuplicateDistance)
		if err != nil {
			return nil, err
		}
		for _, s := range similar {
			if distance[s.Sum.String()] = s.Distance; s.Sum != sums[0] {
				sums = append(sums, s.Sum)
			}
		}
	}
	here, elsewhere, err := p.Records.Uses(ctx, organization, of.FilingID, sums...)
	if err != nil {
		return nil, err
	}
	var out []checks.Duplicate
	add := func(sum string, d checks.Duplicate) {
		if d.SameBytes = sum == of.SHA256; !d.SameBytes {
			d.Distance = distance[sum]
		}
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	for i := range here {
		if u := &here[i]; u.ID != of.ID && u.ID != of.MadeFrom && u.MadeFrom != of.ID {
			add(u.SHA256, checks.Duplicate{Declared: declaredOf(u)})
		}
	}
	for _, sum := range elsewhere {
		add(sum.String(), checks.Duplicate{OtherFiling: true})
	}
	return out, nil
}

// Judge makes the report on one measured file: what the command line and the service both answer. It is pure.
func Judge(sum string, m filing.Measurements, in checks.FileInput) filing.FileReport {
	in.Measurements = m
	findings := checks.File(in)
	r := filing.FileReport{
		SHA256: sum, Bytes: m.Bytes, Format: m.Format, Verdict: filing.VerdictOf(findings), Findings: findings, Measurements: &m,
	}
	if in.Declared != (filing.Declared{}) {
		r.Declared = &in.Declared
	}
	r.Parts = checks.Parts(in, findings)
	describe(&r, in.Content)
	return r
}

// describe says in a report what a file was recognized as.
func describe(r *filing.FileReport, c *filing.Content) {
	if c != nil {
		kind := c.Kind
		r.Kind, r.Text = &kind, c.Text()
		if len(c.Parts) == len(r.Parts) {
			for i := range c.Parts {
				r.Parts[i].Text = c.Parts[i].Text()
			}
		}
	}
}

// asOf is the date that the facts name, or today.
func (p *Pipeline) asOf(facts *filing.Facts) filing.Date {
	if v := facts.Get(filing.FactAsOf); v.Known {
		return v.Date()
	}
	return p.today()
}

func (p *Pipeline) saveCheck(
	ctx context.Context, material *storage.Material, r *filing.FileReport, check storage.Check, duplicates []checks.Duplicate, read *text,
) (err error) {
	if check.Findings, err = json.Marshal(r.Findings); err != nil {
		return fmt.Errorf("print findings: %w", err)
	}
	if len(duplicates) > 0 {
		if check.Duplicates, err = json.Marshal(duplicates); err != nil {
			return fmt.Errorf("print duplicates: %w", err)
		}
	}
	if check.Parts, err = keptParts(r.Parts); err != nil {
		return err
	}
	var keep []storage.Kept
	if finished(r.Measurements) {
		measured := storage.Measured{Sum: digestOf(material), Analyzer: check.Analyzer}
		if measured.Data, err = json.Marshal(r.Measurements); err != nil {
			return fmt.Errorf("print measurements: %w", err)
		}
		if r.Measurements.Pixels != nil {
			measured.Hash = r.Measurements.Pixels.Hash
		}
		keep = append(keep, measured)
	}
	if read.made != nil {
		keep = append(keep, *read.made)
	}
	if read.waits {
		keep = append(keep, storage.ReadLater{})
	}
	check.Verdict, check.ChecksVersion = r.Verdict, checks.Version
	check.ElapsedMS, check.CheckedAt = r.ElapsedMS, p.Now()
	return p.Records.SaveCheck(ctx, material.ID, check, keep...)
}
