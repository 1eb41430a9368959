package checks

import (
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// A file in which several documents are seen (拼接上传) is judged part by part, in the place of what is said of a photo's one document:
// where it lies, whether it can be read, and what it says.
//
//   - Panels that a program put side by side are parts, whatever is in them. Documents that were photographed at once are only where
//     each of them was recognized for sure: else they stay several_documents, as a person has to look.
//   - The parts that are what the file was declared as are judged as such a file would be. Others may be there where a composition
//     (compositions.yaml) lets them stand beside it; whose they are, and whether the filing asks for them, is for matching to say.
//   - What nobody has read yet, or nobody recognized, needs a person.

// stitched reports whether the file is judged by its parts.
func (j *judge) stitched() bool {
	parts := j.m.Parts
	if len(parts) < 2 || handheld(j.in.Declared.Material) || j.in.Declared.Material == "property_certificate" {
		return false
	}
	if slices.IndexFunc(parts, func(p filing.SeenPart) bool { return !p.Panel }) < 0 {
		return true
	}
	contents := j.contents()
	return contents != nil && !slices.ContainsFunc(contents, func(c filing.Content) bool { return !j.recognized(&c) })
}

// contents are what was read of the parts; nil where they were not read one by one.
func (j *judge) contents() []filing.Content {
	if c := j.in.Content; j.in.Reading == ReadingDone && c != nil && len(c.Parts) == len(j.m.Parts) {
		return c.Parts
	}
	return nil
}

func (j *judge) recognized(c *filing.Content) bool {
	return c.Kind.Confidence >= j.t.KindSure && c.Kind.Detected != "" && c.Kind.Detected != filing.DocumentUnknown &&
		c.Kind.Detected != filing.DocumentComposite
}

// parts judges a stitched picture.
func (j *judge) parts() []filing.Finding {
	seen := slices.Clone(j.m.Parts)
	contents := j.contents()
	for i := range contents {
		seen[i].Kind, seen[i].Page = filing.DocumentUnknown, ""
		if j.recognized(&contents[i]) {
			seen[i].Kind, seen[i].Page = contents[i].Kind.Detected, contents[i].Kind.Page
		}
	}
	out := Composite(CompositeInput{Measurements: *j.m, Parts: seen, Thresholds: j.t})
	out = append(out, j.partsInView()...)
	if contents == nil || j.m.PartsLeft > 0 {
		// Nobody has read what is in them, or there are more than anybody looks at.
		f := j.several(len(seen) + j.m.PartsLeft)
		f.Region = seen[1].Quad[:]
		out = append(out, f)
	}
	if contents == nil {
		return append(out, j.reading()...)
	}
	return append(out, j.kinds(contents)...)
}

// partsInView judges what hides some of a part, where it is known for sure: light on it, and the edge of the photo that it was taken from.
// The phone's tilt is not told of parts: of a photo that was trimmed nobody knows where its middle was.
func (j *judge) partsInView() (out []filing.Finding) {
	for i := range j.m.Parts {
		p := &j.m.Parts[i]
		if p.Document.Confidence < j.t.DocumentSure {
			continue
		}
		m := p.Alone(j.m)
		one := judge{in: j.in, m: &m, c: j.c, t: j.t}
		found := one.glare()
		if fit := one.fit(m.Document); fit != nil && fit.OutsideMM > j.t.OutsideMM {
			found = append(found, one.cutOff(fit))
		}
		for _, f := range found {
			f.Part = i + 1
			out = append(out, f)
		}
	}
	return out
}

// several is the finding on so many documents where one was asked for.
func (j *judge) several(n int) filing.Finding {
	f := j.c.finding("several_documents", wording{values: values{"documents": n}})
	f.Measured, f.Limit = map[string]any{"documents": n}, map[string]any{"max_documents": 1}
	return f
}

// ones are the parts that are what the file was declared as, by their numbers from 0.
func (j *judge) ones(contents []filing.Content) (ones []int) {
	material := j.in.Declared.Material
	if material == "" {
		return nil
	}
	want := expectationOf(material, &j.in.Parties, &j.in.Expected)
	for i := range contents {
		c := &contents[i]
		if j.recognized(c) && (want != nil && slices.Contains(want.kinds, c.Kind.Detected) || j.in.Parties.kindFits(material, c)) {
			ones = append(ones, i)
		}
	}
	return ones
}

// kinds judges what the parts are, and what those say that the file was declared as.
func (j *judge) kinds(contents []filing.Content) (out []filing.Finding) {
	declared := j.in.Declared
	ones := j.ones(contents)
	on := func(i int, f filing.Finding) {
		f.Part = i + 1
		if f.Region == nil {
			f.Region = j.m.Parts[i].Quad[:]
		}
		out = append(out, f)
	}
	unknown := 0
	for i := range contents {
		switch k := contents[i].Kind; {
		case slices.Contains(ones, i):
		case !j.recognized(&contents[i]):
			if unknown++; unknown == 1 {
				on(i, j.c.finding("kind_unrecognized", wording{}))
			}
		case declared.Material != "" && !slices.Contains(besides(declared.Material), k.Detected):
			on(i, j.c.finding("part_unexpected", wording{values: values{"part": PartName(k)}}))
		}
	}
	if declared.Material == "" {
		return out
	}
	missing := func(name filing.Text) {
		f := j.c.finding("part_missing", wording{values: values{"part": name}})
		f.Measured, f.Limit = map[string]any{"parts": len(ones)}, map[string]any{"parts": 1}
		out = append(out, f)
	}
	shows := func(page filing.Page) bool {
		return slices.ContainsFunc(ones, func(i int) bool {
			k := contents[i].Kind
			return !twoSided(k.Detected) || k.Page == "" || k.Page == page
		})
	}
	switch {
	case unknown > 0: // one of those may be it
	case len(ones) == 0:
		missing(j.c.materialText(&j.in.Parties, declared.Material, declared.Of))
	case declared.Page != "" && !shows(declared.Page):
		k := contents[ones[0]].Kind
		k.Page = declared.Page
		missing(PartName(k))
	}
	type face struct {
		kind filing.DocumentKind
		page filing.Page
	}
	seen := map[face]bool{}
	for _, i := range ones {
		k := contents[i].Kind
		switch side := (face{k.Detected, k.Page}); {
		case !seen[side]:
			seen[side] = true
		case twoSided(k.Detected):
			on(i, j.c.finding("same_side_twice", wording{}))
		default:
			on(i, j.several(len(contents)))
		}
		one := *j.in
		one.Content, one.Declared.Page = &contents[i], contents[i].Kind.Page
		for _, f := range (&judge{in: &one, m: j.m, c: j.c, t: j.t}).reading() {
			on(i, f)
		}
	}
	return out
}

// besides are the kinds of documents that a composition lets stand beside a material in one picture.
func besides(material string) (kinds []filing.DocumentKind) {
	rules, m := loadCompositions(), loadVocabulary().byCode[material]
	letters := []filing.DocumentKind{filing.DocumentLetter, filing.DocumentAuthorizationLetter}
	for i := range rules.Compositions {
		r := &rules.Compositions[i]
		rest := r.Rest && m != nil && m.Group == "auxiliary" && rules.Slots[material] == ""
		if len(r.Sides) > 0 || r.Base != material && !rest && !slices.Contains(r.Parts, material) {
			continue
		}
		if r.Rest {
			kinds = append(kinds, letters...)
		}
		for _, code := range append([]string{r.Base}, r.Parts...) {
			if e := expectationOf(code, &Parties{}, &Expected{}); e != nil {
				kinds = append(kinds, append(e.kinds, e.near...)...)
				if e.kinds == nil {
					kinds = append(kinds, letters...)
				}
			}
		}
	}
	return kinds
}

// Parts tells of each part of a file that is judged by its parts what it is, what it stands for by what the file was declared as, and
// how it was found; nil for a photo of one document. Before the parts were read they are nothing but places. findings are those of
// File of the same input.
func Parts(in FileInput, findings []filing.Finding) []filing.PartReport {
	j := judge{in: &in, m: &in.Measurements, c: loadCatalogue(), t: in.Thresholds}
	if j.t == nil {
		j.t = loadThresholds()
	}
	if in.Made || !j.stitched() {
		return nil
	}
	contents := j.contents()
	ones := j.ones(contents)
	if len(ones) == 0 && in.Declared.Material != "" && contents != nil {
		// None can be told to be it: the first that is nothing else, so that its requirement says what is wrong.
		ones = []int{max(slices.IndexFunc(contents, func(c filing.Content) bool { return !j.recognized(&c) }), 0)}
	}
	out := make([]filing.PartReport, len(j.m.Parts))
	for i := range out {
		var own []filing.Finding
		for k := range findings {
			if findings[k].Part == i+1 {
				own = append(own, findings[k])
			}
		}
		out[i] = filing.PartReport{Quad: j.m.Parts[i].Quad, Verdict: filing.VerdictOf(own)}
		if contents == nil {
			continue
		}
		kind := contents[i].Kind
		out[i].Kind = &kind
		if slices.Contains(ones, i) {
			d := in.Declared
			if j.recognized(&contents[i]) && twoSided(kind.Detected) && kind.Page != "" {
				d.Page = kind.Page
			}
			out[i].Declared = &d
		}
	}
	return out
}

// MatchParts are the parts of a file as matching takes them; nil while they were not read. contents are what was read of them, by the
// same numbers, where that is at hand.
func MatchParts(parts []filing.PartReport, content *filing.Content) []MatchPart {
	var out []MatchPart
	for i := range parts {
		if parts[i].Kind == nil {
			return nil
		}
		p := MatchPart{Seen: i + 1}
		if parts[i].Declared != nil {
			p.Declared = *parts[i].Declared
		}
		if content != nil && len(content.Parts) == len(parts) {
			p.Content = &content.Parts[i]
		}
		out = append(out, p)
	}
	return out
}
