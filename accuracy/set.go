package accuracy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/specimen"
)

// Photo is a labelled photo with what was measured of it and found in it.
type Photo struct {
	Case         specimen.Case
	Truth        specimen.Truth
	Measurements filing.Measurements
	Findings     []filing.Finding
}

// Cases lists the photos of a half that are counted: documents, and rooms with and without people. Of the first test half, whose
// list is twice as long, every photo that the digest of its name chooses, about one of two: the halves are then of one size,
// which decides what can be said of a rate of half a percent, at half the hours. The others are kept for when these are burnt.
func Cases(half specimen.Half) []specimen.Case {
	all := slices.Concat(specimen.Cases(half), specimen.FaceCases(half))
	if half != specimen.Test {
		return all
	}
	return slices.DeleteFunc(all, func(c specimen.Case) bool { return sha256.Sum256([]byte(c.ID))[0]&1 != 0 })
}

// Has reports whether one of the codes was found.
func (p *Photo) Has(codes ...string) bool {
	return slices.ContainsFunc(p.Findings, func(f filing.Finding) bool { return slices.Contains(codes, f.Code) })
}

// Bench draws labelled photos and measures them. Both are kept in folders whose names carry a digest of the code that made
// them, so that a run that was interrupted goes on where it stopped and nothing stale is ever counted.
type Bench struct {
	analyzer *imaging.Analyzer
	// drawn and measured are the folders of photos and of measurements; Eyes is the digest of the code that measures and
	// judges, by which an opening of the test half is recorded.
	drawn, measured string
	// grounds holds the photographs that documents of one set lie on.
	grounds string
	Eyes    string
}

// NewBench makes a bench that keeps its files below build/ of the project at root; drawn photos below labelled where that is
// not empty, so that several copies of the project may share them.
func NewBench(root, labelled string) (*Bench, error) {
	if labelled == "" {
		labelled = filepath.Join(root, "build", "labelled")
	}
	models := filepath.Join(root, "build", "models") // as set-up fetches them; without them no face is looked for
	analyzer, err := imaging.New(imaging.Options{Models: models})
	if err != nil {
		return nil, err
	}
	generator, err := digest(root, "specimen")
	if err != nil {
		return nil, err
	}
	eyes, err := digest(root, "imaging", "filing", "models", "build/models")
	if err != nil {
		return nil, err
	}
	judged, err := digest(root, "imaging", "filing", "models", "checks", "build/models")
	if err != nil {
		return nil, err
	}
	return &Bench{
		analyzer: analyzer, Eyes: judged,
		drawn:    filepath.Join(labelled, generator),
		grounds:  filepath.Join(root, "build", "grounds"),
		measured: filepath.Join(root, "build", "accuracy", generator+"-"+eyes),
	}, nil
}

// digest is a short digest of what folders and files of the project hold, tests, comments and layout aside. What is not there
// counts as empty.
func digest(root string, names ...string) (string, error) {
	sum := sha256.New()
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(root, name), func(path string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || strings.HasSuffix(d.Name(), "test")):
				return fs.SkipDir
			case d.IsDir(), strings.HasSuffix(path, "_test.go"):
				return nil
			}
			data, err := os.ReadFile(path) //nolint:gosec // the project's own files
			if err != nil {
				return err
			}
			inside, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if strings.HasSuffix(path, ".go") {
				data = tokens(data)
			}
			fmt.Fprintf(sum, "%s %x\n", filepath.ToSlash(inside), sha256.Sum256(data))
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("digest of %s: %w", name, err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

// tokens is what the compiler sees of a Go file: a better word in a comment must not cost hours of drawing.
func tokens(source []byte) []byte {
	files := token.NewFileSet()
	var s scanner.Scanner
	s.Init(files.AddFile("", files.Base(), len(source)), source, nil, 0) // without comments
	var out []byte
	for {
		_, kind, literal := s.Scan()
		if kind == token.EOF {
			return out
		}
		if kind == token.SEMICOLON {
			literal = ";" // written, or the end of a line
		}
		out = append(append(append(out, kind.String()...), literal...), 0)
	}
}

// Close frees the analyzer.
func (b *Bench) Close() error { return b.analyzer.Close() }

// Analyzer names what measures, with the models that it found.
func (b *Bench) Analyzer() string { return b.analyzer.Version() }

// FilePath is where the photo of a case is kept.
func (b *Bench) FilePath(c specimen.Case) string {
	return filepath.Join(b.drawn, filepath.FromSlash(c.ID)+".jpg")
}

// Run draws, measures and judges cases on all cores. Photos come in the order of the cases; done is called after each, from
// any goroutine. The error names the first case that failed.
func (b *Bench) Run(ctx context.Context, cases []specimen.Case, done func()) ([]Photo, error) {
	photos := make([]Photo, len(cases))
	err := each(ctx, cases, done, func(ctx context.Context, i int) (err error) {
		photos[i], err = b.one(ctx, cases[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	return photos, nil
}

// Draw draws cases and looks at none of them: hours of work that may be done before, and that tell nothing.
func (b *Bench) Draw(ctx context.Context, cases []specimen.Case, done func()) error {
	return each(ctx, cases, done, func(_ context.Context, i int) error {
		_, err := b.draw(cases[i], new(specimen.Truth))
		return err
	})
}

// each works on cases on all cores until the first fails.
func each(ctx context.Context, cases []specimen.Case, done func(), work func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range cases {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := work(ctx, i); err != nil {
				return fmt.Errorf("%s: %w", c.ID, err)
			}
			done()
			return nil
		})
	}
	return group.Wait()
}

func (b *Bench) one(ctx context.Context, c specimen.Case) (Photo, error) {
	p := Photo{Case: c}
	file, err := b.draw(c, &p.Truth)
	if err != nil {
		return p, err
	}
	kept := filepath.Join(b.measured, filepath.FromSlash(c.ID)+".json")
	if err := load(kept, &p.Measurements); err != nil {
		if p.Measurements, err = b.measure(ctx, file); err != nil {
			return p, err
		}
		if err := keep(kept, p.Measurements); err != nil {
			return p, err
		}
	}
	p.Findings = checks.File(checks.FileInput{
		Measurements: p.Measurements, Declared: declared(c), Name: "photo.jpg", Parties: checks.Parties{Applicant: checks.Enterprise},
	})
	return p, nil
}

// draw returns where the photo of a case is, and its truth; it is drawn if it is not there.
func (b *Bench) draw(c specimen.Case, truth *specimen.Truth) (path string, err error) {
	path = b.FilePath(c)
	label := strings.TrimSuffix(path, ".jpg") + ".json"
	if load(label, truth) == nil { // written last
		return path, nil
	}
	l, err := b.labelled(c)
	if err != nil {
		return "", err
	}
	if err := write(path, l.File); err != nil {
		return "", err
	}
	*truth = l.Truth
	return path, keep(label, l.Truth)
}

// labelled draws a case, on the photograph that it lies on where it does.
func (b *Bench) labelled(c specimen.Case) (specimen.Labelled, error) {
	name := c.Ground()
	if name == "" {
		return c.Draw()
	}
	file, err := os.Open(filepath.Join(b.grounds, filepath.FromSlash(name)))
	if err != nil {
		return specimen.Labelled{}, fmt.Errorf("%w (scripts/grounds.sh fetches the photographs)", err)
	}
	l, err := c.DrawOn(file)
	return l, errors.Join(err, file.Close())
}

func (b *Bench) measure(ctx context.Context, path string) (filing.Measurements, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return filing.Measurements{}, err
	}
	return b.analyzer.Analyze(ctx, data)
}

// Show draws what was measured of a photo into it, the true corners as a further document.
func (b *Bench) Show(ctx context.Context, p *Photo) ([]byte, error) {
	data, err := os.ReadFile(b.FilePath(p.Case))
	if err != nil {
		return nil, err
	}
	m := p.Measurements
	m.Others = slices.Clone(m.Others)
	for _, quad := range p.Truth.Documents {
		m.Others = append(m.Others, filing.Document{Quad: quad, Confidence: 1})
	}
	return b.analyzer.Overlay(ctx, data, m)
}

// Timed measures files one after the other on one core and returns the processor time of each in the mean.
func (b *Bench) Timed(ctx context.Context, paths []string, rounds int) (time.Duration, error) {
	var total time.Duration
	for range rounds {
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				return 0, err
			}
			before, err := processorTime()
			if err != nil {
				return 0, err
			}
			if _, err := b.analyzer.Analyze(ctx, data); err != nil {
				return 0, err
			}
			after, err := processorTime()
			if err != nil {
				return 0, err
			}
			total += after - before
		}
	}
	return total / time.Duration(max(rounds*len(paths), 1)), nil
}

// declared is what a person would say of a photo.
func declared(c specimen.Case) filing.Declared {
	front := func(material, of string) filing.Declared {
		return filing.Declared{Material: material, Page: filing.PageFront, Of: of}
	}
	back := func(material, of string) filing.Declared {
		return filing.Declared{Material: material, Page: filing.PageBack, Of: of}
	}
	if c.Group == specimen.GroupFace {
		return front("handheld_personal_document", "site_manager")
	}
	switch c.Kind() {
	case specimen.IDCardBack:
		return back("principal_id", "principal")
	case specimen.ResidencePermitFront:
		return front("residence_permit", "principal")
	case specimen.ResidencePermitBack:
		return back("residence_permit", "principal")
	case specimen.BusinessLicense, specimen.BusinessLicenseDuplicate, specimen.Institution:
		return front("applicant_document", "applicant")
	case specimen.DomainCertificate:
		return front("domain_certificate", "domain:example.cn")
	case specimen.AuthorizationLetter, specimen.PlainLetter, specimen.PrintedPage: // they bear a seal, as the guide asks of this one
		return front("provider_guarantee", "applicant")
	default:
		return front("principal_id", "principal")
	}
}

// load reads what keep wrote.
func load(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

func keep(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return write(path, data)
}

// write replaces a file as a whole: an interrupted run leaves no half of one.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), path)
}
