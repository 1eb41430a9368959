package origin

import (
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// wavy is a wave that stands out everywhere on a document and may be print as well as a screen's.
func wavy(change func(*pattern)) pattern {
	p := pattern{
		rise: 6, inside: 1, insideOf: 12, frequency: 0.25, tied: true,
		lock:   lock{printed: 0.2, beating: 0.2, members: 12, turn: 20},
		border: border{within: 20, withinHas: 20, beyond: 0},
	}
	change(&p)
	return p
}

func TestAWaveIsWeighedByWhatBecomesOfItBesideTheDocument(t *testing.T) {
	t.Parallel()
	beat := lock{printed: 6, beating: 0.1, du: 0.98, members: 12}
	for _, c := range []struct {
		name   string
		change func(*pattern)
		screen bool
	}{
		{"a wave of which nothing else is known", func(*pattern) {}, false},
		{"a wave that goes on over the border", func(p *pattern) { p.border.beyond, p.border.beyondHas = 40, 40 }, true},
		{"a wave that goes on in the dark around, too dark at the border to tell", func(p *pattern) { p.lit, p.litHas = 5, 5 }, true},
		{"a wave that is in one square around by chance", func(p *pattern) { p.lit, p.litHas = 5, 1 }, false},
		{"a wave of the table that reaches into a small document's squares", func(p *pattern) { p.inside, p.lit, p.litHas = 0.43, 6, 6 }, false},
		{"print on cloth whose threads are about as far apart", func(p *pattern) {
			p.border.beyond, p.border.beyondHas, p.lit = 48, 48, 6
		}, false},
		{"a beat with the sensor", func(p *pattern) { p.lock = beat }, true},
		{"a beat with the sensor that goes on elsewhere, though not close by", func(p *pattern) {
			p.lock, p.border.beyond, p.lit, p.litHas = beat, 30, 6, 3
		}, true},
		{"a beat of fine print with the sensor, which ends where the document does", func(p *pattern) {
			p.lock, p.border.beyond, p.lit = beat, 30, 6
		}, false},
		{"a wave of cloth around that few places within the border have", func(p *pattern) {
			p.border.beyond, p.border.beyondHas, p.border.withinHas = 45, 45, 9
		}, false},
		{"a wave that goes on over a border within which there is no room to look", func(p *pattern) {
			p.border.beyond, p.border.beyondHas, p.border.within, p.border.withinHas = 40, 40, 2, 0
		}, true},
		{"a beat in the middle of the document alone", func(p *pattern) { p.lock, p.border.withinHas = beat, 4 }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := evidence{luma: wavy(c.change), located: true, camera: true}
			if got := e.probability(); got >= suspected != c.screen {
				t.Errorf("%.2f, want a screen: %v; %v", got, c.screen, e.weighed())
			}
		})
	}
}

func TestAFoldedWaveIsTrustedByWhatBecomesOfItBesideTheDocument(t *testing.T) {
	t.Parallel()
	ending := func(p *pattern) { p.inside, p.border.beyond, p.lit = 0.4, 30, 6 }
	over := func(*pattern) {}
	beating := func(p *pattern) { p.lock.printed, p.lock.du = 6, 0.98 }
	for _, c := range []struct {
		name   string
		there  beside
		print  func(*pattern)
		screen bool
	}{
		{"too dark around to tell", besideUnknown, nil, true},
		{"too dark around to tell, and print that ends may have it as a harmonic", besideUnknown, ending, false},
		{"too dark around to tell, and a pattern all over the document may have it as a harmonic", besideUnknown, over, false},
		{"too dark around to tell, and a beat all over the document", besideUnknown, beating, true},
		{"it goes on", besideToo, nil, true},
		{"it goes on, whatever print ends", besideToo, ending, true},
		{"it goes on, whatever pattern is all over the document", besideToo, over, true},
		{"it ends with the document: print too fine to be seen", besideNot, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := evidence{folded: 2.4, foldedBeside: c.there, located: true, camera: true}
			if c.print != nil {
				e.luma = wavy(c.print)
			}
			if got := e.probability(); got >= suspected != c.screen {
				t.Errorf("%.2f, want a screen: %v; %v", got, c.screen, e.weighed())
			}
		})
	}
}

// told is the probability from which on package checks tells of a screen.
const told = 0.23

func TestABeatThatEndsWithTheDocumentIsNoSuspicion(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]func(*pattern){
		"all over it":              func(*pattern) {},
		"in most places within it": func(p *pattern) { p.inside, p.border.withinHas = 0.7, 15 },
	} {
		e := evidence{located: true, camera: true, luma: wavy(func(p *pattern) {
			p.lock, p.border.beyond, p.lit = lock{printed: 6, beating: 0.1, du: 0.98, members: 12}, 30, 6
			doc(p)
		})}
		if got := e.probability(); got >= told {
			t.Errorf("%s: %.2f, %v", name, got, e.weighed())
		}
	}
}

func TestAFoldedWaveThatHardlyStandsOutIsNoSuspicion(t *testing.T) {
	t.Parallel()
	for _, folded := range []float64{1.1, 1.2, 1.25} {
		e := evidence{folded: folded, foldedBeside: besideToo, located: true, camera: true}
		e.luma = wavy(func(*pattern) {}) // and print all over the document, as there is on every card
		if got := e.probability(); got >= told {
			t.Errorf("%.1f times what chance does: %.2f, %v", folded, got, e.weighed())
		}
	}
}

// The dark head of a card beside the pale part of it that was taken for the whole looks as the frame of a screen does.
func TestAFrameIsLookedForBesideWhatIsLikelyADocumentOnly(t *testing.T) {
	t.Parallel()
	f := &raster.Frame{Width: 1600, Height: 1200, Small: raster.NewRGB(800, 600), Scale: [2]float64{0.5, 0.5}}
	for y := range 600 {
		for x := range 800 {
			level := uint8(60) // the room
			if x > 150 && x < 650 && y > 100 && y < 500 {
				level = 4
			}
			if x > 200 && x < 600 && y > 150 && y < 450 {
				level = 230
			}
			copy(f.Small.Pix[3*(y*800+x):], []uint8{level, level, level})
		}
	}
	doc := filing.Document{Quad: [4]raster.Point{{500, 400}, {1100, 400}, {1100, 800}, {500, 800}}, Confidence: 0.9}
	if got := findBezel(f, &doc); got.bands != 4 {
		t.Errorf("beside a document: %+v", got)
	}
	if doc.Confidence = 0.4; findBezel(f, &doc) != (bezel{}) {
		t.Error("beside a guess")
	}
}
