package locate

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
	"sync"
)

// forest is a sum of small decision trees (gradient boosting, Friedman 2001): what tells documents from other things by
// features. Trees are full and of one depth, so that a tree is two rows of numbers.
type forest struct {
	depth int
	bias  float32
	trees []tree
}

// tree is one of them: at inner node i a feature above threshold leads to 2i+2, else to 2i+1.
type tree struct {
	feature   []int
	threshold []float32
	leaf      []float32
}

// score is the logarithm of the odds.
func (m *forest) score(f []float32) float64 {
	sum := float64(m.bias)
	for i := range m.trees {
		t := &m.trees[i]
		n := 0
		for range m.depth {
			next := 2*n + 1
			if f[t.feature[n]] > t.threshold[n] {
				next++
			}
			n = next
		}
		sum += float64(t.leaf[n-len(t.feature)])
	}
	return sum
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// parseForest reads what forest.String writes.
func parseForest(text string) (*forest, error) {
	r := strings.NewReader(text)
	m := &forest{}
	var trees int
	if _, err := fmt.Fscan(r, &m.depth, &trees, &m.bias); err != nil {
		return nil, fmt.Errorf("read forest: %w", err)
	}
	if m.depth < 1 || m.depth > 8 || trees < 0 || trees > 4096 {
		return nil, fmt.Errorf("read forest: %d trees of depth %d", trees, m.depth)
	}
	inner := 1<<m.depth - 1
	for range trees {
		t := tree{feature: make([]int, inner), threshold: make([]float32, inner), leaf: make([]float32, inner+1)}
		for i := range inner {
			if _, err := fmt.Fscan(r, &t.feature[i], &t.threshold[i]); err != nil {
				return nil, fmt.Errorf("read forest: %w", err)
			}
		}
		for i := range t.leaf {
			if _, err := fmt.Fscan(r, &t.leaf[i]); err != nil {
				return nil, fmt.Errorf("read forest: %w", err)
			}
		}
		m.trees = append(m.trees, t)
	}
	return m, nil
}

// String writes the forest as text, one tree a line.
func (m *forest) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d %.5g\n", m.depth, len(m.trees), m.bias)
	for i := range m.trees {
		t := &m.trees[i]
		for j := range t.feature {
			fmt.Fprintf(&b, "%d %.5g ", t.feature[j], t.threshold[j])
		}
		for j, l := range t.leaf {
			if j > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%.4g", l)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

//go:embed rank.txt
var rankText string

//go:embed nested.txt
var nestedText string

//go:embed final.txt
var finalText string

//go:embed tie.txt
var tieText string

// rank is the model that tells documents from other proposals by their features, nested the one that tells of two of the best which lie
// in one another whether the outer is the document, final the one that looks again at the best beside their rivals, tie the one that tells of two that
// lie in one another and are about as likely which is the better. Each is read once; the texts are part of the program and a test reads
// them, so that a failure here is one of the build.
var rank, nested, final, tie = sync.OnceValue(func() *forest { return mustParse(rankText) }),
	sync.OnceValue(func() *forest { return mustParse(nestedText) }),
	sync.OnceValue(func() *forest { return mustParse(finalText) }),
	sync.OnceValue(func() *forest { return mustParse(tieText) })

func mustParse(text string) *forest {
	m, err := parseForest(text)
	if err != nil {
		panic(err)
	}
	return m
}
