package checks

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// surroundings compares what the two sides lie on and the light there (背景与光线); what was not measured is not compared.
func surroundings(c *catalogue, in *PairInput, t *Thresholds) (out []filing.Finding) {
	a, b := in.Front.Surround, in.Back.Surround
	if a == nil || b == nil || min(a.Seen, b.Seen) < t.SurroundSeen {
		return nil
	}
	ground := toneOf(a.Lab).minus(toneOf(b.Lab))
	paper := paperTone(&in.Front).minus(paperTone(&in.Back))
	shift := 0.0
	if ground.blue*paper.blue > 0 {
		shift = math.Copysign(min(math.Abs(ground.blue), math.Abs(paper.blue)), ground.blue)
	}
	if math.Abs(shift) > t.LightTone {
		out = append(out, c.finding("front_back_light", wording{}))
	}
	if math.Abs(ground.blue-shift) > t.GroundTone || math.Abs(ground.red) > t.GroundTone ||
		math.Abs(ground.light-paper.light) > t.GroundLight {
		out = append(out, c.finding("front_back_background", wording{}))
	}
	return out
}

// tone is a colour as ratios: the natural logarithms of X/Y and Z/Y, in which a change of light adds the same to every colour, and
// the lightness of CIELAB.
type tone struct{ red, blue, light float64 }

func (t tone) minus(o tone) tone { return tone{t.red - o.red, t.blue - o.blue, t.light - o.light} }

// toneOf undoes CIELAB's functions (CIE 15), far from black.
func toneOf(lab [3]float64) tone {
	y := max(0.15, (lab[0]+16)/116)
	x, z := max(0.05, y+lab[1]/500), max(0.05, y-lab[2]/200)
	return tone{3 * math.Log(x/y), 3 * math.Log(z/y), lab[0]}
}

// paperTone is the tone of the card's own white; zero where it was not measured, so that nothing is put down to light.
func paperTone(m *filing.Measurements) tone {
	if m.Colour == nil || m.Exposure == nil {
		return tone{}
	}
	v := m.Exposure.Paper / 255
	linear := v / 12.92
	if v > 0.04045 {
		linear = math.Pow((v+0.055)/1.055, 2.4)
	}
	return toneOf([3]float64{116*math.Cbrt(max(linear, 0.01)) - 16, m.Colour.Neutral[0], m.Colour.Neutral[1]})
}
