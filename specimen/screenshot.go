package specimen

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// Phones whose screens screenshots have: width and height in pixels.
var screens = map[string][2]int{
	"ios":     {1170, 2532},
	"android": {1080, 2400},
}

// drawScreen draws what a phone shows while its gallery displays a photo: status bar, the picture, buttons. Large parts
// are of one colour to the last bit, as no camera sees them.
func drawScreen(fonts *FontSet, system string, photo image.Image) *image.RGBA {
	size := screens[system]
	w, h := float64(size[0]), float64(size[1])
	c := newCanvas(fonts, w, h, 1, color.RGBA{R: 248, G: 248, B: 250, A: 255})
	dark, grey := color.RGBA{R: 20, G: 20, B: 24, A: 255}, color.RGBA{R: 140, G: 140, B: 148, A: 255}
	c.text(70, 92, "10:24", "", style{font: fonts.Hei, size: 46, col: dark, bold: 0.02})
	for i := range 4 {
		c.rect(w-300+float64(i)*16, 92-float64(8+8*i), 11, float64(8+8*i), dark)
	}
	c.frame(w-150, 62, 72, 32, 4, dark)
	c.rect(w-144, 68, 48, 20, dark)
	c.rect(0, 130, w, 2, color.RGBA{R: 226, G: 226, B: 230, A: 255})
	c.text(60, 220, "〈 相册", "", style{font: fonts.Hei, size: 50, col: color.RGBA{R: 30, G: 110, B: 230, A: 255}})
	c.centred(w/2, 220, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 50, col: dark})
	b := photo.Bounds()
	height := int(w) * b.Dy() / b.Dx()
	top := (size[1] - height) / 2
	draw.ApproxBiLinear.Scale(c.img, image.Rect(0, top, size[0], top+height), photo, b, draw.Src, nil)
	for i, label := range []string{"分享", "编辑", "收藏", "删除"} {
		x := w * (float64(i) + 0.5) / 4
		c.ring(x, h-220, 34, 6, grey)
		c.centred(x, h-130, label, "", style{font: fonts.Hei, size: 38, col: grey})
	}
	if system == "ios" {
		c.rect(w/2-210, h-34, 420, 14, dark)
	} else {
		c.fill(path{{{w/2 - 300, h - 50}, {w/2 - 260, h - 74}, {w/2 - 260, h - 26}}}, grey)
		c.ring(w/2, h-50, 24, 5, grey)
		c.frame(w/2+260, h-72, 44, 44, 5, grey)
	}
	return c.img
}
