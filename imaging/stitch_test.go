package imaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/layouts"
	"github.com/preflight-icp/preflight/specimen"
)

// sourceOf makes a part of bytes, measured.
func sourceOf(t testing.TB, a *Analyzer, data []byte) StitchPart {
	t.Helper()
	m, err := a.Analyze(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return StitchPart{Open: func(context.Context) ([]byte, error) { return bytes.Clone(data), nil }, Measurements: m}
}

// guide are the limits of the guide (G6.upload.4).
func guide(layout string) StitchOptions {
	return StitchOptions{Layout: layout, MinBytes: 200 << 10, MaxBytes: 4 << 20, Margin: 0.01}
}

// marked is a photo-like picture whose quarters have colours of their own, so that turns and places can be told.
func marked(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	grain := uint32(7)
	for y := range h {
		for x := range w {
			c := [3]int{200, 40, 40}
			switch {
			case x >= w/2 && y < h/2:
				c = [3]int{40, 200, 40}
			case x >= w/2:
				c = [3]int{40, 40, 200}
			case y >= h/2:
				c = [3]int{200, 200, 40}
			}
			grain = grain*1664525 + 1013904223
			d := int(grain>>27) - 16
			i := img.PixOffset(x, y)
			img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = clamp8(c[0]+d), clamp8(c[1]+d), clamp8(c[2]+d), 255
		}
	}
	return img
}

// quarters are the colours in the middles of the quarters of a box: r, g, b or y, from the upper left clockwise.
func quarters(img image.Image, box image.Rectangle) string {
	name := func(fx, fy float64) string {
		r, g, b, _ := img.At(box.Min.X+int(fx*float64(box.Dx())), box.Min.Y+int(fy*float64(box.Dy()))).RGBA()
		switch {
		case r > g+b:
			return "r"
		case g > r+b:
			return "g"
		case b > r+g:
			return "b"
		}
		return "y"
	}
	return name(.25, .25) + name(.75, .25) + name(.75, .75) + name(.25, .75)
}

func TestPartsStandUprightInTheirPlaces(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	for orientation := 1; orientation <= 8; orientation++ {
		camera := specimen.Phone()
		camera.Orientation = orientation
		turned, err := specimen.EncodeJPEG(specimen.Orient(marked(640, 480), orientation), specimen.JPEGOptions{Segments: []specimen.Segment{camera.Segment()}})
		if err != nil {
			t.Fatal(err)
		}
		parts := []StitchPart{sourceOf(t, a, turned), sourceOf(t, a, encodePNG(t, marked(480, 640)))}
		for _, layout := range []string{"row", "column", "grid", layouts.Auto} {
			o := guide(layout)
			o.MinBytes = 0
			c, picture, err := a.Stitch(t.Context(), parts, o)
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(picture))
			if err != nil {
				t.Fatal(err)
			}
			if got := img.Bounds().Size(); got != image.Pt(c.Width, c.Height) || c.Bytes != int64(len(picture)) {
				t.Errorf("%v and %d bytes, said to be %d x %d and %d", got, len(picture), c.Width, c.Height, c.Bytes)
			}
			for i, p := range c.Parts {
				box := image.Rect(int(p.Quad[0][0]), int(p.Quad[0][1]), int(p.Quad[2][0]), int(p.Quad[2][1]))
				if q := quarters(img, box); q != "rgby" {
					t.Errorf("orientation %d, %s: part %d shows %s", orientation, layout, i, q)
				}
			}
			if h := parseHeader(filing.FormatJPEG, picture); h.hasEXIF || len(h.icc) > 0 || len(h.software) > 0 {
				t.Error("metadata came along")
			}
		}
	}
}

func TestPointsOfACompositeLeadToTheirSource(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	photo, err := specimen.Photograph(specimen.IDCardFront, 1600, 1200, 11)
	if err != nil {
		t.Skip("no fonts to draw with: ", err)
	}
	file := encodeJPEG(t, photo.Image, 92)
	for _, rectify := range []bool{false, true} {
		part := sourceOf(t, a, file)
		part.Measurements.Document.Quad = photo.Corners
		part.Card = true
		o := guide("row")
		o.Rectify, o.MinBytes = rectify, 0
		c, picture, err := a.Stitch(t.Context(), []StitchPart{part, part}, o)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range c.Parts {
			for i, corner := range p.Document {
				at, ok := p.SourcePoint(filing.Point{corner[0]*.98 + (p.Document[(i+2)%4][0])*.02, corner[1]*.98 + p.Document[(i+2)%4][1]*.02})
				if !ok || math.Hypot(at[0]-photo.Corners[i][0], at[1]-photo.Corners[i][1]) > 60 {
					t.Errorf("rectified %v: corner %d leads to %v, is %v", rectify, i, at, photo.Corners[i])
				}
			}
			if _, ok := p.SourcePoint(filing.Point{-3, 5}); ok {
				t.Error("a point beside the part leads into it")
			}
			// What is seen at a point is what the source shows there.
			worst := 0.0
			for k := range 40 {
				fx, fy := 0.1+0.8*float64(k%8)/8, 0.1+0.8*float64(k/8)/5
				at := filing.Point{p.Quad[0][0] + fx*(p.Quad[2][0]-p.Quad[0][0]), p.Quad[0][1] + fy*(p.Quad[2][1]-p.Quad[0][1])}
				from, ok := p.SourcePoint(at)
				if !ok {
					t.Fatal("a point of the part is none")
				}
				worst = max(worst, math.Abs(blockMean(img, at, 6)-blockMean(photo.Image, from, 6/p.Scale)))
			}
			if worst > 22 {
				t.Errorf("rectified %v: the source differs by %.0f levels at a point", rectify, worst)
			}
		}
	}
}

func blockMean(img image.Image, at filing.Point, r float64) float64 {
	sum, n := 0.0, 0.0
	for y := int(at[1] - r); y <= int(at[1]+r); y++ {
		for x := int(at[0] - r); x <= int(at[0]+r); x++ {
			_, g, _, _ := img.At(x, y).RGBA()
			sum, n = sum+float64(g>>8), n+1
		}
	}
	return sum / n
}

func TestCardsOfACompositeHaveOneScale(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	var parts []StitchPart
	for i, size := range [][2]int{{2000, 1500}, {1200, 900}} {
		photo, err := specimen.Photograph([]specimen.Kind{specimen.IDCardFront, specimen.IDCardBack}[i], size[0], size[1], 21)
		if err != nil {
			t.Skip("no fonts to draw with: ", err)
		}
		p := sourceOf(t, a, encodeJPEG(t, photo.Image, 92))
		p.Card = true
		parts = append(parts, p)
	}
	for _, layout := range []string{layouts.Sides, "row"} {
		c, picture, err := a.Stitch(t.Context(), parts, guide(layout))
		if err != nil {
			t.Fatal(err)
		}
		if r := c.Parts[0].PxPerMM / c.Parts[1].PxPerMM; math.Abs(r-1) > 0.005 {
			t.Errorf("%s: %v and %v px/mm", layout, c.Parts[0].PxPerMM, c.Parts[1].PxPerMM)
		}
		if layout == layouts.Sides && c.Parts[0].Quad[2][0]-c.Parts[0].Quad[0][0] != c.Parts[1].Quad[2][0]-c.Parts[1].Quad[0][0] {
			t.Errorf("the sides have other sizes: %v, %v", c.Parts[0].Quad, c.Parts[1].Quad)
		}
		if err := a.MeasureParts(t.Context(), picture, &c); err != nil {
			t.Fatal(err)
		}
		for i, p := range c.Parts {
			if p.Measured == nil || p.Scale > 1 {
				t.Errorf("%s: part %d was not measured, or enlarged: %+v", layout, i, p)
			}
		}
	}
}

func TestTheSameSourcesGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	parts := []StitchPart{sourceOf(t, a, encodeJPEG(t, marked(900, 700), 90)), sourceOf(t, a, photo12MP())}
	var first filing.Composite
	for i := range 3 {
		c, _, err := newAnalyzer(t).Stitch(t.Context(), parts, guide(layouts.Auto))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = c
		} else if diff := cmp.Diff(first, c); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWhatCannotBeStitchedSaysSo(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	good := sourceOf(t, a, encodeJPEG(t, photo(), 90))
	file := encodeJPEG(t, photo(), 90)
	bad := sourceOf(t, a, file[:len(file)/2])
	plain := good
	plain.Measurements.Document = nil
	tiny := sourceOf(t, a, encodeJPEG(t, image.NewRGBA(image.Rect(0, 0, 40, 30)), 50))
	small := guide("row")
	small.MinTextPx = 1000
	chinese := good
	chinese.Caption = "正面"
	for name, c := range map[string]struct {
		parts []StitchPart
		o     StitchOptions
		code  string
		part  int
	}{
		"a layout that there is not":              {[]StitchPart{good}, guide("spiral"), StitchLayout, -1},
		"three sides":                             {[]StitchPart{good, good, good}, guide(layouts.Sides), StitchLayout, -1},
		"nothing":                                 {nil, guide("row"), StitchLayout, -1},
		"a truncated file":                        {[]StitchPart{good, bad}, guide("row"), StitchUnreadable, 1},
		"a document that nobody found":            {[]StitchPart{good, plain}, guide(layouts.Sides), StitchNoDocument, 1},
		"what holds less than a bureau takes":     {[]StitchPart{tiny, tiny}, guide("row"), StitchTooSmall, -1},
		"what no bytes hold":                      {[]StitchPart{good, good}, StitchOptions{Layout: "row", MaxBytes: 1100}, StitchTooLarge, -1},
		"print that would be too small":           {[]StitchPart{good}, small, StitchIllegible, 0},
		"a caption in letters that are not there": {[]StitchPart{good, chinese}, guide("row"), StitchCaption, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := a.Stitch(t.Context(), c.parts, c.o)
			var s *StitchError
			if !errors.As(err, &s) || s.Code != c.code || s.Part != c.part {
				t.Errorf("answered %v, want %s (%d)", err, c.code, c.part)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := a.Stitch(ctx, []StitchPart{good}, guide("row")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestColourProfilesAreHonoured(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = []byte{180, 90, 60, 255}[i%4]
	}
	with, err := specimen.EncodeJPEG(img, specimen.JPEGOptions{Quality: 95, Segments: []specimen.Segment{specimen.ICC()}})
	if err != nil {
		t.Fatal(err)
	}
	o := guide("row")
	o.MinBytes, o.Margin = 0, 0
	shown := func(data []byte) string {
		_, picture, err := a.Stitch(t.Context(), []StitchPart{sourceOf(t, a, data)}, o)
		if err != nil {
			t.Fatal(err)
		}
		out, err := jpeg.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := out.At(100, 100).RGBA()
		return fmt.Sprint(r>>8, g>>8, b>>8)
	}
	thumb := func(data []byte) string {
		small, err := a.Thumbnail(t.Context(), data, 320)
		if err != nil {
			t.Fatal(err)
		}
		out, err := jpeg.Decode(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := out.At(100, 100).RGBA()
		return fmt.Sprint(r>>8, g>>8, b>>8)
	}
	if shown(with) != thumb(with) {
		t.Errorf("with its profile %s, elsewhere %s", shown(with), thumb(with))
	}
}
