package imaging

import "github.com/preflight-icp/preflight/filing"

// implausible reports whether what was taken for a document is hardly one, however well its sides were found: it has no print, or print in
// few places only, or is of every colour all over. It is a guess then.
func implausible(m *filing.Measurements) bool { return unprinted(m) || motley(m) }

// What a window, a picture on a wall or a shirt lacks of a document is print. It tells where print would be seen: lit, and
// large enough for it; and where a document is the photo's subject, nothing else is asked of it, since blur or a reflection may have
// taken its print. Of 4,250 documents of the tuning halves that were sure, 11 of the 25 wrong ones are taken for a guess by this, and
// 4 of the right ones.
//
// A card that is held before a shirt gives the shirt print in a few places, and a window its bars. Of the documents of three halves that
// were sure and lay so, the 4 wrong ones have print in up to 5 of the 30 parts of which one tile each is measured; the right ones that
// have it in up to 7 are mirrored, burnt out or dark.
const (
	// fewestEdges is the least number of places on edges of print, over all tiles. Cards with the least print have twice as many.
	fewestEdges = 800
	// fewestPlaces is the number of tiles up to which print is in a few places only.
	fewestPlaces = 5
	// mostMirrored and mostClipped are the shares of a document that is mirrored and of its paper that is saturated up to which that has not
	// taken print away: of the right ones with so little print 0.09 and more, and 0.36 and more.
	mostMirrored, mostClipped = 0.03, 0.3
	// leastForPrint is the area from which print is seen, in pixels of the picture: a card's smallest characters are then 8 pixels high.
	leastForPrint = 60_000
	// mostAside is the share of the picture below which a document is not its subject.
	mostAside = 0.25
	// litForPrint is the luma of paper, 0 to 255, below which darkness may hide print: it did at 62 and less.
	litForPrint = 70
	// guessed is how sure a document may be that is hardly one, and alone how sure where it lacks print and no face is in the picture. Cards
	// by lot have a line or two: of 106 photos of six halves without a face in which the document had so little print, 92 had it right,
	// and of 47 with a face 19.
	guessed, alone = 0.4, 0.75
)

// mostPlausible is how sure a document may be that is hardly one. What lacks print and is none is mostly a wall, a window or the clothes of
// somebody who holds a card.
func mostPlausible(m *filing.Measurements) float64 {
	if m.FacesBy != "" && len(m.Faces) == 0 && !motley(m) {
		return alone
	}
	return guessed
}

// unprinted reports whether print would be seen all over the document of a picture and is not.
func unprinted(m *filing.Measurements) bool {
	share := m.Document.FrameShare
	if m.Exposure == nil || m.Exposure.Paper <= litForPrint || share > mostAside || share*float64(m.Width)*float64(m.Height) < leastForPrint {
		return false
	}
	edges, places := 0, 0
	if m.Legibility != nil {
		places = len(m.Legibility.Tiles)
		for i := range m.Legibility.Tiles {
			edges += m.Legibility.Tiles[i].Edges
		}
	}
	hidden := m.Glare != nil && m.Glare.Share > mostMirrored || m.Exposure.ClippedShare > mostClipped
	return edges <= fewestEdges || places <= fewestPlaces && !hidden
}

// Documents are printed in a few inks on one ground; shelves of books, posters and beds of flowers are of every colour all over. Of 2,077 documents
// of the second test half that were sure, 5 of the 13 wrong ones are coloured in all hues over 0.88 of their area and more; the right ones
// in as many hues, most of them on screens and under coloured light, reach 0.59. Documents that are printed by lot have more colours: of all
// labelled photos but the closed half's, 43 right ones are of every hue all over, 34 of them the subject of their photo, and 75 that are
// wrong, 3 of them the subject.
const (
	// everyHue is the number of hues, of 12, and colouredAllOver the share of the area from which something is of every colour all over.
	everyHue, colouredAllOver = 11, 0.7
)

// motley reports whether what was taken for a document, and is not the subject of the photo, is of every colour all over.
func motley(m *filing.Measurements) bool {
	return m.Colour != nil && m.Colour.Hues >= everyHue && m.Colour.ChromaShare >= colouredAllOver && m.Document.FrameShare <= mostAside
}
