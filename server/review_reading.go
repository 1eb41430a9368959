package server

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/templates"
)

// comparedFields are the fields that a finding of reading is about.
var comparedFields = map[string][]filing.FieldName{
	"name_mismatch":       {filing.FieldPerson, filing.FieldUnit},
	"number_mismatch":     {filing.FieldNumber, filing.FieldBirth},
	"id_number_invalid":   {filing.FieldNumber},
	"credit_code_invalid": {filing.FieldCreditCode},
	"domain_mismatch":     {filing.FieldDomain, filing.FieldHolder},
	"document_expired":    {filing.FieldValidUntil},
	"document_expiring":   {filing.FieldValidUntil},
}

// statedBeside is what the facts say in the place of the fields of a kind of document.
func statedBeside(kind filing.DocumentKind, e *checks.Expected) map[filing.FieldName]string {
	out := map[filing.FieldName]string{}
	set := func(name filing.FieldName, value string) {
		if value != "" {
			out[name] = value
		}
	}
	switch kind {
	case filing.DocumentBusinessLicense, filing.DocumentAuthorizationLetter:
		set(filing.FieldUnit, e.Name)
	case filing.DocumentDomainCertificate:
		set(filing.FieldDomain, e.Domain)
		set(filing.FieldHolder, e.Holder)
	case filing.DocumentIDCard, filing.DocumentResidencePermit, filing.DocumentTravelPermit, filing.DocumentPassport:
		set(filing.FieldPerson, e.Name)
		if e.Birth.Known {
			set(filing.FieldBirth, e.Birth.Date().String())
		}
	}
	return out
}

// comparison puts what was read beside what the facts say, field by field. Whether the two differ is for the findings to say; what
// they say nothing of is the same where it is so letter for letter.
func comparison(f *filing.MaterialReport, e *checks.Expected) []templates.ReadLine {
	if f.Kind == nil {
		return nil
	}
	differs := map[filing.FieldName]bool{}
	for _, finding := range f.Findings {
		for _, field := range comparedFields[finding.Code] {
			differs[field] = finding.Overruled == nil
		}
	}
	stated := statedBeside(f.Kind.Detected, e)
	var out []templates.ReadLine
	for _, name := range filing.FieldNames() {
		value, read := f.Text[name]
		fact := stated[name]
		if !read && (fact == "" || f.Kind.Page == filing.PageBack) {
			continue // the back of a card has neither name nor date of birth
		}
		line := templates.ReadLine{Field: string(name), Name: checks.FieldLabel(name), Fact: fact, Unread: !read}
		line.Same = read && fact != "" && plainText(value) == plainText(fact)
		line.Differs = read && differs[name] && !line.Same
		line.Runs = runsOf(fieldWords(value), fact, line.Differs)
		out = append(out, line)
	}
	return out
}

// plainText is a text without spaces and marks, in one case: by what people compare names.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// fieldWords are the values of fields that stand for words.
func fieldWords(value string) filing.Text {
	switch value {
	case "long_term":
		return filing.Text{ZH: "长期", EN: "no end"}
	case filing.Present:
		return filing.Text{ZH: "有", EN: "present"}
	case filing.NotSeen:
		return filing.Text{ZH: "未见", EN: "not seen"}
	}
	return filing.Text{ZH: value, EN: value}
}

// runsOf cuts a value into what it shares with the fact at both ends and what it does not, which is marked.
func runsOf(value filing.Text, fact string, differs bool) []templates.Run {
	if !differs || fact == "" {
		return []templates.Run{{Text: value}}
	}
	a, b := []rune(value.ZH), []rune(fact)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []templates.Run
	add := func(part []rune, marked bool) {
		if len(part) > 0 {
			out = append(out, templates.Run{Text: filing.Text{ZH: string(part), EN: string(part)}, Marked: marked})
		}
	}
	add(a[:head], false)
	add(a[head:len(a)-tail], true)
	add(a[len(a)-tail:], false)
	return out
}

// measuredLines say what was measured, in numbers and words: what the layers of the viewer draw.
func measuredLines(m *filing.Measurements) []templates.Item {
	if m == nil {
		return nil
	}
	var out []templates.Item
	add := func(zh, en, valueZH, valueEN string) {
		out = append(out, templates.Item{Name: filing.Text{ZH: zh, EN: en}, Of: filing.Text{ZH: valueZH, EN: valueEN}})
	}
	share := func(v float64) string { return fmt.Sprintf("%.1f%%", 100*v) }
	if m.Width > 0 {
		size := fmt.Sprintf("%d × %d · %s", m.Width, m.Height, sizeWords(m.Bytes))
		add("图片", "Picture", size, size)
	}
	if d := m.Document; d == nil {
		add("证件", "Document", "未定位到", "none located")
	} else {
		add("证件", "Document", fmt.Sprintf("占画面 %s，倾斜 %.0f°", share(d.FrameShare), d.Tilt), fmt.Sprintf("%s of the picture, tilted by %.0f°", share(d.FrameShare), d.Tilt))
		if len(d.Formats) > 0 {
			f := d.Formats[0]
			value := fmt.Sprintf("%s · %.1f px/mm", strings.ToUpper(f.Format), f.PxPerMM)
			add("规格", "Format", value, value)
		}
		if d.OutsideShare > 0 || d.Occluded > 0 {
			add("缺失", "Lost", fmt.Sprintf("出画 %s，遮挡 %s", share(d.OutsideShare), share(d.Occluded)), fmt.Sprintf("%s outside the frame, %s covered", share(d.OutsideShare), share(d.Occluded)))
		}
	}
	if l := m.Legibility; l != nil && l.EdgeWidthPx > 0 {
		add("清晰度", "Sharpness", fmt.Sprintf("%.1f（字高 %.0f px，边缘 %.1f px）", m.Sharpness, l.TextHeightPx, l.EdgeWidthPx), fmt.Sprintf("%.1f (letters %.0f px, edges %.1f px)", m.Sharpness, l.TextHeightPx, l.EdgeWidthPx))
		if l.MotionPx > 0 {
			add("抖动", "Motion", fmt.Sprintf("%.1f px，方向 %.0f°", l.MotionPx, l.MotionDirection), fmt.Sprintf("%.1f px towards %.0f°", l.MotionPx, l.MotionDirection))
		}
	}
	if g := m.Glare; g != nil {
		add("反光", "Glare", fmt.Sprintf("证件的 %s，文字的 %s", share(g.Share), share(g.TextShare)), fmt.Sprintf("%s of the document, %s of its text", share(g.Share), share(g.TextShare)))
	}
	if e := m.Exposure; e != nil {
		add("曝光", "Exposure", fmt.Sprintf("纸 %.0f，墨 %.0f，暗处为亮处的 %s", e.Paper, e.Ink, share(e.Uneven)), fmt.Sprintf("paper %.0f, ink %.0f, darkest part %s of the brightest", e.Paper, e.Ink, share(e.Uneven)))
	}
	if m.FacesBy != "" {
		printed := 0
		for i := range m.Faces {
			if m.Faces[i].InDocument {
				printed++
			}
		}
		add("人脸", "Faces", fmt.Sprintf("%d（证件照 %d）", len(m.Faces), printed), fmt.Sprintf("%d (%d on a document)", len(m.Faces), printed))
	}
	if r := m.Recapture; r != nil {
		add("翻拍可能", "Photo of a screen", share(min(r.Score, 0.99)), share(min(r.Score, 0.99)))
	}
	return out
}

// sizeWords is the size of a file as people say it.
func sizeWords(bytes int64) string {
	if bytes >= 1<<20 {
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%d KB", (bytes+512)>>10)
}
