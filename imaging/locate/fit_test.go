package locate

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// To fit the two models anew to the tuning half of the labelled photos:
//
//	go test ./imaging/locate -run TestFitModels -fit 1 -timeout 4h -v
//
// -fit n takes every n-th photo, -drawn names a folder where the photos lie drawn already (below build/labelled after make
// accuracy). It prints how often the best of each photo is right, by photos on surfaces that the model had not seen, and the
// slope and shift of confidence; then it writes rank.txt and final.txt.
var (
	fitEvery = flag.Int("fit", 0, "fit the models to every n-th photo of the tuning half")
	fitDrawn = flag.String("drawn", "", "folder of drawn photos with their truth; drawn anew where empty")
)

// example is a photo's proposals and how right they are.
type example struct {
	id, group  string
	fold       int
	candidates []candidate
	prints     [][printCount]float32
	right      []float64
}

// folds is into how many parts the surfaces are dealt: each is judged by models that were fitted to the others.
const folds = 3

// finalist is a candidate that the second model looks at.
type finalist struct {
	row   finalRow
	right float64
}

func TestFitModels(t *testing.T) {
	if *fitEvery < 1 {
		t.Skip("fits the models only with -fit")
	}
	examples := fitExamples(t)
	fitFirst := func(use func(*example) bool) *forest {
		var rows [][]float32
		var target []float64
		for i := range examples {
			e := &examples[i]
			if !use(e) {
				continue
			}
			for k := range e.candidates {
				rows, target = append(rows, e.candidates[k].features[:]), append(target, rightness(e.right[k]))
			}
		}
		return train(rows, target, trainOptions{depth: 4, trees: 110, rate: 0.12, lambda: 2, leastWeight: 3, share: 0.7, seed: 5})
	}
	// The second model is fitted to scores that the first gives to photos that it has not seen.
	compared := make([][]finalist, len(examples))
	for fold := range folds {
		m := fitFirst(func(e *example) bool { return e.fold != fold })
		for i := range examples {
			if examples[i].fold == fold {
				compared[i] = examples[i].finalists(m)
			}
		}
	}
	fitSecond := func(use func(*example) bool) *forest {
		var rows [][]float32
		var target []float64
		for i := range compared {
			if !use(&examples[i]) {
				continue
			}
			for k := range compared[i] {
				rows, target = append(rows, compared[i][k].row[:]), append(target, rightness(compared[i][k].right))
			}
		}
		return train(rows, target, trainOptions{depth: 4, trees: 90, rate: 0.1, lambda: 3, leastWeight: 3, share: 0.7, seed: 9})
	}
	scores, right := make([]float64, len(examples)), make([]float64, len(examples))
	for fold := range folds {
		m := fitSecond(func(e *example) bool { return e.fold != fold })
		for i := range examples {
			if examples[i].fold != fold {
				continue
			}
			scores[i] = math.Inf(-1)
			for k := range compared[i] {
				if s := m.score(compared[i][k].row[:]); s > scores[i] {
					scores[i], right[i] = s, compared[i][k].right
				}
			}
		}
	}
	report(t, examples, scores, right)
	everything := func(*example) bool { return true }
	for name, m := range map[string]*forest{"rank.txt": fitFirst(everything), "final.txt": fitSecond(everything)} {
		if err := os.WriteFile(name, []byte(m.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// fitExamples proposes and measures on all photos that are asked for.
func fitExamples(t *testing.T) []example {
	t.Helper()
	var cases []specimen.Case
	for i, c := range append(specimen.Cases(specimen.Tune), specimen.FaceCases(specimen.Tune)...) {
		if i%*fitEvery == 0 {
			cases = append(cases, c)
		}
	}
	examples, failed := make([]example, len(cases)), make([]error, len(cases))
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(cases); i += workers {
				examples[i], failed[i] = newExample(cases[i])
			}
		})
	}
	wg.Wait()
	for i, err := range failed {
		if err != nil {
			t.Fatalf("%s: %v", cases[i].ID, err)
		}
	}
	return examples
}

// finalists ranks the candidates by a first model and compares the best with one another.
func (e *example) finalists(m *forest) []finalist {
	all := make([]candidate, len(e.candidates))
	for k, c := range e.candidates {
		all[k] = c
		all[k].score, all[k].worth = m.score(c.features[:]), float64(k) // worth is no longer needed: it keeps the place
	}
	sortByScore(all)
	out := make([]finalist, min(len(all), finalists))
	for i := range out {
		k := int(all[i].worth)
		out[i] = finalist{newFinalRow(&all[i].features, rivals(all, i), e.prints[k]), e.right[k]}
	}
	return out
}

// report prints how right the best of each photo are, and what their confidence should be.
func report(t *testing.T, examples []example, scores, right []float64) {
	t.Helper()
	var known, targets []float64
	for i, s := range scores {
		if !math.IsInf(s, -1) {
			target := 0.0
			if right[i] >= 0.9 {
				target = 1
			}
			known, targets = append(known, s), append(targets, target)
		}
	}
	slope, shift := calibrate(known, targets)
	t.Logf("confidenceSlope, confidenceShift = %.3f, %.3f", slope, shift)
	for _, g := range specimen.Groups() {
		photos, found, sure, wrong := 0, 0, 0, 0
		for i := range examples {
			if examples[i].group != string(g) {
				continue
			}
			photos++
			if right[i] >= 0.9 {
				found++
			}
			if sigmoid(slope*scores[i]+shift) >= 0.8 {
				sure++
				if right[i] < 0.8 {
					wrong++
					t.Logf("sure and wrong: %s, confidence %.3f, overlap %.2f", examples[i].id, sigmoid(slope*scores[i]+shift), right[i])
				}
			}
		}
		t.Logf("%-10s %4d photos, right %4d, sure %4d, sure and wrong %d", g, photos, found, sure, wrong)
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

func newExample(c specimen.Case) (example, error) {
	f, truth, err := labelled(c)
	if err != nil {
		return example{}, err
	}
	v := newView(f)
	e := example{id: c.ID, group: string(c.Group), candidates: v.candidates()}
	on := fnv.New32a()
	on.Write([]byte(c.Surface))
	if c.Surface == "" { // a room, each of its own
		on.Write([]byte(c.ID))
	}
	e.fold = int(on.Sum32() % folds)
	w, h := float64(f.Width), float64(f.Height)
	for i := range e.candidates {
		q := e.candidates[i].quad
		e.prints = append(e.prints, v.print(q))
		for k := range q {
			q[k] = raster.Point{q[k][0] * v.sx, q[k][1] * v.sy}
		}
		best := 0.0
		for _, d := range truth.Documents {
			best = max(best, seenIoU(q, raster.Quad(d), w, h))
		}
		e.right = append(e.right, best)
	}
	return e, nil
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
