// Command specimen writes the corpora of package specimen into a folder, to be looked at and to be uploaded by hand:
//
//	go run ./specimen/cmd/specimen -out /tmp/specimens
//	curl -F file=@/tmp/specimens/good/orientation_6.jpg http://127.0.0.1:8080/v1/checks
//
// The labelled photos of package specimen, a half at a time, with their truth; a run that was stopped goes on where it was:
//
//	go run ./specimen/cmd/specimen -sets labelled -half tune -out /tmp/specimens
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/preflight-icp/preflight/specimen"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "specimen:", err)
		os.Exit(1)
	}
}

// run writes what was asked for. The sets are documents (flat, with their truth), photos (one of each kind), good, flagged,
// hostile, samples (small photos for pages about the product: testdata/specimens), and labelled.
func run(args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("specimen", flag.ContinueOnError)
	flags.SetOutput(errOut)
	folder := flags.String("out", "", "folder to write into (made if it is not there)")
	sets := flags.String("sets", "documents,photos,good,flagged,hostile", "what to write")
	seed := flags.Uint64("seed", 1, "seed of the documents and photos")
	half := flags.String("half", "tune", "labelled: which set, tune, test, prints, test2 or test3")
	groups := flags.String("groups", "", "labelled: groups to write, with commas between (default all)")
	limit := flags.Int("limit", 0, "labelled: how many of each group (default all)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *folder == "" {
		return errors.New("say where to write: -out FOLDER")
	}
	for _, set := range strings.Split(*sets, ",") {
		into := filepath.Join(*folder, set)
		if err := os.MkdirAll(into, 0o755); err != nil {
			return err
		}
		var n int
		var err error
		switch set {
		case "documents":
			n, err = writeDocuments(into, *seed)
		case "photos":
			n, err = writePhotos(into, *seed)
		case "samples":
			n, err = writeSamples(into)
		case "good":
			n, err = writeFiles(into, specimen.Good())
		case "flagged":
			n, err = writeFiles(into, specimen.Flagged())
		case "hostile":
			n, err = writeFiles(into, specimen.Hostile())
		case "labelled":
			n, err = writeLabelled(into, specimen.Half(*half), *groups, *limit)
		default:
			err = errors.New("no such set")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
		fmt.Fprintf(out, "%-10s %3d files in %s\n", set, n, into)
	}
	return nil
}

// writeDocuments writes each kind as a flat PNG at 150 dpi (cards at 300) and its truth as JSON.
func writeDocuments(folder string, seed uint64) (int, error) {
	fonts, err := specimen.Fonts()
	if err != nil {
		return 0, err
	}
	for _, kind := range specimen.Kinds() {
		resolution := 12.0
		if w, _ := specimen.Size(kind); w > 100 {
			resolution = 6
		}
		doc, err := specimen.Draw(fonts, kind, seed, resolution)
		if err != nil {
			return 0, err
		}
		picture, err := specimen.EncodePNG(doc.Image, specimen.PNGOptions{})
		if err != nil {
			return 0, err
		}
		if err := write(folder, string(kind)+".png", picture); err != nil {
			return 0, err
		}
		if err := writeJSON(folder, string(kind)+".json", doc); err != nil {
			return 0, err
		}
	}
	return len(specimen.Kinds()), nil
}

// writePhotos writes a photo of 12 megapixels of each kind as a phone would, and where the document lies in it.
func writePhotos(folder string, seed uint64) (int, error) {
	for _, kind := range specimen.Kinds() {
		width, height := 4000, 3000
		if w, h := specimen.Size(kind); h > w {
			width, height = height, width
		}
		photo, err := specimen.Photograph(kind, width, height, seed)
		if err != nil {
			return 0, err
		}
		data, err := specimen.EncodeJPEG(photo.Image, specimen.JPEGOptions{Quality: 93,
			Segments: []specimen.Segment{specimen.Phone().Segment()}})
		if err != nil {
			return 0, err
		}
		if err := write(folder, string(kind)+".jpg", data); err != nil {
			return 0, err
		}
		truth := map[string]any{"corners": photo.Corners, "px_per_mm": photo.PxPerMM, "steps": photo.Steps}
		if err := writeJSON(folder, string(kind)+".json", truth); err != nil {
			return 0, err
		}
	}
	return len(specimen.Kinds()), nil
}

// sample is a small photo of the ground that documentation shows. Its seed is chosen for its looks.
type sample struct {
	kind          specimen.Kind
	width, height int
	seed          uint64
	background    specimen.Background
}

// writeSamples writes the small photos that are kept in testdata/specimens.
func writeSamples(folder string) (int, error) {
	samples := []sample{
		{specimen.IDCardFront, 1200, 900, 3, specimen.Wood},
		{specimen.IDCardBack, 1200, 900, 3, specimen.Wood},
		{specimen.BusinessLicense, 1200, 900, 5, specimen.Desk},
		{specimen.AuthorizationLetter, 900, 1200, 6, specimen.Wood},
		{specimen.DomainCertificate, 1200, 900, 8, specimen.Cloth},
	}
	fonts, err := specimen.Fonts()
	if err != nil {
		return 0, err
	}
	for _, s := range samples {
		scene := specimen.Ordinary(s.width, s.height, s.seed)
		scene.Background = s.background
		w, h := specimen.Size(s.kind)
		doc, err := specimen.Draw(fonts, s.kind, s.seed, scene.PxPerMM(w, h))
		if err != nil {
			return 0, err
		}
		photo, err := scene.Shoot(doc)
		if err != nil {
			return 0, err
		}
		data, err := specimen.EncodeJPEG(photo.Image, specimen.JPEGOptions{Quality: 80,
			Segments: []specimen.Segment{specimen.Phone().Segment()}})
		if err != nil {
			return 0, err
		}
		if err := write(folder, string(s.kind)+".jpg", data); err != nil {
			return 0, err
		}
	}
	return len(samples), nil
}

// writeFiles writes a corpus and a list of what each file must be answered with.
func writeFiles(folder string, files []specimen.File) (int, error) {
	type line struct {
		Name string   `json:"name"`
		What string   `json:"what"`
		Want string   `json:"want,omitempty"`
		Or   []string `json:"or,omitempty"`
		Bomb bool     `json:"bomb,omitempty"`
	}
	list := make([]line, 0, len(files))
	for _, f := range files {
		data, err := f.Bytes()
		if err != nil {
			return 0, err
		}
		if err := write(folder, f.Name, data); err != nil {
			return 0, err
		}
		list = append(list, line{f.Name, f.What, f.Want, f.Or, f.Bomb})
	}
	return len(files), writeJSON(folder, "expected.json", list)
}

func write(folder, name string, data []byte) error {
	return os.WriteFile(filepath.Join(folder, name), data, 0o644)
}

func writeJSON(folder, name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return write(folder, name, append(data, '\n'))
}
