package checks

import (
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// decide gives undecided files their documents: an assignment of all usable files to the pages that are asked for (a maximum
// matching in a bipartite graph), in which as many pages as possible are covered and, of such assignments, as many as possible by
// files that say what they are. A file goes where every best assignment can have it: where two of its options are equally good,
// nobody can tell, and it stays undecided.
func (m *matcher) decide() {
	g := m.newGraph()
	best := g.best(-1, -1)
	for i := range m.files {
		f := &m.files[i]
		if !f.undecided() || f.stale {
			continue
		}
		g.only[i] = g.onlyOption(i, best)
	}
	for i := range m.files {
		if f := &m.files[i]; f.undecided() && g.only[i] >= 0 {
			f.at, f.basis = int(g.only[i]), filing.BasisOnlyLeft
		}
	}
}

// covered values an assignment: how many pages are covered, and how many of them by files that say what they are.
type covered struct{ pages, certain int }

// graph is what an assignment is made in: usable files on one side, places on the other. A place is a page of a document that is
// required by itself, or a page of an any-of group none of whose documents is.
type graph struct {
	m *matcher
	// base is the first place of a wanted document, group that of an any-of group; -1 where there is none.
	base, group []int32
	// edges are the places that files can cover, each file's from one index to another.
	edges    []int32
	from, to []int32
	// owner is the file that covers a place, -1 where none does; seen is the search that has looked at it last.
	owner, seen []int32
	search      int32
	// without and beside are a file and a place that are left out of an assignment.
	without, beside int32
	// only is the document that a file goes to, -1 where it stays undecided.
	only []int32
}

// groupPages is how many places a group has: as a document, two at most.
const groupPages = 2

func (m *matcher) newGraph() *graph {
	g := &graph{m: m}
	room := make([]int32, len(m.wanted)+len(m.required)+3*len(m.files))
	part := func(n int) []int32 {
		p := room[:n:n]
		room = room[n:]
		return p
	}
	g.base, g.group = part(len(m.wanted)), part(len(m.required))
	g.from, g.to, g.only = part(len(m.files)), part(len(m.files)), part(len(m.files))
	places := int32(0)
	for i := range m.wanted {
		g.base[i] = -1
		if w := &m.wanted[i]; len(w.materials) > 0 {
			g.base[i] = places
			places += int32(len(w.pages))
		}
	}
	for i := range m.required {
		g.group[i] = -1
		if r := &m.required[i]; r.AnyOf != nil && !m.given(r) {
			g.group[i] = places
			places += groupPages
		}
	}
	room2 := make([]int32, 2*places)
	g.owner, g.seen = room2[:places], room2[places:]
	for i := range m.files {
		f := &m.files[i]
		g.from[i], g.only[i] = int32(len(g.edges)), -1
		switch {
		case f.stale || f.quality < pending:
		case f.at >= 0:
			g.edges = g.appendPlaces(g.edges, f.at, f.page)
		case f.undecided():
			if j := g.alike(i); j >= 0 {
				g.from[i], g.to[i] = g.from[j], g.to[j]
				continue
			}
			for _, at := range m.options[f.from:f.to] {
				g.edges = g.appendPlaces(g.edges, int(at), f.page)
			}
		}
		g.to[i] = int32(len(g.edges))
	}
	return g
}

// given reports whether an any-of group needs no file of its own: remarks satisfy it, or one of its documents has to be there
// anyway.
func (m *matcher) given(r *required) bool {
	return slices.ContainsFunc(r.alternatives, func(a alternative) bool {
		if a.words {
			return m.remarks
		}
		return len(m.wanted[a.at].materials) > 0
	})
}

// alike returns the undecided file before this one if nothing tells the two apart here, -1 otherwise: of a hundred certificates
// that name no domain one is as good as the other, and what is found for the first holds for all.
func (g *graph) alike(i int) int {
	f := &g.m.files[i]
	for j := i - 1; j >= 0; j-- {
		if o := &g.m.files[j]; o.undecided() && !o.stale {
			if o.from == f.from && o.to == f.to && o.page == f.page && (o.quality < pending) == (f.quality < pending) {
				return j
			}
			return -1
		}
	}
	return -1
}

// appendPlaces adds the places that a page of a wanted document covers; a page that nobody knows may be any.
func (g *graph) appendPlaces(to []int32, at int, page filing.Page) []int32 {
	w := &g.m.wanted[at]
	if g.base[at] >= 0 {
		for k, p := range w.pages {
			if page == "" || page == p {
				to = append(to, g.base[at]+int32(k))
			}
		}
		return to
	}
	for i := range g.m.required {
		if g.group[i] < 0 {
			continue
		}
		for _, a := range g.m.required[i].alternatives {
			if a.at != at {
				continue
			}
			for k, p := range a.pages {
				if page == "" || page == p {
					to = append(to, g.group[i]+int32(k))
				}
			}
		}
	}
	return to
}

// best values the best assignments from which a file and a place are left out; -1 leaves none out. Files that say what they are
// come first: what is covered once stays covered while more files find their place (Berge, 1957), so that taking them in the
// order of their worth is best (transversal matroid; Edmonds and Fulkerson, 1965).
func (g *graph) best(without, beside int32) covered {
	g.without, g.beside = without, beside
	for i := range g.owner {
		g.owner[i] = -1
	}
	var c covered
	for _, certain := range []bool{true, false} {
		g.search++
		vain := int32(-1) // the places of a file that found none: one alike finds none either
		for i := range g.m.files {
			if int32(i) == without || (g.m.files[i].at >= 0) != certain || g.from[i] == g.to[i] || g.from[i] == vain {
				continue
			}
			if !g.cover(int32(i)) {
				vain = g.from[i] // and what this search has seen leads nowhere, for the next file neither
				continue
			}
			g.search++
			vain = -1
			if c.pages++; certain {
				c.certain++
			}
		}
	}
	return c
}

// cover finds a place for a file, moving others where they have a choice (augmenting path; Kuhn, 1955).
func (g *graph) cover(file int32) bool {
	places := g.edges[g.from[file]:g.to[file]]
	for _, p := range places {
		if g.owner[p] < 0 && p != g.beside {
			g.owner[p] = file
			return true
		}
	}
	for _, p := range places {
		if p == g.beside || g.seen[p] == g.search {
			continue
		}
		g.seen[p] = g.search
		if g.cover(g.owner[p]) {
			g.owner[p] = file
			return true
		}
	}
	return false
}

// onlyOption returns the one document that a file goes to in every best assignment that has it, -1 where there are several or
// none. A file that cannot be used covers nothing: it goes where a best assignment leaves a place open for it.
func (g *graph) onlyOption(i int, best covered) int32 {
	if j := g.alike(i); j >= 0 {
		return g.only[j]
	}
	f := &g.m.files[i]
	without, want := int32(i), covered{best.pages - 1, best.certain}
	if f.quality < pending {
		without, want = -1, best
	}
	only := int32(-1)
	var room [4]int32
	for _, at := range g.m.options[f.from:f.to] {
		for _, p := range g.appendPlaces(room[:0], int(at), f.page) {
			if g.best(without, p) != want {
				continue
			}
			if only >= 0 {
				return -1
			}
			only = at
			break
		}
	}
	return only
}
