package specimen

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// halves is a photograph that is green on the left and blue on the right.
func halves(w, h int) io.Reader {
	photo := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{20, 200, 20, 255}
			if x >= w/2 {
				c = color.RGBA{20, 20, 200, 255}
			}
			photo.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, photo, &jpeg.Options{Quality: 95}) // a buffer takes everything
	return &b
}

// drawnOn draws a case, on a photograph where it lies on one.
func drawnOn(c Case) (Labelled, error) {
	if c.Ground() == "" {
		return c.Draw()
	}
	return c.DrawOn(halves(900, 600))
}

func TestGroundsAreThePhotographsThatTestdataNames(t *testing.T) {
	t.Parallel()
	sums, err := os.ReadFile(filepath.Join("..", "testdata", "grounds", "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(sums)) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed = append(listed, name)
	}
	want := slices.Clone(groundPhotos)
	slices.Sort(want)
	slices.Sort(listed)
	if !slices.Equal(listed, want) {
		t.Errorf("testdata/grounds lists %q, the set lies on %q", listed, want)
	}
}

func TestACaseOnAPhotographIsNotDrawnWithoutIt(t *testing.T) {
	t.Parallel()
	if _, err := Cases(Grounds)[0].Draw(); !errors.Is(err, ErrNoGround) {
		t.Errorf("error %v", err)
	}
}

func TestWhatIsNoPhotographIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := Cases(Grounds)[0].DrawOn(strings.NewReader("no picture")); err == nil || !strings.Contains(err.Error(), "photograph") {
		t.Errorf("error %v", err)
	}
}

func TestAPhotographLiesUnderTheDocument(t *testing.T) {
	t.Parallel()
	fontsFor(t)
	at := slices.IndexFunc(Cases(Grounds), func(c Case) bool { return c.Group == GroupNoDocument && c.Variant == "surface" })
	c := shrunk(Cases(Grounds)[at])
	l, err := c.DrawOn(halves(900, 600))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(l.File))
	if err != nil {
		t.Fatal(err)
	}
	b := picture.Bounds()
	green, blue := 0, 0
	for y := b.Min.Y; y < b.Max.Y; y += 7 {
		for x := b.Min.X; x < b.Max.X; x += 7 {
			switch r, g, bl, _ := picture.At(x, y).RGBA(); {
			case g > r+r/4 && g > bl:
				green++
			case bl > r+r/4 && bl > g:
				blue++
			}
		}
	}
	if all := b.Dx() * b.Dy() / 49; green+blue < all*8/10 {
		t.Errorf("of %d places %d are green and %d blue", all, green, blue)
	}
}

func TestAPhotographIsMirroredWhereItEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ at, want int }{{0, 0}, {4, 4}, {5, 4}, {9, 0}, {10, 0}, {-1, 0}, {-5, 4}, {-6, 4}, {-11, 0}} {
		if got := mirrored(c.at, 5); got != c.want {
			t.Errorf("place %d of 5: %d, want %d", c.at, got, c.want)
		}
	}
}
