package specimen

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

var update = flag.Bool("update", false, "write the lists of the labelled sets in testdata")

// listOf is what testdata/labelled holds of a half: enough to see what the set is made of and that it did not change.
func listOf(half Half) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"id", "group", "variant", "kind", "template", "background", "camera", "seed", "degree"})
	for _, c := range Cases(half) {
		_ = w.Write([]string{c.ID, string(c.Group), c.Variant, string(c.Kind()), c.Template, c.Surface, c.Phone,
			strconv.FormatUint(c.Seed, 16), strconv.FormatFloat(c.Degree, 'f', 3, 64)})
	}
	w.Flush()
	return b.Bytes()
}

func TestListsInTestdataAreWhatTheGeneratorDraws(t *testing.T) {
	t.Parallel()
	for _, half := range Halves() {
		name := filepath.Join("..", "testdata", "labelled", string(half)+".csv")
		got := listOf(half)
		if *update {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what Cases(%s) lists; go test ./specimen -run Lists -update writes it anew", name, half)
		}
	}
}

func TestHalvesShareNoTemplateSurfacePhoneOrCase(t *testing.T) {
	t.Parallel()
	type use struct{ what, name string }
	seen := map[use]Half{}
	for _, half := range []Half{Tune, Test, Test2, Test3} {
		cases := Cases(half)
		ids := map[string]bool{}
		for _, c := range cases {
			if ids[c.ID] {
				t.Fatalf("%s twice", c.ID)
			}
			ids[c.ID] = true
			for _, u := range []use{{"template", c.Template}, {"surface", c.Surface}, {"phone", c.Phone}, {"seed",
				strconv.FormatUint(c.Seed, 16)}} {
				if other, ok := seen[u]; ok && other != half && u.name != "" {
					t.Fatalf("%s %s is in two halves", u.what, u.name)
				}
				seen[u] = half
			}
		}
	}
}

// sample returns every nth case of a half, at least one of each group.
func sample(half Half, n int) []Case {
	var some []Case
	had := map[Group]bool{}
	for i, c := range Cases(half) {
		if i%n == 0 || !had[c.Group] {
			some = append(some, c)
			had[c.Group] = true
		}
	}
	return some
}

// shrunk makes a case quick to draw: a fifth of the pixels.
func shrunk(c Case) Case {
	f := math.Sqrt(400_000 / float64(c.setting.width*c.setting.height))
	c.setting.width, c.setting.height = int(float64(c.setting.width)*f), int(float64(c.setting.height)*f)
	return c
}

func TestTheSameCaseHasTheSameBytesWithAnyNumberOfCores(t *testing.T) {
	fontsFor(t)
	cores := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(cores)
	for _, c := range sample(Tune, 400) {
		c = shrunk(c)
		runtime.GOMAXPROCS(1)
		one, err := c.Draw()
		if err != nil {
			t.Fatal(err)
		}
		runtime.GOMAXPROCS(3)
		three, err := c.Draw()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.File, three.File) || fmt.Sprint(one.Truth) != fmt.Sprint(three.Truth) {
			t.Errorf("%s: two drawings differ", c.ID)
		}
	}
}

func TestTruthFitsThePicture(t *testing.T) {
	t.Parallel()
	fontsFor(t)
	for _, half := range Halves() {
		for _, c := range sample(half, 250) {
			c = shrunk(c)
			l, err := drawnOn(c)
			if err != nil {
				t.Fatal(err)
			}
			tr := l.Truth
			config, err := jpeg.DecodeConfig(bytes.NewReader(l.File))
			if err != nil {
				t.Fatalf("%s: %v", c.ID, err)
			}
			upright := config.Width == tr.Width && config.Height == tr.Height
			turned := config.Width == tr.Height && config.Height == tr.Width
			if o := c.setting.orientation; c.setting.app == nil && o >= 5 && !turned || (c.setting.app != nil || o < 5) && !upright {
				t.Errorf("%s: %d x %d stored, %d x %d upright, orientation %d", c.ID, config.Width, config.Height,
					tr.Width, tr.Height, o)
			}
			if (c.Template == "") != (len(tr.Documents) == 0) {
				t.Errorf("%s: template %q and %d documents", c.ID, c.Template, len(tr.Documents))
			}
			for _, q := range tr.Documents {
				if turn := cross(q[0], q[1], q[2]); turn <= 0 {
					t.Errorf("%s: corners are not clockwise: %v", c.ID, q)
				}
			}
			if c.Group == GroupCut && math.Abs(tr.OutsideMM-tr.MarginMM-c.Degree) > 0.3 && tr.OutsideMM < 30 && c.setting.fill < 0.88 {
				t.Errorf("%s: %.2f mm beyond the frame, asked for %.2f", c.ID, tr.OutsideMM-tr.MarginMM, c.Degree)
			}
			if c.Group == GroupBlur && math.Abs(tr.EdgeWidthPerTextHeight-c.Degree) > 0.02+0.05*c.Degree &&
				tr.EdgeWidthPerTextHeight < c.Degree {
				t.Errorf("%s: edge width %.3f of the text's height, asked for %.3f", c.ID, tr.EdgeWidthPerTextHeight, c.Degree)
			}
			if tr.Clean && (tr.Occluded > 0 || tr.OutsideMM > 0 || tr.Grey || tr.GlareShare > 0 || tr.Recapture) {
				t.Errorf("%s is clean and is not: %+v", c.ID, tr)
			}
		}
	}
}

// cross is the cross product of the ways from a to b and from b to c.
func cross(a, b, c filing.Point) float64 {
	return (b[0]-a[0])*(c[1]-b[1]) - (b[1]-a[1])*(c[0]-b[0])
}

// knife is a document of two halves, dark and light, whose edge is measured.
func knife(ppm float64, upright bool) *Document {
	const w, h = 60, 60
	img := image.NewRGBA(image.Rect(0, 0, int(w*ppm), int(h*ppm)))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			v := uint8(150)
			if upright && x < img.Rect.Dx()/2 || !upright && y < img.Rect.Dy()/2 {
				v = 60
			}
			img.SetRGBA(x, y, color.RGBA{v, v, v, 255})
		}
	}
	line := Line{Field: "x", Quad: [4]filing.Point{{0, 0}, {10 * ppm, 0}, {10 * ppm, 4 * ppm}, {0, 4 * ppm}}}
	return &Document{Kind: PlainLetter, WidthMM: w, HeightMM: h, PxPerMM: ppm, Image: img, Lines: []Line{line}}
}

// shootKnife photographs the knife edge straight from above with a blur and returns the truth and the 10-90 % width measured
// in light, in the middle of the edge.
func shootKnife(t *testing.T, blur blurKind, ratio, direction float64, upright bool) (stated, measured float64) {
	t.Helper()
	doc := knife(12, upright)
	p := phonesOf(Tune)[3]
	p.distortion, p.vignette, p.aberration, p.read, p.shot, p.sharpen = 0, 0, 0, 0, 0, 0
	s := setting{phone: p, surface: surfacesOf(Tune)[2], width: 900, height: 900, fill: 0.8, white: 0.6,
		cast: rgb{1, 1, 1}, gain: 1, blur: blur,
		edgeRatio: ratio, motionDir: direction}
	k := &take{c: Case{ID: "knife", Half: Tune, Template: "knife", Seed: 3}, s: s,
		given: &sheet{doc: doc, tex: newTexture(doc.Image, 12), w: 60, h: 60, cos: 1, thick: 1.6}}
	for _, step := range []func() error{k.dress, k.aim, k.focus, k.lightUp, k.render, k.label, k.expose} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	middle := k.pixel(filing.Point{30, 30})
	var profile []float64
	for i := -200; i <= 200; i++ {
		x, y := int(middle[0]), int(middle[1])
		if upright {
			x += i
		} else {
			y += i
		}
		profile = append(profile, float64(k.light.Pix[3*(y*k.w+x)+1]))
	}
	low, high := profile[0], profile[len(profile)-1]
	at := func(level float64) float64 {
		for i := 1; i < len(profile); i++ {
			a, b := (profile[i-1]-low)/(high-low), (profile[i]-low)/(high-low)
			if a < level && b >= level {
				return float64(i) - 1 + (level-a)/(b-a)
			}
		}
		return 0
	}
	return k.truth.EdgeWidthPx, at(0.9) - at(0.1)
}

func TestStatedEdgeWidthIsThatOfAKnifeEdge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		blur      blurKind
		ratio     float64
		direction float64
		upright   bool
	}{
		{"in focus", blurNone, 0, 0, true},
		{"a little out of focus", blurDisc, 0.1, 0, true},
		{"far out of focus", blurDisc, 0.5, 0, false},
		{"softly out of focus", blurGauss, 0.25, 0, true},
		{"moved across the edge", blurLine, 0.2, 0, true},
		{"moved far down across a level edge", blurLine, 0.7, 90, false},
		{"moved on an arc", blurArc, 0.3, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stated, measured := shootKnife(t, tt.blur, tt.ratio, tt.direction, tt.upright)
			if math.Abs(stated-measured) > 0.25+0.07*measured {
				t.Errorf("stated %.2f px, measured %.2f px", stated, measured)
			}
		})
	}
}

func TestCoveredShareIsThatOfThePixelsCovered(t *testing.T) {
	t.Parallel()
	fontsFor(t)
	n := 0
	for _, c := range Cases(Tune) {
		if c.Group != GroupOccluded || c.Variant != "coin" && c.Variant != "slip" && c.Variant != "finger" || n == 9 {
			continue
		}
		n++
		c = shrunk(c)
		c.setting.app, c.setting.zoom = nil, 0
		k := &take{c: c, s: c.setting}
		for _, step := range []func() error{k.dress, k.aim, k.focus, k.lightUp, k.label} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		solids := prepareObjects(k.s.objects)
		covered, all := 0.0, 0.0
		for y := range k.h {
			for x := range k.w {
				p := k.plane(filing.Point{float64(x) + 0.5, float64(y) + 0.5})
				u, v := k.main.local(float32(p[0]), float32(p[1]))
				if roundedDistance(u-k.main.w/2, v-k.main.h/2, k.main.w/2, k.main.h/2, k.main.corner) > 0 {
					continue
				}
				// A pixel's share of the document grows with its distance: weigh by area on the document.
				s := k.toPixel.scale(p[0], p[1])
				all += 1 / (s * s)
				for i := range solids {
					if far, _, _ := solids[i].distance(float32(p[0]), float32(p[1])); far < 0 {
						covered += 1 / (s * s)
						break
					}
				}
			}
		}
		if got, want := covered/all, k.truth.Occluded; math.Abs(got-want) > 0.006 {
			t.Errorf("%s: %.4f of the pixels covered, stated %.4f", c.ID, got, want)
		}
	}
	if n < 9 {
		t.Errorf("only %d cases", n)
	}
}

func TestCutShareIsThatOfThePixelsLost(t *testing.T) {
	t.Parallel()
	fontsFor(t)
	n := 0
	for _, c := range Cases(Test) {
		if c.Group != GroupCut || c.Variant != "cut" || n == 8 {
			continue
		}
		n++
		c = shrunk(c)
		c.setting.app = nil
		l, err := c.Draw()
		if err != nil {
			t.Fatal(err)
		}
		// Inside the frame, count the pixels within the stated corners and compare with the area of the whole.
		q := l.Truth.Documents[0]
		inside := 0
		for y := range l.Truth.Height {
			for x := range l.Truth.Width {
				p := filing.Point{float64(x) + 0.5, float64(y) + 0.5}
				if cross(q[0], q[1], p) >= 0 && cross(q[1], q[2], p) >= 0 && cross(q[2], q[3],
					p) >= 0 && cross(q[3], q[0], p) >= 0 {
					inside++
				}
			}
		}
		// Perspective weighs pixels apart from millimetres: a coarse bound.
		if got := 1 - float64(inside)/quadArea(q); math.Abs(got-l.Truth.OutsideShare) > 0.05+0.15*got {
			t.Errorf("%s: %.3f of the pixels lost, stated %.3f of the document", c.ID, got, l.Truth.OutsideShare)
		}
	}
}

func TestHandheldSceneSaysWhichFaceIsReal(t *testing.T) {
	t.Parallel()
	fonts := fontsFor(t)
	card, err := Draw(fonts, IDCardFront, 5, 8)
	if err != nil {
		t.Fatal(err)
	}
	face := image.NewNRGBA(image.Rect(0, 0, 120, 150))
	for i := 0; i < len(face.Pix); i += 4 {
		copy(face.Pix[i:], []uint8{210, 160, 130, 255})
	}
	h := Handheld{Half: Tune, Width: 700, Height: 900, Seed: 9, FacePx: 180}
	with, err := HandheldScene(face, card, h)
	if err != nil {
		t.Fatal(err)
	}
	without, err := HandheldScene(nil, card, h)
	if err != nil {
		t.Fatal(err)
	}
	people := func(faces []Face) (n int) {
		for _, f := range faces {
			if f.Real {
				n++
			}
		}
		return n
	}
	if len(with.Truth.Faces) != 2 || people(with.Truth.Faces) != 1 || len(without.Truth.Faces) != 1 || people(without.Truth.Faces) != 0 {
		t.Errorf("faces with a person %+v, without %+v", with.Truth.Faces, without.Truth.Faces)
	}
	if b := with.Truth.Faces[0].Box; math.Abs(b[3]-b[1]-180) > 20 {
		t.Errorf("the face is %.0f pixels high, 180 were asked for", b[3]-b[1])
	}
	if _, err := HandheldScene(face, nil, h); err == nil {
		t.Error("no card, no error")
	}
}

func TestPhonesSayHowWideTheySee(t *testing.T) {
	t.Parallel()
	for _, half := range []Half{Tune, Test, Test2, Test3} {
		says, mute := 0, 0
		for _, p := range phonesOf(half) {
			c := p.exif(1, 100, 0.01, time.Time{})
			if c.Focal35 == 0 {
				mute++
				continue
			}
			says++
			// 35 mm film is 43.27 mm across; a picture of 4:3 is as long as 0.8 of its diagonal.
			back := 2 * math.Atan(0.8*43.27/2/float64(c.Focal35)) * 180 / math.Pi
			if math.Abs(back-p.fov) > 1.5 {
				t.Errorf("%s sees %.0f degrees and writes %d mm, which are %.1f", p.name, p.fov, c.Focal35, back)
			}
		}
		if says < 3 || mute == 0 {
			t.Errorf("%s: %d phones say it, %d do not; both kinds exist", half, says, mute)
		}
	}
}

// A rectangle that is seen by a pinhole whose axis goes through the middle of the picture tells how it leans by its corners alone.
func TestTheAxisOfACameraGoesThroughTheMiddleOfItsPicture(t *testing.T) {
	t.Parallel()
	fontsFor(t)
	number := 0
	for _, c := range Cases(Test3) {
		if c.Group != GroupTilted || c.setting.phone.distortion > 0.01 || c.setting.phone.distortion < -0.01 {
			continue
		}
		if number++; number > 8 {
			break
		}
		l, err := shrunk(c).Draw()
		if err != nil {
			t.Fatal(err)
		}
		q, w, h := l.Truth.Documents[0], float64(l.Truth.Width), float64(l.Truth.Height)
		f := math.Max(w, h) / 2 / math.Tan(c.setting.phone.fov/2*math.Pi/180)
		// Opposite sides meet where the direction of them is seen: at the cross product of their lines.
		at := func(i int) [3]float64 { return [3]float64{(q[i%4][0] - w/2) / f, (q[i%4][1] - h/2) / f, 1} }
		side := func(i int) [3]float64 { return product(at(i), at(i+1)) }
		along, down := product(side(0), side(2)), product(side(1), side(3))
		normal := product(along, down)
		lean := math.Acos(math.Abs(normal[2])/length(normal)) * 180 / math.Pi
		if math.Abs(lean-l.Truth.TiltDegrees) > 1.5 {
			t.Errorf("%s leans by %.1f degrees, its corners say %.1f", c.ID, l.Truth.TiltDegrees, lean)
		}
	}
	if number < 8 {
		t.Errorf("%d photos", number)
	}
}

// product is the cross product in space.
func product(a, b [3]float64) [3]float64 {
	return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

func length(a [3]float64) float64 { return math.Sqrt(a[0]*a[0] + a[1]*a[1] + a[2]*a[2]) }
