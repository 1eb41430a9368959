package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
)

// partKinds are the kinds of documents that a composite can be asked to hold.
var partKinds = []filing.DocumentKind{
	filing.DocumentIDCard, filing.DocumentResidencePermit, filing.DocumentTravelPermit, filing.DocumentPassport, filing.DocumentBusinessLicense,
	filing.DocumentAuthorizationLetter, filing.DocumentDomainCertificate, filing.DocumentHandheld, filing.DocumentLetter,
}

// parseParts reads id_card/front,id_card/back,business_license.
func parseParts(list string) ([]filing.PartWanted, error) {
	if list == "" {
		return nil, nil
	}
	var out []filing.PartWanted
	for part := range strings.SplitSeq(list, ",") {
		kind, page, sided := strings.Cut(strings.TrimSpace(part), "/")
		w := filing.PartWanted{Kind: filing.DocumentKind(kind), Page: filing.Page(page)}
		if !slices.Contains(partKinds, w.Kind) || sided && w.Page != filing.PageFront && w.Page != filing.PageBack {
			return nil, fmt.Errorf("--parts: %q is no kind of document, or no side of one; e.g. id_card/front,id_card/back,business_license", part)
		}
		out = append(out, w)
	}
	return out, nil
}

// ofOneDocument are the findings on where a photo's one document lies and how it can be read: of a stitched picture each part is
// judged by itself instead.
var ofOneDocument = []string{"several_documents", "document_not_found", "document_cut_off", "document_too_small", "document_tilted",
	"document_occluded", "resolution_too_low", "blurred", "glare", "kind_unrecognized", "kind_mismatch",
	// And what the check of the file said of its parts without knowing what must be there.
	"parts_scale", "part_missing", "front_back_scale", "front_back_scale_doubtful", "front_back_background", "front_back_light"}

// judgeParts holds a picture that somebody stitched against what it must contain; r is the report on the file, from which what was
// said of one document is taken out. Without a reader no kind is known, and a person looks.
func judgeParts(ctx context.Context, a *imaging.Analyzer, r *filing.FileReport, wanted []filing.PartWanted) (*filing.CompositeReport, error) {
	out := &filing.CompositeReport{File: r.File, Parts: []filing.SeenPart{}, Expected: wanted}
	m := r.Measurements
	if m == nil || m.Decode == nil || !m.Decode.Complete {
		out.Findings = checks.Composite(checks.CompositeInput{Wanted: wanted})
		out.Verdict = filing.VerdictOf(out.Findings)
		return out, nil
	}
	data, err := readPhoto(r.File)
	if err != nil {
		return nil, err
	}
	if out.Parts, err = a.Parts(ctx, data); err != nil {
		return nil, fmt.Errorf("%s: %w", r.File, err)
	}
	for i := range out.Parts {
		p := &out.Parts[i]
		one := p.Alone(m)
		one.Document.Confidence = 1 // it is the one that is to be read
		reading, err := a.Read(ctx, data, &one)
		if errors.Is(err, imaging.ErrNoReader) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.File, err)
		}
		kind := document.Recognize(reading).Kind
		p.Kind, p.Page = kind.Detected, kind.Page
	}
	out.Findings = checks.Composite(checks.CompositeInput{Measurements: *m, Parts: out.Parts, Wanted: wanted})
	out.Verdict = filing.VerdictOf(out.Findings)
	r.Findings = slices.DeleteFunc(r.Findings, func(f filing.Finding) bool { return f.Part > 0 || slices.Contains(ofOneDocument, f.Code) })
	r.Parts = nil
	r.Verdict = filing.VerdictOf(r.Findings)
	return out, nil
}
