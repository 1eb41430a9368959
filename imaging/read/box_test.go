package read

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// bar fills a rectangle of a map of probabilities, turned by an angle about its middle.
func bar(probability []float32, w int, b box, value float32) {
	q := b.corners()
	for i := range probability {
		if q.Contains(raster.Point{float64(i%w) + 0.5, float64(i/w) + 0.5}) {
			probability[i] = value
		}
	}
}

func TestRegionsBecomeRectangles(t *testing.T) {
	t.Parallel()
	const w, h = 200, 120
	for _, c := range []struct {
		name  string
		drawn []box
		value float32
		want  int
	}{
		{"a line", []box{{middle: raster.Point{100, 60}, along: 80, across: 10}}, 0.9, 1},
		{"a line that leans", []box{{middle: raster.Point{100, 60}, along: 80, across: 10, angle: 0.4}}, 0.9, 1},
		{"a line that stands", []box{{middle: raster.Point{100, 60}, along: 10, across: 80}}, 0.9, 1},
		{"two lines", []box{
			{middle: raster.Point{100, 30}, along: 80, across: 10}, {middle: raster.Point{100, 80}, along: 60, across: 12},
		}, 0.9, 2},
		{"what is hardly text", []box{{middle: raster.Point{100, 60}, along: 80, across: 10}}, 0.5, 0},
		{"a speck", []box{{middle: raster.Point{100, 60}, along: 2, across: 2}}, 0.9, 0},
		{"nothing", nil, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			probability := make([]float32, w*h)
			for _, b := range c.drawn {
				bar(probability, w, b, c.value)
			}
			got := boxesOf(probability, w, h)
			if len(got) != c.want {
				t.Fatalf("%d boxes: %+v", len(got), got)
			}
			for i, b := range got {
				want := unclipped(c.drawn[i])
				if iou := b.corners().IoU(want.corners()); iou < 0.85 {
					t.Errorf("%+v shares %.2f with %+v", b, iou, want)
				}
			}
		})
	}
	if got := boxesOf(make([]float32, 10), w, h); len(got) > 0 {
		t.Errorf("a map that is too short: %+v", got)
	}
}

func TestACharacterTakesTheAngleOfThePagesLines(t *testing.T) {
	t.Parallel()
	const w, h = 200, 120
	probability := make([]float32, w*h)
	bar(probability, w, box{middle: raster.Point{100, 40}, along: 120, across: 10, angle: 0.2}, 0.9)
	bar(probability, w, box{middle: raster.Point{60, 90}, along: 14, across: 14, angle: 0.2 + math.Pi/4}, 0.9)
	got := boxesOf(probability, w, h)
	if len(got) != 2 || math.Abs(got[1].running().angle-0.2) > 0.03 {
		t.Errorf("%+v", got)
	}
}

func TestTurningABoxTurnsItsPlace(t *testing.T) {
	t.Parallel()
	b := box{middle: raster.Point{30, 10}, along: 40, across: 8, angle: 0.1}
	whole := b
	for range 4 {
		whole = whole.turned(1, 100, 60)
		whole = whole.turned(1, 60, 100)
	}
	if math.Hypot(whole.middle[0]-30, whole.middle[1]-10) > 1e-9 {
		t.Errorf("after two whole turns it is at %v", whole.middle)
	}
	// Corner 1, the top right, becomes the top left: what was near the right is near the top.
	if got := b.turned(1, 100, 60).middle; got != (raster.Point{10, 70}) {
		t.Errorf("turned it is at %v", got)
	}
	if got := b.turned(2, 100, 60).running(); math.Abs(got.angle-0.1) > 1e-9 || got.along != 40 {
		t.Errorf("upside down it is %+v", got)
	}
}

func TestTheSmallestRectangleIsFound(t *testing.T) {
	t.Parallel()
	want := box{middle: raster.Point{50, 40}, along: 60, across: 20, angle: 0.7}
	q := want.corners()
	got := enclosing(raster.ConvexHull(q[:])).running()
	if iou := got.corners().IoU(want.corners()); iou < 0.999 {
		t.Errorf("%+v", got)
	}
	for _, points := range [][]raster.Point{nil, {{1, 1}}, {{1, 1}, {1, 1}}, {{1, 1}, {5, 1}}, {{0, 0}, {1, 1}, {2, 2}}} {
		if b := enclosing(raster.ConvexHull(points)); b.along*b.across > 1e-9 {
			t.Errorf("%v is %+v", points, b)
		}
	}
}

func TestRowsAreReadFromTheTopAndFromTheLeft(t *testing.T) {
	t.Parallel()
	at := func(x, y float64) box { return box{middle: raster.Point{x, y}, along: 40, across: 20} }
	got := inOrder([]box{at(200, 104), at(50, 150), at(50, 100), at(120, 97), at(90, 10)})
	want := []raster.Point{{90, 10}, {50, 100}, {120, 97}, {200, 104}, {50, 150}}
	for i, b := range got {
		if b.middle != want[i] {
			t.Errorf("place %d is %v, not %v", i, b.middle, want[i])
		}
	}
}

func TestTheSmallestLettersAreLeftOutFirst(t *testing.T) {
	t.Parallel()
	var boxes []box
	for i := range 3 * maxLines {
		boxes = append(boxes, box{middle: raster.Point{0, float64(i)}, along: 100, across: 10 + float64(i%7)})
	}
	kept, cut := affordable(boxes)
	if !cut || len(kept) != maxLines {
		t.Fatalf("%d kept, %v", len(kept), cut)
	}
	for i, b := range kept {
		if b.across < 14 || i > 0 && kept[i-1].middle[1] > b.middle[1] {
			t.Errorf("%+v is kept, after %+v", b, kept[max(i-1, 0)])
		}
	}
	if kept, cut := affordable(boxes[:maxLines]); cut || len(kept) != maxLines {
		t.Errorf("%d kept of what is few enough, %v", len(kept), cut)
	}
	var wide []box
	for range maxLines {
		wide = append(wide, box{along: 4000, across: 50})
	}
	total := 0
	kept, _ = affordable(wide)
	for _, b := range kept {
		total += padded(b.width())
	}
	if total > maxWidth || total < maxWidth-longest {
		t.Errorf("%d of %d pixels", total, maxWidth)
	}
}

func TestTheLikeliestPathIsTheText(t *testing.T) {
	t.Parallel()
	keys := []string{"", "甲", "乙", " "}
	likely := func(classes ...int) []float32 {
		var out []float32
		for _, c := range classes {
			row := []float32{0.05, 0.05, 0.05, 0.05}
			row[c] = 0.85
			if c == 2 {
				row[1] = 0.1
			}
			out = append(out, row...)
		}
		return out
	}
	for _, c := range []struct {
		name  string
		steps []int
		want  string
	}{
		{"nothing", nil, ""},
		{"blanks", []int{0, 0, 0}, ""},
		{"what repeats is one", []int{1, 1, 0, 2}, "甲乙"},
		{"a blank between makes two", []int{1, 0, 1}, "甲甲"},
		{"spaces within stay, those at the ends go", []int{3, 1, 3, 2, 3}, "甲 乙"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			line := decode(likely(c.steps...), keys, 1/float64(max(len(c.steps), 1)))
			if line.Text != c.want || len(line.Glyphs) != len([]rune(c.want)) {
				t.Errorf("%+v", line)
			}
		})
	}
	want := []filing.Glyph{{At: 0.25, Confidence: 0.85, Or: ""}, {At: 0.875, Confidence: 0.85, Or: "甲"}}
	if diff := cmp.Diff(want, decode(likely(1, 1, 0, 2), keys, 0.25).Glyphs); diff != "" {
		t.Error(diff)
	}
}

func TestClassesAreTheFilesBetweenNothingAndTheSpace(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"甲\n乙\n", "甲\n乙"} {
		if diff := cmp.Diff([]string{"", "甲", "乙", " "}, classes([]byte(file))); diff != "" {
			t.Error(diff)
		}
	}
}

func FuzzRegions(f *testing.F) {
	f.Add([]byte{0, 200, 255, 30, 99}, uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, width uint8) {
		w := max(int(width), 1)
		h := len(data) / w
		probability := make([]float32, len(data))
		for i, v := range data {
			probability[i] = float32(v) / 255
		}
		for _, b := range boxesOf(probability, w, h) {
			if !(b.along >= minBox && b.across >= minBox && b.along < float64(4*(w+h)) && b.score <= 1.001) {
				t.Errorf("%+v of %d x %d", b, w, h)
			}
		}
	})
}
