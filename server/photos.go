package server

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/templates"
)

// cameraPolicy lets a page use the camera; every other answer forbids it (secureHeaders).
const cameraPolicy = "camera=(self), microphone=(), geolocation=()"

var placeKeys = regexp.MustCompile(`^[0-9a-f]{12}$`)

// placeKey names a place of a filing in a URL. Whom it belongs to may be a name, and names never travel in one.
func placeKey(p templates.Place) string {
	sum := sha256.Sum256([]byte(p.Material + "\x00" + string(p.Page) + "\x00" + p.Of))
	return hex.EncodeToString(sum[:6])
}

func (s *Server) routePhotos() {
	s.echo.GET("/filings/:id/photos/:place", s.visitor("get-report", s.photoPage))
	s.echo.GET("/filings/:id/letters/:place", s.visitor("get-filing", s.letterPage))
	s.echo.POST("/filings/:id/links/:link/revocation", s.visitor("revoke-link", s.revokeLinkPage))
}

// backTo is the page that a form came from: that of the place which it names, else the filing's.
func backTo(c echo.Context, filingID string) string {
	if key := c.QueryParam("place"); placeKeys.MatchString(key) {
		return "/filings/" + filingID + "/photos/" + key
	}
	return "/filings/" + filingID
}

// applicantsView is a filing as its applicant sees it: every place for a file, what is there, and what a reviewer said.
func (s *Server) applicantsView(ctx context.Context, id string) (*pipeline.FilingView, templates.Filing, error) {
	d, err := s.flow.Dossier(ctx, viewerOf(ctx), id)
	if err != nil {
		return nil, templates.Filing{}, err
	}
	view := filingView(d.Facts, d.Report)
	view.CanUpload = s.may(ctx, "upload-material") && d.State != storage.FilingAccepted
	tellReturned(&view, d.History)
	return d.FilingView, view, nil
}

// photoPage is one place of a filing: how its photo is to be taken, the camera, and what is to be said of the photo that is there.
func (s *Server) photoPage(c echo.Context) error {
	ctx := c.Request().Context()
	v, view, err := s.applicantsView(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	slot, place := placeOf(view.Slots, c.Param("place"))
	if place == nil { // the facts changed, and it is not asked for any more
		return c.Redirect(http.StatusSeeOther, "/filings/"+v.ID)
	}
	page := templates.Photo{
		Filing: v.ID, Slot: slot, Place: *place, Next: nextPlace(view.Slots, place.Key), Done: view.Done, Total: len(view.Slots),
		CanUpload: view.CanUpload, CanSubmit: s.may(ctx, "submit-filing") && (v.State == storage.FilingOpen || v.State == storage.FilingReturned),
	}
	if f := place.File; f != nil {
		page.Seen = seenOf(f)
		if f.MadeFrom != "" {
			if page.Before, err = s.flow.Material(ctx, viewerOf(ctx), f.MadeFrom); err != nil {
				return err
			}
		}
	}
	c.Response().Header().Set("Permissions-Policy", cameraPolicy)
	return s.page(c, http.StatusOK, "photo", page)
}

// pairOf is what was found when a file was held beside the other side of its document; nil where there is nothing to tell.
func pairOf(report *filing.Report, f *filing.MaterialReport) *templates.Together {
	if f == nil || f.Verdict == filing.VerdictFail { // it is to be taken again anyway
		return nil
	}
	i := slices.IndexFunc(report.Pairs, func(p filing.PairReport) bool { return p.Front == f.ID || p.Back == f.ID })
	if i < 0 || len(report.Pairs[i].Findings) == 0 && report.Pairs[i].Composite == "" {
		return nil
	}
	if slices.ContainsFunc(report.Files, func(o filing.MaterialReport) bool {
		return (o.ID == report.Pairs[i].Front || o.ID == report.Pairs[i].Back) && o.Verdict == filing.VerdictFail
	}) {
		return nil // its other side is, and then the two are held beside each other anew
	}
	pair := &templates.Together{PairReport: report.Pairs[i]}
	for _, one := range pair.Findings {
		if one.Overruled == nil {
			pair.Repair = cmp.Or(pair.Repair, one.Repair)
		}
	}
	return pair
}

// tellReturned puts the reasons for which the filing was last given back beside what they concern, as long as nobody accepted it
// since. A file that was replaced is followed to the one that stands in its place now.
func tellReturned(view *templates.Filing, history []pipeline.ReviewEvent) {
	if view.Review == nil || view.Review.State == storage.FilingAccepted {
		return
	}
	var last *pipeline.ReviewEvent
	for i := range history {
		switch history[i].Decision {
		case storage.DecisionReturn:
			last = &history[i]
		case storage.DecisionAccept:
			last = nil
		}
	}
	if last == nil {
		return
	}
	files := view.Report.Files
	byID := make(map[string]*filing.MaterialReport, len(files))
	for i := range files {
		byID[files[i].ID] = &files[i]
	}
	for _, reason := range last.Reasons {
		concerned := placesOf(reason, view.Slots, byID, last.At)
		for _, place := range concerned {
			place.Returned = append(place.Returned, templates.Returned{Reason: reasonOf(reason, byID), Mended: sentSince(place, last.At)})
		}
		if len(concerned) == 0 {
			view.Reasons = append(view.Reasons, reasonWords(reason))
		}
	}
	for _, slot := range view.Slots {
		for _, place := range slot.Places {
			if sentSince(&place, last.At) {
				view.Resent = append(view.Resent, place)
			}
		}
	}
}

// placesOf are the places that a reviewer's reason is about: where the file was, or, where nothing was there, those of the material
// that was asked for and that had no file then.
func placesOf(reason filing.ReviewReason, slots []templates.Slot, files map[string]*filing.MaterialReport, at time.Time) []*templates.Place {
	var about, empty []*templates.Place
	for i := range slots {
		for j := range slots[i].Places {
			place := &slots[i].Places[j]
			switch {
			case reason.Material != "":
				if wasAt(files[reason.Material], place, files) {
					about = append(about, place)
				}
			case reason.Requirement == place.Material:
				about = append(about, place)
				if place.File == nil || sentSince(place, at) {
					empty = append(empty, place)
				}
			}
		}
	}
	if len(empty) > 0 {
		return empty
	}
	return about
}

// wasAt reports whether a file was sent to a place, or stands there, or the file that it was replaced by does.
func wasAt(f *filing.MaterialReport, place *templates.Place, files map[string]*filing.MaterialReport) bool {
	if f == nil {
		return false
	}
	if d := f.Declared; d != nil && d.Material == place.Material && cmp.Or(d.Page, filing.PageFront) == place.Page && d.Of == place.Of {
		return true
	}
	for steps := 0; f.ReplacedBy != "" && files[f.ReplacedBy] != nil && steps < len(files); steps++ {
		f = files[f.ReplacedBy]
	}
	return place.File != nil && f.ID == place.File.ID
}

func sentSince(place *templates.Place, at time.Time) bool {
	return place.File != nil && place.File.UploadedAt.After(at)
}

// reasonOf is a reviewer's reason in words: what the finding said of the file, else what such a finding is called.
func reasonOf(reason filing.ReviewReason, files map[string]*filing.MaterialReport) filing.Text {
	if f := files[reason.Material]; f != nil {
		if i := slices.IndexFunc(f.Findings, func(one filing.Finding) bool { return one.Code == reason.Code }); i >= 0 {
			return f.Findings[i].Message
		}
	}
	reason.Requirement = "" // it stands beside its material
	return reasonWords(reason)
}

// validLinks are the links to a filing that open it now.
func (s *Server) validLinks(ctx context.Context, id string) ([]templates.Link, error) {
	links, err := s.flow.Links(ctx, viewerOf(ctx), id)
	if err != nil {
		return nil, err
	}
	var out []templates.Link
	for _, l := range links {
		if l.RevokedAt == nil && l.ExpiresAt.After(s.flow.Now()) {
			out = append(out, templates.Link{ID: l.ID, Until: l.ExpiresAt})
		}
	}
	return out, nil
}

func (s *Server) revokeLinkPage(c echo.Context) error {
	ctx := c.Request().Context()
	if err := s.flow.RevokeLink(ctx, viewerOf(ctx), c.Param("id"), c.Param("link")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/filings/"+c.Param("id"))
}

func placeOf(slots []templates.Slot, key string) (templates.Slot, *templates.Place) {
	for _, slot := range slots {
		for i := range slot.Places {
			if slot.Places[i].Key == key {
				return slot, &slot.Places[i]
			}
		}
	}
	return templates.Slot{}, nil
}

// nextPlace is the place that wants a photo next, after the one of this key and then from the beginning; nil where none does.
func nextPlace(slots []templates.Slot, key string) *templates.Place {
	var before, after *templates.Place
	passed := false
	for _, slot := range slots {
		for i := range slot.Places {
			p := &slot.Places[i]
			switch {
			case p.Key == key:
				passed = true
			case slot.State == filing.MatchSatisfied || slot.State == filing.MatchPending || p.File != nil && p.File.Verdict != filing.VerdictFail:
			case passed && after == nil:
				after = p
			case !passed && before == nil:
				before = p
			}
		}
	}
	return cmp.Or(after, before)
}

// figureOf is the shape of what is photographed for a page of a material: for its examples, and for the frame in the camera.
func figureOf(material string, page filing.Page, of string, parties checks.Parties) templates.Figure {
	card := templates.FigureCardFront
	if page == filing.PageBack {
		card = templates.FigureCardBack
	}
	switch material {
	case "applicant_document":
		if parties.Applicant == checks.Individual {
			return card
		}
	case "principal_id", "site_manager_id":
		document := parties.PrincipalDocument
		if of == "site_manager" && (parties.SiteManagerIsPrincipal == nil || !*parties.SiteManagerIsPrincipal) {
			document = parties.SiteManagerDocument
		}
		if document != "passport" {
			return card
		}
	case "legal_representative_id", "guardian_id", "domain_holder_id", "residence_permit", "student_card":
		return card
	case "handheld_unit_document", "handheld_personal_document":
		return templates.FigureHandheld
	case "domain_certificate":
		return templates.FigureCertificate
	case "verification_sheet", "beijing_confirmation", "property_certificate":
		return templates.FigureComposite
	}
	return templates.FigurePage
}

// seenOf numbers what was found in a picture, the worst first, and marks where it is.
func seenOf(f *filing.MaterialReport) *templates.Seen {
	seen := &templates.Seen{Findings: make([]templates.SeenFinding, 0, len(f.Findings))}
	for _, one := range f.Findings {
		seen.Findings = append(seen.Findings, templates.SeenFinding{Finding: one})
	}
	weight := map[filing.Severity]int{filing.SeverityError: 0, filing.SeverityWarning: 1, filing.SeverityInfo: 2}
	slices.SortStableFunc(seen.Findings, func(a, b templates.SeenFinding) int { return cmp.Compare(weight[a.Severity], weight[b.Severity]) })
	m := f.Measurements
	if m == nil || m.Width == 0 || m.Height == 0 {
		return seen
	}
	seen.Width, seen.Height, seen.Parts = m.Width, m.Height, partsSeen(f)
	for i := range seen.Findings {
		regions := regionsOf(&seen.Findings[i].Finding, m)
		if len(regions) == 0 || seen.Findings[i].Overruled != nil {
			continue
		}
		mark := templates.Mark{
			Number: len(seen.Marks) + 1, Severity: seen.Findings[i].Severity, Regions: regions, R: float64(max(m.Width, m.Height)) / 22,
		}
		mark.X, mark.Y = badge(regions[0], float64(m.Width), float64(m.Height), mark.R)
		for _, other := range seen.Marks { // two badges side by side, not one on the other
			if dx, dy := mark.X-other.X, mark.Y-other.Y; dx*dx+dy*dy < 4*mark.R*mark.R {
				mark.X = other.X + 2.4*mark.R
			}
		}
		seen.Findings[i].Mark = mark.Number
		seen.Marks = append(seen.Marks, mark)
	}
	return seen
}

// regionsOf is where a finding is: a finding names the largest place only, and for reflections and fingers the others help, too.
func regionsOf(f *filing.Finding, m *filing.Measurements) [][]filing.Point {
	switch {
	case f.Code == "glare" && m.Glare != nil && len(m.Glare.Regions) > 0:
		return m.Glare.Regions
	case f.Code == "document_occluded" && m.Document != nil && len(m.Document.Occlusions) > 0:
		return m.Document.Occlusions
	case len(f.Region) >= 3:
		return [][]filing.Point{f.Region}
	default:
		return nil
	}
}

// badge is where the number of a region stands: beside its first corner, so that what it is about is seen, and wholly in the picture.
func badge(region []filing.Point, width, height, r float64) (x, y float64) {
	return min(max(region[0][0]-r/2, r), width-r), min(max(region[0][1]-r/2, r), height-r)
}
