package checks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

// clearFace is a face as a person shows it who holds a document up.
func clearFace() filing.Face {
	upper, lower := 0.9, 0.93
	return filing.Face{
		Box: [4]float64{1200, 600, 420, 560}, Confidence: 0.99, EdgeWidthPx: 8, UpperHalf: &upper, LowerHalf: &lower, DarkEyes: 0.12,
	}
}

// portrait is the face on the document that the person holds.
func portrait() filing.Face {
	f := clearFace()
	f.Box, f.InDocument = [4]float64{1500, 2200, 120, 160}, true
	return f
}

func TestFacesAreJudgedWhereTheMaterialIsAPersonWithADocument(t *testing.T) {
	t.Parallel()
	changed := func(change func(*filing.Face)) []filing.Face {
		f := clearFace()
		change(&f)
		return []filing.Face{portrait(), f}
	}
	covered, open := 0.08, 0.92
	flat, plain, soft, arm := 0.09, 0.25, 0.62, 0.4
	cases := []struct {
		name     string
		material string
		by       string
		faces    []filing.Face
		codes    []string
		measured map[string]any
	}{
		{"a clear face beside the portrait", "handheld_personal_document", filing.FacesByUltraFace, []filing.Face{clearFace(), portrait()}, none, nil},
		{"a clear face with a licence", "handheld_unit_document", filing.FacesByUltraFace, []filing.Face{clearFace()}, none, nil},
		{"no face at all", "handheld_unit_document", filing.FacesByUltraFace, nil, []string{"face_not_found"}, map[string]any{"faces": 0}},
		{"the portrait alone", "handheld_personal_document", filing.FacesByUltraFace, []filing.Face{portrait()}, []string{"face_not_found"}, map[string]any{"faces": 0}},
		{"leaves that look a little like a face", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.Confidence, f.LowerHalf = 0.8, &soft }), []string{"face_not_found"}, map[string]any{"faces": 0}},
		{"a face of which both halves are plainer than the whole", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.Confidence, f.UpperHalf, f.LowerHalf = 0.8, &open, &open }), none, nil},
		{"a face that is hardly one, whatever its halves", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.Confidence, f.UpperHalf, f.LowerHalf = 0.7, &open, &open }), []string{"face_not_found"}, map[string]any{"faces": 0}},
		{"a socket that looks much like a face, as no half of it does", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.UpperHalf, f.LowerHalf = &covered, &covered }), []string{"face_not_found"}, map[string]any{"faces": 0}},
		{"a plain face whose eyes are hard to see", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.Confidence, f.UpperHalf, f.LowerHalf = 0.999, &covered, &open }), none, nil},
		{"a person far away", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.Box[2], f.Box[3], f.EdgeWidthPx = 55, 70, 2 }), []string{"face_unclear"}, map[string]any{"side_px": 55.0}},
		{"a face as small as a portrait on a card that was not located", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.Box[2], f.Box[3], f.EdgeWidthPx = 42, 49, 2 }), []string{"face_not_found"}, map[string]any{"faces": 0}},
		{"fingers before a mouth, which stand out as lips do, and the arm beside the face", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.LowerHalf, f.MouthContrast, f.ArmBeside = &soft, &plain, &arm }), []string{"face_unclear"},
			map[string]any{"lower_half": 0.62}},
		{"a soft face without an arm beside it", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.LowerHalf, f.MouthContrast, f.ArmBeside = &soft, &plain, &flat }), none, nil},
		{"an open face before a wall of the skin's colour", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.MouthContrast, f.ArmBeside = &plain, &arm }), none, nil},
		{"a face out of focus", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.EdgeWidthPx = 42 }), []string{"face_unclear"}, map[string]any{"detail": 10.0}},
		{"a face out of focus, of which no half is one", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.EdgeWidthPx, f.UpperHalf, f.LowerHalf = 42, &covered, &covered }), []string{"face_unclear"},
			map[string]any{"detail": 10.0}},
		{"a mask", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.LowerHalf = &covered }), []string{"face_unclear"}, map[string]any{"lower_half": 0.08}},
		{"a face of which the mouth is hard to see", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.LowerHalf, f.EdgeWidthPx = &open, 20 }), none, nil},
		{"a mask below spectacles, whose rims reach into the lower half", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.MouthContrast = &flat }), []string{"face_unclear"}, map[string]any{"mouth_contrast": 0.09}},
		{"a hand before the mouth, which has as much contrast", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.MouthContrast, f.LowerHalf = &plain, &covered }), []string{"face_unclear"}, map[string]any{"lower_half": 0.08}},
		{"a soft face with a plain mouth, of which the lower half is hard to know", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.MouthContrast, f.LowerHalf = &plain, &soft }), none, nil},
		{"a face out of focus, whose mouth has no contrast", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.EdgeWidthPx, f.MouthContrast = 42, &flat }), []string{"face_unclear"}, map[string]any{"detail": 10.0}},
		{"sunglasses", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.DarkEyes = 0.8 }), []string{"face_unclear"}, map[string]any{"dark_eyes": 0.8}},
		{"a mask and sunglasses", "handheld_personal_document", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.DarkEyes, f.LowerHalf = 0.8, &covered }), []string{"face_unclear"},
			map[string]any{"dark_eyes": 0.8, "lower_half": 0.08}},
		{"a small clear face behind the person's masked one", "handheld_personal_document", filing.FacesByUltraFace,
			append(changed(func(f *filing.Face) { f.LowerHalf = &covered }), filing.Face{Box: [4]float64{0, 0, 80, 90}, Confidence: 1}),
			[]string{"face_unclear"}, map[string]any{"lower_half": 0.08}},
		{"nobody looked for faces", "handheld_personal_document", "", nil, []string{"not_measured"}, nil},
		{"the weaker detector found the person", "handheld_personal_document", filing.FacesByPigo,
			changed(func(f *filing.Face) { f.LowerHalf, f.Confidence = nil, 0.95 }), none, nil},
		{"the weaker detector found nobody", "handheld_personal_document", filing.FacesByPigo, []filing.Face{portrait()}, []string{"not_measured"}, nil},
		{"an ID card needs no person", "principal_id", filing.FacesByUltraFace, nil, none, nil},
		{"an ID card needs no detector", "principal_id", "", nil, none, nil},
		{"a passer-by on the photo of a card is nobody's business", "principal_id", filing.FacesByUltraFace,
			changed(func(f *filing.Face) { f.EdgeWidthPx = 90 }), none, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := FileInput{Measurements: photo(), Limits: GuideLimits(), Declared: filing.Declared{Material: c.material, Page: filing.PageFront}}
			in.Measurements.FacesBy, in.Measurements.Faces = c.by, c.faces
			findings := File(in)
			codes := []string{}
			for _, f := range findings {
				codes = append(codes, f.Code)
			}
			if diff := cmp.Diff(c.codes, codes); diff != "" {
				t.Fatalf("findings (-want +got):\n%s", diff)
			}
			checkFindings(t, c.name, findings)
			if c.measured != nil {
				if diff := cmp.Diff(c.measured, findings[0].Measured); diff != "" {
					t.Errorf("measured (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestADamagedHandheldPhotoIsOnlyDamaged(t *testing.T) {
	t.Parallel()
	in := FileInput{Measurements: photo(), Limits: GuideLimits(), Declared: filing.Declared{Material: "handheld_personal_document"}}
	in.Measurements.Decode = &filing.Decode{Reason: filing.DecodeTruncated}
	findings := File(in)
	if len(findings) != 1 || findings[0].Code != "image_damaged" {
		t.Errorf("findings: %v", findings)
	}
}
