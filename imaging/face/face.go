// Package face finds the faces in a photo and measures how well they can be seen (人脸检测). What is enough is judged in
// package checks.
//
// Two detectors, never at once: UltraFace on ONNX Runtime, and the cascade of pico in pure Go where there is no runtime.
//
// # How it looks
//
// UltraFace sees 320 x 240 pixels at a time and finds faces from about 12 of them on. So the whole picture is looked at
// first, reduced to that size: it shows whoever holds a document up. Only where no clear face was found beside the document, the
// picture is looked at again in overlapping windows at a long side of 960: a face of 60 pixels in a photo of 12 megapixels
// is 14 pixels there. Windows that lie on a document, and those in which nothing is to be seen, are left out. Each candidate
// is then looked at once more by itself, at a size of its own: what was a face by chance at one size is none at another.
package face

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	pigo "github.com/esimov/pigo/core"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/models"
)

// ErrNoDetector says that neither detector can run: their files are not there.
var ErrNoDetector = errors.New("no face detector is installed")

// maxFaces is how many faces are kept and measured: a crowd is no photo of a person with a document.
const maxFaces = 5

// Detector finds faces. Use New; it is safe for concurrent use.
type Detector struct {
	by    string
	ultra *onnx.Session
	pico  *pigo.Pigo
}

// New returns the better detector that a folder of models and a runtime allow: UltraFace where there is a runtime, the cascade
// where r is nil. Errors are ErrNoDetector, onnx.ErrChecksum, or what the runtime says of the model.
func New(dir string, r *onnx.Runtime) (*Detector, error) {
	if r != nil {
		s, err := r.Session(models.UltraFace, []string{"input"}, []string{"scores", "boxes"})
		if err != nil {
			return nil, fmt.Errorf("face detector: %w", err)
		}
		return &Detector{by: filing.FacesByUltraFace, ultra: s}, nil
	}
	cascade, err := models.Read(dir, models.PigoCascade)
	if errors.Is(err, models.ErrMissing) {
		return nil, fmt.Errorf("%w: %w", ErrNoDetector, err)
	}
	if err != nil {
		return nil, fmt.Errorf("face detector: %w", err)
	}
	p, err := pigo.NewPigo().Unpack(cascade)
	if err != nil {
		return nil, fmt.Errorf("face detector: cascade: %w", err)
	}
	return &Detector{by: filing.FacesByPigo, pico: p}, nil
}

// By names the detector, for Measurements.FacesBy.
func (d *Detector) By() string { return d.by }

// Find returns the faces of a photo, the most confident first, five at most. documents are what was
// located (upright full-size pixels); faces on them are their own portraits. The same picture gives the same faces on every
// run. The error is the context's, or the runtime's.
func (d *Detector) Find(ctx context.Context, f *raster.Frame, documents []filing.Document) ([]filing.Face, error) {
	small := make([]place, len(documents))
	for i := range documents {
		small[i].sure = documents[i].Confidence >= surePlace
		for k, c := range documents[i].Quad {
			small[i].quad[k] = f.ToSmall(c)
		}
	}
	s := search{ctx: ctx, detector: d, levels: pyramid(f.Small), documents: small}
	var (
		found []candidate
		err   error
	)
	if d.ultra != nil {
		found, err = s.ultraFace()
	} else {
		found, err = s.cascade()
	}
	if err != nil {
		return nil, fmt.Errorf("find faces: %w", err)
	}
	faces := make([]filing.Face, 0, len(found))
	for _, c := range found[:min(len(found), maxFaces)] {
		a, b := f.FromSmall(raster.Point{c.box.x0, c.box.y0}), f.FromSmall(raster.Point{c.box.x1, c.box.y1})
		face := filing.Face{Box: [4]float64{a[0], a[1], b[0] - a[0], b[1] - a[1]}, Confidence: c.confidence}
		if face.InDocument = s.onDocument(c.box); face.InDocument {
			faces = append(faces, face)
			continue
		}
		look(f, &face)
		if d.ultra != nil {
			upper, lower, err := s.halves(c.box)
			if err != nil {
				return nil, fmt.Errorf("look at a face: %w", err)
			}
			face.UpperHalf, face.LowerHalf = &upper, &lower
		}
		faces = append(faces, face)
	}
	return faces, nil
}

// box is an upright rectangle in pixels of Frame.Small.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) width() float64  { return b.x1 - b.x0 }
func (b box) height() float64 { return b.y1 - b.y0 }
func (b box) middle() raster.Point {
	return raster.Point{(b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2}
}

// overlap is the area that two boxes share over the smaller one's: a part of a face is the same face.
func (b box) overlap(o box) float64 {
	w, h := min(b.x1, o.x1)-max(b.x0, o.x0), min(b.y1, o.y1)-max(b.y0, o.y0)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / min(b.width()*b.height(), o.width()*o.height())
}

// candidate is a face as a detector reports it.
type candidate struct {
	box        box
	confidence float64
}

// sameFace is the overlap from which two candidates are one face.
const sameFace = 0.5

// distinct keeps the most confident of the candidates that overlap, in a fixed order.
func distinct(all []candidate) []candidate {
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(b.confidence, a.confidence),
			cmp.Compare(a.box.y0, b.box.y0), cmp.Compare(a.box.x0, b.box.x0), cmp.Compare(a.box.width(), b.box.width()),
		)
	})
	var kept []candidate
	for _, c := range all {
		if !slices.ContainsFunc(kept, func(k candidate) bool { return k.box.overlap(c.box) > sameFace }) {
			kept = append(kept, c)
		}
	}
	return kept
}

// search is the search of one picture.
type search struct {
	ctx       context.Context //nolint:containedctx // a search lives within one call of Find
	detector  *Detector
	levels    []*raster.RGB // Frame.Small, its half, its quarter, ...
	documents []place       // in pixels of Frame.Small
}

// place is where a document was located; sure: with a confidence from which it is one.
type place struct {
	quad raster.Quad
	sure bool
}

const (
	// largestPortrait is the share of a document's area that its portrait's face takes at most: on an identity card and on the page of a
	// passport a twentieth, half as much again as a detector draws its box.
	largestPortrait = 0.12
	// surePlace is the confidence from which the sides of a document are where they were located.
	surePlace = 0.7
	// withinShare is how much of a portrait's box has to lie within a document that is not sure: of a window or a shelf of books behind a
	// person, which was taken for one, a head sticks out.
	withinShare = 0.9
)

// onDocument reports whether a box is the portrait on a document: its middle lies there, it is no larger than portraits are, and it
// is all there where what was taken for a document may be none.
func (s *search) onDocument(b box) bool {
	return slices.ContainsFunc(s.documents, func(d place) bool {
		return d.quad.Contains(b.middle()) && b.width()*b.height() <= largestPortrait*d.quad.Area() &&
			(d.sure || b.within(d.quad) >= withinShare)
	})
}

// within is the share of a box that lies in a quadrilateral.
func (b box) within(q raster.Quad) float64 {
	const steps = 16
	n := 0
	for j := range steps {
		for i := range steps {
			if q.Contains(raster.Point{b.x0 + b.width()*(float64(i)+0.5)/steps, b.y0 + b.height()*(float64(j)+0.5)/steps}) {
				n++
			}
		}
	}
	return float64(n) / (steps * steps)
}

// insideDocument reports whether all of a box lies on one document.
func (s *search) insideDocument(b box) bool {
	return slices.ContainsFunc(s.documents, func(d place) bool {
		q := d.quad
		return q.Contains(raster.Point{b.x0, b.y0}) && q.Contains(raster.Point{b.x1, b.y0}) &&
			q.Contains(raster.Point{b.x1, b.y1}) && q.Contains(raster.Point{b.x0, b.y1})
	})
}

// pyramid returns a picture and its halves down to about 320 pixels.
func pyramid(p *raster.RGB) []*raster.RGB {
	levels := []*raster.RGB{p}
	for p.W >= 2*windowW || p.H >= 2*windowW {
		p = half(p)
		levels = append(levels, p)
	}
	return levels
}

// half returns a picture at half its size, each pixel the mean of four.
func half(p *raster.RGB) *raster.RGB {
	out := raster.NewRGB(max(p.W/2, 1), max(p.H/2, 1))
	if p.W < 2 {
		copy(out.Pix, p.Pix) // a line of pixels: nothing is found in it
		return out
	}
	for y := range out.H {
		above, below, to := p.Row(min(2*y, p.H-1)), p.Row(min(2*y+1, p.H-1)), out.Row(y)
		for x := 0; x < len(to)/3; x++ {
			a, b, q := above[6*x:6*x+6:6*x+6], below[6*x:6*x+6:6*x+6], to[3*x:3*x+3:3*x+3]
			q[0] = uint8((uint(a[0]) + uint(a[3]) + uint(b[0]) + uint(b[3]) + 2) / 4)
			q[1] = uint8((uint(a[1]) + uint(a[4]) + uint(b[1]) + uint(b[4]) + 2) / 4)
			q[2] = uint8((uint(a[2]) + uint(a[5]) + uint(b[2]) + uint(b[5]) + 2) / 4)
		}
	}
	return out
}
