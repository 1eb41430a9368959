package locate

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// To fit the models anew to labelled photos, which lie drawn below build/labelled after make accuracy:
//
//	go test ./imaging/locate -run TestFitModels -fit 1 -drawn build/labelled/DIGEST -kept /tmp/kept -timeout 4h -v
//
// -fit n takes every n-th photo, -halves names the sets, -kept a folder where reduced pictures and what was measured of them are
// kept for the next fit (to be emptied by whoever changes what is proposed or measured of it). Templates are dealt into folds: each
// is judged by models that were fitted to the others, and what it prints are these numbers, by template and by group. With
// -hold half the folds are the sets. Then it writes rank.txt, nested.txt, final.txt and tie.txt, unless -hold half was asked for; with -mean
// the mean of what was fitted and of what is in the program: models that learnt from different photos err in different places (Breiman,
// Bagging Predictors, 1996), so that on photos that neither learnt from their mean is right more often than either.
var (
	fitEvery  = flag.Int("fit", 0, "fit the models to every n-th labelled photo")
	fitDrawn  = flag.String("drawn", "", "folder of drawn photos with their truth; drawn anew where empty")
	fitKept   = flag.String("kept", "", "folder to keep reduced pictures and measurements in")
	fitHalves = flag.String("halves", "tune,test,test2,lots", "sets to fit to; none to judge the models that are in the program")
	fitJudge  = flag.String("judge", "", "sets that nothing is fitted to, judged by what is fitted to all others")
	fitMean   = flag.Bool("mean", false, "write the mean of what was fitted and of what is in the program")
	fitHold   = flag.String("hold", "template", "what is held out: template or half")
)

// example is a photo's proposals and how right they are.
type example struct {
	id, group, template, half string
	fold                      int
	candidates                []candidate
	right                     []float64
	load                      func() (*raster.Frame, error)
	judged                    bool // and not fitted to
	// overprinted: it is a photo of the set with a print that was made up over its documents. Such are fitted to, not judged by.
	overprinted bool
}

// folds is into how many parts the templates are dealt: each is judged by models that were fitted to the others.
const folds = 5

// fitParts is how many parts the photos are dealt into.
func fitParts() int {
	if *fitHold == "half" {
		return len(sets(*fitHalves))
	}
	return folds
}

// sets are those that a list names.
func sets(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// judged reports whether a set is judged and not fitted to.
func judged(half specimen.Half) bool {
	return slices.Contains(sets(*fitJudge), string(half))
}

// look is what the later models see of a photo.
type look struct {
	w, h  float64
	all   []candidate
	rows  []finalRow // what the pairs say is filled in later
	pairs []nesting
	fine  [][fineCount]float32 // of each pair
	right []float64
}

func TestFitModels(t *testing.T) {
	if *fitEvery < 1 {
		t.Skip("fits the models only with -fit")
	}
	examples := fitExamples(t)
	parts := fitParts()
	t.Logf("%d photos", len(examples))
	// Each of the four is fitted to what the one before says of photos whose templates it has not seen. The last of each is fitted to all
	// that is fitted to: it is what is written, and judges the sets of -judge.
	other := func(fold int) func(*example) bool {
		return func(e *example) bool { return e.fold != fold && !e.judged }
	}
	ranks, nests, finals, ties := make([]*forest, parts+1), make([]*forest, parts+1), make([]*forest, parts+1), make([]*forest, parts+1)
	fit := func(models []*forest, known *forest, fitted func(use func(*example) bool) *forest) {
		if models[parts] = known; *fitHalves != "" {
			inParts(parts+1, func(fold int) { models[fold] = fitted(other(fold)) })
		}
	}
	fit(ranks, rank(), func(use func(*example) bool) *forest { return fitRank(examples, use) })
	looks := make([]look, len(examples))
	eachOf(t, len(examples), func(i int) (err error) {
		looks[i], err = examples[i].look(ranks[examples[i].fold])
		return err
	})
	fit(nests, nested(), func(use func(*example) bool) *forest { return fitNested(examples, looks, use) })
	for i := range looks {
		looks[i].compare(nests[examples[i].fold])
	}
	fit(finals, final(), func(use func(*example) bool) *forest { return fitFinal(examples, looks, use) })
	for i := range looks {
		looks[i].weigh(finals[examples[i].fold])
	}
	fit(ties, tie(), func(use func(*example) bool) *forest { return fitTie(examples, looks, use) })
	outcomes := make([]outcome, len(examples))
	for i := range looks {
		outcomes[i] = looks[i].decide(ties[examples[i].fold])
	}
	report(t, examples, looks, outcomes)
	if *fitHold == "half" || *fitHalves == "" {
		return
	}
	for name, m := range map[string][2]*forest{"rank.txt": {ranks[parts], rank()}, "nested.txt": {nests[parts], nested()},
		"final.txt": {finals[parts], final()}, "tie.txt": {ties[parts], tie()}} {
		written := m[0]
		if *fitMean {
			written = mean(m[0], m[1])
		}
		if err := os.WriteFile(name, []byte(written.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// mean is the forest whose score is the mean of those of two of one depth.
func mean(a, b *forest) *forest {
	out := &forest{depth: a.depth, bias: (a.bias + b.bias) / 2}
	for _, t := range slices.Concat(a.trees, b.trees) {
		t.leaf = slices.Clone(t.leaf)
		for i := range t.leaf {
			t.leaf[i] /= 2
		}
		out.trees = append(out.trees, t)
	}
	return out
}

func fitRank(examples []example, use func(*example) bool) *forest {
	var rows [][]float32
	var target []float64
	for i := range examples {
		e := &examples[i]
		if !use(e) {
			continue
		}
		for k := range e.candidates {
			// Of what is nothing at all there is more than enough.
			if e.right[k] < 0.3 && (k+i)%5 != 0 {
				continue
			}
			rows, target = append(rows, e.candidates[k].features[:]), append(target, rightness(e.right[k]))
		}
	}
	return train(rows, target, trainOptions{depth: 4, trees: 110, rate: 0.12, lambda: 2, leastWeight: 3, share: 0.5, seed: 5})
}

// fitNested fits to the pairs of which one is clearly better than the other.
func fitNested(examples []example, looks []look, use func(*example) bool) *forest {
	const apart = 0.08
	var rows [][]float32
	var target []float64
	for i := range looks {
		if !use(&examples[i]) {
			continue
		}
		l := &looks[i]
		for k := range l.pairs {
			p := &l.pairs[k]
			if better := rightness(l.right[p.outer]) - rightness(l.right[p.inner]); math.Abs(better) >= apart {
				rows, target = append(rows, p.row[:]), append(target, 0.5+0.5*math.Copysign(math.Sqrt(math.Abs(better)), better))
			}
		}
	}
	return train(rows, target, trainOptions{depth: 4, trees: 90, rate: 0.1, lambda: 3, leastWeight: 5, share: 0.6, seed: 7})
}

func fitFinal(examples []example, looks []look, use func(*example) bool) *forest {
	var rows [][]float32
	var target []float64
	for i := range looks {
		if !use(&examples[i]) {
			continue
		}
		for k := range looks[i].rows {
			rows, target = append(rows, looks[i].rows[k][:]), append(target, rightness(looks[i].right[k]))
		}
	}
	return train(rows, target, trainOptions{depth: 4, trees: 90, rate: 0.1, lambda: 3, leastWeight: 3, share: 0.7, seed: 9})
}

// fitTie fits to the pairs of about the same score of which one is the better, however right both are: the models before do not tell
// those apart that share 95 per cent with the document from those that share all of it.
func fitTie(examples []example, looks []look, use func(*example) bool) *forest {
	const (
		apart, clearly = 0.015, 0.06 // by how much one has to be the better one, and from where on it is that wholly
		leastRight     = 0.8         // of the better one
		margin         = asLikely + 0.5
	)
	var rows [][]float32
	var target []float64
	for i := range looks {
		l := &looks[i]
		if !use(&examples[i]) || len(l.all) == 0 {
			continue
		}
		best := slices.MaxFunc(l.all, func(a, b candidate) int { return cmp.Compare(a.score, b.score) }).score
		for k := range l.pairs {
			p := &l.pairs[k]
			inner, outer := l.all[p.inner].score, l.all[p.outer].score
			better := l.right[p.outer] - l.right[p.inner]
			if min(inner, outer) < best-margin || max(l.right[p.outer], l.right[p.inner]) < leastRight || math.Abs(better) < apart {
				continue
			}
			row := newTieRow(p, &l.fine[k], inner, outer, best)
			rows, target = append(rows, row[:]), append(target, 0.5+0.5*math.Copysign(math.Sqrt(min(math.Abs(better)/clearly, 1)), better))
		}
	}
	return train(rows, target, trainOptions{depth: 4, trees: 90, rate: 0.1, lambda: 3, leastWeight: 5, share: 0.6, seed: 11})
}

// inParts does work for each fold, all at once.
func inParts(parts int, work func(fold int)) {
	var wg sync.WaitGroup
	for fold := range parts {
		wg.Go(func() { work(fold) })
	}
	wg.Wait()
}

// eachOf does work n times on all cores.
func eachOf(t *testing.T, n int, work func(i int) error) {
	t.Helper()
	failed := make([]error, n)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				failed[i] = work(i)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
}

// fitExamples proposes and measures on all photos that are asked for.
func fitExamples(t *testing.T) []example {
	t.Helper()
	var cases []specimen.Case
	for _, half := range sets(*fitHalves + "," + *fitJudge) {
		for i, c := range append(specimen.Cases(specimen.Half(half)), specimen.FaceCases(specimen.Half(half))...) {
			if i%*fitEvery == 0 && drawn(c) {
				cases = append(cases, c)
			}
		}
	}
	examples := make([]example, 2*len(cases))
	eachOf(t, len(examples), func(i int) (err error) {
		c := &cases[i/2]
		if i%2 == 1 && (c.Template == "" || judged(c.Half) || c.Half == specimen.Lots) { // print by lot needs no more print
			return nil
		}
		if examples[i], err = newExample(*c, i%2 == 1); err != nil {
			err = fmt.Errorf("%s: %w", c.ID, err)
		}
		return err
	})
	return slices.DeleteFunc(examples, func(e example) bool { return e.id == "" || e.overprinted && e.load == nil })
}

// look ranks the candidates by a first model and measures what the best are beside one another.
func (e *example) look(m *forest) (look, error) {
	all := make([]candidate, len(e.candidates))
	for k, c := range e.candidates {
		all[k] = c
		all[k].score, all[k].worth = m.score(c.features[:]), float64(k) // worth is no longer needed: it keeps the place
	}
	sortByScore(all)
	f, err := e.load()
	if err != nil {
		return look{}, err
	}
	v := newView(f)
	n := min(len(all), finalists)
	l := look{w: float64(v.w), h: float64(v.h), pairs: v.nestings(all[:n])}
	for i := range n {
		l.rows = append(l.rows, newFinalRow(&all[i].features, rivals(all, i), v.print(all[i].quad), [nestsCount]float32{}))
		l.right = append(l.right, e.right[int(all[i].worth)])
	}
	l.all = all[:n]
	sides := make([][4]fineSide, n)
	for i := range sides {
		sides[i] = v.fineSides(all[i].quad)
	}
	for k := range l.pairs {
		p := &l.pairs[k]
		l.fine = append(l.fine, v.fineOf(&sides[p.inner], begunAt(&sides[p.outer], p.turn)))
	}
	return l, nil
}

// compare fills in what the pairs say.
func (l *look) compare(m *forest) {
	for i, n := range nestsOf(len(l.rows), l.pairs, func(row *[nestedCount]float32) float64 { return m.score(row[:]) }) {
		copy(l.rows[i][len(l.rows[i])-nestsCount:], n[:])
	}
}

// outcome is what was decided of a photo.
type outcome struct {
	score, right float64
	found        bool
}

// weigh gives the last score.
func (l *look) weigh(m *forest) {
	for i := range l.all {
		l.all[i].score, l.all[i].worth = m.score(l.rows[i][:]), float64(i)
	}
}

// decide settles and chooses.
func (l *look) decide(m *forest) outcome {
	all := slices.Clone(l.all)
	settle(all, l.pairs, func(k int, best float64) float64 {
		p := &l.pairs[k]
		row := newTieRow(p, &l.fine[k], l.all[p.inner].score, l.all[p.outer].score, best)
		return m.score(row[:])
	})
	sortByScore(all)
	kept := choose(all, l.w, l.h)
	if len(kept) == 0 {
		return outcome{}
	}
	return outcome{kept[0].score, l.right[int(kept[0].worth)], true}
}

// report prints how right what is chosen is, and what its confidence should be.
func report(t *testing.T, examples []example, looks []look, outcomes []outcome) {
	t.Helper()
	calibrated := func(of func(*example) bool) (slope, shift float64) {
		var known, targets []float64
		for i := range outcomes {
			if o := &outcomes[i]; o.found && !examples[i].overprinted && of(&examples[i]) {
				target := 0.0
				if o.right >= 0.9 {
					target = 1
				}
				known, targets = append(known, o.score), append(targets, target)
			}
		}
		return calibrate(known, targets)
	}
	slope, shift := confidenceSlope, confidenceShift
	if *fitHalves != "" {
		slope, shift = calibrated(func(e *example) bool { return !e.judged })
		t.Logf("confidenceSlope, confidenceShift = %.3f, %.3f", slope, shift)
	}
	for _, set := range sets(*fitJudge) { // who is sure of what it learnt from is less right elsewhere
		a, b := calibrated(func(e *example) bool { return e.half == set })
		t.Logf("of %s they would be %.3f, %.3f", set, a, b)
	}
	type tally struct{ photos, able, right, close, sure, wrong int }
	tallies := map[string]*tally{}
	var bins [10][3]float64
	for i := range examples {
		e, o := &examples[i], &outcomes[i]
		p := sigmoid(slope*o.score + shift)
		if e.overprinted {
			e.half, e.template = "overprinted "+e.half, "overprinted "+e.template
		} else if o.found && !e.judged {
			b := &bins[min(int(10*p), 9)]
			b[0], b[1] = b[0]+1, b[1]+p
			if o.right >= 0.9 {
				b[2]++
			}
		}
		able := slices.ContainsFunc(looks[i].right, func(r float64) bool { return r >= 0.93 })
		for _, key := range []string{"half " + e.half, "group " + e.half + " " + e.group, "template " + e.half + " " + e.template} {
			s := tallies[key]
			if s == nil {
				s = new(tally)
				tallies[key] = s
			}
			s.photos++
			if able {
				s.able++
			}
			if o.right >= 0.9 {
				s.right++
			}
			if o.right >= 0.94 {
				s.close++
			}
			if o.found && p >= 0.8 {
				if s.sure++; o.right < 0.8 {
					s.wrong++
				}
			}
		}
		if !e.overprinted && (o.found && p >= 0.8 && o.right < 0.8 || e.template != "" && o.right < 0.9) {
			t.Logf("lost: %s %s, confidence %.3f, overlap %.2f, of the finalists %.2f, of all %.2f", e.id, e.template, p, o.right, slices.Max(append(looks[i].right, 0)), slices.Max(append(e.right, 0)))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(tallies)) {
		s := tallies[key]
		t.Logf("%-45s %4d photos, able %4d, >= 0.9 %4d, >= 0.94 %4d, sure %4d, sure and wrong %d", key, s.photos, s.able, s.right, s.close, s.sure, s.wrong)
	}
	for i, b := range bins {
		t.Logf("confidence %.1f: %4.0f, said %.3f, right %.3f", float64(i)/10, b[0], b[1]/max(b[0], 1), b[2]/max(b[0], 1))
	}
}

// rightness is what the models are fitted to: 0 for a quadrilateral that shares three quarters with the document, 1 from 95
// per cent on.
func rightness(iou float64) float64 { return min(max((iou-0.75)/0.2, 0), 1) }

// calibrate fits probabilities to scores (Platt, Probabilistic Outputs for Support Vector Machines, 1999).
func calibrate(scores, targets []float64) (slope, shift float64) {
	slope = 1
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for i, s := range scores {
			p := sigmoid(slope*s + shift)
			d, h := p-targets[i], p*(1-p)+1e-6
			ga, gb, haa, hab, hbb = ga+d*s, gb+d, haa+h*s*s, hab+h*s, hbb+h
		}
		det := haa*hbb - hab*hab
		if det == 0 {
			break
		}
		slope, shift = slope-(hbb*ga-hab*gb)/det, shift-(haa*gb-hab*ga)/det
	}
	return slope, shift
}

// measured is what is kept of a photo.
type measured struct {
	Width, Height int
	Small         raster.RGB
	Quads         []raster.Quad
	Region        []bool
	Features      []features
	Right         []float64
}

// newExample measures a photo, or reads what was measured of it.
func newExample(c specimen.Case, overprinted bool) (example, error) {
	e := example{id: c.ID, overprinted: overprinted, group: string(c.Group), template: c.Template, half: string(c.Half)}
	switch {
	case judged(c.Half):
		e.judged, e.fold = true, fitParts()
	case *fitHold == "half":
		e.fold = slices.Index(sets(*fitHalves), e.half)
	default:
		of := fnv.New32a()
		of.Write([]byte(cmp.Or(c.Template, c.ID)))
		e.fold = int(of.Sum32() % folds)
	}
	var m measured
	path := filepath.Join(*fitKept, filepath.FromSlash(c.ID)+".gob")
	if overprinted {
		path = filepath.Join(*fitKept, "overprinted", filepath.FromSlash(c.ID)+".gob")
	}
	read := func() error {
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return gob.NewDecoder(bytes.NewReader(file)).Decode(&m)
	}
	if *fitKept == "" || read() != nil {
		f, truth, err := labelled(c)
		if err != nil {
			return e, err
		}
		if overprinted && truth.Occluded == 0 { // what lies on a document is not printed on
			f.Small = newView(f).small
			f.Scale = [2]float64{float64(f.Small.W) / float64(f.Width), float64(f.Small.H) / float64(f.Height)}
			seed := fnv.New64a()
			seed.Write([]byte(c.ID))
			overprint(f, &truth, rand.New(rand.NewPCG(seed.Sum64(), 3)))
		}
		if !overprinted || truth.Occluded == 0 {
			m = measuredOf(f, &truth)
		}
		if *fitKept != "" {
			if err := keep(path, &m); err != nil {
				return e, err
			}
		}
	}
	if m.Width == 0 {
		return e, nil
	}
	for i := range m.Quads {
		e.candidates = append(e.candidates, candidate{proposal: proposal{quad: m.Quads[i], region: m.Region[i]}, features: m.Features[i]})
	}
	e.right = m.Right
	e.load = func() (*raster.Frame, error) {
		if *fitKept == "" {
			f, _, err := labelled(c)
			return f, err
		}
		var m measured
		file, err := os.ReadFile(path)
		if err == nil {
			err = gob.NewDecoder(bytes.NewReader(file)).Decode(&m)
		}
		return &raster.Frame{Width: m.Width, Height: m.Height, Small: &m.Small}, err
	}
	return e, nil
}

func keep(path string, m *measured) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(m); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// measuredOf proposes and measures.
func measuredOf(f *raster.Frame, truth *specimen.Truth) measured {
	v := newView(f)
	m := measured{Width: f.Width, Height: f.Height, Small: *v.small}
	w, h := float64(f.Width), float64(f.Height)
	for _, one := range v.candidates(mostWidely, nil) {
		q := one.quad
		for k := range q {
			q[k] = raster.Point{q[k][0] * v.sx, q[k][1] * v.sy}
		}
		best := 0.0
		for _, d := range truth.Documents {
			best = max(best, seenIoU(q, raster.Quad(d), w, h))
		}
		m.Quads, m.Region = append(m.Quads, one.quad), append(m.Region, one.region)
		m.Features, m.Right = append(m.Features, one.features), append(m.Right, best)
	}
	return m
}

// drawn reports whether a photo can be had: all can where they are drawn anew.
func drawn(c specimen.Case) bool {
	if *fitDrawn == "" {
		return true
	}
	_, err := os.Stat(filepath.Join(*fitDrawn, filepath.FromSlash(c.ID)+".json"))
	return err == nil
}

// labelled is the frame of a labelled photo, and its truth.
func labelled(c specimen.Case) (*raster.Frame, specimen.Truth, error) {
	if *fitDrawn == "" {
		photo, err := c.Draw()
		if err != nil {
			return nil, specimen.Truth{}, err
		}
		f, err := decoded(photo.File)
		return f, photo.Truth, err
	}
	base := filepath.Join(*fitDrawn, filepath.FromSlash(c.ID))
	file, err := os.ReadFile(base + ".jpg")
	if err != nil {
		return nil, specimen.Truth{}, err
	}
	label, err := os.ReadFile(base + ".json")
	if err != nil {
		return nil, specimen.Truth{}, err
	}
	var truth specimen.Truth
	if err := json.Unmarshal(label, &truth); err != nil {
		return nil, specimen.Truth{}, fmt.Errorf("truth of %s: %w", c.ID, err)
	}
	f, err := decoded(file)
	return f, truth, err
}

// seenIoU is the intersection over union of what the picture shows of two quadrilaterals.
func seenIoU(a, b raster.Quad, w, h float64) float64 {
	inA, inB := raster.PolygonArea(a.Within(w, h)), raster.PolygonArea(b.Within(w, h))
	if inA <= 0 || inB <= 0 {
		return 0
	}
	const grid = 60 // places a side at which both are asked: enough to tell 0.9 from 0.95
	m, ok := raster.RectToQuad(grid, grid, a)
	if !ok {
		return 0
	}
	shared, all := 0.0, 0.0
	for i := range grid {
		for j := range grid {
			p := raster.Point{float64(i) + 0.5, float64(j) + 0.5}
			q := m.Apply(p)
			if q[0] < 0 || q[1] < 0 || q[0] > w || q[1] > h {
				continue
			}
			size := m.Scale(p)
			all += size * size
			if b.Contains(q) {
				shared += size * size
			}
		}
	}
	if all == 0 {
		return 0
	}
	shared *= inA / all
	return shared / (inA + inB - shared)
}

// decoded makes a frame of a JPEG.
func decoded(file []byte) (*raster.Frame, error) {
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return frameOf(img, orientationOf(file)), nil
}

// frameOf makes a frame as the analyzer does.
func frameOf(img image.Image, orientation int) *raster.Frame {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	n := raster.SmallFactor(w, h)
	full, small := raster.NewGray(w, h), raster.NewRGB(max(w/n, 1), max(h/n, 1))
	sums := make([]uint32, 4*small.W*small.H)
	ycbcr, _ := img.(*image.YCbCr)
	for y := range h {
		row := 4 * (((y+1)*small.H - 1) / h) * small.W
		for x := range w {
			var c color.RGBA
			if ycbcr != nil {
				p := ycbcr.YCbCrAt(x+b.Min.X, y+b.Min.Y)
				c.R, c.G, c.B = color.YCbCrToRGB(p.Y, p.Cb, p.Cr)
			} else {
				c = color.RGBAModel.Convert(img.At(x+b.Min.X, y+b.Min.Y)).(color.RGBA)
			}
			full.Pix[y*w+x] = raster.Luma(c.R, c.G, c.B)
			s := sums[row+4*(((x+1)*small.W-1)/w):]
			s[0], s[1], s[2], s[3] = s[0]+uint32(c.R), s[1]+uint32(c.G), s[2]+uint32(c.B), s[3]+1
		}
	}
	for i := range small.W * small.H {
		for k := range 3 {
			small.Pix[3*i+k] = uint8((sums[4*i+k] + sums[4*i+3]/2) / max(sums[4*i+3], 1))
		}
	}
	sw, sh := small.W, small.H
	if orientation >= 5 {
		w, h, sw, sh = h, w, sh, sw
	}
	f := &raster.Frame{Width: w, Height: h, Full: full, Small: raster.NewRGB(sw, sh), ToFull: raster.Uprighting(orientation, w, h),
		Scale: [2]float64{float64(sw) / float64(w), float64(sh) / float64(h)}}
	back := raster.Uprighting(orientation, sw, sh)
	for y := range sh {
		for x := range sw {
			p := back.Apply(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
			copy(f.Small.Pix[3*(y*sw+x):][:3], small.Pix[3*(int(p[1])*small.W+int(p[0])):])
		}
	}
	return f
}

// orientationOf reads the orientation of a JPEG of the labelled sets, which the generator wrote.
func orientationOf(file []byte) int {
	_, exif, ok := bytes.Cut(file[:min(len(file), 4096)], []byte("Exif\x00\x00"))
	if !ok || len(exif) < 16 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if exif[0] == 'M' {
		order = binary.BigEndian
	}
	directory := exif[min(int(order.Uint32(exif[4:])), len(exif)-2):]
	for k := range int(order.Uint16(directory)) {
		if entry := directory[min(2+12*k, len(directory)):]; len(entry) >= 12 && order.Uint16(entry) == 0x112 {
			return int(order.Uint16(entry[8:]))
		}
	}
	return 1
}
