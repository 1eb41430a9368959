// Package templates holds the pages that people see, as embedded files, and the little code that renders them. Every
// page exists in Chinese and English from one source: {{t "中文" "English"}}. It knows the nouns of filing and never
// reaches storage.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// Languages of the pages; the first is what a visitor sees who asks for none of them.
var Languages = []string{"zh", "en"}

// Pages renders every page in every language.
type Pages struct {
	sets map[string]map[string]*template.Template // language, page
}

// Static are the files that pages refer to: styles and the little script that pages do without.
func Static() fs.FS {
	sub, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // the folder is embedded: it is there
	}
	return sub
}

// Load parses every page once for each language. maxUpload is how many bytes of a photo the service takes at most: what is larger is not
// sent at all.
func Load(maxUpload int64) (*Pages, error) {
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	p := &Pages{sets: map[string]map[string]*template.Template{}}
	for _, lang := range Languages {
		p.sets[lang] = map[string]*template.Template{}
		for _, name := range names {
			page := strings.TrimSuffix(strings.TrimPrefix(name, "pages/"), ".html")
			if page == "layout" || page == "examples" {
				continue
			}
			t, err := template.New("layout.html").Funcs(functions(lang, maxUpload)).ParseFS(pageFiles, "pages/layout.html", "pages/examples.html", name)
			if err != nil {
				return nil, fmt.Errorf("parse page %s: %w", page, err)
			}
			p.sets[lang][page] = t
		}
	}
	return p, nil
}

func functions(lang string, maxUpload int64) template.FuncMap {
	return template.FuncMap{
		"t": func(zh, en string) string {
			if lang == "en" {
				return en
			}
			return zh
		},
		"in":     func(t filing.Text) string { return t.In(lang) },
		"lang":   func() string { return lang },
		"most":   func() int64 { return maxUpload },
		"place":  func(id string, p Place) placeView { return placeView{Filing: id, Place: p} },
		"number": number,
		"size":   size,
		"region": region,
		"word":   VerdictWord,
		"office": Office,
		// The last characters of an id, by which people tell one from the other; the first are the time.
		"tail": func(id string) string { return id[max(0, len(id)-8):] },
		// Markdown's marks of code say nothing on a page.
		"lines": func(s string) []string { return strings.Split(strings.ReplaceAll(strings.TrimSpace(s), "`", ""), "\n") },
	}
}

// Render writes a page whole or not at all: a template that fails leaves no half page behind.
func (p *Pages) Render(w io.Writer, lang, page string, data any) error {
	set, ok := p.sets[lang]
	if !ok {
		set = p.sets[Languages[0]]
	}
	t, ok := set[page]
	if !ok {
		return fmt.Errorf("no page %q", page)
	}
	var buf bytes.Buffer
	if err := t.Execute(&buf, data); err != nil {
		return fmt.Errorf("render page %s: %w", page, err)
	}
	if _, err := w.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("send page %s: %w", page, err)
	}
	return nil
}

// officeClock is how far the clocks of the offices are ahead of UTC: China has one time, and none for the summer.
const officeClock = 8 * time.Hour

// Office is a moment on the clocks of the offices, to the minute.
func Office(at time.Time) string { return at.UTC().Add(officeClock).Format("2006-01-02 15:04") }

// size writes a number of bytes for people: 4.2 MB, 180 KB.
func size(n int64) string {
	const kilo = 1 << 10
	if n < kilo*kilo {
		return fmt.Sprintf("%d KB", (n+kilo/2)/kilo)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(kilo*kilo))
}

// number writes a count with its thousands separated, as both languages do.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// region writes the corners of a place as SVG, and the scripts of pages, have them: "x,y x,y ...".
func region(corners []filing.Point) string {
	out := make([]string, len(corners))
	for i, p := range corners {
		out[i] = fmt.Sprintf("%.0f,%.0f", p[0], p[1])
	}
	return strings.Join(out, " ")
}
