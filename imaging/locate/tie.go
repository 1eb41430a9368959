package locate

import (
	"cmp"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// The last model says how likely a candidate is the document, to about a twentieth of its area: a page and the frame printed in it, or a
// page and the tile that it lies on, are then often as likely. Between two such the belt that parts them decides, seen finer (see fineOf).
const (
	// asLikely is how far the score of what is weighed against the best may be below it.
	asLikely = 2
	// asLarge is how many times as large the outer of two may be, by its logarithm: of what shares less than four fifths the last model does
	// tell which is the better, and a wide belt is seen in the view.
	asLarge = 0.223
	// overturns is from which logarithm of the odds the finer look changes what is best.
	overturns = 0.3
)

// tieRow is what the model of pairs that are about as likely looks at: the belt in the view, the belt seen finer, and the scores.
type tieRow [nestedCount + fineCount + 3]float32

func newTieRow(p *nesting, fine *[fineCount]float32, inner, outer, best float64) (row tieRow) {
	copy(row[:], p.row[:])
	copy(row[nestedCount:], fine[:])
	row[nestedCount+fineCount] = float32(outer - inner)
	row[nestedCount+fineCount+1] = float32(max(inner, outer) - best)
	row[nestedCount+fineCount+2] = float32(best)
	return row
}

// settle weighs the best candidate of each document against those that it lies in and that lie in it: where one of them is the better by
// what odds says of the pair, the two change scores. odds is the logarithm of the odds that the outer of the k-th pair is the better
// one, where the best score of the document is best.
func settle(all []candidate, pairs []nesting, odds func(k int, best float64) float64) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[b].score, all[a].score) })
	var documents []raster.Quad
	for _, i := range order {
		if len(documents) > 0 && all[i].score < leastScore || len(documents) == mostDocuments {
			break
		}
		if slices.ContainsFunc(documents, func(q raster.Quad) bool { return overlap(all[i].quad, q) > mostShared }) {
			continue
		}
		better := outweighs(all, pairs, i, odds)
		all[i].score, all[better].score = all[better].score, all[i].score
		documents = append(documents, all[better].quad)
	}
}

// outweighs is the candidate that the pairs say is better than the best, most clearly of all, or the best. It is not gone on from there
// to what is better still: that gained nothing on labelled photos whose templates the models had not seen. Nor does a pair say anything
// of a belt that ends with the picture: whether paper or table runs out of it shows only beyond the belt.
func outweighs(all []candidate, pairs []nesting, best int, odds func(k int, best float64) float64) int {
	most, to := overturns, best
	for k := range pairs {
		p := &pairs[k]
		other, sign := p.outer, 1.0
		if p.outer == best {
			other, sign = p.inner, -1
		}
		switch {
		case p.inner != best && p.outer != best, p.blind, p.row[nestedArea] > asLarge, all[other].score < all[best].score-asLikely:
			continue
		}
		if s := sign * odds(k, all[best].score); s > most {
			most, to = s, other
		}
	}
	return to
}

// settle weighs by the model, and looks only at what it asks for.
func (v *view) settle(all []candidate, pairs []nesting) {
	sides := make([]*[4]fineSide, len(all))
	laid := func(i int) *[4]fineSide {
		if sides[i] == nil {
			s := v.fineSides(all[i].quad)
			sides[i] = &s
		}
		return sides[i]
	}
	settle(all, pairs, func(k int, best float64) float64 {
		p := &pairs[k]
		fine := v.fineOf(laid(p.inner), begunAt(laid(p.outer), p.turn))
		row := newTieRow(p, &fine, all[p.inner].score, all[p.outer].score, best)
		return tie().score(row[:])
	})
}
