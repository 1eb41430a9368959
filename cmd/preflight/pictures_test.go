package main

import (
	"image"
	"image/color"
	"image/gif"
	"io"
	"math/rand/v2"
)

// encodeTwoFrames writes a GIF with two frames of noise, above the lower size limit.
func encodeTwoFrames(w io.Writer) error {
	r := rand.New(rand.NewPCG(1, 1))
	var palette color.Palette
	for i := range 256 {
		palette = append(palette, color.RGBA{uint8(i), uint8(i / 2), uint8(255 - i), 255})
	}
	anim := &gif.GIF{}
	for range 2 {
		img := image.NewPaletted(image.Rect(0, 0, 500, 400), palette)
		for i := range img.Pix {
			img.Pix[i] = uint8(r.IntN(256))
		}
		anim.Image, anim.Delay = append(anim.Image, img), append(anim.Delay, 10)
	}
	return gif.EncodeAll(w, anim)
}
