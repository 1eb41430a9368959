package accuracy

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/preflight-icp/preflight/specimen"
)

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func percent(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }

// table prints rows as Markdown with columns of one width: read as it is on a terminal too.
func table(w io.Writer, header []string, rows [][]string) {
	width := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	line := func(row []string) {
		for i, cell := range row {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", width[i]-len([]rune(cell))))
		}
		fmt.Fprintln(w, "|")
	}
	line(header)
	for _, n := range width {
		fmt.Fprintf(w, "|%s", strings.Repeat("-", n+2))
	}
	fmt.Fprintln(w, "|")
	for _, row := range rows {
		line(row)
	}
	fmt.Fprintln(w)
}

// cells are a bar as a row of a table.
func (b Bar) cells() []string {
	show := percent
	errors := strconv.Itoa(b.Errors)
	if b.Mean {
		show, errors = func(v float64) string { return fmt.Sprintf("%.4f", v) }, ""
	}
	if b.N == 0 {
		return []string{b.Name, "0", "", "", "", b.goal(), "no photo"}
	}
	return []string{b.Name, strconv.Itoa(b.N), errors, show(b.Value), show(b.Lower) + " to " + show(b.Upper), b.goal(), b.verdict()}
}

func (b Bar) goal() string {
	switch {
	case b.Informs():
		return ""
	case b.Mean:
		return ">= " + number(b.Goal)
	case b.AtLeast:
		return ">= " + number(100*b.Goal) + " %"
	case b.Goal < bound:
		return "bound <= " + number(100*b.Goal) + " %"
	default:
		return "<= " + number(100*b.Goal) + " %"
	}
}

func (b Bar) verdict() string {
	switch {
	case b.Informs():
		return ""
	case b.Met():
		return "met"
	}
	return "**not met**"
}

// Report prints what photos of one set say: the bars, the confidences, and the findings by group.
func Report(w io.Writer, photos []Photo) {
	var rows [][]string
	for _, b := range Bars(photos) {
		rows = append(rows, b.cells())
	}
	met, goals := Standing(photos)
	fmt.Fprintf(w, "%d photos, %d of %d bars met.\n\n", len(photos), met, goals)
	table(w, []string{"bar", "photos", "wrong", "rate", "95 %", "goal", ""}, rows)

	reliable, far := Reliability(photos)
	fmt.Fprintf(w, "Confidence of quads, and how many of them are right (IoU >= %s). Mean distance: %s.\n\n", number(RightIoU), percent(far))
	rows = nil
	for _, r := range reliable {
		if r.N == 0 {
			continue
		}
		lower, upper := Wilson(r.Right, r.N)
		rows = append(rows, []string{
			fmt.Sprintf("%.1f to %.1f", r.From, r.To), strconv.Itoa(r.N), percent(r.Said), percent(float64(r.Right) / float64(r.N)),
			percent(lower) + " to " + percent(upper),
		})
	}
	table(w, []string{"confidence", "quads", "said", "right", "95 %"}, rows)

	codes, groups, cells := Confusion(photos)
	fmt.Fprintln(w, "Findings where the defect is there: found of shown.")
	fmt.Fprintln(w)
	confusion(w, codes, groups, cells, func(c Cell) (int, int) { return c.Found, c.Present })
	fmt.Fprintln(w, "Findings where the defect is not there: false alarms of photos without it.")
	fmt.Fprintln(w)
	confusion(w, codes, groups, cells, func(c Cell) (int, int) { return c.False, c.Absent })
}

// confusion prints a row for each code of which there is anything to say.
func confusion(w io.Writer, codes []string, groups []specimen.Group, cells map[specimen.Group]map[string]Cell, of func(Cell) (k, n int)) {
	header := []string{"finding"}
	for _, g := range groups {
		header = append(header, string(g))
	}
	var rows [][]string
	for _, code := range codes {
		row, said := []string{"`" + code + "`"}, false
		for _, g := range groups {
			k, n := of(cells[g][code])
			if n == 0 {
				row = append(row, "")
				continue
			}
			row, said = append(row, fmt.Sprintf("%d/%d", k, n)), true
		}
		if said {
			rows = append(rows, row)
		}
	}
	table(w, header, rows)
}

// Worst prints the photos that stand for the errors of each bar.
func Worst(w io.Writer, photos []Photo) {
	for _, b := range Bars(photos) {
		if len(b.Worst) > 0 {
			fmt.Fprintf(w, "%s (%d):\n  %s\n", b.Name, b.Errors, strings.Join(b.Worst, "\n  "))
		}
	}
}

// Replace puts text between the lines <!-- NAME --> and <!-- end of NAME --> of a Markdown file.
func Replace(file, name, text string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(data), "<!-- "+name+" -->\n")
	_, tail, ok2 := strings.Cut(rest, "<!-- end of "+name+" -->\n")
	if !ok || !ok2 {
		return fmt.Errorf("%s has lost the lines between which %s stands", file, name)
	}
	head += "<!-- " + name + " -->\n" + text + "<!-- end of " + name + " -->\n"
	return os.WriteFile(file, []byte(head+tail), 0o644) //nolint:gosec // a page of the project
}

// Standing is how many of the bars with a goal are met.
func Standing(photos []Photo) (met, goals int) {
	for _, b := range Bars(photos) {
		if b.Informs() {
			continue
		}
		if goals++; b.Met() {
			met++
		}
	}
	return met, goals
}

// Describe prints what is true of a photo, what was measured and what was found, for whoever looks into an error.
func Describe(w io.Writer, p *Photo) {
	show := func(what string, v any) {
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			text = []byte(err.Error())
		}
		fmt.Fprintf(w, "%s: %s\n", what, text)
	}
	m := p.Measurements
	if m.Legibility != nil {
		l := *m.Legibility
		l.Tiles = nil // the overlay shows them
		m.Legibility = &l
	}
	show("case", p.Case)
	show("truth", p.Truth)
	show("measured", m)
	for _, f := range p.Findings {
		fmt.Fprintf(w, "finding: %s %v, limit %v\n", f.Code, f.Measured, f.Limit)
	}
	fmt.Fprintf(w, "overlap of the located document with the true one: %.4f\n", located(p))
}
