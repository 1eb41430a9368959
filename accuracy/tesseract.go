package accuracy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/preflight-icp/preflight/filing"
)

// ErrNoTesseract says that there is no tesseract with chi_sim on this machine.
var ErrNoTesseract = errors.New("tesseract-ocr with chi_sim is not installed (scripts/setup.sh accuracy)")

// Tesseract reads photos with Debian's tesseract-ocr and its model chi_sim, for comparison. It is handed what it does not find by
// itself: the page as it was located, straightened, and turned the right way up.
type Tesseract struct{ command, kept string }

// FindTesseract returns tesseract, ready to read; ErrNoTesseract where it cannot.
func (b *Bench) FindTesseract(ctx context.Context, root string) (*Tesseract, error) {
	command, err := exec.LookPath("tesseract")
	if err != nil {
		return nil, ErrNoTesseract
	}
	languages, err := exec.CommandContext(ctx, command, "--list-langs").Output() //nolint:gosec // the one on the path
	if err != nil || !bytes.Contains(languages, []byte("chi_sim")) {
		return nil, ErrNoTesseract
	}
	sum, err := digest(root, "accuracy/tesseract.go")
	if err != nil {
		return nil, err
	}
	return &Tesseract{command: command, kept: b.measured + "-tesseract-" + sum}, nil
}

// tesseractSide is the long side of the page that tesseract is handed, in pixels: characters of a card are then 50 high, of which its
// authors ask for 20 and more.
const tesseractSide = 2200

// read returns what tesseract reads on the page of a reading, kept from the last time where it is.
func (t *Tesseract) read(ctx context.Context, by *Readers, r *Read) (filing.Reading, error) {
	var out filing.Reading
	kept := filepath.Join(t.kept, filepath.FromSlash(r.Case.ID)+".json")
	if load(kept, &out) == nil {
		return out, nil
	}
	data, err := os.ReadFile(by.bench.FilePath(r.Case))
	if err != nil {
		return out, err
	}
	straight, err := by.bench.analyzer.Rectified(ctx, data, filing.Document{Quad: r.Reading.Page, Confidence: 1}, tesseractSide)
	if err != nil {
		return out, fmt.Errorf("straighten %s: %w", r.Case.ID, err)
	}
	cmd := exec.CommandContext(ctx, t.command, "stdin", "stdout", "-l", "chi_sim", "--psm", "3", "tsv") //nolint:gosec // the one on the path
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	cmd.Stdin = bytes.NewReader(straight)
	table, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("tesseract on %s: %w", r.Case.ID, err)
	}
	if out, err = fromTSV(string(table)); err != nil {
		return out, fmt.Errorf("tesseract on %s: %w", r.Case.ID, err)
	}
	return out, keep(kept, out)
}

// word is a row of tesseract's table that holds text.
type word struct {
	line                     string // page, block, paragraph and line
	left, top, width, height float64
	confidence               float64
	text                     string
}

// fromTSV makes a reading of tesseract's table of words. A line ends where the next word is further away than one and a half times its
// height, as columns and forms have it.
func fromTSV(table string) (filing.Reading, error) {
	const gap = 1.5
	out := filing.Reading{Reader: "tesseract", Lines: []filing.Line{}}
	var words []word
	for i, row := range strings.Split(strings.TrimSuffix(table, "\n"), "\n") {
		cells := strings.Split(row, "\t")
		if i == 0 || len(cells) < 12 {
			continue
		}
		var n [5]float64 // left, top, width, height, confidence
		for k := range n {
			v, err := strconv.ParseFloat(cells[6+k], 64)
			if err != nil {
				return out, fmt.Errorf("row %d: %w", i, err)
			}
			n[k] = v
		}
		switch text := strings.TrimSpace(cells[11]); {
		case cells[0] == "1":
			out.Page = rectangle(n[0], n[1], n[0]+n[2], n[1]+n[3])
		case cells[0] == "5" && text != "":
			words = append(words, word{strings.Join(cells[1:5], "."), n[0], n[1], n[2], n[3], n[4] / 100, text})
		}
	}
	for start := 0; start < len(words); {
		end := start + 1
		for end < len(words) && words[end].line == words[start].line &&
			words[end].left-words[end-1].left-words[end-1].width < gap*max(words[end].height, words[end-1].height) {
			end++
		}
		out.Lines = append(out.Lines, joined(words[start:end]))
		start = end
	}
	return out, nil
}

func rectangle(x0, y0, x1, y1 float64) [4]filing.Point {
	return [4]filing.Point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

// joined makes a line of words.
func joined(words []word) filing.Line {
	first, last := words[0], words[len(words)-1]
	x0, x1, y0, y1 := first.left, last.left+last.width, first.top, first.top+first.height
	for _, w := range words {
		y0, y1 = min(y0, w.top), max(y1, w.top+w.height)
	}
	line := filing.Line{Quad: rectangle(x0, y0, x1, y1)}
	sum := 0.0
	for _, w := range words {
		n := float64(utf8.RuneCountInString(w.text))
		for k, c := range []rune(w.text) {
			line.Text += string(c)
			line.Glyphs = append(line.Glyphs, filing.Glyph{At: (w.left + (float64(k)+0.5)*w.width/n - x0) / max(x1-x0, 1), Confidence: w.confidence})
			sum += w.confidence
		}
	}
	line.Confidence = sum / float64(max(len(line.Glyphs), 1))
	return line
}
