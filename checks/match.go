package checks

import (
	"cmp"
	"slices"
	"sync"

	"github.com/preflight-icp/preflight/filing"
)

// MatchInput is a filing's requirements and its files.
type MatchInput struct {
	// Outcome is the rule engine's answer for the filing's facts.
	Outcome filing.Outcome
	// Files are the files of the filing, in any order.
	Files []MatchFile
	// Parties is what the facts say about whose documents these are.
	Parties Parties
	// Remarks: the facts carry remarks, which is what satisfies preapproval_remark.
	Remarks bool
}

// MatchFile is what matching knows of one uploaded file.
type MatchFile struct {
	// ID is the id of the material. Ids of files uploaded later are greater (UUIDv7), and of two equally good files for
	// one page the later counts.
	ID       string
	Declared filing.Declared
	// State is filing.MaterialStored, MaterialChecked or MaterialReplaced. What was replaced is not looked at.
	State string
	// Verdict is that on the file by itself, once it is checked.
	Verdict filing.Verdict
}

// Match holds the files of a filing against what the rules require: how each requirement stands, in the order of the
// outcome, what is wrong with the filing as a whole, and the verdict on it. It never returns nil lists.
//
//   - A file stands for the material and the party that it declares. Where it names no party it goes to the only
//     requirement of its material that is still open; with several open ones it is material_undeclared. A file that names
//     no page fills a page that no better file fills.
//   - One person's identity document is one document, whatever materials it is required as: an individual uploads it
//     once for applicant_document, principal_id and site_manager_id (notice upload_once), and so does a unit whose site
//     manager is the principal.
//   - Of several files for a page the best counts, of the alternatives of an any-of group the best one.
//   - The verdict is the worst of the files that are used and of the requirements: what is missing, incomplete or
//     rejected fails, as does any blocker; a file still being checked and an undecided clause need review.
//
// Findings of the filing come in the catalogue's order; each Match repeats those about itself, so that a checklist can
// show it by itself.
func Match(in MatchInput) ([]filing.Match, []filing.Finding, filing.Verdict) {
	m := matcher{c: loadCatalogue(), v: loadVocabulary(), p: &in.Parties, remarks: in.Remarks}
	m.require(in.Outcome.Required)
	m.take(in.Files)
	m.assignLoose()

	verdict := filing.VerdictPass
	matches := make([]filing.Match, len(m.required))
	findings := []filing.Finding{}
	told := map[document]bool{}
	for i := range m.required {
		r := &m.required[i]
		standing := m.stand(r)
		matches[i] = m.explain(r, standing)
		verdict = verdict.Worse(m.verdict(standing))
		if r.AnyOf == nil {
			// One document that is required under several names is missing once.
			if d := r.alternatives[0].document; told[d] {
				continue
			} else if len(matches[i].Findings) > 0 {
				told[d] = true
			}
		}
		findings = append(findings, matches[i].Findings...)
	}
	findings = append(findings, m.surplus()...)
	m.c.sort(findings)
	return matches, findings, verdict.Worse(ruled(&in.Outcome))
}

// ruled is what the rules alone mean for a filing, whatever its files.
func ruled(outcome *filing.Outcome) filing.Verdict {
	switch {
	case len(outcome.Blockers) > 0:
		return filing.VerdictFail
	case len(outcome.Undecided) > 0:
		return filing.VerdictReview
	}
	return filing.VerdictPass
}

// Stand is Match without a word: how each requirement stands, in the order of the outcome, and the same verdict. It
// costs a fraction, for whoever judges a million filings and explains none (revalidation).
func Stand(in MatchInput) ([]filing.MatchState, filing.Verdict) {
	space := desks.Get().(*desk)
	defer func() {
		*space = desk{} // nothing of a filing stays behind
		desks.Put(space)
	}()
	m := matcher{c: loadCatalogue(), v: loadVocabulary(), p: &in.Parties, remarks: in.Remarks}
	m.required, m.wanted, m.files = space.required[:0], space.wanted[:0], space.files[:0]
	m.require(in.Outcome.Required)
	m.take(in.Files)
	m.assignLoose()
	verdict := ruled(&in.Outcome)
	states := make([]filing.MatchState, len(m.required))
	for i := range m.required {
		standing := m.stand(&m.required[i])
		states[i] = standing.state
		verdict = verdict.Worse(m.verdict(standing))
	}
	return states, verdict
}

// matcher is one filing being matched.
type matcher struct {
	c        *catalogue
	v        *vocabulary
	p        *Parties
	remarks  bool
	required []required
	// wanted are the documents that some requirement asks for, in the order of the outcome.
	wanted []wanted
	files  []candidate
}

// desk is room for a filing of the usual size, so that matching one needs none from the heap; a larger one takes more.
type desk struct {
	required [20]required
	wanted   [20]wanted
	files    [16]candidate
}

// desks are kept from one filing to the next.
var desks = sync.Pool{New: func() any { return new(desk) }}

// find returns the place of a wanted document, -1 where nobody asks for it. There are a dozen: looking through them is
// cheaper than a map.
func (m *matcher) find(d document) int {
	for i := range m.wanted {
		if m.wanted[i].document == d {
			return i
		}
	}
	return -1
}

// required is a requirement with the documents that satisfy it, any one of them.
type required struct {
	*filing.Requirement
	alternatives []alternative
	// single holds the alternative of what is no any-of group.
	single [1]alternative
}

// alternative is a material that satisfies a requirement.
type alternative struct {
	material string
	document document
	pages    []filing.Page
	// words: it is satisfied by remarks in the facts, not by a file.
	words bool
}

// wanted is a document that is asked for, with the files that stand for it.
type wanted struct {
	document document
	// materials are the names under which it is asked for outside any-of groups.
	materials []string
	// pages are those of every alternative that asks for it.
	pages []filing.Page
	files []int
	// Room for the usual one name and two files.
	oneName  [1]string
	twoFiles [2]int
}

// candidate is a file that may stand for something.
type candidate struct {
	MatchFile
	quality quality
	// document is what it declares; its of is empty for a loose file, which does not say whose it is.
	document document
	loose    bool
	// unknown: it does not say what it is.
	unknown bool
	// ambiguous: it is loose, and several open requirements could be meant.
	ambiguous bool
}

// quality orders the files that could stand for a page.
type quality int

const (
	absent quality = iota
	failed
	pending
	reviewed
	passed
)

func qualityOf(f *MatchFile) quality {
	switch {
	case f.State != filing.MaterialChecked:
		return pending
	case f.Verdict == filing.VerdictPass:
		return passed
	case f.Verdict == filing.VerdictReview:
		return reviewed
	case f.Verdict == filing.VerdictFail:
		return failed
	default:
		return pending
	}
}

// require lists the documents that the outcome asks for.
func (m *matcher) require(requirements []filing.Requirement) {
	m.required = slices.Grow(m.required, len(requirements))[:len(requirements)]
	m.wanted = slices.Grow(m.wanted, len(requirements))
	for i := range requirements {
		r, req := &m.required[i], &requirements[i]
		r.Requirement = req
		if req.AnyOf == nil {
			r.single[0] = m.alternative(req.Material, req.Of)
			r.alternatives = r.single[:]
		} else {
			r.alternatives = make([]alternative, len(req.AnyOf))
			for j, code := range req.AnyOf {
				r.alternatives[j] = m.alternative(code, req.Of)
			}
		}
		for _, a := range r.alternatives {
			if a.words {
				continue
			}
			at := m.find(a.document)
			if at < 0 {
				at = len(m.wanted)
				m.wanted = append(m.wanted, wanted{document: a.document})
				w := &m.wanted[at]
				w.materials, w.files = w.oneName[:0], w.twoFiles[:0]
			}
			w := &m.wanted[at]
			if req.AnyOf == nil && !slices.Contains(w.materials, a.material) {
				w.materials = append(w.materials, a.material)
			}
			if len(a.pages) > len(w.pages) {
				w.pages = a.pages // the front comes first, so that the longer list holds the shorter
			}
		}
	}
}

// frontOnly are the pages of a material that the vocabulary does not know (yet).
var frontOnly = []filing.Page{filing.PageFront}

func (m *matcher) alternative(code, of string) alternative {
	a := alternative{material: code, document: m.p.document(code, of), pages: frontOnly}
	if material := m.v.byCode[code]; material != nil {
		if of == "" {
			a.document = m.p.document(code, owner(material))
		}
		a.pages = m.p.pages(material, a.document.of)
		a.words = len(material.pages[""]) == 0
	}
	return a
}

// take sorts the files in and gives those that say whose they are to the documents that they say they are.
func (m *matcher) take(files []MatchFile) {
	m.files = slices.Grow(m.files, len(files))
	for i := range files {
		if f := &files[i]; f.State != filing.MaterialReplaced {
			m.files = append(m.files, candidate{MatchFile: *f, quality: qualityOf(f)})
		}
	}
	byID := func(a, b candidate) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(m.files, byID) {
		slices.SortStableFunc(m.files, byID)
	}
	for i := range m.files {
		f := &m.files[i]
		of := f.Declared.Of
		material := m.v.byCode[f.Declared.Material]
		if material == nil && !m.asksFor(f.Declared.Material) {
			f.unknown = true
			continue
		}
		if of == "" && material != nil {
			of = owner(material)
		}
		f.document = m.p.document(f.Declared.Material, of)
		if at := m.find(f.document); at >= 0 && of != "" {
			m.wanted[at].files = append(m.wanted[at].files, i)
		} else if f.Declared.Of == "" {
			// Nobody is asked for it whom it usually belongs to: it may be the one of whoever is.
			f.document, f.loose = document{kind: f.document.kind}, true
		}
	}
}

// asksFor reports whether some requirement asks for a material, of whomever.
func (m *matcher) asksFor(material string) bool {
	for i := range m.required {
		for _, a := range m.required[i].alternatives {
			if a.material == material {
				return true
			}
		}
	}
	return false
}

// assignLoose gives files that do not say whose they are to the only open requirement of their material. All that is
// clear is given in rounds, each looking at the state before it, so that the order of files and requirements does not
// matter: what one round settles may leave a single choice for the next.
func (m *matcher) assignLoose() {
	var materials []string
	for _, f := range m.files {
		if f.loose && !slices.Contains(materials, f.Declared.Material) {
			materials = append(materials, f.Declared.Material)
		}
	}
	for len(materials) > 0 {
		targets := make([]int, len(materials))
		settled := false
		for i, material := range materials {
			targets[i] = m.onlyOpen(material)
			settled = settled || targets[i] >= 0
		}
		if !settled {
			break
		}
		var left []string
		for i, material := range materials {
			if targets[i] < 0 {
				left = append(left, material)
				continue
			}
			w := &m.wanted[targets[i]]
			for j := range m.files {
				if f := &m.files[j]; f.loose && f.Declared.Material == material {
					f.loose, f.document = false, w.document
					w.files = append(w.files, j)
				}
			}
			slices.Sort(w.files)
		}
		materials = left
	}
	for i := range m.files {
		f := &m.files[i]
		f.ambiguous = f.loose && m.anyOpen(f.Declared.Material)
	}
}

// onlyOpen returns the place of the only wanted document of a material that an open requirement asks for, -1 where
// there is none or more than one.
func (m *matcher) onlyOpen(material string) int {
	only := -1
	for i := range m.required {
		r := &m.required[i]
		for _, a := range r.alternatives {
			if a.material != material || a.words || !m.open(r) {
				continue
			}
			at := m.find(a.document)
			if only >= 0 && only != at {
				return -1
			}
			only = at
		}
	}
	return only
}

func (m *matcher) anyOpen(material string) bool {
	for i := range m.required {
		for _, a := range m.required[i].alternatives {
			if a.material == material && m.open(&m.required[i]) {
				return true
			}
		}
	}
	return false
}

func (m *matcher) open(r *required) bool {
	switch m.stand(r).state {
	case filing.MatchSatisfied, filing.MatchPending:
		return false
	}
	return true
}

// standing is how a requirement stands with its best alternative.
type standing struct {
	alternative *alternative
	state       filing.MatchState
	// files stand for the alternative's pages, in their order; -1 where there is none.
	files [2]int
	worst quality
}

// stand finds the best alternative of a requirement; of equal ones the first.
func (m *matcher) stand(r *required) standing {
	var best standing
	for i := range r.alternatives {
		s := m.fill(&r.alternatives[i])
		if i == 0 || rank(s.state) > rank(best.state) || rank(s.state) == rank(best.state) && s.worst > best.worst {
			best = s
		}
	}
	return best
}

// rank orders states by how little is left to do.
func rank(s filing.MatchState) int {
	switch s {
	case filing.MatchSatisfied:
		return 4
	case filing.MatchPending:
		return 3
	case filing.MatchIncomplete:
		return 2
	case filing.MatchRejected:
		return 1
	default:
		return 0
	}
}

// fill puts the best files on the pages of an alternative. A material has two pages at most and a page needs no more
// than its two best files to choose from (the best one may be needed on the other page), so that trying every choice
// is exact and cheap however many files there are.
func (m *matcher) fill(a *alternative) standing {
	s := standing{alternative: a, state: filing.MatchMissing, files: [2]int{-1, -1}}
	if a.words {
		if m.remarks {
			s.state, s.worst = filing.MatchSatisfied, passed
		}
		return s
	}
	files := m.wanted[m.find(a.document)].files
	if len(files) == 0 {
		return s
	}
	front := m.bestTwo(files, a.pages[0])
	back := [3]int{-1, -1, -1}
	if len(a.pages) > 1 {
		back = m.bestTwo(files, a.pages[1])
	}
	best := -1
	for _, f := range front {
		for _, b := range back {
			if f >= 0 && f == b {
				continue
			}
			if score := m.score(f) + m.score(b); score > best {
				best, s.files = score, [2]int{f, b}
			}
		}
	}
	s.state, s.worst = m.state(a, s.files)
	return s
}

// bestTwo returns the two best files for a page, -1 where there is none; the last is always -1 (leave it empty).
func (m *matcher) bestTwo(files []int, page filing.Page) [3]int {
	best := [3]int{-1, -1, -1}
	for _, i := range files {
		if p := m.files[i].Declared.Page; p != page && p != "" {
			continue
		}
		switch {
		case best[0] < 0 || m.score(i) >= m.score(best[0]):
			best[0], best[1] = i, best[0]
		case best[1] < 0 || m.score(i) >= m.score(best[1]):
			best[1] = i
		}
	}
	return best
}

// score weighs a file on a page: first of all that it may be used, then that there is one, then how good it is, then
// that it says which page it is. Later files win ties (bestTwo).
func (m *matcher) score(i int) int {
	if i < 0 {
		return 0
	}
	f := &m.files[i]
	score := 100 + 10*int(f.quality)
	if f.quality >= pending {
		score += 1000
	}
	if f.Declared.Page != "" {
		score++
	}
	return score
}

// state tells how an alternative stands with the files on its pages, and the worst of them.
func (m *matcher) state(a *alternative, files [2]int) (filing.MatchState, quality) {
	worst, there, missing := passed, 0, 0
	for i := range a.pages {
		if files[i] < 0 {
			missing++
			continue
		}
		there++
		worst = min(worst, m.files[files[i]].quality)
	}
	switch {
	case there == 0:
		return filing.MatchMissing, absent
	case missing > 0:
		return filing.MatchIncomplete, worst
	case worst == failed:
		return filing.MatchRejected, worst
	case worst == pending:
		return filing.MatchPending, worst
	default:
		return filing.MatchSatisfied, worst
	}
}

// verdict is what a requirement means for the filing.
func (m *matcher) verdict(s standing) filing.Verdict {
	switch {
	case s.state == filing.MatchPending, s.state == filing.MatchSatisfied && s.worst == reviewed:
		return filing.VerdictReview
	case s.state == filing.MatchSatisfied:
		return filing.VerdictPass
	default:
		return filing.VerdictFail
	}
}

// explain makes the report's line about a requirement.
func (m *matcher) explain(r *required, s standing) filing.Match {
	a := s.alternative
	out := filing.Match{Requirement: *r.Requirement, State: s.state, Files: []string{}, Findings: []filing.Finding{}}
	var have, missing, bad []filing.Page
	var badFiles []string
	for i, page := range a.pages {
		switch {
		case s.files[i] < 0:
			missing = append(missing, page)
			continue
		case m.files[s.files[i]].quality == failed:
			bad = append(bad, page)
			badFiles = append(badFiles, m.files[s.files[i]].ID)
		}
		have = append(have, page)
		out.Files = append(out.Files, m.files[s.files[i]].ID)
	}

	// What the findings are about: the material and whose it is, and every material that is the same document.
	shared := m.shared(r, a)
	about := func() map[string]any {
		measured := map[string]any{"material": a.material, "of": r.Of}
		if shared != nil {
			measured["materials"] = shared
		}
		return measured
	}
	var v values
	if (s.state != filing.MatchSatisfied && s.state != filing.MatchPending) || bad != nil {
		v = values{
			"material": m.c.materialText(m.p, a.material, r.Of), "of": m.c.partyText(m.p, r.Of),
			"missing": m.pagesText(missing, a), "failed": m.pagesText(bad, a), "have": m.pagesText(have, a),
		}
	}
	add := func(code string, w wording, measured, limit map[string]any) {
		w.values = v
		f := m.c.finding(code, w)
		if len(r.Clauses) > 0 {
			f.Clause = r.Clauses[0]
		}
		f.Measured, f.Limit = measured, limit
		out.Findings = append(out.Findings, f)
	}

	var explanation string
	switch s.state {
	case filing.MatchMissing:
		var w wording
		measured := about()
		limit := map[string]any{"pages": a.pages}
		measured["pages"] = []filing.Page{}
		switch {
		case a.words && r.AnyOf == nil:
			explanation, w.message, w.advice = "remark_missing", "remark", "remark"
			delete(measured, "pages")
			limit = nil
		case r.AnyOf != nil:
			explanation, w.message = "missing_any_of", "any_of"
			v["material"] = m.names(r.AnyOf)
			measured, limit = map[string]any{"any_of": r.AnyOf, "of": r.Of}, nil
		default:
			explanation = "missing"
			if shared != nil {
				w.message = "upload_once"
				v["material"] = m.names(shared)
			}
		}
		if m.whose(r) {
			w.advice = "whose"
			if r.AnyOf == nil {
				explanation = "missing_whose"
			}
		}
		add("material_missing", w, measured, limit)
	case filing.MatchIncomplete:
		explanation = "incomplete"
		measured := about()
		measured["pages"] = have
		add("material_incomplete", wording{}, measured, map[string]any{"pages": a.pages})
	case filing.MatchRejected:
		explanation = "rejected"
	case filing.MatchPending:
		explanation = "pending"
	case filing.MatchSatisfied:
		switch {
		case a.words:
			explanation = "remark_given"
		case s.worst == reviewed:
			explanation = "satisfied_review"
		default:
			explanation = "satisfied"
		}
	}
	if bad != nil {
		if s.state == filing.MatchIncomplete {
			explanation = "incomplete_rejected"
		}
		measured := about()
		measured["pages"], measured["files"] = bad, badFiles
		add("material_rejected", wording{}, measured, nil)
	}
	out.Explanation = m.sentences(r, s, explanation, v, shared)
	return out
}

// sentences joins the explanation of a match with what may follow it.
func (m *matcher) sentences(r *required, s standing, explanation string, v values, shared []string) filing.Text {
	text := m.c.explanations[explanation].fill(v)
	say := func(name string, materials filing.Text) {
		more := m.c.explanations[name].fill(values{"material": materials})
		text.ZH += more.ZH
		text.EN += " " + more.EN
	}
	if r.AnyOf != nil && s.state != filing.MatchMissing && !s.alternative.words {
		say("chosen", m.names([]string{s.alternative.material}))
	}
	if shared != nil && r.AnyOf == nil {
		others := slices.DeleteFunc(slices.Clone(shared), func(code string) bool { return code == s.alternative.material })
		say("shared", m.names(others))
	}
	if r.Provisional && s.state != filing.MatchSatisfied {
		say("provisional", filing.Text{})
	}
	return text
}

// shared returns the materials that are one document with this one and required as well, itself among them; nil where
// there is no other.
func (m *matcher) shared(r *required, a *alternative) []string {
	if a.words || r.AnyOf != nil {
		return nil
	}
	if materials := m.wanted[m.find(a.document)].materials; len(materials) > 1 {
		return materials
	}
	return nil
}

// whose reports whether there are files that could satisfy a requirement if only they said whose they are.
func (m *matcher) whose(r *required) bool {
	for i := range m.files {
		for _, a := range r.alternatives {
			if m.files[i].ambiguous && m.files[i].Declared.Material == a.material {
				return true
			}
		}
	}
	return false
}

// names lists materials by their names; the English ones hold commas and are quoted.
func (m *matcher) names(codes []string) filing.Text {
	texts := make([]filing.Text, len(codes))
	for i, code := range codes {
		texts[i] = m.c.materialText(m.p, code, "")
		texts[i].EN = `"` + texts[i].EN + `"`
	}
	return join(texts)
}

// pagesText names pages of an alternative; what has one page only has just a picture.
func (m *matcher) pagesText(pages []filing.Page, a *alternative) filing.Text {
	if len(a.pages) == 1 {
		return m.c.words.Pages["only"]
	}
	texts := make([]filing.Text, len(pages))
	for i, page := range pages {
		texts[i] = m.c.words.Pages[page]
	}
	return join(texts)
}

// surplus finds the files that no rule asks for, and those that do not say what or whose they are. A second file for a
// page, or for another alternative of a group, is asked for and needs no remark.
func (m *matcher) surplus() []filing.Finding {
	var out []filing.Finding
	for i := range m.files {
		f := &m.files[i]
		if f.unknown {
			finding := m.c.finding("material_undeclared", wording{})
			finding.Measured = map[string]any{"file": f.ID}
			out = append(out, finding)
			continue
		}
		at := m.find(f.document)
		isWanted := at >= 0
		switch {
		case f.ambiguous:
		case f.loose && m.asksFor(f.Declared.Material):
			continue
		case isWanted && (f.Declared.Page == "" || slices.Contains(m.wanted[at].pages, f.Declared.Page)):
			continue
		}
		v := values{"material": m.c.materialText(m.p, f.Declared.Material, f.Declared.Of)}
		measured := map[string]any{"file": f.ID, "material": f.Declared.Material}
		if f.ambiguous {
			finding := m.c.finding("material_undeclared", wording{message: "whose", values: v})
			finding.Measured = measured
			out = append(out, finding)
			continue
		}
		w := wording{values: v}
		if isWanted {
			w.message = "page"
			v["page"] = m.c.words.Pages[f.Declared.Page]
			measured["page"] = f.Declared.Page
		}
		if f.Declared.Of != "" {
			measured["of"] = f.Declared.Of
		}
		finding := m.c.finding("material_not_needed", w)
		finding.Measured = measured
		out = append(out, finding)
	}
	return out
}
