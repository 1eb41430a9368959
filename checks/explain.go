package checks

import (
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// explainer puts into words how a filing was matched.
type explainer struct {
	*matcher
	// offers are the better places of files that were declared as something else; nil until they are looked for.
	offers []misplacement
	looked bool
}

// explain makes the report's line about a requirement.
func (e *explainer) explain(r *required, s standing) filing.Match {
	a := s.alternative
	out := filing.Match{Requirement: *r.Requirement, State: s.state, Files: []string{}, Findings: []filing.Finding{}}
	var have, missing, bad []filing.Page
	var badFiles []string
	for i, page := range a.pages {
		switch {
		case s.files[i] < 0:
			missing = append(missing, page)
			continue
		case e.files[s.files[i]].quality == failed:
			bad = append(bad, page)
			if id := e.files[s.files[i]].blamed(); !slices.Contains(badFiles, id) {
				badFiles = append(badFiles, id)
			}
		}
		have = append(have, page)
		if id := e.files[s.files[i]].ID; !slices.Contains(out.Files, id) {
			out.Files = append(out.Files, id) // both sides may be in one composite
		}
	}

	// What the findings are about: the material and whose it is, and every material that is the same document.
	shared := e.shared(r, a)
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
			"material": e.c.materialText(e.p, a.material, r.Of), "of": e.c.partyText(e.p, r.Of),
			"missing": e.pagesText(missing, a), "failed": e.pagesText(bad, a), "have": e.pagesText(have, a),
		}
	}
	add := func(code string, w wording, measured, limit map[string]any) {
		w.values = v
		f := e.c.finding(code, w)
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
			if slices.ContainsFunc(r.alternatives, func(a alternative) bool { return a.words }) {
				w.advice = "remark_or_file"
			}
			v["material"] = e.names(r.AnyOf)
			measured, limit = map[string]any{"any_of": r.AnyOf, "of": r.Of}, nil
		default:
			explanation = "missing"
			if shared != nil {
				w.message = "upload_once"
				v["material"] = e.names(shared)
			}
			if computerMade(a.material) {
				w.advice = "downloaded"
			}
		}
		if e.whose(r) {
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
	out.Matched, out.SetAside = e.matched(r, s), e.setAside(r, s)
	out.Explanation = e.sentences(&out, s, explanation, v, shared)
	return out
}

// blamed is the id of the file that a failure is to be looked up at: a part that is no better than its source fails for the source.
func (f *candidate) blamed() string {
	if f.part && f.source != "" && qualityOf(f.MatchFile) > f.quality {
		return f.source
	}
	return f.ID
}

// sentences joins the explanation of a match with what may follow it.
func (e *explainer) sentences(match *filing.Match, s standing, explanation string, v values, shared []string) filing.Text {
	text := e.c.explanations[explanation].fill(v)
	add := func(more filing.Text) {
		text.ZH += more.ZH
		text.EN += " " + more.EN
	}
	say := func(name string, materials filing.Text) {
		add(e.c.explanations[name].fill(values{"material": materials}))
	}
	if match.AnyOf != nil && s.state != filing.MatchMissing && !s.alternative.words {
		say("chosen", e.names([]string{s.alternative.material}))
	}
	if shared != nil && match.AnyOf == nil {
		others := slices.DeleteFunc(slices.Clone(shared), func(code string) bool { return code == s.alternative.material })
		say("shared", e.names(others))
	}
	for _, more := range e.reasons(match, s.alternative) {
		add(more)
	}
	for _, more := range e.asides(match.SetAside) {
		add(more)
	}
	if e.paired(&s) != filing.VerdictPass {
		say("paired", filing.Text{})
	}
	if s.state != filing.MatchSatisfied && s.state != filing.MatchPending && e.offered(s) {
		say("misplaced", filing.Text{})
	}
	if match.Provisional && s.state != filing.MatchSatisfied {
		say("provisional", filing.Text{})
	}
	return text
}

// reasons say why files stand here that did not say so themselves; of a document with two sides, for each side by itself where
// they differ.
func (e *explainer) reasons(match *filing.Match, a *alternative) []filing.Text {
	var out []filing.Text
	same := len(match.Matched) == len(a.pages)
	for _, f := range match.Matched {
		same = same && f.Because == match.Matched[0].Because
	}
	plain := e.c.explanations["because_declared"].fill(nil)
	for _, f := range match.Matched {
		switch {
		case f.Because == plain:
			continue
		case same:
			return append(out, f.Because)
		}
		page := e.c.words.Pages[f.Page]
		out = append(out, filing.Text{ZH: page.ZH + "：" + f.Because.ZH, EN: capital(page.EN) + ": " + f.Because.EN})
	}
	return out
}

// asides counts the files that were set aside, reason by reason in the order in which they are met.
func (e *explainer) asides(list []filing.SetAsideFile) []filing.Text {
	var texts []filing.Text
	var reasons []string
	for _, f := range list {
		if slices.Contains(reasons, f.Reason) {
			continue
		}
		reasons = append(reasons, f.Reason)
		count := 0
		for _, g := range list {
			if g.Reason == f.Reason {
				count++
			}
		}
		texts = append(texts, e.c.explanations["set_aside"].fill(values{"count": count}), f.Because)
	}
	return texts
}

// matched says of each page which file stands for it, and why.
func (e *explainer) matched(r *required, s standing) []filing.MatchedFile {
	var out []filing.MatchedFile
	for i, page := range s.alternative.pages {
		if s.files[i] < 0 {
			continue
		}
		f := &e.files[s.files[i]]
		out = append(out, filing.MatchedFile{
			File: f.ID, Source: f.source, Part: f.seen, Material: s.alternative.material, Page: page, Basis: f.basis, Because: e.because(f, r, s.alternative),
		})
	}
	return out
}

// because says why a file stands for an alternative.
func (e *explainer) because(f *candidate, r *required, a *alternative) filing.Text {
	var text filing.Text
	say := func(name string, v values) {
		more := e.c.explanations[name].fill(v)
		if text.ZH += more.ZH; text.EN != "" {
			text.EN += " "
		}
		text.EN += more.EN
	}
	unsaid := f.declared.Material == ""
	if unsaid {
		say("because_recognized", values{"detected": e.detected(f.content)})
	}
	switch f.basis {
	case filing.BasisOnlyLeft:
		say("because_only_left", nil)
	case filing.BasisOnlyAsked:
		say("because_only_asked", nil)
	}
	if f.basis != filing.BasisDeclared {
		if fields := e.agreeing(f.content, &e.wanted[a.at]); len(fields) > 0 {
			names := make([]filing.Text, len(fields))
			for i, name := range fields {
				names[i] = e.c.words.Fields[name]
			}
			say("because_owner", values{"traits": join(names), "of": e.c.partyText(e.p, r.Of)})
		}
	}
	if f.page == "" && len(a.pages) > 1 {
		say("because_page", nil)
	}
	if f.part {
		say("because_part", nil)
	}
	if unsaid && f.JudgedAs == "" && !f.part {
		say("because_unconfirmed", nil)
	}
	if text.ZH == "" {
		say("because_declared", nil)
	}
	return text
}

// detected names what a picture was recognized as: a letter or certificate by its title.
func (e *explainer) detected(c *filing.Content) filing.Text {
	if c.Kind.Detected == filing.DocumentLetter || c.Kind.Detected == filing.DocumentAuthorizationLetter {
		if title := titleOf(c); title != "" {
			return filing.Text{ZH: "“" + title + "”", EN: `"` + title + `"`}
		}
	}
	text := e.c.words.Kinds[c.Kind.Detected]
	if page, ok := e.c.words.Pages[c.Kind.Page]; ok && twoSided(c.Kind.Detected) {
		text.ZH += page.ZH
		text.EN += " (" + page.EN + ")"
	}
	return text
}

// setAside lists the files that could have stood for a requirement and do not, in the order of their ids.
func (e *explainer) setAside(r *required, s standing) []filing.SetAsideFile {
	var out []filing.SetAsideFile
	for i := range e.files {
		f := &e.files[i]
		reason := e.aside(i, r, s)
		if reason == "" || slices.ContainsFunc(out, func(o filing.SetAsideFile) bool { return o.File == f.ID && o.Reason == reason }) {
			continue
		}
		out = append(out, filing.SetAsideFile{File: f.ID, Page: f.page, Reason: reason, Because: e.c.explanations["aside_"+reason].fill(nil)})
	}
	return out
}

// aside is why a file that could have stood for a requirement does not; "" where it does or never could.
func (e *explainer) aside(i int, r *required, s standing) string {
	f := &e.files[i]
	if slices.Contains(s.files[:], i) {
		return ""
	}
	for j := range r.alternatives {
		a := &r.alternatives[j]
		switch {
		case a.words:
		case f.misfit && (f.declared.Material == a.material || f.declared.Material == "" && e.shows(a, f.content)):
			return "other_owner"
		case f.at != a.at || f.page != "" && !slices.Contains(a.pages, f.page):
		case f.stale:
			return "stale_part"
		case s.alternative.words || s.alternative.at != a.at:
			return "other_alternative"
		default:
			return e.worse(f, s)
		}
	}
	return ""
}

// worse is why another file stands for the page that this one could have stood for.
func (e *explainer) worse(f *candidate, s standing) string {
	used := passed + 1
	for k, page := range s.alternative.pages {
		if s.files[k] < 0 || f.page != "" && f.page != page {
			continue
		}
		u := &e.files[s.files[k]]
		if used = min(used, u.quality); u.part && u.source == f.ID && (f.quality >= pending || u.quality == failed) {
			return "in_composite"
		}
	}
	switch {
	case f.quality == failed && used != failed:
		return "failed"
	case f.quality < used && f.quality == pending:
		return "pending"
	case f.quality < used && f.quality == reviewed:
		return "less_sure"
	}
	return "older"
}

// shared returns the materials that are one document with this one and required as well, itself among them; nil where
// there is no other.
func (e *explainer) shared(r *required, a *alternative) []string {
	if a.words || r.AnyOf != nil {
		return nil
	}
	if materials := e.wanted[a.at].materials; len(materials) > 1 {
		return materials
	}
	return nil
}

// whose reports whether there are files that could satisfy a requirement if only they said whose they are.
func (e *explainer) whose(r *required) bool {
	return slices.ContainsFunc(e.files, func(f candidate) bool {
		return f.ambiguous && slices.ContainsFunc(e.options[f.from:f.to], func(at int32) bool {
			return slices.ContainsFunc(r.alternatives, func(a alternative) bool { return a.at == int(at) })
		})
	})
}

// names lists materials by their names; the English ones hold commas and are quoted.
func (e *explainer) names(codes []string) filing.Text {
	texts := make([]filing.Text, len(codes))
	for i, code := range codes {
		texts[i] = e.c.materialText(e.p, code, "")
		texts[i].EN = `"` + texts[i].EN + `"`
	}
	return join(texts)
}

// pagesText names pages of an alternative; what has one page only has just a picture.
func (e *explainer) pagesText(pages []filing.Page, a *alternative) filing.Text {
	if len(a.pages) == 1 {
		return e.c.words.Pages["only"]
	}
	texts := make([]filing.Text, len(pages))
	for i, page := range pages {
		texts[i] = e.c.words.Pages[page]
	}
	return join(texts)
}

// surplus finds the files that no rule asks for, and those that do not say what or whose they are. A second file for a
// page, or for another alternative of a group, is asked for and needs no remark; of a composite one part that is asked for
// is enough.
func (e *explainer) surplus() []filing.Finding {
	var out []filing.Finding
	for i := range e.files {
		f := &e.files[i]
		if f.part && (i > 0 && e.files[i-1].MatchFile == f.MatchFile || slices.ContainsFunc(e.files, func(o candidate) bool { return o.MatchFile == f.MatchFile && o.at >= 0 })) {
			continue
		}
		if finding, ok := e.needless(f); ok {
			out = append(out, finding)
		}
	}
	return out
}

// needless says of a file that it is not needed or not declared; false where neither is so.
func (e *explainer) needless(f *candidate) (filing.Finding, bool) {
	v, measured := values{}, map[string]any{"file": f.ID}
	if f.content != nil {
		v["detected"] = e.detected(f.content)
	}
	say := func(code string, w wording) (filing.Finding, bool) {
		w.values = v
		finding := e.c.finding(code, w)
		finding.Measured = measured
		return finding, true
	}
	kind := func() { measured["kind"] = f.content.Kind.Detected }
	if e.v.byCode[f.declared.Material] == nil && !e.asksFor(f.declared.Material) {
		switch {
		case f.at >= 0 && (f.page == "" || slices.Contains(e.wanted[f.at].pages, f.page)):
			return filing.Finding{}, false
		case f.misfit:
			kind()
			return say("material_undeclared", wording{message: "other_owner", advice: "other_owner"})
		case f.ambiguous:
			kind()
			return say("material_undeclared", wording{message: "recognized"})
		case f.to > f.from:
			return filing.Finding{}, false // one more of what is there already
		case sure(f.content):
			kind()
			return say("material_not_needed", wording{message: "recognized"})
		case f.content != nil && f.content.Kind.Detected != filing.DocumentUnknown:
			kind()
			return say("material_undeclared", wording{message: "perhaps"})
		}
		return say("material_undeclared", wording{})
	}
	v["material"] = e.c.materialText(e.p, f.declared.Material, f.declared.Of)
	measured["material"] = f.declared.Material
	var w wording
	switch {
	case f.ambiguous:
		return say("material_undeclared", wording{message: "whose"})
	case f.misfit:
		kind()
		return say("material_undeclared", wording{message: "other_owner", advice: "other_owner"})
	case f.undecided():
		return filing.Finding{}, false
	case f.at >= 0 && (f.page == "" || slices.Contains(e.wanted[f.at].pages, f.page)):
		return filing.Finding{}, false
	case f.at >= 0:
		w.message = "page"
		v["page"], measured["page"] = e.c.words.Pages[f.page], f.page
	}
	if f.declared.Of != "" {
		measured["of"] = f.declared.Of
	}
	return say("material_not_needed", w)
}

// misplacement is a file that was declared as one thing and looks like another that is open.
type misplacement struct {
	file     int
	material string
	of       string
	at       int
	page     filing.Page
}

// look finds the better places of files, once.
func (e *explainer) look() []misplacement {
	if e.looked {
		return e.offers
	}
	e.looked = true
	for i := range e.files {
		if place, ok := e.better(i); ok {
			e.offers = append(e.offers, place)
		}
	}
	return e.offers
}

// better returns the only open place that a file fits which was declared as something that it is not.
func (e *explainer) better(i int) (misplacement, bool) {
	f := &e.files[i]
	if f.part || !sure(f.content) || e.v.byCode[f.declared.Material] == nil || e.fits(f) {
		return misplacement{}, false
	}
	var found []misplacement
	most := 0
	for j := range e.required {
		for k := range e.required[j].alternatives {
			a := &e.required[j].alternatives[k]
			page := f.content.Kind.Page
			if a.words || !e.shows(a, f.content) || !slices.Contains(a.pages, page) || !e.lacks(j, a, page) {
				continue
			}
			speaks := e.speaks(f.content, &e.wanted[a.at])
			switch {
			case speaks < most, slices.ContainsFunc(found, func(o misplacement) bool { return o.at == a.at && speaks == most }):
				continue
			case speaks > most:
				most, found = speaks, found[:0]
			}
			found = append(found, misplacement{file: i, material: a.material, of: e.required[j].Of, at: a.at, page: page})
		}
	}
	if len(found) != 1 {
		return misplacement{}, false
	}
	return found[0], true
}

// fits reports whether what a file was recognized as goes with what it was declared as.
func (e *explainer) fits(f *candidate) bool {
	c := f.content
	if !e.p.kindFits(f.declared.Material, c) {
		return false
	}
	if f.at < 0 {
		return true
	}
	w := &e.wanted[f.at]
	if e.speaks(c, w) < 0 {
		return false
	}
	return f.declared.Page == "" || len(w.pages) < 2 || c.Kind.Page == "" || f.declared.Page == c.Kind.Page
}

// lacks reports whether a requirement is open and has no usable file for a page.
func (e *explainer) lacks(j int, a *alternative, page filing.Page) bool {
	r := &e.required[j]
	if !e.open(r) {
		return false
	}
	s := e.fill(a)
	k := slices.Index(a.pages, page)
	return s.files[k] < 0 || e.files[s.files[k]].quality < pending
}

// offered reports whether a file that was put elsewhere would fit here.
func (e *explainer) offered(s standing) bool {
	return slices.ContainsFunc(e.look(), func(o misplacement) bool {
		return o.at == s.alternative.at && !s.alternative.words && !slices.Contains(s.files[:], o.file)
	})
}

// misplaced tells the better places of files.
func (e *explainer) misplaced() []filing.Finding {
	var out []filing.Finding
	place := func(material, of string, page filing.Page) (filing.Text, map[string]any) {
		text, m := e.c.materialText(e.p, material, of), map[string]any{"material": material}
		if of != "" {
			m["of"] = of
		}
		known := e.v.byCode[material]
		if known != nil && page != "" {
			if m["page"] = page; len(e.p.pages(known, of)) > 1 {
				text.ZH += e.c.words.Pages[page].ZH
				text.EN += ", " + e.c.words.Pages[page].EN
			}
		}
		return text, m
	}
	for _, o := range e.look() {
		f := &e.files[o.file]
		better, measured := place(o.material, o.of, o.page)
		declared, limit := place(f.declared.Material, f.declared.Of, f.declared.Page)
		measured["file"] = f.ID
		finding := e.c.finding("material_misplaced", wording{values: values{"declared": declared, "better": better}})
		finding.Measured, finding.Limit = measured, limit
		out = append(out, finding)
	}
	return out
}
