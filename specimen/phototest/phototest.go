// Package phototest draws the photos that the tests above imaging send: good ones of specimen cards, each drawn once in a
// process however often it is asked for, since drawing takes longer than most of what is tested with it.
package phototest

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/preflight-icp/preflight/specimen"
)

// Quality is that of the JPEG files: 1000 x 750 pixels give 230 to 300 KB, above the lower limit of a filing.
const Quality = 98

// EnvRequire is the environment variable that, set to anything, makes a missing font fail a test instead of skipping it.
const EnvRequire = "PREFLIGHT_TEST_REQUIRE"

// shot is what a photo is drawn from.
type shot struct {
	kind          specimen.Kind
	width, height int
	seed          uint64
}

var (
	shots sync.Map // shot to func() (*image.RGBA, error)
	files sync.Map // shot to func() ([]byte, error)
)

// Shot returns a good photo of a card in an ordinary scene, like no other with another seed: of the front of an ID card with
// an even seed, of its back with an odd one. It is shared and must not be changed. Without fonts the test is skipped.
func Shot(tb testing.TB, width, height int, seed uint64) *image.RGBA {
	tb.Helper()
	picture, err := once(&shots, card(width, height, seed), draw)
	stop(tb, err)
	return picture
}

// Card returns the photo that Shot draws as a JPEG file.
func Card(tb testing.TB, width, height int, seed uint64) []byte {
	tb.Helper()
	file, err := once(&files, card(width, height, seed), encode)
	stop(tb, err)
	return slices.Clone(file)
}

// Front is Card of an ID card's front whatever the seed.
func Front(tb testing.TB, width, height int, seed uint64) []byte {
	tb.Helper()
	file, err := once(&files, shot{specimen.IDCardFront, width, height, seed}, encode)
	stop(tb, err)
	return slices.Clone(file)
}

func card(width, height int, seed uint64) shot {
	kind := specimen.IDCardFront
	if seed%2 == 1 {
		kind = specimen.IDCardBack
	}
	return shot{kind, width, height, seed}
}

// once makes what is asked for once, also where several tests ask at the same time.
func once[T any](made *sync.Map, s shot, by func(shot) (T, error)) (T, error) {
	entry, _ := made.LoadOrStore(s, sync.OnceValues(func() (T, error) { return by(s) }))
	return entry.(func() (T, error))()
}

func draw(s shot) (*image.RGBA, error) {
	photo, err := specimen.Photograph(s.kind, s.width, s.height, s.seed)
	if err != nil {
		return nil, err
	}
	return photo.Image, nil
}

func encode(s shot) ([]byte, error) {
	picture, err := once(&shots, s, draw)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, picture, &jpeg.Options{Quality: Quality}); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// stop ends a test whose photo cannot be drawn.
func stop(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case os.Getenv(EnvRequire) == "":
		tb.Skip(err)
	default:
		tb.Fatal(err)
	}
}
