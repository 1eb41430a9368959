package checks

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

//go:embed catalogue.yaml
var catalogueYAML []byte

// Group is a part of the catalogue (检查类别): file, originality, legibility, reading, pair, composite, filing.
type Group struct {
	Code  string
	Title filing.Text
	// Entries are the group's findings in the order of the catalogue.
	Entries []Entry
}

// Entry is one code of the catalogue of findings (检查项): what is promised about it and the sentences that it says.
type Entry struct {
	Code     string          `yaml:"code"`
	Severity filing.Severity `yaml:"severity"`
	// Title is a few words for lists and filters.
	Title filing.Text `yaml:"title"`
	// Clause is the id of the seed clause that the finding rests on, where there is one. Findings about upload limits
	// and materials carry the clause that the limits or the requirement came with instead.
	Clause string `yaml:"clause"`
	// Repair names what the service can do about it: shrink, sides, composite.
	Repair string `yaml:"repair"`
	// Addition is set for a code that the contract does not have, and says why there is one.
	Addition string `yaml:"addition"`
	// Measured and Limit are the keys that a finding carries. A limit is named as what it bounds, with min_ or max_ in
	// front where it is a bound and not a set.
	Measured []string `yaml:"measured"`
	Limit    []string `yaml:"limit"`
	// Values are the names that may stand in braces in the texts.
	Values []string `yaml:"values"`
	// Message says what is wrong and Advice what to do now, with {values}; Messages and Advices do so for named cases.
	Message  filing.Text            `yaml:"message"`
	Messages map[string]filing.Text `yaml:"messages"`
	Advice   filing.Text            `yaml:"advice"`
	Advices  map[string]filing.Text `yaml:"advices"`
}

// Catalogue returns the catalogue of findings, group by group, in the fixed order in which findings are reported.
func Catalogue() []Group { return slices.Clone(loadCatalogue().groups) }

// TitleOf is what people call a finding of this code; one that the catalogue does not have is called as NameOf does.
func TitleOf(code string) filing.Text {
	if k := loadCatalogue().known[code]; k != nil {
		return k.Title
	}
	return NameOf(code)
}

// Lookup returns the catalogue's entry for a code, and whether there is one.
func Lookup(code string) (Entry, bool) {
	k, ok := loadCatalogue().known[code]
	if !ok {
		return Entry{}, false
	}
	return k.Entry, true
}

// catalogue is the loaded form of catalogue.yaml.
type catalogue struct {
	groups       []Group
	known        map[string]*known
	words        catalogueWords
	explanations map[string]template
}

// known is an entry with its sentences parsed, and its place in the order of findings.
type known struct {
	Entry
	place    int
	message  template
	messages map[string]template
	advice   template
	advices  map[string]template
}

// catalogueWords are the words that are put into sentences.
type catalogueWords struct {
	Formats        map[filing.Format]filing.Text `yaml:"formats"`
	FormatNames    map[filing.Format]filing.Text `yaml:"format_names"`
	Pages          map[filing.Page]filing.Text   `yaml:"pages"`
	Parties        map[string]filing.Text        `yaml:"parties"`
	ScreenshotCues map[string]filing.Text        `yaml:"screenshot_cues"`
	RecaptureCues  map[string]filing.Text        `yaml:"recapture_cues"`
	FaceCues       map[string]filing.Text        `yaml:"face_cues"`
	// Kinds and Fields name what was recognized in the text.
	Kinds  map[filing.DocumentKind]filing.Text `yaml:"kinds"`
	Fields map[filing.FieldName]filing.Text    `yaml:"fields"`
}

// catalogueFile is the shape of catalogue.yaml.
type catalogueFile struct {
	Groups []struct {
		Group    string      `yaml:"group"`
		Title    filing.Text `yaml:"title"`
		Findings []Entry     `yaml:"findings"`
	} `yaml:"groups"`
	Words        catalogueWords         `yaml:"words"`
	Explanations map[string]filing.Text `yaml:"explanations"`
}

// loadCatalogue parses the embedded catalogue once. It is part of the program, so that a mistake in it is one of the
// programmer's: the tests find it, and the panic is never seen by a user.
var loadCatalogue = sync.OnceValue(func() *catalogue {
	c, err := parseCatalogue(catalogueYAML)
	if err != nil {
		panic(err)
	}
	return c
})

// parseCatalogue reads a catalogue strictly: keys that are not known, codes that come twice, sentences that are empty,
// name other values than those listed, or differ in them between the languages are errors.
func parseCatalogue(data []byte) (*catalogue, error) {
	var file catalogueFile
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("read catalogue of findings: %w", err)
	}
	c := &catalogue{known: map[string]*known{}, words: file.Words, explanations: map[string]template{}}
	for _, g := range file.Groups {
		c.groups = append(c.groups, Group{Code: g.Group, Title: g.Title, Entries: g.Findings})
		for _, e := range g.Findings {
			if c.known[e.Code] != nil {
				return nil, fmt.Errorf("catalogue of findings: %s comes twice", e.Code)
			}
			k, err := parseEntry(e)
			if err != nil {
				return nil, fmt.Errorf("catalogue of findings: %s: %w", e.Code, err)
			}
			k.place = len(c.known)
			c.known[e.Code] = k
		}
	}
	for name, text := range file.Explanations {
		t, err := parseTemplate(text)
		if err != nil {
			return nil, fmt.Errorf("catalogue of findings: explanation %s: %w", name, err)
		}
		c.explanations[name] = t
	}
	return c, nil
}

func parseEntry(e Entry) (*known, error) {
	k := &known{Entry: e, messages: map[string]template{}, advices: map[string]template{}}
	switch e.Severity {
	case filing.SeverityError, filing.SeverityWarning, filing.SeverityInfo:
	default:
		return nil, fmt.Errorf("severity %q is not error, warning or info", e.Severity)
	}
	parse := func(text filing.Text) (template, error) {
		t, err := parseTemplate(text)
		if err != nil {
			return t, err
		}
		for _, name := range t.names() {
			if !slices.Contains(e.Values, name) {
				return t, fmt.Errorf("{%s} in %q is not among its values %v", name, text.ZH, e.Values)
			}
		}
		return t, nil
	}
	var err error
	if k.message, err = parse(e.Message); err != nil {
		return nil, err
	}
	if k.advice, err = parse(e.Advice); err != nil {
		return nil, err
	}
	for name, text := range e.Messages {
		if k.messages[name], err = parse(text); err != nil {
			return nil, err
		}
	}
	for name, text := range e.Advices {
		if k.advices[name], err = parse(text); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// wording picks the sentences of a finding: the named cases of message and advice, where the catalogue has such, and
// the values for their braces.
type wording struct {
	message, advice string
	values          values
}

// finding makes a finding with finished sentences. The code must be in the catalogue.
func (c *catalogue) finding(code string, w wording) filing.Finding {
	k := c.known[code]
	message, ok := k.messages[w.message]
	if !ok {
		message = k.message
	}
	advice, ok := k.advices[w.advice]
	if !ok {
		advice = k.advice
	}
	return filing.Finding{
		Code: k.Code, Severity: k.Severity, Clause: k.Clause, Repair: k.Repair,
		Message: message.fill(w.values), Advice: advice.fill(w.values),
	}
}

// sort puts findings into the order of the catalogue; those of one code keep their order.
func (c *catalogue) sort(findings []filing.Finding) {
	slices.SortStableFunc(findings, func(a, b filing.Finding) int {
		return c.known[a.Code].place - c.known[b.Code].place
	})
}
