package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// wholeFiling is a stored filing that has all that the rules ask of it, each file good by itself: what is said of it is said of its
// files together.
type wholeFiling struct {
	id    string
	facts *filing.Facts
	rows  storage.FilingRows
	// front and back are the ids of the principal's two sides.
	front, back string
}

// newWhole draws the first filing of the population from the n-th on that asks for two sides of the principal's card, for nothing that
// is no file, and for nobody's face.
func newWhole(t *testing.T, set *rules.Set, n int) *wholeFiling {
	t.Helper()
	f := newFiller(t, set)
	limits := set.UploadLimits(f.asOf)
	for ; ; n++ {
		text := f.facts(n)
		facts, err := filing.ParseFacts(text)
		if err != nil {
			t.Fatal(err)
		}
		setDate(facts, f.asOf)
		outcome := set.Evaluate(facts)
		// An individual's card, and that of a principal who manages the site too, is one document under several names.
		if same := facts.Get(filing.FactSiteManagerSameAsPrincipal); same.Num != 0 || facts.Text(filing.FactApplicantType) == "individual" {
			continue
		}
		if len(outcome.Blockers)+len(outcome.Undecided) > 0 || len(outcome.Required) == 0 {
			continue
		}
		w := &wholeFiling{id: filingID(n), facts: facts}
		at := noon.Add(-time.Hour)
		w.rows.Filings = []storage.Filing{{ID: w.id, Owner: "app", Facts: text, Revision: 1, State: storage.FilingOpen, CreatedAt: at, UpdatedAt: at}}
		words := false
		for i := range outcome.Required {
			r := &outcome.Required[i]
			code := r.Material
			if code == "" {
				code = r.AnyOf[0]
			}
			m, _ := checks.MaterialOf(code)
			pages := m.Pages(facts.Text(filing.FactApplicantType))
			words = words || len(pages) == 0 || strings.HasPrefix(code, "handheld") // nobody drew these photos, so that there is no face
			for _, page := range pages {
				declared := filing.Declared{Material: code, Page: page, Of: r.Of}
				if id := w.add(t, declared, limits); code == "principal_id" && page == filing.PageFront {
					w.front = id
				} else if code == "principal_id" {
					w.back = id
				}
			}
		}
		if !words && w.front != "" && w.back != "" {
			return w
		}
	}
}

// add gives the filing a file that passes by itself.
func (w *wholeFiling) add(t *testing.T, declared filing.Declared, limits filing.UploadLimits) string {
	t.Helper()
	at, i := noon.Add(-time.Hour), len(w.rows.Materials)
	m := measured(700_000 + int64(i))
	sum := storage.DigestOf(fmt.Appendf(nil, "whole %s %d", w.id, i)).String()
	id := fmt.Sprintf("01930000-%04x-7000-8000-%s", i+1, w.id[len(w.id)-12:])
	basis, err := basisOf(fileInput(declared, ".jpg", limits, PartiesOf(w.facts)), m.Analyzer, readBasis{})
	if err != nil {
		t.Fatal(err)
	}
	w.rows.Contents = append(w.rows.Contents, storage.ContentRow{SHA256: sum, Bytes: m.Bytes, Format: m.Format, CreatedAt: at})
	w.rows.Materials = append(w.rows.Materials, storage.Material{
		ID: id, FilingID: w.id, SHA256: sum, Material: declared.Material, Page: declared.Page, Of: declared.Of, Extension: ".jpg",
		State: filing.MaterialChecked, UploadedAt: at,
	})
	w.rows.Measurements = append(w.rows.Measurements, storage.MeasurementRow{SHA256: sum, Analyzer: m.Analyzer, CreatedAt: at})
	w.rows.Checks = append(w.rows.Checks, storage.Check{
		MaterialID: id, Verdict: filing.VerdictPass, Findings: []byte("[]"), Analyzer: m.Analyzer, ChecksVersion: checks.Version, CheckedAt: at, Basis: basis,
	})
	w.measure(t, id, 10)
	return id
}

// measure says at how many pixels per millimetre a file shows its card.
func (w *wholeFiling) measure(t *testing.T, id string, scale float64) {
	t.Helper()
	i := slices.IndexFunc(w.rows.Materials, func(m storage.Material) bool { return m.ID == id })
	m := measured(700_000 + int64(i))
	m.Document = &filing.Document{
		Confidence: 0.95, FrameShare: 0.4, Formats: []filing.FormatFit{{Format: filing.FormatID1, Likelihood: 0.95, PxPerMM: scale}},
	}
	var err error
	if w.rows.Measurements[i].Data, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
}

func (w *wholeFiling) store(t *testing.T, records *storage.Records) {
	t.Helper()
	if err := records.ImportFilings(t.Context(), w.rows); err != nil {
		t.Fatal(err)
	}
}

// kept is the verdict that is kept of the filing, which has to be the one of its report.
func (w *wholeFiling) kept(t *testing.T, p *Pipeline) (filing.Verdict, []string) {
	t.Helper()
	v, err := p.Records.KeptVerdict(t.Context(), w.id)
	if err != nil {
		t.Fatal(err)
	}
	report, err := p.Report(t.Context(), operator(), w.id)
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != v.Verdict {
		t.Errorf("kept is %s, the report says %s", v.Verdict, report.Verdict)
	}
	return v.Verdict, foundTogether(&v)
}

// sides asks for a composite of the principal's two sides, and draws up what its picture would be.
func (w *wholeFiling) sides(t *testing.T, records *storage.Records) (storage.Composite, filing.Composite) {
	t.Helper()
	recipe := compositeRecipe{Composition: "sides", Of: "principal", Clause: "G6.upload.2", Layout: "sides"}
	made := filing.Composite{Layout: "sides", Rectified: true, Bytes: 3_500_000, SHA256: storage.DigestOf([]byte("both sides of " + w.id)).String()}
	for _, id := range []string{w.front, w.back} {
		m := w.rows.Materials[slices.IndexFunc(w.rows.Materials, func(m storage.Material) bool { return m.ID == id })]
		recipe.Parts = append(recipe.Parts, compositeSource{ID: id, Declared: declaredOf(&m)})
		made.Parts = append(made.Parts, filing.CompositePart{
			ID: id, Declared: declaredOf(&m), Source: m.SHA256, PxPerMM: 12, Predicted: &filing.PartLegibility{TextHeightPx: 15, EdgeWidthPx: 2},
		})
	}
	text, err := json.Marshal(recipe)
	if err != nil {
		t.Fatal(err)
	}
	row, err := records.CreateComposite(t.Context(), storage.Composite{FilingID: w.id, Recipe: text, RecipeDigest: "r", CreatedBy: "app"}, []string{w.front, w.back})
	if err != nil {
		t.Fatal(err)
	}
	return row, made
}

// find says what was found of a file by itself.
func (w *wholeFiling) find(t *testing.T, id string, verdict filing.Verdict, findings ...filing.Finding) {
	t.Helper()
	i := slices.IndexFunc(w.rows.Materials, func(m storage.Material) bool { return m.ID == id })
	text, err := json.Marshal(findings)
	if err != nil {
		t.Fatal(err)
	}
	w.rows.Checks[i].Verdict, w.rows.Checks[i].Findings = verdict, text
}

// The front of this filing's card is blurred, or its file is only too large: stitching mends the one and not the other. The composite
// was downloaded and uploaded again without a word about what it is.
func TestAnUploadedCompositeStandsForItsPartsInTheReportAndInARevalidation(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		set := embeddedRules(t)
		for n, c := range []struct {
			name    string
			found   filing.Finding
			verdict filing.Verdict
			state   filing.MatchState
		}{
			{"too large a file", filing.Finding{Code: "file_too_large", Severity: filing.SeverityError}, filing.VerdictPass, filing.MatchSatisfied},
			{"a blurred card", filing.Finding{Code: "blurred", Severity: filing.SeverityError}, filing.VerdictFail, filing.MatchRejected},
		} {
			w := newWhole(t, set, 1000*n)
			w.find(t, w.front, filing.VerdictFail, c.found)
			limits := set.UploadLimits(filing.Today(noon))
			upload := w.add(t, filing.Declared{}, limits)
			w.store(t, records)
			p := judgingFlow(t, records, set)
			row, made := w.sides(t, records)
			last := len(w.rows.Materials) - 1
			made.SHA256 = w.rows.Materials[last].SHA256
			var err error
			if row.Made, err = json.Marshal(keptComposite{Composite: made}); err != nil {
				t.Fatal(err)
			}
			row.Basis, row.Object = "b", "derivatives/x"
			if err := records.SaveComposite(t.Context(), row); err != nil {
				t.Fatal(err)
			}
			// Bases are those of the checks: nothing is judged anew but what is a composite by now.
			report := func() (filing.Verdict, *filing.Match) {
				t.Helper()
				r, err := p.Report(t.Context(), operator(), w.id)
				if err != nil {
					t.Fatal(err)
				}
				for i := range r.Required {
					if m := &r.Required[i]; m.Material == "principal_id" {
						return r.Verdict, m
					}
				}
				t.Fatal("nobody asks for the card")
				return "", nil
			}
			verdict, match := report()
			if verdict != c.verdict || match.State != c.state || !slices.Equal(match.Files, []string{upload}) {
				t.Errorf("%s: the report says %s, %s %v", c.name, verdict, match.State, match.Files)
			}
			if len(match.Matched) != 2 || match.Matched[0].Source != w.front || match.Matched[1].Source != w.back ||
				!strings.Contains(match.Explanation.ZH, "拼接图") || !strings.Contains(match.Explanation.EN, "composite") {
				t.Errorf("%s: matched %+v: %s %s", c.name, match.Matched, match.Explanation.ZH, match.Explanation.EN)
			}
			pass(t, p, RevalidationRequest{})
			if kept, _ := w.kept(t, p); kept != c.verdict {
				t.Errorf("%s: a revalidation says %s", c.name, kept)
			}

			// Without its record it is a picture like any other, of which nobody said what it is.
			if err := records.DeleteComposite(t.Context(), row.ID); err != nil {
				t.Fatal(err)
			}
			pass(t, p, RevalidationRequest{})
			if _, match := report(); slices.Contains(match.Files, upload) {
				t.Errorf("%s: it stands for parts that nobody knows: %+v", c.name, match)
			}
			w.kept(t, p)
		}
	})
}

// foundTogether are the findings of pairs and composites in a verdict that is kept.
func foundTogether(v *storage.Verdict) (found []string) {
	for _, text := range strings.Split(v.Items, "\n") {
		if item := parseItem(text); item.Finding != "" {
			found = append(found, string(item.Kind)+" "+item.Code+" "+item.Of+" "+item.Finding)
		}
	}
	return found
}

// The pipeline of these tests has no measurer, no reader and no store of objects: whatever touched a pixel would fail.
func TestAnotherThresholdForPairsChangesTheKeptVerdict(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		set := embeddedRules(t)
		w, same := newWhole(t, set, 0), newWhole(t, set, 500)
		w.measure(t, w.front, 10.5)
		w.store(t, records)
		same.store(t, records)
		p := judgingFlow(t, records, set)

		pass(t, p, RevalidationRequest{})
		if verdict, found := w.kept(t, p); verdict != filing.VerdictReview || !slices.Equal(found, []string{"pair principal_id principal front_back_scale_doubtful"}) {
			t.Fatalf("5 %% apart: %s %v", verdict, found)
		}
		if verdict, found := same.kept(t, p); verdict != filing.VerdictPass || found != nil {
			t.Fatalf("at one scale: %s %v", verdict, found)
		}

		for _, step := range []struct {
			name               string
			ratio, doubtful    float64
			verdict            filing.Verdict
			found              []string
			before, withChange string
		}{
			{"wider", 1.1, 1.2, filing.VerdictPass, nil, "review", "removed"},
			{"narrower", 1.01, 1.02, filing.VerdictFail, []string{"pair principal_id principal front_back_scale"}, "pass", "added"},
		} {
			table := checks.DefaultThresholds()
			table.ScaleRatio, table.ScaleRatioDoubtful = step.ratio, step.doubtful
			p.thresholds = &table
			run := pass(t, p, RevalidationRequest{})
			if run.Changed != 1 || run.Files != 0 || run.Measured != 0 {
				t.Errorf("%s: %d filings and %d files changed, %d measured", step.name, run.Changed, run.Files, run.Measured)
			}
			if verdict, found := w.kept(t, p); verdict != step.verdict || !slices.Equal(found, step.found) {
				t.Errorf("%s: %s %v", step.name, verdict, found)
			}
			changes := changesOf(t, p, run.ID)
			if len(changes) != 1 || changes[0].Filing != w.id || string(changes[0].Before) != step.before || changes[0].After != step.verdict {
				t.Fatalf("%s: %+v", step.name, changes)
			}
			items := changes[0].Added
			if step.withChange == "removed" {
				items = changes[0].Removed
			}
			if len(items) != 1 || items[0].Kind != ItemPair || !slices.Equal(items[0].Clauses, []string{"G6.upload.2"}) {
				t.Errorf("%s: %s %+v", step.name, step.withChange, items)
			}
			if again := pass(t, p, RevalidationRequest{}); again.Changed+again.First+again.Restated != 0 {
				t.Errorf("%s: running it again changed something: %+v", step.name, again)
			}
		}
	})
}

func TestAPairThatNoRuleAsksForDecidesNothing(t *testing.T) {
	t.Parallel()
	set := embeddedRules(t)
	w := newWhole(t, set, 0)
	limits := set.UploadLimits(filing.Today(noon))
	// The card of somebody whom nobody asks for, its sides at two scales.
	w.measure(t, w.add(t, filing.Declared{Material: "guardian_id", Page: filing.PageFront, Of: "guardian"}, limits), 20)
	w.add(t, filing.Declared{Material: "guardian_id", Page: filing.PageBack, Of: "guardian"}, limits)
	records := openTestRecords(t, "sqlite:"+t.TempDir()+"/records.db")
	w.store(t, records)
	p := judgingFlow(t, records, set)
	pass(t, p, RevalidationRequest{})
	if verdict, found := w.kept(t, p); verdict != filing.VerdictPass || !slices.Equal(found, []string{"pair guardian_id guardian front_back_scale"}) {
		t.Errorf("%s %v", verdict, found)
	}
}

func TestAnotherRuleChangesTheKeptVerdictOnACompositeAndSoDoesAReplacedSource(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		old := embeddedRules(t)
		smaller := changedRules(t, "upload_max_bytes: [{value: 4194304", "upload_max_bytes: [{value: 3000000", "base")
		w := newWhole(t, old, 0)
		w.measure(t, w.front, 12) // two scales: the repair below is what is handed in
		w.store(t, records)
		p := judgingFlow(t, records, old, smaller)
		pass(t, p, RevalidationRequest{})
		if verdict, _ := w.kept(t, p); verdict != filing.VerdictFail {
			t.Fatalf("two scales: %s", verdict)
		}

		row, made := w.sides(t, records)
		var err error
		step := func(name string, q RevalidationRequest, verdict filing.Verdict, want ...string) {
			t.Helper()
			// Of other files nobody can say what was kept: then the filing is judged anew, and did not change.
			if run := pass(t, p, q); run.Changed+run.Restated != 1 {
				t.Errorf("%s: %d changed, %d restated", name, run.Changed, run.Restated)
			}
			v, err := records.KeptVerdict(t.Context(), w.id)
			if err != nil {
				t.Fatal(err)
			}
			if found := foundTogether(&v); v.Verdict != verdict || !slices.Equal(found, want) {
				t.Errorf("%s: %s %v", name, v.Verdict, found)
			}
		}
		if row.Made, err = json.Marshal(made); err != nil {
			t.Fatal(err)
		}
		row.Basis, row.Object = "b", "derivatives/x"
		if err := records.SaveComposite(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		step("both sides in one picture", RevalidationRequest{}, filing.VerdictPass)
		w.kept(t, p)
		step("a smaller limit", RevalidationRequest{Rules: smaller.Hash()}, filing.VerdictFail, "composite sides principal file_too_large")
		step("the old limit", RevalidationRequest{}, filing.VerdictPass)
		table := checks.DefaultThresholds()
		table.PartTextPx = 16
		p.thresholds = &table
		step("higher print", RevalidationRequest{}, filing.VerdictFail, "composite sides principal part_illegible", "composite sides principal part_illegible")
		w.kept(t, p)
		p.thresholds = nil
		step("the old table", RevalidationRequest{}, filing.VerdictPass)

		sum := storage.DigestOf([]byte("another back"))
		if _, err := records.RecordUpload(t.Context(), storage.Upload{
			FilingID: w.id, Sum: sum, Bytes: 700_000, Format: filing.FormatJPEG,
			Declared: filing.Declared{Material: "principal_id", Page: filing.PageBack, Of: "principal"},
		}); err != nil {
			t.Fatal(err)
		}
		step("another back", RevalidationRequest{}, filing.VerdictReview, "composite sides principal composite_stale")
		w.kept(t, p)
	})
}
