package specimen

import (
	"fmt"
	"image"
	"image/color"
	"sync"

	"github.com/preflight-icp/preflight/filing"
)

// File is one file of a corpus: how it is called, what it is, and what the service must answer. Its bytes are made when
// they are asked for.
type File struct {
	// Name is a file name with the extension that the uploader gave it; names are unique in a corpus.
	Name string
	// What says what the file is and what it is for, in a sentence.
	What string
	// Want is the code of the finding that must be among the answer's; empty where no error must come of it.
	// The findings on size (file_too_small, file_too_large) follow from the length alone and are named in Want only where
	// they are the point.
	Want string
	// Or are codes that are as good an answer as Want, where decoders may rightly differ; "" among them means that the
	// file may also pass.
	Or []string
	// Bomb marks files that must be answered within 250 ms and 64 MiB, before any pixel is decoded.
	Bomb bool
	// Kind is the document that the picture shows; empty where it shows none.
	Kind Kind
	// Orientation is the EXIF orientation of a good file that carries one.
	Orientation int

	make func() ([]byte, error)
}

// Bytes makes the file. The same file has the same bytes on every call; errors are those of missing fonts.
func (f File) Bytes() ([]byte, error) {
	data, err := f.make()
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", f.Name, err)
	}
	return data, nil
}

// Answered reports whether the codes that the service found are a right answer to the file.
func (f File) Answered(codes []string) bool {
	for _, code := range append([]string{f.Want}, f.Or...) {
		if code == "" && !erroneous(codes) {
			return true
		}
		for _, c := range codes {
			if c == code && code != "" {
				return true
			}
		}
	}
	return false
}

// erroneous reports whether a finding other than one on size or a mere remark is among the codes.
func erroneous(codes []string) bool {
	for _, c := range codes {
		switch c {
		case "empty_file", "unsupported_format", "image_damaged", "too_many_pixels", "animated_image":
			return true
		}
	}
	return false
}

// scenery is the photos that the files of a corpus share. They are the costly part: each is made once for the process.
type scenery struct {
	mu     sync.Mutex
	photos map[picture]*Photo
	// bodies are JPEGs without segments, by picture and options.
	bodies map[string][]byte
}

// shared keeps photos for the life of the process, as the corpus asks for the same few again and again.
var shared = sync.OnceValue(func() *scenery {
	return &scenery{photos: map[picture]*Photo{}, bodies: map[string][]byte{}}
})

// photo returns an ordinary photo.
func (s *scenery) photo(key picture) (*Photo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.photos[key]; p != nil {
		return p, nil
	}
	fonts, err := Fonts()
	if err != nil {
		return nil, err
	}
	p, err := photograph(fonts, key.kind, Ordinary(key.width, key.height, key.seed))
	if err != nil {
		return nil, err
	}
	s.photos[key] = p
	return p, nil
}

// photograph draws a document at the resolution that a scene needs and shoots it.
func photograph(fonts *FontSet, kind Kind, scene Scene) (*Photo, error) {
	w, h := Size(kind)
	doc, err := Draw(fonts, kind, scene.Seed, scene.PxPerMM(w, h))
	if err != nil {
		return nil, err
	}
	return scene.Shoot(doc)
}

// Photograph draws a document of a kind and photographs it in an ordinary scene of width x height pixels: the shortest
// way from a seed to a photo. The document is drawn from the same seed.
func Photograph(kind Kind, width, height int, seed uint64) (*Photo, error) {
	fonts, err := Fonts()
	if err != nil {
		return nil, err
	}
	return photograph(fonts, kind, Ordinary(width, height, seed))
}

// plain is a photo-like picture that needs no fonts: a wooden table with sensor noise.
var plain = sync.OnceValue(func() *image.RGBA {
	shot := &Shot{Scene: Scene{ReadNoise: 0.0015, ShotNoise: 0.012, Exposure: 1.8, Gradient: 0.3, Seed: 77}}
	table := newTable(Wood, 77)
	shot.Light = NewLight(1000, 750)
	rows(750, func(y int) {
		for x := range 1000 {
			i := 3 * (y*1000 + x)
			shot.Light.Pix[i], shot.Light.Pix[i+1], shot.Light.Pix[i+2] = table.at(float32(x)/8, float32(y)/8)
		}
	})
	for _, step := range []Step{{"light", light}, {"sensor", sensor}} {
		// Neither step has a way to fail.
		_ = step.Run(shot)
	}
	return shot.Light.develop()
})

// flat is a small picture of one colour.
func flat(w, h int, c color.Color) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

// formats are those of which files of exact sizes are made.
func formats() []filing.Format {
	return []filing.Format{filing.FormatJPEG, filing.FormatPNG, filing.FormatGIF}
}

func extension(f filing.Format) string {
	if f == filing.FormatJPEG {
		return "jpg"
	}
	return string(f)
}
