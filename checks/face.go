package checks

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// handheld reports whether a material is a photo of a person who holds a document (手持证件照片).
func handheld(material string) bool {
	return material == "handheld_personal_document" || material == "handheld_unit_document"
}

// faces judges the person in a photo that has to show one: there is a face besides the portrait on the document, and it can be
// recognized. Where nobody looked for faces, or only the weaker detector did and found none, that asks for a person: to say that
// there is none takes a detector that would have found it.
func (j *judge) faces() []filing.Finding {
	m := j.m
	if !handheld(j.in.Declared.Material) || m.Decode == nil || !m.Decode.Complete {
		return nil
	}
	if m.FacesBy == "" {
		return []filing.Finding{j.c.finding("not_measured", wording{message: "faces", advice: "faces"})}
	}
	var (
		person          *filing.Face
		portraits, tiny int
	)
	for i := range m.Faces {
		f := &m.Faces[i]
		switch {
		case f.InDocument:
			portraits++
		case !j.isFace(f):
		case m.FacesBy == filing.FacesByUltraFace && min(f.Box[2], f.Box[3]) < j.t.FaceSeen:
			tiny++
		case person == nil || f.Box[2]*f.Box[3] > person.Box[2]*person.Box[3]:
			// Of several people the nearest is the one whom the photo is about.
			person = f
		}
	}
	if person != nil {
		return j.unclearFace(person)
	}
	if m.FacesBy == filing.FacesByPigo {
		return []filing.Finding{j.c.finding("not_measured", wording{message: "faces", advice: "faces"})}
	}
	var w wording
	switch {
	case tiny > 0:
		w.message = "tiny"
	case portraits > 0:
		w.message = "portrait"
	}
	f := j.c.finding("face_not_found", w)
	f.Measured, f.Limit = map[string]any{"faces": 0}, map[string]any{"min_faces": 1}
	return []filing.Finding{f}
}

// isFace reports whether something is a face for certain: very much like one, or much like one and so is at least one of its halves.
func (j *judge) isFace(f *filing.Face) bool {
	t := j.t
	if j.m.FacesBy == filing.FacesByPigo {
		return f.Confidence >= t.FaceConfidencePigo
	}
	switch {
	case f.Confidence >= t.FaceConfidencePlain:
		return true
	case detail(f) < t.FaceHalfDetail:
		return f.Confidence >= t.FaceConfidenceSoft
	case f.Confidence >= t.FaceConfidenceSoft && f.UpperHalf != nil && f.LowerHalf != nil && min(*f.UpperHalf, *f.LowerHalf) >= t.FaceBothHalves:
		return true
	case f.Confidence < t.FaceConfidence:
		return false
	case f.UpperHalf == nil || f.LowerHalf == nil || detail(f) < t.FaceWholeDetail:
		return true // nothing speaks against it
	}
	return max(*f.UpperHalf, *f.LowerHalf) >= t.FaceHalf
}

// detail is how many times the width of its contours a face is wide; infinite where that was not measured.
func detail(f *filing.Face) float64 {
	if f.EdgeWidthPx <= 0 {
		return math.Inf(1)
	}
	return f.Box[2] / f.EdgeWidthPx
}

// unclearFace finds what keeps a face from being recognized.
func (j *judge) unclearFace(face *filing.Face) []filing.Finding {
	t := j.t
	measured, limit := map[string]any{}, map[string]any{}
	var cues []string
	if side := min(face.Box[2], face.Box[3]); side < t.FaceSide {
		cues = append(cues, "small")
		measured["side_px"], limit["min_side_px"] = rounded(side), t.FaceSide
	}
	if d := detail(face); d < t.FaceDetail {
		cues = append(cues, "blurred")
		measured["detail"], limit["min_detail"] = rounded(d), t.FaceDetail
	}
	if detail(face) >= t.FaceHalfDetail {
		if least, ok := j.coveredMouth(face); ok {
			cues = append(cues, "mouth")
			if *face.LowerHalf < least {
				measured["lower_half"], limit["min_lower_half"] = rounded(*face.LowerHalf), least
			} else {
				measured["mouth_contrast"], limit["min_mouth_contrast"] = rounded(*face.MouthContrast), t.FaceMouth
			}
		}
	}
	if face.DarkEyes > t.FaceDarkEyes {
		cues = append(cues, "eyes")
		measured["dark_eyes"], limit["max_dark_eyes"] = rounded(face.DarkEyes), t.FaceDarkEyes
	}
	if len(cues) == 0 {
		return nil
	}
	reasons := make([]filing.Text, len(cues))
	for i, cue := range cues {
		reasons[i] = j.c.words.FaceCues[cue]
	}
	w := wording{values: values{"reasons": join(reasons)}}
	if !slices.Contains(cues, "mouth") && !slices.Contains(cues, "eyes") {
		w.advice = "closer"
	}
	f := j.c.finding("face_unclear", w)
	f.Measured, f.Limit = measured, limit
	b := face.Box
	f.Region = []filing.Point{{b[0], b[1]}, {b[0] + b[2], b[1]}, {b[0] + b[2], b[1] + b[3]}, {b[0], b[1] + b[3]}}
	return []filing.Finding{f}
}

// coveredMouth reports whether something covers nose and mouth, by what the detector makes of the lower half alone, and by how much they
// stand out: either may be deceived, by spectacles that reach into the lower half or by a hand, both hardly ever; where an arm reaches up
// beside the face, what stands out is held to be fingers. least is what the
// lower half would have had to reach.
func (j *judge) coveredMouth(face *filing.Face) (least float64, covered bool) {
	t := j.t
	least = t.FaceLowerHalf
	if face.LowerHalf == nil {
		return least, false // nobody looked
	}
	if mouth := face.MouthContrast; mouth != nil {
		if *mouth < t.FaceMouth {
			return least, true
		}
		arm := face.ArmBeside != nil && *face.ArmBeside >= t.FaceArm
		if *mouth >= t.FaceMouthPlain && !arm {
			least = t.FaceLowerHalfPlain
		}
	}
	return least, *face.LowerHalf < least
}

// rounded keeps two decimals of what a finding shows as measured.
func rounded(x float64) float64 { return float64(int64(x*100+0.5)) / 100 }
