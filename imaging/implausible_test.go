package imaging

import (
	"slices"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

func TestWhatHasNoPrintIsHardlyADocument(t *testing.T) {
	t.Parallel()
	printIn := func(places, edges int) func(m *filing.Measurements) {
		return func(m *filing.Measurements) {
			m.Legibility.Tiles = slices.Repeat([]filing.SharpnessTile{{Edges: edges}}, places)
		}
	}
	for name, c := range map[string]struct {
		change func(m *filing.Measurements)
		want   bool
	}{
		"a window on the wall has none":          {func(*filing.Measurements) {}, true},
		"nothing was found to measure on it":     {func(m *filing.Measurements) { m.Legibility = nil }, true},
		"a card of the same size has":            {printIn(8, 400), false},
		"a shirt has that of the card before it": {printIn(4, 500), true},
		"a card of which a reflection shows little": {func(m *filing.Measurements) {
			printIn(4, 500)(m)
			m.Glare = &filing.Glare{Share: 0.2}
		}, false},
		"a card of which burnt paper shows little": {func(m *filing.Measurements) {
			printIn(4, 500)(m)
			m.Exposure.ClippedShare = 0.9
		}, false},
		"a card farther away is too small for its print":      {func(m *filing.Measurements) { m.Document.FrameShare = 0.004 }, false},
		"print may be hidden where it is dark":                {func(m *filing.Measurements) { m.Exposure.Paper = 60 }, false},
		"a page that fills the picture may have lost its own": {func(m *filing.Measurements) { m.Document.FrameShare = 0.6 }, false},
		"a picture that was not measured says nothing":        {func(m *filing.Measurements) { m.Exposure = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := filing.Measurements{
				Width: 4000, Height: 3000, Document: &filing.Document{Confidence: 0.95, FrameShare: 0.08}, Exposure: &filing.Exposure{Paper: 240},
				Legibility: &filing.Legibility{Tiles: []filing.SharpnessTile{{Edges: 120}, {Edges: 60}}},
			}
			c.change(&m)
			if got := unprinted(&m); got != c.want {
				t.Errorf("without print: %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhatIsOfEveryColourIsHardlyADocument(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		colour *filing.Colour
		share  float64
		want   bool
	}{
		"a shelf of books beside a person":   {&filing.Colour{Hues: 12, ChromaShare: 0.9}, 0.15, true},
		"a motley card that fills the photo": {&filing.Colour{Hues: 12, ChromaShare: 0.9}, 0.5, false},
		"a card in one strong colour":        {&filing.Colour{Hues: 3, ChromaShare: 0.98}, 0.15, false},
		"a page on a screen, with its moire": {&filing.Colour{Hues: 12, ChromaShare: 0.55}, 0.15, false},
		"a picture that was not measured":    {nil, 0.15, false},
	} {
		if got := motley(&filing.Measurements{Colour: c.colour, Document: &filing.Document{FrameShare: c.share}}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWithoutAFaceACardWithLittlePrintIsLikelier(t *testing.T) {
	t.Parallel()
	motleyColour := &filing.Colour{Hues: 12, ChromaShare: 0.9}
	for name, c := range map[string]struct {
		by     string
		faces  []filing.Face
		colour *filing.Colour
		want   float64
	}{
		"nobody is in the picture":          {filing.FacesByUltraFace, nil, nil, alone},
		"the wall behind somebody":          {filing.FacesByUltraFace, []filing.Face{{Confidence: 0.9}}, nil, guessed},
		"a shelf, and nobody":               {filing.FacesByUltraFace, nil, motleyColour, guessed},
		"it is not known whether there are": {"", nil, nil, guessed},
	} {
		m := &filing.Measurements{FacesBy: c.by, Faces: c.faces, Colour: c.colour, Document: &filing.Document{FrameShare: 0.1}}
		if got := mostPlausible(m); got != c.want {
			t.Errorf("%s: %v sure, want %v", name, got, c.want)
		}
	}
}
