package checks

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

// readable is what was measured on a sharp, well lit photo of a card.
func readable() filing.Measurements {
	m := filing.Measurements{
		Format: filing.FormatJPEG, Bytes: 1 << 20, Width: 4000, Height: 3000, Decode: &filing.Decode{Complete: true},
		Document: &filing.Document{
			Quad: [4]filing.Point{{500, 400}, {3500, 400}, {3500, 2300}, {500, 2300}}, Confidence: 0.97, FrameShare: 0.47,
			Formats: []filing.FormatFit{{Format: filing.FormatID1, Likelihood: 0.9, PxPerMM: 35}},
		},
		Exposure: &filing.Exposure{Paper: 205, Ink: 40, Uneven: 0.9},
		Glare:    &filing.Glare{},
	}
	blur(&m, 8, 8, 8)
	return m
}

// blur sets how wide the edges of the tiles are in pixels, the last one deciding; text is 80 pixels high.
func blur(m *filing.Measurements, widths ...float64) {
	l := &filing.Legibility{TextHeightPx: 80, EdgeWidthPx: widths[len(widths)-1], Detail: 0.8}
	for i, w := range widths {
		x := float64(600 + 300*i)
		l.Tiles = append(l.Tiles, filing.SharpnessTile{
			Quad: [4]filing.Point{{x, 600}, {x + 300, 600}, {x + 300, 900}, {x, 900}}, EdgeWidthPx: w, TextHeightPx: 80, Edges: 400,
		})
	}
	m.Legibility, m.Sharpness = l, 80/l.EdgeWidthPx
}

func TestLegibilityOfAPhoto(t *testing.T) {
	t.Parallel()
	spot := []filing.Point{{900, 900}, {1400, 900}, {1200, 1300}}
	for name, c := range map[string]struct {
		change   func(*filing.Measurements)
		declared string
		want     []string
	}{
		"a sharp photo has nothing against it": {change: func(*filing.Measurements) {}},
		"edges of a fifth of the text are read": {
			change: func(m *filing.Measurements) { blur(m, 8, 16, 16) },
		},
		"edges of a third of the text are not": {
			change: func(m *filing.Measurements) { blur(m, 26, 26, 27) }, want: []string{"blurred"},
		},
		"strokes that movement has doubled are not, however sharp each is": {
			change: func(m *filing.Measurements) { m.Legibility.Detail = 0.25 }, want: []string{"blurred"},
		},
		"print that lacks a little detail is read where its edges are sharp": {
			change: func(m *filing.Measurements) { m.Legibility.Detail = 0.4 },
		},
		"small print has little detail to show": {
			change: func(m *filing.Measurements) { m.Legibility.TextHeightPx, m.Legibility.Detail = 9, 0.25 },
		},
		"what need not be a document has the detail that it has": {
			change: func(m *filing.Measurements) { m.Document.Confidence, m.Legibility.Detail = 0.6, 0.25 },
		},
		"one tile alone says nothing": {
			change: func(m *filing.Measurements) { blur(m, 40) },
		},
		"one tile is enough where its edges are as wide as the text is high": {
			change: func(m *filing.Measurements) { blur(m, 90) }, want: []string{"blurred"},
		},
		"but not where the document is not known for sure": {
			change: func(m *filing.Measurements) { m.Document.Confidence = 0.6; blur(m, 90) },
		},
		"a picture without text cannot be blurred": {
			change: func(m *filing.Measurements) { m.Legibility, m.Sharpness = &filing.Legibility{Noise: 1}, 0 },
		},
		"blur where the document was not found has to be beyond doubt": {
			change: func(m *filing.Measurements) { m.Document.Confidence = 0.6; blur(m, 27, 27, 27) },
		},
		"text that nobody could read is blurred whatever it stands on": {
			change: func(m *filing.Measurements) { m.Document.Confidence = 0.6; blur(m, 40, 40, 40) }, want: []string{"blurred"},
		},
		"a dark card with light print is not dark": {
			change: func(m *filing.Measurements) { m.Exposure.Paper, m.Exposure.Lightest = 50, 180 },
		},
		"light print of a dark card that is itself dark is": {
			change: func(m *filing.Measurements) { m.Exposure.Paper, m.Exposure.Lightest = 37, 75 }, want: []string{"underexposed"},
		},
		"grey paper with a pale spot is too dark": {
			change: func(m *filing.Measurements) { m.Exposure.Paper, m.Exposure.Lightest = 80, 104 }, want: []string{"underexposed"},
		},
		"grey paper before a bright window is too dark": {
			change: func(m *filing.Measurements) { m.Exposure.Paper, m.Exposure.Surroundings = 80, 150 }, want: []string{"underexposed"},
		},
		"grey paper is too dark": {change: func(m *filing.Measurements) { m.Exposure.Paper = 80 }, want: []string{"underexposed"}},
		"a picture in which darkness hides the document": {
			change: func(m *filing.Measurements) { m.Document, m.Exposure.Paper = nil, 40 }, want: []string{"underexposed"},
		},
		"a window that was taken for the document says how dark the room is": {
			change: func(m *filing.Measurements) {
				m.Document.Confidence, m.Exposure.Paper, m.Exposure.ClippedShare = 0.8, 255, 0.93
				m.Exposure.Ink, m.Exposure.Surroundings = 120, 40
			}, want: []string{"underexposed"},
		},
		"a burnt document on a black table is known for what it is": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare = 255, 0.93
				m.Exposure.Ink, m.Exposure.Surroundings = 120, 40
			}, want: []string{"overexposed"},
		},
		"burnt paper on a table": {
			change: func(m *filing.Measurements) {
				m.Document.Confidence, m.Exposure.Paper, m.Exposure.ClippedShare = 0.6, 255, 0.93
				m.Exposure.Ink, m.Exposure.Surroundings = 120, 90
			}, want: []string{"overexposed"},
		},
		"bold print is black where fine print is burnt": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.97, 25
				m.EXIF = &filing.EXIF{HasExposure: true}
			}, want: []string{"overexposed"},
		},
		"a black bar is black where fine print is burnt": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.93, 21
				m.EXIF = &filing.EXIF{HasExposure: true}
			}, want: []string{"overexposed"},
		},
		"black print on bright paper": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.85, 30
				m.EXIF = &filing.EXIF{HasExposure: true}
			},
		},
		"a brown table without a document is not dark": {change: func(m *filing.Measurements) { m.Document, m.Exposure.Paper = nil, 80 }},
		"a document that is not sure is held to what paper is": {
			change: func(m *filing.Measurements) { m.Document.Confidence, m.Exposure.Paper = 0.5, 80 }, want: []string{"underexposed"},
		},
		"a drawn picture without a document may be dark": {
			change: func(m *filing.Measurements) { m.Document, m.Format, m.Exposure.Paper = nil, filing.FormatPNG, 40 },
		},
		"the paper of a dim room is not":              {change: func(m *filing.Measurements) { m.Exposure.Paper = 125 }},
		"a dark table under a white page is not dark": {change: func(m *filing.Measurements) { m.Exposure.CrushedShare = 0.02 }},
		"what is too dark is not called blurred as well": {
			change: func(m *filing.Measurements) { m.Exposure.Paper = 50; blur(m, 40, 40, 40) }, want: []string{"underexposed"},
		},
		"saturated paper with washed-out print is too bright": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.93, 110
			},
			want: []string{"overexposed"},
		},
		"white that was added until sharp print is pale is too much light": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink, m.Sharpness = 254, 0.46, 104, 12
			}, want: []string{"overexposed"},
		},
		"print that is not sharp is pale without it": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink, m.Sharpness = 254, 0.46, 104, 7.4
			},
		},
		"print that is black is not pale, however white the paper": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink, m.Sharpness = 254, 0.76, 96, 12
			},
		},
		"pale print on paper that is hardly burnt": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink, m.Sharpness = 254, 0.39, 130, 12
			},
		},
		"a camera says where light falls off and print is pale for it": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink, m.Sharpness = 254, 0.61, 131, 14
				m.EXIF = &filing.EXIF{HasExposure: true}
			},
		},
		"a GIF has 256 colours, of which one is white": {
			change: func(m *filing.Measurements) {
				m.Format = filing.FormatGIF
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink, m.Sharpness = 255, 0.58, 108, 38
			},
		},
		"pale print on what need not be a document": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink, m.Sharpness = 254, 0.5, 130, 12
				m.Document.Confidence = 0.2
			},
		},
		"a picture in which white hides the document is too bright": {
			change: func(m *filing.Measurements) {
				m.Document = nil
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.9, 170
			},
			want: []string{"overexposed"},
		},
		"so is one of which the table keeps its pattern": {
			change: func(m *filing.Measurements) {
				m.Document = nil
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.75, 190
			},
			want: []string{"overexposed"},
		},
		"a window behind somebody who holds a card is not": {
			declared: "handheld_personal_document",
			change: func(m *filing.Measurements) {
				m.Document = nil
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.75, 110
			},
		},
		"what a computer drew is not, document or none": {
			change: func(m *filing.Measurements) {
				m.Document, m.Format = nil, filing.FormatPNG
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.9, 170
			},
		},
		"tiny print is too small and not blurred": {
			change: func(m *filing.Measurements) {
				blur(m, 12, 12, 12)
				for i := range m.Legibility.Tiles {
					m.Legibility.Tiles[i].EdgeWidthPx, m.Legibility.Tiles[i].TextHeightPx = 2.6, 8
				}
				m.Legibility.EdgeWidthPx, m.Legibility.TextHeightPx, m.Sharpness = 2.6, 8, 8/2.6
			},
		},
		"white paper with black print was drawn by a computer": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.99, 28
			},
		},
		"black print of a few pixels a stroke is grey, and may be drawn": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.93, 56
			},
		},
		"on a camera's saturated paper it is washed out": {
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.85, 56
				m.EXIF = &filing.EXIF{HasExposure: true}
			},
			want: []string{"overexposed"},
		},
		"a page that is the whole picture was drawn or scanned": {
			change: func(m *filing.Measurements) {
				m.Document.FrameShare = 0.995
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.99, 90
			},
		},
		"a registrar's certificate may have grey print on white": {
			declared: "domain_certificate",
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.99, 90
			},
		},
		"a photo of that certificate may not": {
			declared: "domain_certificate",
			change: func(m *filing.Measurements) {
				m.Exposure.Paper, m.Exposure.ClippedShare, m.Exposure.Ink = 255, 0.99, 90
				m.EXIF = &filing.EXIF{HasExposure: true}
			},
			want: []string{"overexposed"},
		},
		"a reflection on text": {
			change: func(m *filing.Measurements) {
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0.1, Regions: [][]filing.Point{spot}}
			},
			want: []string{"glare"},
		},
		"a small reflection beside the text": {
			change: func(m *filing.Measurements) {
				m.Glare = &filing.Glare{Share: 0.04, TextShare: 0, Regions: [][]filing.Point{spot}}
			},
		},
		"the white ground of a portrait": {
			change: func(m *filing.Measurements) {
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0.1, Regions: [][]filing.Point{spot}}
				m.Faces = []filing.Face{{Box: around(spot), InDocument: true}}
			},
		},
		"a reflection beside a portrait as well": {
			change: func(m *filing.Measurements) {
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0.1, Regions: [][]filing.Point{spot, {{2000, 2000}, {2100, 2000}, {2100, 2100}}}}
				m.Faces = []filing.Face{{Box: around(spot), InDocument: true}}
			},
			want: []string{"glare"},
		},
		"a reflection before somebody's face": {
			change: func(m *filing.Measurements) {
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0.1, Regions: [][]filing.Point{spot}}
				m.Faces = []filing.Face{{Box: around(spot)}}
			},
			want: []string{"glare"},
		},
		"a reflection over a blank part, or over a title": {
			change: func(m *filing.Measurements) {
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0, Regions: [][]filing.Point{spot}}
			},
			want: []string{"glare"},
		},
		"a reflection on what is a document more likely than not": {
			change: func(m *filing.Measurements) {
				m.Document.Confidence = 0.6
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0.1, Regions: [][]filing.Point{spot}}
			},
			want: []string{"glare"},
		},
		"a reflection on what may be the table": {
			change: func(m *filing.Measurements) {
				m.Document.Confidence = 0.4
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0.1, Regions: [][]filing.Point{spot}}
			},
		},
		"a reflection on what may be a window behind a person": {
			declared: "handheld_personal_document",
			change: func(m *filing.Measurements) {
				m.Document.Confidence = 0.6
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0.1, Regions: [][]filing.Point{spot}}
			},
		},
		"a point of light": {
			change: func(m *filing.Measurements) {
				m.Glare = &filing.Glare{Share: 0.004, TextShare: 0.03, Regions: [][]filing.Point{spot}}
			},
		},
		"blur and a reflection are two things to mend": {
			change: func(m *filing.Measurements) {
				blur(m, 30, 30, 30)
				m.Glare = &filing.Glare{Share: 0.06, TextShare: 0.1, Regions: [][]filing.Point{spot}}
			},
			want: []string{"blurred", "glare"},
		},
		"a damaged picture is not judged": {
			change: func(m *filing.Measurements) { blur(m, 40, 40); m.Decode.Complete = false },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := readable()
			c.change(&m)
			got := legibilityOf(m, c.declared)
			var codes []string
			for _, f := range got {
				codes = append(codes, f.Code)
				checkLegibility(t, f)
			}
			if diff := cmp.Diff(c.want, codes); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// checkLegibility holds a finding against what is promised about it in the catalogue.
func checkLegibility(t *testing.T, f filing.Finding) {
	t.Helper()
	e, ok := Lookup(f.Code)
	if !ok {
		t.Fatalf("%s is not in the catalogue", f.Code)
	}
	for _, key := range e.Measured {
		if _, ok := f.Measured[key]; !ok {
			t.Errorf("%s: %s was not measured", f.Code, key)
		}
	}
	for _, key := range e.Limit {
		if _, ok := f.Limit[key]; !ok {
			t.Errorf("%s: limit %s is missing", f.Code, key)
		}
	}
	if len(f.Region) < 3 {
		t.Errorf("%s does not say where", f.Code)
	}
	for _, text := range []filing.Text{f.Message, f.Advice} {
		if braces.MatchString(text.ZH) || braces.MatchString(text.EN) {
			t.Errorf("%s: a value is missing in %q", f.Code, text)
		}
	}
}

// legibilityOf returns the findings about legibility alone.
func legibilityOf(m filing.Measurements, material string) []filing.Finding {
	own := []string{"blurred", "underexposed", "overexposed", "glare"}
	return slices.DeleteFunc(File(FileInput{Measurements: m, Declared: filing.Declared{Material: material}}),
		func(f filing.Finding) bool { return !slices.Contains(own, f.Code) })
}

func TestMovementAndFocusGetDifferentAdvice(t *testing.T) {
	t.Parallel()
	said := map[string]string{}
	for name, change := range map[string]func(*filing.Measurements){
		"focus":  func(m *filing.Measurements) { blur(m, 40, 40, 40) },
		"moved":  func(m *filing.Measurements) { blur(m, 40, 40, 40); m.Legibility.MotionPx = 20 },
		"partly": func(m *filing.Measurements) { blur(m, 8, 8, 40) },
	} {
		m := readable()
		change(&m)
		got := legibilityOf(m, "")
		if len(got) != 1 || got[0].Code != "blurred" {
			t.Fatalf("%s: %v", name, got)
		}
		if other, ok := said[got[0].Advice.EN]; ok {
			t.Errorf("%s and %s get the same advice: %s", name, other, got[0].Advice.EN)
		}
		said[got[0].Advice.EN] = name
	}
}

// around is the box of a face of whose portrait an outline is the ground.
func around(outline []filing.Point) [4]float64 {
	left, top, right, bottom := outline[0][0], outline[0][1], outline[0][0], outline[0][1]
	for _, p := range outline {
		left, top, right, bottom = min(left, p[0]), min(top, p[1]), max(right, p[0]), max(bottom, p[1])
	}
	w, h := (right-left)/2, (bottom-top)/2
	return [4]float64{left + w/2, top + h/2, w, h}
}
