package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// pace is how a pass goes about its work.
type pace struct {
	// filings is how many are read and judged in one go: enough that a query costs nothing for each of them, few enough
	// that some pages in memory are some megabytes. remeasured is the same where each may bring pictures to measure.
	filings, remeasured int
	// every and rows bound what a crash has done in vain, and how long one commit holds the others up.
	every time.Duration
	rows  int
	// lease is how long a pass waits for a worker that is gone before another one takes it over.
	lease time.Duration
}

func defaultPace() pace {
	return pace{filings: 250, remeasured: 4, every: time.Second, rows: 500, lease: 15 * time.Second}
}

const (
	// revalidationPatience is how long a worker tries to go on without any progress, e.g. while the database restarts.
	revalidationPatience = 2 * time.Minute
)

// RunRevalidation makes a pass that StartRevalidation recorded, from where it stands to its end. watch, where it is not
// nil, is told of every step. Any number of processes may try: one of them works, and when it dies another one can.
//
// When ctx ends the pass is stopped where it is, and can be resumed; the answer is the pass and no error. ErrConflict
// where another worker has it or it is over.
func (p *Pipeline) RunRevalidation(ctx context.Context, id string, watch func(*Revalidation)) (*Revalidation, error) {
	return p.runRevalidation(ctx, id, watch, storage.RevalidationStopped)
}

// runRevalidation leaves the pass in the state left when ctx ends.
func (p *Pipeline) runRevalidation(ctx context.Context, id string, watch func(*Revalidation), left string) (*Revalidation, error) {
	worker, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("make a worker's id: %w", err)
	}
	v := &revalidation{p: p, id: id, worker: worker.String(), watch: watch, progress: time.Now()}
	wait := 100 * time.Millisecond
	for {
		before := v.progress
		err := v.attempt(ctx)
		if err == nil {
			return v.result()
		}
		if ctx.Err() != nil {
			return v.leave(ctx, left)
		}
		if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) || errors.Is(err, errRulesMissing) {
			return v.conflict(ctx, err)
		}
		if v.progress.After(before) {
			wait = 100 * time.Millisecond
		}
		if time.Since(v.progress) > revalidationPatience {
			return nil, fmt.Errorf("revalidation %s: %w", id, err)
		}
		p.Log.Warn("revalidation interrupted, going on", "revalidation", id, "error", err.Error())
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// revalidation is one worker at one pass.
type revalidation struct {
	p      *Pipeline
	id     string
	worker string
	watch  func(*Revalidation)
	// progress is when something was saved last.
	progress time.Time
	claimed  bool

	pass          storage.Revalidation
	set, baseline *rules.Set
	today         filing.Date
	asOf          *filing.Date
	// pairs is what pairs are judged by in this pass.
	pairs   string
	tallies *tallies
	batch   storage.JudgedBatch
	saved   time.Time
}

func (v *revalidation) result() (*Revalidation, error) { return revalidationOf(&v.pass) }

// leave gives the pass back because this process was told to end.
func (v *revalidation) leave(ctx context.Context, state string) (*Revalidation, error) {
	if !v.claimed {
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	row, err := v.p.Records.EndRevalidation(ctx, v.id, v.worker, state, "")
	if errors.Is(err, storage.ErrConflict) {
		row, err = v.p.Records.Revalidation(ctx, v.id)
	}
	if err != nil {
		return nil, recordFailure(err)
	}
	return revalidationOf(&row)
}

// conflict tells a pass that was stopped under its worker from one that was never its.
func (v *revalidation) conflict(ctx context.Context, err error) (*Revalidation, error) {
	if v.claimed && errors.Is(err, storage.ErrConflict) {
		row, lookup := v.p.Records.Revalidation(ctx, v.id)
		if lookup == nil && row.State == storage.RevalidationStopped {
			return revalidationOf(&row)
		}
	}
	return nil, recordFailure(err)
}

// attempt works on the pass until it is done or something fails.
func (v *revalidation) attempt(ctx context.Context) (err error) {
	row, err := v.p.Records.Revalidation(ctx, v.id)
	if err != nil {
		return err
	}
	if v.set = v.p.loaded(row.Rules); v.set == nil {
		return fmt.Errorf("revalidation %s: rules %s: %w", v.id, row.Rules, errRulesMissing)
	}
	// Without the baseline, filings that were never judged count as unchanged: nobody can say what they were.
	v.baseline = v.p.loaded(row.Baseline)
	if v.pass, err = v.p.Records.ClaimRevalidation(ctx, v.id, v.worker, v.p.pace.lease); err != nil {
		return err
	}
	v.claimed = true
	if v.pairs, err = v.p.pairsBasis(); err != nil {
		return err
	}
	v.today, _ = filing.ParseDate(v.pass.Today)
	if asOf, given := filing.ParseDate(v.pass.AsOf); given {
		v.asOf = &asOf
	}
	if v.tallies, err = newTallies(v.pass.Summary); err != nil {
		return err
	}
	v.batch, v.saved = storage.JudgedBatch{From: v.pass.Position}, time.Now()

	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	group, working := errgroup.WithContext(limited)
	workers := runtime.GOMAXPROCS(0)
	inOrder := make(chan *judgedPage, 2*workers)
	work := make(chan *judgedPage)
	group.Go(func() error {
		defer close(work)
		defer close(inOrder)
		return v.read(working, inOrder, work)
	})
	for range workers {
		group.Go(func() error {
			for page := range work {
				if page.err = v.p.yieldToUploads(working, &page.patience); page.err == nil {
					page.err = v.judge(working, page)
				}
				close(page.done)
			}
			return nil
		})
	}
	group.Go(func() error { return v.collect(working, inOrder) })
	if err := group.Wait(); err != nil {
		return err
	}
	v.pass.State = storage.RevalidationDone
	return v.save(ctx, 0)
}

// judgedPage is a page of filings on its way: read, judged, collected.
type judgedPage struct {
	// contents are what was read in files of filings in which some file does not say what it is.
	contents map[string]*filing.Content
	// parts: of some file other parts were recognized than before.
	parts   bool
	filings []storage.FilingToJudge
	done    chan struct{}
	err     error
	// patience is how much longer the page waits for uploads.
	patience time.Duration

	judged, first, restated, files, measured, reread, unreadable int64
	// unread are the files that are to be read and were not.
	unread []string

	verdicts []storage.Verdict
	checks   []storage.Check
	rows     []storage.RevalidationChange
	changes  []RevalidationChange
}

// read gives out the filings page by page in the order of their ids.
func (v *revalidation) read(ctx context.Context, inOrder, work chan<- *judgedPage) error {
	size := v.p.pace.filings
	if v.pass.Remeasure {
		size = v.p.pace.remeasured
	}
	after := v.pass.Position
	for {
		patience := yieldQuery
		if err := v.p.yieldToUploads(ctx, &patience); err != nil {
			return err
		}
		list, err := v.p.Records.FilingsToJudge(ctx, &v.pass, after, size)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return nil
		}
		page := &judgedPage{filings: list, done: make(chan struct{}), patience: yieldMost}
		for _, to := range []chan<- *judgedPage{inOrder, work} {
			select {
			case to <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		after = list[len(list)-1].ID
		if len(list) < size {
			return nil
		}
	}
}

// collect takes the judged pages in their order and saves them, some at a time.
func (v *revalidation) collect(ctx context.Context, inOrder <-chan *judgedPage) error {
	renew := time.NewTicker(v.p.pace.lease / 3)
	defer renew.Stop()
	for page := range inOrder {
		for waiting := true; waiting; {
			select {
			case <-page.done:
				waiting = false
			case <-renew.C:
				if err := v.save(ctx, v.p.pace.lease); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if page.err != nil {
			return page.err
		}
		v.take(page)
		b := &v.batch
		if time.Since(v.saved) >= v.p.pace.every || len(b.Verdicts)+len(b.Checks)+len(b.Changes) >= v.p.pace.rows {
			patience := yieldQuery
			if err := v.p.yieldToUploads(ctx, &patience); err != nil {
				return err
			}
			if err := v.save(ctx, v.p.pace.lease); err != nil {
				return err
			}
		}
	}
	return nil
}

// take counts a page as done.
func (v *revalidation) take(page *judgedPage) {
	n := int64(len(page.filings))
	v.pass.Position = page.filings[n-1].ID
	v.pass.Seen += n
	v.pass.Judged += page.judged
	v.pass.Changed += int64(len(page.changes))
	v.pass.First += page.first
	v.pass.Restated += page.restated
	v.pass.Files += page.files
	v.pass.Measured += page.measured
	v.pass.Reread += page.reread
	v.pass.Unreadable += page.unreadable
	for i := range page.changes {
		v.tallies.add(&page.changes[i])
	}
	for i := range page.rows {
		page.rows[i].RevalidationID = v.id
	}
	v.batch.Changes = append(v.batch.Changes, page.rows...)
	if !v.pass.DryRun {
		v.batch.Verdicts = append(v.batch.Verdicts, page.verdicts...)
		v.batch.Checks = append(v.batch.Checks, page.checks...)
		v.batch.Unread = append(v.batch.Unread, page.unread...)
	}
	v.p.metrics.revalidated.WithLabelValues("changed").Add(float64(len(page.changes)))
	v.p.metrics.revalidated.WithLabelValues("unchanged").Add(float64(page.judged - int64(len(page.changes))))
}

// save writes down what was taken since the last time, and tells whoever watches.
func (v *revalidation) save(ctx context.Context, lease time.Duration) (err error) {
	start := time.Now()
	if v.pass.Summary, err = json.Marshal(v.tallies); err != nil {
		return fmt.Errorf("print summary: %w", err)
	}
	v.batch.Pass, v.batch.Lease = v.pass, lease
	if !v.pass.DryRun {
		v.batch.Notices = v.notices
	}
	if err := v.p.Records.SaveJudged(ctx, v.batch); err != nil {
		return err
	}
	v.p.metrics.revalidationSave.Observe(time.Since(start).Seconds())
	if v.pass.Position != v.batch.From || v.pass.State == storage.RevalidationDone {
		v.progress = time.Now()
	}
	v.batch, v.saved = storage.JudgedBatch{From: v.pass.Position}, time.Now()
	if v.watch == nil {
		return nil
	}
	seen, err := v.result()
	if err == nil {
		v.watch(seen)
	}
	return err
}

// judgedFiling is a filing of a page being judged.
type judgedFiling struct {
	*storage.FilingToJudge
	facts *filing.Facts
	// now is the day by which a report on it is made today, asOf the one by which it is judged.
	now, asOf filing.Date
	parties   checks.Parties
	limits    filing.UploadLimits
	files     []storage.FileToJudge
	// composites are the filing's, made the parts of their pictures.
	composites []storage.Composite
	made       madeParts
	together   together
	changed    []FileChange
	// before are the files as they were judged; nil where none is judged otherwise now.
	before []checks.MatchFile
	// unmended is what was found of the sources of composites that stitching does not mend, as they were judged; judgedAnew is the
	// same of those that are judged anew.
	unmended, judgedAnew map[string]filing.Verdict
}

// judge judges a page: no pixel is touched unless the pass measures again, and nothing is written.
func (v *revalidation) judge(ctx context.Context, page *judgedPage) error {
	start := v.p.Now()
	list := v.scope(page)
	if len(list) == 0 {
		return nil
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	files, err := v.p.Records.FilesToJudge(ctx, ids, 4*len(ids) >= 3*len(page.filings))
	if err != nil {
		return err
	}
	composites, err := v.p.Records.CompositesOfFilings(ctx, ids)
	if err != nil {
		return err
	}
	var again []string // the files to judge again
	at := 0
	for i := range list {
		f := &list[i]
		n := 0
		for n < len(composites) && composites[n].FilingID == f.ID {
			n++
		}
		f.composites, composites = composites[:n], composites[n:]
		if f.made, err = partsMade(f.composites); err != nil {
			return err
		}
		for at < len(files) && files[at].FilingID < f.ID {
			at++
		}
		from := at
		for at < len(files) && files[at].FilingID == f.ID {
			file := &files[at]
			at++
			if file.Verdict == "" {
				continue // not checked yet: its check will judge it
			}
			basis, err := basisOf(v.input(f, file, file.Reader), file.Analyzer, readBasis{file.Reader, f.Revision})
			if err != nil {
				return err
			}
			if basis != file.Basis || file.Analyzer != v.p.Analyzer || v.p.unread(file) || !holds(file.HoldsFrom, file.HoldsUntil, f.asOf) {
				again = append(again, file.ID)
			}
		}
		f.files = files[from:at:at]
	}
	if page.contents, err = v.p.contentsOf(ctx, files); err != nil {
		return err
	}
	if err := v.sources(ctx, list); err != nil {
		return err
	}
	if len(again) > 0 {
		evidence, err := v.p.Records.Evidence(ctx, again, v.p.Analyzer, v.p.ReaderVersion)
		if err != nil {
			return err
		}
		if v.pass.Remeasure {
			if err := v.remeasure(ctx, page, list, evidence); err != nil {
				return err
			}
		}
		for i := range list {
			if err := v.files(page, &list[i], evidence, start); err != nil {
				return err
			}
		}
		if page.parts {
			// Of files whose parts are news it is asked what they show.
			if page.contents, err = v.p.contentsOf(ctx, files); err != nil {
				return err
			}
		}
	}
	if err := v.together(ctx, list); err != nil {
		return err
	}
	for i := range list {
		if i%yieldEach == yieldEach-1 {
			if err := v.p.yieldToUploads(ctx, &page.patience); err != nil {
				return err
			}
		}
		if err := v.conclude(page, &list[i], start); err != nil {
			return err
		}
	}
	page.judged = int64(len(list))
	return nil
}

// sources takes up what was found of the files that uploaded composites were made of, which few filings have.
func (v *revalidation) sources(ctx context.Context, list []judgedFiling) error {
	var ids []string
	for i := range list {
		ids = append(ids, list[i].made.sourcesOf(list[i].files)...)
	}
	unmended, err := v.p.unmendedOf(ctx, ids)
	for i := range list {
		list[i].unmended = unmended
	}
	return err
}

// scope reads the facts of a page and leaves out what the pass is not about.
func (v *revalidation) scope(page *judgedPage) []judgedFiling {
	list := make([]judgedFiling, 0, len(page.filings))
	for i := range page.filings {
		f := &page.filings[i]
		facts, err := filing.ParseFacts(f.Facts)
		if err != nil {
			// One filing that cannot be read must not keep a million others from being judged.
			v.p.Log.Error("facts cannot be read, the filing is passed by", "filing", f.ID)
			page.unreadable++
			continue
		}
		if v.pass.Province != "" && facts.Text(filing.FactProvince) != v.pass.Province {
			continue
		}
		now := v.today
		if own := facts.Get(filing.FactAsOf); own.Known {
			now = own.Date()
		}
		asOf := now
		if v.asOf != nil {
			asOf = *v.asOf
		}
		f.Facts = nil // parsed: the text need not wait in memory for the page
		list = append(list, judgedFiling{FilingToJudge: f, facts: facts, now: now, asOf: asOf, parties: PartiesOf(facts), limits: v.set.UploadLimits(asOf)})
	}
	return list
}

// files judges those files of a filing again whose verdict may have become another one.
func (v *revalidation) files(page *judgedPage, f *judgedFiling, evidence map[string]storage.Evidence, start time.Time) error {
	for i := range f.files {
		file := &f.files[i]
		e, ok := evidence[file.ID]
		if !ok || e.Analyzer == "" {
			continue // nothing is kept of what was measured: its findings stay
		}
		if file.Basis == "" && bytes.Contains(e.Findings, []byte(`"duplicate_image"`)) {
			continue // checked before duplicates were kept with a check: nobody could tell them again
		}
		in := v.input(f, file, e.Reader)
		if len(e.Duplicates) > 0 {
			if err := json.Unmarshal(e.Duplicates, &in.Duplicates); err != nil {
				return fmt.Errorf("duplicates of file %s as kept: %w", file.ID, err)
			}
		}
		if err := json.Unmarshal(e.Measurements, &in.Measurements); err != nil {
			return fmt.Errorf("measurements of file %s as kept: %w", file.ID, err)
		}
		if in.Reading == checks.ReadingDone {
			content, err := contentOf(file.SHA256, e.Reading, &in.Measurements)
			if err != nil {
				return err
			}
			in.Content = content
		}
		if in.Reading == checks.ReadingWaits && v.p.readable(file.Declared, &in.Measurements) {
			page.unread = append(page.unread, file.ID)
		}
		findings := checks.File(in.FileInput)
		verdict := filing.VerdictOf(findings)
		if f.made != nil {
			if f.judgedAnew == nil {
				f.judgedAnew = map[string]filing.Verdict{}
			}
			f.judgedAnew[file.ID] = checks.Unmended(findings)
		}
		text, err := json.Marshal(findings)
		if err != nil {
			return fmt.Errorf("print findings: %w", err)
		}
		parts, err := keptParts(checks.Parts(in.FileInput, findings))
		if err != nil {
			return err
		}
		same := verdict == file.Verdict && string(text) == string(e.Findings) && parts == file.Parts
		if same && e.Analyzer == file.Analyzer && e.Reader == file.Reader && holds(file.HoldsFrom, file.HoldsUntil, f.asOf) {
			continue
		}
		basis, err := basisOf(in, e.Analyzer, readBasis{e.Reader, f.Revision})
		if err != nil {
			return err
		}
		check := storage.Check{
			MaterialID: file.ID, Verdict: verdict, Findings: text, Analyzer: e.Analyzer, ChecksVersion: checks.Version,
			Rules: v.set.Hash(), AsOf: f.asOf.String(), CheckedAt: start, Basis: basis, Duplicates: e.Duplicates, Reader: e.Reader,
			Parts: parts,
		}
		check.HoldsFrom, check.HoldsUntil = holdsOf(in.FileInput)
		page.checks = append(page.checks, check)
		if same {
			file.Analyzer, file.Reader = e.Analyzer, e.Reader // another version said the same
			continue
		}
		page.files++
		var earlier []filing.Finding
		if err := json.Unmarshal(e.Findings, &earlier); err != nil {
			return fmt.Errorf("findings of file %s as kept: %w", file.ID, err)
		}
		change := FileChange{ID: file.ID, Material: file.Declared.Material, Page: file.Declared.Page, Before: file.Verdict, After: verdict}
		change.Added, change.Removed = codesBeyond(findings, earlier), codesBeyond(earlier, findings)
		if change.Before != change.After || len(change.Added)+len(change.Removed) > 0 {
			f.changed = append(f.changed, change)
		}
		if f.before == nil {
			if f.before, err = matchFiles(f.files, page.contents, f.made, f.unmended); err != nil {
				return err
			}
		}
		page.parts = page.parts || parts != file.Parts
		file.Verdict, file.Analyzer, file.Reader, file.Parts = verdict, e.Analyzer, e.Reader, parts
	}
	return nil
}

// input is what a file is judged by whose text that version of the reader has read.
func (v *revalidation) input(f *judgedFiling, file *storage.FileToJudge, reader string) fileBasis {
	in := fileInput(file.Declared, file.Extension, f.limits, f.parties).withFacts(f.facts, f.asOf, v.p.readingState(file.Declared, reader))
	in.Made = f.made.shows(file.SHA256)
	return in
}

// unread reports whether a file is to be read that the reader of this process has not read.
func (p *Pipeline) unread(file *storage.FileToJudge) bool {
	return p.ReaderVersion != "" && file.Reader != p.ReaderVersion && checks.Reads(file.Declared)
}

// remeasure measures and reads what only other versions have, one picture at a time in the whole process and behind every upload,
// and gives the evidence what came of it.
func (v *revalidation) remeasure(ctx context.Context, page *judgedPage, list []judgedFiling, evidence map[string]storage.Evidence) error {
	if err := v.p.acquire(ctx, v.p.remeasuring); err != nil {
		return err
	}
	defer release(v.p.remeasuring)
	for i := range list {
		for n := range list[i].files {
			file := &list[i].files[n]
			e, ok := evidence[file.ID]
			if !ok || e.Analyzer == v.p.Analyzer && !v.p.unread(file) {
				continue
			}
			patience := yieldMost
			if err := v.p.yieldToUploads(ctx, &patience); err != nil {
				return err
			}
			if err := v.renew(ctx, page, file, &e); errors.Is(err, storage.ErrNotFound) {
				continue // deleted meanwhile
			} else if err != nil {
				return fmt.Errorf("file %s: %w", file.ID, err)
			}
			evidence[file.ID] = e
		}
	}
	return nil
}

// renew measures and reads one file. What does not come to its end within its deadline stays as it was.
func (v *revalidation) renew(ctx context.Context, page *judgedPage, file *storage.FileToJudge, e *storage.Evidence) error {
	if e.Analyzer != v.p.Analyzer {
		m, err := v.p.measureStored(ctx, file.SHA256)
		if err != nil {
			return err
		}
		if m != nil {
			e.Analyzer, e.Measurements = v.p.Analyzer, m
			page.measured++
		}
	}
	if e.Reader == v.p.ReaderVersion || !v.p.unread(file) || e.Analyzer == "" {
		return nil
	}
	var m filing.Measurements
	if err := json.Unmarshal(e.Measurements, &m); err != nil {
		return fmt.Errorf("measurements as kept: %w", err)
	}
	if !v.p.readable(file.Declared, &m) {
		return nil
	}
	read, err := v.p.readStored(ctx, file.SHA256, &m)
	switch {
	case errors.Is(err, storage.ErrNotFound), ctx.Err() != nil:
		return err
	case err != nil:
		v.p.Log.Error("reading failed, the file is judged by what is there", "file", file.ID, "error", err.Error())
		return nil
	}
	e.Reader, e.Reading = v.p.ReaderVersion, read
	page.reread++
	return nil
}

// measureStored measures a stored content by the analyzer of this process and keeps what it measured; nil where the
// deadline ended it.
func (p *Pipeline) measureStored(ctx context.Context, sha string) ([]byte, error) {
	sum, err := storage.ParseDigest(sha)
	if err != nil {
		return nil, err
	}
	m, err := p.measuring(ctx, sum, func() ([]byte, error) {
		return storage.ReadObject(ctx, p.Objects, storage.ObjectKey(sum), sum, p.cfg.MaxBody)
	}).wait(ctx)
	if err != nil || !finished(m) {
		return nil, err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("print measurements: %w", err)
	}
	made := storage.Measured{Sum: sum, Analyzer: p.Analyzer, Data: text}
	if m.Pixels != nil {
		made.Hash = m.Pixels.Hash
	}
	return text, p.Records.SaveMeasurements(ctx, made)
}

// Uploads come first: a page of a revalidation waits while there are any on their way in this process, before it begins and
// after every few filings, but never so long that a busy service would not be judged again at all: at least
// pace.filings / yieldMost filings a second for each core.
const (
	yieldStep = 5 * time.Millisecond
	yieldMost = 500 * time.Millisecond
	// yieldEach is how many filings are judged between two looks: some milliseconds, which no upload notices.
	yieldEach = 16
	// yieldQuery is how long reading a page, and saving what was judged, waits: the database serves uploads too.
	yieldQuery = 150 * time.Millisecond
)

func (p *Pipeline) yieldToUploads(ctx context.Context, patience *time.Duration) error {
	for ; *patience > 0 && len(p.admission) > 0; *patience -= yieldStep {
		select {
		case <-time.After(yieldStep):
			p.metrics.yielded.Add(yieldStep.Seconds())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// revalidateEvery is how soon a process looks for a pass that nobody works on.
const revalidateEvery = 2 * time.Second

// WorkRevalidations makes the passes that were requested, those whose worker is gone, and the night's, one after the other
// until ctx ends: what a process does that works jobs. Any number of processes may, and one goroutine in each.
func (p *Pipeline) WorkRevalidations(ctx context.Context) {
	ticker := time.NewTicker(revalidateEvery)
	defer ticker.Stop()
	for {
		if err := p.startNight(ctx); err != nil && ctx.Err() == nil {
			p.Log.Error("start the nightly revalidation, the next look tries again", "error", err.Error())
		}
		row, err := p.Records.FreeRevalidation(ctx)
		if err == nil && p.loaded(row.Rules) != nil {
			_, err = p.runRevalidation(ctx, row.ID, nil, storage.RevalidationRunning)
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, ErrConflict) {
			p.Log.Error("revalidation, another worker or the next look goes on", "error", err.Error())
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// codesBeyond are the codes of findings in a that b has not, as often as it has not.
func codesBeyond(a, b []filing.Finding) []string {
	have := map[string]int{}
	for i := range b {
		have[b[i].Code]++
	}
	out := []string{}
	for i := range a {
		if have[a[i].Code]--; have[a[i].Code] < 0 {
			out = append(out, a[i].Code)
		}
	}
	slices.Sort(out)
	return out
}

// matchFiles are files as matching takes them, with the parts of those that are composites, and what was found of their sources.
func matchFiles(
	files []storage.FileToJudge, contents map[string]*filing.Content, made madeParts, unmended map[string]filing.Verdict,
) ([]checks.MatchFile, error) {
	list := make([]checks.MatchFile, len(files))
	for i := range files {
		f := &files[i]
		list[i] = checks.MatchFile{ID: f.ID, Declared: f.Declared, State: f.State, Verdict: f.Verdict}
		if f.Verdict != "" {
			list[i].State = filing.MaterialChecked
		}
		parts, err := partsAsKept(f.ID, f.Parts)
		if err != nil {
			return nil, err
		}
		list[i].Parts = checks.MatchParts(parts, contents[f.ID])
		if made != nil {
			made.give(&list[i], f.SHA256, func(id string) filing.Verdict { return unmended[id] })
		}
	}
	if contents != nil {
		giveContents(list, func(id string) *filing.Content { return contents[id] })
	}
	return list, nil
}

// conclude judges the filing as a whole, and notes what changed.
func (v *revalidation) conclude(page *judgedPage, f *judgedFiling, start time.Time) error {
	unmended := f.unmended
	if f.judgedAnew != nil {
		unmended = maps.Clone(f.unmended) // which the page's filings share
		if unmended == nil {
			unmended = map[string]filing.Verdict{}
		}
		maps.Copy(unmended, f.judgedAnew)
	}
	files, err := matchFiles(f.files, page.contents, f.made, unmended)
	if err != nil {
		return err
	}
	setDate(f.facts, f.asOf)
	after := conclude(v.set, f.facts, f.parties, files, &f.together)

	versions := versionOf(f.files)
	kept := &f.Kept
	keptFiles, _, _ := strings.Cut(kept.Files, filesAndPairs)
	known := kept.Rules != "" && kept.Revision == f.Revision && keptFiles == versions.files
	if f.together.basis != "" {
		versions.files += filesAndPairs + f.together.basis
	}
	before := conclusion{verdict: kept.Verdict, lines: kept.Items}
	if !known {
		before = v.unkept(f, files, after)
	}
	added, removed, changed := compare(before.lines, after.lines)
	changed = changed || before.verdict != after.verdict || len(f.changed) > 0
	if changed {
		if err := page.note(f, before.verdict, after.verdict, changeDetail{Added: added, Removed: removed, Files: f.changed}); err != nil {
			return err
		}
	}
	switch {
	case known && before == after && kept.Files == versions.files:
		return nil
	case kept.Rules == "":
		page.first++
	case !changed:
		page.restated++
	}
	page.verdicts = append(page.verdicts, storage.Verdict{
		FilingID: f.ID, Revision: f.Revision, Files: versions.files, Rules: v.set.Hash(), ChecksVersion: checks.Version,
		Analyzer: versions.analyzers, Reader: versions.readers, AsOf: f.asOf.String(), Verdict: after.verdict, Items: after.lines, JudgedAt: start.UTC().Truncate(time.Microsecond),
	})
	return nil
}

// unkept is what the report on a filing said before the pass, where no verdict is kept that is still about it.
func (v *revalidation) unkept(f *judgedFiling, files []checks.MatchFile, after conclusion) conclusion {
	if v.baseline == nil {
		return after
	}
	if v.baseline == v.set && f.now == f.asOf && f.before == nil {
		return after
	}
	if f.before != nil {
		files = f.before
	}
	setDate(f.facts, f.now)
	return conclude(v.baseline, f.facts, f.parties, files, &f.together)
}

func setDate(facts *filing.Facts, day filing.Date) {
	facts.Set(filing.Ref{Fact: filing.FactAsOf}, filing.Value{Known: true, Num: int32(day)})
}

// note keeps a change for people.
func (page *judgedPage) note(f *judgedFiling, before, after filing.Verdict, detail changeDetail) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("print change: %w", err)
	}
	row := storage.RevalidationChange{
		FilingID: f.ID, Province: f.facts.Text(filing.FactProvince), Before: before, After: after, Detail: text, Organization: f.Organization,
	}
	change, err := changeOf(&row)
	if err != nil {
		return err
	}
	page.rows, page.changes = append(page.rows, row), append(page.changes, change)
	return nil
}

// filesAndPairs stands between what names the files of a kept verdict and what its pairs were judged by.
const filesAndPairs = "-"

// versions is what a verdict is about and by what it was measured and read.
type versions struct{ files, analyzers, readers string }

func versionOf(files []storage.FileToJudge) versions {
	h := sha256.New()
	var analyzers, readers []string
	for i := range files {
		f := &files[i]
		state := f.State
		if f.Verdict != "" {
			state = filing.MaterialChecked
			if !slices.Contains(analyzers, f.Analyzer) {
				analyzers = append(analyzers, f.Analyzer)
			}
			if f.Reader != "" && !slices.Contains(readers, f.Reader) {
				readers = append(readers, f.Reader)
			}
		}
		h.Write([]byte(f.ID))
		h.Write([]byte(state))
	}
	slices.Sort(analyzers)
	slices.Sort(readers)
	const enough = 16
	return versions{files: hex.EncodeToString(h.Sum(nil)[:enough]), analyzers: strings.Join(analyzers, ","), readers: strings.Join(readers, ",")}
}
