// Package document tells from the text of a photo what document it shows and what stands in its fields (证件识别): a pure function
// of filing.Reading, made again whenever it gets better at it, without reading anything again.
package document

import (
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// Recognize returns what a document is and says. Where its text is that of several documents it is a composite, which says what both of
// the surest two say; the first of them counts where both have a field. The same reading gives the same content.
func Recognize(r filing.Reading) filing.Content {
	s := newSheet(r)
	found := s.kind()
	c := filing.Content{Kind: found.kind}
	if found.title != nil {
		c.Fields = append(c.Fields, s.field(filing.FieldTitle, *found.title))
	}
	c.Fields = append(c.Fields, s.fields(found.kind, found.title)...)
	if found.further == nil {
		return c
	}
	for _, f := range s.fields(*found.further, nil) {
		if !slices.ContainsFunc(c.Fields, func(o filing.Field) bool { return o.Name == f.Name }) {
			c.Fields = append(c.Fields, f)
		}
	}
	c.Kind = filing.DetectedKind{Detected: filing.DocumentComposite, Confidence: min(found.kind.Confidence, found.further.Confidence)}
	return c
}
