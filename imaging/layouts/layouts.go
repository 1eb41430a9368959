// Package layouts says where the parts of a composite go. The layouts themselves are data, in layouts.yaml.
package layouts

import (
	"bytes"
	_ "embed" // the layouts
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

//go:embed layouts.yaml
var data []byte

// The layouts that other code names.
const (
	Auto  = "auto"
	Sides = "sides"
)

// Errors of Arrange.
var (
	// ErrUnknown: there is no layout of that name.
	ErrUnknown = errors.New("no such layout")
	// ErrParts: the layout takes another number of parts.
	ErrParts = errors.New("the layout takes another number of parts")
)

// Layout is a way to lay parts out.
type Layout struct {
	// Columns is how many parts stand side by side; 0 is all of them.
	Columns columns `yaml:"columns"`
	// Rectify: the parts are the documents alone.
	Rectify bool `yaml:"rectify"`
	// Parts is how many parts it takes; 0 is any number.
	Parts int `yaml:"parts"`
	// Try are the layouts of which it takes the best, and Aspect the longer side over the shorter that it keeps below if it can.
	Try    []string `yaml:"try"`
	Aspect float64  `yaml:"aspect"`
	// ZH and EN are its names for people.
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

// columns is a number, or all.
type columns int

// UnmarshalYAML reads a number above 0 or the word all.
func (c *columns) UnmarshalYAML(node *yaml.Node) error {
	if node.Value == "all" {
		*c = 0
		return nil
	}
	var n int
	if err := node.Decode(&n); err != nil || n < 1 {
		return fmt.Errorf("line %d: columns is %q: a number above 0, or all", node.Line, node.Value)
	}
	*c = columns(n)
	return nil
}

// load parses the embedded layouts once; a mistake in them is found by the tests.
var load = sync.OnceValue(func() map[string]Layout {
	all, err := parse(data)
	if err != nil {
		panic(err)
	}
	return all
})

func parse(text []byte) (map[string]Layout, error) {
	var file struct {
		Layouts map[string]Layout `yaml:"layouts"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("read layouts: %w", err)
	}
	for name, l := range file.Layouts {
		for _, other := range l.Try {
			if o, ok := file.Layouts[other]; !ok || len(o.Try) > 0 || o.Rectify != l.Rectify {
				return nil, fmt.Errorf("layout %s: it cannot try %s", name, other)
			}
		}
	}
	return file.Layouts, nil
}

// Names lists the layouts in the order of the alphabet.
func Names() []string { return slices.Sorted(maps.Keys(load())) }

// Named returns a layout.
func Named(name string) (Layout, error) {
	l, ok := load()[name]
	if !ok {
		return l, fmt.Errorf("layout %q: %w", name, ErrUnknown)
	}
	return l, nil
}

// Size is the width and height of a part.
type Size [2]float64

// Plan is where the parts go.
type Plan struct {
	// Layout is the name of the layout, the chosen one where it chooses.
	Layout string
	// Size is that of the whole, Places the upper left corner of each part.
	Size   Size
	Places []filing.Point
}

// Arrange lays out parts of these sizes with a gap between and around them. Parts of a row stand in the middle of its height,
// those of a column in the middle of its width. Of the layouts that it may choose from it takes the one whose picture the parts
// fill best, a long strip only where there is no other; the same sizes give the same plan.
func Arrange(name string, parts []Size, gap float64) (Plan, error) {
	l, err := Named(name)
	if err != nil {
		return Plan{}, err
	}
	if len(parts) == 0 || l.Parts > 0 && l.Parts != len(parts) {
		return Plan{}, fmt.Errorf("layout %s of %d parts: %w", name, len(parts), ErrParts)
	}
	if len(l.Try) == 0 {
		return arrange(name, int(l.Columns), parts, gap), nil
	}
	var best Plan
	bestScore := -1.0
	for _, other := range l.Try {
		p := arrange(other, int(load()[other].Columns), parts, gap)
		long, short := max(p.Size[0], p.Size[1]), min(p.Size[0], p.Size[1])
		score := filled(parts) / (p.Size[0] * p.Size[1])
		if l.Aspect > 0 && long > l.Aspect*short {
			score *= l.Aspect * short / long / 2
		}
		if score > bestScore*1.001 { // the first of equal ones
			best, bestScore = p, score
		}
	}
	return best, nil
}

func filled(parts []Size) float64 {
	area := 0.0
	for _, p := range parts {
		area += p[0] * p[1]
	}
	return area
}

func arrange(name string, columns int, parts []Size, gap float64) Plan {
	if columns == 0 || columns > len(parts) {
		columns = len(parts)
	}
	plan := Plan{Layout: name, Places: make([]filing.Point, len(parts))}
	widths := make([]float64, columns)
	for i, p := range parts {
		widths[i%columns] = max(widths[i%columns], p[0])
	}
	left := make([]float64, columns)
	plan.Size[0] = gap
	for c, w := range widths {
		left[c] = plan.Size[0]
		plan.Size[0] += w + gap
	}
	plan.Size[1] = gap
	for from := 0; from < len(parts); from += columns {
		row := parts[from:min(from+columns, len(parts))]
		height := 0.0
		for _, p := range row {
			height = max(height, p[1])
		}
		// A last row that is not full stands in the middle.
		shift := 0.0
		if len(row) < columns {
			end := left[len(row)-1] + widths[len(row)-1] + gap
			shift = (plan.Size[0] - end) / 2
		}
		for c, p := range row {
			plan.Places[from+c] = filing.Point{left[c] + shift + (widths[c]-p[0])/2, plan.Size[1] + (height-p[1])/2}
		}
		plan.Size[1] += height + gap
	}
	return plan
}
