package specimen

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"
)

// fontsFor returns the fonts, or skips the test where they are not installed; with PREFLIGHT_TEST_REQUIRE=1 it fails.
func fontsFor(t *testing.T) *FontSet {
	t.Helper()
	fonts, err := Fonts()
	if errors.Is(err, ErrNoFonts) && os.Getenv("PREFLIGHT_TEST_REQUIRE") != "1" {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fonts
}

func TestIDNumberCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, first17 string
		want          byte
	}{
		{"the example of GB 11643", "11010519491231002", 'X'},
		{"a second published example", "44052418800101001", '4'},
		{"sixteen digits have no check", "1101051949123100", 0},
		{"a letter has no check", "1101051949123100A", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := IDNumberCheck(tt.first17); got != tt.want {
				t.Errorf("IDNumberCheck(%s) = %q, want %q", tt.first17, got, tt.want)
			}
		})
	}
}

func TestCreditCodeCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, first17 string
		want          byte
	}{
		{"a code whose check was computed by hand", "91990101MA0000000", handComputed("91990101MA0000000")},
		{"a letter outside the alphabet has no check", "91990101MAI000000", 0},
		{"a short code has no check", "9199", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := CreditCodeCheck(tt.first17); got != tt.want {
				t.Errorf("CreditCodeCheck(%s) = %q, want %q", tt.first17, got, tt.want)
			}
		})
	}
}

// handComputed follows the standard's table of weights instead of their recurrence.
func handComputed(first17 string) byte {
	weights := []int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	sum := 0
	for i, w := range weights {
		sum += w * bytes.IndexByte([]byte(creditAlphabet), first17[i])
	}
	rest := 31 - sum%31
	if rest == 31 {
		rest = 0
	}
	return creditAlphabet[rest]
}

func TestDocumentsCarryNumbersThatCheckAndBelongToNobody(t *testing.T) {
	t.Parallel()
	fonts := fontsFor(t)
	for _, kind := range Kinds() {
		for seed := range uint64(4) {
			d, err := Draw(fonts, kind, seed, 3)
			if err != nil {
				t.Fatal(err)
			}
			f := d.Fields
			if f.Number != "" {
				if IDNumberCheck(f.Number[:17]) != f.Number[17] {
					t.Errorf("%s %d: number %s does not check", kind, seed, f.Number)
				}
				if f.Number[:2] != "99" {
					t.Errorf("%s %d: region of %s may exist", kind, seed, f.Number)
				}
				if f.Birth != "" && f.Number[6:14] != compact(f.Birth) {
					t.Errorf("%s %d: number %s is not of birth %s", kind, seed, f.Number, f.Birth)
				}
			}
			if f.CreditCode != "" {
				if CreditCodeCheck(f.CreditCode[:17]) != f.CreditCode[17] {
					t.Errorf("%s %d: code %s does not check", kind, seed, f.CreditCode)
				}
				if f.CreditCode[2:4] != "99" {
					t.Errorf("%s %d: region of %s may exist", kind, seed, f.CreditCode)
				}
			}
		}
	}
}

func compact(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return ""
	}
	return t.Format("20060102")
}

func TestEveryDocumentSaysThatItIsASpecimenAndWhereItsFieldsAre(t *testing.T) {
	t.Parallel()
	fonts := fontsFor(t)
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			d, err := Draw(fonts, kind, 3, 4)
			if err != nil {
				t.Fatal(err)
			}
			marked, fields := false, 0
			for _, l := range d.Lines {
				marked = marked || bytes.Contains([]byte(l.Text), []byte("样本 SPECIMEN"))
				if l.Field != "" {
					fields++
				}
				for _, p := range l.Quad {
					if p[0] < 0 || p[1] < 0 || p[0] > float64(d.Image.Rect.Dx()) || p[1] > float64(d.Image.Rect.Dy()) {
						t.Errorf("line %q lies outside the document: %v", l.Text, l.Quad)
						break
					}
				}
				if dark := darkest(d, l); dark > 150 {
					t.Errorf("line %q: nothing is printed in its quad (darkest %d)", l.Text, dark)
				}
			}
			if !marked {
				t.Error("no line says 样本 SPECIMEN")
			}
			if fields == 0 {
				t.Error("no line names its field")
			}
		})
	}
}

// darkest is the smallest value of a channel within a line's quad, or for white print the opposite.
func darkest(d *Document, l Line) uint8 {
	low, high := uint8(255), uint8(0)
	for y := int(l.Quad[0][1]); y < int(l.Quad[2][1]); y++ {
		for x := int(l.Quad[0][0]); x < int(l.Quad[2][0]); x++ {
			c := d.Image.RGBAAt(x, y)
			low, high = min(low, c.R, c.G, c.B), max(high, min(c.R, c.G, c.B))
		}
	}
	return 255 - (high - low)
}

func TestDrawRefusesWhatItCannotDraw(t *testing.T) {
	t.Parallel()
	fonts := fontsFor(t)
	if _, err := Draw(fonts, "passport", 1, 4); err == nil {
		t.Error("an unknown kind was drawn")
	}
	if _, err := Draw(fonts, IDCardFront, 1, 400); err == nil {
		t.Error("400 px/mm were drawn")
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	fonts := fontsFor(t)
	shoot := func(seed uint64) []byte {
		p, err := photograph(fonts, IDCardFront, Ordinary(640, 480, seed))
		if err != nil {
			t.Fatal(err)
		}
		data, err := EncodeJPEG(p.Image, JPEGOptions{Segments: []Segment{Phone().Segment()}})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !bytes.Equal(shoot(5), shoot(5)) {
		t.Error("seed 5 gave two different files")
	}
	if bytes.Equal(shoot(5), shoot(6)) {
		t.Error("seeds 5 and 6 gave the same file")
	}
}
