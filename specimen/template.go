package specimen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// template is a layout of a kind of document. Each belongs to one half of the labelled sets.
type template struct {
	name string
	half Half
	kind Kind
	draw func(fonts *FontSet, rng *rand.Rand, ppm float64) *Document
	// width and height are those of the layout where its kind has no one size, 0 elsewhere.
	width, height float64
}

// layoutsOf makes templates of a half: upright ones, where the kind has other layouts too, and plain ones, which lie as their kind does.
func layoutsOf(half Half) (upright, plain func(name string, kind Kind, draw func(*FontSet, *rand.Rand, float64) *Document) template) {
	plain = func(name string, kind Kind, draw func(*FontSet, *rand.Rand, float64) *Document) template {
		return template{name: name, half: half, kind: kind, draw: draw}
	}
	upright = func(name string, kind Kind, draw func(*FontSet, *rand.Rand, float64) *Document) template {
		t := plain(name, kind, draw)
		t.width, t.height = a4Short, a4Long
		return t
	}
	return upright, plain
}

// size returns width and height in millimetres.
func (t template) size() (w, h float64) {
	if t.width > 0 {
		return t.width, t.height
	}
	return Size(t.kind)
}

// drawnAs makes a template of a kind that Draw knows.
func drawnAs(kind Kind) func(*FontSet, *rand.Rand, float64) *Document {
	return func(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
		switch kind {
		case BusinessLicense, BusinessLicenseDuplicate:
			return drawLicense(fonts, kind, rng, ppm)
		case AuthorizationLetter:
			return drawAuthorization(fonts, rng, ppm)
		case DomainCertificate:
			return drawDomainCertificate(fonts, rng, ppm)
		case PlainLetter:
			return drawLetter(fonts, rng, ppm)
		}
		return drawCard(fonts, kind, rng, ppm)
	}
}

// templates lists the layouts of all sets.
var templates = sync.OnceValue(func() []template {
	var list []template
	for _, kind := range []Kind{IDCardFront, IDCardBack, ResidencePermitFront, BusinessLicense, AuthorizationLetter,
		DomainCertificate, PlainLetter} {
		list = append(list, template{name: string(kind), half: Tune, kind: kind, draw: drawnAs(kind)})
	}
	for _, kind := range []Kind{ResidencePermitBack, BusinessLicenseDuplicate} {
		list = append(list, template{name: string(kind), half: Test, kind: kind, draw: drawnAs(kind)})
	}
	return slices.Concat(list, furtherTemplates(), freshTemplates(), thirdTemplates(), randomPrintTemplates())
})

func templateNamed(name string) (template, error) {
	for _, t := range templates() {
		if t.name == name {
			return t, nil
		}
	}
	return template{}, fmt.Errorf("no template %q", name)
}

// templateNames lists the layouts of a half that are meant for ordinary photos, in a fixed order.
func templateNames(half Half, want func(Kind) bool) []string {
	var names []string
	for _, t := range templates() {
		if t.half == half && (want == nil || want(t.kind)) {
			names = append(names, t.name)
		}
	}
	return names
}

func isCard(k Kind) bool {
	w, _ := Size(k)
	return w < 130
}

// drawn is a document with its texture.
type drawn struct {
	doc *Document
	tex *texture
}

// drawnDocuments keeps the last few documents, as neighbouring cases share theirs.
type drawnDocuments struct {
	mu   sync.Mutex
	keys []string
	docs map[string]*drawn
}

var keptDocuments = sync.OnceValue(func() *drawnDocuments { return &drawnDocuments{docs: map[string]*drawn{}} })

// resolutions are those that documents are drawn at, so that a drawing serves several photos.
func resolutions(kind Kind) []float64 {
	if isCard(kind) {
		return []float64{8, 12, 18, 28, 42}
	}
	return []float64{3, 4.5, 6.5, 9, 13}
}

// drawnDocument draws a document finely enough for a need in pixels per millimetre, or returns one that is kept.
func drawnDocument(tm template, seed uint64, need float64) (*drawn, error) {
	const most = 5
	have := resolutions(tm.kind)
	i, _ := slices.BinarySearch(have, need)
	ppm := have[min(i, len(have)-1)]
	key := fmt.Sprint(tm.name, seed, ppm)
	kept := keptDocuments()
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if d := kept.docs[key]; d != nil {
		return d, nil
	}
	fonts, err := Fonts()
	if err != nil {
		return nil, err
	}
	doc := tm.draw(fonts, rand.New(rand.NewPCG(seed, 0x5bec1)), ppm)
	d := &drawn{doc: doc, tex: newTexture(doc.Image, doc.PxPerMM)}
	doc.Image = nil // the texture holds it
	if len(kept.keys) == most {
		delete(kept.docs, kept.keys[0])
		kept.keys = kept.keys[1:]
	}
	kept.keys = append(kept.keys, key)
	kept.docs[key] = d
	return d, nil
}
