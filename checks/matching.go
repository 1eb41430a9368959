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
	// Facts are those of the filing: what a document says is held against them to tell whose it is. Nil: nothing is known.
	Facts *filing.Facts
	// Remarks: the facts carry remarks, which is what satisfies preapproval_remark.
	Remarks bool
	// Pairs are the files of the filing that were judged as two sides of one document (Pair), Composites what is to be said of
	// the pictures that the service made of its files (Made).
	Pairs      []MatchPair
	Composites []filing.Verdict
}

// MatchPair is two files that were judged together (证件正反面).
type MatchPair struct {
	// Front and Back are the ids of the files.
	Front, Back string
	// Verdict is that on the two together, whatever each is by itself; AtOneScale is that where one picture shows both at one scale,
	// in which nothing of their scales is left.
	Verdict, AtOneScale filing.Verdict
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
	// JudgedAs is the material that the file was judged as where it declares none; "" where it was judged as a picture of
	// anything. A file that was not judged as what it is needs a person, however good it is.
	JudgedAs string
	// Content is what was recognized in the picture (document.Recognize); nil where nothing was read, and for a composite, of whose
	// parts each is what it was recorded as. It decides where files
	// go that do not say what they are, whose, or which page (NeedContent); of others it is only talked about.
	Content *filing.Content
	// Parts are what a composite shows, as it was recorded when it was made; a file that has parts stands for them and for
	// nothing else.
	Parts []MatchPart
}

// MatchPart is a part of a composite (拼接图的组成部分).
type MatchPart struct {
	// Source is the id of the material that the part was made from: a composite stands for nothing once one of its sources is
	// replaced or gone, since it shows what is no longer meant. "" for a part of a composite that the service did not make.
	Source string
	// Declared is what the part shows.
	Declared filing.Declared
	// Verdict is what was found of the source that stitching does not mend (Unmended); "" is nothing.
	Verdict filing.Verdict
	// PxPerMM is the resolution of a card in the composite, in pixels per millimetre; 0 for what is none.
	PxPerMM float64
	// Seen is the number of a part of a picture that somebody else stitched, from 1; 0 for a part of a composite of ours. Declared then
	// says something only of the parts that are what the file was declared as: Content, what was recognized of this part, decides
	// where the others go, and whoever counts on them has a person look.
	Seen    int
	Content *filing.Content
}

// SeenOnly reports whether of a part only the picture says what it is.
func (p MatchPart) SeenOnly() bool { return p.Seen > 0 && p.Declared.Material == "" }

// NeedContent reports whether what was read in the pictures can change how a filing stands: whether any current file does
// not say what it is, whose it is, or which page. Where it does not, Stand answers the same without any Content.
func NeedContent(files []MatchFile) bool {
	v := loadVocabulary()
	for i := range files {
		f := &files[i]
		if f.State == filing.MaterialReplaced {
			continue
		}
		if len(f.Parts) > 0 {
			if slices.ContainsFunc(f.Parts, MatchPart.SeenOnly) {
				return true
			}
			continue
		}
		if f.Declared.Material == "" || f.Declared.Page == "" {
			return true
		}
		if m := v.byCode[f.Declared.Material]; f.Declared.Of == "" && (m == nil || owner(m) == "") {
			return true
		}
	}
	return false
}

// Match holds the files of a filing against what the rules require: how each requirement stands, in the order of the
// outcome, what is wrong with the filing as a whole, and the verdict on it. It never returns nil lists. docs/matching.md
// tells how, with an example:
//
//   - A file stands for the material and the party that it declares, and for nothing else. What it does not say is taken
//     from what was read in the picture, held against the facts; what that leaves open is decided by an assignment of all
//     such files at once, and only where every best assignment agrees. What stays open is material_undeclared.
//   - A composite stands for its parts, each of them by itself.
//   - One person's identity document is one document, whatever materials it is required as: an individual uploads it
//     once for applicant_document, principal_id and site_manager_id (notice upload_once), and so does a unit whose site
//     manager is the principal.
//   - Of several files for a page the best counts, of the alternatives of an any-of group the best one.
//   - The verdict is the worst of the files that are used and of the requirements: what is missing, incomplete or
//     rejected fails, as does any blocker; a file still being checked and an undecided clause need review.
//   - A pair counts where both its files stand for one requirement, as a file does: two sides that nobody asks for decide
//     nothing. A composite counts always: it is what is handed in.
//
// Findings of the filing come in the catalogue's order; each Match repeats those about itself, so that a checklist can
// show it by itself.
func Match(in MatchInput) ([]filing.Match, []filing.Finding, filing.Verdict) {
	m := newMatcher(&in, new(desk))
	m.assign()
	e := explainer{matcher: m}

	verdict := filing.VerdictPass
	matches := make([]filing.Match, len(m.required))
	findings := []filing.Finding{}
	told := map[document]bool{}
	for i := range m.required {
		r := &m.required[i]
		standing := m.stand(r)
		matches[i] = e.explain(r, standing)
		verdict = verdict.Worse(m.verdict(standing)).Worse(m.paired(&standing))
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
	findings = append(findings, e.surplus()...)
	findings = append(findings, e.misplaced()...)
	m.c.sort(findings)
	return matches, findings, verdict.Worse(ruled(&in.Outcome)).Worse(composed(&in))
}

// Standing returns the matches, of all that Match returns, that a file stands for: what an upload is answered with. It
// explains these and no other.
func Standing(in MatchInput, file string) []filing.Match {
	m := newMatcher(&in, new(desk))
	m.assign()
	e := explainer{matcher: m}
	var out []filing.Match
	for i := range m.required {
		s := m.stand(&m.required[i])
		for _, c := range s.files {
			if c >= 0 && m.files[c].ID == file {
				out = append(out, e.explain(&m.required[i], s))
				break
			}
		}
	}
	return out
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

// composed is what the composites of a filing mean for it.
func composed(in *MatchInput) filing.Verdict {
	verdict := filing.VerdictPass
	for _, v := range in.Composites {
		verdict = verdict.Worse(v)
	}
	return verdict
}

// Stand is Match without a word: how each requirement stands, in the order of the outcome, and the same verdict. It
// costs a fraction, for whoever judges a million filings and explains none (revalidation).
func Stand(in MatchInput) ([]filing.MatchState, filing.Verdict) {
	space := desks.Get().(*desk)
	defer func() {
		*space = desk{} // nothing of a filing stays behind
		desks.Put(space)
	}()
	m := newMatcher(&in, space)
	m.assign()
	verdict := ruled(&in.Outcome).Worse(composed(&in))
	states := make([]filing.MatchState, len(m.required))
	for i := range m.required {
		standing := m.stand(&m.required[i])
		states[i] = standing.state
		verdict = verdict.Worse(m.verdict(standing)).Worse(m.paired(&standing))
	}
	return states, verdict
}

// matcher is one filing being matched.
type matcher struct {
	c *catalogue
	v *vocabulary
	// p are the parties, of which the matcher has a copy of its own: it outlives the call in a pool.
	p       *Parties
	parties Parties
	facts   *filing.Facts
	all     []MatchFile
	pairs   []MatchPair
	remarks bool

	required []required
	// wanted are the documents that some requirement asks for, in the order of the outcome.
	wanted []wanted
	files  []candidate
	// options are the wanted documents that undecided files may be, each file's one after the other.
	options []int32
	// loose is a file that says what it is and not whose, with more than one option and nothing read: the next one like it has
	// the same. -1 while there is none.
	loose int
	// known is what is known about the persons in charge; it is gathered when a document is first held against it.
	known *knowledge
}

// desk is room for a filing of the usual size, so that matching one needs none from the heap; a larger one takes more.
type desk struct {
	matcher
	required [20]required
	wanted   [20]wanted
	files    [16]candidate
	options  [32]int32
}

// desks are kept from one filing to the next.
var desks = sync.Pool{New: func() any { return new(desk) }}

// newMatcher lists what is asked for and the files that are there.
func newMatcher(in *MatchInput, space *desk) *matcher {
	m := &space.matcher
	*m = matcher{
		c: loadCatalogue(), v: loadVocabulary(), parties: in.Parties, facts: in.Facts, all: in.Files, pairs: in.Pairs, remarks: in.Remarks,
		required: space.required[:0], wanted: space.wanted[:0], files: space.files[:0], options: space.options[:0],
	}
	m.p, m.loose = &m.parties, -1
	m.require(in.Outcome.Required)
	m.take(in.Files)
	return m
}

// assign gives each file its document: by what it declares, by what was read in it, and by what is left.
func (m *matcher) assign() {
	undecided := false
	for i := range m.files {
		if m.place(i); m.files[i].undecided() {
			undecided = true
		}
	}
	if undecided {
		m.decide()
	}
	for i := range m.files {
		if f := &m.files[i]; f.at >= 0 && !f.stale {
			w := &m.wanted[f.at]
			w.files = append(w.files, i)
		}
	}
	if undecided {
		m.leaveOpen()
	}
}

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
	// at is the place of the document among the wanted ones; -1 for words.
	at int
}

// wanted is a document that is asked for, with the files that stand for it.
type wanted struct {
	document document
	// materials are the names under which it is asked for outside any-of groups.
	materials []string
	// pages are those of every alternative that asks for it.
	pages []filing.Page
	files []int
	// open: a requirement that it would satisfy is not satisfied; known where files stay undecided.
	open bool
	// Room for the usual one name and two files.
	oneName  [1]string
	twoFiles [2]int
}

// candidate is a file, or a part of a composite, that may stand for something.
type candidate struct {
	*MatchFile
	// declared is what it says that it is; page is which it shows, declared or read, "" where nobody knows.
	declared filing.Declared
	page     filing.Page
	// source is the material that a part was made from, pxPerMM its resolution where it is a card; part says that it is one, stale
	// that it is out of date.
	source  string
	pxPerMM float64
	// seen is the number of a part that somebody else stitched in; content is what was recognized of the file, or of this part.
	seen        int
	content     *filing.Content
	part, stale bool
	quality     quality
	basis       filing.MatchBasis
	// at is the wanted document that it stands for, -1 while it stands for none.
	at int
	// from and to are its options while it is undecided, two of them at least.
	from, to int
	// unknown: it does not say what it is, and nothing was read that does.
	unknown bool
	// ambiguous: several open requirements could be meant.
	ambiguous bool
	// misfit: somebody asks for what it is, and what was read in it says that it is not theirs.
	misfit bool
}

// undecided reports whether it may be one of several documents.
func (f *candidate) undecided() bool { return f.at < 0 && f.to > f.from }

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
	case f.Verdict == filing.VerdictPass && f.Declared.Material == "" && f.JudgedAs == "" && len(f.Parts) == 0:
		return reviewed
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
		for j := range r.alternatives {
			a := &r.alternatives[j]
			if a.at = -1; a.words {
				continue
			}
			if a.at = m.find(a.document); a.at < 0 {
				a.at = len(m.wanted)
				m.wanted = append(m.wanted, wanted{document: a.document})
				w := &m.wanted[a.at]
				w.materials, w.files = w.oneName[:0], w.twoFiles[:0]
			}
			w := &m.wanted[a.at]
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

// take lists the current files, and the parts of composites one by one, in the order of their ids.
func (m *matcher) take(files []MatchFile) {
	m.files = slices.Grow(m.files, len(files))
	for i := range files {
		f := &files[i]
		switch {
		case f.State == filing.MaterialReplaced:
		case len(f.Parts) == 0:
			m.files = append(m.files, candidate{
				MatchFile: f, quality: qualityOf(f), declared: f.Declared, page: f.Declared.Page, basis: filing.BasisDeclared, at: -1,
				content: f.Content,
			})
		default:
			stale := slices.ContainsFunc(f.Parts, func(p MatchPart) bool { return p.Source != "" && !current(files, p.Source) })
			for j := range f.Parts {
				part := &f.Parts[j]
				m.files = append(m.files, candidate{
					MatchFile: f, quality: min(qualityOf(f), qualityOfSource(files, part)), declared: part.Declared, page: part.Declared.Page,
					basis: filing.BasisDeclared, at: -1, part: true, source: part.Source, pxPerMM: part.PxPerMM, stale: stale,
					seen: part.Seen, content: part.Content,
				})
				if last := &m.files[len(m.files)-1]; part.SeenOnly() {
					last.quality = min(last.quality, reviewed) // it was not judged as what it is
				}
			}
		}
	}
	byID := func(a, b candidate) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(m.files, byID) {
		slices.SortStableFunc(m.files, byID)
	}
}

// qualityOfSource is how good a part is for what was found of its source: a picture of a blurred card is no better than the card's
// own. What was stitched by somebody else has no source that was judged.
func qualityOfSource(files []MatchFile, part *MatchPart) quality {
	i := slices.IndexFunc(files, func(f MatchFile) bool { return part.Source != "" && f.ID == part.Source })
	switch {
	case i >= 0 && files[i].State == filing.MaterialStored:
		return pending
	case part.Verdict == filing.VerdictFail:
		return failed
	case part.Verdict == filing.VerdictReview:
		return reviewed
	}
	return passed
}

// current reports whether there is a file of this id that was not replaced.
func current(files []MatchFile, id string) bool {
	return slices.ContainsFunc(files, func(f MatchFile) bool { return f.ID == id && f.State != filing.MaterialReplaced })
}

// place finds the documents that a file may be. One that says what it is and whose is that, or nothing that is asked for.
func (m *matcher) place(i int) {
	f := &m.files[i]
	of := f.declared.Of
	material := m.v.byCode[f.declared.Material]
	if material == nil && !m.asksFor(f.declared.Material) {
		m.recognize(i)
		return
	}
	if of == "" && material != nil {
		of = owner(material)
	}
	if f.page == "" && sure(f.content) && m.p.kindFits(f.declared.Material, f.content) {
		f.page = f.content.Kind.Page
	}
	if at := m.find(m.p.document(f.declared.Material, of)); at >= 0 && of != "" {
		f.at = at
		return
	}
	if f.declared.Of != "" {
		return
	}
	// Nobody is asked for it whom it usually belongs to: it may be the one of whoever is.
	if j := m.loose; j >= 0 && m.files[j].declared.Material == f.declared.Material && !sure(f.content) {
		f.from, f.to, f.basis = m.files[j].from, m.files[j].to, filing.BasisOnlyAsked
		return
	}
	m.offer(i, func(a *alternative) bool { return a.material == m.files[i].declared.Material })
	if f.to == f.from {
		return
	}
	asked := f.to - f.from
	settled := m.hold(i)
	if f.basis = filing.BasisOnlyAsked; asked > 1 && settled {
		f.basis = filing.BasisRecognized
	}
	if f.undecided() && !sure(f.content) {
		m.loose = i
	}
}

// recognize finds the documents that a file may be which does not say what it is.
func (m *matcher) recognize(i int) {
	f := &m.files[i]
	if f.unknown = true; !sure(f.content) {
		return
	}
	m.offer(i, func(a *alternative) bool { return m.shows(a, m.files[i].content) })
	if f.to > f.from {
		f.page, f.basis = f.content.Kind.Page, filing.BasisRecognized
		m.hold(i)
	}
	f.unknown = f.at < 0 && f.to == f.from && !f.misfit
}

// offer makes the wanted documents that fit a file's options.
func (m *matcher) offer(i int, fits func(*alternative) bool) {
	f := &m.files[i]
	f.from = len(m.options)
	for j := range m.required {
		for k := range m.required[j].alternatives {
			a := &m.required[j].alternatives[k]
			if !a.words && fits(a) && !slices.Contains(m.options[f.from:], int32(a.at)) {
				m.options = append(m.options, int32(a.at))
			}
		}
	}
	f.to = len(m.options)
}

// hold holds what was read in a file against the owners of its options: those that it contradicts fall away, and where it
// speaks for any, all but those that it speaks for most. It reports whether that left one of several.
func (m *matcher) hold(i int) bool {
	f := &m.files[i]
	before := f.to - f.from
	if sure(f.content) {
		most := 0
		kept := m.options[f.from:f.from]
		for _, at := range m.options[f.from:f.to] {
			switch speaks := m.speaks(f.content, &m.wanted[at]); {
			case speaks < 0 || speaks < most:
			case speaks > most:
				most, kept = speaks, append(kept[:0], at)
			default:
				kept = append(kept, at)
			}
		}
		f.to = f.from + len(kept)
		m.options = m.options[:f.to]
		f.misfit = len(kept) == 0
	}
	if f.to == f.from+1 {
		f.at = int(m.options[f.from])
	}
	return before > 1 && f.at >= 0
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

// leaveOpen marks the files that stay undecided while a requirement is open that they may be meant for.
func (m *matcher) leaveOpen() {
	for i := range m.required {
		if r := &m.required[i]; m.open(r) {
			for _, a := range r.alternatives {
				if !a.words {
					m.wanted[a.at].open = true
				}
			}
		}
	}
	for i := range m.files {
		f := &m.files[i]
		f.ambiguous = f.undecided() && slices.ContainsFunc(m.options[f.from:f.to], func(at int32) bool { return m.wanted[at].open })
	}
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
	files := m.wanted[a.at].files
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
		if p := m.files[i].page; p != page && p != "" {
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
	if f.declared.Page != "" {
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

// paired is what was said of the two files that stand for a requirement, together.
func (m *matcher) paired(s *standing) filing.Verdict {
	if s.files[0] < 0 || s.files[1] < 0 {
		return filing.VerdictPass
	}
	front, back := &m.files[s.files[0]], &m.files[s.files[1]]
	for i := range m.pairs {
		p := &m.pairs[i]
		switch {
		case p.Front != front.photo() || p.Back != back.photo():
		case front.part && front.MatchFile == back.MatchFile && atOneScale(front.pxPerMM, back.pxPerMM):
			return p.AtOneScale
		default:
			return p.Verdict
		}
	}
	return filing.VerdictPass
}

// photo is the id of the photo that a candidate shows.
func (f *candidate) photo() string {
	if f.part && f.source != "" {
		return f.source
	}
	return f.ID
}

// atOneScale reports whether two cards of one composite are of one resolution, both being known.
func atOneScale(a, b float64) bool {
	return min(a, b) > 0 && max(a, b) <= min(a, b)*loadThresholds().ScaleRatio
}
