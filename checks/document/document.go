// Package document tells from the text of a photo what document it shows and what stands in its fields (证件识别): a pure function
// of filing.Reading, made again whenever it gets better at it, without reading anything again.
package document

import (
	"github.com/preflight-icp/preflight/filing"
)

// Recognize returns what a document is and says. The same reading gives the same content.
func Recognize(r filing.Reading) filing.Content {
	s := newSheet(r)
	kind, title := s.kind()
	c := filing.Content{Kind: kind}
	if title != nil {
		c.Fields = append(c.Fields, s.field(filing.FieldTitle, *title))
	}
	c.Fields = append(c.Fields, s.fields(kind)...)
	return c
}
