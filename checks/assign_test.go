package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/preflight-icp/preflight/filing"
)

// drawnFiling is a small filing in which several files do not say whose they are.
func drawnFiling(t *rapid.T) MatchInput {
	materials := []string{"domain_certificate", "residence_permit", "social_insurance_proof"}
	parties := []string{"principal", "site_manager", "legal_representative"}
	in := MatchInput{Parties: Parties{Applicant: Enterprise, SiteManagerIsPrincipal: new(false)}}
	seen := map[string]bool{}
	for range rapid.IntRange(2, 5).Draw(t, "requirements") {
		codes := rapid.SliceOfNDistinct(rapid.SampledFrom(materials), 1, 2, rapid.ID[string]).Draw(t, "codes")
		s := strings.Join(codes, "|") + "@" + rapid.SampledFrom(parties).Draw(t, "of")
		if !seen[s] {
			seen[s] = true
			in.Outcome.Required = append(in.Outcome.Required, requirement(s))
		}
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "files") {
		in.Files = append(in.Files, MatchFile{
			ID: fmt.Sprint(i), State: filing.MaterialChecked,
			Declared: filing.Declared{
				Material: rapid.SampledFrom(materials).Draw(t, "material"),
				Page:     rapid.SampledFrom([]filing.Page{"", filing.PageFront, filing.PageFront, filing.PageBack}).Draw(t, "page"),
				Of:       rapid.SampledFrom(append([]string{"", "", ""}, parties...)).Draw(t, "file of"),
			},
			Verdict: rapid.SampledFrom([]filing.Verdict{filing.VerdictPass, filing.VerdictPass, filing.VerdictFail}).Draw(t, "verdict"),
		})
	}
	return in
}

// tried is what trying every assignment one after the other finds: the best value, and for each file the documents that it has
// in some assignment of that value.
type tried struct {
	best covered
	has  []map[int]bool
}

// try puts each file that can be used onto every page that it can cover, or on none. It shares with the product which places
// there are, and nothing of how they are assigned; a file that cannot be used takes a place away from the others.
func try(m *matcher) tried {
	g := m.newGraph()
	out := tried{has: make([]map[int]bool, len(m.files))}
	for i := range out.has {
		out.has[i] = map[int]bool{}
	}
	type spot struct {
		at    int
		place int32
	}
	spots := make([][]spot, len(m.files))
	for i := range m.files {
		f := &m.files[i]
		options := m.options[f.from:f.to]
		if f.at >= 0 {
			options = []int32{int32(f.at)}
		}
		for _, at := range options {
			for _, p := range g.appendPlaces(nil, int(at), f.page) {
				spots[i] = append(spots[i], spot{int(at), p})
			}
		}
	}
	taken := make([]bool, len(g.owner))
	better := func(a, b covered) bool { return a.pages > b.pages || a.pages == b.pages && a.certain > b.certain }
	var walk func(i int, c covered, at []int)
	walk = func(i int, c covered, at []int) {
		if i == len(m.files) {
			if better(c, out.best) {
				out.best = c
				for j := range out.has {
					clear(out.has[j])
				}
			}
			if c == out.best {
				for j, d := range at {
					if d >= 0 {
						out.has[j][d] = true
					}
				}
			}
			return
		}
		walk(i+1, c, append(at, -1))
		for _, s := range spots[i] {
			if taken[s.place] {
				continue
			}
			taken[s.place] = true
			next := c
			if m.files[i].quality >= pending {
				if next.pages++; m.files[i].at >= 0 {
					next.certain++
				}
			}
			walk(i+1, next, append(at, s.at))
			taken[s.place] = false
		}
	}
	walk(0, covered{}, nil)
	return out
}

// Trying every assignment of small filings finds the same: how many pages the best covers, and which files have one document in
// all of the best.
func TestTheAssignmentIsTheBestOfAll(t *testing.T) {
	t.Parallel()
	decided, left := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		in := drawnFiling(t)
		m := newMatcher(&in, new(desk))
		for i := range m.files {
			m.place(i)
		}
		want := try(m)
		if got := m.newGraph().best(-1, -1); got != want.best {
			t.Fatalf("covers %+v, trying all covers %+v", got, want.best)
		}
		undecided := make([]bool, len(m.files))
		for i := range m.files {
			undecided[i] = m.files[i].undecided()
		}
		m.decide()
		for i := range m.files {
			if !undecided[i] {
				continue
			}
			at := -1
			if len(want.has[i]) == 1 {
				for at = range want.has[i] {
				}
			}
			if got := m.files[i].at; got != at {
				t.Fatalf("file %s goes to %d, and in the best assignments it has %v", m.files[i].ID, got, want.has[i])
			}
			if at >= 0 {
				decided++
			} else {
				left++
			}
		}
	})
	if decided == 0 || left == 0 {
		t.Errorf("%d files were decided and %d left: the draws do not reach both", decided, left)
	}
}

// Of the files that belong to a document those are used that make it stand best: trying every choice of files, pages and
// alternatives finds none better.
func TestTheFilesThatAreUsedAreTheBestOfAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawnFiling(t)
		for i := range in.Files {
			in.Files[i].Verdict = rapid.SampledFrom([]filing.Verdict{filing.VerdictPass, filing.VerdictReview, filing.VerdictFail}).Draw(t, "verdict")
			in.Files[i].State = rapid.SampledFrom([]string{filing.MaterialChecked, filing.MaterialChecked, filing.MaterialStored}).Draw(t, "state")
		}
		m := newMatcher(&in, new(desk))
		m.assign()
		for i := range m.required {
			r := &m.required[i]
			// Of an alternative as many pages as possible have a usable file, then any file, then the files are as good as they can
			// be; of the alternatives that counts of which least is left to do.
			got, best := m.stand(r), -1
			for j := range r.alternatives {
				a := &r.alternatives[j]
				most, stands := -1, -1
				choices := append([]int{-1}, m.wanted[a.at].files...)
				for _, front := range choices {
					for _, back := range choices {
						if front >= 0 && front == back || len(a.pages) == 1 && back >= 0 ||
							!shown(m, front, filing.PageFront) || !shown(m, back, filing.PageBack) {
							continue
						}
						value := 0
						for _, f := range []int{front, back} {
							if f < 0 {
								continue
							}
							if value += 100 + 10*int(m.files[f].quality); m.files[f].quality >= pending {
								value += 1000
							}
						}
						if state, worst := m.state(a, [2]int{front, back}); value > most {
							most, stands = value, 10*rank(state)+int(worst)
						}
					}
				}
				best = max(best, stands)
			}
			if now := 10*rank(got.state) + int(got.worst); now != best {
				t.Fatalf("%+v stands %s with %d, the best of all choices has %d", r.Requirement, got.state, got.worst, best)
			}
		}
	})
}

// shown reports whether a file may show a page.
func shown(m *matcher, i int, page filing.Page) bool {
	return i < 0 || m.files[i].page == "" || m.files[i].page == page
}

// A filing with a thousand certificates that name no domain is answered at once: what is alike is looked at once.
func TestAThousandUndeclaredFilesAreMatchedInTime(t *testing.T) {
	t.Parallel()
	var in MatchInput
	for i := range 1000 {
		in.Outcome.Required = append(in.Outcome.Required, requirement(fmt.Sprintf("domain_certificate@domain:d%d.example", i)))
		in.Files = append(in.Files, matchFile(fmt.Sprintf("%04d domain_certificate pass", i)))
	}
	start := time.Now()
	states, _ := Stand(in)
	if i := slices.IndexFunc(states, func(s filing.MatchState) bool { return s != filing.MatchMissing }); i >= 0 {
		t.Errorf("requirement %d is %s, and nobody said whose the files are", i, states[i])
	}
	in.Files = append(in.Files[:500], matchFile("5000 domain_certificate pass"))
	for i := range 999 {
		in.Files = append(in.Files, matchFile(fmt.Sprintf("%04d domain_certificate/front@domain:d%d.example pass", 6000+i, i)))
	}
	if states, _ := Stand(in); states[999] != filing.MatchSatisfied {
		t.Errorf("the only domain without a certificate is %s", states[999])
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What was read in files that say everything of themselves changes nothing: whoever judges a million filings need not look at it.
func TestWhatWasReadInFilesThatSayEverythingDecidesNothing(t *testing.T) {
	t.Parallel()
	reads := []string{"id_card/front,birth_date=1990-01-02", "id_card/back", "domain_certificate/front,domain=b.example", "business_license/front", "unknown"}
	rapid.Check(t, func(t *rapid.T) {
		in := drawnFiling(t)
		for i := range in.Files {
			d := &in.Files[i].Declared
			if d.Page == "" {
				d.Page = filing.PageFront
			}
			if d.Of == "" {
				d.Of = "principal"
			}
		}
		if NeedContent(in.Files) {
			t.Fatal("files that say everything need to be read")
		}
		states, verdict := Stand(in)
		for i := range in.Files {
			in.Files[i].Content = recognizedAs(rapid.SampledFrom(reads).Draw(t, "reads"))
		}
		if again, now := Stand(in); !slices.Equal(again, states) || now != verdict {
			t.Fatalf("%v %s, and with what was read %v %s", states, verdict, again, now)
		}
	})
}
