package specimen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/sfnt"
)

// ErrNoFonts says that a font which the documents are drawn with is not installed; the message names its package.
var ErrNoFonts = errors.New("font for specimens is not installed")

// FontSet is the fonts that documents are drawn with: a sans (黑体) for cards and forms, a serif (宋体) and a brush-like
// face (楷体) for certificates and letters, and a monospaced one for numbers. It is safe for concurrent use.
type FontSet struct {
	Hei  *sfnt.Font
	Song *sfnt.Font
	Kai  *sfnt.Font
	Mono *sfnt.Font
}

// loadFonts reads the fonts once for the process: 15 MB that every drawing shares and none changes.
var loadFonts = sync.OnceValues(func() (*FontSet, error) {
	var set FontSet
	for _, want := range []struct {
		file, pkg string
		into      **sfnt.Font
	}{
		{"wqy-microhei.ttc", "fonts-wqy-microhei", &set.Hei},
		{"gbsn00lp.ttf", "fonts-arphic-gbsn00lp", &set.Song},
		{"gkai00mp.ttf", "fonts-arphic-gkai00mp", &set.Kai},
	} {
		f, err := findFont(want.file, want.pkg)
		if err != nil {
			return nil, err
		}
		*want.into = f
	}
	mono, err := sfnt.Parse(gomonobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("parse Go Mono Bold: %w", err)
	}
	set.Mono = mono
	return &set, nil
})

// Fonts finds the fonts that documents are drawn with in the usual folders of Debian. Where one is missing the error is
// ErrNoFonts and its text names the package to install.
func Fonts() (*FontSet, error) { return loadFonts() }

// fontFolders are searched in order.
func fontFolders() []string {
	folders := []string{"/usr/share/fonts", "/usr/local/share/fonts"}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, ".local", "share", "fonts"), filepath.Join(home, ".fonts"))
	}
	return folders
}

func findFont(name, pkg string) (*sfnt.Font, error) {
	folders := fontFolders()
	for _, folder := range folders {
		var found string
		// Folders that are absent or unreadable hold no font: the walk goes on, and the end of the search reports.
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && d.Name() == name {
				found = path
				return fs.SkipAll
			}
			return nil
		})
		if found == "" {
			continue
		}
		data, err := os.ReadFile(found)
		if err != nil {
			return nil, fmt.Errorf("read font %s: %w", name, err)
		}
		aligned, err := alignTables(data)
		if err != nil {
			return nil, fmt.Errorf("parse font %s: %w", name, err)
		}
		f, err := sfnt.Parse(aligned)
		if err != nil {
			return nil, fmt.Errorf("parse font %s: %w", name, err)
		}
		return f, nil
	}
	return nil, fmt.Errorf("%w: %s is not in %s; install it with: apt-get install %s",
		ErrNoFonts, name, strings.Join(folders, ", "), pkg)
}

// alignTables returns the first font of a file as a font of its own whose tables begin on multiples of four bytes. Debian's
// Chinese fonts are older than that rule and x/image/font/sfnt insists on it.
func alignTables(data []byte) ([]byte, error) {
	errShort := errors.New("font file is too short for its tables")
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(data[at:])) }
	if len(data) < 16 {
		return nil, errShort
	}
	start := 0
	if string(data[:4]) == "ttcf" {
		start = u32(12)
	}
	if start+12 > len(data) {
		return nil, errShort
	}
	count := int(binary.BigEndian.Uint16(data[start+4:]))
	directory := start + 12
	if directory+16*count > len(data) {
		return nil, errShort
	}
	out := append(make([]byte, 0, len(data)+4*count), data[start:directory+16*count]...)
	for i := range count {
		entry := directory + 16*i
		offset, length := u32(entry+8), u32(entry+12)
		if offset+length > len(data) {
			return nil, errShort
		}
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
		binary.BigEndian.PutUint32(out[12+16*i+8:], uint32(len(out)))
		out = append(out, data[offset:offset+length]...)
	}
	return out, nil
}
