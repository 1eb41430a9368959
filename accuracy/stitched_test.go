package accuracy

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	xdraw "golang.org/x/image/draw"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

var (
	stitchedCount = flag.Int("stitched", 0, "stitched pictures to draw and judge; make accuracy-pairs says 120")
	stitchedHalf  = flag.String("stitched-half", "", "tune, test, or seen: the first test half, which has been looked at; as -pairs-half by default")
	stitchedDump  = flag.String("stitched-dump", "", "folder for the pictures that were stitched")
	stitchedRead  = flag.Bool("stitched-read", true, "recognize the parts by reading, too")
)

// foreignPart is a photo that may be stitched in, and what it shows.
type foreignPart struct {
	img     *image.RGBA
	corners raster.Quad
	kind    filing.DocumentKind
	page    filing.Page
}

// foreign is a picture as somebody stitched it.
type foreign struct {
	file  []byte
	parts []foreignPart // their corners in the picture
}

// stitchForeign stitches photos as drawing programs and phones' galleries do: in a row, a column or two by two, with margins or
// without, scaled to one height or width, or as they are.
func stitchForeign(dice *rand.Rand, pool []foreignPart) (foreign, error) {
	n := 2 + dice.IntN(3)
	var out foreign
	ground := []color.RGBA{{255, 255, 255, 255}, {255, 255, 255, 255}, {0, 0, 0, 255}, {240, 240, 240, 255}}[dice.IntN(4)]
	gap := []int{0, 0, 12, 40}[dice.IntN(4)]
	columns := []int{1, n, 2}[dice.IntN(3)]
	fit := dice.IntN(3) > 0
	type cell struct {
		foreignPart
		w, h int
	}
	var cells []cell
	for _, k := range dice.Perm(len(pool))[:n] {
		p := pool[k]
		scale := 0.55 + 0.45*dice.Float64()
		if fit {
			scale = 1000 / float64(p.img.Rect.Dx())
			if columns > 1 {
				scale = 800 / float64(p.img.Rect.Dy())
			}
		}
		cells = append(cells, cell{p, int(scale * float64(p.img.Rect.Dx())), int(scale * float64(p.img.Rect.Dy()))})
	}
	widths := make([]int, columns)
	for i, c := range cells {
		widths[i%columns] = max(widths[i%columns], c.w)
	}
	total, y := gap, gap
	for _, w := range widths {
		total += w + gap
	}
	var heights []int
	for i := 0; i < n; i += columns {
		h := 0
		for _, c := range cells[i:min(i+columns, n)] {
			h = max(h, c.h)
		}
		heights = append(heights, h)
	}
	high := gap
	for _, h := range heights {
		high += h + gap
	}
	page := image.NewRGBA(image.Rect(0, 0, total, high))
	draw.Draw(page, page.Rect, image.NewUniform(ground), image.Point{}, draw.Src)
	for i := 0; i < n; i += columns {
		x := gap
		for k, c := range cells[i:min(i+columns, n)] {
			at := image.Rect(x, y, x+c.w, y+c.h)
			xdraw.CatmullRom.Scale(page, at, c.img, c.img.Rect, draw.Src, nil)
			part := c.foreignPart
			for j := range part.corners {
				part.corners[j] = raster.Point{
					float64(x) + part.corners[j][0]*float64(c.w)/float64(c.img.Rect.Dx()),
					float64(y) + part.corners[j][1]*float64(c.h)/float64(c.img.Rect.Dy()),
				}
			}
			out.parts = append(out.parts, part)
			x += widths[k] + gap
		}
		y += heights[i/columns] + gap
	}
	var file bytes.Buffer
	err := jpeg.Encode(&file, page, &jpeg.Options{Quality: 80 + dice.IntN(15)})
	out.file = file.Bytes()
	return out, err
}

func TestPartsOfStitchedPicturesAreFound(t *testing.T) {
	if *stitchedCount == 0 {
		t.Skip("it measures: make accuracy-pairs")
	}
	analyzer, err := imaging.New(imaging.Options{Models: filepath.Join("..", "build", "models")})
	if err != nil {
		t.Fatal(err)
	}
	kinds := []struct {
		drawn specimen.Kind
		kind  filing.DocumentKind
		page  filing.Page
	}{
		{specimen.IDCardFront, filing.DocumentIDCard, filing.PageFront}, {specimen.IDCardBack, filing.DocumentIDCard, filing.PageBack},
		{specimen.BusinessLicense, filing.DocumentBusinessLicense, filing.PageFront},
		{specimen.AuthorizationLetter, filing.DocumentAuthorizationLetter, filing.PageFront},
	}
	half := cmp.Or(*stitchedHalf, *pairHalf)
	seed, dice := uint64(65_000), rand.New(rand.NewPCG(13, 2021))
	switch half {
	case "tune":
		seed, dice = 45_000, rand.New(rand.NewPCG(11, 2019))
	case "seen":
		seed, dice = 55_000, rand.New(rand.NewPCG(12, 2020))
	}
	var pool []foreignPart
	for i := range 24 {
		k := kinds[i%len(kinds)]
		w, h := 1600, 1200
		if i%len(kinds) == 3 {
			w, h = h, w
		}
		photo, err := specimen.Photograph(k.drawn, w, h, seed+uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		pool = append(pool, foreignPart{photo.Image, raster.Quad(photo.Corners), k.kind, k.page})
	}
	parts, found, recognized, extra := 0, 0, 0, 0
	missing, missed, told, alarms, hidden := 0, 0, 0, 0, 0
	for n := range *stitchedCount {
		picture, err := stitchForeign(dice, pool)
		if err != nil {
			t.Fatal(err)
		}
		m, err := analyzer.Analyze(t.Context(), picture.file)
		if err != nil {
			t.Fatal(err)
		}
		seen := m.Parts
		if *stitchedRead {
			r, err := analyzer.Read(t.Context(), picture.file, &m)
			if err != nil {
				t.Fatal(err)
			}
			for i, part := range r.Each() {
				kind := document.Recognize(part).Kind
				seen[i].Kind, seen[i].Page = kind.Detected, kind.Page
			}
		}
		var wanted []filing.PartWanted
		ok := 0
		for _, p := range picture.parts {
			parts++
			wanted = append(wanted, filing.PartWanted{Kind: p.kind, Page: p.page})
			for _, s := range seen {
				if raster.Quad(s.Quad).IoU(p.corners) > 0.7 {
					found++
					ok++
					if s.Kind == p.kind && s.Page == p.page {
						recognized++
					}
					break
				}
			}
		}
		extra += max(0, len(seen)-len(picture.parts))
		if *stitchedDump != "" {
			if err := os.WriteFile(filepath.Join(*stitchedDump, fmt.Sprintf("%03d.jpg", n)), picture.file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if ok < len(picture.parts) || len(seen) != len(picture.parts) {
			t.Logf("picture %d: %d of %d parts found, %d seen", n, ok, len(picture.parts), len(seen))
		}
		judge := func(want []filing.PartWanted) map[string]int {
			codes := map[string]int{}
			for _, f := range checks.Composite(checks.CompositeInput{Measurements: m, Parts: seen, Wanted: want}) {
				codes[f.Code]++
			}
			return codes
		}
		told++
		if codes := judge(wanted); codes["part_missing"]+codes["part_unexpected"]+codes["parts_overlap"] > 0 {
			alarms++
			t.Logf("picture %d: false alarm %v", n, codes)
		}
		// Nothing is hidden in any of them.
		for _, f := range checks.File(checks.FileInput{Measurements: m}) {
			if f.Part > 0 && (f.Code == "glare" || f.Code == "document_cut_off") {
				hidden++
				t.Logf("picture %d, part %d: %s %v", n, f.Part, f.Code, f.Measured)
			}
		}
		// One more is wanted than is there.
		missing++
		if judge(append(wanted, filing.PartWanted{Kind: filing.DocumentDomainCertificate, Page: filing.PageFront}))["part_missing"] == 0 {
			missed++
		}
	}
	fmt.Printf("%d stitched pictures (%s): %d of %d parts found, %d recognized, %d too many; missing part told %d of %d; false alarms %d of %d; said to be hidden %d of %d parts\n",
		*stitchedCount, half, found, parts, recognized, extra, missing-missed, missing, alarms, told, hidden, parts)
}
