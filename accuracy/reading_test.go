package accuracy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

// readCard is a readable photo of the front of a card, and what was made of it.
func readCard(id, name, number string, kind filing.DetectedKind) Read {
	r := Read{Says: specimen.Fields{Name: "林青禾", Number: "990411197708016342", Birth: "1977-08-01"}}
	r.Case = specimen.Case{ID: id, Template: "id_card_front"}
	r.Truth = specimen.Truth{
		Kind: specimen.IDCardFront, Documents: [][4]filing.Point{{{0, 0}, {10, 0}, {10, 6}, {0, 6}}}, EdgeWidthPerTextHeight: 0.1,
		TextHeightPx: 30, WhitePaperLevel: 0.6,
	}
	r.Measurements.Bytes, r.Measurements.Width, r.Measurements.Height = 200_000, 2000, 1300
	r.Measurements.Format, r.Measurements.Decode = filing.FormatJPEG, &filing.Decode{Complete: true}
	r.Content = filing.Content{Kind: kind, Fields: []filing.Field{
		{Name: filing.FieldPerson, Text: name, Value: name, Confidence: 0.99},
		{Name: filing.FieldNumber, Text: number, Value: number, Confidence: 0.99},
	}}
	return r
}

func barNamed(t *testing.T, bars []Bar, name string) Bar {
	t.Helper()
	for _, b := range bars {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("no bar %q", name)
	return Bar{}
}

func TestReadingIsCountedOnReadablePhotosAlone(t *testing.T) {
	t.Parallel()
	front := filing.DetectedKind{Detected: filing.DocumentIDCard, Page: filing.PageFront, Confidence: 0.98}
	back, doubtful := front, front
	back.Page, doubtful.Confidence = filing.PageBack, 0.6
	blurred := readCard("blurred", "休", "9", back)
	blurred.Truth.EdgeWidthPerTextHeight = 0.3
	reads := []Read{
		readCard("right", "林青禾", "990411197708016342", front), readCard("doubtful", "林青禾", "990411197708016342", doubtful),
		readCard("side", "林青禾", "990411197708016342", back), readCard("slip", "林青木", "990411197708016342", front), blurred,
	}
	bars := ReadingBars(reads)
	for name, want := range map[string][2]int{ // counted, wrong
		"kind and side, readable photos": {4, 1}, "of the right ones, confidence >= 0.8": {3, 1}, "kind or side wrong with confidence >= 0.8": {4, 1},
		"ID number, exact": {4, 0}, "name of a person, exact": {4, 1}, "unreadable: kind or side wrong with confidence >= 0.8": {1, 1},
	} {
		if b := barNamed(t, bars, name); b.N != want[0] || b.Errors != want[1] {
			t.Errorf("%s: %d of %d wrong, not %d of %d", name, b.Errors, b.N, want[1], want[0])
		}
	}
}

func TestFaultsArePlantedAndFalseFindingsCounted(t *testing.T) {
	t.Parallel()
	front := filing.DetectedKind{Detected: filing.DocumentIDCard, Page: filing.PageFront, Confidence: 0.98}
	other := readCard("other", "苏知远", "990102199310053959", front)
	other.Says = specimen.Fields{Name: "苏知远", Number: "990102199310053959", Birth: "1993-10-05"}
	reads := []Read{readCard("right", "林青禾", "990411197708016342", front), other}
	bars := ReadingBars(reads)
	if b := barNamed(t, bars, "false mismatch, invalid or expired on right documents, readable"); b.N != 2 || b.Errors != 0 {
		t.Errorf("%+v", b)
	}
	if b := barNamed(t, bars, "planted faults found, readable"); b.N != 6 || b.Errors != 0 {
		t.Errorf("each is declared as another person's, as the other side and as a licence: %+v", b)
	}
	// Who is read as somebody else is held against by mistake, and so the other person is not found.
	reads[0].Content.Fields[0].Value = "苏知远"
	bars = ReadingBars(reads)
	if b := barNamed(t, bars, "false mismatch, invalid or expired on right documents, readable"); b.Errors != 1 || b.Worst[0] != "right" {
		t.Errorf("%+v", b)
	}
}

func TestTesseractsTableBecomesAReadingOfLines(t *testing.T) {
	t.Parallel()
	rows := []string{"level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext", "1\t1\t0\t0\t0\t0\t0\t0\t1000\t630\t-1\t"}
	word := func(line, x, y, w int, confidence float64, text string) {
		rows = append(rows, fmt.Sprintf("5\t1\t1\t1\t%d\t1\t%d\t%d\t%d\t30\t%g\t%s", line, x, y, w, confidence, text))
	}
	word(1, 60, 60, 60, 96, "姓名")
	word(1, 180, 60, 90, 90, "林青禾")
	word(2, 60, 140, 60, 95, "性别")
	word(2, 122, 140, 30, 95, "女")
	word(3, 60, 220, 190, 95, "出生1977年8月1日")
	word(4, 60, 560, 200, 95, "公民身份号码")
	word(4, 300, 560, 300, 95, "990411197708016342")
	got, err := fromTSV(strings.Join(rows, "\n") + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Lines) != 5 || got.Lines[2].Text != "性别女" || got.Page[2] != (filing.Point{1000, 630}) {
		t.Fatalf("%+v", got)
	}
	c := document.Recognize(got)
	if f, _ := c.Field(filing.FieldPerson); f.Value != "林青禾" || f.Confidence != 0.9 {
		t.Errorf("%+v of %+v", f, c)
	}
	if _, err := fromTSV("header\n5\t1\t1\t1\t1\t1\tx\t0\t0\t0\t0\ttext\n"); err == nil {
		t.Error("a place that is no number passes")
	}
}
